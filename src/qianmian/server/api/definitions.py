"""Moments, tags and segments: what holds, what it means, and changing it while the room is live."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter

from qianmian.errors import DefinitionError, NotInHistory
from qianmian.language.ast import Not, Or, Tag, Trait
from qianmian.language.codec import from_json, to_json
from qianmian.language.definition import Definition
from qianmian.language.evidence import perhaps
from qianmian.language.parse import parse, parse_definition
from qianmian.language.text import show
from qianmian.server.api.calling import teller_on
from qianmian.server.api.definition_models import (
    Change,
    DefinitionDetail,
    DefinitionModel,
    DistributionModel,
    DraftModel,
    Kind,
    PreviewModel,
    RollBack,
    Understood,
    Writing,
)
from qianmian.server.api.definition_told import (
    Now,
    counting_of,
    expr_of,
    misunderstood,
    version_model,
)
from qianmian.server.api.distribution_told import GROUPS, distribution_model
from qianmian.server.api.problems import Problem
from qianmian.server.api.roles import Needs
from qianmian.server.api.users import strategies_using
from qianmian.server.api.who import Here, Who
from qianmian.tags.definition import enough_of

Reading = Annotated[Who, Needs("definitions.read")]
Making = Annotated[Who, Needs("definitions.write")]

router = APIRouter(tags=["definitions"])


@router.get("/definitions")
async def definitions(site: Here, _who: Reading, kind: Kind | None = None) -> list[DefinitionModel]:
    """Everything that holds, is drafted, or has been retired, by kind and key."""
    now = await _now(site)
    entries = await site.desk.entries()
    site.previewer.begin(await site.deployment.ask(lambda live: live.definitions))
    teller = await teller_on(site, entries)
    users = await strategies_using(site)
    return [
        teller.definition(one, now, users.get(one.place, []))
        for one in entries
        if (kind is None or one.place[0] == kind) and one.place[1] not in teller.evidence
    ]


@router.post("/definitions/check")
async def check(given: Writing, site: Here, _who: Reading) -> Understood:
    """What a text or a tree means, in words, and whether it could hold; nothing is changed."""
    try:
        definition = _definition_of(given)
    except DefinitionError as problem:
        return misunderstood(problem)
    found = (await teller_on(site, await site.desk.entries())).understood(definition)
    try:
        await site.desk.check(definition)
    except DefinitionError as problem:
        return found.model_copy(update=misunderstood(problem).model_dump(exclude_defaults=True))
    return found.model_copy(update={"usable": True})


@router.post("/definitions/preview")
async def preview(given: Writing, site: Here, _who: Reading) -> PreviewModel:
    """How many people it would be, and what each of its conditions leaves, from history."""
    definition = _definition_of(given)
    entries = await site.desk.entries()
    active = await site.deployment.ask(lambda live: live.definitions)
    others = {one.key: one.expr for one in active if one.kind == "segment" and one.key != given.key}
    begun = time.perf_counter()
    tag = definition.key if definition.kind == "tag" else None
    teller = await teller_on(site, entries)
    try:
        found = await site.previewer.preview(definition.expr, active, others, tag=tag)
    except NotInHistory as problem:
        parts: Any = problem.params.get("parts", ())
        words = teller.sentences(parts)
        raise NotInHistory(problem.message, reason=problem.reason, parts=words) from problem
    took_ms = round((time.perf_counter() - begun) * 1_000)
    return teller.preview(found, took_ms)


@router.post("/definitions/distribution")
async def distribution(given: Writing, site: Here, _who: Reading) -> DistributionModel:
    """Of how many people a tag would hold, by city tier and life stage too, from history."""
    definition = _definition_of(given)
    active = await site.deployment.ask(lambda live: live.definitions)
    enough = enough_of(site.tags, {one.key for one in active})
    could = perhaps(definition.expr, enough)
    if definition.key in enough:
        could = Or((could, Not(Tag(enough[definition.key]))))
    begun = time.perf_counter()
    found = await site.previewer.distribution(
        definition.expr,
        could,
        active,
        {f"{trait}.{one}": Trait(trait, "==", one) for trait, one in GROUPS},
        tag=definition.key,
    )
    return distribution_model(found, round((time.perf_counter() - begun) * 1_000))


@router.get("/definitions/{kind}/{key}")
async def definition(kind: Kind, key: str, site: Here, _who: Reading) -> DefinitionDetail:
    """One of them, with its tree and every version."""
    return await _detail(site, kind, key)


@router.put("/definitions/{kind}/{key}/draft")
async def save_draft(
    kind: Kind,
    key: str,
    given: DraftModel,
    site: Here,
    who: Making,
) -> DefinitionDetail:
    """Keep what somebody is writing; it need not be right yet."""
    await site.desk.save_draft(
        kind,
        key,
        given.text,
        title={str(one): text for one, text in given.title.items()},
        meaning={str(one): text for one, text in given.meaning.items()},
        by=who.actor.name,
    )
    return await _detail(site, kind, key)


@router.delete("/definitions/{kind}/{key}/draft", status_code=204)
async def drop_draft(kind: Kind, key: str, site: Here, who: Making) -> None:
    """Throw the draft away."""
    if not await site.desk.drop_draft(kind, key, by=who.actor.name):
        raise Problem("definition.none", f'the {kind} "{key}" has no draft')


@router.post("/definitions/{kind}/{key}/activate")
async def activate(
    kind: Kind, key: str, given: Change, site: Here, who: Making
) -> DefinitionDetail:
    """The draft holds from now on; live viewers count from the last two minutes."""
    await site.desk.activate(kind, key, by=who.actor.name, why=given.why)
    return await _detail(site, kind, key)


@router.post("/definitions/{kind}/{key}/retire")
async def retire(kind: Kind, key: str, given: Change, site: Here, who: Making) -> DefinitionDetail:
    """It holds no more; what names it must be changed first."""
    await site.desk.retire(kind, key, by=who.actor.name, why=given.why)
    return await _detail(site, kind, key)


@router.post("/definitions/{kind}/{key}/roll-back")
async def roll_back(
    kind: Kind,
    key: str,
    given: RollBack,
    site: Here,
    who: Making,
) -> DefinitionDetail:
    """A new version with the text of an old one holds from now on."""
    await site.desk.roll_back(kind, key, given.version, by=who.actor.name, why=given.why)
    return await _detail(site, kind, key)


# -- parts


async def _now(site: Here) -> Now:
    return Now(
        await site.deployment.ask(counting_of),
        await site.levels.now(),
        await site.fired_today.now(),
        site.moments,
    )


async def _detail(site: Here, kind: Kind, key: str) -> DefinitionDetail:
    now = await _now(site)
    entries = await site.desk.entries()
    found = next((one for one in entries if one.place == (kind, key)), None)
    if found is None:
        raise Problem("definition.none", f'there is no {kind} "{key}"')
    shown = found.draft or found.now
    expr = None if shown is None else expr_of(shown)
    teller = await teller_on(site, entries)
    users = await strategies_using(site)
    return DefinitionDetail(
        **teller.definition(found, now, users.get(found.place, [])).model_dump(),
        tree=None if expr is None else to_json(expr),
        history=[version_model(one, teller.names) for one in found.history],
    )


def _definition_of(given: Writing) -> Definition:
    if given.tree is not None:
        return parse_definition(given.key, show(from_json(given.tree)), given.kind)
    text = given.text or ""
    if not text.strip():
        parse(text)  # says what is expected
    return parse_definition(given.key, text, given.kind)
