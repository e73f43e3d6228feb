"""What is on its way to another system: tried until it is known what came of it, or too late.

    waiting -> delivered | rejected | expired | withdrawn | unknown

`unknown`: its time is over, and an attempt may have arrived. Budget and stock count it as
delivered, so that nothing is given twice.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from qianmian.vocabulary.time import MINUTE_MS, SECOND_MS

State = Literal["waiting", "delivered", "rejected", "expired", "withdrawn", "unknown"]
End = Literal["delivered", "rejected", "expired", "withdrawn", "unknown"]

WAITING: Final = "waiting"
GIVEN: Final = frozenset({"delivered", "unknown"})
"""Ends after which what was reserved stays spent."""

FIRST_WAIT_MS: Final = SECOND_MS
LONGEST_WAIT_MS: Final = MINUTE_MS
GRACE_MS: Final = 5 * SECOND_MS
"""So long after the longest attempt whoever began it is taken for dead."""


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """One message on its way.

    Attributes:
        id: of the decision; the receiver is told it with each attempt, so that it does it once.
        body: what is sent, the same with each attempt.
        next_at: not before this.
        may_be_there: whether an attempt may have arrived although nobody said so.

    Units: deadline_at, next_at in ms UTC.
    """

    id: str
    channel: str
    viewer: str
    strategy: str
    version: int
    body: str
    deadline_at: int
    next_at: int
    attempts: int = 0
    may_be_there: bool = False
    state: State = "waiting"
    why: str = ""


def wait_ms(attempts: int) -> int:
    """How long to wait after so many attempts that came to nothing."""
    return min(FIRST_WAIT_MS << min(attempts, 10), LONGEST_WAIT_MS)
