"""Levels over events of the room: guards, read when something else happens.

They look into the room's row, so they also know what was before the viewer entered, and they are
everybody's: what happens in a room, and what falls out of a window there, fires no viewer moment.
"""

from __future__ import annotations

from typing import Final, TypeGuard

from qianmian.errors import TypeProblem
from qianmian.language.ast import (
    KEYS,
    Count,
    Distinct,
    First,
    Last,
    Node,
    RoomFact,
    Select,
    TimeSince,
    walk,
)
from qianmian.language.names import ROOM_EVENTS
from qianmian.language.values import LIVE_LIMIT_MS

RoomLevel = Count | Distinct | First | Last | TimeSince

MOST_KEPT: Final = 64
"""Events of the room that a guard keeps, the newest ones."""


def is_of_room(select: Select) -> bool:
    """Whether events of the room are meant."""
    return not ROOM_EVENTS.isdisjoint(select.types)


def is_room_level(node: Node) -> TypeGuard[RoomLevel]:
    """Whether the node is a level over events of the room."""
    return isinstance(node, Count | Distinct | First | Last | TimeSince) and is_of_room(node.of)


def is_guard(node: Node) -> bool:
    """Whether the node alone is only read when something else happens."""
    return isinstance(node, RoomFact) or is_room_level(node)


def key_wanted(node: Node) -> str | None:
    """The key, if any, that a guard asks of what fires; "any" when either is good."""
    if isinstance(node, RoomFact):
        return "any" if node.value is None else None
    if is_room_level(node) and isinstance(node, Count) and node.same in KEYS:
        return node.same
    return None


def reads_room(node: Node) -> bool:
    """Whether facts or events of the room are read as guards anywhere below."""
    return any(is_guard(part) for part in walk(node))


def is_room_moment(node: Node) -> bool:
    """Whether the expression counts distinct viewers, which only a room can."""
    return any(isinstance(part, Distinct) and part.field == "viewer" for part in walk(node))


def check_owner(select: Select, what: str) -> bool:
    """Whether these are events of the room.

    Args:
        what: for the message, e.g. "a count".

    Raises: TypeProblem when events of the room and of the viewer are mixed.
    """
    of_room = ROOM_EVENTS.intersection(select.types)
    if of_room and len(of_room) < len(set(select.types)):
        raise TypeProblem(
            f"{what} mixes events of the room and of the viewer; write two of them, one of each, "
            "joined by and or or"
        )
    return bool(of_room)


def check_room_window(within: int | str) -> None:
    """Refuse a window that the room's row cannot hold: facts are kept by viewer only.

    Raises: TypeProblem.
    """
    if isinstance(within, int) and within > LIVE_LIMIT_MS:
        raise TypeProblem(
            "events of the room are kept for 7d at most, and until the session ends; "
            "write a shorter window or this session"
        )
