"""Which lists of products the pages of a room show, as its floor manager chose it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from qianmian.errors import InputError
from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.tables import ROOM_LISTS
from qianmian.vocabulary.ids import id_problem
from qianmian.vocabulary.room_message import MAX_PRODUCTS


@dataclass(frozen=True, slots=True)
class ChosenLists:
    """What is listed in one room.

    Attributes:
        is_hot_shown: whether viewers see what is hot.
        recommended: ids of products, the first one first.
    """

    room: str
    is_hot_shown: bool = False
    recommended: tuple[str, ...] = ()


class RoomListStore:
    """The choices of a deployment.

    Raises (every method): OperationalError when the database cannot be used.
    """

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock
        self._audit = AuditTrail(database, clock)

    def all(self) -> list[ChosenLists]:
        """Of every room for which something was chosen, by room."""
        with self._database.read() as connection:
            found = connection.execute(ROOM_LISTS.select().order_by(ROOM_LISTS.c.room))
            return [_chosen(row) for row in found]

    def of(self, room: str) -> ChosenLists:
        """Of one room; nothing where nobody has chosen."""
        with self._database.read() as connection:
            row = connection.execute(ROOM_LISTS.select().where(ROOM_LISTS.c.room == room)).first()
        return ChosenLists(room) if row is None else _chosen(row)

    def put(self, chosen: ChosenLists, by: Actor) -> None:
        """What is listed from now on.

        Raises: InputError for what is no room, a product twice, or too many.
        """
        if id_problem(chosen.room) is not None:
            raise InputError("that is no id of a room", field="room")
        if len(set(chosen.recommended)) != len(chosen.recommended):
            raise InputError("a product is in it twice; take one away", field="recommended")
        if len(chosen.recommended) > MAX_PRODUCTS:
            raise InputError(f"at most {MAX_PRODUCTS} products", field="recommended")
        told: dict[str, Any] = {
            "is_hot_shown": chosen.is_hot_shown,
            "recommended": list(chosen.recommended),
        }
        with self._database.write() as connection:
            connection.execute(ROOM_LISTS.delete().where(ROOM_LISTS.c.room == chosen.room))
            row = {
                "room": chosen.room,
                "is_hot_shown": chosen.is_hot_shown,
                "recommended": json.dumps(chosen.recommended),
                "changed_at": self._clock(),
                "changed_by": by.name,
            }
            connection.execute(ROOM_LISTS.insert().values(**row))
            self._audit.append(connection, by, "room_lists.changed", chosen.room, after=told)


def _chosen(row: Row[Any]) -> ChosenLists:
    return ChosenLists(row.room, row.is_hot_shown, tuple(json.loads(row.recommended)))
