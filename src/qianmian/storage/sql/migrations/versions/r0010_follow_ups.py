"""Viewers whom customer service should write to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "follow_ups",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("viewer", sa.String(512), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("deadline_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("holder", sa.String(128), nullable=False),
        sa.Column("holder_name", sa.String(128), nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("is_told", sa.Boolean, nullable=False),
    )
    op.create_index("ix_follow_ups_viewer", "follow_ups", ["viewer"])
    op.create_index("ix_follow_ups_state", "follow_ups", ["state"])
