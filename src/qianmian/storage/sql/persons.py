"""Requests to erase a person, and the marks of those who were erased."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy.engine import Row

from qianmian.errors import InputError
from qianmian.runtime.person_desk import Request
from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.secrets import new_id
from qianmian.storage.sql.tables import ERASED_VIEWERS, ERASURES
from qianmian.vocabulary.ids import id_problem

ASKED: Final = "asked"
DONE: Final = "done"
MAX_REASON_CHARS: Final = 500


class ErasureStore:
    """The `Requests` of a deployment.

    Args:
        mark_of: the keyed hash of an id.

    Raises (every method): OperationalError when the database cannot be used.
    """

    def __init__(
        self, database: Database, clock: Callable[[], int], mark_of: Callable[[str], bytes]
    ) -> None:
        self._database = database
        self._clock = clock
        self._mark_of = mark_of
        self._audit = AuditTrail(database, clock)

    def subject(self, viewer: str) -> str:
        """How the audit, which nobody can change, calls a person."""
        return f"person:{self._mark_of(viewer).hex()}"

    def ask(self, viewer: str, *, by: Actor, reason: str = "") -> Request:
        """Ask for the erasure of the person with this id; the request there is, if there is one.

        Raises: InputError for what is no id, or a reason that names it.
        """
        problem = id_problem(viewer)
        if problem is not None:
            raise InputError(f"this is no id of a viewer: {problem}")
        if viewer in reason or len(reason) > MAX_REASON_CHARS:
            raise InputError("a reason is kept for good: it is short and does not name the person")
        mark = self._mark_of(viewer).hex()
        with self._database.write() as connection:
            waits = ERASURES.select().where(ERASURES.c.mark == mark, ERASURES.c.state == ASKED)
            found = connection.execute(waits).one_or_none()
            if found is not None:
                return _request(found)
            values = {
                "id": new_id(),
                "mark": mark,
                "state": ASKED,
                "asked_at": self._clock(),
                "actor_kind": by.kind,
                "actor": by.id,
                "actor_name": by.name,
                "reason": reason,
                "viewers": json.dumps([viewer]),
                "step": ASKED,
            }
            connection.execute(ERASURES.insert().values(**values))
            told = {"request": values["id"]}
            self._audit.append(
                connection, by, "person.requested", f"person:{mark}", after=told, reason=reason
            )
            wanted = ERASURES.select().where(ERASURES.c.id == values["id"])
            return _request(connection.execute(wanted).one())

    def get(self, request_id: str) -> Request | None:
        """One request."""
        with self._database.read() as connection:
            row = connection.execute(
                ERASURES.select().where(ERASURES.c.id == request_id)
            ).one_or_none()
        return None if row is None else _request(row)

    def newest(self, limit: int = 50) -> list[Request]:
        """Requests, newest first."""
        query = ERASURES.select().order_by(ERASURES.c.asked_at.desc(), ERASURES.c.id).limit(limit)
        with self._database.read() as connection:
            return [_request(row) for row in connection.execute(query)]

    def marks(self) -> list[bytes]:
        """Of everybody who was erased, or is being erased."""
        with self._database.read() as connection:
            return [row.mark for row in connection.execute(ERASED_VIEWERS.select())]

    # -- what the desk asks

    def waiting(self) -> list[Request]:
        """Those that are not done, oldest first."""
        query = ERASURES.select().where(ERASURES.c.state == ASKED).order_by(ERASURES.c.asked_at)
        with self._database.read() as connection:
            return [_request(row) for row in connection.execute(query)]

    def begin(self, request: Request, marks: Sequence[bytes]) -> None:
        """Keep its ids and key, and the marks: from now on it can only be finished."""
        values = {"viewers": json.dumps(list(request.viewers)), "key": request.key}
        with self._database.write() as connection:
            connection.execute(
                ERASURES.update().where(ERASURES.c.id == request.id).values(**values)
            )
            known = ERASED_VIEWERS.select().where(ERASED_VIEWERS.c.mark.in_(marks))
            there = {row.mark for row in connection.execute(known)}
            fresh = [{"mark": m, "at": self._clock()} for m in marks if m not in there]
            if fresh:
                connection.execute(ERASED_VIEWERS.insert(), fresh)

    def step(self, request_id: str, step: str) -> None:
        """What is being done."""
        with self._database.write() as connection:
            connection.execute(
                ERASURES.update().where(ERASURES.c.id == request_id).values(step=step)
            )

    def finish(self, request: Request, report: Mapping[str, int]) -> None:
        """It is done: forget ids and key, and tell the audit."""
        values: dict[str, Any] = {"state": DONE, "step": DONE, "viewers": None, "key": None}
        values |= {"done_at": self._clock(), "report": json.dumps(dict(report))}
        with self._database.write() as connection:
            row = connection.execute(ERASURES.select().where(ERASURES.c.id == request.id)).one()
            connection.execute(
                ERASURES.update().where(ERASURES.c.id == request.id).values(**values)
            )
            by = Actor(row.actor_kind, row.actor, row.actor_name)
            told = {"request": request.id, "ids": len(request.viewers), **report}
            self._audit.append(
                connection, by, "person.erased", f"person:{request.mark}", after=told
            )
        self._database.scrub()


def _request(row: Row[Any]) -> Request:
    return Request(
        id=row.id,
        mark=row.mark,
        asked_at=row.asked_at,
        asked_by=row.actor_name,
        reason=row.reason,
        step=row.step,
        viewers=() if row.viewers is None else tuple(json.loads(row.viewers)),
        key=row.key or b"",
        done_at=row.done_at,
        report=None if row.report is None else json.loads(row.report),
    )
