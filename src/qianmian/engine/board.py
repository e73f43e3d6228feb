"""The room board: what a room as a whole is doing, from the accepted events of all shards.

Counts are exact for the session; rates are over panes of time, as in the semantics of windows. The
board changes no firing by itself: three of its numbers (online, gmv, orders per minute) become
facts of the room at each whole second, and only guards read them.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qianmian.engine import words as w
from qianmian.engine.firings import Fired, Legend
from qianmian.engine.prepare import Names
from qianmian.engine.shard import Events
from qianmian.engine.tallies import Heat, Reach
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME
from qianmian.vocabulary.product import ProductCatalog

FUNNEL = (
    "room_entered",
    "product_viewed",
    "product_clicked",
    "cart_added",
    "order_created",
    "order_paid",
)
STAGE = np.zeros(len(CATALOG), np.int64)
STAGE[[CODE_BY_NAME[name] for name in FUNNEL]] = np.arange(len(FUNNEL))
PAID, REFUNDED = CODE_BY_NAME["order_paid"], CODE_BY_NAME["order_refunded"]
COUNTED = np.isin(np.arange(len(CATALOG)), [*(CODE_BY_NAME[name] for name in FUNNEL), REFUNDED])
HEAT = {"product_viewed": 1, "product_clicked": 2, "cart_added": 5, "order_paid": 10}
POINTS = np.array([HEAT.get(event.name, 0) for event in CATALOG])
MINUTE_MS = 60_000
HOT_MS = 5 * MINUTE_MS
HOT_PRODUCTS = 10


@dataclass(frozen=True, slots=True)
class RoomBoard:
    """A room at an instant.

    Units: at in ms UTC; gmv_minor and refunds_minor in minor units; orders_per_min over the last
    minute. `funnel` counts distinct viewers of the session; `hot_products` are (product, points) of
    the last five minutes, only what is in stock as far as is known.
    """

    room: str
    session: str
    at: int
    online: int
    funnel: dict[str, int]
    gmv_minor: int
    refunds_minor: int
    orders: int
    orders_per_min: int
    hot_products: tuple[tuple[str, int], ...]
    firings_by_moment: dict[str, int]


@dataclass(slots=True)
class _Room:
    """What is kept of one room's session."""

    gmv_minor: int = 0
    refunds_minor: int = 0
    orders: int = 0
    paid_at: deque[int] = field(default_factory=deque)
    firings: Counter[str] = field(default_factory=Counter)


