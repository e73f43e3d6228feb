"""Codes that a coupon system made, in the database: one for each act, kept before it is shown.

A row is there before anything is asked. The first code that comes stays, so that an act has one
however often, and by however many servers, it was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from qianmian.runtime.issued import ASKING, ISSUED, REFUSED, Issued
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.tables import ISSUED_CODES, OFFER_CODES
from qianmian.vocabulary.offer import Coupon

AT_ONCE: Final = 500
KNOWN: Final = "code_known"
_T: Final = ISSUED_CODES.c


class IssuedStore:
    """What was asked of the coupon system of a deployment.

    Args:
        clock: ms UTC.

    Raises (every method): OperationalError when the database cannot be used.
    """

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    def begin(self, act: str, offer: str) -> Issued:
        """Before it is asked for; what is known already."""
        row: dict[str, Any] = {"act": act, "offer": offer, "state": ASKING, "url": "", "why": ""}
        row["changed_at"] = self._clock()
        with self._database.write() as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            connection.execute(dialect.insert(ISSUED_CODES).on_conflict_do_nothing(), [row])
            return _row(connection, act)

    def keep(self, act: str, coupon: Coupon) -> Issued:
        """The answer; refused where the code is that of another act, or of a table.

        Raises: Conflict when another server keeps the same code at this instant.
        """
        told: dict[str, Any] = {"state": ISSUED, "why": "", "code": coupon.code}
        told |= {"valid_until": coupon.valid_until, "url": coupon.url}
        with self._database.write() as connection:
            if _is_known(connection, coupon.code, act):
                told = {"state": REFUSED, "why": KNOWN}
            self._change(connection, act, told)
            return _row(connection, act)

    def refuse(self, act: str, why: str) -> Issued:
        """There will be no code; unless there is one already."""
        with self._database.write() as connection:
            self._change(connection, act, {"state": REFUSED, "why": why})
            return _row(connection, act)

    def of(self, acts: Collection[str]) -> dict[str, Issued]:
        """What is known of these acts, by act."""
        names, found = sorted(acts), dict[str, Issued]()
        with self._database.read() as connection:
            for start in range(0, len(names), AT_ONCE):
                some = ISSUED_CODES.select().where(_T.act.in_(names[start : start + AT_ONCE]))
                found |= {row["act"]: _issued(row) for row in connection.execute(some).mappings()}
        return found

    def newest(self, offer: str, most: int) -> list[Issued]:
        """The codes of an offer that came last, the last one first."""
        mine = (_T.offer == offer) & (_T.state == ISSUED)
        wanted = ISSUED_CODES.select().where(mine).order_by(_T.changed_at.desc(), _T.act)
        with self._database.read() as connection:
            return [_issued(row) for row in connection.execute(wanted.limit(most)).mappings()]

    def counts(self, offer: str | None = None) -> dict[str, int]:
        """How many there are of each state; of one offer, or of all."""
        mine = sa.true() if offer is None else _T.offer == offer
        counted = sa.select(_T.state, sa.func.count()).where(mine).group_by(_T.state)
        with self._database.read() as connection:
            return {state: int(n) for state, n in connection.execute(counted)}

    # -- parts

    def _change(self, connection: Connection, act: str, told: dict[str, Any]) -> None:
        """What ended stays as it ended."""
        here = ISSUED_CODES.update().where(_T.act == act, _T.state == ASKING)
        connection.execute(here.values(**told, changed_at=self._clock()))


def _is_known(connection: Connection, code: str, act: str) -> bool:
    """Whether somebody else has this code, or may get it."""
    issued = sa.select(_T.act).where(_T.code == code, _T.act != act)
    uploaded = sa.select(OFFER_CODES.c.place).where(OFFER_CODES.c.code == code)
    found = (connection.execute(one).first() for one in (issued, uploaded))
    return any(one is not None for one in found)


def _row(connection: Connection, act: str) -> Issued:
    found = connection.execute(ISSUED_CODES.select().where(_T.act == act))
    return _issued(found.mappings().one())


def _issued(row: Any) -> Issued:
    return Issued(**{name: row[name] for name in Issued.__struct_fields__})
