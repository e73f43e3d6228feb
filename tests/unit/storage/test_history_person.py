"""The rows of one person out of the files of history."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qianmian.columns.batch import EventBatch
from qianmian.errors import LogProblem
from qianmian.runtime.messages import Events, Message
from qianmian.storage.history import History
from qianmian.storage.history_person import PastReader, files_of, links_since

HOUR = 3_600_000
START = 1_717_200_000_000 // HOUR * HOUR


def lived(folder: Path) -> History:
    """Four hours, a file each; `v` is in three of them, once as a duplicate."""
    history = History(folder)
    for hour in range(4):
        rows: list[dict[str, Any]] = [
            {"type": "order_paid", "viewer": "v" if hour != 2 else "w", "order_id": f"o{hour}",
             "items": [{"product": "p", "price": 5}], "amount": 5, "traits": None},
            {"type": "liked", "viewer": "v", "message_id": "again"},
            {"type": "profile_updated", "viewer": "w", "traits": {"age": hour}},
        ]  # fmt: skip
        clock = START + hour * HOUR
        batch = EventBatch.from_rows(
            {**row, "clock": clock, "room": "r", "message": hour} for row in rows
        )
        outcomes = np.array([0, 1 if hour else 0, 0], np.uint8)
        history.add(Message(hour, clock, Events(batch)), outcomes=outcomes)
        history.flush()
    return history


def test_the_rows_are_those_that_count_as_they_were_sent(tmp_path: Path) -> None:
    lived(tmp_path)
    found = PastReader(tmp_path).rows_of(["v"])
    assert [(row["type"], row["message"]) for row in found.rows] == [
        ("order_paid", 0),
        ("liked", 0),
        ("order_paid", 1),
        ("order_paid", 3),
    ]
    assert found.rows[0]["items"] == [{"product": "p", "price": 5, "quantity": 1}]
    assert "text" not in found.rows[0]
    assert (found.is_whole, found.stop) == (True, 4)
    (told, *_) = PastReader(tmp_path).rows_of(["w"]).rows
    assert told["traits"] == {"age": 0}


def test_what_is_read_is_bounded_and_says_how_far_it_reaches(tmp_path: Path) -> None:
    lived(tmp_path)
    reader = PastReader(tmp_path)
    since = reader.rows_of(["v"], since_ms=START + HOUR)
    assert [row["message"] for row in since.rows] == [1, 3]
    assert (since.is_whole, since.since) == (True, START + HOUR)
    little = reader.rows_of(["v"], read_rows=4)
    assert [row["message"] for row in little.rows] == [3]
    assert (little.is_whole, little.since) == (False, START + 3 * HOUR)


def test_what_was_kept_of_a_file_goes_when_it_is_written_again(tmp_path: Path) -> None:
    history = lived(tmp_path)
    reader = PastReader(tmp_path)
    assert len(reader.rows_of(["v"]).rows) == 4
    history.erase({"v": "erased-" + "0" * 32})
    for one in files_of(tmp_path):  # whatever the clock of the disk
        os.utime(one.path, ns=(1, 1))
    assert reader.rows_of(["w"]).rows
    assert not [key for key in reader._held if "v" in key[2]]
    assert reader.rows_of(["v"]).rows == []


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    lived(tmp_path)
    files_of(tmp_path)[0].path.write_bytes(b"no parquet")
    with pytest.raises(LogProblem):
        PastReader(tmp_path).rows_of(["v"])
    with pytest.raises(LogProblem):
        links_since(tmp_path, 0)
