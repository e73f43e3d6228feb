"""Sessions of rooms and what they presented, from the history of their own events.

The rules of `docs/semantics.md`: a session opens with the first event that arrives for a room, and
ends with `session_ended`, with the start of another, or after 30 minutes in which nothing arrived
(unless `session_started` opened it). What is presented is forgotten with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from qianmian.vocabulary.time import MINUTE_MS

SILENT_MS: Final = 30 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Heard:
    """Something arrived for a room; `act`: an accepted event of the room itself, else None.

    `place` rises in the order of the log.
    """

    room: int
    place: int
    clock: int
    session: str | None = None
    act: str | None = None
    product: str | None = None


@dataclass(slots=True)
class Session:
    """One session of a room; `end` is the clock at which it ended, None while nothing ended it."""

    start: int
    start_clock: int
    name: str
    last_clock: int
    is_explicit: bool = False
    end: int | None = None

    def is_open_at(self, clock: int) -> bool:
        """Whether it had begun and not ended at a clock."""
        if self.end is not None:
            return self.start_clock <= clock < self.end
        silent = not self.is_explicit and clock >= self.last_clock + SILENT_MS
        return self.start_clock <= clock and not silent


@dataclass(slots=True)
class Rooms:
    """What is known of every room; rooms are numbered from 0.

    Attributes:
        shown: (room, place, product) whenever what is presented changed; None: nothing any more.
    """

    sessions: dict[int, list[Session]] = field(default_factory=dict)
    shown: list[tuple[int, int, str | None]] = field(default_factory=list)
    _presenting: dict[int, str] = field(default_factory=dict)

    def hear(self, one: Heard) -> None:
        """The next arrival, in the order of the log."""
        now = self._open(one.room)
        if now is not None and not now.is_explicit and one.clock > now.last_clock + SILENT_MS:
            self._end(one.room, now.last_clock + SILENT_MS, one.place - 1)
            now = None
        name = one.session or f"\x1f{one.room}@{one.clock}"  # no id of a session has that
        starts = one.act == "session_started"
        if now is not None and starts and now.name != name:
            self._end(one.room, one.clock, one.place)
            now = None
        if now is None:
            now = Session(one.place, one.clock, name, one.clock)
            self.sessions.setdefault(one.room, []).append(now)
        now.last_clock = one.clock
        now.is_explicit = now.is_explicit or starts
        if one.act == "product_presented" and one.product is not None:
            self._present(one.room, one.place, one.product)
        elif one.act == "product_withdrawn" and self._presenting.get(one.room) == one.product:
            self._present(one.room, one.place, None)
        elif one.act == "session_ended":
            self._end(one.room, one.clock, one.place)

    def starts_at(self, clock: int | None, count: int) -> list[int | None]:
        """For each of `count` rooms the place at which its open session began, None without one.

        Args:
            clock: the instant asked about; None: that of the last arrival.
        """
        found: list[int | None] = [None] * count
        for room, sessions in self.sessions.items():
            for one in sessions:
                if one.is_open_at(one.last_clock if clock is None else clock):
                    found[room] = one.start
        return found

    def changes_since(self, number: int) -> Iterator[tuple[int, int, str | None]]:
        """The changes of what is presented after the first `number`."""
        yield from self.shown[number:]

    def _open(self, room: int) -> Session | None:
        sessions = self.sessions.get(room)
        return sessions[-1] if sessions and sessions[-1].end is None else None

    def _end(self, room: int, clock: int, place: int) -> None:
        now = self._open(room)
        if now is not None:
            now.end = clock
        self._present(room, place, None)

    def _present(self, room: int, place: int, product: str | None) -> None:
        if self._presenting.get(room) == product:
            return
        self.shown.append((room, place, product))
        if product is None:
            del self._presenting[room]
        else:
            self._presenting[room] = product
