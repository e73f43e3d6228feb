"""Follow-ups in the database: claimed by one, ended once, forgotten with their viewer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row, RowMapping

from qianmian.runtime.follow_ups import CLAIMED, MOST_HELD, OPEN, Claim, End, FollowUp
from qianmian.storage.sql.audit import Actor
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.errands import ErrandStore
from qianmian.storage.sql.tables import FOLLOW_UPS

_T: Final = FOLLOW_UPS.c
_UNFINISHED: Final = _T.state.in_((OPEN, CLAIMED))


class FollowUpStore(ErrandStore[FollowUp, End]):
    """The follow-ups of a deployment.

    Args:
        clock: ms UTC.

    Raises (every method): OperationalError when the database cannot be used.
    """

    name: Final = "follow_ups"

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        super().__init__(database, clock, FOLLOW_UPS, _UNFINISHED, sa.true())

    def _row(self, errand: FollowUp) -> dict[str, Any]:
        return {
            "id": errand.id,
            "viewer": errand.viewer,
            "body": msgspec.json.encode(errand).decode(),
            "deadline_at": errand.deadline_at,
            "state": errand.state,
            "holder": errand.holder,
            "holder_name": errand.holder_name,
        }

    def unfinished(self) -> list[FollowUp]:
        """Those that are open or claimed."""
        with self._database.read() as connection:
            found = connection.execute(FOLLOW_UPS.select().where(_UNFINISHED)).mappings()
            return [_task(row) for row in found]

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

    def export(self, viewers: frozenset[str]) -> list[dict[str, Any]]:
        """The tasks about these viewers, without the names of those who work here."""
        found = [msgspec.to_builtins(_task(row)) for row in self._about(viewers)]
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


def _task(row: RowMapping) -> FollowUp:
    found = msgspec.json.decode(row["body"], type=FollowUp)
    here = {name: row[name] for name in ("state", "holder", "holder_name")}
    return msgspec.structs.replace(found, **here)
