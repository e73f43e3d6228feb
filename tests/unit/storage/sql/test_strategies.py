"""Strategies, offers and limits: versions, their steps, the audit, and what a change touches."""

from __future__ import annotations

import pytest

from qianmian.errors import InputError, NotThere, SelfApproval
from qianmian.storage.sql.accounts import AccountStore
from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.strategies import StrategyStore
from qianmian.strategies.strategy import Guardrails, Step, Strategy
from qianmian.vocabulary.offer import Offer
from tests.fakes.clock import FakeClock

MAKER, LEAD = Actor("account", "a1", "小王"), Actor("account", "a2", "老板")


@pytest.fixture
def store(database: Database, clock: FakeClock) -> StrategyStore:
    return StrategyStore(database, clock)


def strategy(**more: object) -> Strategy:
    return Strategy("help", (Step("in_room"),), "price_question", **more)  # type: ignore[arg-type]


def modes(store: StrategyStore) -> list[tuple[int, str]]:
    return [(one.strategy.version, one.mode) for one in store.read().versions]


def test_a_draft_is_replaced_and_a_new_version_takes_the_place_of_the_old(
    store: StrategyStore,
) -> None:
    store.save_draft(strategy(reason="a"), MAKER)
    assert store.save_draft(strategy(reason="b"), MAKER).strategy.version == 1
    for step, by in (("ask", MAKER), ("approve", LEAD), ("widen", LEAD)):
        store.take("help", 1, step, by)  # type: ignore[arg-type]  # of STEPS
    (one,) = store.read().versions
    assert (one.mode, one.strategy.reason, one.approved_by) == ("full", "b", "老板")
    assert store.save_draft(strategy(reason="c"), LEAD).strategy.version == 2
    store.take("help", 2, "ask", LEAD)
    with pytest.raises(SelfApproval):
        store.take("help", 2, "approve", LEAD)
    assert modes(store) == [(1, "full"), (2, "approval")]
    store.take("help", 2, "approve", Actor("account", "a3", "主管"))
    assert modes(store) == [(1, "ended"), (2, "ramp")]


def test_a_first_draft_follows_the_version_of_the_file(store: StrategyStore) -> None:
    assert store.save_draft(strategy(), MAKER, least_version=4).strategy.version == 4
    assert store.drop_draft("help", MAKER)
    assert not store.drop_draft("help", MAKER)
    with pytest.raises(NotThere):
        store.take("help", 4, "ask", MAKER)


def test_every_change_is_told_to_the_audit_and_counted(
    store: StrategyStore, database: Database, clock: FakeClock
) -> None:
    before = store.number()
    store.save_draft(strategy(), MAKER)
    store.take("help", 1, "rehearse", MAKER)
    store.put_offer(Offer("ten", "减十元", "每人一张", stock=3), LEAD)
    store.put_guardrails(Guardrails(per_day=1), LEAD, why="投诉多", before=Guardrails())
    store.put_alone(LEAD, is_alone=True, why="就我一个")
    store.drop_offer("ten", LEAD)
    assert store.number() == before + 6
    told = [row.action for row in AuditTrail(database, clock).read(limit=10)]
    assert told[::-1] == [
        *("strategy.drafted", "strategy.moved", "offer.changed", "limits.changed"),
        *("limits.alone", "offer.dropped"),
    ]
    kept = store.read()
    assert (kept.offers, kept.guardrails, kept.is_alone) == ((), Guardrails(per_day=1), True)
    with pytest.raises(NotThere):
        store.drop_offer("ten", LEAD)


def test_one_person_alone_is_so_only_while_it_is_true(
    store: StrategyStore, database: Database, clock: FakeClock
) -> None:
    accounts = AccountStore(database, clock)
    boss = accounts.create("老板", "owner", "correct horse")
    me = Actor("account", boss.id, boss.name)
    store.put_alone(me, is_alone=True, why="就我一个")
    store.save_draft(strategy(ramp=9_000), me)
    store.take("help", 1, "ask", me)
    assert store.take("help", 1, "approve", me).strategy.ramp == 1_000
    accounts.create("小王", "operator", "correct horse")
    assert not store.read().is_alone
    store.save_draft(strategy(), me)
    store.take("help", 2, "ask", me)
    with pytest.raises(SelfApproval):
        store.take("help", 2, "approve", me)
    with pytest.raises(InputError, match="more than one"):
        store.put_alone(me, is_alone=True, why="again")
