"""One SQL database: opened, migrated, and used in transactions that a `with` begins and ends.

SQLite in a file, or PostgreSQL at an address; the repositories know no difference. SQLite runs with
a write-ahead log, so that readers never wait; a writer takes the lock when its transaction begins,
so that two writers wait for each other instead of failing half-way. In PostgreSQL a reader sees one
state from its first question to its last, and writers that must take turns lock the row they are
about. What goes wrong beneath becomes an `OperationalError` here; a broken constraint is
`Conflict`, which the repositories turn into words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from qianmian.errors import InputError, OperationalError

BUSY_MS: Final = 10_000
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_WRITES: Final = "qianmian_writes"
_POSTGRESQL: Final = "postgresql"
_MIGRATING: Final = 7_246_110  # an arbitrary name of a lock
_BROKEN_CONSTRAINT: Final = "23"  # class of SQLSTATE
NO_ADDRESS: Final = "the database is no address such as postgresql://user:password@host:5432/name"
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

    def __init__(self, url: str | sa.URL) -> None:
        self._engine = _engine(url)

    @classmethod
    def at(cls, address: str) -> Database:
        """The PostgreSQL database at `postgresql://user:password@host:port/name`.

        Raises: InputError when the address is of something else.
        """
        try:
            url = sa.make_url(address)
        except sa.exc.ArgumentError as exc:
            raise InputError(NO_ADDRESS) from exc
        if url.drivername not in ("postgresql", "postgres") or not url.database:
            raise InputError(NO_ADDRESS)
        return cls(url.set(drivername="postgresql+pg8000"))

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

    def migrated(self, revision: str = "head") -> Database:
        """Bring the tables to a revision, the newest one unless it is named; itself.

        Raises: OperationalError when the database cannot be used.
        """
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        with self.write() as connection:
            if (
                connection.dialect.name == _POSTGRESQL
            ):  # two processes that start at once take turns
                lock = sa.func.pg_advisory_xact_lock(_MIGRATING)
                connection.execute(sa.select(lock))
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
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
            if connection.dialect.name == _POSTGRESQL:
                connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
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

    def scrub(self) -> None:
        """Leave nothing of what was deleted in the files: free pages, and the write-ahead log.

        Of a PostgreSQL database the server's own VACUUM does that, in its time.
        """
        with _told(), self._engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                raw = connection.connection.cursor()
                raw.execute("VACUUM")
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                raw.close()

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
        if _state_of(exc).startswith(_BROKEN_CONSTRAINT):  # the driver knows only some of them
            told = _first_line(exc)
            raise Conflict(told, None, exc.__cause__ or exc) from exc
        raise OperationalError(f"the database cannot be used: {_first_line(exc)}") from exc


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    told = cause.args[0] if cause.args else ""
    message = told.get("M", "") if isinstance(told, dict) else str(cause)
    return str(message).partition("\n")[0][:200]


def _state_of(error: Exception) -> str:
    """The SQLSTATE that PostgreSQL gave; "" of others."""
    cause = getattr(error, "orig", None)
    told = cause.args[0] if cause is not None and cause.args else None
    return str(told.get("C", "")) if isinstance(told, dict) else ""


def counted_up(
    connection: Connection, table: sa.Table, key: str, values: Mapping[str, Any], number: str
) -> None:
    """Insert a row with these values, or add one to the number of the row of the same key.

    One statement, so that two who do it at once lose no count.
    """
    dialect = postgresql if connection.dialect.name == _POSTGRESQL else sqlite
    one = dialect.insert(table).values(**values)
    more = {number: table.c[number] + 1}
    connection.execute(one.on_conflict_do_update(index_elements=[key], set_=more))


def _engine(url: str | sa.URL) -> Engine:
    engine = sa.create_engine(url, pool_pre_ping=not str(url).startswith("sqlite"))
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
