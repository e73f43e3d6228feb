"""Offsets of zones are those of the standard library, at every change and between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from qianmian.vocabulary.time import DAY_MS, HOUR_MS, MINUTE_MS
from qianmian.vocabulary.zones import changes_of, is_between, is_zone, offset_at, time_of_day

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")


def expected(zone: str, at_ms: int) -> int:
    there = (EPOCH + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(zone))
    offset = there.utcoffset()
    assert offset is not None
    return int(offset / timedelta(milliseconds=1))


@pytest.mark.parametrize("zone", [*ZONES, "Africa/Casablanca", "Asia/Kathmandu"])
def test_the_offset_is_that_of_the_standard_library(zone: str) -> None:
    rng = Random(zone)
    changes, _ = changes_of(zone)
    asked = [change + delta for change in changes[1:] for delta in (-1, 0, 1)]
    asked += [rng.randrange(4_000_000_000_000) for _ in range(300)]
    assert {at: offset_at(zone, at) for at in asked} == {at: expected(zone, at) for at in asked}


def test_a_zone_that_changes_its_clock_has_changes_and_another_has_none() -> None:
    assert len(changes_of("UTC")[0]) == 1
    assert 200 < len(changes_of("Europe/Berlin")[0]) < 300


def test_the_time_of_day_is_what_the_wall_shows() -> None:
    at = 1_717_246_800_000
    assert time_of_day("Asia/Shanghai", at) == 21 * HOUR_MS
    assert time_of_day("America/New_York", at + 5 * MINUTE_MS) == 9 * HOUR_MS + 5 * MINUTE_MS


@pytest.mark.parametrize(
    ("time_ms", "held"),
    [(0, True), (2 * HOUR_MS, False), (23 * HOUR_MS - 1, False), (DAY_MS - 1, True)],
)
def test_between_may_go_over_midnight(time_ms: int, *, held: bool) -> None:
    assert is_between(time_ms, 23 * HOUR_MS, 2 * HOUR_MS) is held
    assert is_between(time_ms, 2 * HOUR_MS, 23 * HOUR_MS) is not held


def test_what_is_no_zone_is_none() -> None:
    assert all(map(is_zone, ZONES))
    assert not any(map(is_zone, ("", "Asia", "Nowhere/Land", "../etc/passwd", "a\0b", "/etc")))
