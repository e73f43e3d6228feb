"""Backfill as the caller of a core meets it."""

from __future__ import annotations

import numpy as np
import pytest

from qianmian.columns.batch import EventBatch
from qianmian.engine.backfill import Counting
from qianmian.engine.core import Core
from qianmian.engine.tail import rows_to_read
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


def read(text: str, rows: list[dict[str, object]], until: int = 100_000) -> list[tuple[str, int]]:
    """Which rows of a tail a definition reads: type and clock."""
    tail = EventBatch.from_rows([{"viewer": "u", "room": "r", **row} for row in rows])
    lean = rows_to_read(
        [parse_definition("m", text)], tail, np.zeros(len(tail), np.uint8),
        since_ms=0, clock_ms=until,
    )  # fmt: skip
    return [(str(row["type"]), int(row["clock"])) for row in lean.to_rows()]


TAIL: list[dict[str, object]] = [
    {"clock": 1, "type": "liked"},
    {"clock": 2, "type": "heartbeat"},
    {"clock": 3, "type": "shared"},
    {"clock": 4, "type": "heartbeat"},
    {"clock": 4, "type": "shared"},
    {"clock": 5, "type": "profile_updated", "traits": {"level": 1}},
    {"clock": 6, "type": "product_presented", "product": "p", "viewer": None},
    {"clock": 7, "type": "room_left"},
]


def test_only_rows_that_a_definition_over_lists_asks_for_are_read() -> None:
    """Its types, rooms, profiles, and what a viewer does at the clock of one of them."""
    assert read("count(shared) within 60s >= 2", TAIL) == [
        ("shared", 3), ("heartbeat", 4), ("shared", 4), ("profile_updated", 5),
        ("product_presented", 6),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "shared without liked within 5s",  # leaving cancels
        "product_viewed for 30s and shared",
        "shared and idle for 60s",
        "count(shared) this visit >= 2",
        "shared and room.online >= 2",
    ],
)
def test_a_definition_that_asks_who_is_here_reads_everything(text: str) -> None:
    assert len(read(text, TAIL)) == len(TAIL)


def test_a_range_in_which_rows_may_be_evicted_is_read_whole() -> None:
    assert len(read("count(shared) within 60s >= 2", TAIL, until=30 * 60_000)) == len(TAIL)


def test_a_window_that_closes_and_is_renewed_at_one_clock_is_found_closed() -> None:
    """What the viewer did between the two shows it: the row of another type is read, too."""
    quiet = parse_definition("quiet", "time_since(liked) > 10s")
    rows = [
        {"clock": at, "type": kind, "viewer": "u", "room": "r"}
        for at, kind in ((999, "liked"), (11_000, "shared"), (11_000, "liked"))
    ]
    always = Core([OTHER, quiet])
    fired = always.run(EventBatch.from_rows(rows)) + always.finish(30_000)
    assert [(f.moment, f.at) for f in fired] == [("quiet", 11_000)]
    core = Core([OTHER])
    tail = EventBatch.from_rows(rows)
    core.run(tail)
    core.change([OTHER, quiet], 12_000)
    core.backfill(tail, core.outcomes, since_ms=0, clock_ms=12_000)
    assert core.finish(30_000) == []


def test_traits_told_before_the_range_are_known_in_it() -> None:
    """Also to definitions that read few rows, in rows that began before the range."""
    told = parse_definition("told", "count(liked) within 60s >= 2 and trait.level >= 2")
    rows: list[dict[str, object]] = [
        {"clock": 1, "type": "liked", "viewer": "u", "room": "r"},
        {"clock": 2, "type": "profile_updated", "viewer": "u", "traits": {"level": 3}},
        {"clock": 10, "type": "liked", "viewer": "u", "room": "r"},
        {"clock": 11, "type": "liked", "viewer": "u", "room": "r"},
    ]
    core = Core([OTHER])
    core.run(EventBatch.from_rows(rows[:2]))
    tail = EventBatch.from_rows(rows[2:])
    core.run(tail)
    core.change([OTHER, told], 12)
    core.backfill(tail, core.outcomes, since_ms=5, clock_ms=12)
    assert core.run(likes(13)) == []  # it has fired at 11
