"""The outbox in the database: written before anything is sent, so that a crash forgets nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from qianmian.runtime.outbox import WAITING, End, Parcel
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.errands import Condition, ErrandStore
from qianmian.storage.sql.tables import OUTBOX

AT_ONCE: Final = 200
_T: Final = OUTBOX.c
_IS_WAITING: Final = _T.state == WAITING


class OutboxStore(ErrandStore[Parcel, End]):
    """The outbox of a deployment.

    Args:
        clock: ms UTC.
        mine: of the rows that are due, over, untold and counted.

    Raises (every method): OperationalError when the database cannot be used.
    """

    name: Final = "outbox"

    def __init__(
        self, database: Database, clock: Callable[[], int], mine: Condition | None = None
    ) -> None:
        wanted = sa.true() if mine is None else mine
        super().__init__(database, clock, OUTBOX, _IS_WAITING, wanted)

    def of(self, channel: str) -> OutboxStore:
        """The rows of one channel."""
        return OutboxStore(self._database, self._clock, _T.channel == channel)

    def beside(self, channels: Collection[str]) -> OutboxStore:
        """The rows of every other channel."""
        return OutboxStore(self._database, self._clock, _T.channel.not_in(sorted(channels)))

    def _row(self, errand: Parcel) -> dict[str, Any]:
        row: dict[str, Any] = msgspec.to_builtins(errand)
        return row

    def due(self) -> list[Parcel]:
        """Those that can be tried now, or whose time is over; the longest due first."""
        now = self._clock()
        is_due = (_T.next_at <= now) | (_T.deadline_at <= now)
        wanted = OUTBOX.select().where(_IS_WAITING, self._mine, is_due).order_by(_T.next_at, _T.id)
        with self._database.read() as connection:
            return [_parcel(row) for row in connection.execute(wanted.limit(AT_ONCE)).mappings()]

    def waiting(self) -> list[Parcel]:
        """Those that still wait, whatever for."""
        wanted = OUTBOX.select().where(_IS_WAITING, self._mine).order_by(_T.id)
        with self._database.read() as connection:
            return [_parcel(row) for row in connection.execute(wanted.limit(AT_ONCE)).mappings()]

    def over(self) -> list[Parcel]:
        """Those that still wait and whose time is over."""
        is_over = _T.deadline_at <= self._clock()
        wanted = OUTBOX.select().where(_IS_WAITING, self._mine, is_over).order_by(_T.id)
        with self._database.read() as connection:
            return [_parcel(row) for row in connection.execute(wanted.limit(AT_ONCE)).mappings()]

    def begin(self, parcel: Parcel, alone_ms: int) -> bool:
        """Before an attempt: it may be there from now on, and nobody else begins one so long.

        Returns: False where it is gone by now, or somebody else has begun: of two one does.
        """
        seen, tried = _T.attempts == parcel.attempts, parcel.attempts + 1
        values = {"attempts": tried, "may_be_there": True, "next_at": self._clock() + alone_ms}
        return self._change(parcel.id, values, seen)

    def complete(self, parcel: str, body: str) -> bool:
        """In the first attempt: what is sent with each. False: it is gone by now."""
        return self._change(parcel, {"body": body})

    def wait(self, parcel: Parcel) -> None:
        """After an attempt that came to nothing: what is known now, and when the next may be."""
        names = ("attempts", "next_at", "may_be_there", "why")
        self._change(parcel.id, {name: getattr(parcel, name) for name in names})

    def end(self, parcel: str, end: End, why: str) -> None:
        """It is over."""
        self._change(parcel, {"state": end, "why": why})

    def counts(self) -> dict[str, int]:
        """How many there are of each state; of those that ended, within a day."""
        counted = sa.select(_T.state, sa.func.count()).where(self._mine).group_by(_T.state)
        with self._database.read() as connection:
            return {state: int(n) for state, n in connection.execute(counted)}

    def export(self, viewers: frozenset[str]) -> list[dict[str, Any]]:
        """What was or is to be sent about these viewers."""
        told = [(one, msgspec.to_builtins(one)) for one in map(_parcel, self._about(viewers))]
        return [row | {"body": msgspec.json.decode(one.body)} for one, row in told]

    # -- parts

    def _change(self, parcel: str, values: dict[str, Any], more: Condition | None = None) -> bool:
        also = sa.true() if more is None else more
        here = OUTBOX.update().where(_T.id == parcel, _IS_WAITING, also)
        with self._database.write() as connection:
            changed = connection.execute(here.values(**values, changed_at=self._clock()))
            return bool(changed.rowcount)


def _parcel(row: Any) -> Parcel:
    return Parcel(**{name: row[name] for name in Parcel.__struct_fields__})
