from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qianmian.columns.batch import EventBatch
from qianmian.runtime.recorded import Recorded, Recorder
from qianmian.runtime.source import Chunk

ROWS: list[dict[str, Any]] = [
    {"type": "room_entered", "event_time": 3, "viewer": "a", "room": "r", "message_id": "m1"},
    {
        "type": "order_paid",
        "event_time": 1,
        "viewer": "b",
        "room": "r",
        "message_id": "m2",
        "order_id": "o1",
        "items": [{"product": "p", "price": 5}, {"product": "q", "category": "c", "quantity": 3}],
    },
    {"type": "profile_updated", "event_time": 2, "viewer": "a", "traits": {"age": 30}},
    {
        "type": "order_paid",
        "event_time": 9,
        "viewer": "a",
        "room": "r",
        "message_id": "m1",
        "order_id": "o1",
        "items": [{"product": "q", "price": 7, "quantity": 2}],
    },
    {"type": "liked", "event_time": 4, "anonymous_id": "x", "room": "s", "message_id": "m3"},
]


def recorded_of(per_chunk: int) -> Recorded:
    recorder = Recorder(lambda texts: np.zeros(len(list(texts)), np.uint32))
    for start in range(0, len(ROWS), per_chunk):
        chunk = Chunk()
        for line, row in enumerate(ROWS[start : start + per_chunk], start):
            chunk.add(row, line, bytes([line % 2 + 1]) * 16)
        assert chunk.rejected == []
        recorder.add(chunk)
    return recorder.recorded()


def plain(batch: EventBatch) -> list[dict[str, Any]]:
    """Every row of a batch as a mapping."""
    found = []
    for row in range(len(batch)):
        one: dict[str, Any] = {"type": int(batch.type[row]), "at": int(batch.event_time[row])}
        one |= {n: c.get(row) for n, c in batch.strings.items() if c.get(row) is not None}
        one |= {n: int(c[row]) for n, c in batch.numbers.items() if c[row] > -(1 << 63)}
        if batch.items is not None:
            span = range(int(batch.items.offsets[row]), int(batch.items.offsets[row + 1]))
            one["items"] = [
                (
                    batch.items.product.get(i),
                    batch.items.category.get(i),
                    int(batch.items.amount[i]),
                )
                for i in span
            ]
        one["traits"] = batch.traits.get(row)
        found.append(one)
    return found


@pytest.mark.parametrize("per_chunk", [1, 2, 3, 5])
def test_a_cut_is_what_from_rows_makes_of_the_same_rows(per_chunk: int) -> None:
    recorded = recorded_of(per_chunk)
    order = np.array([1, 2, 0, 4, 3], np.int64)
    clock = recorded.event_time[order]
    cut = recorded.batch(order, clock, first_message=7)
    chunk = Chunk()
    for row in order.tolist():
        chunk.add(ROWS[row], row)
    whole = EventBatch.from_rows(chunk.rows, first_message=7)
    assert plain(cut) == plain(whole)
    for column in cut.strings.values():
        assert len(set(column.values)) == len(column.values)


@pytest.mark.parametrize("per_chunk", [1, 5])
def test_a_row_reads_back_as_it_was_given(per_chunk: int) -> None:
    recorded = recorded_of(per_chunk)
    row = recorded.row(1, 77)
    assert (row["clock"], row["type"], row["viewer"], row["order_id"]) == (
        77,
        "order_paid",
        "b",
        "o1",
    )
    assert row["items"][1] == {"product": "q", "category": "c", "quantity": 3}
    assert recorded.row(2, 0)["traits"] == {"age": 30}
    assert recorded.row(4, 0)["viewer"] == "?x"


def test_the_first_of_equal_rows_in_the_order_given_is_kept() -> None:
    recorded = recorded_of(2)
    assert recorded.repeats(np.arange(5)).tolist() == [False, False, True, True, True]
    assert recorded.repeats(np.array([4, 3, 2])).tolist() == [False, False, True]
    assert recorded.repeats(np.array([], np.int64)).tolist() == []
