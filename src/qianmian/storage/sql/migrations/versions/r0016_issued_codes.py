"""Codes that a coupon system of the shop makes, one for each act."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "issued_codes",
        sa.Column("act", sa.String(64), primary_key=True),
        sa.Column("offer", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("code", sa.String(64), unique=True),
        sa.Column("valid_until", sa.BigInteger),
        sa.Column("url", sa.String(2048), nullable=False),
        sa.Column("why", sa.String(64), nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_issued_codes_offer", "issued_codes", ["offer"])
