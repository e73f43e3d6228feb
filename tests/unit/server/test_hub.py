"""The hub of the console: who comes back has what was missed, or a whole board, and nothing old."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from qianmian.runtime.board import Board
from qianmian.server.hub import KEPT_DELTAS, QUEUE_MESSAGES, Hub, Tab
from tests.fakes.memory_log import MemoryLog
from tests.room_story import new_live, written

TOPIC = "room:r1"


def first_board() -> Board:
    log, live = MemoryLog(), new_live()
    written(log, live)
    board = live.views.board("r1")
    assert board is not None
    return board


BOARD = first_board()


class Room:
    """A room whose board somebody writes."""

    def __init__(self) -> None:
        self.board = BOARD
        self.hub = Hub(self._read)

    async def _read(self, _room: str) -> Board:
        return self.board

    def says(self, online: int) -> None:
        self.board = msgspec.structs.replace(self.board, online=online)
        if "r1" in self.hub.watched:  # as the server does
            self.hub.publish(self.board)

    def watch(self, after: int | None = None) -> Tab:
        tab = Tab()
        assert asyncio.run(self.hub.subscribe(tab, TOPIC, after)) is None
        return tab


def told(tab: Tab) -> list[dict[str, Any]]:
    found = []
    while not tab.queue.empty():
        found.append(msgspec.json.decode(tab.queue.get_nowait()))
    return found


def seen(messages: list[dict[str, Any]], before: int | None = None) -> int | None:
    """The number that a page shows after these messages."""
    for one in messages:
        if one["op"] == "snapshot" or "online" in one["data"]:
            before = one["data"]["online"]
    return before


def test_deltas_follow_a_snapshot_and_whoever_was_away_shortly_has_only_those() -> None:
    room = Room()
    stays, leaves = room.watch(), room.watch()
    room.says(1)
    seq = told(leaves)[-1]["seq"]
    room.hub.leave(leaves)
    room.says(2)
    again = told(room.watch(seq))
    assert [one["op"] for one in again] == ["delta"]
    assert seen(again) == 2
    assert [one["op"] for one in told(stays)] == ["snapshot", "delta", "delta"]


def test_who_comes_back_after_everybody_was_away_has_a_whole_board_of_now() -> None:
    room = Room()
    tab = room.watch()
    room.says(1)
    seq = told(tab)[-1]["seq"]
    room.hub.leave(tab)
    room.says(7)
    again = told(room.watch(seq))
    assert [one["op"] for one in again] == ["snapshot"]
    assert seen(again) == 7
    assert again[0]["seq"] > seq


def test_who_does_not_keep_up_begins_again_with_a_whole_board() -> None:
    room = Room()
    tab = room.watch()
    for number in range(QUEUE_MESSAGES):  # with the snapshot one too many
        room.says(100 + number)
    assert told(tab) == [], "what waited is forgotten"
    room.says(900)
    late = told(tab)
    assert [one["op"] for one in late] == ["snapshot"]
    assert seen(late) == 900
    room.says(901)
    assert [one["op"] for one in told(tab)] == ["delta"]


def test_who_was_away_too_long_has_a_whole_board() -> None:
    room = Room()
    room.watch()
    for number in range(KEPT_DELTAS + 5):
        room.says(100 + number)
    assert [one["op"] for one in told(room.watch(1))] == ["snapshot"]
    assert [one["op"] for one in told(room.watch(10**9))] == ["snapshot"], "of another process"


def test_all_tabs_have_the_same_bytes() -> None:
    room = Room()
    tabs = [room.watch() for _ in range(3)]
    room.says(3)
    queues = [[tab.queue.get_nowait() for _ in range(tab.queue.qsize())] for tab in tabs]
    first, *others = queues
    for other in others:
        assert [a is b for a, b in zip(first, other, strict=True)] == [True, True]
