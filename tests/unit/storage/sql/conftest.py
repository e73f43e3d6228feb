"""A migrated database of its own for each test: in SQLite, and in PostgreSQL where there is one.

A test that takes `path` or `tmp_path` looks into files, and runs with SQLite only.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from qianmian.storage.sql.database import Database
from tests.fakes.clock import FakeClock
from tests.postgres import new_database, server
from tests.tables import database_in

NUMBERS = itertools.count()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with server() as address:
        yield address


@pytest.fixture(scope="session")
def on_server(postgres: str) -> str:
    """A database with all tables on the server, to be copied, by name."""
    Database.at(new_database(postgres, "tables")).migrated().close()
    return "tables"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Both for every test of a database, but for those that read its files."""
    if "backend" in metafunc.fixturenames:
        reads_files = {"path", "tmp_path"} & set(inspect.signature(metafunc.function).parameters)
        metafunc.parametrize("backend", ["sqlite"] if reads_files else ["sqlite", "postgres"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of the database."""
    return tmp_path / "home" / "qianmian.db"


@pytest.fixture
def database(backend: str, path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    if backend == "sqlite":
        opened = database_in(path)
    else:
        template = request.getfixturevalue("on_server")
        server_address = request.getfixturevalue("postgres")
        name = f"test_{next(NUMBERS)}"
        opened = Database.at(new_database(server_address, name, template))
    yield opened
    opened.close()
