"""Days of a shop: where they begin, in its zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def day_begin(instant_ms: int, zone: str, *, days_before: int = 0) -> int:
    """The first ms of the day of an instant, or of a day so many days before it; ms UTC.

    A day of a zone with summer time has 23 or 25 hours twice a year; midnight is midnight.

    >>> day_begin(1_717_246_800_000, "Asia/Shanghai") - 1_717_246_800_000  # 21:00 there
    -75600000
    """
    there = datetime.fromtimestamp(instant_ms // 1_000, ZoneInfo(zone))
    day = there.date() - timedelta(days=days_before)
    return int(datetime.combine(day, time(), ZoneInfo(zone)).timestamp()) * 1_000
