"""Random worlds with builds of facts on the way: engine and oracle fire the same."""

from __future__ import annotations

from random import Random
from typing import Any, get_args

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.columns.facts import OLDER, Facts, ViewerFacts, facts_bytes
from qianmian.engine.core import Core
from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.origins import Origin
from tests.differential.engine_runs import Plain, plain, rows_of
from tests.oracle import facts as oracle
from tests.oracle.generate import random_messages
from tests.oracle.run import Message, run
from tests.vectors.documents import column

DAY_MS = 86_400_000
VIEWERS = ("u1", "u2", "u3", "?x1", "?x2")
COLUMNS = (
    "count(product_clicked)",
    "count(product_viewed or liked)",
    "sum(gift_sent.amount)",
    "count(order_paid where amount >= ¥20)",
    "count(order_paid)",
)
TEXTS = (
    "count(product_clicked) within 30d >= 3",
    "count(product_clicked) within 8d > 4 again after 1s",
    "liked and count(product_clicked) within 30d < 4 again after 1ms",
    "comment_sent and count(product_viewed or liked) within 90d == 5 again after 1ms",
    "sum(gift_sent.amount) within 30d >= ¥50",
    "sum(gift_sent.amount) within 9d <= ¥40 and cart_added again after 1ms",
    "count(order_paid where amount >= ¥20) within 30d >= 2",
    "liked and no order_paid ever again after 1ms",
    "product_viewed and count(product_clicked) ever >= 3 again after 1ms",
    "sum(gift_sent.amount) ever >= ¥60",
    "liked and count(product_clicked) ever == 2 again after 1ms",
    "liked and score.churn >= 0.5 again after 1ms",
    "product_viewed and in segment.vip again after 1ms",
    "product_clicked and not in list.vip again after 1ms",
    "liked and trait.level >= 2 again after 1ms",
    "visit_started and previous visit 10s ago again after 1ms",
    "visit_started and not previous visit again after 1ms",
    "cart_added without order_paid within 5s and count(product_clicked) within 30d >= 2",
)
SEGMENTS = ("list.vip", "vip")
ORIGINS: tuple[dict[str, Origin], ...] = (
    *({}, {}),
    *({"level": one} for one in get_args(Origin)),
)
SEEDS = range(20)


def build(rng: Random, boundary_ms: int) -> tuple[Facts, oracle.Facts]:
    """A random build, as both sides read it."""
    carried = sorted(rng.sample(COLUMNS, rng.randrange(1, len(COLUMNS) + 1)))
    viewers = []
    for name in rng.sample(VIEWERS, rng.randrange(len(VIEWERS) + 1)):
        days = {
            one: {
                rng.choice((1, 2, 8, 9, 30, 31, 90, OLDER)): rng.randrange(1, 4) for _ in range(2)
            }
            for one in carried
            if rng.random() < 0.7
        }
        money = days.get("sum(gift_sent.amount)", {})
        money.update({ago: value * 1_000 for ago, value in money.items()})
        viewers.append(
            ViewerFacts(
                name,
                last_seen=rng.choice((None, boundary_ms - DAY_MS, boundary_ms - 1)),
                traits={"level": rng.randrange(4)} if rng.random() < 0.5 else {},
                scores={"churn": rng.choice((0.4, 0.5, 0.6))} if rng.random() < 0.5 else {},
                segments=frozenset(one for one in SEGMENTS if rng.random() < 0.5),
                days_by_column=days,
                origins=rng.choice(ORIGINS),
            )
        )
    data = facts_bytes(
        viewers, boundary_ms=boundary_ms, columns=carried, scores=["churn"], segments=SEGMENTS
    )
    of_viewer = {
        one.viewer: oracle.OfViewer(
            one.last_seen,
            one.traits,
            one.scores,
            tuple(one.segments),
            {column(name): days for name, days in one.days_by_column.items()},
            one.origins,
        )
        for one in viewers
    }
    carried_there = tuple(map(column, carried))
    return Facts(data), oracle.Facts(boundary_ms, carried_there, of_viewer)


