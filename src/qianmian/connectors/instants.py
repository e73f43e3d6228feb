"""Instants as files write them; each reader answers None when it cannot read one."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from qianmian.errors import InputError
from qianmian.vocabulary.time import SECOND_MS

_SPACED_UTC = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d) UTC")
_DIGITS = re.compile(r"\d{1,13}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
MAX_ISO_CHARS = 64  # the longest form has 35; what is longer would fill the cache
MAX_INSTANT_MS = 253_402_300_800_000  # the year 10000


@lru_cache(maxsize=8_192)
def parse_spaced_utc(text: str) -> int | None:
    """ms of `"2019-10-01 00:00:00 UTC"`; None when it is not such an instant."""
    match = _SPACED_UTC.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        instant = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return _not_before_1970(calendar.timegm(instant.utctimetuple()) * SECOND_MS)


def parse_iso(text: str) -> int | None:
    """ms of an ISO 8601 instant with its offset (`Z`, `+08:00`); None without one."""
    return _parsed_iso(text) if len(text) <= MAX_ISO_CHARS else None


@lru_cache(maxsize=8_192)
def _parsed_iso(text: str) -> int | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    if instant.tzinfo is None:
        return None
    return _not_before_1970((instant - _EPOCH) // _MS)


def parse_digits(text: str) -> int | None:
    """A non-negative whole number of at most 13 digits; None when it is none."""
    return int(text) if _DIGITS.fullmatch(text) and text.isascii() else None


def _not_before_1970(ms: int) -> int | None:
    return ms if 0 <= ms < MAX_INSTANT_MS else None


def parse_until(text: str) -> int:
    """The instant of `--until`: ISO 8601 (UTC where it names no offset) or ms since 1970.

    Raises: InputError when it is neither.
    """
    instant = parse_digits(text)
    if instant is None:
        instant = parse_iso(text) if parse_iso(text) is not None else parse_iso(f"{text}+00:00")
    if instant is None:
        raise InputError(
            f'"{text}" is no instant; write it as 2019-10-01T00:10:00Z or in ms since 1970'
        )
    return instant
