"""Four dimensions of a viewer, and the tags and segments that hold of them, for the drawer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from qianmian.bootstrap.catalogs import load_tags
from qianmian.columns.facts import ViewerFacts
from qianmian.engine.readings import ViewerNow
from qianmian.language.ast import Number
from qianmian.language.definition import Definition
from qianmian.language.numbers import unit_of
from qianmian.language.sentence import Titles, value_in_words
from qianmian.language.values import money
from qianmian.locales.texts import document
from qianmian.profiles.basic import Basic, joined, told
from qianmian.profiles.identity import Edge
from qianmian.profiles.preference import DIMENSIONS, ENOUGH
from qianmian.profiles.profile import BEHAVIOR, Profile
from qianmian.profiles.stage import Days, day_of, stages
from qianmian.runtime.evidence import Explainer
from qianmian.runtime.standing import Standing, Why, standing_of
from qianmian.server.api.definition_told import spoken_definition
from qianmian.server.api.models import Words
from qianmian.server.api.people_models import (
    BasicModel,
    DoneModel,
    LikingModel,
    LinkedId,
    PersonModel,
    PreferenceModel,
    Said,
    SegmentModel,
    StageModel,
    TagModel,
    WaitingModel,
)
from qianmian.server.persons import Known
from qianmian.tags.definition import Preferred, Tag, Tier
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.ids import is_anonymous
from qianmian.vocabulary.minors import MinorsMode, may_profile
from qianmian.vocabulary.product import Product
from qianmian.vocabulary.registration import AGING, aged

Row = dict[str, Any]
Called = Mapping[tuple[str, str], tuple[Words, Words]]

LOCALES: Final = (("zh", "zh-CN"), ("en", "en-US"))
LIKINGS: Final = 3
DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Told:
    """What the engine's thread says of a viewer, as of `clock`; `fired` in this session.

    `withheld` are tags that the person took away; `called` are names and meanings that the shop
    gave, by kind and key.
    """

    viewer: str
    room: str
    session: str
    clock: int
    now: ViewerNow | None
    definitions: Sequence[Definition]
    fired: Sequence[Firing]
    products: Mapping[str, Product]
    withheld: frozenset[str] = frozenset()
    called: Called = field(default_factory=dict)


def definitions_by_name(definitions: Sequence[Definition]) -> dict[str, Definition]:
    """Moments by their keys, tags and segments as the language names them."""
    return {
        one.key if one.kind == "moment" else f"{one.kind}.{one.key}": one for one in definitions
    }


def person_of(
    told_now: Told,
    rows: Sequence[Row],
    known: Known,
    explainer: Explainer,
    offset_ms: int,
    minors: MinorsMode = "exclude",
) -> PersonModel:
    """Who a viewer is: what is known of them, the facts of history, and what the engine holds.

    Args:
        rows: of the viewer and of the room, oldest first: what tags and segments rest on.
        offset_ms: how far the shop's zone is ahead of UTC.
        minors: whether they have a profile.
    """
    now, at = told_now.now, told_now.clock
    past = None if now is None else now.past
    profile = known.profile.plus(
        _from_history(past, (now.past_at if now else None) or at, offset_ms)
    )
    is_profiled = may_profile({name: one.value for name, one in profile.basic.items()}, minors)
    if not is_profiled:
        profile = Profile(days=profile.days)
    held = frozenset[str]() if now is None or not is_profiled else now.levels
    definitions = definitions_by_name(told_now.definitions)
    place = Firing(at, told_now.viewer, told_now.room, told_now.session, "", 1, None)
    standing = standing_of(
        explainer,
        place,
        definitions,
        held,
        explainer.counted(rows),
        past=past,
        past_at=None if now is None else now.past_at,
    )
    by_place = {one for one in definitions if one.startswith("tag.")}
    return PersonModel(
        is_profiled=is_profiled,
        **dimensions_of(profile, at, offset_ms),
        tags=[
            one
            for one in tags_of(definitions, by_place, held, standing, profile, at, told_now.called)
            if one.key not in told_now.withheld
        ]
        if now is not None and is_profiled
        else [],
        segments=[
            _segment(definitions[name], standing.why[name], told_now.called)
            for name in sorted(held & definitions.keys())
            if name.startswith("segment.")
        ],
        visits=standing.visits,
        waiting=list(_waiting(standing, told_now)),
        first_seen=None if past is None else past.first_seen,
        linked=[link_of(one) for one in known.edges],
        stored_at=known.stored_at,
        since=None if known.stored_at is not None and known.is_whole else known.since,
    )


def dimensions_of(profile: Profile, at: int, offset_ms: int) -> dict[str, Any]:
    """The four dimensions of a profile, as of an instant."""
    return {
        "basic": basics_of(aged_profile(profile, at, offset_ms)),
        "behavior": _behavior(profile),
        "preference": [_preference(name, profile, at) for name in DIMENSIONS],
        "stages": [
            StageModel(stage=one.stage, since=one.day * DAY_MS - offset_ms)
            for one in stages(profile.days, day_of(at, offset_ms))
        ],
    }


def basics_of(profile: Profile) -> list[BasicModel]:
    """The basic values, each with who told it."""
    return [_basic(name, one) for name, one in sorted(profile.basic.items())]


def aged_profile(profile: Profile, at: int, offset_ms: int) -> Profile:
    """The profile with its numbers of days as of an instant."""
    days = {
        name: replace(one, value=aged(one.value, one.at, at, offset_ms))
        for name, one in profile.basic.items()
        if name in AGING
    }
    return replace(profile, basic={**profile.basic, **days})


def link_of(edge: Edge) -> LinkedId:
    """A link, with the id that is another's: a device, or the same person on another platform."""
    return LinkedId(
        id=edge.own,
        of=edge.known,
        kind="device" if is_anonymous(edge.own) else "platform",
        since=edge.since,
        until=edge.until,
        source=edge.source,
    )


