"""The audit: nobody changes it by the database, and whoever goes round the triggers is found."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qianmian.storage.sql.audit import SYSTEM, Actor, AuditTrail, Head
from qianmian.storage.sql.database import Conflict, Database
from qianmian.storage.sql.tables import AUDIT, AUDIT_HEAD, CHANGES
from tests.fakes.clock import FakeClock

LI = Actor("account", "a1", "李")
TRIGGERS = {
    "audit": ("audit_no_update", "audit_no_delete", "audit_in_order"),
    "audit_head": ("audit_head_grows", "audit_head_stays"),
}
"""Of SQLite; PostgreSQL has others."""


@pytest.fixture
def trail(database: Database, clock: FakeClock) -> AuditTrail:
    return AuditTrail(database, clock)


def told(trail: AuditTrail, rows: int) -> None:
    for number in range(1, rows + 1):
        trail.note(LI, "product.changed", f"p{number}", before={"n": number}, reason="因为")


@contextmanager
def without_triggers(database: Database) -> Iterator[sa.engine.Connection]:
    """As somebody works who may do everything to the database."""
    with database.write() as connection:
        kept: list[tuple[str, str]] = []
        if connection.dialect.name == "sqlite":
            query = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            kept = [(one.name, one.sql) for one in connection.execute(query)]
            for name, _ in kept:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        yield connection
        for _, statement in kept:
            connection.exec_driver_sql(statement)


def test_a_change_and_its_row_are_both_there_or_none(database: Database, trail: AuditTrail) -> None:
    def fail() -> None:
        with database.write() as connection:
            connection.execute(CHANGES.insert().values(topic="x", number=1))
            trail.append(connection, LI, "x.changed", "x")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert trail.read() == []
    with database.write() as connection:
        trail.append(
            connection, LI, "x.changed", "x", after={"价": 1, "a": [None]}, reason="为什么"
        )
    (row,) = trail.read()
    assert (row.number, row.actor, row.action, row.subject) == (1, LI, "x.changed", "x")
    assert (row.before, row.after, row.reason) == (None, {"价": 1, "a": [None]}, "为什么")
    assert trail.verify().problem is None


def test_rows_are_read_newest_first_and_by_the_page(trail: AuditTrail) -> None:
    told(trail, 5)
    assert [one.number for one in trail.read(limit=2)] == [5, 4]
    assert [one.number for one in trail.read(before=4, limit=9)] == [3, 2, 1]


CHANGES_REFUSED: list[Callable[[sa.engine.Connection], object]] = [
    lambda to: to.execute(AUDIT.update().values(reason="")),
    lambda to: to.execute(AUDIT.update().where(AUDIT.c.number == 1).values(number=9)),
    lambda to: to.execute(AUDIT.delete()),
    lambda to: to.execute(AUDIT.delete().where(AUDIT.c.number == 3)),
    lambda to: to.execute(AUDIT_HEAD.delete()),
    lambda to: to.execute(AUDIT_HEAD.update().values(number=1)),
]


@pytest.mark.parametrize("change", CHANGES_REFUSED)
def test_the_database_refuses_to_change_what_was_written(
    database: Database, trail: AuditTrail, change: Callable[[sa.engine.Connection], object]
) -> None:
    told(trail, 3)
    with pytest.raises(Conflict, match="append-only"), database.write() as connection:
        change(connection)
    assert trail.verify().problem is None
    assert len(trail.read()) == 3


def test_sqlite_refuses_a_row_in_place_of_another(database: Database, trail: AuditTrail) -> None:
    told(trail, 3)
    with database.read() as connection:
        if connection.dialect.name != "sqlite":
            return  # an insert there is an insert: the primary key refuses it
        columns = ", ".join(one.name for one in AUDIT.columns)
    statement = f"INSERT OR REPLACE INTO audit SELECT {columns} FROM audit WHERE number = 2"
    with pytest.raises(Conflict, match="append-only"), database.write() as connection:
        connection.exec_driver_sql(statement.replace("before, after", '"before", "after"'))


def values(name: str) -> st.SearchStrategy[object]:
    if name in ("number", "at"):
        return st.integers(1, 1 << 40)
    if name == "hash":
        return st.binary(min_size=32, max_size=32)
    return st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_any_row_that_was_changed_is_found(
    database: Database, trail: AuditTrail, data: st.DataObject
) -> None:
    if not trail.read(limit=1):
        told(trail, 5)
    number = data.draw(st.integers(1, 5))
    name = data.draw(st.sampled_from([one.name for one in AUDIT.columns]))
    column = AUDIT.c[name]
    with database.read() as connection:
        where = AUDIT.c.number == number
        was = connection.execute(sa.select(column).where(where)).scalar_one()
    becomes = data.draw(values(name).filter(lambda one: one != was))
    if name == "number":
        becomes = number + 10  # a number that is there already is refused by the key
    with without_triggers(database) as connection:
        connection.execute(AUDIT.update().where(where).values({name: becomes}))
    found = trail.verify()
    with without_triggers(database) as connection:
        changed = AUDIT.c.number == (becomes if name == "number" else number)
        connection.execute(AUDIT.update().where(changed).values({name: was}))
    assert found.problem is not None
    assert found.broken_at is not None
    assert found.broken_at <= number + 1
    assert trail.verify().problem is None, "it is as it was again"


@pytest.mark.parametrize("number", [1, 2, 4, 5])
def test_any_row_that_was_taken_away_is_found(
    database: Database, trail: AuditTrail, number: int
) -> None:
    told(trail, 5)
    with without_triggers(database) as connection:
        connection.execute(AUDIT.delete().where(AUDIT.c.number == number))
    assert trail.verify().broken_at == number


def test_rows_that_changed_places_are_found(database: Database, trail: AuditTrail) -> None:
    told(trail, 4)
    with without_triggers(database) as connection:
        for was, becomes in ((2, 99), (3, 2), (99, 3)):
            connection.execute(AUDIT.update().where(AUDIT.c.number == was).values(number=becomes))
    assert trail.verify().broken_at == 2


def test_a_row_put_in_at_the_end_is_found(database: Database, trail: AuditTrail) -> None:
    told(trail, 2)
    row: dict[str, object] = {one.name: "x" for one in AUDIT.columns}
    row |= {"number": 3, "at": 1, "hash": bytes(32)}
    with without_triggers(database) as connection:
        connection.execute(AUDIT.insert().values(row))
    assert trail.verify().broken_at == 3


def test_a_chain_that_was_made_anew_differs_from_a_head_that_was_noted(
    database: Database, trail: AuditTrail, clock: FakeClock
) -> None:
    told(trail, 3)
    noted = trail.verify().head
    told(trail, 1)
    assert trail.verify(noted).problem is None
    with without_triggers(database) as connection:
        connection.execute(AUDIT.delete())
        connection.execute(AUDIT_HEAD.update().values(number=0, hash=bytes(32)))
    clock.pass_ms(1)
    told(trail, 4)
    assert trail.verify().problem is None, "the chain alone cannot tell"
    assert trail.verify(noted).broken_at == 3
    assert trail.verify(Head(9, bytes(32))).broken_at == 5


def test_those_who_write_at_once_take_turns(database: Database, trail: AuditTrail) -> None:
    threads = [threading.Thread(target=told, args=(trail, 5)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = trail.verify()
    assert (found.problem, found.head.number) == (None, 20)


def test_the_product_itself_is_an_actor(trail: AuditTrail) -> None:
    trail.note(SYSTEM, "products.imported", "")
    assert trail.read()[0].actor.kind == "system"
