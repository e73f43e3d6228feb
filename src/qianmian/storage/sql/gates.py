"""Channels that are shut because nobody is at their address any more, until somebody opens them.

They are rules of the shop: what decides reads them with the strategies, under the same topic.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
import sqlalchemy as sa

from qianmian.storage.sql.audit import SYSTEM, Actor, AuditTrail
from qianmian.storage.sql.changes import note_change
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.strategies import SHUT, TOPIC, shut_channels
from qianmian.storage.sql.tables import SHOP_RULES

_T: Final = SHOP_RULES.c


class ChannelGates:
    """Which channels of a deployment are shut.

    Args:
        clock: ms UTC.

    Raises (every method): OperationalError when the database cannot be used.
    """

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock
        self._audit = AuditTrail(database, clock)

    def shut_at(self) -> dict[str, int]:
        """Since when each is shut, ms UTC."""
        with self._database.read() as connection:
            return shut_channels(connection)

    def is_shut(self, channel: str) -> bool:
        """Whether nothing goes over it."""
        return channel in self.shut_at()

    def shut(self, channel: str, why: str) -> None:
        """Nothing goes over it from now on; once, however many say so."""
        row = {"name": f"{SHUT}{channel}", "body": msgspec.json.encode({"why": why}).decode()}
        row |= {"changed_by": SYSTEM.name}
        with self._database.write() as connection:
            here = sa.select(_T.name).where(_T.name == row["name"])
            if connection.execute(here).first() is None:
                values = {**row, "changed_at": self._clock()}
                connection.execute(SHOP_RULES.insert().values(**values))
                note_change(connection, TOPIC)
                self._audit.append(connection, SYSTEM, "channel.shut", channel, reason=why)

    def open(self, channel: str, by: Actor) -> bool:
        """It is called again; False: it was not shut."""
        with self._database.write() as connection:
            gone = SHOP_RULES.delete().where(_T.name == f"{SHUT}{channel}")
            if not connection.execute(gone).rowcount:
                return False
            note_change(connection, TOPIC)
            self._audit.append(connection, by, "channel.opened", channel)
            return True
