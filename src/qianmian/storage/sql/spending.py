"""What strategies gave away of budgets, stocks and codes, for reports: made from the log.

A row a decision that held something, whose state follows the ledger. What a replay tells again is
written again and changes nothing. A row names no viewer. The view `ledger_days` adds the rows up.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from qianmian.storage.sql.database import Database
from qianmian.storage.sql.tables import LEDGER_ENTRIES
from qianmian.strategies.ledger import Change

LEDGER_DAYS: Final = sa.table(
    "ledger_days",
    *map(
        sa.column,
        ("day", "strategy", "offer", "pieces", "spent_minor", "held", "given_back", "codes"),
    ),
)
AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Spent:
    """What a strategy gave away of an offer on a day of the shop.

    Attributes:
        pieces: that are given or on their way.
        spent_minor: what these cost at most; minor units of the shop's currency.
        held: of the pieces, those of which it is not known yet whether they arrived.
        given_back: that did not arrive, and count for nothing.
        codes: that nobody else can have.
    """

    day: str
    strategy: str
    offer: str
    pieces: int
    spent_minor: int
    held: int
    given_back: int
    codes: int


class SpendingBook:
    """The ledger of a deployment, as rows.

    Args:
        zone: of the shop, for days.

    Raises (every method but `note`): OperationalError when the database cannot be used.
    """

    def __init__(self, database: Database, zone: str) -> None:
        self._database = database
        self._zone = ZoneInfo(zone)
        self._lock = threading.Lock()
        self._waiting: dict[str, Change] = {}

    def note(self, changes: Iterable[Change]) -> None:
        """Keep these with the next `flush`; never waits for the database."""
        with self._lock:
            for one in changes:
                self._waiting[one.decision] = one

    def flush(self) -> None:
        """Write what was noted; before a snapshot is kept, because a replay begins there."""
        with self._lock:
            rows = [self._row(one) for one in self._waiting.values()]
            if rows:
                with self._database.write() as connection:
                    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
                    insert = dialect.insert(LEDGER_ENTRIES)
                    values = {"code": insert.excluded.code, "state": insert.excluded.state}
                    upsert = insert.on_conflict_do_update(index_elements=["decision"], set_=values)
                    for start in range(0, len(rows), AT_ONCE):
                        connection.execute(upsert, rows[start : start + AT_ONCE])
            self._waiting = {}

    def days(self, since: str, until: str) -> Sequence[Spent]:
        """What was given on these days, both included, as of now; by day, strategy, offer.

        Units: days as 2026-11-23, of the shop's zone.
        """
        self.flush()
        day = LEDGER_DAYS.c.day
        wanted = LEDGER_DAYS.select().where(day >= since, day <= until)
        ordered = wanted.order_by(day, LEDGER_DAYS.c.strategy, LEDGER_DAYS.c.offer)
        with self._database.read() as connection:
            return [
                Spent(*row[:3], *(int(number) for number in row[3:]))
                for row in connection.execute(ordered)
            ]

    def _row(self, one: Change) -> dict[str, Any]:
        held = one.held
        return {
            "decision": one.decision,
            "day": datetime.fromtimestamp(held.at / 1_000, self._zone).date().isoformat(),
            "at": held.at,
            "strategy": held.strategy,
            "offer": held.offer,
            "cost_minor": held.cost_minor,
            "code": held.code,
            "state": one.state,
        }
