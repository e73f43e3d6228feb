"""The audit: who changed what, when and why. Append-only; a row is sealed with all before it.

The hash of a row is SHA-256 over the hash of the row before it and the canonical JSON of its own
content, so a row that was changed, taken away, put in or moved is found by `verify`. Triggers in
the database refuse all that in the first place. The newest number and hash stand a second time in
`audit_head`, so that rows cut off at the end are missed.

Who may write to the whole database can make a new chain. Against that a head that was noted
elsewhere helps: `qianmian audit verify --known NUMBER:HASH`.

A row is written in the transaction of the change that it tells: both are there, or none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from qianmian.storage.sql.database import Database
from qianmian.storage.sql.tables import AUDIT, AUDIT_HEAD
from qianmian.vocabulary.firing import canonical_json

MAX_REASON_CHARS: Final = 1_000
MAX_SUBJECT_CHARS: Final = 512
_BEGIN: Final = bytes(32)
_AT_ONCE: Final = 1_000  # rows in memory while they are verified


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something.

    Attributes:
        kind: `account`, `key` (of a program), `link` (to one room), `command` (in a terminal of
            the machine), `system`.
        id: of the account, key or link; the user of the terminal.
        name: as it was at the time.
    """

    kind: str
    id: str
    name: str


SYSTEM: Final = Actor("system", "", "")
"""The product itself, as when it takes over the products of a file at its first start."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the audit. `before` and `after` are what was changed, never secrets.

    Units: at in ms UTC.
    """

    number: int
    at: int
    actor: Actor
    action: str
    subject: str
    before: Any
    after: Any
    reason: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The newest row: how many there are, and the hash that seals them."""

    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found; `problem` is None when every row is as it was written."""

    head: Head
    broken_at: int | None = None
    problem: str | None = None


class AuditTrail:
    """The audit of a database.

    Raises (every method): OperationalError when the database cannot be used.
    """

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    def append(
        self,
        connection: Connection,
        actor: Actor,
        action: str,
        subject: str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        reason: str = "",
    ) -> int:
        """Tell a change, in its own transaction; the number of the row.

        Args:
            connection: of the transaction that makes the change.
            action: what was done, as `product.changed`.
            subject: the id of what it was done to.
            before, after: the values that the change is about, as JSON can hold them.
        """
        # Two that append at once take turns: the second waits here for the end of the first.
        last = connection.execute(sa.select(AUDIT_HEAD).with_for_update()).one()
        row = {
            "number": last.number + 1,
            "at": self._clock(),
            "actor_kind": actor.kind,
            "actor": actor.id[:64],
            "actor_name": actor.name[:128],
            "action": action,
            "subject": subject[:MAX_SUBJECT_CHARS],
            "before": None if before is None else canonical_json(before),
            "after": None if after is None else canonical_json(after),
            "reason": reason[:MAX_REASON_CHARS],
        }
        sealed = _hash(last.hash, row)
        connection.execute(AUDIT.insert().values(**row, hash=sealed))
        connection.execute(AUDIT_HEAD.update().values(number=row["number"], hash=sealed))
        return int(last.number) + 1

    def note(self, actor: Actor, action: str, subject: str, **told: Any) -> int:
        """Tell something that is no change of this database, as `append` does; the row's number."""
        with self._database.write() as connection:
            return self.append(connection, actor, action, subject, **told)

    def read(self, *, before: int | None = None, limit: int = 50) -> list[Entry]:
        """Rows, newest first, below a number."""
        query = AUDIT.select().order_by(AUDIT.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(AUDIT.c.number < before)
        with self._database.read() as connection:
            return [_entry(row) for row in connection.execute(query)]

    def verify(self, known: Head | None = None) -> Verdict:
        """Whether every row is as it was written, and none is missing.

        Args:
            known: a head that was noted before: the rows up to it must still give its hash.

        Cost: reads every row, a thousand in memory at a time.
        """
        with self._database.read() as connection:
            found = connection.execute(AUDIT_HEAD.select()).one_or_none()
            if found is None:
                return Verdict(Head(0, _BEGIN), 0, "the head of the audit is missing")
            head = Head(found.number, found.hash)
            number, sealed = 0, _BEGIN
            for row in _rows(connection):
                problem = _problem(row, number, sealed)
                number, sealed = number + 1, row["hash"]
                if problem is None and known is not None and known.number == number:
                    same = known.hash == sealed
                    problem = None if same else f"row {number} is not the one that was noted"
                if problem is not None:
                    return Verdict(head, number, problem)
        if (number, sealed) != (head.number, head.hash):
            return Verdict(
                head, number + 1, f"the rows end at {number}, the head says {head.number}"
            )
        if known is not None and known.number > number:
            return Verdict(head, number + 1, f"row {known.number} was noted and is not there")
        return Verdict(head)


def _rows(connection: Connection) -> Iterator[dict[str, Any]]:
    query = AUDIT.select().order_by(AUDIT.c.number)
    rows = connection.execution_options(yield_per=_AT_ONCE).execute(query)
    for row in rows.mappings():
        yield dict(row)


def _problem(row: dict[str, Any], number: int, sealed: bytes) -> str | None:
    """What is wrong with the row after `number` rows that end in this hash."""
    if row["number"] != number + 1:
        return f"row {number + 1} is missing"
    content = {name: value for name, value in row.items() if name != "hash"}
    if _hash(sealed, content) != row["hash"]:
        return f"row {number + 1} was changed, or is not where it was written"
    return None


def _hash(sealed: bytes, row: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(sealed + canonical_json(dict(row)).encode("utf-8")).digest()


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        number=row.number,
        at=row.at,
        actor=Actor(row.actor_kind, row.actor, row.actor_name),
        action=row.action,
        subject=row.subject,
        before=None if row.before is None else json.loads(row.before),
        after=None if row.after is None else json.loads(row.after),
        reason=row.reason,
        hash=row.hash,
    )
