"""The database: migrations give the tables, errors stop here, writers wait for each other."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from qianmian.errors import OperationalError
from qianmian.storage.sql.database import Conflict, Database
from qianmian.storage.sql.tables import ACCOUNTS, CHANGES, METADATA


def test_the_migrations_give_the_tables_that_the_code_knows(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == "0016"


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.write() as connection:
        connection.execute(CHANGES.insert().values(topic="x", number=7))
    database.migrated()
    with database.read() as connection:
        assert connection.execute(sa.select(CHANGES.c.number)).scalar_one() == 7


def test_two_processes_that_start_at_once_both_find_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "qianmian.db"
    opened = [Database.in_file(path) for _ in range(4)]
    threads = [threading.Thread(target=one.migrated) for one in opened]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in opened:
        with one.read() as connection:
            assert (
                connection.execute(sa.select(sa.func.count()).select_from(ACCOUNTS)).scalar_one()
                == 0
            )
        one.close()


def test_what_raises_is_undone(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            connection.execute(CHANGES.insert().values(topic="x", number=1))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with database.read() as connection:
        assert connection.execute(CHANGES.select()).all() == []


def test_a_broken_constraint_is_a_conflict(database: Database) -> None:
    with database.write() as connection:
        connection.execute(CHANGES.insert().values(topic="x", number=1))
    with pytest.raises(Conflict), database.write() as connection:
        connection.execute(CHANGES.insert().values(topic="x", number=1))


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    Database.in_file(tmp_path / "q.db").migrated().close()
    assert (tmp_path / "q.db").stat().st_mode & 0o077 == 0


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "q.db"
    path.write_bytes(b"this is something else, and long enough to be looked at" * 100)
    opened = Database.in_file(path)
    with pytest.raises(OperationalError, match="not a database"):
        opened.migrated()
    opened.close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OperationalError, match="cannot be used"):
        Database.in_file(tmp_path / "file" / "q.db")


def test_a_reader_sees_the_state_before_a_writer_that_is_not_done(tmp_path: Path) -> None:
    database = Database.in_file(tmp_path / "q.db").migrated()
    with database.write() as writer:
        writer.execute(CHANGES.insert().values(topic="x", number=1))
        with database.read() as reader:
            assert reader.execute(CHANGES.select()).all() == []
    database.close()
    assert sqlite3.sqlite_version_info >= (3, 35)