def _from_history(past: ViewerFacts | None, at: int, offset_ms: int) -> Profile:
    """What the facts say: traits as the shop told them, and the days that are known."""
    if past is None:
        return Profile()
    basic = {}
    for name, value in past.traits.items():
        one = told(name, value, at)
        if one is not None:
            basic[name] = one
    seen = [one for one in (past.first_seen, past.last_seen) if one is not None]
    days = frozenset(day_of(one, offset_ms) for one in seen)
    return Profile(joined(basic, {}), days=Days(min(days, default=None), days))


def _basic(name: str, one: Basic) -> BasicModel:
    return BasicModel(
        name=name,
        names=_words("language", f"trait.{name}", name),
        value=one.value,
        value_names={
            "zh": value_in_words(name, one.value, "zh-CN"),
            "en": value_in_words(name, one.value, "en-US"),
        },
        origin=one.origin,
        confidence=one.confidence,
        at=one.at,
    )


def _behavior(profile: Profile) -> list[DoneModel]:
    return [
        DoneModel(type=kind, n=done.n, last=done.last, amount_minor=done.amount_minor)
        for kind in BEHAVIOR
        if (done := profile.behavior.get(kind)) is not None
    ]


def _preference(dimension: Any, profile: Profile, at: int) -> PreferenceModel:
    preference = profile.preference
    acts = preference.acts(dimension)
    return PreferenceModel(
        dimension=dimension,
        acts=acts,
        enough=acts >= ENOUGH,
        preferred=preference.preferred(dimension, at),
        likings=[
            LikingModel(
                value=one.value,
                names=_words("values", f"{dimension}.{one.value}", one.value),
                share=round(one.share, 3),
                n=one.n,
            )
            for one in preference.likings(dimension, at)[:LIKINGS]
        ],
    )


def tags_of(
    definitions: Mapping[str, Definition],
    known: set[str],
    held: frozenset[str],
    standing: Standing,
    profile: Profile,
    at: int,
    called: Called,
) -> Iterator[TagModel]:
    """The built-in tags with their answers, then those of the shop that hold.

    Args:
        known: names of the tags that there are.
    """
    built_in: set[str] = set()
    titles = titles_in(called)
    for tag in load_tags().values():
        own = {f"tag.{key}" for key in tag.texts}
        built_in |= own
        one = definitions.get(f"tag.{tag.key}")
        if tag.preference is not None:
            yield _lover(tag, tag.preference, profile, at)
        elif one is not None and isinstance(one.expr, Number):
            yield _number(one, one.expr, held, standing, called, tag.tier)
        elif own <= known:
            yield _tag(tag, definitions, held, standing, titles)
    for name in sorted((held & known) - built_in):
        key, expr = name.removeprefix("tag."), definitions[name].expr
        if isinstance(expr, Number):
            yield _number(definitions[name], expr, held, standing, called)
            continue
        names, meaning = said_of(called, "tag", key)
        yield TagModel(
            key=key,
            names=names,
            meaning=meaning,
            tier=None,
            answer="yes",
            value=None,
            value_names=None,
            sentence=spoken_definition(definitions[name], titles),
            since=None if (why := standing.why.get(name)) is None else why.since,
            because=[] if why is None else list(why.because),
        )


