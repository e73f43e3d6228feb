"""Who is held out: arms by hash, the same for one id forever and independent between strategies.

The hash is that of GrowthBook's SDKs, so that whoever analyzes elsewhere gets the same arms.

Source: GrowthBook, Building your own SDK ("hash", versions 1 and 2);
Fowler, Noll, Vo, FNV-1a with 32 bits (IETF draft-eastlake-fnv).
"""

from __future__ import annotations

from typing import Final

WHOLE: Final = 10_000
"""Shares are told in parts of ten thousand: 500 is 5 %."""

_PRIME: Final = 0x01000193
_OFFSET: Final = 0x811C9DC5


def fnv1a(text: str) -> int:
    """FNV-1a over the UTF-8 bytes, 32 bits."""
    value = _OFFSET
    for byte in text.encode():
        value = (value ^ byte) * _PRIME & 0xFFFFFFFF
    return value


def bucket(seed: str, value: str, version: int = 2) -> float | None:
    """Where a value falls within [0, 1); None for a version that there is not.

    Version 2 has 10,000 places and no correlation between similar seeds; version 1 has 1,000.
    """
    if version == 2:
        return fnv1a(f"{fnv1a(seed + value)}") % WHOLE / WHOLE
    if version == 1:
        return fnv1a(value + seed) % 1_000 / 1_000
    return None


def is_in_share(seed: str, viewer: str, share: int) -> bool:
    """Whether a viewer belongs to the first `share` of ten thousand places of a seed."""
    return fnv1a(f"{fnv1a(seed + viewer)}") % WHOLE < share
