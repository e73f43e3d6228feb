"""What the shop sells."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "products",
        sa.Column("id", sa.String(512), primary_key=True),
        sa.Column("title", sa.String(512), nullable=False),
        sa.Column("link_number", sa.BigInteger),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("brand", sa.String(512)),
        sa.Column("brand_tone", sa.String(512)),
        sa.Column("price_minor", sa.BigInteger),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("stock", sa.BigInteger),
        sa.Column("selling_points", sa.Text, nullable=False),
        sa.Column("related", sa.Text, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("folded", sa.Text, nullable=False),
    )
    op.create_index("ix_products_link_number", "products", ["link_number"])
