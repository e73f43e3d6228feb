"""Codes of offers: uploaded once, each read by one act, and never taken away.

Which act has which place is decided in the log. A row remembers who has read it, so that even a
wrong log gives no code twice, and so that one that nobody has read can be had again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from qianmian.errors import InputError
from qianmian.runtime.codes import Claim
from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.changes import note_change
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.strategies import TOPIC, pools
from qianmian.storage.sql.tables import OFFER_CODES

MOST: Final = 500_000
TAIL: Final = 4
"""So many characters of a code people of the shop see."""
AT_ONCE: Final = 500
_T: Final = OFFER_CODES.c


@dataclass(frozen=True, slots=True)
class CodeTold:
    """A code as people of the shop see it."""

    place: int
    tail: str
    is_read: bool


class CodeStore:
    """The codes of a deployment.

    Args:
        most: that one offer may have.

    Raises (every method): OperationalError when the database cannot be used.
    """

    def __init__(self, database: Database, clock: Callable[[], int], most: int = MOST) -> None:
        self._most = most
        self._database = database
        self._audit = AuditTrail(database, clock)

    def add(self, offer: str, codes: Sequence[str], by: Actor) -> set[str]:
        """These follow the codes that an offer has; those that the shop has already are not added.

        Returns: the codes that were there, of this offer or of another.
        Raises: InputError when there would be too many; Conflict when somebody adds at the same
            instant. Then nothing has changed.
        """
        with self._database.write() as connection:
            known = _known(connection, codes)
            new = [one for one in dict.fromkeys(codes) if one not in known]
            size = pools(connection).get(offer, 0)
            if size + len(new) > self._most:
                raise InputError(f"an offer has at most {self._most:,} codes")
            rows = [
                {"offer": offer, "place": size + n, "code": one, "owner": None, "decision": None}
                for n, one in enumerate(new)
            ]
            if rows:
                connection.execute(OFFER_CODES.insert(), rows)
                note_change(connection, TOPIC)
                after = {"added": len(new), "size": size + len(new)}
                self._audit.append(connection, by, "codes.added", offer, after=after)
        return known

    def known(self, codes: Sequence[str]) -> set[str]:
        """Those of these codes that the shop has, of whatever offer."""
        with self._database.read() as connection:
            return _known(connection, codes)

    def read(self, claim: Claim) -> str | None:
        """The code of a decision, which is known to be read from now on.

        Returns: None where there is none, or another act has read it.
        """
        here = (_T.offer == claim.offer) & (_T.place == claim.place)
        mine = here & (_T.owner.is_(None) | (_T.owner == claim.owner))
        with self._database.write() as connection:
            values = {"owner": claim.owner, "decision": claim.decision}
            if not connection.execute(OFFER_CODES.update().where(mine).values(**values)).rowcount:
                return None
            return str(connection.execute(sa.select(_T.code).where(here)).scalar_one())

    def read_by(self, decisions: Collection[str]) -> set[str]:
        """Those of these decisions that have read a code."""
        found: set[str] = set()
        names = sorted(decisions)
        with self._database.read() as connection:
            for start in range(0, len(names), AT_ONCE):
                some = _T.decision.in_(names[start : start + AT_ONCE])
                found.update(connection.execute(sa.select(_T.decision).where(some)).scalars())
        return found

    def unread(self, decisions: Collection[str]) -> None:
        """What these have read reached nobody: another act may read it."""
        some = OFFER_CODES.update().where(_T.decision.in_(sorted(decisions)))
        with self._database.write() as connection:
            connection.execute(some.values(owner=None, decision=None))

    def newest(self, offer: str, most: int) -> list[CodeTold]:
        """The codes that came last, as people of the shop see them; the last one first."""
        wanted = OFFER_CODES.select().where(_T.offer == offer).order_by(_T.place.desc())
        with self._database.read() as connection:
            return [
                CodeTold(row.place, row.code[-TAIL:], row.owner is not None)
                for row in connection.execute(wanted.limit(most))
            ]


def _known(connection: Connection, codes: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(codes), AT_ONCE):
        some = _T.code.in_(codes[start : start + AT_ONCE])
        found.update(connection.execute(sa.select(_T.code).where(some)).scalars())
    return found
