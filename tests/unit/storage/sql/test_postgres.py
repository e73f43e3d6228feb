"""PostgreSQL: what differs from a file, and a whole server over it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from qianmian.errors import InputError, OperationalError
from qianmian.settings import Settings
from qianmian.storage.sql.audit import SYSTEM, AuditTrail
from qianmian.storage.sql.changes import note_change, number_of
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.tables import ACCOUNTS, CHANGES
from tests.fakes.clock import FakeClock
from tests.postgres import new_database
from tests.serving import WAIT_S, served


@pytest.fixture
def address(postgres: str, request: pytest.FixtureRequest) -> str:
    return new_database(postgres, f"own_{abs(hash(request.node.name))}")


def at_once(*calls: Callable[[], object]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    "address",
    ["", "x", "sqlite:///x.db", "mysql://u@h/x", "postgresql://u:secret@h", "postgresql:/"],
)
def test_what_is_no_address_of_postgresql_is_told_without_its_password(address: str) -> None:
    with pytest.raises(InputError, match="postgresql://user") as raised:
        Database.at(address)
    assert "secret" not in str(raised.value)


def test_a_server_that_does_not_answer_is_told_without_its_password() -> None:
    opened = Database.at("postgresql://somebody:secret@127.0.0.1:9/x")
    with pytest.raises(OperationalError, match="cannot be used") as raised:
        opened.migrated()
    assert "secret" not in str(raised.value)
    assert "secret" not in repr(raised.value.__cause__)
    opened.close()


def test_processes_that_start_at_once_all_find_the_tables(address: str) -> None:
    opened = [Database.at(address) for _ in range(4)]
    at_once(*(one.migrated for one in opened))
    for one in opened:
        with one.read() as connection:
            counted = sa.select(sa.func.count()).select_from(ACCOUNTS)
            assert connection.execute(counted).scalar_one() == 0
        one.close()


def test_changes_at_once_lose_no_count(address: str) -> None:
    database = Database.at(address).migrated()

    def change() -> None:
        for _ in range(10):
            with database.write() as connection:
                note_change(connection, "x")

    at_once(change, change, change)
    with database.read() as connection:
        assert number_of(connection, "x") == 30
    database.close()


def test_a_reader_sees_one_state_from_its_first_question_to_its_last(address: str) -> None:
    database = Database.at(address).migrated()
    trail = AuditTrail(database, FakeClock())
    trail.note(SYSTEM, "x.changed", "")
    with database.read() as reader:
        assert len(reader.execute(CHANGES.select()).all()) == 0
        with database.write() as writer:
            note_change(writer, "x")
        assert len(reader.execute(CHANGES.select()).all()) == 0
    with pytest.raises(OperationalError, match="read-only"), database.read() as reader:
        reader.execute(CHANGES.delete())
    database.close()


def test_a_whole_server_keeps_what_people_decide_in_postgresql(
    address: str, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, database=address)
    with (
        served(tmp_path, settings) as server,
        httpx.Client(base_url=server.url, timeout=WAIT_S) as client,
    ):
        given = {"token": server.first_token, "name": "老板", "password": "correct horse"}
        answer = client.post("/api/first-account", json=given)
        assert answer.status_code == 200, answer.text
        client.headers["x-csrf-token"] = answer.json()["csrf"]
        assert client.put("/api/products/p1", json={"title": "气垫"}).status_code == 200
        body = "货号,名称\np2,口红\n".encode("gb18030")
        assert client.post("/api/products/import", content=body).json()["added"] == 1
        assert client.get("/api/products", params={"search": "口红"}).json()["total"] == 1
        assert client.get("/api/audit/verdict").json()["intact"] is True
    assert not (tmp_path / "qianmian.db").exists()
    with served(tmp_path, settings) as server:
        assert server.first_token is None, "the account is there"
        assert [one.id for one in server.home.products] == ["p1", "p2"]
