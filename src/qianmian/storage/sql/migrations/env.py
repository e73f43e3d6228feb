"""How Alembic runs the revisions: in the transaction that it is given."""

from __future__ import annotations

from alembic import context

from qianmian.storage.sql.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite changes a table by making it anew
)
context.run_migrations()
