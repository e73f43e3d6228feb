"""What pages of viewers list of a room's products."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "room_lists",
        sa.Column("room", sa.String(128), primary_key=True),
        sa.Column("is_hot_shown", sa.Boolean, nullable=False),
        sa.Column("recommended", sa.Text, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("changed_by", sa.String(128), nullable=False),
    )