def world(seed: int) -> tuple[list[Definition], list[tuple[Message, Facts | None]]]:
    """A log around a day boundary, with builds of the day before and of this day."""
    rng = Random(seed)
    texts = rng.sample(TEXTS, 8)
    definitions = [parse_definition(f"m{k}", text) for k, text in enumerate(texts)]
    has_previous = any("previous" in text for text in texts)
    messages = random_messages(rng, merges=not any("again" in text for text in texts))
    start = 2 * DAY_MS - rng.choice((0, 20_000, 60_000))
    log: list[tuple[Message, Facts | None]] = []
    boundary_ms = 0
    for clock, what, *rest in messages:
        events = what
        if isinstance(what, list):
            events = [
                _moved(e, start)
                for e in what
                # with earlier visits one room: which visit of another room came first is not
                # about facts
                if not (has_previous and e.get("room") == "r2")
            ]
        log.append(((start + clock, events, *rest), None))
        if rng.random() < 0.04:
            newest = (start + clock) // DAY_MS * DAY_MS
            boundary_ms = max(boundary_ms, rng.choice((newest - DAY_MS, newest)))
            facts, there = build(rng, boundary_ms)
            log.append(((start + clock, "facts", there), facts))
    return definitions, log


def _moved(event: dict[str, Any], start: int) -> dict[str, Any]:
    """The event some days later."""
    if "event_time" not in event:
        return event
    return {**event, "event_time": start + event["event_time"]}


def compare(seed: int, *, shards: int = 1, restores: int = 0) -> None:
    definitions, log = world(seed)
    messages = [message for message, _ in log]
    end = messages[-1][0] + 10_000
    wanted = plain(run(definitions, messages, finish_at=end).firings)
    assert driven(definitions, log, end, shards, restores, Random(seed)) == wanted, seed


def driven(
    definitions: list[Definition],
    log: list[tuple[Message, Facts | None]],
    end: int,
    shards: int,
    restores: int,
    rng: Random,
) -> list[Plain]:
    engine = Core(definitions, shards=shards, daily=["vip"])
    again = {rng.randrange(len(log)) for _ in range(restores)}
    in_force: Facts | None = None
    found: list[Firing] = []
    rows: list[list[dict[str, Any]]] = rows_of([message for message, _ in log])
    for place, (message, facts) in enumerate(log):
        if facts is not None:
            found += engine.take_facts(facts, message[0])
            in_force = facts
        elif rows[place]:
            found += engine.run(EventBatch.from_rows(rows[place]))
        else:
            found += engine.advance(message[0])
        if place in again:
            engine = Core.restore(engine.snapshot(), in_force)
    return plain(found + engine.finish(end))


@pytest.mark.parametrize("seed", SEEDS)
def test_engine_and_oracle_fire_the_same_with_facts(seed: int) -> None:
    compare(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_any_shards_and_restore_points_with_facts(seed: int) -> None:
    compare(seed, shards=(3, 8)[seed % 2], restores=3)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 300))
def test_many_more_worlds_with_facts(seed: int) -> None:
    compare(seed, shards=(1, 3)[seed % 2], restores=seed % 3)


def test_the_worlds_with_facts_are_not_vacuous() -> None:
    """Every text fires in some world, and not in every one in which it stands."""
    fired: dict[str, set[bool]] = {text: set() for text in TEXTS}
    builds = 0
    for seed in range(80):
        definitions, log = world(seed)
        messages = [message for message, _ in log]
        builds += sum(facts is not None for _, facts in log)
        moments = {f.moment for f in run(definitions, messages).firings}
        for text, one in zip(Random(seed).sample(TEXTS, 8), definitions, strict=True):
            fired[text].add(one.key in moments)
    assert builds > 60
    assert all(True in seen for seen in fired.values()), fired
