"""Codes in the database: each is read by one act, whatever happens at once."""

from __future__ import annotations

import threading

import pytest

from qianmian.errors import InputError
from qianmian.runtime.codes import Claim
from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.codes import CodeStore, CodeTold
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.strategies import StrategyStore
from tests.fakes.clock import FakeClock

LEAD = Actor("account", "a1", "老板")


@pytest.fixture
def store(database: Database, clock: FakeClock) -> CodeStore:
    return CodeStore(database, clock)


def claim(place: int, owner: str, decision: str = "", offer: str = "ten") -> Claim:
    return Claim(offer, place, owner, decision or owner)


def test_codes_keep_their_order_and_come_once_in_the_whole_shop(
    store: CodeStore, database: Database, clock: FakeClock
) -> None:
    strategies = StrategyStore(database, clock)
    before = strategies.number()
    assert store.add("ten", ["CODE-A", "CODE-B"], LEAD) == set()
    assert store.add("ten", ["CODE-B", "CODE-C"], LEAD) == {"CODE-B"}
    assert store.add("other", ["CODE-A", "CODE-D"], LEAD) == {"CODE-A"}
    assert store.add("ten", ["CODE-A"], LEAD) == {"CODE-A"}
    assert strategies.read().codes == {"other": 1, "ten": 3}
    assert strategies.number() == before + 3, "a server notices, and only where something came"
    assert [store.read(claim(n, f"o{n}")) for n in range(4)] == ["CODE-A", "CODE-B", "CODE-C", None]
    told = AuditTrail(database, clock).read()
    assert [one.after for one in told][-1] == {"added": 2, "size": 2}
    assert "CODE" not in repr(told)
    assert store.newest("ten", 2) == [CodeTold(2, "DE-C", True), CodeTold(1, "DE-B", True)]


def test_an_act_reads_its_code_again_and_nobody_else_does(store: CodeStore) -> None:
    store.add("ten", ["CODE-A"], LEAD)
    assert store.read_by(["d1"]) == set()
    assert store.read(claim(0, "d1")) == "CODE-A"
    assert store.read(claim(0, "d1", "step")) == "CODE-A", "a step that follows has the same"
    assert store.read(claim(0, "d2")) is None
    assert store.read_by(["d1", "step", "d2"]) == {"step"}
    store.unread(["d1"])
    assert store.read(claim(0, "d2")) is None, "the step has read it, too"
    store.unread(["step"])
    assert store.read(claim(0, "d2")) == "CODE-A"


def test_of_many_who_read_at_once_one_gets_each_code(store: CodeStore) -> None:
    store.add("ten", [f"CODE-{n}" for n in range(3)], LEAD)
    found: list[tuple[int, str | None]] = []
    begin = threading.Barrier(6)

    def read(who: int) -> None:
        begin.wait()
        found.extend((who, store.read(claim(place, f"o{who}"))) for place in range(3))

    threads = [threading.Thread(target=read, args=(n,)) for n in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(code for _, code in found if code) == ["CODE-0", "CODE-1", "CODE-2"]


def test_a_pool_has_an_end(database: Database, clock: FakeClock) -> None:
    store = CodeStore(database, clock, most=2)
    store.add("ten", ["CODE-A", "CODE-B"], LEAD)
    with pytest.raises(InputError, match="at most 2"):
        store.add("ten", ["CODE-C"], LEAD)
    assert store.read(claim(2, "d1")) is None
