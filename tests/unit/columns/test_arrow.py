"""Arrow in and out."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qianmian.columns.arrow import from_arrow, to_arrow
from qianmian.columns.batch import EventBatch
from qianmian.errors import InputError

ROWS: list[dict[str, Any]] = [
    {"clock": 1, "type": "liked", "viewer": "u1", "quantity": 2, "amount": -(2**62)},
    {"clock": 2, "type": "order_paid", "viewer": "u2", "items": [{"product": "p", "price": 5}]},
    {"clock": 2, "type": "profile_updated", "traits": {"a": 1, "b": 1.0, "c": True, "d": "千"}},
]
BATCH = EventBatch.from_rows(ROWS)


def test_an_ipc_stream_gives_the_batch_back() -> None:
    record = to_arrow(BATCH)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, record.schema) as writer:
        writer.write_batch(record)
    with pa.ipc.open_stream(sink.getvalue()) as reader:
        assert from_arrow(reader.read_next_batch()).to_rows() == BATCH.to_rows()


def test_a_parquet_file_gives_the_batch_back() -> None:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_batches([to_arrow(BATCH)]), sink)
    (record,) = pq.read_table(sink).combine_chunks().to_batches()
    assert from_arrow(record).to_rows() == BATCH.to_rows()


def test_a_sliced_record_gives_the_slice_of_the_batch() -> None:
    part = from_arrow(to_arrow(BATCH).slice(1, 2))
    assert part.to_rows() == BATCH.to_rows()[1:]


def test_the_kinds_of_traits_survive() -> None:
    traits = from_arrow(to_arrow(BATCH)).traits[2]
    assert [type(value) for value in traits.values()] == [int, float, bool, str]


def test_numbers_without_gaps_are_shared_and_not_copied() -> None:
    back = from_arrow(to_arrow(BATCH))
    assert np.shares_memory(back.clock, BATCH.clock)
    assert np.shares_memory(back.numbers["message"], BATCH.numbers["message"])
    assert not back.clock.flags.writeable


def test_values_that_no_row_uses_stay_behind() -> None:
    record = to_arrow(BATCH.slice(0, 1))
    assert record.column("viewer").dictionary.to_pylist() == ["u1"]


def record_of(**columns: Any) -> pa.RecordBatch:
    fixed = {
        "clock": pa.array([1, 2], pa.int64()),
        "event_time": pa.array([1, 2], pa.int64()),
        "type": pa.array([0, 1], pa.uint8()),
    }
    both = {name: column for name, column in (fixed | columns).items() if column is not None}
    return pa.RecordBatch.from_arrays(list(both.values()), names=list(both))


def test_what_other_writers_make_is_read() -> None:
    repeated = pa.DictionaryArray.from_arrays(
        pa.array([2, 1], pa.int8()), pa.array(["x", None, "x"], pa.large_string())
    )
    batch = from_arrow(
        record_of(
            type=pa.array([0, 1], pa.int32()),
            viewer=pa.array(["a", None]),
            product=repeated,
            visible=pa.array([True, None]),
            seq=pa.array([1, 2], pa.uint16()),
            granted=pa.array([True, False]),
            items=pa.array([None, [{"product": "p", "amount": 3}]]),
        )
    )
    assert batch.strings["product"].values == ["x"]
    rows = batch.to_rows()
    assert rows[0] == {
        "clock": 1,
        "event_time": 1,
        "type": "room_entered",
        "viewer": "a",
        "product": "x",
        "visible": 1,
        "seq": 1,
        "granted": 1,
    }
    assert rows[1]["items"] == [{"product": "p", "amount": 3}]


@pytest.mark.parametrize(
    "columns",
    [
        {"clock": None},
        {"clock": pa.array([1, None])},
        {"clock": pa.array(["a", "b"])},
        {"type": pa.array([0, 200], pa.uint8())},
        {"type": pa.array([0, -1])},
        {"price": pa.array([1.5, 2.0])},
        {"seq": pa.array([1, 2**64 - 1], pa.uint64())},
        {"viewer": pa.array([[1], []])},
        {"surprise": pa.array([1, 2])},
        {"items": pa.array([1, 2])},
        {"items": pa.array([[1], [2]])},
        {"traits": pa.array(["[1]", None])},
        {"traits": pa.array(["{", None])},
        {"traits": pa.array(["[" * 100_000, None])},
    ],
)
def test_what_is_no_event_batch_is_refused(columns: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"Arrow|traits"):
        from_arrow(record_of(**columns))


def test_a_column_given_twice_is_refused() -> None:
    ones = pa.array([1])
    names = ["clock", "event_time", "type", "clock"]
    with pytest.raises(InputError, match="two columns"):
        from_arrow(pa.RecordBatch.from_arrays([ones] * 4, names=names))


def test_a_dictionary_with_codes_out_of_it_is_refused() -> None:
    broken = pa.DictionaryArray.from_arrays(
        pa.array([0, 9], pa.int32()), pa.array(["x"]), safe=False
    )
    with pytest.raises(InputError, match="cannot be read"):
        from_arrow(record_of(viewer=broken))
