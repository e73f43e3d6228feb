from __future__ import annotations

import json
from pathlib import Path

import pytest

from qianmian.bootstrap import demo_file
from tests.unit.connectors.reading import read


def line(*events: object) -> str:
    return json.dumps({"session": 5, "events": list(events)}) + "\n"


def event(word: str, aid: int = 1, ts: int = 1659304800025) -> dict[str, object]:
    return {"aid": aid, "ts": ts, "type": word}


def test_each_event_of_a_session_is_a_row(tmp_path: Path) -> None:
    rows, rejected = read(
        tmp_path, "otto", line(event("clicks"), event("carts"), event("orders", 2))
    )
    assert rejected == []
    assert [row["type"] for row in rows] == ["product_viewed", "cart_added", "order_paid"]
    assert {row["viewer"] for row in rows} == {"5"}
    assert [row["message_id"] for row in rows] == ["1.1", "1.2", "1.3"]
    assert (rows[2]["order_id"], rows[2]["product"]) == ("1.3", "2")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("text", "not_an_object"),
        ({}, "unknown_type"),
        (event("views"), "unknown_type"),
        (event("clicks") | {"ts": "1659304800025"}, "bad_time"),
        (event("clicks") | {"ts": -1}, "bad_time"),
        (event("clicks") | {"ts": True}, "bad_time"),
        (event("clicks") | {"ts": 10**30}, "bad_time"),
        (event("clicks") | {"aid": None}, "wrong_type"),
        (event("clicks") | {"aid": 1.5}, "wrong_type"),
    ],
)
def test_a_bad_event_spoils_only_itself(tmp_path: Path, bad: object, reason: str) -> None:
    rows, rejected = read(tmp_path, "otto", line(event("clicks"), bad, event("carts")))
    assert rejected == [(1, reason)]
    assert len(rows) == 2


@pytest.mark.parametrize("bad", ["{", "[]", '{"session": 5}', '{"session": null, "events": []}'])
def test_a_line_that_is_no_session_is_one_rejection(tmp_path: Path, bad: str) -> None:
    rows, rejected = read(tmp_path, "otto", bad + "\n" + line(event("clicks")))
    assert rejected == [(1, "bad_json")]
    assert len(rows) == 1


def test_the_packaged_sessions_are_whole(tmp_path: Path) -> None:
    rows, rejected = read(tmp_path, "otto", demo_file().read_bytes())
    assert (len(rows), rejected) == (862, [])
    assert (demo_file().parent / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert "otto-de/recsys-dataset" in (demo_file().parent / "SOURCE.md").read_text("utf-8")
