"""Strategies in a running deployment: decisions follow firings through the log, whatever dies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from qianmian.bootstrap import Cores, lingering_of_moments
from qianmian.columns.batch import EventBatch
from qianmian.language.parse import parse_definition
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.live import Live
from qianmian.runtime.messages import Body, Decided, Events, Message, Settled
from qianmian.strategies.compiling import definitions_of
from qianmian.strategies.strategy import Guardrails, Limits, Step, Strategies
from qianmian.vocabulary.decision import Decision, decision_digest
from tests.fakes.memory_log import MemoryLog, MemorySnapshots
from tests.room_story import START, event, no_facts
from tests.strategy_shop import offer, strategy

ACTIVE = (
    parse_definition("carted", "cart_added without order_paid within 30s on same product"),
    parse_definition("clicked", "product_clicked"),
    parse_definition("keen", "count(product_viewed) within 10m >= 2", "segment"),
)
SHOP = Guardrails(holdout=0, quiet_from=0, quiet_until=0, apart_ms=10_000, per_day=50)
RULES = Strategies(
    (
        strategy("save", moment="carted", offer="ten_off", limits=Limits(per_session=None)),
        strategy("greet", moment="clicked", whom=("keen",), priority=10),
    ),
    (offer(stock=3),),
    SHOP,
)


def fresh() -> Live:
    return Live(Cores(), lingering_of_moments, no_facts)


class Shop:
    """A deployment over a log in memory, with a clock that is set by hand."""

    def __init__(self, log: MemoryLog | None = None) -> None:
        self.log, self.snapshots = log or MemoryLog(), MemorySnapshots()
        self.clock = START
        self.live = fresh()
        self.deployment = Deployment(self.log, self.snapshots, self.live, now=lambda: self.clock)
        self.deployment.recover(ACTIVE)
        self.deployment.start()
        self._number = 0

    async def at(self, second: int, *rows: tuple[Any, ...]) -> None:
        self.clock = START + second * 1_000
        told = []
        for kind, viewer, *more in rows:
            self._number += 1
            fields = {"product": "p1", "message_id": f"m{self._number}", "message": 0}
            told.append(event(second * 1_000, kind, viewer, **(fields | dict(*more))))
        await self.deployment.submit(EventBatch.from_rows(told))
        await self.deployment.settle()

    async def use(self, rules: Strategies) -> None:
        watched = definitions_of(rules.strategies, ACTIVE, "off")
        await self.deployment.decide_by(rules, (*ACTIVE, *watched))


def decisions_in(messages: Iterable[Message]) -> list[Decision]:
    return [
        one
        for message in messages
        if isinstance(message.body, Decided)
        for one in message.body.decisions
    ]


VIEW, CART, CLICK, PAID = "product_viewed", "cart_added", "product_clicked", "order_paid"


def evening() -> MemoryLog:
    """Carts that are left, clicks of the keen and others, a consent withdrawn, a link, an end."""
    shop = Shop()

    async def tell() -> None:
        await shop.use(RULES)
        await shop.at(1, (VIEW, "v1"), (VIEW, "v1"), (CART, "v1"), (CART, "v2"), (CLICK, "v3"))
        await shop.at(2, (CLICK, "v1"), (VIEW, "?x"), (VIEW, "?x"))
        await shop.at(20, (CLICK, "?x"), (CART, "v4"))
        off = {"purpose": "personalized_marketing", "granted": 0}
        await shop.at(33, ("consent_changed", "v5", off), (CART, "v5"))
        await shop.at(40, ("identity_linked", "?x", {"linked_viewer": "v6"}))
        await shop.at(60, (CART, "v6", {"product": "p2"}), (CART, "v7"))
        await shop.at(100, (VIEW, "v9"))
        saved = [one.id for one in decisions_in(shop.log.read(0)) if one.strategy == "save"]
        await shop.deployment.settle_decisions(released=saved[:1])
        await shop.at(101, (CART, "v8"))
        await shop.at(140, (VIEW, "v9"))
        await shop.at(141, (VIEW, "v9"))

    asyncio.run(tell())
    shop.deployment.stop()
    return shop.log


STEPS = (
    Step("in_room", title="给你的券", wait_ms=10_000),
    Step("in_room", title="还在想吗", wait_ms=60_000, wait_for="order_paid"),
    Step("host", title="说一句"),
)
FOLLOWED = Strategies(
    (strategy("follow", moment="clicked", steps=STEPS, offer="ten_off"),), (offer(stock=9),), SHOP
)


def evening_of_steps() -> MemoryLog:
    """Who gets the first card, who gets none, who pays, who refuses; a link, an end."""
    shop = Shop()

    async def tell() -> None:
        await shop.use(FOLLOWED)
        await shop.at(1, *((CLICK, f"v{n}") for n in range(1, 5)), (CLICK, "?x"))
        await shop.at(2, (VIEW, "v9"))
        await shop.deployment.settle()  # behind what was decided
        sent = {one.viewer: one.id for one in decisions_in(shop.log.read(0))}
        await shop.at(3, ("message_delivered", "v1", {"delivery_id": sent["v1"]}))
        await shop.deployment.settle_decisions(released=[sent["v2"]])
        await shop.at(8, ("identity_linked", "?x", {"linked_viewer": "v6"}))
        await shop.at(20, (PAID, "v3"), (VIEW, "v9"))
        off = {"purpose": "personalized_marketing", "granted": 0}
        await shop.at(30, ("consent_changed", "v4", off))
        await shop.at(40, (PAID, "v6"))
        for second in (63, 64, 74, 75, 100, 190):
            await shop.at(second, (VIEW, "v9"))

    asyncio.run(tell())
    shop.deployment.stop()
    return shop.log


def evening_written_late() -> MemoryLog:
    """The evening with each decision written at the clock of the next message, and before it."""
    late, waiting = MemoryLog(), list[Body]()
    for message in evening().read(0):
        if isinstance(message.body, Decided):
            waiting.append(message.body)
            continue
        if message.clock > late.last_clock:
            for body in waiting:
                late.append(message.clock, [body])
            waiting.clear()
        late.append(message.clock, [message.body])
    late.commit()
    return late


def evening_settled_often() -> MemoryLog:
    """The same evening; before each message of events one that the engine has nothing to do with.

    So a slow machine writes it: what was settled comes late, at the clock of the next.
    """
    found = MemoryLog()
    for message in evening().read(0):
        before = [Settled((), ())] if isinstance(message.body, Events) else []
        found.append(message.clock, [*before, message.body])
    found.commit()
    return found


Evening = Callable[[], MemoryLog]
EVENINGS = pytest.mark.parametrize(
    "told", [evening, evening_written_late, evening_settled_often, evening_of_steps]
)


def test_steps_follow_what_the_log_says() -> None:
    told = [
        (one.viewer, one.step, (one.at - START) // 1_000, one.reason)
        for one in decisions_in(evening_of_steps().read(0))
        if one.step
    ]
    assert sorted(told) == [
        ("v2", 1, 3, ""),  # refused at 3 s; v1 was reached
        ("v2", 2, 63, ""),
        ("v3", 1, 13, ""),  # nothing came in ten seconds; then v3 paid
        ("v4", 1, 13, ""),
        ("v4", 2, 73, "consent"),
        ("v6", 1, 13, ""),  # was ?x, and paid
    ]


def test_strategies_decide_about_what_fires_and_nothing_else() -> None:
    told = {
        (one.strategy, one.viewer): (one.outcome, one.reason)
        for one in decisions_in(evening().read(0))
    }
    assert told == {
        ("greet", "v1"): ("act", ""),  # v3 clicked, too, and is not keen
        ("greet", "?x"): ("act", ""),
        ("save", "v1"): ("act", ""),
        ("save", "v2"): ("act", ""),
        ("save", "v4"): ("act", ""),
        ("save", "v5"): ("suppressed", "consent"),
        ("save", "v6"): ("suppressed", "stock"),
        ("save", "v7"): ("suppressed", "stock"),
        ("save", "v8"): ("act", ""),  # one was given back
    }


def replayed(log: MemoryLog, start: Any = None) -> tuple[Live, list[Body]]:
    snapshots, live = MemorySnapshots(), fresh()
    if start is not None:
        snapshots.save(start)
    return live, list(live.recover(log, snapshots))


@EVENINGS
def test_a_restart_anywhere_decides_nothing_twice_and_remembers_the_same(told: Evening) -> None:
    log = told()
    whole, found = replayed(log)
    assert found == []
    walker = fresh()
    walker.log = log
    for message in log.read(0):
        kept = walker.snapshot()
        if kept is not None:
            again, found = replayed(log, kept)
            assert not decisions_in([Message(0, 0, one) for one in found]), kept.offset
            assert again.decider.snapshot() == whole.decider.snapshot(), kept.offset
        walker.apply(message)


class Cut(MemoryLog):
    """A log that ends before an offset: what a crash left of it."""

    def __init__(self, whole: MemoryLog, end: int) -> None:
        super().__init__()
        for message in whole.read(0, until=end):
            self.append(message.clock, [message.body])
        self.commit()


@EVENINGS
def test_what_a_crash_kept_from_the_log_is_decided_once_more_and_the_same(told: Evening) -> None:
    log = told()
    everything = decisions_in(log.read(0))
    for end in range(3, log.next_offset + 1):
        short = Cut(log, end)
        before = decisions_in(short.read(0))
        _, found = replayed(short)
        again = decisions_in([Message(0, 0, one) for one in found])
        both = [*before, *again]
        assert decision_digest(both) == decision_digest(everything[: len(both)]), end
        assert len({one.id for one in both}) == len(both)


@EVENINGS
def test_replayed_in_one_call_per_second_or_by_message_it_decides_the_same(told: Evening) -> None:
    log = told()
    bare = MemoryLog()
    for message in log.read(0):
        if not isinstance(message.body, Decided):
            bare.append(message.clock, [message.body])
    bare.commit()

    def decided(alone_below: int) -> Sequence[Decision]:
        found = fresh().recover(bare, MemorySnapshots(), alone_below=alone_below)
        return decisions_in([Message(0, 0, one) for one in found])

    together, alone = decided(0), decided(1 << 40)
    assert together == alone
    assert decision_digest(together) == decision_digest(decisions_in(log.read(0)))


def test_what_was_released_and_delivered_is_in_the_log() -> None:
    settled = [one.body for one in evening().read(0) if isinstance(one.body, Settled)]
    assert [len(one.released) for one in settled] == [1]
