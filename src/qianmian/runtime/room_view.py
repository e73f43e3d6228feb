"""What the board of each room shows: a projection of the log beside the engine.

Applied events and firings go in, message by message; when a whole second of the clock is over, the
numbers that every open room had at its end are read from the engine. Nothing here changes a firing,
and nothing depends on how a replay groups the messages of a second.
"""

from __future__ import annotations

import heapq
import json
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from qianmian.columns.batch import EventBatch, UInt8
from qianmian.engine.board import RoomBoard
from qianmian.engine.firings import Firings
from qianmian.language.definition import STRATEGY_PREFIX
from qianmian.learning.danmaku import CLASSES
from qianmian.runtime.board import (
    FIRINGS_LIMIT,
    HESITATING_LIMIT,
    TREND_POINTS,
    TREND_STEP_MS,
    Board,
    Comment,
    Doubts,
    Fired,
    Hesitating,
    HesitatingRow,
    Hot,
    Presented,
    Presenting,
    Stage,
    TrendPoint,
)
from qianmian.runtime.hesitating import Hesitating as List
from qianmian.runtime.hesitating import Lingering
from qianmian.runtime.ports import ACCEPTED
from qianmian.runtime.recent_firings import RecentFirings
from qianmian.runtime.sold_out import SoldOut
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.ids import is_anonymous
from qianmian.vocabulary.product import Product, ProductCatalog

SECOND_MS = 1_000
MINUTE_MS = 60_000
RECENT_FIRINGS = 50_000
DOUBTS_MS = 5 * MINUTE_MS
PRESENTED_LIMIT = 200
FRESH_FIRINGS = 10_000  # as many wait for somebody to look before the newest are chosen
MOST_FIRINGS = 1 << 40
DOUBT_BITS = 1 << CLASSES["doubt"] | 1 << CLASSES["price_question"]
LINKED = CODE_BY_NAME["identity_linked"]
ALWAYS = frozenset({"comment_sent", "identity_linked"})
ENDING = frozenset({"room_left", "product_viewed"})  # they may take somebody off a list


class Rooms(Protocol):
    """What is read from the engine at each second."""

    def present(self, room: str, viewers: Sequence[str]) -> list[bool]:
        """Who of them is in the room."""


@dataclass(slots=True)
class _Doubt:
    clock: int
    viewer: str
    product: str | None
    text: str


@dataclass(slots=True)
class _Room:
    """What is remembered of one room's session."""

    hesitating: List
    title: str = ""
    session: str = ""
    started_at: int | None = None
    stage: str | None = None
    presented: list[list[Any]] = field(default_factory=list)  # product, from, to
    doubts: deque[_Doubt] = field(default_factory=deque)
    rising: dict[str, int] = field(default_factory=dict)
    firings: list[Fired] = field(default_factory=list)
    since: int = -1  # what fired until then is of the session before
    trend: deque[TrendPoint] = field(default_factory=lambda: deque(maxlen=TREND_POINTS))
    paid: deque[tuple[int, int]] = field(default_factory=deque)  # at, GMV so far
    peak: int = 0
    now: RoomBoard | None = None

    def list_firings(self, told: Iterable[Firing]) -> None:
        """Put them on the list; of one instant the same ones in whatever order they are told.

        An id costs 2 µs and a wave of arrivals brings thousands, so only what is shown has one.
        """
        fresh = [
            Fired(one.at, one.moment, one.viewer, one.key, one.id)
            for one in heapq.nlargest(FIRINGS_LIMIT, told, key=_order)
            if one.at > self.since and self._is_of_now(one)
        ]
        self.firings = heapq.nlargest(FIRINGS_LIMIT, [*fresh, *self.firings], key=_order)

    def _is_of_now(self, one: Firing) -> bool:
        """Whether it is of the session that is shown, or newer than what was read of the room."""
        return one.session == self.session or self.now is None or one.at > self.now.at

    def stop_presenting(self, at: int) -> None:
        """The host goes on to something else."""
        if self.presented and self.presented[-1][2] is None:
            self.presented[-1][2] = at


