"""The ledger of consents: what was said, when, and what proves it. Made from the log, kept longer.

A row is a message's place, so that a replay writes nothing twice. Nothing is changed but by an
erasure, which leaves the proof under a tombstone.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from qianmian.runtime.consent_book import ConsentChange
from qianmian.runtime.persons import Erasure
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.tables import CONSENTS

_C = CONSENTS.c


class ConsentLedger:
    """The ledger of a deployment.

    Raises (every method but `note`): OperationalError when the database cannot be used.
    """

    name = "consents"

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: list[ConsentChange] = []

    def note(self, changes: Iterable[ConsentChange]) -> None:
        """Keep these with the next `flush`; never waits."""
        found = list(changes)
        if found:
            with self._lock:
                self._waiting += found

    def flush(self) -> None:
        """Write what was noted; before a snapshot is kept, because a replay begins there."""
        with self._lock:
            if not self._waiting:
                return
            with self._database.write() as connection:
                dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
                insert = dialect.insert(CONSENTS).on_conflict_do_nothing()
                connection.execute(insert, [_values(one) for one in self._waiting])
            self._waiting = []

    def of(self, viewers: Iterable[str]) -> list[ConsentChange]:
        """What these viewers said, in the order of the log."""
        self.flush()
        wanted = CONSENTS.select().where(_C.viewer.in_(sorted(viewers)))
        with self._database.read() as connection:
            rows = connection.execute(wanted.order_by(_C.offset, _C.place))
            return [ConsentChange(**row) for row in rows.mappings()]

    def export(self, viewers: frozenset[str]) -> list[dict[str, Any]]:
        """The same, as JSON can hold it."""
        return [asdict(one) for one in self.of(viewers)]

    def forget(self, erasure: Erasure) -> int:
        """Keep the proof under tombstones, without the words of the evidence; how many rows."""
        self.flush()
        changed = 0
        with self._database.write() as connection:
            for viewer, tombstone in erasure.tombstone_by_viewer.items():
                mine = connection.execute(CONSENTS.select().where(_C.viewer == viewer)).mappings()
                for row in list(mine):
                    proof = hashlib.sha256(row["evidence"].encode()).hexdigest()
                    values: Mapping[str, Any] = {
                        "viewer": tombstone,
                        "evidence": f"sha256:{proof}" if row["evidence"] else "",
                    }
                    here = sa.and_(_C.offset == row["offset"], _C.place == row["place"])
                    connection.execute(CONSENTS.update().where(here).values(**values))
                    changed += 1
        return changed

    def drop_before(self, at_ms: int) -> int:
        """Drop what is older and has been replaced by something newer; how many rows.

        Units: ms UTC.
        """
        newer = CONSENTS.alias("newer")
        same = sa.and_(
            newer.c.viewer == _C.viewer,
            newer.c.purpose == _C.purpose,
            newer.c.channel == _C.channel,
            newer.c.event_time > _C.event_time,
        )
        old = CONSENTS.delete().where(_C.at < at_ms, sa.exists().where(same))
        with self._database.write() as connection:
            return int(connection.execute(old).rowcount)


def _values(one: ConsentChange) -> dict[str, Any]:
    return asdict(one)
