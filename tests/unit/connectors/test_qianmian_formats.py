from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qianmian.bootstrap import load_formats
from qianmian.connectors.format import FormatOptions
from qianmian.errors import InputError
from tests.unit.connectors.reading import read

EVENTS: list[dict[str, Any]] = [
    {"type": "room_entered", "event_time": 5, "viewer": "a", "room": "r", "message_id": "m1"},
    {
        "type": "order_paid",
        "event_time": 6,
        "viewer": "a",
        "room": "r",
        "message_id": "m2",
        "order_id": "o1",
        "items": [{"product": "p", "quantity": 2, "price": 5}],
        "currency": "CNY",
    },
    {"type": "profile_updated", "event_time": 7, "viewer": "a", "traits": {"age": 30}},
]


def test_json_lines_are_canonical_events(tmp_path: Path) -> None:
    rows, rejected = read(tmp_path, "qianmian_jsonl", "\n".join(map(json.dumps, EVENTS)))
    assert rejected == []
    assert [row["message_id"] for row in rows] == ["m1", "m2", "3"]
    assert rows[1]["amount"] == 10
    assert rows[2]["traits"] == {"age": 30}
    assert "room" not in rows[2]  # of the person, in all rooms


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nonsense", "bad_json"),
        ("[]", "bad_json"),
        ("{}", "bad_time"),
        (json.dumps(EVENTS[0] | {"type": "room_entred"}), "unknown_type"),
        (json.dumps(EVENTS[0] | {"event_time": 1.5}), "bad_time"),
        (json.dumps(EVENTS[0] | {"event_time": True}), "bad_time"),
        (json.dumps(EVENTS[0] | {"colour": "red"}), "unknown_field"),
        (json.dumps(EVENTS[1] | {"amount": 1.5}), "fractional"),
        (json.dumps({"type": "erased", "event_time": 1, "viewer": "a"}), "not_allowed"),
        ("[" * 100_000, "bad_json"),
    ],
)
def test_a_bad_line_is_told(tmp_path: Path, line: str, reason: str) -> None:
    rows, rejected = read(tmp_path, "qianmian_jsonl", json.dumps(EVENTS[0]) + "\n" + line)
    assert (len(rows), rejected) == (1, [(2, reason)])


def test_parquet_gives_the_same_rows_as_json_lines(tmp_path: Path) -> None:
    table = pa.Table.from_pylist(
        [event | {"traits": json.dumps(event["traits"])} if "traits" in event else event
         for event in EVENTS],
        schema=pa.schema(
            [
                ("type", pa.string()),
                ("event_time", pa.int64()),
                ("viewer", pa.string()),
                ("room", pa.string()),
                ("message_id", pa.string()),
                ("order_id", pa.string()),
                ("items", pa.list_(pa.struct([
                    ("product", pa.string()), ("quantity", pa.int64()), ("price", pa.int64())
                ]))),
                ("currency", pa.string()),
                ("traits", pa.string()),
            ]
        ),
    )  # fmt: skip
    pq.write_table(table, tmp_path / "log.parquet")
    chunks = list(
        load_formats()["qianmian_parquet"].read(tmp_path / "log.parquet", FormatOptions())
    )
    lines = read(tmp_path, "qianmian_jsonl", "\n".join(map(json.dumps, EVENTS)))
    assert ([row for chunk in chunks for row in chunk.rows], []) == lines


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path, "qianmian_parquet", "type,viewer\n")
