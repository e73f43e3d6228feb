"""What an expression is: a pulse, a level or a predicate, and of which key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Sort = Literal["pulse", "level", "predicate", "events"]


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of an expression.

    Attributes:
        sort: pulse, level, predicate (of one event) or events (a selection of them).
        key: "product" or "category" of its correlated part; None when it has none.
        reads_room: facts or events of the room are read as guards somewhere in it.
        room_moment: it counts distinct viewers, so it is about a room and not about a viewer.
        triggers: something in it can make it true; what is of the room cannot, it only guards.
    """

    sort: Sort
    key: str | None = None
    reads_room: bool = False
    room_moment: bool = False
    triggers: bool = True


PULSE = Kind("pulse")
LEVEL = Kind("level")
PREDICATE = Kind("predicate")
EVENTS = Kind("events")
ROOM_LEVEL = Kind("level", reads_room=True, triggers=False)


def joined(sort: Sort, kinds: Iterable[Kind], key: str | None = None) -> Kind:
    """The kind of a whole made of parts of these kinds."""
    parts = tuple(kinds)
    return Kind(
        sort,
        key,
        reads_room=any(part.reads_room for part in parts),
        room_moment=any(part.room_moment for part in parts),
        triggers=any(part.triggers for part in parts),
    )
