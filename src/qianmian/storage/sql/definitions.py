"""The versions of definitions in the database: who made what active, when, and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.engine import Connection, Row

from qianmian.errors import NotThere
from qianmian.runtime.definition_versions import Version, check_topic
from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.changes import note_change, number_of
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.tables import DEFINITION_VERSIONS

TOPIC: Final = "definitions"
_V: Final = DEFINITION_VERSIONS.c


class DefinitionStore:
    """The `DefinitionVersions` of a deployment.

    Args:
        actor_kind: who `by` names, for the audit: people of the console, or of a terminal.

    Raises (every method): OperationalError when the database cannot be used.
    """

    def __init__(
        self, database: Database, clock: Callable[[], int], *, actor_kind: str = "account"
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = AuditTrail(database, clock)
        self._actor_kind = actor_kind

    def number(self) -> int:
        """Grows with each change, also of another process."""
        with self._database.read() as connection:
            return number_of(connection, TOPIC)

    def all(self) -> list[Version]:
        """Every version, by kind, key and version."""
        order = DEFINITION_VERSIONS.select().order_by(_V.kind, _V.key, _V.version)
        with self._database.read() as connection:
            return [_version(row) for row in connection.execute(order)]

    def save_draft(self, draft: Version) -> Version:
        """Make or replace the draft of a place.

        Its number is the one after all that there are, at least the one it brings. The audit
        learns that somebody began one, and not of each word that follows.
        """
        with self._changing() as connection:
            is_new = not _drafts(connection, draft.kind, draft.key)
            saved = self._save(connection, draft)
            if is_new:
                self._tell(connection, "definition.drafted", saved, by=draft.made_by, why="")
            return saved

    def drop_draft(self, kind: str, key: str, *, by: str) -> bool:
        """Throw the draft away; whether there was one."""
        with self._changing() as connection:
            for gone in _drafts(connection, kind, key):
                self._tell(connection, "definition.dropped", gone, by=by, why="")
            return self._drop(connection, kind, key)

    def activate(self, kind: str, key: str, *, by: str, why: str) -> Version:
        """The draft becomes active in place of what was.

        Raises: NotThere when there is no draft.
        """
        with self._changing() as connection:
            return self._activate(connection, kind, key, by=by, why=why)

    def retire(self, version: Version, *, by: str, why: str) -> Version:
        """A place has no active version from now on; a built-in one is noted as it is."""
        with self._changing() as connection:
            return self._retire(connection, version, by=by, why=why)

    def take(
        self, drafts: Sequence[Version], leaving: Sequence[Version], *, by: str, why: str
    ) -> list[Version]:
        """Make these active and retire those, all or none; what came into force.

        What is the same already stays as it is.
        """
        with self._changing() as connection:
            for one in leaving:
                self._retire(connection, one, by=by, why=why)
            active = {one.place: one for one in _active(connection)}
            taken = []
            for draft in drafts:
                now = active.get(draft.place)
                if now is None or _content(now) != _content(draft):
                    self._save(connection, draft)
                    taken.append(self._activate(connection, draft.kind, draft.key, by=by, why=why))
            return taken

    # -- parts

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        with self._database.write() as connection:
            note_change(connection, TOPIC)
            yield connection

    def _save(self, connection: Connection, draft: Version) -> Version:
        check_topic(draft)
        self._drop(connection, draft.kind, draft.key)
        here = (_V.kind == draft.kind) & (_V.key == draft.key)
        others = [
            row.version for row in connection.execute(DEFINITION_VERSIONS.select().where(here))
        ]
        number = max(draft.version, *(n + 1 for n in others)) if others else draft.version
        saved = replace(draft, version=number, state="draft", made_at=self._clock())
        connection.execute(DEFINITION_VERSIONS.insert().values(**_values(saved)))
        return saved

    def _drop(self, connection: Connection, kind: str, key: str) -> bool:
        where = (_V.kind == kind) & (_V.key == key) & (_V.state == "draft")
        return bool(connection.execute(DEFINITION_VERSIONS.delete().where(where)).rowcount)

    def _activate(
        self, connection: Connection, kind: str, key: str, *, by: str, why: str
    ) -> Version:
        self._end(connection, kind, key, "replaced", by)
        where = (_V.kind == kind) & (_V.key == key) & (_V.state == "draft")
        values = {"state": "active", "active_from": self._clock(), "why": why}
        if not connection.execute(
            DEFINITION_VERSIONS.update().where(where).values(**values)
        ).rowcount:
            raise NotThere(f'the {kind} "{key}" has no draft; save one first')
        now = _one(connection, (_V.kind == kind) & (_V.key == key) & (_V.state == "active"))
        self._tell(connection, "definition.activated", now, by=by, why=why)
        return now

    def _retire(self, connection: Connection, version: Version, *, by: str, why: str) -> Version:
        here = (_V.kind == version.kind) & (_V.key == version.key)
        active = connection.execute(
            DEFINITION_VERSIONS.select().where(here & (_V.state == "active"))
        ).first()
        number = version.version if active is None else active.version
        where = here & (_V.version == number)
        values: dict[str, Any] = {"state": "retired", "active_until": self._clock(), "ended_by": by}
        if not connection.execute(
            DEFINITION_VERSIONS.update().where(where).values(**values, why=why)
        ).rowcount:
            ended = replace(version, made_by=by, why=why, **values)
            connection.execute(DEFINITION_VERSIONS.insert().values(**_values(ended)))
        gone = _one(connection, where)
        self._tell(connection, "definition.retired", gone, by=by, why=why)
        return gone

    def _tell(
        self, connection: Connection, action: str, version: Version, *, by: str, why: str
    ) -> None:
        """The audit learns what came into force or left it, in the same transaction."""
        told = {"version": version.version, "text": version.text}
        subject = f"{version.kind} {version.key}"
        actor = Actor(self._actor_kind, "", by)
        self._audit.append(connection, actor, action, subject, after=told, reason=why)

    def _end(self, connection: Connection, kind: str, key: str, state: str, by: str) -> None:
        where = (_V.kind == kind) & (_V.key == key) & (_V.state == "active")
        values = {"state": state, "active_until": self._clock(), "ended_by": by}
        connection.execute(DEFINITION_VERSIONS.update().where(where).values(**values))


def _active(connection: Connection) -> list[Version]:
    where = _V.state == "active"
    return [_version(row) for row in connection.execute(DEFINITION_VERSIONS.select().where(where))]


def _drafts(connection: Connection, kind: str, key: str) -> list[Version]:
    """The draft of a place, if there is one."""
    where = (_V.kind == kind) & (_V.key == key) & (_V.state == "draft")
    return [_version(row) for row in connection.execute(DEFINITION_VERSIONS.select().where(where))]


def _one(connection: Connection, where: Any) -> Version:
    return _version(connection.execute(DEFINITION_VERSIONS.select().where(where)).one())


def _content(version: Version) -> tuple[object, ...]:
    return version.text, dict(version.title), dict(version.meaning)


def _version(row: Row[Any]) -> Version:
    words = json.loads(row.words)
    plain = {name: getattr(row, name) for name in _PLAIN}
    return Version(**plain, title=words["title"], meaning=words["meaning"])


def _values(version: Version) -> dict[str, Any]:
    words = {"title": dict(version.title), "meaning": dict(version.meaning)}
    plain = {name: getattr(version, name) for name in _PLAIN}
    return plain | {"words": json.dumps(words, ensure_ascii=False)}


_PLAIN: Final = tuple(
    name for name in Version.__dataclass_fields__ if name not in ("title", "meaning")
)
