"""Follow-ups in the database: of two who claim at once one gets it, and each ends once."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from qianmian.runtime.follow_ups import MOST_HELD, FollowUp, urgency
from qianmian.runtime.persons import Erasure
from qianmian.storage.sql.audit import Actor
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.errands import KEPT_MS
from qianmian.storage.sql.follow_ups import FollowUpStore
from tests.fakes.clock import FakeClock

ANNA, BO = Actor("account", "a1", "小安"), Actor("account", "a2", "小波")
TEN_MINUTES = 600_000


@pytest.fixture
def store(database: Database, clock: FakeClock) -> FollowUpStore:
    return FollowUpStore(database, clock)


def task(name: str, deadline_at: int = 1 << 50, **more: Any) -> FollowUp:
    given: dict[str, Any] = {"viewer": f"v-{name}", "room": "r1", "at": 0}
    given |= {"strategy": "help", "version": 1, "names": {"zh": "帮一把"}, "moment": "doubt"}
    given |= {"product": None, "link_number": None, "offer": None, "title": "你好", "body": ""}
    given |= {"value_minor": 0, "priority": 50}
    return FollowUp(id=name, deadline_at=deadline_at, **(given | more))


def add(store: FollowUpStore, *tasks: FollowUp) -> None:
    store.add(tasks, lambda _: False)


def states(store: FollowUpStore) -> dict[str, tuple[str, str]]:
    return {one.id: (one.state, one.holder_name) for one in store.unfinished()}


def test_of_many_who_claim_at_once_one_gets_it(store: FollowUpStore) -> None:
    people = [Actor("account", f"p{n}", f"p{n}") for n in range(6)]
    for name in ("a", "b", "c"):
        add(store, task(name))
        begin = threading.Barrier(len(people))
        found: list[str] = []

        def claims(
            who: Actor, name: str = name, begin: threading.Barrier = begin, found: Any = found
        ) -> None:
            begin.wait()
            found.append(store.claim(name, who))

        threads = [threading.Thread(target=claims, args=(one,)) for one in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Counter(found) == {"claimed": 1, "taken": len(people) - 1}


def test_only_who_has_it_says_what_came_of_it_and_only_once(store: FollowUpStore) -> None:
    add(store, task("a"), task("b"), task("c"))
    assert store.finish("a", ANNA, "done") == "taken", "nobody has it"
    assert [store.claim("a", ANNA), store.claim("a", ANNA)] == ["claimed", "claimed"]
    assert [store.put_back("a", BO), store.finish("a", BO, "done")] == ["taken", "taken"]
    assert store.put_back("a", ANNA) == "claimed"
    assert store.claim("a", BO) == "claimed"
    assert states(store) == {"a": ("claimed", "小波"), "b": ("open", ""), "c": ("open", "")}
    assert [store.finish("a", BO, "done"), store.finish("a", BO, "skipped")] == ["claimed", "gone"]
    store.claim("b", ANNA)
    store.end(["a", "b", "c"], "expired")
    assert [store.claim(name, BO) for name in ("a", "b", "c", "d")] == ["gone"] * 4
    assert store.untold() == [("a", "done"), ("b", "expired"), ("c", "expired")]


def test_nothing_is_claimed_or_done_at_its_deadline(store: FollowUpStore, clock: FakeClock) -> None:
    add(store, task("a", clock() + 1), task("b", clock() + 1))
    assert store.claim("a", ANNA) == "claimed"
    clock.now += 1
    assert [store.finish("a", ANNA, "done"), store.claim("b", ANNA)] == ["gone", "gone"]


def test_one_person_holds_no_more_than_they_can_write_to(store: FollowUpStore) -> None:
    add(store, *(task(f"t{n:02}") for n in range(MOST_HELD + 1)))
    assert {store.claim(f"t{n:02}", ANNA) for n in range(MOST_HELD)} == {"claimed"}
    last = f"t{MOST_HELD:02}"
    assert [store.claim(last, ANNA), store.claim("t00", ANNA)] == ["full", "claimed"]
    assert store.claim(last, BO) == "claimed"
    store.finish("t00", ANNA, "skipped")
    store.put_back(last, BO)
    assert store.claim(last, ANNA) == "claimed"


def test_what_comes_again_changes_nothing_and_what_is_told_goes_after_a_day(
    store: FollowUpStore, clock: FakeClock
) -> None:
    add(store, task("a"), task("b"))
    store.claim("a", ANNA)
    store.finish("a", ANNA, "done")
    add(store, task("a"), task("b"))
    assert states(store) == {"b": ("open", "")}
    assert store.untold() == [("a", "done")]
    clock.now += 2 * KEPT_MS
    store.note_told([])
    assert store.untold() == [("a", "done")], "what the log does not know is kept"
    store.note_told(["a"])
    assert store.untold() == []
    add(store, task("a"))
    assert states(store) == {"a": ("open", ""), "b": ("open", "")}, "its row was gone"


def test_a_person_is_told_and_forgotten(store: FollowUpStore) -> None:
    add(store, task("a", viewer="v1"), task("b", viewer="v1"), task("c", viewer="v2"))
    store.claim("a", ANNA)
    told = store.export(frozenset({"v1"}))
    assert [(one["id"], one["state"]) for one in told] == [("a", "claimed"), ("b", "open")]
    assert "小安" not in str(told)
    assert store.forget(Erasure({"v1": "gone"}, 0)) == 2
    assert list(states(store)) == ["c"]
    store.add([task("d", viewer="v1")], lambda viewer: viewer == "v1")
    assert list(states(store)) == ["c"]


def test_first_comes_what_is_lost_soonest() -> None:
    tasks = [
        task("nothing", TEN_MINUTES),
        task("large, can wait", TEN_MINUTES, value_minor=10_000),
        task("nothing, sooner", 60_000),
        task("nothing, important", TEN_MINUTES, priority=90),
        task("small, almost over", 60_000, value_minor=2_000),
    ]
    found = sorted(tasks, key=lambda one: urgency(one, 0))
    assert [one.id for one in found] == [
        *("small, almost over", "large, can wait", "nothing, important"),
        *("nothing, sooner", "nothing"),
    ]
    over = [task("b", 5, value_minor=1), task("a", 1, value_minor=2)]
    assert min(over, key=lambda one: urgency(one, 100)).id == "a", "no division by nothing"
