"""How often strategies have acted in the sessions of rooms: a host can say only so much."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from qianmian.strategies.strategy import Strategy
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.time import DAY_MS

KEPT_MS: Final = 2 * DAY_MS
"""So long after the last time a session of a room is remembered."""

_Place = tuple[str, str, str, bool]
"""Room, session, strategy, and whether it rehearses."""


class RoomLimits:
    """What each strategy has done in each session of a room.

    Cost: a look-up. Memory: an entry for each session and strategy of the last two days.
    """

    def __init__(self) -> None:
        self._done: dict[_Place, tuple[int, int]] = {}  # how many, and when the last

    def refusal(self, firing: Firing, strategy: Strategy, at: int) -> tuple[str, str] | None:
        """Why a strategy may not act in the room now: a reason and what it is about."""
        if not firing.room:
            return None
        limits, place = strategy.limits, (firing.room, firing.session, strategy.key)
        count, last = self._done.get((*place, strategy.is_rehearsal), (0, -KEPT_MS))
        if limits.per_room_session is not None and count >= limits.per_room_session:
            return "per_room_session", strategy.key
        if at - last < limits.room_apart_ms:
            return "room_apart", strategy.key
        return None

    def count(self, one: Decision) -> None:
        """It acted once more."""
        place = one.room, one.session, one.strategy, one.is_rehearsal
        self._done[place] = (self._done.get(place, (0, 0))[0] + 1, one.at)
        oldest = next(iter(self._done))
        if self._done[oldest][1] < one.at - KEPT_MS:
            least = one.at - KEPT_MS
            self._done = {place: done for place, done in self._done.items() if done[1] >= least}

    def snapshot(self) -> list[list[Any]]:
        """Everything, as JSON."""
        return [[*place, *done] for place, done in self._done.items()]

    def restore(self, stored: Iterable[Any]) -> None:
        """The opposite of `snapshot`."""
        self._done = {
            (room, session, key, bool(dry)): (count, last)
            for room, session, key, dry, count, last in stored
        }
