"""Which ids are one person's, and how far that was read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "identity_edges",
        sa.Column("own", sa.String(160), primary_key=True),
        sa.Column("known", sa.String(160), primary_key=True),
        sa.Column("since", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("source", sa.String(512), nullable=False),
    )
    op.create_index("ix_identity_edges_known", "identity_edges", ["known"])
    op.create_table(
        "projections",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("stop", sa.BigInteger, nullable=False),
    )
