"""Who enters and leaves the segments that somebody looks at, second by second, for the console.

Lives on the engine's thread, but for `watch` and `peek`. A segment is followed while somebody
watches it: whoever held it before has not entered. What is kept is bounded, and is gone with the
process; the log holds what is needed to find it again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from qianmian.engine.moves import Move
from qianmian.runtime.live import Live, LiveEngine
from qianmian.vocabulary.minors import MinorsMode, may_profile

SECONDS: Final = 60
PEOPLE: Final = 50
WATCHED: Final = 20
"""Segments that are followed at a time; the first ones by name."""

SIZES_EVERY_MS: Final = 2_000  # a reading of all rooms at half a million viewers takes 40 ms
SECOND_MS: Final = 1_000
ASKED_MS: Final = 60_000
"""So long a segment is followed after somebody asked about it."""

PREFIX: Final = "segment."


class Moved(msgspec.Struct, frozen=True):
    """Somebody who entered or left. Units: at in ms UTC, a whole second."""

    at: int
    viewer: str
    room: str
    entered: bool


class SecondOf(msgspec.Struct, frozen=True):
    """How many entered and left in one second."""

    at: int
    entered: int
    left: int


class Movement(msgspec.Struct, frozen=True):
    """A segment at an instant.

    Attributes:
        since: from when on it has been followed without a break.
        live, present: of how many live viewers it holds, and of those who are in a room.
        seconds: of the last minute those in which somebody moved, oldest first.
        people: who moved last, newest first, without those who may not be named.

    Units: at and since in ms UTC.
    """

    segment: str
    at: int
    since: int
    live: int
    present: int
    seconds: tuple[SecondOf, ...]
    people: tuple[Moved, ...]


@dataclass(slots=True)
class _Followed:
    since: int | None = None  # until the engine has looked once, who is in has not entered
    seconds: dict[int, list[int]] = field(default_factory=dict)
    people: deque[Moved] = field(default_factory=lambda: deque(maxlen=PEOPLE))

    def take(self, move: Move, *, named: bool) -> None:
        if named:
            self.people.appendleft(Moved(move.at, move.viewer, move.room, move.entered))
        self.seconds.setdefault(move.at, [0, 0])[0 if move.entered else 1] += 1

    def forget(self, until: int) -> None:
        for second in [one for one in self.seconds if one <= until]:
            del self.seconds[second]


class Movements:
    """The movements of the segments that are watched.

    Args:
        minors: who may be named; everybody is counted.
    """

    def __init__(self, minors: MinorsMode = "off") -> None:
        self._minors = minors
        self._watched: frozenset[str] = frozenset()
        self._asked_until: Mapping[str, int] = {}
        self._last: Mapping[str, Movement] = {}
        self._followed: dict[str, _Followed] = {}
        self._asked: tuple[str, ...] | None = None  # of the engine; None: not known yet
        self._sizes: Mapping[str, tuple[int, int]] = {}
        self._sized_at = 0

    def watch(self, keys: Iterable[str]) -> None:
        """These segments from the next second on; from any thread."""
        self._watched = frozenset(keys)

    def peek(self, key: str, now_ms: int) -> Movement | None:
        """What the last second said of a segment, which is followed for a minute from now on.

        Returns: None before the first second. From any thread.
        """
        kept = {one: until for one, until in self._asked_until.items() if until > now_ms}
        self._asked_until = {**kept, key: now_ms + ASKED_MS}
        return self._last.get(key)

    def second(self, live: Live) -> list[Movement]:
        """What a second brought of the segments that are watched."""
        engine = live.engine
        if engine is None:
            return []
        known = {one.key for one in live.definitions if one.kind == "segment"}
        asked = {key for key, until in self._asked_until.items() if until > live.clock}
        wanted = tuple(sorted((self._watched | asked) & known)[:WATCHED])
        if wanted != self._asked:
            engine.turn_to([PREFIX + key for key in wanted])
            self._asked = wanted
            self._followed = {key: self._followed.get(key, _Followed()) for key in wanted}
            self._sized_at = 0
        else:
            for followed in self._followed.values():
                followed.since = followed.since or live.clock
        moves = engine.take_moves()
        if not wanted:
            self._last = {}
            return []
        for move in moves:
            one = self._followed.get(move.level.removeprefix(PREFIX))
            if one is not None:
                one.take(move, named=may_profile(engine.traits_of(move.viewer), self._minors))
        self._size(engine, live.clock)
        told = (self._movement(key, one, live.clock) for key, one in self._followed.items())
        self._last = {one.segment: one for one in told if one is not None}
        return list(self._last.values())

    def _size(self, engine: LiveEngine, clock: int) -> None:
        if clock - self._sized_at < SIZES_EVERY_MS:
            return
        sizes = {key: [0, 0] for key in self._followed}
        for room in engine.open_rooms():
            held = engine.levels(room).by_name
            for key, size in sizes.items():
                if (found := held.get(PREFIX + key)) is not None:
                    size[0] += found.live
                    size[1] += found.present
        self._sizes = {key: (size[0], size[1]) for key, size in sizes.items()}
        self._sized_at = clock

    def _movement(self, key: str, one: _Followed, clock: int) -> Movement | None:
        if one.since is None:
            return None
        one.forget(clock - SECONDS * SECOND_MS)
        live, present = self._sizes.get(key, (0, 0))
        seconds = (SecondOf(at, *counts) for at, counts in sorted(one.seconds.items()))
        return Movement(key, clock, one.since, live, present, tuple(seconds), tuple(one.people))
