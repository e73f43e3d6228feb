"""Every built-in tag and segment says what its examples say: in the engine, and in the oracle."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from qianmian.bootstrap import Cores, active_definitions
from qianmian.bootstrap.catalogs import builtin_definitions, load_moments, load_segments, load_tags
from qianmian.columns.batch import EventBatch
from qianmian.columns.facts import Facts, ViewerFacts, facts_bytes
from qianmian.language.ast import Number
from qianmian.language.definition import Definition
from qianmian.language.fact_columns import needs_of
from qianmian.language.measuring import number_now
from qianmian.language.parse import parse_definition
from qianmian.language.sentence import sentence
from qianmian.language.settle import settled
from qianmian.language.snapshot import at_instant
from qianmian.language.story import DAY_BEGIN_MS, ROOM, START_MS, VIEWER, Answer, LevelExample
from qianmian.language.truth import truth_of
from qianmian.language.values import money
from qianmian.learning.danmaku import CLASSES
from qianmian.locales.texts import LOCALES, document
from qianmian.profiles.found import LOVED
from qianmian.profiles.preference import ENOUGH
from qianmian.profiles.profile import profile_of
from qianmian.runtime.evidence import Explainer
from qianmian.segments.definition import Segment
from qianmian.tags.definition import Tag
from qianmian.vocabulary.firing import Firing
from tests.oracle.convert import tree_of
from tests.oracle.facts import Facts as OracleFacts
from tests.oracle.facts import OfViewer, column_of
from tests.oracle.levels import held_at
from tests.oracle.run import Message

TAGS, SEGMENTS = load_tags(), load_segments()
BOTH: list[Tag | Segment] = [*TAGS.values(), *SEGMENTS.values()]
BUILT_IN = [one for one in active_definitions() if one.kind != "moment"]
NUMBERS = {
    tag.key: sorted({one.expect for one in tag.examples if isinstance(one.expect, int)})
    for tag in TAGS.values()
    if tag.number
}
"""What the examples of tags with a number say; what holds is asked of each of these numbers."""


def asked(tag: str, number: int) -> Definition:
    """The segment of those whose number it is."""
    is_money = TAGS[tag].number.startswith("sum")
    shown = money(number) if is_money else str(number)
    return parse_definition(f"{tag}_is_{number}", f"tag.{tag} == {shown}", "segment")


LEVELS = settled(
    [*BUILT_IN, *(asked(tag, number) for tag, several in NUMBERS.items() for number in several)]
)
LOVERS = [tag for tag in TAGS.values() if tag.preference is not None]
CASES = [
    pytest.param(one, example, id=f"{one.key}: {example.name}")
    for one in BOTH
    if one not in LOVERS
    for example in one.examples
]


def facts_of(example: LevelExample) -> Facts | None:
    """The build that is there before the story, with the columns of the levels it names."""
    if example.days is None:
        return None
    by_key = {level.key: level.expr for level in LEVELS}
    days = {needs_of([by_key[key]]).columns[0].name: said for key, said in example.days.items()}
    viewer = ViewerFacts(VIEWER, days_by_column=days)
    return Facts(facts_bytes([viewer], boundary_ms=DAY_BEGIN_MS, columns=days))


def answer(one: Tag | Segment, holding: frozenset[str]) -> Answer:
    if isinstance(one, Segment):
        return f"segment.{one.key}" in holding
    numbers = NUMBERS.get(one.key, ())
    told = [number for number in numbers if f"segment.{one.key}_is_{number}" in holding]
    assert len(told) <= 1
    return one.answer(holding, *told)


def test_the_whole_catalog_was_collected() -> None:
    assert sorted(TAGS) == [
        "age_band",
        "bought_this_session",
        "brand_lover",
        "cart_hoarder",
        "carts_session",
        "category_lover",
        "city_tier",
        "commenter",
        "comparison_shopper",
        "coupon_user",
        "days_registered",
        "deep_watcher",
        "follower",
        "gender",
        "high_spender_session",
        "highly_engaged",
        "late_night_active",
        "member_level",
        "new_registrant",
        "occupation",
        "price_band_lover",
        "promo_responder",
        "region",
        "rush_buyer",
        "sharer",
        "silent_watcher",
        "spent_session",
    ]
    assert sorted(SEGMENTS) == [
        "active_users",
        "carted_unpaid",
        "dormant_users",
        "leaving_users",
        "new_users",
        "potential_high_value",
        "quiet_digital_men",
        "returning_users",
        "viewed_not_bought",
        "young_beauty_cart",
    ]
    assert len(CASES) >= 2 * len(BOTH)


def test_no_key_is_used_twice_over_moments_tags_and_segments() -> None:
    keys = [one.key for several in builtin_definitions().values() for one in several]
    assert len(keys) == len(set(keys))
    assert set(keys) == {one.key for one in active_definitions()}
    assert set(load_moments()) <= set(keys)


@pytest.mark.parametrize(("one", "example"), CASES)
def test_the_engine_answers_what_the_example_says(
    one: Tag | Segment, example: LevelExample
) -> None:
    engine = Cores().new(LEVELS, presence=example.presence, session_timeout=example.presence)
    facts = facts_of(example)
    if facts is not None:
        engine.take_facts(facts, START_MS)
    engine.run(EventBatch.from_rows(example.rows(CLASSES)))
    engine.finish(example.end_ms)
    holding = engine.viewer_levels(ROOM, VIEWER)
    assert holding is not None
    assert answer(one, holding) == example.expect


def oracle(example: LevelExample, definitions: Sequence[Definition]) -> frozenset[str]:
    """What the oracle finds; it reads text classes by name."""
    messages: list[Message] = []
    if example.days is not None:
        by_key = {one.key: tree_of(one.expr, itertools.count()) for one in definitions}
        days = {column_of(by_key[key]): dict(said) for key, said in example.days.items()}
        known = OfViewer(None, {}, {}, (), days)
        messages.append(
            (START_MS, "facts", OracleFacts(DAY_BEGIN_MS, tuple(days), {VIEWER: known}))
        )
    for row in example.rows(CLASSES):
        names = [name for name, bit in CLASSES.items() if row.get("classes", 0) >> bit & 1]
        messages.append((row["clock"], [row | {"classes": names}]))
    (held,) = held_at(
        definitions,
        messages,
        [example.end_ms],
        presence=example.presence,
        session_timeout=example.presence,
    )
    return held[ROOM, VIEWER][1]


@pytest.mark.parametrize(("one", "example"), CASES)
def test_the_oracle_answers_what_the_example_says(
    one: Tag | Segment, example: LevelExample
) -> None:
    assert answer(one, oracle(example, LEVELS)) == example.expect


@pytest.mark.parametrize(("one", "example"), CASES)
def test_the_explanation_finds_what_the_engine_holds(
    one: Tag | Segment, example: LevelExample
) -> None:
    """All levels, not only those of the example: what is shown beside them must fit."""
    explainer = Explainer(presence=example.presence)
    rows = example.rows(CLASSES)
    by_name = {f"{level.kind}.{level.key}": level for level in LEVELS}
    holding = set()
    for name, level in by_name.items():
        place = Firing(example.end_ms, VIEWER, ROOM, f"{ROOM}@{START_MS}", name, 1, None)
        applied, known = explainer.seen(place, by_name, rows, facts=facts_of(example))
        if truth_of(level.expr, at_instant(applied, example.end_ms, known)).holds:
            holding.add(name)
    assert answer(one, frozenset(holding)) == example.expect
    assert holding == oracle(example, LEVELS)


@pytest.mark.parametrize(
    ("key", "example"),
    [
        pytest.param(key, example, id=f"{key}: {example.name}")
        for key in NUMBERS
        for example in TAGS[key].examples
    ],
)
def test_the_number_that_is_shown_is_the_one_that_conditions_compare(
    key: str, example: LevelExample
) -> None:
    by_name = {f"{level.kind}.{level.key}": level for level in LEVELS}
    name = f"tag.{key}"
    place = Firing(example.end_ms, VIEWER, ROOM, f"{ROOM}@{START_MS}", name, 1, None)
    explainer = Explainer(presence=example.presence)
    applied, known = explainer.seen(place, by_name, example.rows(CLASSES), facts=facts_of(example))
    measured = by_name[name].expr
    assert isinstance(measured, Number)
    assert number_now(measured, at_instant(applied, example.end_ms, known)) == example.expect


@pytest.mark.parametrize(
    ("tag", "example"),
    [
        pytest.param(tag, example, id=f"{tag.key}: {example.name}")
        for tag in LOVERS
        for example in tag.examples
    ],
)
def test_a_preference_is_what_the_example_says(tag: Tag, example: LevelExample) -> None:
    assert tag.preference is not None
    (definition,) = tag.definitions()
    assert definition.key == tag.key
    preference = profile_of(example.rows(CLASSES)).preference
    found: Answer = preference.preferred(tag.preference, example.end_ms)
    if found is None:
        found = False if preference.acts(tag.preference) >= ENOUGH else None
    assert found == example.expect


@pytest.mark.parametrize("tag", LOVERS, ids=lambda tag: tag.key)
def test_a_condition_may_name_what_somebody_loves(tag: Tag) -> None:
    assert tag.preference is not None
    told = {"trait.life_stage": "new", f"trait.{LOVED[tag.preference]}": "serum"}
    for names in ({}, told):
        line = " ".join(f"{name}={value}" for name, value in names.items())
        story = LevelExample("", (f"0s profile_updated {line or 'trait.age=5'}",), "1m", None)
        engine = Cores().new(LEVELS)
        engine.run(EventBatch.from_rows(story.rows(CLASSES)))
        engine.finish(story.end_ms)
        held = engine.viewer_levels(ROOM, VIEWER)
        assert held is not None
        assert (f"tag.{tag.key}" in held) == bool(names)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("one", BOTH, ids=lambda one: one.key)
def test_each_has_a_title_a_meaning_and_a_sentence(one: Tag | Segment, locale: str) -> None:
    texts = document(locale, "tags" if isinstance(one, Tag) else "segments")
    for key in {one.key, *(definition.key for definition in one.definitions())}:
        assert texts[key]["title"]
        assert texts[key]["help"]
    for definition in one.definitions():
        assert sentence(definition.expr, locale)


@pytest.mark.parametrize("locale", LOCALES)
def test_no_locale_names_what_there_is_not(locale: str) -> None:
    of_tags = {*TAGS, *(one.key for tag in TAGS.values() for one in tag.definitions())}
    assert set(document(locale, "tags")) == of_tags
    assert set(document(locale, "segments")) == set(SEGMENTS)


def test_other_numbers_make_another_definition() -> None:
    tag = TAGS["commenter"]
    assert tag.definitions({"times": 5}) != tag.definitions()
    assert tag.definitions({"times": 3}) == tag.definitions()