class RoomViews:
    """The boards of all rooms.

    Args:
        lingering: the moments that put viewers on the list of those who hesitate.
        products: the catalog, for titles.
        currency: of the shop.

    Cost: per message one pass of array operations, and Python for the rows of comments, room
    events and viewers on the list; per second one reading of each open room.
    """

    def __init__(
        self,
        lingering: Mapping[str, Lingering],
        *,
        products: Iterable[Product] = (),
        currency: str = "CNY",
    ) -> None:
        self._lingering = lingering
        self._products = ProductCatalog(products)
        self._sold_out = SoldOut(_stock(self._products))
        self._currency = currency
        self._rooms: dict[str, _Room] = {}
        self._linked: dict[str, str] = {}
        self._recent = RecentFirings(RECENT_FIRINGS)
        self._fresh = RecentFirings(MOST_FIRINGS)
        self._reads = _reads(lingering)
        self._always = np.array([one.scope == "room" or one.name in ALWAYS for one in CATALOG])

    def use(self, lingering: Mapping[str, Lingering]) -> None:
        """Other definitions: what is listed for a moment that is no more is taken off."""
        self._lingering = lingering
        self._reads = _reads(lingering)
        for room in self._rooms.values():
            kept = room.hesitating.snapshot()
            room.hesitating = List(lingering)
            room.hesitating.restore(kept)

    def stock(self, products: Iterable[Product]) -> None:
        """Another catalog: its titles, links and stock from now on."""
        self._products = ProductCatalog(products)
        self._sold_out.restock(_stock(self._products))

    # -- the log

    def observe(self, batch: EventBatch | None, outcomes: UInt8, firings: Sequence[Firing]) -> None:
        """What a message, or the messages of one second, brought; without a batch it was a tick."""
        told = Firings.of(firings)
        waiting = deque(told.rows(self._matters(told)))
        if batch is not None and len(batch):
            chosen = self._reads[batch.type] & (outcomes == ACCEPTED)
            chosen &= self._always[batch.type] | self._is_listed(batch, chosen, waiting)
            for row in np.flatnonzero(chosen).tolist():
                clock = int(batch.clock[row])
                while waiting and waiting[0].at <= clock:
                    self._fired(waiting.popleft())
                self._read(batch, row)
        for firing in waiting:
            self._fired(firing)
        self._recent.add(told)
        self._fresh.add(told)
        if len(self._fresh) >= FRESH_FIRINGS:
            self._list_firings()

    def _matters(self, told: Firings) -> npt.NDArray[np.bool_]:
        """Which firings put somebody on a list, or raise a doubt of the room."""
        moments = np.array([key in self._lingering for key, _ in told.legend.moments], np.bool_)
        columns = told.columns
        return moments[columns.definition] | ((columns.viewer < 0) & (columns.key >= 0))

    def _is_listed(
        self, batch: EventBatch, rows: npt.NDArray[np.bool_], waiting: Iterable[Firing]
    ) -> npt.NDArray[np.bool_]:
        """Which events are of viewers who hesitate somewhere, or will by these firings."""
        column = batch.strings.get("viewer")
        if column is None or not (rows & ~self._always[batch.type]).any():
            return np.zeros(len(batch), np.bool_)
        column = column.compacted()  # a slice of a large batch pays for its own viewers only
        listed = {one.viewer for one in waiting}
        for room in self._rooms.values():
            listed.update(room.hesitating.viewers)
        links = _links(batch)
        listed.update(known for own, known in links.items() if own in listed)
        named = [
            name in listed or (self._linked.get(name) or links.get(name)) in listed
            for name in column.values
        ]
        return np.array([*named, False])[column.codes]  # an absent one reads the last

    def _fired(self, firing: Firing) -> None:
        room = self._room(firing.room)
        room.hesitating.fired(firing)
        if firing.viewer is None and firing.key is not None:
            room.rising[firing.key] = firing.at

    def _list_firings(self) -> None:
        for name, told in self._fresh.take_newest(FIRINGS_LIMIT).items():
            self._room(name).list_firings(told)

    def _read(self, batch: EventBatch, row: int) -> None:
        kind, scope = CATALOG[batch.type[row]].name, CATALOG[batch.type[row]].scope
        room, viewer = _string(batch, "room", row), _string(batch, "viewer", row)
        if scope == "room":
            if room is not None:
                self._of_room(kind, room, batch, row)
        elif viewer is not None and kind == "identity_linked":
            self._link(viewer, batch, row)
        elif viewer is not None:
            self._of_viewer(kind, self._linked.get(viewer, viewer), room, batch, row)

    def _of_viewer(
        self, kind: str, viewer: str, room: str | None, batch: EventBatch, row: int
    ) -> None:
        if kind == "comment_sent" and room is not None:
            self._comment(self._room(room), viewer, batch, row)
        for one in [self._room(room)] if room is not None else self._rooms.values():
            if viewer not in one.hesitating:
                continue
            if kind == "room_left":
                one.hesitating.left(viewer)
            else:
                one.hesitating.happened(kind, viewer, _products(batch, row))

    def _comment(self, room: _Room, viewer: str, batch: EventBatch, row: int) -> None:
        classes = batch.numbers.get("classes")
        if classes is None or int(classes[row]) < 0 or not int(classes[row]) & DOUBT_BITS:
            return
        product = _string(batch, "product", row)
        if product is None and room.presented and room.presented[-1][2] is None:
            product = room.presented[-1][0]
        text = _string(batch, "text", row) or ""
        room.doubts.append(_Doubt(int(batch.clock[row]), viewer, product, text))

    def _link(self, anonymous: str, batch: EventBatch, row: int) -> None:
        known = _string(batch, "linked_viewer", row)
        if known is None or anonymous in self._linked:
            return
        if is_anonymous(known) or not is_anonymous(anonymous):  # refused, as by the engine
            return
        self._linked[anonymous] = known
        for room in self._rooms.values():
            room.hesitating.linked(anonymous, known)

    def _of_room(self, kind: str, name: str, batch: EventBatch, row: int) -> None:
        room, clock = self._room(name), int(batch.clock[row])
        product = _string(batch, "product", row)
        if kind in ("session_scheduled", "session_started"):
            room.title = _title(batch, row) or room.title
        if kind == "session_started":
            room.started_at = int(batch.event_time[row])
            room.stage = _string(batch, "stage", row) or "live"
        elif kind == "session_ended":
            self._rooms[name] = _Room(List(self._lingering), title=room.title, since=clock)
            self._sold_out.end(name)
        elif kind == "stock_changed" and product is not None:
            self._sold_out.told(name, product, int(batch.numbers["stock"][row]))
        elif kind == "product_presented" and product is not None:
            room.stop_presenting(clock)
            room.presented.append([product, clock, None])
            del room.presented[:-PRESENTED_LIMIT]
        elif kind == "product_withdrawn" and product is not None:
            if room.presented and room.presented[-1][0] == product:
                room.stop_presenting(clock)
            room.hesitating.withdrawn(product)
        elif kind == "promo_started":
            room.stage = _string(batch, "stage", row) or "promo"
        elif kind == "promo_ended":
            room.stage = "live"

    def look(self, boards: Iterable[RoomBoard], clock_ms: int, engine: Rooms) -> None:
        """A second is over, and these are the numbers of the open rooms at its end."""
        for now in boards:
            room = self._room(now.room)
            if room.session and room.session != now.session:
                room = self._rooms[now.room] = _Room(List(self._lingering), title=room.title)
                self._sold_out.end(now.room)
            room.session, room.now = now.session, now
            room.started_at = clock_ms if room.started_at is None else room.started_at
            room.peak = max(room.peak, now.online)
            room.hesitating.pass_to(clock_ms)
            viewers = room.hesitating.viewers
            for viewer, is_here in zip(viewers, engine.present(now.room, viewers), strict=True):
                if not is_here:
                    room.hesitating.left(viewer)
            while room.doubts and room.doubts[0].clock <= clock_ms - DOUBTS_MS:
                room.doubts.popleft()
            self._follow(room, now, clock_ms)

    def _follow(self, room: _Room, now: RoomBoard, clock_ms: int) -> None:
        """One point of the trend each five seconds."""
        step = clock_ms // TREND_STEP_MS * TREND_STEP_MS
        if room.trend and room.trend[-1].at >= step:
            return
        while len(room.paid) > 1 and room.paid[1][0] <= step - MINUTE_MS:
            room.paid.popleft()
        before = room.paid[0][1] if room.paid else 0
        room.paid.append((step, now.gmv_minor))
        room.trend.append(TrendPoint(step, now.online, now.gmv_minor - before, now.orders_per_min))

    def _room(self, name: str) -> _Room:
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = _Room(List(self._lingering))
        return room

    # -- what is shown

    @property
    def names(self) -> list[str]:
        """The rooms of which something is known, by name."""
        return sorted(self._rooms)

    def session_of(self, name: str) -> str:
        """The session of a room as of the last whole second; "" for a room without one."""
        room = self._rooms.get(name)
        return "" if room is None else room.session

    def online_in(self, name: str) -> int | None:
        """How many are in a room, as its board says it; None for a room that never spoke."""
        room = self._rooms.get(name)
        return None if room is None or room.now is None else room.now.online

    def presented_in(self, name: str) -> tuple[str | None, frozenset[str]]:
        """The product that is presented in a room now, and all that were in its session."""
        room = self._rooms.get(name)
        if room is None or not room.presented:
            return None, frozenset()
        product, _, until = room.presented[-1]
        return None if until is not None else product, frozenset(one[0] for one in room.presented)

    def is_sold_out(self, name: str, product: str | None) -> bool:
        """Whether a product cannot be bought in a room, as far as is known."""
        return product is not None and self._sold_out.has(name, product)

    def fired_of(self, viewer: str) -> list[Firing]:
        """The recent firings of a viewer, newest first. Cost: O(`RECENT_FIRINGS`)."""
        return self._recent.of_viewer(viewer)

    def board(self, name: str) -> Board | None:
        """The board as of the last whole second; None for a room that never spoke."""
        self._list_firings()
        room = self._rooms.get(name)
        if room is None:
            return None
        now = room.now
        entered = 0 if now is None else now.funnel.get("room_entered", 0)
        buyers = 0 if now is None else now.funnel.get("order_paid", 0)
        gmv = 0 if now is None else now.gmv_minor
        return Board(
            room=name,
            title=room.title or name,
            session=room.session,
            started_at=room.started_at,
            as_of=0 if now is None else now.at,
            online=0 if now is None else now.online,
            online_peak=room.peak,
            entered=entered,
            gmv_minor=gmv,
            refunds_minor=0 if now is None else now.refunds_minor,
            currency=self._currency,
            orders=0 if now is None else now.orders,
            orders_per_min=0 if now is None else now.orders_per_min,
            conversion_bp=buyers * 10_000 // entered if entered else None,
            gpm_minor=gmv * 1_000 // entered if entered else None,
            stage=room.stage,
            presenting=self._presenting(room),
            funnel=() if now is None else tuple(Stage(*one) for one in now.funnel.items()),
            trend=tuple(room.trend),
            presented=tuple(
                Presented(product, self._title(product), start, end)
                for product, start, end in room.presented
            ),
            hesitating=Hesitating(
                len(room.hesitating),
                tuple(self._row(row) for row in room.hesitating.rows(HESITATING_LIMIT)),
            ),
            doubts=tuple(self._doubts(room)),
            hot=()
            if now is None
            else tuple(
                Hot(p, self._title(p), points)
                for p, points in now.hot_products
                if not self._sold_out.has(name, p)
            ),
            firings_by_moment={
                key: n
                for key, n in ({} if now is None else now.firings_by_moment).items()
                if not key.startswith(STRATEGY_PREFIX)  # what strategies watch is no moment
            },
            firings=tuple(room.firings),
        )

    def _row(self, row: Mapping[str, Any]) -> HesitatingRow:
        product = row["about"] if row["by_product"] else None
        return HesitatingRow(
            viewer=row["viewer"],
            product=product,
            category=None if row["by_product"] else row["about"],
            title=None if product is None else self._title(product),
            reason=row["reason"],
            since=row["since"],
            at=row["at"],
            moments=tuple(row["moments"]),
        )

    def _presenting(self, room: _Room) -> Presenting | None:
        if not room.presented or room.presented[-1][2] is not None:
            return None
        product = room.presented[-1][0]
        known = self._products.get(product)
        return Presenting(product, self._title(product), known.link_number if known else None)

    def _doubts(self, room: _Room) -> Iterator[Doubts]:
        by_product: dict[str | None, list[_Doubt]] = {}
        for doubt in room.doubts:
            by_product.setdefault(doubt.product, []).append(doubt)
        people = {
            product: len({self._linked.get(d.viewer, d.viewer) for d in them})
            for product, them in by_product.items()
        }
        for product in sorted(by_product, key=lambda one: (-people[one], one or "")):
            newest = by_product[product][-3:][::-1]
            rose = room.rising.get(product or "")
            yield Doubts(
                product,
                None if product is None else self._title(product),
                people[product],
                tuple(Comment(doubt.text, doubt.clock) for doubt in newest),
                rose is not None and room.now is not None and rose > room.now.at - MINUTE_MS,
            )

    def _title(self, product: str) -> str:
        known = self._products.get(product)
        return known.title if known is not None and known.title else product

    # -- a person is erased

    def rename(self, tombstone_by_viewer: Mapping[str, str]) -> None:
        """Call erased viewers by their tombstones; what they wrote goes."""
        named = tombstone_by_viewer.get
        self._list_firings()
        self._recent.rename(tombstone_by_viewer)
        self._linked = {named(a, a): named(k, k) for a, k in self._linked.items()}
        self._leave_out({*tombstone_by_viewer, *tombstone_by_viewer.values()})
        for room in self._rooms.values():
            room.hesitating = room.hesitating.anew()

    def forget(self, viewers: Collection[str]) -> None:
        """Show nothing more of these viewers, and keep nothing."""
        gone = frozenset(viewers)
        self._list_firings()
        self._recent.forget(gone)
        self._linked = {a: k for a, k in self._linked.items() if a not in gone}
        self._leave_out(gone)

    def _leave_out(self, viewers: Collection[str]) -> None:
        for room in self._rooms.values():
            room.firings = [one for one in room.firings if one.viewer not in viewers]
            room.doubts = deque(one for one in room.doubts if one.viewer not in viewers)
            for viewer in viewers:
                room.hesitating.left(viewer)

    @property
    def linked(self) -> tuple[str, ...]:
        """The anonymous ids that have been linked, with their prefix."""
        return tuple(self._linked)

    # -- snapshot

    def snapshot(self) -> dict[str, Any]:
        """Everything but the last reading, as JSON."""
        self._list_firings()
        return {
            "linked": sorted(self._linked.items()),
            "sold_out": self._sold_out.snapshot(),
            "recent": [
                [f.at, f.viewer, f.room, f.session, f.moment, f.version, f.key, f.namespace]
                for f in self._recent.tolist()
            ],
            "rooms": {
                name: {
                    "title": room.title,
                    "session": room.session,
                    "started_at": room.started_at,
                    "stage": room.stage,
                    "presented": room.presented,
                    "doubts": [[d.clock, d.viewer, d.product, d.text] for d in room.doubts],
                    "rising": room.rising,
                    "firings": [[f.at, f.moment, f.viewer, f.about, f.id] for f in room.firings],
                    "trend": [
                        [p.at, p.online, p.gmv_minor_per_min, p.orders_per_min] for p in room.trend
                    ],
                    "paid": list(room.paid),
                    "peak": room.peak,
                    "since": room.since,
                    "hesitating": room.hesitating.snapshot(),
                }
                for name, room in sorted(self._rooms.items())
            },
        }

    def show(self, boards: Iterable[RoomBoard]) -> None:
        """What is shown until the first second is over."""
        for now in boards:
            self._room(now.room).now = now

    def restore(self, stored: Mapping[str, Any]) -> None:
        """The opposite of `snapshot`; for the numbers see `show`."""
        self._linked = dict(stored["linked"])
        self._sold_out.restore(stored.get("sold_out", {}))  # older ones have none
        self._recent.restore([Firing(*one) for one in stored["recent"]])
        for name, kept in stored["rooms"].items():
            room = self._room(name)
            for plain in ("title", "session", "started_at", "stage", "presented", "rising", "peak"):
                setattr(room, plain, kept[plain])
            room.doubts.extend(_Doubt(*one) for one in kept["doubts"])
            room.firings = [Fired(*one) for one in kept["firings"]]
            room.trend.extend(TrendPoint(*one) for one in kept["trend"])
            room.paid.extend((at, gmv) for at, gmv in kept["paid"])
            room.since = kept.get("since", -1)  # older ones have none
            room.hesitating.restore(kept["hesitating"])


