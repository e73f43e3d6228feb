"""Dead letters: what was sent and not accepted, kept for a week, so that it can be mended.

A letter is either the rejected events of one post that share a reason code, in a body that holds
nothing else, or a whole body that could not be read. Accepted events are never in a letter: a
replay long after the window of duplicates must not count them twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

KEPT_MS: Final = 7 * 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One letter, as the decoder of its route reads it again.

    Attributes:
        id: number of the letter, 0 until it is kept; newer ones are larger.
        at: when it arrived, ms UTC; a replay decodes it as of then.
        source: name of the source.
        route: the decoder it was meant for, such as `segment/batch`.
        code: reason code of all its events.
        detail: of the first of them.
        events: how many it holds; 0 for a body that could not be read.
        body: without the write key.
        viewer: whom the signed viewer token named; None without one.
        room: the room of that token.
    """

    at: int
    source: str
    route: str
    code: str
    detail: str
    events: int
    body: bytes
    viewer: str | None = None
    room: str | None = None
    id: int = 0


class DeadLetters(Protocol):
    """Where letters are kept: for 7 days, within a bound of bytes, the oldest giving way."""

    def keep(self, letters: Sequence[DeadLetter]) -> None:
        """Keep these; returns without waiting for the disk, and drops (counted) when flooded."""

    def newest(self, *, before: int | None = None, limit: int = 50) -> list[DeadLetter]:
        """Letters with an id below `before`, newest first."""

    def get(self, letter_id: int) -> DeadLetter | None:
        """One letter."""

    def remove(self, letter_id: int) -> bool:
        """Drop one; whether it was there."""

    def forget(self, ids: Sequence[str]) -> int:
        """Drop every letter that holds one of these ids (erasure); how many."""

    def count(self) -> int:
        """How many are kept."""
