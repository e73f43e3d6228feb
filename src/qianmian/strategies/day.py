"""The shop's calendar: days and quiet hours, in its zone."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from qianmian.vocabulary.time import SECOND_MS


@lru_cache(maxsize=65_536)
def _minute(minute: int, zone: str) -> tuple[int, int]:
    there = datetime.fromtimestamp(minute * 60, ZoneInfo(zone))
    return there.toordinal(), there.hour * 60 + there.minute


def day_of(at: int, zone: str) -> int:
    """The number of the calendar day of an instant (ms UTC) in a zone."""
    return _minute(at // (60 * SECOND_MS), zone)[0]


def shown_first(day: date, hour: int, minute: int, zone: str) -> int:
    """When the clocks of a zone first show a time of a day (ms UTC).

    A time that they skip on that day is the first instant after what they skip.
    """
    there = ZoneInfo(zone)
    shown = datetime(day.year, day.month, day.day, hour, minute, tzinfo=there)
    first, second = (int(shown.replace(fold=fold).timestamp()) for fold in (0, 1))
    if first <= second:
        return first * SECOND_MS

    def is_put_forward(at: int) -> bool:
        """Whether an instant between the two readings of a skipped time comes after the skip."""
        return datetime.fromtimestamp(at, there).replace(tzinfo=None) > shown.replace(tzinfo=None)

    skip = bisect_left(range(second, first), True, key=is_put_forward)
    return (second + skip) * SECOND_MS


def quiet_until(at: int, zone: str, begins: int, ends: int) -> int | None:
    """When the quiet hours that this instant lies in are over (ms UTC); None: it lies in none.

    Args:
        begins, ends: minutes of the day; the hours may lie around midnight.
    """
    minute = _minute(at // (60 * SECOND_MS), zone)[1]
    is_quiet = begins <= minute < ends if begins <= ends else minute >= begins or minute < ends
    if not is_quiet:
        return None
    there = datetime.fromtimestamp(at // SECOND_MS, ZoneInfo(zone))
    over = there.replace(hour=ends // 60, minute=ends % 60, second=0, microsecond=0)
    if minute >= ends:
        over += timedelta(days=1)
    return int(over.timestamp()) * SECOND_MS
