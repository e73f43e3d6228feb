"""Follow-ups in the database: claimed by one, ended once, forgotten with their viewer.

An end is written here first and told to the log after it (`is_told`), again after a crash: the
ledger takes an end twice as once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Row

from qianmian.runtime.follow_ups import CLAIMED, MOST_HELD, OPEN, Claim, End, FollowUp
from qianmian.runtime.persons import Erasure
from qianmian.storage.sql.audit import Actor
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.tables import FOLLOW_UPS
from qianmian.vocabulary.time import DAY_MS

KEPT_MS: Final = DAY_MS
"""So long after its end a row is kept."""
_T: Final = FOLLOW_UPS.c
_UNFINISHED: Final = _T.state.in_((OPEN, CLAIMED))


class FollowUpStore:
    """The follow-ups of a deployment.

    Args:
        clock: ms UTC.

    Raises (every method): OperationalError when the database cannot be used.
    """

    name: Final = "follow_ups"

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    def add(self, tasks: Sequence[FollowUp], refuses: Callable[[str], bool]) -> None:
        """Keep new ones; what is there already, in whatever state, stays as it is.

        Args:
            refuses: whether a viewer was erased; asked within the transaction.
        """
        with self._database.write() as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            rows = [_values(one, self._clock()) for one in tasks if not refuses(one.viewer)]
            if rows:
                connection.execute(dialect.insert(FOLLOW_UPS).on_conflict_do_nothing(), rows)

    def unfinished(self) -> list[FollowUp]:
        """Those that are open or claimed."""
        with self._database.read() as connection:
            return [
                _task(row) for row in connection.execute(FOLLOW_UPS.select().where(_UNFINISHED))
            ]

    def claim(self, task: str, by: Actor) -> Claim:
        """Take one; of two who do it at once one gets it. Who has it already still has it."""
        with self._database.write() as connection:
            me, now = holder_of(by), self._clock()
            held = sa.select(sa.func.count()).where(_T.state == CLAIMED, _T.holder == me)
            is_full = connection.execute(held).scalar_one() >= MOST_HELD
            free = (_T.id == task) & (_T.state == OPEN) & (_T.deadline_at > now)
            row = {"state": CLAIMED, "holder": me, "holder_name": by.name, "changed_at": now}
            claims = FOLLOW_UPS.update().where(free).values(**row)
            if not is_full and connection.execute(claims).rowcount:
                return "claimed"
            here = _unfinished(connection, task, now)
            if here is None:
                return "gone"
            if here.state == OPEN:
                return "full"
            return "claimed" if here.holder == me else "taken"

    def put_back(self, task: str, by: Actor) -> Claim:
        """Leave it to others."""
        return self._change(task, by, {"state": OPEN, "holder": "", "holder_name": ""})

    def finish(self, task: str, by: Actor, end: End) -> Claim:
        """Whoever has it says what came of it; `claimed`: it ended so."""
        return self._change(task, by, {"state": end})

    def end(self, tasks: Iterable[str], end: End) -> None:
        """These are over, whoever has them."""
        wanted = _T.id.in_(sorted(tasks)) & _UNFINISHED
        with self._database.write() as connection:
            ends = FOLLOW_UPS.update().where(wanted)
            connection.execute(ends.values(state=end, changed_at=self._clock()))

    def untold(self) -> list[tuple[str, End]]:
        """Those that ended and of which the log does not know: decision and end."""
        wanted = FOLLOW_UPS.select().where(~_UNFINISHED, ~_T.is_told).order_by(_T.id)
        with self._database.read() as connection:
            return [(row.id, row.state) for row in connection.execute(wanted)]

    def note_told(self, tasks: Iterable[str]) -> None:
        """The log knows how these ended; what ended long ago goes."""
        with self._database.write() as connection:
            told = FOLLOW_UPS.update().where(_T.id.in_(sorted(tasks)))
            connection.execute(told.values(is_told=True))
            old = _T.is_told & (_T.changed_at < self._clock() - KEPT_MS)
            connection.execute(FOLLOW_UPS.delete().where(old))

    # -- persons

    def forget(self, erasure: Erasure) -> int:
        """Delete every task about a person; how many."""
        gone = FOLLOW_UPS.delete().where(_T.viewer.in_(sorted(erasure.tombstone_by_viewer)))
        with self._database.write() as connection:
            return int(connection.execute(gone).rowcount)

    def export(self, viewers: frozenset[str]) -> list[dict[str, Any]]:
        """The tasks about these viewers, without the names of those who work here."""
        wanted = FOLLOW_UPS.select().where(_T.viewer.in_(sorted(viewers))).order_by(_T.id)
        with self._database.read() as connection:
            found = [msgspec.to_builtins(_task(row)) for row in connection.execute(wanted)]
        return [{k: v for k, v in one.items() if not k.startswith("holder")} for one in found]

    # -- parts

    def _change(self, task: str, by: Actor, values: dict[str, Any]) -> Claim:
        with self._database.write() as connection:
            me, now = holder_of(by), self._clock()
            mine = (_T.id == task) & (_T.state == CLAIMED) & (_T.holder == me)
            changes = FOLLOW_UPS.update().where(mine, _T.deadline_at > now)
            if connection.execute(changes.values(**values, changed_at=now)).rowcount:
                return "claimed"
            return "gone" if _unfinished(connection, task, now) is None else "taken"


def holder_of(actor: Actor) -> str:
    """Who somebody is, whatever they are called by now."""
    return f"{actor.kind}:{actor.id}"


def _unfinished(connection: Connection, task: str, now: int) -> Row[Any] | None:
    here = FOLLOW_UPS.select().where(_T.id == task, _UNFINISHED, _T.deadline_at > now)
    return connection.execute(here).first()


def _values(one: FollowUp, now: int) -> dict[str, Any]:
    return {
        "id": one.id,
        "viewer": one.viewer,
        "body": msgspec.json.encode(one).decode(),
        "deadline_at": one.deadline_at,
        "state": one.state,
        "holder": one.holder,
        "holder_name": one.holder_name,
        "changed_at": now,
        "is_told": False,
    }


def _task(row: Row[Any]) -> FollowUp:
    found = msgspec.json.decode(row.body, type=FollowUp)
    return msgspec.structs.replace(
        found, state=row.state, holder=row.holder, holder_name=row.holder_name
    )