def _order(one: Firing | Fired) -> tuple[int, str, str, str]:
    """When it fired; within an instant any order that is the same each time."""
    about = one.key if isinstance(one, Firing) else one.about
    return one.at, one.viewer or "", one.moment, about or ""


def _links(batch: EventBatch) -> dict[str, str]:
    """The known id of each unknown one that a batch links first; also what will be refused."""
    found: dict[str, str] = {}
    for row in np.flatnonzero(batch.type == LINKED).tolist():
        own, known = _string(batch, "viewer", row), _string(batch, "linked_viewer", row)
        if own is not None and known is not None:
            found.setdefault(own, known)
    return found


def _reads(lingering: Mapping[str, Lingering]) -> npt.NDArray[np.bool_]:
    """Which types of events the boards look at, by code."""
    names = ALWAYS | ENDING | {name for one in lingering.values() for name in one.until}
    return np.array([one.scope == "room" or one.name in names for one in CATALOG])


def _stock(products: ProductCatalog) -> dict[str, int | None]:
    return {name: one.stock for name, one in products.items()}


def _string(batch: EventBatch, name: str, row: int) -> str | None:
    column = batch.strings.get(name)
    return None if column is None else column.get(row)


def _products(batch: EventBatch, row: int) -> tuple[str, ...]:
    """The products an event is about."""
    found = []
    own = _string(batch, "product", row)
    if own is not None:
        found.append(own)
    if batch.items is not None:
        lines = range(int(batch.items.offsets[row]), int(batch.items.offsets[row + 1]))
        found += [name for name in map(batch.items.product.get, lines) if name is not None]
    return tuple(found)


def _title(batch: EventBatch, row: int) -> str | None:
    """The name of a broadcast, where its properties give one."""
    text = _string(batch, "properties", row)
    title = json.loads(text).get("title") if text else None
    return title if isinstance(title, str) and title else None
