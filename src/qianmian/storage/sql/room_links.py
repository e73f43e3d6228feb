"""Links to one room: the host's own page, and the cards that its stream shows.

A link is `qml_` + its id + `_` + 256 random bits; it is kept as its SHA-256 and shown once, when it
is made. It ends by itself, and at once when it is revoked. What one may do with it is said by its
kind, and only in its room.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import sqlalchemy as sa
from sqlalchemy import Row

from qianmian.errors import InputError
from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.secrets import hashed, new_id, new_secret
from qianmian.storage.sql.tables import ROOM_LINKS
from qianmian.vocabulary.ids import id_problem
from qianmian.vocabulary.time import DAY_MS, MINUTE_MS

LinkKind = Literal["host", "overlay"]
LINK_KINDS: Final[tuple[LinkKind, ...]] = get_args(LinkKind)

PREFIX: Final = "qml"
LONGEST_MS: Final = 30 * DAY_MS
MOST_OF_A_ROOM: Final = 20
"""Valid at once; more of them nobody can keep apart, or revoke in a hurry."""

OPENED_EVERY_MS: Final = MINUTE_MS  # a page that loads again and again must not fill the audit
_NO_LINK: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class RoomLink:
    """A link as lists show it. Units: ms UTC."""

    id: str
    room: str
    kind: LinkKind
    created_at: int
    created_by: str
    expires_at: int
    opened_at: int | None = None

    @property
    def actor(self) -> Actor:
        """As the audit names it."""
        return Actor("link", self.id, self.kind)


class RoomLinkStore:
    """The links of a deployment.

    Raises (every method): OperationalError when the database cannot be used.
    """

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock
        self._audit = AuditTrail(database, clock)

    def of(self, room: str) -> list[RoomLink]:
        """Those of a room that are valid now, newest first."""
        newest = ROOM_LINKS.select().order_by(ROOM_LINKS.c.created_at.desc(), ROOM_LINKS.c.id)
        with self._database.read() as connection:
            found = connection.execute(newest.where(ROOM_LINKS.c.room == room, self._is_valid()))
            return [_link(row) for row in found]

    def create(
        self, room: str, kind: LinkKind, *, by: Actor, holds_ms: int = DAY_MS
    ) -> tuple[RoomLink, str]:
        """A new link: as lists show it, and the secret, which is never shown again.

        Raises: InputError for what is no room or no kind, for too long, or too many.
        """
        if id_problem(room) is not None:
            raise InputError("that is no id of a room", field="room")
        if kind not in LINK_KINDS:
            raise InputError(f"a link is one of {', '.join(LINK_KINDS)}", field="kind")
        if not 0 < holds_ms <= LONGEST_MS:
            raise InputError(f"a link holds for {LONGEST_MS // DAY_MS} days at most", field="hours")
        now = self._clock()
        made = RoomLink(new_id(), room, kind, now, by.name, now + holds_ms)
        secret = f"{PREFIX}_{made.id}_{new_secret()}"
        row = {
            "id": made.id,
            "room": room,
            "kind": kind,
            "sha256": hashed(secret),
            "created_at": now,
            "created_by": by.name,
            "expires_at": made.expires_at,
        }
        with self._database.write() as connection:
            connection.execute(ROOM_LINKS.delete().where(ROOM_LINKS.c.expires_at <= now))
            mine = sa.select(sa.func.count()).where(ROOM_LINKS.c.room == room, self._is_valid())
            if int(connection.execute(mine).scalar_one()) >= MOST_OF_A_ROOM:
                raise InputError(f"a room has {MOST_OF_A_ROOM} links at most; revoke one first")
            connection.execute(ROOM_LINKS.insert().values(**row))
            told = {"room": room, "kind": kind, "expires_at": made.expires_at}
            self._audit.append(connection, by, "room_link.created", made.id, after=told)
        return made, secret

    def revoke(self, room: str, link_id: str, *, by: Actor) -> bool:
        """End a link of this room; whether it was valid until now."""
        mine = (ROOM_LINKS.c.id == link_id, ROOM_LINKS.c.room == room, self._is_valid())
        with self._database.write() as connection:
            found = connection.execute(ROOM_LINKS.select().where(*mine)).one_or_none()
            if found is not None:
                where = ROOM_LINKS.c.id == link_id
                connection.execute(
                    ROOM_LINKS.update().where(where).values(revoked_at=self._clock())
                )
                told = {"room": room, "kind": found.kind}
                self._audit.append(connection, by, "room_link.revoked", link_id, before=told)
        return found is not None

    def by_secret(self, secret: str) -> RoomLink | None:
        """The valid link that this text is; None for every other text."""
        parts = secret.split("_", 2)
        link_id = parts[1] if len(parts) == 3 and parts[0] == PREFIX else ""
        query = ROOM_LINKS.select().where(ROOM_LINKS.c.id == link_id, self._is_valid())
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        is_right = hmac.compare_digest(hashed(secret), _NO_LINK if row is None else row.sha256)
        return _link(row) if row is not None and is_right else None

    def open(self, secret: str) -> RoomLink | None:
        """The same, for a page that begins with it, which the audit tells once a minute at most."""
        link = self.by_secret(secret)
        now = self._clock()
        if link is not None and (link.opened_at is None or now >= link.opened_at + OPENED_EVERY_MS):
            told = {"room": link.room}
            with self._database.write() as connection:
                where = ROOM_LINKS.c.id == link.id
                connection.execute(ROOM_LINKS.update().where(where).values(opened_at=now))
                self._audit.append(connection, link.actor, "room_link.opened", link.id, after=told)
        return link

    def _is_valid(self) -> sa.ColumnElement[bool]:
        is_open: sa.ColumnElement[bool] = ROOM_LINKS.c.revoked_at.is_(None)
        return sa.and_(is_open, ROOM_LINKS.c.expires_at > self._clock())


def _link(row: Row[Any]) -> RoomLink:
    names = ("id", "room", "kind", "created_at", "created_by", "expires_at", "opened_at")
    return RoomLink(*(getattr(row, name) for name in names))
