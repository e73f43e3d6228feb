"""What is hot in a room, and what its floor manager recommends, on the pages of its viewers.

A list is a message to the whole room, of which only the newest says anything; whoever comes in is
given it with the welcome. It is told again when its products change or its time runs out, and taken
back when nobody wants it any more or the session is over. Nothing personal is in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from qianmian.runtime.following import Following
from qianmian.runtime.live import Live
from qianmian.storage.sql.room_lists import ChosenLists, RoomListStore
from qianmian.vocabulary.product import Product
from qianmian.vocabulary.room_message import MAX_PRODUCTS, Kind, ProductShown, RoomMessage
from qianmian.vocabulary.time import MINUTE_MS

HOT_SHOWN: Final = 5
HOT_APART_MS: Final = 30_000
"""What is hot changes places all the time; nobody reads a list that never stands still."""

HOLDS_MS: Final = 10 * MINUTE_MS
"""A list outlives a server that has died by no more than this."""

Ask = Callable[[Callable[[Live], "InRooms"]], Awaitable["InRooms"]]


class Pages(Protocol):
    """What sends to viewers: the hub of their pages."""

    def publish(self, message: RoomMessage) -> int:
        """Send to everybody whom it is for."""

    def withdraw(self, message_id: str, room: str) -> int:
        """Take back from everybody who has it."""


class InRooms(NamedTuple):
    """The rooms with a session: what is hot in each, what is sold out, the products of the shop."""

    hot: Mapping[str, Sequence[str]]
    sold_out: Mapping[str, frozenset[str]]
    products: Mapping[str, Product]


class RoomLists(Following):
    """Keeps the lists of all rooms told; used on the event loop.

    Args:
        ask: reads the state on the engine's thread.
        now: ms UTC.
    """

    look_s = 5.0

    def __init__(
        self,
        store: RoomListStore,
        ask: Ask,
        pages: Pages,
        currency: str,
        now: Callable[[], int],
    ) -> None:
        self.store = store
        self._ask = ask
        self._pages = pages
        self._currency = currency
        self._now = now
        self._told: dict[tuple[str, Kind], RoomMessage] = {}
        self._one_at_a_time = asyncio.Lock()

    async def follow(self) -> None:
        """Tell what has changed. Cost: one small query, and one question to the engine.

        Raises: OperationalError when the database cannot be used.
        """
        async with self._one_at_a_time:
            chosen = {one.room: one for one in await asyncio.to_thread(self.store.all)}
            if not chosen and not self._told:
                return
            listed = {*(name for one in chosen.values() for name in one.recommended)}
            listed |= {one.id for told in self._told.values() for one in told.products}
            found = await self._ask(lambda live: _in_rooms(live, chosen, listed))
            wanted = self._wanted(chosen, found)
            for place in [place for place in self._told if place not in wanted]:
                self._pages.withdraw(self._told.pop(place).id, place[0])
            for place, products in wanted.items():
                self._tell(*place, products, found.sold_out.get(place[0], frozenset()))

    async def shown(self, room: str) -> tuple[list[ProductShown], list[ProductShown]]:
        """What is hot in a room, and what is recommended there, as viewers would see it."""
        chosen = await asyncio.to_thread(self.store.of, room)
        listed = set(chosen.recommended)
        found = await self._ask(lambda live: _in_rooms(live, {room: chosen}, listed))
        hot = self._products(room, found.hot.get(room, ()), found)
        return hot[:HOT_SHOWN], self._products(room, chosen.recommended, found)

    # -- parts

    def _wanted(
        self, chosen: Mapping[str, ChosenLists], found: InRooms
    ) -> dict[tuple[str, Kind], tuple[ProductShown, ...]]:
        wanted: dict[tuple[str, Kind], tuple[ProductShown, ...]] = {}
        for room, hot in found.hot.items():
            if chosen[room].is_hot_shown:
                wanted[room, "hot_list"] = tuple(self._products(room, hot, found)[:HOT_SHOWN])
            recommended = self._products(room, chosen[room].recommended, found)
            wanted[room, "recommended"] = tuple(recommended)
        return {place: products for place, products in wanted.items() if products}

    def _products(self, room: str, ids: Sequence[str], found: InRooms) -> list[ProductShown]:
        """Of those that can be bought, and that have a name to be called by."""
        gone = found.sold_out.get(room, frozenset())
        known = [found.products[one] for one in ids if one in found.products]
        sold = [one for one in known if one.id not in gone and one.title]
        return [
            ProductShown(one.id, one.title, one.link_number, one.price_minor, self._currency)
            for one in sold[:MAX_PRODUCTS]
        ]

    def _tell(
        self,
        room: str,
        kind: Kind,
        products: tuple[ProductShown, ...],
        sold_out: frozenset[str],
    ) -> None:
        now, before = self._now(), self._told.get((room, kind))
        if before is not None:
            is_fresh = now - before.at < (HOT_APART_MS if kind == "hot_list" else 0)
            is_fresh &= sold_out.isdisjoint(one.id for one in before.products)
            is_same = before.products == products and before.expires_at - now > HOLDS_MS // 2
            if is_fresh or is_same:
                return
        message = RoomMessage(
            id=f"{kind}-{now}",
            room=room,
            viewer=None,
            kind=kind,
            at=now,
            expires_at=now + HOLDS_MS,
            title="",
            products=products,
        )
        self._told[room, kind] = message
        self._pages.publish(message)


def _in_rooms(live: Live, rooms: Mapping[str, ChosenLists], listed: Iterable[str]) -> InRooms:
    """On the engine's thread; of what is listed, and of what is hot, it is told what is gone."""
    open_rooms = set(() if live.engine is None else live.engine.open_rooms())
    boards = {room: live.views.board(room) for room in rooms if room in open_rooms}
    hot = {room: [one.product for one in board.hot] for room, board in boards.items() if board}
    sold_out = {
        room: frozenset(
            one for one in {*listed, *hot.get(room, ())} if live.views.is_sold_out(room, one)
        )
        for room in rooms
    }
    return InRooms(hot, sold_out, {one.id: one for one in live.products})
