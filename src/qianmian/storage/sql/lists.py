"""Lists of viewers that a shop uploads: named, and every upload is a version.

Every change raises the number of the topic `lists`, so that a server notices what another process
(`qianmian lists import`) has changed, by one cheap question.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from qianmian.errors import InputError, NotThere
from qianmian.language.values import check_name
from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.changes import note_change, number_of
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.tables import LIST_MEMBERS, LISTS

TOPIC: Final = "lists"
MAX_LISTS: Final = 200
MAX_TITLE: Final = 64
KEPT_VERSIONS: Final = 5
"""Of whose members are kept; of older ones only who made them, when and how long they were."""

_AT_ONCE: Final = 2_000  # rows of one statement


@dataclass(frozen=True, slots=True)
class ListVersion:
    """One version of a list; the newest one holds.

    Attributes:
        size: viewers on it.
        made_at: ms UTC.
        is_kept: whether its members are still there.
    """

    key: str
    version: int
    title: str
    size: int
    made_at: int
    made_by: str
    is_kept: bool = True


@dataclass(frozen=True, slots=True)
class ListTaken:
    """What an upload did, or would do.

    Attributes:
        version: that holds now; the one before where nothing has changed.
        is_new: whether anything has changed.
    """

    version: int
    size: int
    added: int
    removed: int
    is_new: bool


class ListStore:
    """The lists of a deployment.

    Args:
        most: lists that there may be.

    Raises (every method): OperationalError when the database cannot be used.
    """

    def __init__(self, database: Database, clock: Callable[[], int], most: int = MAX_LISTS) -> None:
        self._most = most
        self._database = database
        self._clock = clock
        self._audit = AuditTrail(database, clock)
        self._held: tuple[int, Mapping[str, Sequence[str]]] = (-1, MappingProxyType({}))
        self._titles: tuple[int, Mapping[str, str]] = (-1, MappingProxyType({}))

    # -- reading

    def number(self) -> int:
        """Grows with every change; 0 while there never was a list."""
        with self._database.read() as connection:
            return number_of(connection, TOPIC)

    def all(self) -> list[ListVersion]:
        """The newest version of every list, by key."""
        newest = {one.key: one for one in self._versions()}
        return list(newest.values())

    def versions(self, key: str) -> list[ListVersion]:
        """Every version of a list, newest first; none when there is no such list."""
        return [one for one in reversed(self._versions()) if one.key == key]

    def members(self, key: str, version: int | None = None) -> list[str]:
        """Who is on a list, by id; of an older version while it is kept.

        Raises: NotThere.
        """
        known = {one.version: one for one in self.versions(key)}
        if not known:
            raise NotThere(f'there is no list "{key}"')
        wanted = max(known) if version is None else version
        if wanted not in known or not known[wanted].is_kept:
            raise NotThere(f'the members of version {wanted} of the list "{key}" are not kept')
        with self._database.read() as connection:
            return _members(connection, key, wanted)

    def newest(self) -> Mapping[str, Sequence[str]]:
        """Who is on each list; the same mapping until one is changed."""
        with self._database.read() as connection:
            number = number_of(connection, TOPIC)
            if number != self._held[0]:
                newest = {row.key: row.version for row in connection.execute(_ordered())}
                found = {key: _members(connection, key, newest[key]) for key in newest}
                self._held = number, MappingProxyType(found)
            return self._held[1]

    def titles(self) -> Mapping[str, str]:
        """How people call each list; the same mapping until one is changed."""
        number = self.number()
        if number != self._titles[0]:
            found = {one.key: one.title or one.key for one in self.all()}
            self._titles = number, MappingProxyType(found)
        return self._titles[1]

    def of(self, viewers: Collection[str]) -> list[dict[str, Any]]:
        """On which versions of which lists these viewers are, as {viewer, list, version}."""
        table = LIST_MEMBERS
        query = table.select().where(table.c.viewer.in_(sorted(viewers)))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.c.viewer, table.c.key, table.c.version))
            return [{"viewer": r.viewer, "list": r.key, "version": r.version} for r in rows]

    # -- changing

    def put(
        self,
        key: str,
        viewers: Sequence[str],
        *,
        by: Actor,
        title: str = "",
        reason: str = "",
        dry_run: bool = False,
        told: Mapping[str, Any] | None = None,
    ) -> ListTaken:
        """These viewers are the list from now on, each of them once.

        Args:
            title: how people call it; that of the version before where it is empty.
            dry_run: say what would be done, and change nothing.
            told: about the table, for the audit.

        Raises: DefinitionError for a key that is no name; InputError when there would be too many
            lists, or for a title that cannot be shown.
        Cost: one transaction, in which nobody else can write: about 5 µs a viewer.
        """
        check_name(key, "a list")
        _check_title(title)
        now = set(viewers)
        if dry_run:
            with self._database.read() as connection:
                return self._compared(connection, key, title, now)[0]
        with self._database.write() as connection:
            taken, words = self._compared(connection, key, title, now)
            if not taken.is_new:
                return taken
            row = {"key": key, "version": taken.version, "title": words, "size": taken.size}
            row |= {"made_at": self._clock(), "made_by": by.name}
            connection.execute(LISTS.insert().values(row))
            _write(connection, key, taken.version, sorted(now))
            _drop_old(connection, key, taken.version)
            note_change(connection, TOPIC)
            after = {name: getattr(taken, name) for name in ("version", "size", "added", "removed")}
            self._audit.append(
                connection, by, "list.imported", key, after=after | dict(told or {}), reason=reason
            )
        return taken

    def delete(self, key: str, *, by: Actor, reason: str = "") -> None:
        """Take a list away with all its versions.

        Raises: NotThere.
        """
        with self._database.write() as connection:
            note_change(connection, TOPIC)
            gone = connection.execute(LISTS.delete().where(LISTS.c.key == key)).rowcount
            if not gone:
                raise NotThere(f'there is no list "{key}"')
            connection.execute(LIST_MEMBERS.delete().where(LIST_MEMBERS.c.key == key))
            self._audit.append(connection, by, "list.deleted", key, reason=reason)

    def forget(self, viewers: Collection[str]) -> int:
        """Take persons off every version of every list, for erasure; how many lines that were."""
        with self._database.write() as connection:
            where = LIST_MEMBERS.c.viewer.in_(sorted(viewers))
            gone = int(connection.execute(LIST_MEMBERS.delete().where(where)).rowcount)
            if gone:
                note_change(connection, TOPIC)
        return gone

    # -- parts

    def _compared(
        self, connection: Connection, key: str, title: str, now: set[str]
    ) -> tuple[ListTaken, str]:
        """What these viewers would change of a list, and its title then.

        Raises: InputError when there would be too many lists.
        """
        rows = connection.execute(_ordered()).all()
        before = next((row for row in reversed(rows) if row.key == key), None)
        if before is None:
            if len({row.key for row in rows}) >= self._most:
                raise InputError(f"there are {self._most} lists; take one away first")
            return ListTaken(1, len(now), len(now), 0, is_new=True), title
        had = set(_members(connection, key, before.version))
        added, removed = len(now - had), len(had - now)
        words = title or before.title
        if not added and not removed and words == before.title:
            return ListTaken(before.version, len(now), 0, 0, is_new=False), words
        return ListTaken(before.version + 1, len(now), added, removed, is_new=True), words

    def _versions(self) -> list[ListVersion]:
        """By key and version."""
        with self._database.read() as connection:
            rows = connection.execute(_ordered()).all()
        newest = {row.key: row.version for row in rows}
        return [
            ListVersion(
                row.key,
                row.version,
                row.title,
                row.size,
                row.made_at,
                row.made_by,
                row.version > newest[row.key] - KEPT_VERSIONS,
            )
            for row in rows
        ]


def _ordered() -> sa.Select[Any]:
    return LISTS.select().order_by(LISTS.c.key, LISTS.c.version)


def _members(connection: Connection, key: str, version: int) -> list[str]:
    here = (LIST_MEMBERS.c.key == key) & (LIST_MEMBERS.c.version == version)
    query = sa.select(LIST_MEMBERS.c.viewer).where(here).order_by(LIST_MEMBERS.c.viewer)
    return list(connection.execute(query).scalars())


def _write(connection: Connection, key: str, version: int, viewers: Sequence[str]) -> None:
    for start in range(0, len(viewers), _AT_ONCE):
        some = viewers[start : start + _AT_ONCE]
        rows = [{"key": key, "version": version, "viewer": viewer} for viewer in some]
        connection.execute(LIST_MEMBERS.insert(), rows)


def _drop_old(connection: Connection, key: str, version: int) -> None:
    old = (LIST_MEMBERS.c.key == key) & (LIST_MEMBERS.c.version <= version - KEPT_VERSIONS)
    connection.execute(LIST_MEMBERS.delete().where(old))


def _check_title(title: str) -> None:
    if len(title) > MAX_TITLE:
        raise InputError(f"the title has {len(title)} characters; at most {MAX_TITLE} are shown")
    if not title.isprintable():
        raise InputError("the title holds a character that cannot be shown; remove it")
