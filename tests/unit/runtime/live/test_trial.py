"""A trial says of a session what was decided in it, and of a draft what would have been."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from qianmian.errors import UnknownName
from qianmian.runtime.messages import Decided, Message, StrategiesChanged
from qianmian.runtime.ports import Log
from qianmian.runtime.trial import Given, Recorded, Trial, try_strategy
from qianmian.strategies.compiling import definition_of, definitions_of
from qianmian.strategies.strategy import Limits, Strategies, Strategy
from tests import turns
from tests.fakes.memory_log import MemoryLog
from tests.room_story import START
from tests.strategy_shop import offer, strategy
from tests.unit.runtime.live.test_decisions import (
    ACTIVE,
    CART,
    CLICK,
    FOLLOWED,
    RULES,
    SHOP,
    VIEW,
    Evening,
    Shop,
    decisions_in,
    evening,
    evening_of_steps,
    fresh,
)

FIRST_S = 1
"""The second of the first event of both evenings: it opens the session."""


def given(one: Strategy, now: Strategies = RULES) -> Given:
    def watch(active: Any) -> Any:
        return definition_of(one, {(d.kind, d.key): d for d in active}, "off")

    watched = definitions_of(now.strategies, ACTIVE, "off")
    return Given(one, watch, now, (*ACTIVE, *watched), ())


def session_of(log: Log) -> Recorded:
    [name] = {one.session for one in decisions_in(log.read(0))}
    return Recorded("r1", name, START + FIRST_S * 1_000, log.last_clock)


def tried(one: Strategy, log: Log, now: Strategies = RULES) -> Trial:
    return try_strategy(fresh(), log, given(one, now), session_of(log))


@pytest.mark.parametrize(("told", "rules"), [(evening, RULES), (evening_of_steps, FOLLOWED)])
def test_of_a_version_that_was_in_force_it_says_what_was_decided(
    told: Evening, rules: Strategies
) -> None:
    log = told()
    live = decisions_in(log.read(0))
    for one in rules.strategies:
        trial = tried(one, log, rules)
        assert trial.decisions == [own for own in live if own.strategy == one.key]
        assert trial.others == [own for own in live if own.strategy != one.key]
        assert trial.decisions


def without(log: MemoryLog, key: str) -> MemoryLog:
    """The same evening had this strategy not been there: nothing was decided about it."""
    bare = MemoryLog()
    for message in log.read(0):
        body = message.body
        match body:
            case Decided(decisions):
                body = Decided(tuple(one for one in decisions if one.strategy != key))
            case StrategiesChanged(rules):
                others = tuple(one for one in rules.strategies if one.key != key)
                body = StrategiesChanged(msgspec.structs.replace(rules, strategies=others))
        bare.append(message.clock, [body])
    bare.commit()
    return bare


def evening_of_receipts() -> MemoryLog:
    """Carts that are left and clicks, and every card arrives."""
    shop, sent = Shop(), set[str]()

    story: list[tuple[int, list[tuple[Any, ...]]]] = [
        (1, [(VIEW, "v1"), (VIEW, "v1"), *((CART, f"v{n}") for n in range(1, 6))]),
        (2, [(CLICK, "v1")]),
        (33, [(VIEW, "v9")]),
        (34, [(VIEW, "v9")]),
        (150, [(CART, "v6"), (CLICK, "v1")]),
        (190, [(VIEW, "v9")]),
        (191, [(VIEW, "v9")]),
    ]

    async def tell() -> None:
        await shop.use(RULES)
        for second, rows in story:
            await shop.at(second, *rows)
            await shop.deployment.settle()  # behind what was decided
            acts = [one for one in decisions_in(shop.log.read(0)) if one.outcome == "act"]
            new = [one for one in acts if one.id not in sent]
            sent.update(one.id for one in new)
            if new:
                arrived = [
                    ("message_delivered", one.viewer, {"delivery_id": one.id}) for one in new
                ]
                await shop.at(second, *arrived)

    asyncio.run(tell())
    shop.deployment.stop()
    return shop.log


def test_of_a_draft_it_says_what_the_same_words_decided_when_they_were_in_force() -> None:
    log = evening_of_receipts()
    for one in RULES.strategies:
        draft = msgspec.structs.replace(one, mode="draft")
        trial = tried(draft, without(log, one.key))
        live = [own for own in decisions_in(log.read(0)) if own.strategy == one.key]
        assert trial.decisions == live
        assert not trial.was_there
        assert trial.acts


def test_it_tells_who_stopped_it_and_when_and_what_it_can_cost() -> None:
    offers = Strategies(RULES.strategies, (offer(stock=3), offer("dear", cost_minor=700)), SHOP)
    limits = Limits(budget_minor=1_500)
    draft = strategy("again", moment="carted", mode="draft", offer="dear", limits=limits)
    log = without(evening(), "save")
    trial = try_strategy(fresh(), log, given(draft, offers), session_of(log))
    assert [one.outcome for one in trial.acts] == ["act", "act"]
    assert (trial.viewers, trial.held_out, trial.cost_minor) == (2, 0, 1_400)
    assert {key: one.count for key, one in trial.stops.items()} == {"budget": 4, "consent": 1}
    stop = trial.stops["budget"]
    assert stop.first_at == next(one.at for one in trial.decisions if one.reason == "budget")
    assert stop.about == "again"


def test_it_shows_whom_it_takes_the_word_from_and_to_whom_it_loses() -> None:
    log = evening()
    for priority in (5, 99):
        rival = strategy("rival", moment="clicked", mode="draft", priority=priority)
        trial = tried(rival, log)
        lost = sum(one.reason == "lost_to" for one in trial.decisions)
        others = sum(one.reason == "lost_to" for one in trial.others)
        expected = ({"greet": lost}, {}) if priority == 5 else ({}, {"greet": others})
        assert (trial.lost_to, trial.went_before) == expected
        assert lost + others > 0


def test_a_session_that_had_not_what_it_needs_says_so() -> None:
    with pytest.raises(UnknownName):
        tried(strategy("draft", moment="nothing_there"), evening())


class Short(MemoryLog):
    """A log of which the beginning is not kept any more."""

    def __init__(self) -> None:
        super().__init__()
        self.first_offset = 4

    def read(self, from_offset: int, *, until: int | None = None) -> Iterator[Message]:
        assert from_offset >= self.first_offset
        return super().read(from_offset, until=until)


def test_where_the_beginning_of_the_log_is_gone_it_begins_with_what_holds_today() -> None:
    whole, short = evening(), Short()
    for message in whole.read(0):
        short.append(message.clock, [message.body])
    short.commit()
    live = [one for one in decisions_in(whole.read(0)) if one.strategy == "save"]
    [same] = [one for one in RULES.strategies if one.key == "save"]
    trial = try_strategy(fresh(), short, given(same), session_of(whole))
    assert trial.decisions == live


def two_sessions() -> turns.Shop:
    """Version 2 answers carts, each person once a day; v1 clicks in both sessions."""
    shop = turns.Shop()
    rules = strategy("help", moment="clicked", version=2, conditions="cart_added this session")
    shop.use(0.5, rules, shop=msgspec.structs.replace(turns.FREE, per_day=1))
    rows = [turns.Row(second, "product_clicked", "v1", {"product": "p1"}) for second in (5, 105)]
    rows += [turns.Row(second, "session_ended") for second in (50.5, 150.5)]
    shop.pass_by(rows, until=160)
    return shop


def test_another_version_decides_before_the_session_by_what_it_watched_then() -> None:
    shop = two_sessions()
    assert shop.turns == []
    earlier = strategy("help", moment="clicked", version=1)

    def watch(active: Any) -> Any:
        return definition_of(earlier, {(d.kind, d.key): d for d in active}, "off")

    now = shop.live.decider.rules
    session = Recorded(
        "r1", f"r1@{turns.ZERO + 105 * turns.S}", turns.ZERO + 100 * turns.S, shop.log.last_clock
    )
    trial = try_strategy(
        turns.fresh(), shop.log, Given(earlier, watch, now, turns.ACTIVE, ()), session
    )
    assert [(one.viewer, one.outcome) for one in trial.decisions] == [("v1", "act")]


def test_a_schedule_is_tried_as_it_would_have_been_decided() -> None:
    past = turns.facts_of({"n1": "dormant", "n2": "active"})
    shop = turns.Shop(past)
    often = turns.scheduled("often", every_ms=60_000)
    recall = turns.scheduled("recall", "follow_up", "sleepy", before_ms=30_000)
    shop.use(0.5, often)
    told = {"starts_at": turns.ZERO + 60 * turns.S, "session": "s2"}
    begun = [turns.Row(5.5, "session_scheduled", None, told)]
    begun += [turns.Row(60.5, "session_started", None, {"session": "s2"})]
    rows = [
        *begun,
        *turns.keen(61.5, "v1"),
        *turns.here(200, "v1"),
        turns.Row(200.5, "session_ended"),
    ]
    shop.pass_by(rows, until=210)
    session = Recorded("r1", "s2", turns.ZERO + 60_500, shop.log.last_clock)

    def tried_there(one: Strategy) -> Trial:
        def watch(active: Any) -> Any:
            return definition_of(one, {(d.kind, d.key): d for d in active}, "off")

        asked = Given(one, watch, shop.live.decider.rules, turns.ACTIVE, ())
        return try_strategy(turns.fresh(past), shop.log, asked, session)

    trial = tried_there(often)
    assert trial.was_there
    assert trial.decisions == shop.decisions
    assert [(one.at - turns.ZERO) // turns.S for one in trial.decisions] == [120, 180]
    assert [
        (one.viewer, (one.at - turns.ZERO) // turns.S) for one in tried_there(recall).decisions
    ] == [("n1", 30)]