def _tag(
    tag: Tag,
    definitions: Mapping[str, Definition],
    held: frozenset[str],
    standing: Standing,
    titles: Titles,
) -> TagModel:
    answer = f"tag.{tag.key}" in held if tag.number else tag.answer(held)
    value = answer if isinstance(answer, str) else None
    name = f"tag.{tag.key}" if value is None else f"tag.{tag.key}_{value}"
    why = standing.why.get(name) if answer else None
    said: Said = "unknown" if answer is None else "yes" if answer else "no"
    return TagModel(
        key=tag.key,
        names=titled("tags", tag.key, "title"),
        meaning=titled("tags", tag.key, "help"),
        tier=tag.tier,
        answer="value" if value is not None else said,
        value=value,
        value_names=None if value is None else titled("tags", f"{tag.key}_{value}", "title"),
        sentence=spoken_definition(definitions[name], titles) if name in definitions else None,
        since=None if why is None else why.since,
        because=[] if why is None else list(why.because),
    )


def _number(
    definition: Definition,
    expr: Number,
    held: frozenset[str],
    standing: Standing,
    called: Called,
    tier: Tier | None = None,
) -> TagModel:
    """How much it is now, where the rows say; else only whether it is known."""
    key, name = definition.key, f"tag.{definition.key}"
    (names, meaning), number = said_of(called, "tag", key), standing.numbers.get(name)
    why = standing.why.get(name)
    return TagModel(
        key=key,
        names=names,
        meaning=meaning,
        tier=tier,
        answer="value" if number is not None else "yes" if name in held else "unknown",
        value=None if number is None else f"{number:.15g}",
        value_names=None if number is None else _numbered(names, expr, number),
        sentence=spoken_definition(definition, titles_in(called)),
        since=None,
        because=[] if why is None else list(why.because),
    )


def _numbered(names: Words, expr: Number, number: float) -> Words:
    """The name with its number, as it is read."""
    shown = money(int(number)) if unit_of(expr) == "money" else f"{number:,.10g}"
    found: Words = {}
    for name, locale in LOCALES:
        unit = str(document(locale, "values")[f"unit.{unit_of(expr)}"])
        found[name] = unit.format(name=names[name], number=shown)  # type: ignore[index]
    return found


def _lover(tag: Tag, dimension: Preferred, profile: Profile, at: int) -> TagModel:
    """What a viewer prefers in a dimension."""
    value = profile.preference.preferred(dimension, at)
    is_enough = profile.preference.acts(dimension) >= ENOUGH
    return TagModel(
        key=tag.key,
        names=titled("tags", tag.key, "title"),
        meaning=titled("tags", tag.key, "help"),
        tier=tag.tier,
        answer="value" if value is not None else "no" if is_enough else "unknown",
        value=value,
        value_names=None if value is None else _words("values", f"{dimension}.{value}", value),
        sentence=titled("tags", tag.key, "help"),
        since=None,
        because=[],
    )


def _segment(definition: Definition, why: Why, called: Called) -> SegmentModel:
    names, meaning = said_of(called, "segment", definition.key)
    return SegmentModel(
        key=definition.key,
        names=names,
        meaning=meaning,
        sentence=spoken_definition(definition, titles_in(called)),
        since=why.since,
        because=list(why.because),
    )


def _waiting(standing: Standing, now: Told) -> Iterator[WaitingModel]:
    """What waits; a moment that has fired in this session, once and for all, waits no more."""
    once = {one.key for one in now.definitions if one.again_after_ms is None}
    fired = {
        (one.moment, one.key)
        for one in now.fired
        if one.room == now.room and one.session == now.session and one.moment in once
    }
    for one in standing.waiting:
        if (one.moment, one.about) not in fired:
            product = now.products.get(one.about or "")
            title = one.about if product is None else product.title or one.about
            yield WaitingModel(moment=one.moment, about=one.about, title=title, due=one.due)


def titles_in(called: Called) -> Titles:
    """How definitions are called, for sentences that name them."""
    return {place: words for place, (words, _) in called.items()}


def said_of(called: Called, kind: str, key: str) -> tuple[Words, Words]:
    """How the shop calls it and what it says of it, else what comes with it, else the key."""
    shipped = tuple(titled(f"{kind}s", key, what) for what in ("title", "help"))
    return called.get((kind, key)) or (shipped[0], shipped[1])


def titled(subject: str, key: str, what: str) -> Words:
    """A text of a catalog in both languages; the key itself where it has none."""
    found: Words = {}
    for name, locale in LOCALES:
        texts = document(locale, subject).get(key)
        found[name] = texts[what] if isinstance(texts, Mapping) else key  # type: ignore[index]
    return found


def _words(subject: str, key: str, default: str) -> Words:
    """A flat text in both languages, or the default."""
    return {name: str(document(locale, subject).get(key, default)) for name, locale in LOCALES}  # type: ignore[misc]
