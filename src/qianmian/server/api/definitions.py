"""Moments, tags and segments: what holds, what it means, and changing it while the room is live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from fastapi import APIRouter

from qianmian.errors import DefinitionError
from qianmian.language.ast import Node, walk
from qianmian.language.codec import from_json, to_json
from qianmian.language.definition import Definition
from qianmian.language.parse import parse, parse_definition
from qianmian.language.sentence import sentence_of_definition
from qianmian.language.text import show
from qianmian.language.types import sort_of, warnings
from qianmian.locales.texts import entry
from qianmian.runtime.definition_desk import Entry
from qianmian.runtime.definition_versions import Place, Version, named
from qianmian.runtime.live import Live
from qianmian.server.api.definition_models import (
    Change,
    CountingModel,
    DefinitionDetail,
    DefinitionModel,
    DraftModel,
    Kind,
    Language,
    NamedModel,
    RollBack,
    Understood,
    VersionModel,
    Writing,
)
from qianmian.server.api.models import Words
from qianmian.server.api.problems import Problem
from qianmian.server.api.session import Here, SignedIn

LOCALES: dict[Literal["zh", "en"], str] = {"zh": "zh-CN", "en": "en-US"}
FILES = {"moment": "moments", "tag": "tags", "segment": "segments"}

router = APIRouter(tags=["definitions"])


@router.get("/definitions")
async def definitions(
    site: Here, _account: SignedIn, kind: Kind | None = None
) -> list[DefinitionModel]:
    """Everything that holds, is drafted, or has been retired, by kind and key."""
    counting = await site.deployment.ask(_counting)
    entries = await site.desk.entries()
    return [_model(one, counting) for one in entries if kind is None or one.place[0] == kind]


@router.post("/definitions/check")
async def check(given: Writing, site: Here, _account: SignedIn) -> Understood:
    """What a text or a tree means, in words, and whether it could hold; nothing is changed."""
    try:
        definition = _definition_of(given)
    except DefinitionError as problem:
        return _misunderstood(problem)
    found = _understood(definition)
    try:
        await site.desk.check(definition)
    except DefinitionError as problem:
        return found.model_copy(update=_misunderstood(problem).model_dump(exclude_defaults=True))
    return found.model_copy(update={"usable": True})


@router.get("/definitions/{kind}/{key}")
async def definition(kind: Kind, key: str, site: Here, _account: SignedIn) -> DefinitionDetail:
    """One of them, with its tree and every version."""
    return await _detail(site, kind, key)


@router.put("/definitions/{kind}/{key}/draft")
async def save_draft(
    kind: Kind, key: str, given: DraftModel, site: Here, account: SignedIn
) -> DefinitionDetail:
    """Keep what somebody is writing; it need not be right yet."""
    await site.desk.save_draft(
        kind,
        key,
        given.text,
        title=_texts(given.title),
        meaning=_texts(given.meaning),
        by=account.name,
    )
    return await _detail(site, kind, key)


@router.delete("/definitions/{kind}/{key}/draft", status_code=204)
async def drop_draft(kind: Kind, key: str, site: Here, _account: SignedIn) -> None:
    """Throw the draft away."""
    if not await site.desk.drop_draft(kind, key):
        raise Problem("definition.none", f'the {kind} "{key}" has no draft')


@router.post("/definitions/{kind}/{key}/activate")
async def activate(
    kind: Kind, key: str, given: Change, site: Here, account: SignedIn
) -> DefinitionDetail:
    """The draft holds from now on; live viewers count from the last two minutes."""
    await site.desk.activate(kind, key, by=account.name, why=given.why)
    return await _detail(site, kind, key)


@router.post("/definitions/{kind}/{key}/retire")
async def retire(
    kind: Kind, key: str, given: Change, site: Here, account: SignedIn
) -> DefinitionDetail:
    """It holds no more; what names it must be changed first."""
    await site.desk.retire(kind, key, by=account.name, why=given.why)
    return await _detail(site, kind, key)


@router.post("/definitions/{kind}/{key}/roll-back")
async def roll_back(
    kind: Kind, key: str, given: RollBack, site: Here, account: SignedIn
) -> DefinitionDetail:
    """A new version with the text of an old one holds from now on."""
    await site.desk.roll_back(kind, key, given.version, by=account.name, why=given.why)
    return await _detail(site, kind, key)


# -- parts


async def _detail(site: Here, kind: Kind, key: str) -> DefinitionDetail:
    counting = await site.deployment.ask(_counting)
    try:
        found = await site.desk.entry(kind, key)
    except DefinitionError as problem:
        raise Problem("definition.none", str(problem)) from problem
    shown = found.draft or found.now
    expr = None if shown is None else _expr(shown)
    return DefinitionDetail(
        **_model(found, counting).model_dump(),
        tree=None if expr is None else to_json(expr),
        history=[_version(one) for one in found.history],
    )


def _model(found: Entry, counting: Mapping[str, CountingModel]) -> DefinitionModel:
    kind, key = found.place
    newest = found.now or found.draft or (found.history[0] if found.history else None)
    expr = None if newest is None else _expr(newest)
    return DefinitionModel(
        kind=kind,  # type: ignore[arg-type]  # one of KINDS
        key=key,
        names=_words(found.place, "title", newest, key),
        meaning=_words(found.place, "help", newest, ""),
        built_in=found.is_built_in,
        now=None if found.now is None else _version(found.now),
        draft=None if found.draft is None else _version(found.draft),
        used_by=_named(found.used_by),
        uses=[] if expr is None else _uses(expr),
        counting=counting.get(key) if found.now is not None else None,
    )


def _words(place: Place, what: str, version: Version | None, otherwise: str) -> Words:
    """How people call it: their own words, else those that come with it, else the key."""
    kind, key = place
    own = {} if version is None else version.title if what == "title" else version.meaning
    either = next((text for text in own.values() if text), None)
    found: Words = {}
    for language, locale in LOCALES.items():
        shipped = entry(locale, FILES[kind], key).get(what)
        found[language] = own.get(language) or shipped or either or otherwise
    return found


def _version(version: Version) -> VersionModel:
    plain = {name: getattr(version, name) for name in VersionModel.model_fields if name in _PLAIN}
    try:
        sentence: Words | None = _sentence(version.definition())
    except DefinitionError:  # a draft that is not right yet
        sentence = None
    return VersionModel(
        **plain, title=_spoken(version.title), meaning=_spoken(version.meaning), sentence=sentence
    )


def _texts(words: Mapping[Language, str]) -> dict[str, str]:
    return {str(language): text for language, text in words.items()}


def _spoken(texts: Mapping[str, str]) -> Words:
    return {language: texts[language] for language in LOCALES if language in texts}


_PLAIN = frozenset(Version.__dataclass_fields__) - {"title", "meaning"}


def _sentence(definition: Definition) -> Words:
    return {name: sentence_of_definition(definition, locale) for name, locale in LOCALES.items()}


def _expr(version: Version) -> Node | None:
    try:
        return version.definition().expr
    except DefinitionError:
        return None


def _uses(expr: Node) -> list[NamedModel]:
    found = {place for part in walk(expr) if (place := named(part)) is not None}
    return _named(sorted(found))


def _named(places: Iterable[Place]) -> list[NamedModel]:
    return [NamedModel(kind=kind, key=key) for kind, key in places]  # type: ignore[arg-type]


def _definition_of(given: Writing) -> Definition:
    if given.tree is not None:
        return parse_definition(given.key, show(from_json(given.tree)), given.kind)
    text = given.text or ""
    if not text.strip():
        parse(text)  # says what is expected
    return parse_definition(given.key, text, given.kind)


def _understood(definition: Definition) -> Understood:
    sort = sort_of(definition.expr)
    return Understood(
        usable=False,
        text=show(definition.expr),
        tree=to_json(definition.expr),
        sentence=_sentence(definition),
        sort="level" if sort == "level" else "pulse",
        warnings=list(warnings(definition.expr)),
        uses=_uses(definition.expr),
    )


def _misunderstood(problem: DefinitionError) -> Understood:
    position, path = problem.params.get("position"), problem.params.get("path")
    return Understood(
        usable=False,
        code=problem.code,
        problem=problem.message,
        position=position if isinstance(position, int) else None,
        path=path if isinstance(path, str) else None,
    )


def _counting(live: Live) -> dict[str, CountingModel]:
    """Since when definitions count that were not there from the start."""
    counting: Mapping[str, Any] = {} if live.engine is None else live.engine.counting
    return {
        key: CountingModel(since=one.since, backfilled=one.backfilled)
        for key, one in counting.items()
    }
