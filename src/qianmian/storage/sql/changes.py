"""A number per topic that grows with each change, so that whoever follows notices one cheaply."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from qianmian.storage.sql.database import counted_up
from qianmian.storage.sql.tables import CHANGES


def number_of(connection: Connection, topic: str) -> int:
    """How often a topic has been changed."""
    found = connection.execute(
        sa.select(CHANGES.c.number).where(CHANGES.c.topic == topic)
    ).scalar_one_or_none()
    return int(found or 0)


def note_change(connection: Connection, topic: str) -> None:
    """This transaction changes a topic."""
    counted_up(connection, CHANGES, "topic", {"topic": topic, "number": 1}, "number")
