"""Parts of a batch, and batches put together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qianmian.columns.batch import EventBatch, concat
from qianmian.columns.column import ItemColumn, StringColumn
from qianmian.errors import InputError

ROWS: list[dict[str, Any]] = [
    {"clock": 1, "type": "liked", "viewer": "u1", "quantity": 2},
    {
        "clock": 2,
        "type": "order_paid",
        "viewer": "u2",
        "items": [{"product": "p", "quantity": 1, "price": 5}, {"product": "q", "quantity": 2}],
    },
    {"clock": 2, "type": "profile_updated", "viewer": "u1", "traits": {"city": "x"}},
    {"clock": 3, "type": "order_paid", "viewer": "u1", "items": [{"product": "q", "quantity": 1}]},
]
BATCH = EventBatch.from_rows(ROWS)


def rows_of(batch: EventBatch) -> list[dict[str, Any]]:
    return batch.to_rows()


def test_a_slice_shares_memory_and_moves_items_and_traits() -> None:
    part = BATCH.slice(1, 3)
    assert rows_of(part) == rows_of(BATCH)[1:3]
    assert np.shares_memory(part.clock, BATCH.clock)


@pytest.mark.parametrize(("start", "stop"), [(-1, 2), (3, 2), (0, 5)])
def test_a_slice_out_of_the_batch_is_refused(start: int, stop: int) -> None:
    with pytest.raises(InputError, match="in a batch of 4"):
        BATCH.slice(start, stop)


def test_taken_events_bring_their_items_and_traits() -> None:
    assert rows_of(BATCH.take(np.array([1, 2]))) == rows_of(BATCH)[1:3]
    assert rows_of(BATCH.take(np.array([0, 3]))) == [rows_of(BATCH)[0], rows_of(BATCH)[3]]
    assert rows_of(BATCH.take(np.array([], np.int64))) == []


@pytest.mark.parametrize("rows", [[1, 0], [-1], [4]])
def test_events_are_taken_in_log_order_only(rows: list[int]) -> None:
    with pytest.raises(InputError, match="go back, or lie outside"):
        BATCH.take(np.array(rows))


def test_batches_with_different_fields_are_put_together() -> None:
    other = EventBatch.from_rows(
        [{"clock": 3, "type": "comment_sent", "viewer": "u3", "text": "hi"}], first_message=4
    )
    assert rows_of(concat([BATCH, other])) == rows_of(BATCH) + rows_of(other)


def test_nothing_put_together_is_an_empty_batch() -> None:
    assert len(concat([])) == 0
    assert len(concat([EventBatch.from_rows([])])) == 0


@pytest.mark.parametrize(
    ("clock", "first_message", "message"),
    [(2, 4, "the clock goes back"), (3, 0, "number goes back"), (4, 3, "has two clocks")],
)
def test_batches_that_are_no_log_together_are_refused(
    clock: int, first_message: int, message: str
) -> None:
    other = EventBatch.from_rows([{"clock": clock, "type": "liked"}], first_message=first_message)
    with pytest.raises(InputError, match=message):
        concat([BATCH, other])


def test_a_compacted_column_keeps_only_the_values_in_use() -> None:
    column = StringColumn.of(["a", "b", None, "c"]).slice(1, 3)
    compact = column.compacted()
    assert compact.values == ["b"]
    assert compact.codes.tolist() == [0, -1]
    assert compact.compacted() is compact
    few_rows = StringColumn.of(["a", "b", None, "c", "d"]).slice(2, 4).compacted()
    assert few_rows.values == ["c"]
    assert few_rows.codes.tolist() == [-1, 0]


def test_an_absent_item_column_has_no_lines() -> None:
    items = ItemColumn.absent(3)
    assert items.slice(1, 3).offsets.tolist() == [0, 0, 0]
    assert items.take(np.array([0, 2])).offsets.tolist() == [0, 0, 0]


def test_batches_without_message_numbers_need_only_keep_the_clock() -> None:
    plain = EventBatch(BATCH.clock, BATCH.event_time, BATCH.type)
    assert len(concat([plain.slice(0, 2), plain.slice(2, 4)])) == 4
