"""The room board: what a room as a whole is doing, from the accepted events of all shards.

Counts are exact for the session; rates are over panes of time, as in the semantics of windows. The
board changes no firing by itself: three of its numbers (online, gmv, orders per minute) become
facts of the room at each whole second, and only guards read them.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from qianmian.engine import words as w
from qianmian.engine.prepare import Names
from qianmian.engine.shard import Events
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.product import ProductCatalog

FUNNEL = (
    "room_entered",
    "product_viewed",
    "product_clicked",
    "cart_added",
    "order_created",
    "order_paid",
)
FUNNEL_CODES = {CODE_BY_NAME[name]: name for name in FUNNEL}
PAID, REFUNDED = CODE_BY_NAME["order_paid"], CODE_BY_NAME["order_refunded"]
COUNTED = np.isin(np.arange(len(CATALOG)), [*FUNNEL_CODES, REFUNDED])
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

    viewers: dict[str, set[int]] = field(default_factory=dict)
    gmv_minor: int = 0
    refunds_minor: int = 0
    orders: int = 0
    paid_at: deque[int] = field(default_factory=deque)
    heat: deque[tuple[int, int, int]] = field(default_factory=deque)
    points: Counter[int] = field(default_factory=Counter)
    firings: Counter[str] = field(default_factory=Counter)

    def cool(self, at: int) -> None:
        """Forget what happened five minutes before."""
        while self.heat and self.heat[0][0] <= at - HOT_MS:
            _, product, points = self.heat.popleft()
            self.points[product] -= points


class Boards:
    """The boards of all rooms.

    Cost: one pass of array operations per call, and one entry per viewer and stage of the funnel.
    """

    def __init__(self, names: Names) -> None:
        self.names = names
        self.rooms: dict[int, _Room] = {}

    def add(self, events: Events, first: int, last: int, verified: npt.NDArray[np.bool_]) -> None:
        """Count accepted events first..last; `verified` says which orders a server has told.

        Shapes: bool[last - first]
        """
        kinds = events.TYPE[first:last]
        counted = COUNTED[kinds] & (events.ROOM[first:last] >= 0)
        counted &= events.OUTCOME[first:last] == w.ACCEPTED
        heads = np.ones(last - first, bool)
        for at in np.flatnonzero(events.MORE[first:last]).tolist():
            heads[at + 1 : at + 1 + int(events.MORE[first + at])] = False
        is_money = counted & ((kinds == PAID) | (kinds == REFUNDED))
        for offset in np.flatnonzero(is_money & heads).tolist():
            self._count_money(events, first + offset, is_sure=bool(verified[offset]))
        rows = first + np.flatnonzero(counted & (kinds != REFUNDED) & ((kinds != PAID) | verified))
        self._count_funnel(events, rows)
        self._count_heat(events, rows)

    def _count_funnel(self, events: Events, rows: npt.NDArray[np.int64]) -> None:
        for of_stage in _groups(events.ROOM[rows].astype(np.int64) << 8 | events.TYPE[rows]):
            mine = rows[of_stage]
            room, stage = self._room(int(events.ROOM[mine[0]])), FUNNEL_CODES[events.TYPE[mine[0]]]
            room.viewers.setdefault(stage, set()).update(events.VIEWER[mine].tolist())

    def _count_heat(self, events: Events, rows: npt.NDArray[np.int64]) -> None:
        rows = rows[(POINTS[events.TYPE[rows]] > 0) & (events.PRODUCT[rows] >= 0)]
        for of_room in _groups(events.ROOM[rows]):
            mine = rows[of_room]  # still in order of the clock
            room = self._room(int(events.ROOM[mine[0]]))
            columns = (events.CLOCK[mine], events.PRODUCT[mine], POINTS[events.TYPE[mine]])
            for entry in zip(*(column.tolist() for column in columns), strict=True):
                room.heat.append(entry)
                room.points[entry[1]] += entry[2]
            room.cool(int(events.CLOCK[mine[-1]]))

    def _count_money(self, events: Events, row: int, *, is_sure: bool) -> None:
        room = self._room(int(events.ROOM[row]))
        known = max(int(events.AMOUNT[row]), 0)
        if events.TYPE[row] == REFUNDED:
            room.refunds_minor += known
        elif is_sure:
            room.orders += 1
            room.gmv_minor += known
            room.paid_at.append(int(events.CLOCK[row]))

    def _room(self, code: int) -> _Room:
        room = self.rooms.get(code)
        if room is None:
            room = self.rooms[code] = _Room()
        return room

    def fired(self, firings: list[Firing]) -> None:
        """Count firings per moment."""
        for firing in firings:
            room = self._room(self.names.rooms.code(firing.room))
            room.firings[firing.moment] += 1

    def end(self, room: int) -> None:
        """The session of a room is over."""
        self.rooms.pop(room, None)

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
        kept.cool(at)
        hot = []
        for product, points in kept.points.most_common():
            name = str(self.names.products.value(product))
            if points > 0 and (name not in products or products[name].in_stock):
                hot.append((name, points))
        return RoomBoard(
            room=str(self.names.rooms.value(room)),
            session=session,
            at=at,
            online=online,
            funnel={name: len(kept.viewers.get(name, ())) for name in FUNNEL},
            gmv_minor=kept.gmv_minor,
            refunds_minor=kept.refunds_minor,
            orders=kept.orders,
            orders_per_min=self.orders_per_min(room, at),
            hot_products=tuple(hot[:HOT_PRODUCTS]),
            firings_by_moment=dict(sorted(kept.firings.items())),
        )

    def snapshot(self) -> list[list[object]]:
        """Everything, as JSON."""
        return [
            [
                room,
                {name: sorted(viewers) for name, viewers in sorted(kept.viewers.items())},
                [kept.gmv_minor, kept.refunds_minor, kept.orders],
                list(kept.paid_at),
                [list(entry) for entry in kept.heat],
                sorted(kept.firings.items()),
            ]
            for room, kept in sorted(self.rooms.items())
        ]

    def restore(self, stored: list[list[object]]) -> None:
        """The opposite of `snapshot`."""
        for entry in stored:
            self.rooms[int(str(entry[0]))] = _restored(entry)


def _groups(keys: npt.NDArray[Any]) -> Iterator[npt.NDArray[np.int64]]:
    """The places of each distinct key, ascending."""
    if len(keys):
        order = np.argsort(keys, kind="stable")
        yield from np.split(order, np.flatnonzero(np.diff(keys[order])) + 1)


def _restored(entry: list[object]) -> _Room:
    """One room of a snapshot."""
    viewers, money, paid_at, heat, firings = entry[1:]
    kept = _Room()
    assert isinstance(viewers, dict)  # noqa: S101 — written by `snapshot`
    assert isinstance(money, list)  # noqa: S101
    assert isinstance(paid_at, list)  # noqa: S101
    assert isinstance(heat, list)  # noqa: S101
    assert isinstance(firings, list)  # noqa: S101
    kept.viewers = {name: set(codes) for name, codes in viewers.items()}
    kept.gmv_minor, kept.refunds_minor, kept.orders = money
    kept.paid_at = deque(paid_at)
    kept.heat = deque((clock, product, points) for clock, product, points in heat)
    for _, product, points in kept.heat:
        kept.points[product] += points
    kept.firings = Counter(dict(firings))
    return kept
