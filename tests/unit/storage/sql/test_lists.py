"""Lists: every upload is a version, the newest holds, and every change is told."""

from __future__ import annotations

import pytest

from qianmian.errors import DefinitionError, InputError, NotThere
from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.lists import KEPT_VERSIONS, ListStore, ListTaken
from tests.fakes.clock import FakeClock

BY = Actor("account", "a1", "老板")


@pytest.fixture
def store(database: Database, clock: FakeClock) -> ListStore:
    return ListStore(database, clock)


def test_an_upload_takes_the_place_of_the_one_before(store: ListStore) -> None:
    assert store.put("老客", ["b", "a"], by=BY, title="回头客") == ListTaken(
        1, 2, 2, 0, is_new=True
    )
    assert store.put("老客", ["c", "a"], by=BY) == ListTaken(2, 2, 1, 1, is_new=True)
    assert store.members("老客") == ["a", "c"]
    assert store.members("老客", 1) == ["a", "b"]
    (now,) = store.all()
    assert (now.key, now.version, now.title, now.size, now.made_by) == (
        "老客",
        2,
        "回头客",
        2,
        "老板",
    )
    assert [one.version for one in store.versions("老客")] == [2, 1]


def test_the_same_again_is_no_version_and_no_change(store: ListStore) -> None:
    store.put("vip", ["a"], by=BY, title="t")
    number = store.number()
    assert store.put("vip", ["a"], by=BY) == ListTaken(1, 1, 0, 0, is_new=False)
    assert store.number() == number
    assert store.put("vip", ["a"], by=BY, title="other").version == 2


def test_a_dry_run_says_what_would_be_and_changes_nothing(store: ListStore) -> None:
    store.put("vip", ["a"], by=BY)
    number = store.number()
    found = store.put("vip", ["b", "c"], by=BY, dry_run=True)
    assert found == ListTaken(2, 2, 2, 1, is_new=True)
    assert (store.number(), store.members("vip")) == (number, ["a"])


def test_members_of_the_newest_versions_are_kept(store: ListStore) -> None:
    for number in range(KEPT_VERSIONS + 1):
        store.put("vip", [f"v{number}"], by=BY)
    assert [one.is_kept for one in store.versions("vip")] == [*([True] * KEPT_VERSIONS), False]
    assert store.members("vip", 2) == ["v1"]
    with pytest.raises(NotThere, match="version 1"):
        store.members("vip", 1)


def test_what_holds_is_read_again_only_after_a_change(store: ListStore) -> None:
    store.put("vip", ["a"], by=BY)
    held, titles = store.newest(), store.titles()
    assert (held, titles) == ({"vip": ["a"]}, {"vip": "vip"})
    assert (store.newest(), store.titles()) == (held, titles)
    assert store.newest() is held
    assert store.titles() is titles
    store.put("new", ["b"], by=BY, title="新客")
    assert store.titles() == {"vip": "vip", "new": "新客"}
    assert store.newest() == {"vip": ["a"], "new": ["b"]}
    store.delete("vip", by=BY)
    assert store.newest() == {"new": ["b"]}
    with pytest.raises(NotThere):
        store.members("vip")
    with pytest.raises(NotThere):
        store.delete("vip", by=BY)


def test_who_is_erased_is_on_no_version(store: ListStore) -> None:
    store.put("vip", ["a", "b"], by=BY)
    store.put("vip", ["a"], by=BY)
    number = store.number()
    told = [{"viewer": "a", "list": "vip", "version": version} for version in (1, 2)]
    assert store.of(["a", "nobody"]) == told
    assert store.forget(["a"]) == 2
    assert store.number() > number
    assert (store.members("vip"), store.members("vip", 1)) == ([], ["b"])
    assert store.forget(["a"]) == 0


def test_names_titles_and_the_number_of_lists_are_bounded(
    database: Database, clock: FakeClock
) -> None:
    store = ListStore(database, clock, most=1)
    with pytest.raises(DefinitionError):
        store.put("two words", ["a"], by=BY)
    with pytest.raises(InputError, match="cannot be shown"):
        store.put("vip", ["a"], by=BY, title="a\x00b")
    store.put("vip", ["a"], by=BY)
    with pytest.raises(InputError, match="take one away"):
        store.put("other", ["a"], by=BY)
    assert store.put("vip", ["b"], by=BY).version == 2


def test_every_change_is_in_the_audit(
    store: ListStore, database: Database, clock: FakeClock
) -> None:
    store.put("vip", ["a"], by=BY, reason="autumn", told={"bad": 1})
    store.delete("vip", by=BY)
    found = AuditTrail(database, clock).read(limit=10)
    told = [(one.action, one.subject, one.reason) for one in found]
    assert told == [("list.deleted", "vip", ""), ("list.imported", "vip", "autumn")]
    assert found[1].after == {"version": 1, "size": 1, "added": 1, "removed": 0, "bad": 1}
