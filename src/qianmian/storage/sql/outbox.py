"""The outbox in the database: written before anything is sent, so that a crash forgets nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from qianmian.runtime.outbox import WAITING, End, Parcel
from qianmian.runtime.persons import Erasure
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.tables import OUTBOX
from qianmian.vocabulary.time import DAY_MS

KEPT_MS: Final = DAY_MS
"""So long after its end a row is kept."""
AT_ONCE: Final = 200
_T: Final = OUTBOX.c
_IS_WAITING: Final = _T.state == WAITING


class OutboxStore:
    """The outbox of a deployment.

    Args:
        clock: ms UTC.
        channel: of the rows that are due, untold and counted; "": every one.

    Raises (every method): OperationalError when the database cannot be used.
    """

    name: Final = "outbox"

    def __init__(self, database: Database, clock: Callable[[], int], channel: str = "") -> None:
        self._database = database
        self._clock = clock
        self._mine = _T.channel == channel if channel else sa.true()

    def of(self, channel: str) -> OutboxStore:
        """The rows of one channel."""
        return OutboxStore(self._database, self._clock, channel)

    def add(self, parcels: Sequence[Parcel], refuses: Callable[[str], bool]) -> None:
        """Keep new ones; what is there already stays as it is.

        Args:
            refuses: whether a viewer was erased; asked within the transaction.
        """
        with self._database.write() as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            more = {"changed_at": self._clock(), "is_told": False}
            rows = [msgspec.to_builtins(one) | more for one in parcels if not refuses(one.viewer)]
            if rows:
                connection.execute(dialect.insert(OUTBOX).on_conflict_do_nothing(), rows)

    def due(self) -> list[Parcel]:
        """Those that can be tried now, or whose time is over; the longest due first."""
        now = self._clock()
        is_due = (_T.next_at <= now) | (_T.deadline_at <= now)
        wanted = OUTBOX.select().where(_IS_WAITING, self._mine, is_due).order_by(_T.next_at, _T.id)
        with self._database.read() as connection:
            return [_parcel(row) for row in connection.execute(wanted.limit(AT_ONCE)).mappings()]

    def begin(self, parcel: str) -> bool:
        """Before an attempt: it may be there from now on. False: it is gone by now."""
        tried = {"attempts": _T.attempts + 1, "may_be_there": True}
        return self._change(parcel, tried)

    def complete(self, parcel: str, body: str) -> bool:
        """Before the first attempt: what is sent with each. False: it is gone by now."""
        return self._change(parcel, {"body": body})

    def wait(self, parcel: Parcel) -> None:
        """After an attempt that came to nothing: what is known now, and when the next may be."""
        names = ("attempts", "next_at", "may_be_there", "why")
        self._change(parcel.id, {name: getattr(parcel, name) for name in names})

    def end(self, parcel: str, end: End, why: str) -> None:
        """It is over."""
        self._change(parcel, {"state": end, "why": why})

    def untold(self) -> list[tuple[str, End]]:
        """Those that ended and of which the log does not know: decision and end."""
        wanted = OUTBOX.select().where(~_IS_WAITING, self._mine, ~_T.is_told).order_by(_T.id)
        with self._database.read() as connection:
            return [(row.id, row.state) for row in connection.execute(wanted)]

    def note_told(self, parcels: Iterable[str]) -> None:
        """The log knows how these ended; what ended long ago goes."""
        with self._database.write() as connection:
            told = OUTBOX.update().where(_T.id.in_(sorted(parcels)))
            connection.execute(told.values(is_told=True))
            old = _T.is_told & (_T.changed_at < self._clock() - KEPT_MS)
            connection.execute(OUTBOX.delete().where(old))

    def counts(self) -> dict[str, int]:
        """How many there are of each state; of those that ended, within a day."""
        counted = sa.select(_T.state, sa.func.count()).where(self._mine).group_by(_T.state)
        with self._database.read() as connection:
            return {state: int(n) for state, n in connection.execute(counted)}

    # -- persons

    def forget(self, erasure: Erasure) -> int:
        """Delete everything about a person; how many rows."""
        gone = OUTBOX.delete().where(_T.viewer.in_(sorted(erasure.tombstone_by_viewer)))
        with self._database.write() as connection:
            return int(connection.execute(gone).rowcount)

    def export(self, viewers: frozenset[str]) -> list[dict[str, Any]]:
        """What was or is to be sent about these viewers."""
        wanted = OUTBOX.select().where(_T.viewer.in_(sorted(viewers))).order_by(_T.id)
        with self._database.read() as connection:
            found = [_parcel(row) for row in connection.execute(wanted).mappings()]
        told = [(one, msgspec.to_builtins(one)) for one in found]
        return [row | {"body": msgspec.json.decode(one.body)} for one, row in told]

    # -- parts

    def _change(self, parcel: str, values: dict[str, Any]) -> bool:
        here = OUTBOX.update().where(_T.id == parcel, _IS_WAITING)
        with self._database.write() as connection:
            changed = connection.execute(here.values(**values, changed_at=self._clock()))
            return bool(changed.rowcount)


def _parcel(row: Any) -> Parcel:
    return Parcel(**{name: row[name] for name in Parcel.__struct_fields__})
