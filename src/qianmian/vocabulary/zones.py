"""Time zones as tables: from which instant on a clock on the wall is how far ahead of UTC.

The tables are those of the IANA data that is installed, from 1970 to 2100: before the first change
of a table its first offset holds, after the last one the last. What a zone has done stays; what it
will do may be decided otherwise, and then the data are newer.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from qianmian.vocabulary.time import DAY_MS

SHOP_ZONE: Final = "Asia/Shanghai"
"""Of a shop that has not said where it is."""

_FIRST_S: Final = int(datetime(1970, 1, 1, tzinfo=UTC).timestamp())
_LAST_S: Final = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
_STEP_S: Final = 86_400


def is_zone(name: str) -> bool:
    """Whether it is the name of a zone, such as Asia/Shanghai."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # a folder of zones is no zone
        return False
    return True


@cache
def changes_of(zone: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Since when each offset holds, and the offset; the first one holds from ever on.

    Units: ms UTC, ms ahead of UTC.
    Raises: what `ZoneInfo` raises for a name that is no zone.
    Cost: some 50 ms for a zone, once.
    """
    there = ZoneInfo(zone)
    since, offsets = [0], [_offset_s(there, _FIRST_S)]
    for day_s in range(_FIRST_S, _LAST_S, _STEP_S):
        last = _offset_s(there, day_s + _STEP_S)
        if last != offsets[-1]:
            since.append(_change_s(there, day_s, offsets[-1]) * 1_000)
            offsets.append(last)
    return tuple(since), tuple(offset * 1_000 for offset in offsets)


def offset_at(zone: str, at_ms: int) -> int:
    """How far the zone is ahead of UTC at an instant.

    >>> offset_at("Asia/Shanghai", 1_717_246_800_000) // 3_600_000
    8
    """
    since, offsets = changes_of(zone)
    return offsets[max(bisect_right(since, at_ms) - 1, 0)]


def time_of_day(zone: str, at_ms: int) -> int:
    """What the clock on the wall shows: ms since 0:00, of a day of 24 hours."""
    return (at_ms + offset_at(zone, at_ms)) % DAY_MS


def is_between(time_ms: int, begin_ms: int, end_ms: int) -> bool:
    """Whether a time of day lies in [begin, end), which may go over midnight."""
    if begin_ms < end_ms:
        return begin_ms <= time_ms < end_ms
    return time_ms >= begin_ms or time_ms < end_ms


def _offset_s(there: ZoneInfo, at_s: int) -> int:
    offset = datetime.fromtimestamp(at_s, there).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _change_s(there: ZoneInfo, low_s: int, before: int) -> int:
    """The first second of the day after `low_s` at which the offset is another."""
    high_s = low_s + _STEP_S
    while high_s - low_s > 1:
        middle = (low_s + high_s) // 2
        if _offset_s(there, middle) == before:
            low_s = middle
        else:
            high_s = middle
    return high_s
