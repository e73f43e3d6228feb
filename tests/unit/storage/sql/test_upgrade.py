"""An old database: from every earlier revision, with rows in every table, to the newest one.

The rows are made from the tables as they were then, so a revision that comes later is walked over
by itself. What each row said is still there afterward; new columns are beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from qianmian.storage.sql import database as sql
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.tables import METADATA
from tests.postgres import new_database

MIGRATIONS: Final = Path(sql.__file__).parent / "migrations"
FILLED_BY_MIGRATIONS: Final = {"alembic_version", "audit_head"}
ROWS: Final = 2


def script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


REVISIONS: Final = [one.revision for one in reversed([*script().walk_revisions()])]


def value_for(column: sa.Column[Any], number: int) -> Any:
    """A value of the type of a column, another one in each row."""
    match column.type:
        case sa.Boolean():
            return number % 2 == 0
        case sa.Integer():  # also the larger ones
            return number + 1
        case sa.LargeBinary():
            return bytes([number + 1]) * 32
        case sa.Float() | sa.Numeric():
            return number + 0.5
        case sa.JSON():
            return {"n": number}
        case sa.String():  # also texts
            return f'{{"n": {number}}}'[: column.type.length]
    raise AssertionError(f"no value for {column!r}")


def filled(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Rows in every table of today, and what was written."""
    written: dict[str, list[dict[str, Any]]] = {}
    with database.write() as connection:
        then = sa.MetaData()
        then.reflect(connection)
        for table in then.sorted_tables:
            if table.name in FILLED_BY_MIGRATIONS:
                continue
            rows = [
                {
                    column.name: value_for(column, number)
                    for column in table.columns
                    if column.computed is None
                }
                for number in range(ROWS)
            ]
            connection.execute(table.insert(), rows)
            written[table.name] = rows
    return written


@pytest.mark.parametrize("revision", REVISIONS)
def test_what_an_old_database_says_is_still_there(
    backend: str, revision: str, tmp_path_factory: Any, request: pytest.FixtureRequest
) -> None:
    if backend == "sqlite":
        database = Database.in_file(tmp_path_factory.mktemp("old") / "qianmian.db")
    else:
        server = request.getfixturevalue("postgres")
        database = Database.at(new_database(server, f"old_{revision}"))
    database.migrated(revision)
    with database.read() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == revision
    written = filled(database)
    assert written
    database.migrated()
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == REVISIONS[-1]
        now = sa.MetaData()
        now.reflect(connection)
        for name, rows in written.items():
            held = connection.execute(now.tables[name].select()).mappings().all()
            kept = [{column: row[column] for column in rows[0]} for row in held]
            assert sorted(kept, key=repr) == sorted(rows, key=repr), name
    database.close()


def test_every_revision_is_walked_over() -> None:
    assert len(REVISIONS) == len([*MIGRATIONS.joinpath("versions").glob("r0*.py")])
    assert len(REVISIONS) >= 14