class Boards:
    """The boards of all rooms.

    Cost: one pass of array operations per call, and one word per viewer and stage of the funnel.
    """

    def __init__(self, names: Names) -> None:
        self.names = names
        self.rooms: dict[int, _Room] = {}
        self.reach = Reach()
        self.heat = Heat(HOT_MS)

    def add(self, events: Events, first: int, last: int) -> None:
        """Count accepted events first..last but for hints: orders that only a browser has told."""
        kinds = events.TYPE[first:last]
        counted = COUNTED[kinds] & (events.ROOM[first:last] >= 0)
        counted &= events.OUTCOME[first:last] == w.ACCEPTED
        counted &= events.REPEATED[first:last] != w.HINT
        heads = np.ones(last - first, bool)
        for at in np.flatnonzero(events.MORE[first:last]).tolist():
            heads[at + 1 : at + 1 + int(events.MORE[first + at])] = False
        is_money = counted & ((kinds == PAID) | (kinds == REFUNDED))
        for offset in np.flatnonzero(is_money & heads).tolist():
            self._count_money(events, first + offset)
        rows = first + np.flatnonzero(counted & (kinds != REFUNDED))
        room, kind = events.ROOM[rows], events.TYPE[rows]
        self.reach.add(room, STAGE[kind], events.VIEWER[rows])
        hot = (POINTS[kind] > 0) & (events.PRODUCT[rows] >= 0)
        rows = rows[hot]
        self.heat.add(events.CLOCK[rows], room[hot], events.PRODUCT[rows], POINTS[kind[hot]])

    def link(self, anonymous: int, known: int) -> None:
        """An anonymous viewer turned out to be a known one: one person is counted once."""
        self.reach.link(anonymous, known)

    def _count_money(self, events: Events, row: int) -> None:
        room = self._room(int(events.ROOM[row]))
        known = max(int(events.AMOUNT[row]), 0)
        if events.TYPE[row] == REFUNDED:
            room.refunds_minor += known
        else:
            room.orders += 1
            room.gmv_minor += known
            room.paid_at.append(int(events.CLOCK[row]))

    def _room(self, code: int) -> _Room:
        room = self.rooms.get(code)
        if room is None:
            room = self.rooms[code] = _Room()
        return room

    def fired(self, fired: Fired, legend: Legend, sessions: Container[str]) -> None:
        """Count firings per moment, those of `sessions` only."""
        is_open = np.array([name in sessions for name in legend.sessions], bool)
        counted = is_open[fired.session] if len(is_open) else np.zeros(0, bool)
        kinds = len(legend.moments)
        cells = fired.room[counted].astype(np.int64) * kinds + fired.definition[counted]
        counts = np.bincount(cells)
        for cell in np.flatnonzero(counts).tolist():
            moment, _ = legend.moments[cell % kinds]
            self._room(cell // kinds).firings[moment] += int(counts[cell])

    def end(self, room: int) -> None:
        """The session of a room is over."""
        self.rooms.pop(room, None)
        self.reach.end(room)
        self.heat.end(room)

    def orders_per_min(self, room: int, at: int) -> int:
        """Orders paid with a clock in (at - 1 min, at]."""
        kept = self.rooms.get(room)
        if kept is None:
            return 0
        while kept.paid_at and kept.paid_at[0] <= at - MINUTE_MS:
            kept.paid_at.popleft()
        return sum(1 for clock in kept.paid_at if clock <= at)

    def gmv_minor(self, room: int) -> int:
        """Verified payments of the session."""
        kept = self.rooms.get(room)
        return 0 if kept is None else kept.gmv_minor

    def board(
        self, room: int, *, session: str, at: int, online: int, products: ProductCatalog
    ) -> RoomBoard:
        """The board of a room as of `at`."""
        kept = self.rooms.get(room, _Room())
        hot = []
        for product, points in self.heat.of_room(room, at):
            name = str(self.names.products.value(product))
            if name not in products or products[name].in_stock:
                hot.append((name, points))
        return RoomBoard(
            room=str(self.names.rooms.value(room)),
            session=session,
            at=at,
            online=online,
            funnel=dict(zip(FUNNEL, self.reach.counts(room), strict=False)),
            gmv_minor=kept.gmv_minor,
            refunds_minor=kept.refunds_minor,
            orders=kept.orders,
            orders_per_min=self.orders_per_min(room, at),
            hot_products=tuple(hot[:HOT_PRODUCTS]),
            firings_by_moment=dict(sorted(kept.firings.items())),
        )

    def snapshot(self) -> dict[str, Any]:
        """Everything, as JSON."""
        rooms = [
            [
                room,
                [kept.gmv_minor, kept.refunds_minor, kept.orders],
                list(kept.paid_at),
                sorted(kept.firings.items()),
            ]
            for room, kept in sorted(self.rooms.items())
        ]
        return {"rooms": rooms, "reach": self.reach.snapshot(), "heat": self.heat.snapshot()}

    def restore(self, stored: dict[str, Any]) -> None:
        """The opposite of `snapshot`."""
        for room, (gmv_minor, refunds_minor, orders), paid_at, firings in stored["rooms"]:
            self.rooms[room] = _Room(
                gmv_minor, refunds_minor, orders, deque(paid_at), Counter(dict(firings))
            )
        self.reach.restore(stored["reach"])
        self.heat.restore(stored["heat"])
