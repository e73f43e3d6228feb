"""The figures of the door come from real processes, and fail where a post is refused."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from benchmarks.door import (
    FORMATS,
    PROBE_BODY,
    json_rows,
    new_rows,
    sent,
    servers,
    through_the_door,
)
from benchmarks.door_sender import MARK, Sending
from benchmarks.workload import Plan

EVENING = Plan(300, 20)


def test_every_format_says_the_same_events_which_are_new_each_time() -> None:
    rows = new_rows(EVENING)[:40]
    ids = [row["message_id"] for row in rows]
    assert len(set(ids)) == len(ids)
    for _, _, write in FORMATS.values():
        body = write(rows)
        assert body.count(MARK) >= len(rows)
        assert len(body.replace(MARK, b"12345678")) == len(body)
    assert PROBE_BODY.count(MARK) == 3
    assert not {"event_time", "stream", "seq"} & {name for row in rows for name in row}


@pytest.mark.long
def test_a_short_run_has_every_row() -> None:
    rows = list(
        through_the_door(EVENING, seconds=0.3, rounds=1, sizes=(20,), most_bodies=50, pace=2_000)
    )
    names = [row.name for row in rows]
    assert sum(name.startswith("HTTP to decided") for name in names) == len(FORMATS)
    assert sum("processor time" in name for name in names) == len(FORMATS)
    assert any(name.startswith("HTTP to decision, p99, paced at") for name in names)
    assert names[-2:][0] == "log read and decoded"
    assert names[-1].startswith("replay of a log into the engine")
    assert all(row.value > 0 for row in rows)


@pytest.mark.long
def test_a_refused_post_is_no_figure(tmp_path: Path) -> None:
    with servers() as (ours, _, _):
        body = json_rows([{"type": "no_such_event"}])
        sending = Sending(
            ours.port, "/v1/events", "application/json", ours.key, [body], 1, 0.1, 1,
            ours.behind, ours.gauges,
        )  # fmt: skip
        with pytest.raises(AssertionError, match="refused"):
            sent(tmp_path, sending)
        good = new_rows(EVENING)[:1]
        told, seconds = sent(tmp_path, msgspec.structs.replace(sending, bodies=[json_rows(good)]))
        assert told.posts > 0
        assert seconds > 0
