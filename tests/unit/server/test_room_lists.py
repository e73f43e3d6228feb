"""Lists of products on the pages of a room, and answers of the shop's assistant."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.runtime.live import Live
from qianmian.server.room_lists import HOLDS_MS, HOT_APART_MS, HOT_SHOWN, InRooms, RoomLists
from qianmian.server.viewers.hub import ViewersHub
from qianmian.server.viewers.line import Line
from qianmian.storage.sql.audit import SYSTEM
from qianmian.storage.sql.room_lists import ChosenLists, RoomListStore
from qianmian.vocabulary.product import Product
from qianmian.vocabulary.room_message import RoomMessage
from tests.tables import database_in

CATALOG = tuple(
    Product(f"p{n}", f"Product {n}", n, price_minor=100 * n, stock=n if n < 3 else None)
    for n in range(12)
)  # p0 is out of stock


class Room:
    """A room whose board is made by hand, its store, and the pages of its viewers."""

    def __init__(self, folder: Path) -> None:
        self.now = 1_800_000_000_000
        self.open = ["r1"]
        self.hot = ["p1", "p0", "p2"]
        self.gone = {"p0"}
        database = database_in(folder / "lists.db")
        self.store = RoomListStore(database, lambda: self.now)
        self.hub = ViewersHub(lambda: self.now)
        self.published: list[RoomMessage] = []
        self.withdrawn: list[str] = []
        self.lists = RoomLists(self.store, self.ask, self, "CNY", lambda: self.now)

    async def ask(self, read: Callable[[Live], InRooms]) -> InRooms:
        board = SimpleNamespace(hot=[SimpleNamespace(product=one) for one in self.hot])
        live = SimpleNamespace(
            engine=SimpleNamespace(open_rooms=lambda: self.open),
            views=SimpleNamespace(
                board=lambda _room: board, is_sold_out=lambda _room, one: one in self.gone
            ),
            products=CATALOG,
        )
        return read(cast("Live", live))

    def publish(self, message: RoomMessage) -> int:
        self.published.append(message)
        return self.hub.publish(message)

    def withdraw(self, message_id: str, room: str) -> int:
        self.withdrawn.append(message_id)
        return self.hub.withdraw(message_id, room)

    def choose(self, *recommended: str, hot: bool = False, room: str = "r1") -> None:
        self.store.put(ChosenLists(room, hot, recommended), SYSTEM)

    def enter(self) -> dict[str, list[str]]:
        """What somebody who comes in now is given, by kind."""
        line = Line("u1", "r1", "", None)
        self.hub.join(line, "welcome", ())
        told = [msgspec.json.decode(one.text) for one in asyncio.run(line.take())[1:]]
        self.hub.leave(line)
        return {one["kind"]: [product["id"] for product in one["products"]] for one in told}

    def look(self, after_ms: int = 0) -> list[tuple[str, list[str]]]:
        """What is told at once, after some time."""
        self.now += after_ms
        del self.published[:]
        asyncio.run(self.lists.follow())
        return [(one.kind, [product.id for product in one.products]) for one in self.published]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_nobody_is_told_anything_that_nobody_chose(room: Room) -> None:
    assert room.look() == []
    room.choose(hot=False)
    assert room.look() == []


def test_what_cannot_be_bought_is_left_out_and_the_chosen_order_stays(room: Room) -> None:
    room.choose("p5", "p0", "p3", hot=True)
    assert room.look() == [("hot_list", ["p1", "p2"]), ("recommended", ["p5", "p3"])]
    (shown, *_), _ = (one.products for one in room.published)
    assert (shown.title, shown.link_number, shown.price_minor) == ("Product 1", 1, 100)


def test_it_is_told_again_when_it_changes_and_before_it_runs_out(room: Room) -> None:
    room.choose("p5", hot=True)
    room.look()
    assert room.look(1) == []
    room.hot.reverse()
    assert room.look(HOT_APART_MS - 2) == []  # nobody reads a list that never stands still
    assert room.look(1) == [("hot_list", ["p2", "p1"])]
    room.choose("p6")
    assert room.look(1) == [("recommended", ["p6"])]
    assert room.look(HOLDS_MS // 2) == [("recommended", ["p6"])]


def test_what_is_sold_out_leaves_at_once_however_lately_it_was_told(room: Room) -> None:
    room.choose("p2", "p5", hot=True)
    room.look()
    room.gone.add("p2")
    assert room.look(1) == [("hot_list", ["p1"]), ("recommended", ["p5"])]
    room.gone = {"p0"}
    assert room.look(1) == [("recommended", ["p2", "p5"])]  # what is hot can wait
    room.gone = {"p0", "p1", "p2"}
    assert room.look(1) == [("recommended", ["p5"])]
    assert len(room.withdrawn) == 1, "nothing hot is left"


def test_a_list_that_is_chosen_no_more_and_those_of_a_session_that_is_over_are_taken_back(
    room: Room,
) -> None:
    room.choose("p5", hot=True)
    room.look()
    hot, recommended = (one.id for one in room.published)
    room.choose("p5")
    room.look(1)
    assert room.withdrawn == [hot]
    room.open = []
    assert room.look(1) == []
    assert room.withdrawn == [hot, recommended]
    room.open = ["r1"]
    assert room.look(1) == [("recommended", ["p5"])]


def test_what_is_hot_is_short(room: Room) -> None:
    room.hot = [one.id for one in CATALOG]
    room.choose(hot=True)
    assert [len(ids) for _, ids in room.look()] == [HOT_SHOWN]


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from([one.id for one in CATALOG]), unique=True, max_size=4),
            st.booleans(),
            st.lists(st.sampled_from([one.id for one in CATALOG]), unique=True, max_size=4),
            st.integers(0, HOLDS_MS),
        ),
        max_size=8,
    )
)
def test_whoever_comes_in_is_given_what_is_chosen_now(
    tmp_path_factory: pytest.TempPathFactory,
    evening: Sequence[tuple[Sequence[str], bool, Sequence[str], int]],
) -> None:
    """The hub keeps the newest of a kind, so what it keeps is what a new viewer reads."""
    room = Room(tmp_path_factory.mktemp("lists"))
    for recommended, hot, hottest, apart in evening:
        room.hot = list(hottest)
        room.choose(*recommended, hot=hot)
        room.look(apart)
        given = room.enter()
        listed = [one for one in recommended if one != "p0"]
        assert given.get("recommended", []) == listed
        assert hot or "hot_list" not in given
