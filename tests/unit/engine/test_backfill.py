"""Backfill as the caller of a core meets it."""

from __future__ import annotations

import numpy as np
import pytest

from qianmian.columns.batch import EventBatch
from qianmian.engine.backfill import Counting
from qianmian.engine.core import Core
from qianmian.errors import InputError
from qianmian.language.parse import parse_definition
from qianmian.language.sentence import counting_since

TWO = parse_definition("two", "count(liked) within 60s >= 2")
OTHER = parse_definition("other", "count(shared) within 60s >= 2")


def likes(*clocks: int) -> EventBatch:
    rows = [{"clock": at, "type": "liked", "viewer": "u", "room": "r"} for at in clocks]
    return EventBatch.from_rows(rows)


def edited() -> tuple[Core, EventBatch, np.ndarray]:
    """A core that got its definition after an event, and the tail with that event."""
    core = Core([OTHER])
    tail = likes(1_000)
    core.run(tail)
    outcomes = core.outcomes.copy()
    core.change([OTHER, TWO], 2_000)
    return core, tail, outcomes


def test_a_core_says_since_when_its_definitions_count() -> None:
    core, tail, outcomes = edited()
    assert core.counting == {"two": Counting(2_000)}
    core = Core.restore(core.snapshot())
    assert core.backfill(tail, outcomes, since_ms=500, clock_ms=3_000) == []
    assert core.counting == {"two": Counting(500, backfilled=True)}
    assert [f.at for f in core.run(likes(4_000))] == [4_000]


def test_it_is_filled_once() -> None:
    core, tail, outcomes = edited()
    core.backfill(tail, outcomes, since_ms=500, clock_ms=3_000)
    core.backfill(likes(), np.zeros(0, np.uint8), since_ms=600, clock_ms=3_500)
    assert core.counting == {"two": Counting(500, backfilled=True)}
    assert [f.at for f in core.run(likes(4_000))] == [4_000]


def test_a_range_that_begins_after_the_edit_fills_nothing() -> None:
    core, _, _ = edited()
    core.backfill(likes(), np.zeros(0, np.uint8), since_ms=2_500, clock_ms=3_000)
    assert core.counting == {"two": Counting(2_000)}
    assert core.run(likes(4_000)) == []


def test_rows_that_were_not_accepted_are_left_out() -> None:
    core, tail, _ = edited()
    core.backfill(tail, np.array([1], np.uint8), since_ms=500, clock_ms=3_000)
    assert core.run(likes(4_000)) == []


def test_a_tail_that_is_not_that_of_the_range_is_refused_and_nothing_changes() -> None:
    core, tail, outcomes = edited()
    for rows, told, since, says in (
        (tail, outcomes[:0], 500, "1 rows of the tail have 0 outcomes"),
        (tail, outcomes, 1_500, "outside of the range"),
        (tail, outcomes, -(1 << 40), "at most six days"),
    ):
        with pytest.raises(InputError, match=says):
            core.backfill(rows, told, since_ms=since, clock_ms=3_000)
    assert core.counting == {"two": Counting(2_000)}


def test_lists_move_whole_and_the_old_blocks_are_given_back() -> None:
    """Lists longer than one block, for many viewers, in a core that keeps working."""
    many = parse_definition("many", "sum(gift_sent.amount) within 60s >= ¥60")
    rows = [
        {"clock": k, "type": "gift_sent", "viewer": f"v{k % 50}", "room": "r", "amount": 100}
        for k in range(2_900)
    ]
    core = Core([OTHER])
    tail = EventBatch.from_rows(rows)
    core.run(tail)
    core.change([OTHER, many], 3_000)
    core.run(EventBatch.from_rows([{**row, "clock": 3_000} for row in rows[:50]]))
    both = EventBatch.from_rows([*rows, *({**row, "clock": 3_000} for row in rows[:50])])
    outcomes = np.zeros(len(both), np.uint8)
    assert core.backfill(both, outcomes, since_ms=0, clock_ms=3_000) == []
    fired = core.run(EventBatch.from_rows([{**row, "clock": 4_000} for row in rows[:50]]))
    assert len(fired) == 50  # 58 + 1 + 1 of each reach 60


def test_people_are_told_since_when_it_counts() -> None:
    assert counting_since("20:14", "en-US", backfilled=True) == "Counting since 20:14 (backfilled)"
    assert counting_since("20:14", "zh-CN", backfilled=True) == "自 20:14 起计数（已回填）"
    assert counting_since("20:14", "en-US") == "Counting since 20:14"
