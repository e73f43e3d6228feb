"""Sources and their write keys.

A write key is `qm` + the first letter of its class + `_` + its id + `_` + 256 random bits. The
part before the last `_`-separated secret is public: it is shown in lists and finds the row, whose
hash is then compared in constant time. The key itself is shown once, when it is made.

Reads come from memory, which follows the database: own changes at once, those of another process
(`qianmian keys revoke`) within a second.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.engine import Connection, Row

from qianmian.errors import InputError, OperationalError, UnknownName
from qianmian.runtime.sources import Source, SourceLimits
from qianmian.storage.sql.audit import SYSTEM, Actor, AuditTrail
from qianmian.storage.sql.changes import note_change, number_of
from qianmian.storage.sql.database import Conflict, Database
from qianmian.storage.sql.secrets import hashed, new_id, new_secret
from qianmian.storage.sql.tables import SOURCES, WRITE_KEYS
from qianmian.vocabulary.events import SENDERS
from qianmian.vocabulary.ids import DEFAULT_NAMESPACE, check_namespace, id_problem
from qianmian.vocabulary.ids import prefix_of as prefix_of_namespace
from qianmian.vocabulary.time import SECOND_MS

TOPIC: Final = "sources"
LOOK_AGAIN_MS: Final = SECOND_MS
MAX_MAPPING_CHARS: Final = 1 << 16

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")
_NO_KEY: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class WriteKey:
    """A write key as lists show it. Units: ms UTC."""

    id: str
    prefix: str
    created_at: int
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A source with what is known about it. Units: ms UTC."""

    source: Source
    created_at: int
    keys: tuple[WriteKey, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    sha256: bytes
    source: Source


class SourceStore:
    """The `Sources` of a deployment, and everything that changes them.

    Args:
        home: the namespace of the deployment.

    Raises (every method): OperationalError when the database cannot be used; only looking up a
    key goes on with what is known.
    """

    def __init__(
        self, database: Database, clock: Callable[[], int], home: str = DEFAULT_NAMESPACE
    ) -> None:
        self._database = database
        self._clock = clock
        self._home = home
        self._audit = AuditTrail(database, clock)
        self._by_prefix: Mapping[str, _Known] = {}
        self._by_name: Mapping[str, Source] = {}
        self._number = -1
        self._looked_at = -LOOK_AGAIN_MS

    # -- looking up

    def by_key(self, write_key: str) -> Source | None:
        """The source of a write key that is valid now; None for every other text."""
        self._follow()
        known = self._by_prefix.get(prefix_of(write_key))
        is_right = hmac.compare_digest(hashed(write_key), known.sha256 if known else _NO_KEY)
        return known.source if known is not None and is_right else None

    def by_name(self, name: str) -> Source | None:
        """The source of that name."""
        self._follow()
        return self._by_name.get(name)

    def prefix_of(self, name: str) -> str:
        """What the viewer ids of a source begin with; "" where there is no such source."""
        found = self.by_name(name)
        return "" if found is None else found.prefix

    def prefix_in(self, namespace: str) -> str:
        """What ids of a namespace begin with; "" for the deployment's own.

        Raises: InputError for what is no namespace.
        """
        return prefix_of_namespace(check_namespace(namespace), self._home) if namespace else ""

    def prefixes(self) -> dict[str, str]:
        """What viewer ids begin with, by every namespace that is known here."""
        self._follow()
        mine = {DEFAULT_NAMESPACE: "", self._home: ""}
        return mine | {one.namespace: one.prefix for one in self._by_name.values()}

    def all(self) -> list[SourceRecord]:
        """Every source by name, its keys newest first."""
        with self._database.read() as connection:
            return _records(connection)

    # -- changing

    def create(self, source: Source, *, by: Actor = SYSTEM) -> tuple[SourceRecord, str]:
        """A new source with its first write key, which is never shown again.

        Raises: InputError for a name that is taken or a value that cannot be.
        """
        checked_source(source)
        with self._changing() as connection:
            try:
                connection.execute(
                    SOURCES.insert().values(**_values(source), created_at=self._clock())
                )
            except Conflict as exc:
                raise InputError(f'there is a source "{source.name}" already') from exc
            told = _values(source)
            self._audit.append(connection, by, "source.created", source.name, after=told)
            key = self._new_key(connection, source, by)
            record = next(r for r in _records(connection) if r.source.name == source.name)
        return record, key

    def change(self, name: str, /, *, by: Actor = SYSTEM, **fields: Any) -> Source:
        """The source with other values in some fields; name and class stay for ever.

        Raises: UnknownName for a source there is not; InputError for a value that cannot be.
        """
        fixed = {"name", "key_class", "key_id"} & fields.keys()
        if fixed:
            raise InputError(f"{min(fixed)} of a source cannot be changed; make another")
        with self._changing() as connection:
            source = self._named(connection, name)
            changed = replace(source, **fields)
            checked_source(changed)
            where = SOURCES.c.name == name
            connection.execute(SOURCES.update().where(where).values(**_values(changed)))
            before, after = _values(source), _values(changed)
            parts = [one for one in after if before[one] != after[one]]
            self._audit.append(
                connection,
                by,
                "source.changed",
                name,
                before={one: before[one] for one in parts},
                after={one: after[one] for one in parts},
            )
        return changed

    def add_key(self, name: str, *, by: Actor = SYSTEM) -> tuple[str, str]:
        """A further write key of a source: its id, and the key, which is never shown again.

        Raises: UnknownName for a source there is not.
        """
        with self._changing() as connection:
            key = self._new_key(connection, self._named(connection, name), by)
        return key.split("_", 2)[1], key

    def revoke(self, name: str, key_id: str, *, by: Actor = SYSTEM) -> bool:
        """End a write key; whether it was valid until now."""
        with self._changing() as connection:
            done = connection.execute(
                WRITE_KEYS.update()
                .where(
                    WRITE_KEYS.c.source == name,
                    WRITE_KEYS.c.id == key_id,
                    WRITE_KEYS.c.revoked_at.is_(None),
                )
                .values(revoked_at=self._clock())
            )
            if done.rowcount == 1:
                told = {"key": key_id}
                self._audit.append(connection, by, "write_key.revoked", name, before=told)
        return done.rowcount == 1

    # -- parts

    def _follow(self) -> None:
        """Take over what was changed; at most one look a second."""
        now = self._clock()
        if 0 <= now - self._looked_at < LOOK_AGAIN_MS:
            return
        self._looked_at = now
        try:
            with self._database.read() as connection:
                number = number_of(connection, TOPIC)
                if number != self._number:
                    self._load(connection)
                    self._number = number
        except OperationalError:
            if self._number < 0:
                raise

    def _load(self, connection: Connection) -> None:
        found = (_source(row) for row in connection.execute(SOURCES.select()))
        sources = {one.name: self._placed(one) for one in found}
        valid = WRITE_KEYS.select().where(WRITE_KEYS.c.revoked_at.is_(None))
        self._by_prefix = {
            row.prefix: _Known(row.sha256, replace(sources[row.source], key_id=row.id))
            for row in connection.execute(valid)
        }
        self._by_name = sources

    def _placed(self, source: Source) -> Source:
        return replace(source, prefix=prefix_of_namespace(source.namespace, self._home))

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """A transaction that other processes will notice, and this one at once."""
        with self._database.write() as connection:
            note_change(connection, TOPIC)
            yield connection
        self._looked_at = -LOOK_AGAIN_MS

    def _named(self, connection: Connection, name: str) -> Source:
        rows = {row.name: row for row in connection.execute(SOURCES.select())}
        if name not in rows:
            raise UnknownName.of("source", name, rows)
        return _source(rows[name])

    def _new_key(self, connection: Connection, source: Source, by: Actor) -> str:
        key_id = new_id()
        prefix = f"qm{source.key_class[0]}_{key_id}"
        key = f"{prefix}_{new_secret()}"
        connection.execute(
            WRITE_KEYS.insert().values(
                id=key_id,
                source=source.name,
                prefix=prefix,
                sha256=hashed(key),
                created_at=self._clock(),
            )
        )
        told = {"key": key_id}
        self._audit.append(connection, by, "write_key.created", source.name, after=told)
        return key


def prefix_of(write_key: str) -> str:
    """The public part of a write key; "" when it has not the form of one."""
    parts = write_key.split("_", 2)
    return f"{parts[0]}_{parts[1]}" if len(parts) == 3 else ""


def checked_source(source: Source) -> Source:
    """The source, if its values can be.

    Raises: InputError, naming the value and the rule.
    """
    if not _NAME.fullmatch(source.name):
        raise InputError(
            f'"{source.name[:80]}" is no name of a source; use 1 to 64 of a-z 0-9 _ . - and begin'
            " with a letter or digit"
        )
    if source.key_class not in SENDERS:
        raise InputError(f'"{source.key_class}" is no class; use one of {", ".join(SENDERS)}')
    check_namespace(source.namespace)
    if source.default_room is not None and id_problem(source.default_room):
        raise InputError("the default room is no id of a room: 1 to 128 characters")
    for origin in source.origins:
        if not _ORIGIN.fullmatch(origin):
            raise InputError(f'"{origin[:80]}" is no origin, such as https://shop.example')
    if len(source.mapping) > MAX_MAPPING_CHARS:
        raise InputError("the mapping is larger than 64 KB")
    limits = source.limits
    for name in SourceLimits.__dataclass_fields__:
        value = getattr(limits, name)
        if value is not None and value < 1:
            raise InputError(f"{name} is {value}; it must be at least 1")
    return source


def _records(connection: Connection) -> list[SourceRecord]:
    keys: dict[str, list[WriteKey]] = {}
    newest_first = WRITE_KEYS.select().order_by(WRITE_KEYS.c.created_at.desc(), WRITE_KEYS.c.id)
    for row in connection.execute(newest_first):
        key = WriteKey(row.id, row.prefix, row.created_at, row.revoked_at)
        keys.setdefault(row.source, []).append(key)
    rows: Iterable[Row[Any]] = connection.execute(SOURCES.select().order_by(SOURCES.c.name))
    return [
        SourceRecord(
            _source(row),
            row.created_at,
            tuple(keys.get(row.name, ())),
        )
        for row in rows
    ]


def _source(row: Row[Any]) -> Source:
    return Source(
        name=row.name,
        key_class=row.key_class,
        namespace=row.namespace,
        default_room=row.default_room,
        presence=row.presence,
        origins=tuple(json.loads(row.origins)),
        accept_own_anonymous_ids=row.accept_own_anonymous_ids,
        mapping=row.mapping,
        limits=SourceLimits(
            row.events_per_second, row.new_viewers_per_minute, row.new_products_per_minute
        ),
    )


def _values(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "key_class": source.key_class,
        "namespace": source.namespace,
        "default_room": source.default_room,
        "presence": source.presence,
        "origins": json.dumps(list(source.origins)),
        "accept_own_anonymous_ids": source.accept_own_anonymous_ids,
        "mapping": source.mapping,
        "events_per_second": source.limits.events_per_second,
        "new_viewers_per_minute": source.limits.new_viewers_per_minute,
        "new_products_per_minute": source.limits.new_products_per_minute,
    }
