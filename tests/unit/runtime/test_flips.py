"""Flips are counted per viewer-minute, and unknown where the log cannot tell."""

from __future__ import annotations

import json
from pathlib import Path

from qianmian.bootstrap import measure_flips
from qianmian.language.parse import parse_definition

DEFINITIONS = [
    parse_definition("pulse", "product_clicked"),
    parse_definition("level", "count(product_clicked) within 10s >= 1"),
    parse_definition("tag", "product_clicked this session", "tag"),
    parse_definition("named", "product_clicked and tag.tag"),
    parse_definition("unseen", "promo_started then product_clicked within 60s"),
    parse_definition("no_heartbeat", "not visible for 20s"),
    parse_definition("no_trait", "product_clicked and trait.city == x"),
    parse_definition("room", "product_clicked and session.stage == live"),
]
MINUTE_MS = 60_000


def written(folder: Path, times: list[tuple[str, int]]) -> Path:
    rows = [
        {"type": "product_clicked", "viewer": who, "room": "r", "product": "p", "event_time": at}
        for who, at in times
    ]
    path = folder / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    return path


def test_flips_are_divided_by_the_minutes_in_which_somebody_did_something(tmp_path: Path) -> None:
    start = 1_790_000_040_000
    times = [("u", start), ("u", start + 5_000), ("u", start + 30_000), ("w", start + MINUTE_MS)]
    measured = measure_flips(DEFINITIONS, written(tmp_path, times), "qianmian_jsonl")
    assert measured.sample.viewer_minutes == 2, "u in one minute, w in another"
    assert (measured.sample.events, measured.sample.viewers) == (4, 2)
    # 4 clicks; 3 spans of 10 s with a click, each entered and left; the tag is entered twice.
    assert measured.per_minute[:4] == (2_000.0, 3_000.0, 2_000.0, 2_000.0)


def test_what_the_log_cannot_tell_is_unknown_and_not_zero(tmp_path: Path) -> None:
    path = written(tmp_path, [("u", 1_790_000_040_000)])
    assert measure_flips(DEFINITIONS, path, "qianmian_jsonl").per_minute[4:] == (None,) * 4


def test_without_a_log_the_packaged_sessions_are_the_sample() -> None:
    measured = measure_flips([parse_definition("seen", "product_viewed")], None)
    assert measured.sample.viewer_minutes > measured.sample.viewers > 0
    assert measured.per_minute[0] is not None
    assert measured.per_minute[0] >= 1_000, "whoever did something viewed something, here"
