"""Durations and times of day as people write them ("2m", "45s", "23:00"), and in ms."""

from __future__ import annotations

import re

from qianmian.errors import SyntaxProblem

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

_UNITS_MS = {"d": DAY_MS, "h": HOUR_MS, "m": MINUTE_MS, "s": SECOND_MS, "ms": 1}
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_PART = re.compile(r"([0-9]{1,12})(ms|[dhms])")
MAX_DURATION_MS = 3_660 * DAY_MS  # ten years: beyond it a typing error is likelier


def parse_duration(text: str) -> int:
    """Milliseconds of a duration such as "90s", "2m", "1h30m" or "250ms".

    Raises: SyntaxProblem when it is not one, or is longer than ten years.
    """
    at, total = 0, 0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None:
            break
        total += int(part[1]) * _UNITS_MS[part[2]]
        at = part.end()
    if at == 0 or at != len(text):
        raise SyntaxProblem(f'"{text}" is not a duration; write for example 45s, 2m, 1h30m or 7d')
    if total > MAX_DURATION_MS:
        raise SyntaxProblem(f'the duration "{text}" is longer than ten years')
    return total


def format_duration(ms: int) -> str:
    """The shortest text that `parse_duration` reads back as `ms` (ms >= 0)."""
    if ms == 0:
        return "0s"
    parts, rest = [], ms
    for unit, size in _UNITS_MS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    whole = "".join(parts)
    for unit, size in _UNITS_MS.items():  # "90s" reads better than "1m30s", "36h" than "1d12h"
        if ms % size == 0 and ms // size < 120 and unit != "ms":
            return f"{ms // size}{unit}"
    return whole


def parse_clock(text: str) -> int:
    """Milliseconds since 0:00 of a time of day such as "23:00".

    Raises: SyntaxProblem when it is not one.
    """
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise SyntaxProblem(f'"{text}" is not a time of day; write for example 8:30 or 23:00')
    return int(found[1]) * HOUR_MS + int(found[2]) * MINUTE_MS


def format_clock(ms: int) -> str:
    """The time of day as `parse_clock` reads it, e.g. "08:30"."""
    hours, rest = divmod(ms, HOUR_MS)
    return f"{hours:02}:{rest // MINUTE_MS:02}"
