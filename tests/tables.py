"""A database with all tables, for tests that make many: they are made once and copied."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from qianmian.storage.sql.database import Database


@cache
def _bytes() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tables.db"
        Database.in_file(path).migrated().close()
        return path.read_bytes()


def database_in(path: Path) -> Database:
    """A new one in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_bytes())
    return Database.in_file(path)
