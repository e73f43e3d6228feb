"""Codes of offers, and what strategies gave away, for reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"

DAYS = """
CREATE VIEW ledger_days AS
SELECT day, strategy, offer,
       SUM(CASE WHEN state <> 'given_back' THEN 1 ELSE 0 END) AS pieces,
       SUM(CASE WHEN state <> 'given_back' THEN cost_minor ELSE 0 END) AS spent_minor,
       SUM(CASE WHEN state = 'held' THEN 1 ELSE 0 END) AS held,
       SUM(CASE WHEN state = 'given_back' THEN 1 ELSE 0 END) AS given_back,
       COUNT(DISTINCT code) AS codes
FROM ledger_entries
GROUP BY day, strategy, offer
"""


def upgrade() -> None:
    """Make the tables and the view."""
    op.create_table(
        "offer_codes",
        sa.Column("offer", sa.String(64), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("code", sa.String(64), nullable=False, unique=True),
        sa.Column("owner", sa.String(64)),
        sa.Column("decision", sa.String(64)),
    )
    op.create_index("ix_offer_codes_decision", "offer_codes", ["decision"])
    op.create_table(
        "ledger_entries",
        sa.Column("decision", sa.String(64), primary_key=True),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("strategy", sa.String(64), nullable=False),
        sa.Column("offer", sa.String(64), nullable=False),
        sa.Column("cost_minor", sa.BigInteger, nullable=False),
        sa.Column("code", sa.Integer),
        sa.Column("state", sa.String(16), nullable=False),
    )
    op.create_index("ix_ledger_entries_day", "ledger_entries", ["day"])
    op.execute(DAYS)
