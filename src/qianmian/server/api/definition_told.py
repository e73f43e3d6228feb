"""What the API says of definitions: names people know, sentences, counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from qianmian.engine.backfill import Counting
from qianmian.engine.levels import Held
from qianmian.errors import DefinitionError
from qianmian.language.ast import Node, Number, walk
from qianmian.language.codec import to_json
from qianmian.language.definition import Definition
from qianmian.language.numbers import unit_of
from qianmian.language.phrases import Arg, Duration, Money, Phrase, Titled
from qianmian.language.sentence import (
    UNTITLED,
    Titles,
    in_words,
    said,
    sentence,
    sentence_of_definition,
)
from qianmian.language.text import show
from qianmian.language.types import sort_of, warnings
from qianmian.locales.texts import document, entry
from qianmian.moments.definition import Moment
from qianmian.runtime.definition_desk import Entry
from qianmian.runtime.definition_versions import Place, Version, named
from qianmian.runtime.live import Live
from qianmian.server.api.definition_models import (
    CountingModel,
    DefinitionModel,
    FiredModel,
    HoldingModel,
    LeftOutModel,
    NamedModel,
    OverlapModel,
    ParameterModel,
    PreviewModel,
    ReachModel,
    SampleModel,
    StepModel,
    StepPartModel,
    Understood,
    UserModel,
    VersionModel,
    WarningModel,
)
from qianmian.server.api.models import Words
from qianmian.server.api.problems import NAMED, said_of_problem
from qianmian.storage.fired import Fired
from qianmian.storage.history_reader.answers import Preview, Step
from qianmian.tags.definition import Tag

LOCALES: Final[dict[Literal["zh", "en"], str]] = {"zh": "zh-CN", "en": "en-US"}
FILES: Final = {"moment": "moments", "tag": "tags", "segment": "segments"}
FEW: Final = 1_000
"""Below it an effect of the usual size is hardly ever seen (facts of the console, screen 7)."""


class Teller:
    """Says definitions in the words of the API.

    Args:
        entries: every definition, for the names of those that others name.
        lists: titles of uploaded lists by key.
        tags: the built-in ones by key.
    """

    def __init__(
        self, entries: Sequence[Entry], tags: Mapping[str, Tag], lists: Mapping[str, str]
    ) -> None:
        self.names = titles_of(entries, lists)
        self._tag_of = {key: tag for tag in tags.values() for key in tag.texts}
        self.evidence = frozenset(f"{key}_enough" for key, tag in tags.items() if tag.enough)
        """Keys of what only says that there is enough evidence."""

    def definition(
        self, found: Entry, now: Now, strategies: Sequence[UserModel]
    ) -> DefinitionModel:
        """A definition in the list, with the strategies that use it."""
        kind, key = found.place
        tag = self._tag_of.get(key) if found.is_built_in else None
        newest = newest_of(found)
        expr = None if newest is None else expr_of(newest)
        return DefinitionModel(
            kind=kind,  # type: ignore[arg-type]  # one of KINDS
            key=key,
            names=self.names[found.place],
            meaning=words_of(found, "help", ""),
            built_in=found.is_built_in,
            now=None if found.now is None else version_model(found.now, self.names),
            draft=None if found.draft is None else version_model(found.draft, self.names),
            used_by=[*self.users(found.used_by), *strategies],
            uses=[] if expr is None else self.uses(expr),
            counting=now.since(key) if found.now is not None else None,
            holding=now.held(f"{kind}.{key}") if found.now is not None else None,
            enough=None if tag is None else now.held(f"tag.{tag.key}_enough"),
            tier=None if tag is None else tag.tier,
            freshness=None if tag is None else tag.freshness,
            part_of=None if tag is None or tag.key == key else tag.key,
            number=unit_of(expr) if isinstance(expr, Number) else None,
            fired=now.fired_in(key) if kind == "moment" else [],
            parameters=now.numbers(key) if kind == "moment" and found.is_built_in else [],
        )

    def understood(self, definition: Definition) -> Understood:
        """What a definition means; whether it is usable is not known yet."""
        return Understood(
            usable=False,
            text=show(definition.expr),
            tree=to_json(definition.expr),
            sentence=spoken_definition(definition, self.names),
            sort="level" if sort_of(definition.expr) == "level" else "pulse",
            warnings=[_warning(one) for one in warnings(definition.expr)],
            uses=self.uses(definition.expr),
        )

    def preview(self, found: Preview, took_ms: int) -> PreviewModel:
        """A segment in numbers; of the other segments only those that share somebody with it."""
        overlaps = [one for one in found.overlaps if one.both]
        overlaps.sort(key=lambda one: -one.both)
        return PreviewModel(
            as_of=found.as_of,
            took_ms=took_ms,
            total=found.total,
            count=found.count,
            steps=[
                StepModel(
                    **self._step(one), parts=[StepPartModel(**self._step(p)) for p in one.parts]
                )
                for one in found.steps
            ],
            empty_at=found.empty_at,
            few=found.count < FEW,
            overlaps=[
                OverlapModel(
                    **self._named("segment", one.key).model_dump(), size=one.size, both=one.both
                )
                for one in overlaps
            ],
            left_out=[
                LeftOutModel(
                    **self._named("segment", one.key).model_dump(),
                    reason=one.reason,  # type: ignore[arg-type]  # of NotInHistory
                )
                for one in found.left_out
            ],
            reach=[ReachModel(channel=one, count=count) for one, count in found.reach.items()],
            parts=[spoken(one, self.names) for one in found.parts],
            samples=[
                SampleModel(viewer=one.viewer, last_seen=one.last_seen, holds=list(one.holds))
                for one in found.samples
            ],
        )

    def sentences(self, nodes: Iterable[Node]) -> list[Words]:
        """Conditions in words."""
        return [spoken(one, self.names) for one in nodes]

    def _step(self, one: Step) -> dict[str, Any]:
        sentence = spoken(one.condition, self.names)
        return {"sentence": sentence, "alone": one.alone, "left": one.left}

    def uses(self, expr: Node) -> list[NamedModel]:
        """The tags and segments that an expression names."""
        return self.named(sorted({place for part in walk(expr) if (place := named(part))}))

    def named(self, places: Iterable[Place]) -> list[NamedModel]:
        """Definitions by kind and key, with their names."""
        return [self._named(kind, key) for kind, key in places]

    def users(self, places: Iterable[Place]) -> list[UserModel]:
        """The same as what uses something."""
        return [UserModel(**one.model_dump()) for one in self.named(places)]

    def _named(self, kind: str, key: str) -> NamedModel:
        names: Words = self.names.get((kind, key)) or {"zh": key, "en": key}
        return NamedModel(kind=kind, key=key, names=names)  # type: ignore[arg-type]  # of KINDS


@dataclass(frozen=True, slots=True)
class Now:
    """What the engine says of definitions: since when they count, of how many they hold.

    `holding` is by name, as `tag.sharer`; `fired` by moment and room; `moments` are built in.
    """

    counting: Mapping[str, Counting]
    holding: Mapping[str, Held]
    fired: Fired
    moments: Mapping[str, Moment]

    def since(self, key: str) -> CountingModel | None:
        """Since when a definition counts; None: from the start."""
        found = self.counting.get(key)
        if found is None:
            return None
        return CountingModel(since=found.since, backfilled=found.backfilled)

    def fired_in(self, moment: str) -> list[FiredModel]:
        """How often a moment fired today, the busiest room first."""
        rooms = sorted(self.fired.get(moment, {}).items(), key=lambda one: (-one[1], one[0]))
        return [FiredModel(room=room, count=count) for room, count in rooms]

    def numbers(self, moment: str) -> list[ParameterModel]:
        """The numbers of a built-in moment, in words."""
        found = self.moments.get(moment)
        return [
            ParameterModel(
                key=name,
                names={
                    language: str(document(locale, "language").get(f"parameter.{name}", name))
                    for language, locale in LOCALES.items()
                },
                value={language: in_words(one, locale) for language, locale in LOCALES.items()},
            )
            for name, one in ({} if found is None else found.parameters).items()
        ]

    def held(self, name: str) -> HoldingModel | None:
        """Of how many a level holds."""
        found = self.holding.get(name)
        return None if found is None else HoldingModel(present=found.present, live=found.live)


def counting_of(live: Live) -> dict[str, Counting]:
    """Since when definitions count that were not there from the start."""
    return {} if live.engine is None else dict(live.engine.counting)


def newest_of(found: Entry) -> Version | None:
    """What holds, else what is drafted, else what was last."""
    return found.now or found.draft or (found.history[0] if found.history else None)


def expr_of(version: Version) -> Node | None:
    """Its expression; None for a draft that is not right yet."""
    try:
        return version.definition().expr
    except DefinitionError:
        return None


def words_of(found: Entry, what: str, otherwise: str) -> Words:
    """How people call it: their own words, else those that come with it, else the key."""
    kind, key = found.place
    version = newest_of(found)
    own = {} if version is None else version.title if what == "title" else version.meaning
    either = next((text for text in own.values() if text), None)
    words: Words = {}
    for language, locale in LOCALES.items():
        shipped = entry(locale, FILES[kind], key).get(what)
        words[language] = own.get(language) or shipped or either or otherwise
    return words


def titles_of(entries: Iterable[Entry], lists: Mapping[str, str]) -> dict[Place, Words]:
    """How people call each definition and list, also for sentences that name it.

    Args:
        lists: titles of uploaded lists by key; people write them in one language.
    """
    named: dict[Place, Words] = {
        ("list", key): {"zh": title, "en": title} for key, title in lists.items()
    }
    return named | {one.place: words_of(one, "title", one.place[1]) for one in entries}


def called_of(
    entries: Iterable[Entry], lists: Mapping[str, str]
) -> dict[Place, tuple[Words, Words]]:
    """How people call each definition and list, and what they say of it; see `titles_of`."""
    told = list(entries)
    said = {one.place: words_of(one, "help", "") for one in told}
    nothing: Words = {"zh": "", "en": ""}
    return {
        place: (title, said.get(place, nothing)) for place, title in titles_of(told, lists).items()
    }


def version_model(version: Version, titles: Titles) -> VersionModel:
    """One version; a draft that is not right yet has no sentence."""
    plain = {name: getattr(version, name) for name in VersionModel.model_fields if name in _PLAIN}
    try:
        told: Words | None = spoken_definition(version.definition(), titles)
    except DefinitionError:
        told = None
    return VersionModel(
        **plain, title=dict(version.title), meaning=dict(version.meaning), sentence=told
    )


_PLAIN: Final = frozenset(Version.__dataclass_fields__) - {"title", "meaning"}


def spoken(expr: Node, titles: Titles = UNTITLED) -> Words:
    """The sentence of an expression."""
    return {language: sentence(expr, locale, titles) for language, locale in LOCALES.items()}


def spoken_definition(definition: Definition, titles: Titles) -> Words:
    """The sentence of a definition."""
    return {
        language: sentence_of_definition(definition, locale, titles)
        for language, locale in LOCALES.items()
    }


def misunderstood(problem: DefinitionError) -> Understood:
    """What is wrong with a text or a tree, and where."""
    position, path = problem.params.get("position"), problem.params.get("path")
    return Understood(
        usable=False,
        code=problem.code,
        problem=problem.message,
        said=said_of_problem(problem),
        position=position if isinstance(position, int) else None,
        path=path if isinstance(path, str) else None,
        params={name: str(problem.params[name]) for name in NAMED if name in problem.params},
    )


def _warning(found: Phrase) -> WarningModel:
    return WarningModel(
        code=found.key,
        params={name: _plain(arg) for name, arg in found.args},
        said={language: said(found, locale) for language, locale in LOCALES.items()},
    )


def _plain(arg: Arg) -> str | int | float:
    """An argument of a warning as data."""
    match arg:
        case Duration(ms):
            return ms
        case Money(minor):
            return minor
        case Titled(_, name):
            return name
        case str() | int() | float():
            return arg
    raise TypeError(f"a warning about {type(arg).__name__}")  # pragma: no cover - none has one
