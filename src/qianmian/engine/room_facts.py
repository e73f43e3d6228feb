"""Facts of rooms as messages: what each whole second found, for the log, and back from the log.

A number that guards read is told when it changes, a moment of the room at each second at which it
becomes true; both hold for messages with a clock after that second. On replay what was logged is
used, and what is computed again is only compared: a difference is counted and kept, never used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

UNKNOWN = -1
NUMBER_NAMES = ("online", "gmv", "orders_per_min")
PRESENTING, PRESENTING_CATEGORY, STAGE = range(3)  # columns of the row of a room
NOTHING = -1
STAGES = {"session_started": "live", "promo_started": "promo", "promo_ended": "live"}
FIRST_NUMBER = 8  # column of `online` in the row of a room; the other numbers follow


class RoomFact(NamedTuple):
    """One `room_fact`.

    Attributes:
        second: decision time: a whole second, ms UTC.
        name: `online`, `gmv` (minor units), `orders_per_min`, or `moment.<key>` of a room moment.
        value: the number; of a moment 1: it became true for `key`.
        key: product or category of the moment, None where it has none.
    """

    second: int
    room: str
    name: str
    value: int
    key: str | None = None


class Mismatch(NamedTuple):
    """What the log says and what is computed again; None: nothing of the kind."""

    logged: RoomFact | None
    computed: RoomFact | None


Place = tuple[int, str, str, str | None]
"""Second, room, name, key."""


class RoomLog:
    """What was logged, and what has been found since the last call.

    Up to `through`, the last second of which anything is in the log, only the log counts; after
    that nothing has been logged yet.
    """

    def __init__(self) -> None:
        self.logged: dict[str, dict[Place, int]] = {}
        self.through: int | None = None
        self.found: list[RoomFact] = []
        self.mismatches: list[Mismatch] = []
        self.mismatched = 0

    def read(self, facts: Iterable[RoomFact]) -> None:
        """Facts from the log, before their second passes."""
        for fact in facts:
            self.logged.setdefault(fact.name, {})[_place(fact)] = fact.value
            self.through = max(fact.second, self.through or 0)

    def begin(self) -> None:
        """A new call: its findings begin."""
        self.found, self.mismatches = [], []

    def number(self, computed: RoomFact, before: int) -> int:
        """The number that holds from this second on; `before` is the one that held until now."""
        used = computed.value
        if self._is_logged(computed.second):
            used = self._told(computed, before)
            if used != computed.value:
                told = computed._replace(value=used)
                self._differ(told, computed)
        if used != before:
            self.found.append(computed._replace(value=used))
        return used

    def numbers(
        self, second: int, room: str, computed: Sequence[int], before: Sequence[int]
    ) -> Iterator[tuple[int, int]]:
        """Where in the row of a room each number stands, and what it is from this second on."""
        names = zip(NUMBER_NAMES, computed, strict=True)
        for column, (name, number) in enumerate(names, FIRST_NUMBER):
            fact = RoomFact(second, room, name, number)
            yield column, self.number(fact, before[column])

    def became_true(self, fact: RoomFact, *, computed: bool) -> bool:
        """Whether a moment of a room becomes true here; `computed` is what was found again."""
        used = computed
        if self._is_logged(fact.second):
            used = self._told(fact, 0) != 0
            if used != computed:
                self._differ(fact if used else None, fact if computed else None)
        if used:
            self.found.append(fact)
        return used

    def waiting(self, name: str, before_ms: int) -> list[Place]:
        """Logged places of a moment before this clock that have not had their turn."""
        return [place for place in self.logged.get(name, ()) if place[0] < before_ms]

    def _told(self, fact: RoomFact, default: int) -> int:
        return self.logged.get(fact.name, {}).pop(_place(fact), default)

    def _is_logged(self, second: int) -> bool:
        return self.through is not None and second <= self.through

    def _differ(self, logged: RoomFact | None, computed: RoomFact | None) -> None:
        self.mismatched += 1
        self.mismatches.append(Mismatch(logged, computed))

    def snapshot(self) -> list[Any]:
        """What is still to come, as JSON."""
        waiting = sorted(
            (second, room, name, key or "", value)
            for places in self.logged.values()
            for (second, room, name, key), value in places.items()
        )
        return [self.through, self.mismatched, waiting]

    def restore(self, stored: list[Any]) -> None:
        """The opposite of `snapshot`."""
        through, self.mismatched, waiting = stored
        self.read(RoomFact(at, room, name, v, key or None) for at, room, name, key, v in waiting)
        self.through = through


def _place(fact: RoomFact) -> Place:
    return fact.second, fact.room, fact.name, fact.key


class Shown(NamedTuple):
    """What an event of a room says, as codes; no stage: it says nothing of one."""

    product: int
    category: int
    stage: int | None


def stage_of(kind: str, given: str | None) -> str | None:
    """The stage that begins with an event of this type: the one it names, or the usual one."""
    return (given or STAGES[kind]) if kind in STAGES else None


def tell(facts: npt.NDArray[np.int64], kind: str, shown: Shown) -> None:
    """Write what an event says into the row of its room."""
    if kind == "product_presented":
        facts[PRESENTING], facts[PRESENTING_CATEGORY] = shown.product, shown.category
    elif kind == "product_withdrawn" and facts[PRESENTING] == shown.product:
        facts[PRESENTING] = facts[PRESENTING_CATEGORY] = NOTHING
    elif shown.stage is not None:
        facts[STAGE] = shown.stage
