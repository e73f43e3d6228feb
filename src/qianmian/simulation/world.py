"""A simulated broadcast: every event of it, in the order in which they are sent.

    simulation = Simulation(plan, script)
    for at_ms, row in simulation.events_between(plan.start_ms, plan.start_ms + 600_000):
        ...

A row is an event as a client sends it (`vocabulary.decode.canonical` takes it); its `event_time`
is when it happened by a right clock. Rows with a `stream` come from viewers' clients, those without
from the shop's server. `skew_ms` says by how much the clock of the client's phone is off.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from typing import Any

from qianmian.columns.facts import ViewerFacts
from qianmian.simulation.arrivals import Viewer, arrivals
from qianmian.simulation.dice import Dice
from qianmian.simulation.plan import SimulationPlan
from qianmian.simulation.room import Room, Row
from qianmian.simulation.script import Script
from qianmian.simulation.truth import Truth
from qianmian.simulation.watching import life, second_tab
from qianmian.vocabulary.product import Product

Sent = tuple[int, Row]

SLOW_MS = (300, 4_000)
LATE_MS = (6_000, 90_000)
AGAIN_MS = (200, 20_000)
_FOREVER = 1 << 62

# What stands in the queue: when, a number that decides between equals, the row, and who goes on
# after it (None when the row is sent for the second time, or was held back).
_Entry = tuple[int, int, Row, Iterator[Row] | None]


class Simulation:
    """One broadcast, made as it is asked for.

    Guarantees: the same plan and script give the same rows at the same instants, however they are
        asked for. Rows of one stream happen in the order of `seq`, which has no gap but for the
        lost.
    Cost: about 10 µs an event; memory grows with the viewers who are there, and with the truth.
    """

    def __init__(self, plan: SimulationPlan, script: Script) -> None:
        self.plan = plan
        self._script = script
        self._begin()

    def _begin(self) -> None:
        plan = self.plan
        self.truth = Truth()
        self._room = Room(plan, self._script)
        self._chance = Dice(plan.seed, 3)
        self._dice = Dice(plan.seed, 4)
        self._queue: list[_Entry] = []
        self._order = 0
        self._asked_ms = plan.start_ms
        self._arrivals = arrivals(plan)
        self._next: Viewer | None = None
        self._let_in()
        self._push(iter(self._room.rows))

    @property
    def products(self) -> tuple[Product, ...]:
        """What the room sells."""
        return tuple(one.product for one in self._script.goods)

    def facts(self, until_ms: int) -> Iterator[ViewerFacts]:
        """What history knows of the known viewers who come before an instant, ms UTC."""
        for viewer in arrivals(self.plan):
            if viewer.at >= until_ms:
                return
            known = viewer.facts(self.plan.start_ms)
            if known is not None:
                yield known

    def skew_ms(self, row: Mapping[str, Any]) -> int:
        """How far the clock of the phone that sent it is ahead; 0 when it is right, or a server."""
        return self.truth.skew_ms_by_stream.get(row.get("stream", ""), 0)

    def events_between(self, from_ms: int, to_ms: int) -> Iterator[Sent]:
        """What is sent at from_ms <= at < to_ms: the instant and the row, in order.

        Asking for an instant that has been passed begins the simulation again; asking onward
        skips what lies between. One iterator at a time.
        """
        if from_ms < self._asked_ms:
            self._begin()
        to_ms = min(to_ms, self.plan.end_ms + 1)
        queue = self._queue
        hold_from, again_from = self._edges()
        roll = self._chance.roll
        while True:
            if self._next_ms < to_ms and (not queue or self._next_ms <= queue[0][0]):
                self._let_in()
                continue
            if not queue or queue[0][0] >= to_ms:
                break
            at, _, row, source = queue[0]
            self._asked_ms = at
            if source is None:
                heapq.heappop(queue)
            else:
                following = next(source, None)
                if following is None:
                    heapq.heappop(queue)
                else:
                    self._order += 1
                    entry = (following["event_time"], self._order, following, source)
                    heapq.heapreplace(queue, entry)
                if "stream" in row:
                    chance = roll()
                    if chance < again_from and not self._is_sent(at, row, chance, hold_from):
                        continue
            if at >= from_ms:
                yield at, row
        self._asked_ms = max(self._asked_ms, to_ms)

    def _edges(self) -> tuple[float, float]:
        """Below which chance an event is not sent at once, and below which something goes wrong."""
        trouble = self.plan.trouble
        held = trouble.lost_share + trouble.slow_share + trouble.late_share
        return held, held + trouble.duplicated_share

    def _is_sent(self, at: int, row: Row, chance: float, hold_from: float) -> bool:
        """Something goes wrong with an event; whether it is sent at once all the same."""
        trouble, between = self.plan.trouble, self._chance.between
        if chance >= hold_from:
            self.truth.duplicated.append(row["message_id"])
            self._hold_back(at + between(*AGAIN_MS), row)
            return True
        if chance < trouble.lost_share:
            self.truth.lost.append(row["message_id"])
        elif chance < trouble.lost_share + trouble.slow_share:
            self._hold_back(at + between(*SLOW_MS), row)
        else:
            self.truth.late.append(row["message_id"])
            self._hold_back(at + between(*LATE_MS), row)
        return False

    def _let_in(self) -> None:
        """The next viewer begins to live."""
        if self._next is not None:
            self._enters(self._next)
        self._next = next(self._arrivals, None)
        self._next_ms = _FOREVER if self._next is None else self._next.at

    def _enters(self, viewer: Viewer) -> None:
        room_id = self.plan.room
        self._push(life(viewer, self._room, room_id, self._script, self._dice, self.truth))
        if viewer.has_second_tab:
            self._push(second_tab(viewer, self._room, room_id, self._dice, self.truth))

    def _push(self, source: Iterator[Row]) -> None:
        row = next(source, None)
        if row is not None:
            self._order += 1
            heapq.heappush(self._queue, (row["event_time"], self._order, row, source))

    def _hold_back(self, until_ms: int, row: Row) -> None:
        """Send it later; what would come after the end of the broadcast is lost."""
        if until_ms < self.plan.end_ms:
            self._order += 1
            heapq.heappush(self._queue, (until_ms, self._order, row, None))
