"""Why a page of a viewer is sent away, as it is told: by the code of a close, or by a status."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CLOSE_CODES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "bad_frame": 4400,
        "bad_token": 4401,
        "expired": 4401,
        "not_issued": 4401,
        "erased": 4403,
        "foreign_namespace": 4403,
        "foreign_origin": 4403,
        "foreign_room": 4403,
        "foreign_viewer": 4403,
        "no_room": 4404,
        "no_hello": 4408,
        "too_many": 4429,
        "too_many_of_address": 4429,
        "too_many_of_viewer": 4429,
        "too_many_frames": 4429,
        "not_durable": 4503,
    }
)
"""Why a socket is closed. After 4401 a page needs another token, after 4403, 4404 and 4429 it does
not come back by itself, after everything else it comes back after a while."""

LOGGED: Final = frozenset(reason for reason, code in CLOSE_CODES.items() if code in (4401, 4403))
"""Who is sent away so may try what they must not: the log of the process says it."""


def status_of(reason: str) -> int:
    """The status of an answer over HTTP: the last three digits."""
    return CLOSE_CODES[reason] % 1_000
