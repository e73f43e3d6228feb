"""Numbers of rooms that guards read: engine and oracle, live and replayed from what was logged."""

from __future__ import annotations

from random import Random

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.engine.core import Core
from qianmian.engine.room_facts import Mismatch, RoomFact
from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from qianmian.vocabulary.firing import Firing
from tests.differential.engine_runs import plain, rows_of
from tests.oracle.generate import random_messages
from tests.oracle.run import Message, run

TEXTS = (
    "liked and room.online >= 2 again after 1ms",
    "product_viewed and room.online < 3 again after 1ms",
    "cart_added and room.gmv >= ¥20 again after 1ms",
    "product_clicked and room.orders_per_min == 1 again after 1ms",
    "count(product_clicked) within 5s >= 2 and room.online > 1 again after 1s",
    "cart_added without order_paid within 3s and room.gmv >= ¥10",
    "distinct(product_viewed.viewer) within 5s >= 2 again after 1s",
    "distinct(liked.viewer) within 8s >= 2 on same product and room.online >= 2",
)
SEEDS = range(15)


def world(seed: int) -> tuple[list[Definition], list[Message]]:
    rng = Random(seed)
    texts = rng.sample(TEXTS, 6)
    definitions = [parse_definition(f"m{k}", text) for k, text in enumerate(texts)]
    messages: list[Message] = []
    for clock, what in random_messages(rng, merges=False):
        if isinstance(what, list):  # a late event opens a session again, which is not about facts
            messages.append((clock, [e for e in what if e["type"] != "session_ended"]))
        else:
            messages.append((clock, what))
    return definitions, messages


def played(
    definitions: list[Definition],
    messages: list[Message],
    *,
    logged: list[RoomFact] | None = None,
    shards: int = 1,
    restores: frozenset[int] = frozenset(),
) -> tuple[list[Firing], list[RoomFact], Core]:
    """Firings and facts of a run, call by call; with `logged` a replay."""
    core = Core(definitions, shards=shards)
    core.read_room_facts(logged or ())
    fired: list[Firing] = []
    facts: list[RoomFact] = []
    for place, (message, rows) in enumerate(zip(messages, rows_of(messages), strict=True)):
        fired += core.run(EventBatch.from_rows(rows)) if rows else core.advance(message[0])
        facts += core.room_facts
        if place in restores:
            core = Core.restore(core.snapshot())
    fired += core.finish(messages[-1][0] + 10_000)
    return fired, facts + core.room_facts, core


def facts_of(fact: RoomFact) -> dict[str, object]:
    return fact._asdict()


@pytest.mark.parametrize("seed", SEEDS)
def test_engine_and_oracle_read_the_same_numbers(seed: int) -> None:
    definitions, messages = world(seed)
    wanted = run(definitions, messages, finish_at=messages[-1][0] + 10_000)
    fired, _, core = played(definitions, messages)
    assert plain(fired) == plain(wanted.firings)
    assert core.statistics().room_mismatches == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_replay_with_what_was_logged_is_the_same(seed: int) -> None:
    definitions, messages = world(seed)
    fired, facts, _ = played(definitions, messages)
    rng = Random(seed)
    restores = frozenset(rng.randrange(len(messages)) for _ in range(2))
    again, found, core = played(definitions, messages, logged=facts, shards=3, restores=restores)
    assert plain(again) == plain(fired)
    assert found == facts
    assert core.statistics().room_mismatches == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_log_that_ends_early_is_continued_by_what_is_computed(seed: int) -> None:
    """After a crash the last seconds may not be in the log yet."""
    definitions, messages = world(seed)
    fired, facts, _ = played(definitions, messages)
    middle = facts[len(facts) // 2].second
    logged = [fact for fact in facts if fact.second <= middle]
    again, _, core = played(definitions, messages, logged=logged)
    assert plain(again) == plain(fired)
    assert core.statistics().room_mismatches == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_logged_is_used_and_a_difference_is_counted(seed: int) -> None:
    """Numbers that nobody could compute; the oracle takes the log at its word, too."""
    definitions, messages = world(seed)
    _, facts, _ = played(definitions, messages)
    numbers = [fact for fact in facts if not fact.name.startswith("moment.")]
    rng = Random(seed)
    tampered = [fact._replace(value=rng.randrange(4) * 1_000) for fact in numbers]
    others = [fact for fact in facts if fact.name.startswith("moment.")]
    again, _, core = played(definitions, messages, logged=tampered + others)
    told: list[Message] = [(messages[0][0], "room_fact", facts_of(fact)) for fact in tampered]
    if others:  # the oracle is told of the last second, up to which the log counts
        last = max(fact.second for fact in facts)
        told.append((messages[0][0], "room_fact", {"second": last, "room": "", "name": ""}))
    wanted = run(definitions, [*told, *messages], finish_at=messages[-1][0] + 10_000)
    assert plain(again) == plain(wanted.firings)
    assert core.statistics().room_mismatches > 0


def test_moments_of_rooms_come_from_the_log_and_a_difference_is_told() -> None:
    definition = parse_definition("crowd", "distinct(liked.viewer) within 5s >= 2")
    messages: list[Message] = [
        (100, [{"type": "liked", "viewer": "a", "room": "r"}]),
        (200, [{"type": "liked", "viewer": "b", "room": "r"}]),
        (5_500, "tick"),
    ]
    fired, facts, _ = played([definition], messages)
    assert facts == [RoomFact(1_000, "r", "moment.crowd", 1)]
    assert [f.at for f in fired] == [1_000]
    moved = [fact._replace(second=2_000) for fact in facts]
    core = Core([definition])
    core.read_room_facts(moved)
    again = [f for rows in rows_of(messages)[:2] for f in core.run(EventBatch.from_rows(rows))]
    again += core.advance(5_500)
    assert [f.at for f in again] == [2_000]
    assert core.room_log.mismatches == [
        Mismatch(None, facts[0]),
        Mismatch(moved[0], None),
    ]
    assert core.statistics().room_mismatches == 2


def test_the_worlds_are_not_vacuous() -> None:
    names: set[str] = set()
    fired = 0
    for seed in SEEDS:
        found, facts, _ = played(*world(seed))
        fired += len(found)
        names |= {fact.name.partition(".")[0] for fact in facts}
    assert names == {"online", "gmv", "orders_per_min", "moment"}
    assert fired > 50
