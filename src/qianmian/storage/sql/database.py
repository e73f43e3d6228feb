"""One SQL database: opened, migrated, and used in transactions that a `with` begins and ends.

SQLite runs with a write-ahead log, so that readers never wait; a writer takes the lock when its
transaction begins, so that two writers wait for each other instead of failing half-way. What goes
wrong beneath becomes an `OperationalError` here; a broken constraint is `Conflict`, which the
repositories turn into words.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from qianmian.errors import OperationalError

BUSY_MS: Final = 10_000
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_WRITES: Final = "qianmian_writes"
_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    f"PRAGMA busy_timeout = {BUSY_MS}",
)

Conflict = sa.exc.IntegrityError
"""A constraint that a write would break, such as a name that is taken."""


class Database:
    """A database by its SQLAlchemy URL. Usable from several threads; `close` it at the end."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)

    @classmethod
    def in_file(cls, path: Path) -> Database:
        """The SQLite database in this file, readable by its owner only; made if there is none.

        Raises: OperationalError when the folder or the file cannot be used.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
        except OSError as exc:
            raise OperationalError(f"{path} cannot be used: {exc.strerror}") from exc
        return cls(f"sqlite:///{path}")

    def migrated(self) -> Database:
        """Bring the tables to the newest revision; itself.

        Raises: OperationalError when the database cannot be used.
        """
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        with self.write() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        return self

    def with_tables(self, tables: sa.MetaData) -> Database:
        """Make these tables if they are not there; itself. For files that can be thrown away."""
        with self.write() as connection:
            tables.create_all(connection)
        return self

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that changes nothing.

        Raises: OperationalError
        """
        with _told(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: committed at the end, undone when something is raised.

        Raises: OperationalError; Conflict when a constraint would be broken.
        """
        with _told(), self._engine.connect() as connection:
            connection.execution_options(**{_WRITES: True})
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


@contextmanager
def _told() -> Iterator[None]:
    """Turn errors of the database into ours: they stop at this adapter."""
    try:
        yield
    except Conflict:
        raise
    except (sa.exc.DBAPIError, sa.exc.TimeoutError) as exc:
        raise OperationalError(f"the database cannot be used: {_first_line(exc)}") from exc


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).partition("\n")[0][:200]


def _engine(url: str) -> Engine:
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins no transactions of its own: we do
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
