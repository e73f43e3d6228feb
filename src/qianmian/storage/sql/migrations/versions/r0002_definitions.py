"""Versions of definitions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "definition_versions",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.String(128), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("active_from", sa.BigInteger),
        sa.Column("active_until", sa.BigInteger),
        sa.Column("ended_by", sa.String(128)),
    )
    op.create_index("ix_definition_versions_state", "definition_versions", ["state"])
