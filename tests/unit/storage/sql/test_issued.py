"""Codes that were made, and channels that are shut: of many who say so at once the first counts."""

from __future__ import annotations

import threading

import pytest

from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.codes import CodeStore
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.gates import ChannelGates
from qianmian.storage.sql.issued import IssuedStore
from qianmian.storage.sql.strategies import StrategyStore
from qianmian.vocabulary.offer import Coupon
from tests.fakes.clock import FakeClock

LEAD = Actor("account", "a1", "老板")


@pytest.fixture
def store(database: Database, clock: FakeClock) -> IssuedStore:
    return IssuedStore(database, clock)


def test_the_first_answer_that_is_kept_stays_whoever_asks_again(store: IssuedStore) -> None:
    assert store.of(["a"]) == {}
    assert store.begin("a", "gift").coupon is None
    first = Coupon("CODE-1", 5, "https://shop.example/use")
    assert store.keep("a", first).coupon == first
    assert store.keep("a", Coupon("CODE-2")).coupon == first
    assert store.refuse("a", "http_400").coupon == first
    assert store.begin("a", "gift").coupon == first, "after a restart"
    store.begin("b", "gift")
    assert (store.refuse("b", "http_400").state, store.keep("b", Coupon("CODE-3")).why) == (
        "refused",
        "http_400",
    )
    assert store.of(["a", "b", "c"]).keys() == {"a", "b"}
    assert (store.counts("gift"), store.counts("other")) == ({"issued": 1, "refused": 1}, {})
    assert [one.code for one in store.newest("gift", 9)] == ["CODE-1"]


def test_of_many_who_keep_at_once_an_act_and_a_code_have_one(
    store: IssuedStore, database: Database, clock: FakeClock
) -> None:
    CodeStore(database, clock).add("ten", ["OF-A-TABLE"], LEAD)
    found: list[str | None] = []

    def keeps(code: str) -> None:
        store.begin("a", "gift")
        found.append(store.keep("a", Coupon(code)).code)

    many = [threading.Thread(target=keeps, args=(f"CODE-{n}",)) for n in range(6)]
    for one in many:
        one.start()
    for one in many:
        one.join()
    assert len(found) == 6
    assert len(set(found)) == 1
    for act, code in (("b", found[0]), ("c", "OF-A-TABLE")):
        store.begin(act, "gift")
        told = store.keep(act, Coupon(str(code)))
        assert (told.state, told.why, told.code) == ("refused", "code_known", None)


def test_a_channel_is_shut_once_and_opened_once_and_strategies_notice(
    database: Database, clock: FakeClock
) -> None:
    gates, strategies = ChannelGates(database, clock), StrategyStore(database, clock)
    before = strategies.number()
    assert not gates.open("webhook", LEAD)
    gates.shut("webhook", "http_410")
    shut_at = clock()
    clock.pass_ms(5)
    gates.shut("webhook", "http_410")
    assert gates.shut_at() == {"webhook": shut_at}
    assert (gates.is_shut("webhook"), gates.is_shut("email")) == (True, False)
    assert strategies.read().shut == {"webhook"}
    assert strategies.number() == before + 1
    assert gates.open("webhook", LEAD)
    assert strategies.read().shut == frozenset()
    assert strategies.number() == before + 2
    told = [(one.action, one.reason) for one in AuditTrail(database, clock).read()]
    assert sorted(told) == [("channel.opened", ""), ("channel.shut", "http_410")]
