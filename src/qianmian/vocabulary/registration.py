"""Days since a registration: told as a date, counted as a number, one more each day.

A shop tells `registered_at`; tags ask for `registered_days`. The date becomes the number of days on
the day on which it is told, before the log, and a number of days that was told, either way, grows
by one at each midnight of the shop.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from qianmian.vocabulary.time import DAY_MS
from qianmian.vocabulary.values import Scalar
from qianmian.vocabulary.zones import offset_at

REGISTERED_AT: Final = "registered_at"
REGISTERED_DAYS: Final = "registered_days"
AGING: Final = frozenset({REGISTERED_DAYS})
"""Traits that are numbers of days as of the day on which they were told."""
_DATE: Final = re.compile("([0-9]{4})[^0-9]([0-9]{1,2})[^0-9]([0-9]{1,2})[^0-9]{0,2}(.*)")
"""Year, month and day with anything between them, and a time of day with or without an offset."""
_FIRST_S, _LAST_S = 10**9, 10**10
"""Unix times of 2001 to 2286, which no number of another meaning looks like; ms are 1,000 times."""


def days_since(registered: Scalar, at_ms: int, zone: str) -> int | None:
    """How many midnights of the shop lie between a registration and an instant.

    Args:
        registered: a date such as 2026-03-08 or 2026/3/8, an instant of ISO 8601 (in the shop's
            zone where it names none), or a Unix time in s or ms.

    Returns: None for what is none of these, and for a day that is still to come.

    >>> days_since("2024/6/1 20:30", 1_717_430_400_000, "Asia/Shanghai")  # June 4
    3
    """
    if isinstance(registered, bool):
        return None
    if isinstance(registered, str):
        then = _day_of_text(registered.strip(), zone)
    else:
        then = _day_of_number(registered, zone)
    days = -1 if then is None else _day(at_ms, zone) - then
    return days if days >= 0 else None


def aged(days: Scalar, told_ms: int, now_ms: int, offset_ms: int) -> Scalar:
    """A number of days as of an instant that was told at another; what is no number stays.

    Args:
        offset_ms: how far the shop's zone is ahead of UTC.
    """
    if isinstance(days, bool | str):
        return days
    return days + (now_ms + offset_ms) // DAY_MS - (told_ms + offset_ms) // DAY_MS


def _day(at_ms: int, zone: str) -> int:
    return (at_ms + offset_at(zone, at_ms)) // DAY_MS


def _day_of_number(registered: float, zone: str) -> int | None:
    for scale in (1, 1_000):
        if _FIRST_S <= registered / scale < _LAST_S:
            return _day(int(registered / scale * 1_000), zone)
    return None


def _day_of_text(registered: str, zone: str) -> int | None:
    written = _DATE.fullmatch(registered)
    if written is None:
        return None
    year, month, day, time = written.groups()
    try:
        found = datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2}{time and 'T' + time}")
    except ValueError:
        return None
    if found.tzinfo is None:
        return int(found.replace(tzinfo=UTC).timestamp() * 1_000) // DAY_MS
    return _day(int(found.timestamp() * 1_000), zone)
