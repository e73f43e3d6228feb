"""A time of day has its turn on each calendar day once, whatever the clocks of the zone do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from qianmian.strategies.agenda import Agenda
from tests.turns import S, scheduled

YEAR = 2026
DAYS = 4
LOOKS_MS = 7 * 3_600_000 + 7_000
"""Between two looks of a server: they fall on no whole hour or day."""
TIMES = [time(hour, minute) for hour in (0, 1, 2, 3, 12, 23) for minute in (0, 15, 30, 59)]


def days_of(zone: str) -> list[date]:
    """Days soon after which the clocks of a zone are put forward or back, and one of no change."""
    there, first = ZoneInfo(zone), datetime(YEAR, 1, 1, 12, tzinfo=UTC)
    noons = [(first + timedelta(days=n)).astimezone(there) for n in range(365)]
    pairs = pairwise(noons)
    changes = [late.date() for early, late in pairs if early.utcoffset() != late.utcoffset()]
    return [date(YEAR, 1, 10), *(one - timedelta(days=2) for one in changes)]


def slow(zone: str, first: date) -> dict[time, list[int]]:
    """By time, of each day the first minute at which a clock there shows it, or a later one."""
    there = ZoneInfo(zone)
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(hours=15)
    minutes = [begin + timedelta(minutes=n) for n in range((DAYS + 2) * 1_440)]
    shown = [one.astimezone(there).replace(tzinfo=None) for one in minutes]

    def passes(day: date, at: time) -> int:
        wanted = datetime.combine(day, at)
        number = next(n for n, clock in enumerate(shown) if clock >= wanted)
        return int(minutes[number].timestamp()) * S

    days = [first + timedelta(days=n) for n in range(DAYS)]
    return {at: [passes(day, at) for day in days] for at in TIMES}


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        ("Asia/Shanghai", 0),
        ("Europe/Berlin", 2),
        ("America/New_York", 2),
        ("Australia/Lord_Howe", 2),  # by half an hour
        ("America/Havana", 2),  # just after midnight
        ("America/Nuuk", 2),  # just before midnight
    ],
)
def test_each_day_has_its_turn_once_when_its_clocks_first_show_the_time(
    zone: str, changes: int
) -> None:
    days = days_of(zone)
    assert len(days) == 1 + changes
    for first in days:
        for at, expected in slow(zone, first).items():
            strategy = scheduled("eight", "follow_up", daily=f"{at:%H:%M}")
            agenda, now, turns = Agenda(), expected[0] - S, list[int]()
            agenda.due([strategy], now, zone)
            while now < expected[-1]:
                now = min(now + LOOKS_MS, expected[-1])
                turns += [turn.at for turn in agenda.due([strategy], now, zone)]
            assert turns == expected, (first, at)


@pytest.mark.parametrize(
    ("zone", "at", "utc"),
    [
        ("Europe/Berlin", "02:30", "2026-03-29T01:00+00:00"),  # skipped
        ("Europe/Berlin", "02:30", "2026-10-25T00:30+00:00"),  # shown twice
        ("America/New_York", "02:59", "2026-03-08T07:00+00:00"),
        ("America/New_York", "20:00", "2026-11-02T01:00+00:00"),
        ("America/Nuuk", "23:30", "2026-03-29T01:00+00:00"),  # of the 28th: when it is the 29th
    ],
)
def test_what_clocks_skip_comes_right_after_it_and_what_they_repeat_the_first_time(
    zone: str, at: str, utc: str
) -> None:
    expected = int(datetime.fromisoformat(utc).timestamp()) * S
    agenda, strategy = Agenda(), scheduled("eight", "follow_up", daily=at)
    agenda.due([strategy], expected - S, zone)
    assert [one.at for one in agenda.due([strategy], expected, zone)] == [expected]
