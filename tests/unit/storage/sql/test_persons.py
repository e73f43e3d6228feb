"""Requests to be erased: kept until they are done, then nothing of the person is."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from qianmian.errors import InputError
from qianmian.runtime.refusals import Refusals
from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.persons import ErasureStore
from qianmian.storage.sql.tables import ERASURES

BY = Actor("account", "a1", "掌柜")


def test_a_request_goes_on_after_a_crash_and_forgets_when_it_is_done(database: Database) -> None:
    refusals = Refusals(b"s" * 32, "default")
    store = ErasureStore(database, lambda: 5, refusals.mark_of)
    asked = store.ask("m-1", by=BY, reason="要求")
    assert store.ask("m-1", by=BY).id == asked.id, "asked twice is asked once"
    begun = replace(asked, viewers=("?d", "m-1"), key=b"k" * 32)
    marks = [refusals.mark_of(one) for one in begun.viewers]
    store.begin(begun, marks)
    store.begin(begun, marks)
    store.step(asked.id, "log")
    (waits,) = ErasureStore(database, lambda: 6, refusals.mark_of).waiting()
    assert (waits.viewers, waits.key, waits.step) == (begun.viewers, begun.key, "log")
    store.finish(waits, {"log": 2})
    assert store.waiting() == []
    done = store.get(asked.id)
    assert done is not None
    assert (done.viewers, done.key, done.report, done.step) == ((), b"", {"log": 2}, "done")
    assert sorted(store.marks()) == sorted(marks)
    with database.read() as connection:
        row = connection.execute(sa.select(ERASURES)).one()
    assert "m-1" not in repr(row)
    told = AuditTrail(database, lambda: 7).read()
    assert [one.action for one in told] == ["person.erased", "person.requested"]
    assert "m-1" not in repr(told)


def test_a_reason_does_not_name_the_person(database: Database) -> None:
    store = ErasureStore(database, lambda: 5, Refusals(b"s" * 32, "default").mark_of)
    with pytest.raises(InputError, match="does not name"):
        store.ask("m-1", by=BY, reason="m-1 wants it")
    with pytest.raises(InputError, match="no id"):
        store.ask("a\x00", by=BY)


def test_a_mark_says_nothing_without_the_secret() -> None:
    ours, theirs = Refusals(b"s" * 32, "default"), Refusals(b"t" * 32, "default")
    ours.add([ours.mark_of("m-1"), ours.mark_of("?d")])
    theirs.add([ours.mark_of("m-1")])
    assert ours.has("m-1")
    assert not theirs.has("m-1")
    assert not ours.has("m-2")
    assert ours.has_row(None, "d")
    assert ours.in_json(b'{"batch": [{"userId": "m-1"}]}')
    assert ours.in_json(b'{"a": {"anonymousId": "d"}}')
    assert not ours.in_json(b'{"m-1": 1, "text": "m-1 said"}')
    assert not ours.in_json(b"not json m-1")
