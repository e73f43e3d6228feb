"""The laws of docs/semantics.md, on the oracle, which is cheap; the engine is compared with it."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from tests.oracle.convert import rule_of
from tests.oracle.generate import random_definitions, random_messages
from tests.oracle.judge import OPERATORS
from tests.oracle.run import Message, Result, run

SEEDS = range(12)
FACTLESS = ("in_list", "score", "select")
"""Lists and scores come with facts; a selection is part of every operator."""
OF_NUMBERS = ("number", "tag_number")
"""Their worlds, and whether these are vacuous: tests/differential/test_number_tags.py."""


def definitions_of(rng: Random, n: int = 8) -> list[Definition]:
    return [parse_definition(*given) for given in random_definitions(rng, n)]


def world(seed: int) -> tuple[list[Definition], list[Message]]:
    rng = Random(seed)
    return definitions_of(rng), random_messages(rng)


def settled(definitions: list[Definition], messages: list[Message]) -> Result:
    return run(definitions, messages, finish_at=messages[-1][0] + 10_000)


@pytest.mark.parametrize("seed", SEEDS)
def test_law_1_ticks_and_restarts_anywhere_change_nothing(seed: int) -> None:
    definitions, messages = world(seed)
    rng = Random(seed)
    with_more = list(messages)
    for place in sorted((rng.randrange(1, len(messages)) for _ in range(30)), reverse=True):
        low, high = messages[place - 1][0], messages[place][0]
        with_more.insert(place, (rng.randint(low, high), rng.choice(("tick", "restart"))))
    # several may fall into one gap: clocks never go back
    with_more = [
        (max(clock for clock, *_ in with_more[: i + 1]), *message[1:])
        if message[1] in ("tick", "restart")
        else message
        for i, message in enumerate(with_more)
    ]
    assert [m[0] for m in with_more] == sorted(m[0] for m in with_more)
    assert settled(definitions, with_more).firings == settled(definitions, messages).firings


LEVELS = (
    "count(product_viewed) within 20s >= 3",
    "distinct(product_viewed.product) within 20s >= 3",
    "sum(gift_sent.amount) within 20s >= ¥20",
    'first(product_viewed.product) == "p1"',
    'last(product_viewed.product) == "p2"',
    "time_since(product_viewed) >= 6s",
)


@pytest.mark.parametrize("level", LEVELS)
def test_law_2_once_the_clock_has_passed_the_order_of_arrival_does_not_matter(level: str) -> None:
    """A probe that arrives last asks whether the level holds."""
    probe = [parse_definition("m", f"followed and {level}")]
    answers = set()
    for seed in range(40):
        rng = Random(seed)
        times = sorted(rng.sample(range(20_000, 25_000), 6))
        events = [
            {
                "type": rng.choice(("product_viewed", "product_viewed", "gift_sent")),
                "viewer": "u",
                "room": "r",
                "message_id": f"e{time}",
                "event_time": time,
                "product": f"p{rng.randrange(1, 5)}",
                "amount": 1_000,
            }
            for time in times
        ]
        ask = {"type": "followed", "viewer": "u", "room": "r", "message_id": "probe"}
        found = []
        for _ in range(4):
            messages: list[Message] = [(25_000, [event]) for event in events]
            found.append(run(probe, [*messages, (30_000, [ask])]).firings)
            rng.shuffle(events)
        assert all(one == found[0] for one in found), seed
        answers.add(bool(found[0]))
    assert answers == {True, False}  # else nothing was asked


WAITING = "cart_added without cart_removed within 3s on same product wait 5s"


def test_law_2_an_absence_that_waits_for_the_lateness_does_not_care_for_the_order() -> None:
    """With one B per product; for two of them see the next test."""
    definition = [parse_definition("m", WAITING)]
    answers = set()
    for seed in range(40):
        rng = Random(seed)
        events = [
            {
                "type": kind,
                "viewer": "u",
                "room": "r",
                "message_id": f"e{time}",
                "event_time": time,
                "product": product,
            }
            for (kind, product), time in zip(
                (
                    ("cart_added", "p1"),
                    ("cart_removed", "p1"),
                    ("cart_added", "p2"),
                    ("cart_removed", "p2"),
                ),
                rng.sample(range(20_000, 25_000), 4),
                strict=True,
            )
        ]
        found = []
        for _ in range(4):
            messages: list[Message] = [(25_000, [event]) for event in events]
            found.append(run(definition, messages, finish_at=60_000).firings)
            rng.shuffle(events)
        assert all(one == found[0] for one in found), seed
        answers.add(len(found[0]))
    assert len(answers) > 1


def test_where_law_2_ends_two_bs_of_one_key_before_their_a() -> None:
    """Of them only the latest is kept, so the one in time is forgotten."""
    definition = [parse_definition("m", WAITING)]
    place = {"viewer": "u", "room": "r", "product": "p1"}
    a, in_time, after = (
        {"type": kind, "message_id": f"e{time}", "event_time": time, **place}
        for kind, time in (
            ("cart_added", 20_000),
            ("cart_removed", 21_000),
            ("cart_removed", 24_500),
        )
    )
    found = [
        run(definition, [(25_000, [event]) for event in order], finish_at=60_000).firings
        for order in ((a, in_time, after), (in_time, after, a))
    ]
    assert found[0] == []
    assert [(fired.at, fired.key) for fired in found[1]] == [(28_000, "p1")]


@pytest.mark.parametrize("seed", SEEDS)
def test_law_3_a_stranger_changes_nobody(seed: int) -> None:
    """Viewer moments only: a room moment is about everybody."""
    definitions, messages = world(seed)
    definitions = [one for one in definitions if not rule_of(one, 0).is_room_moment]
    rng = Random(seed)
    stranger = []
    for clock, what, *rest in messages:
        stranger.append((clock, what, *rest))
        if rng.random() < 0.3:
            stray = {"type": "liked", "viewer": "stranger", "room": "r1", "product": "p1"}
            stranger.append((clock, [stray]))
    alone = settled(definitions, messages).firings
    among = settled(definitions, stranger).firings
    assert [f for f in among if f.viewer != "stranger"] == alone


@pytest.mark.long
def test_the_random_worlds_are_not_vacuous() -> None:
    """Every operator takes part in a definition that fired; every disturbance happened."""
    fired: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for seed in range(60):
        definitions, messages = world(seed)
        result = settled(definitions, messages)
        counts.update(result.counts)
        counts["overflow"] += result.overflow
        counts["contradicted"] += result.contradicted
        moments = {f.moment for f in result.firings}
        for definition in definitions:
            if definition.key in moments:
                fired.update({node["op"] for node in rule_of(definition, 0).nodes})
    assert set(OPERATORS).difference(FACTLESS, OF_NUMBERS) <= set(fired)
    wanted = ("accepted", "duplicates", "late", "late_applied", "contradicted")
    assert all(counts[name] > 0 for name in wanted), counts
