"""What a decision becomes for whoever reads it: slots that are filled, tasks in their order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from qianmian.runtime.follow_ups import FollowUp, urgency
from qianmian.server.delivering import Outgoing, card_of, follow_up_of
from qianmian.server.follow_ups import FollowUpDesk
from qianmian.storage.sql.audit import Actor
from qianmian.strategies.strategy import Guardrails, Step
from qianmian.strategies.templates import SLOTS
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.product import Product
from qianmian.vocabulary.time import HOUR_MS
from tests.strategy_shop import NOON, decided, decider, firing, offer, strategy

NIGHT = NOON + 11 * HOUR_MS  # 23:00 in Shanghai
CREAM = Product(
    "p1",
    "面霜",
    link_number=3,
    brand="千面",
    price_minor=29_900,
    selling_points=("不黏", "保湿"),
)


def decision_for(product: Product, at: int = NOON, **fields: Any) -> tuple[Decision, Any]:
    one = strategy(offer="ten_off", **fields)
    by = decider(one, offers=[offer(amount_minor=1_000)], guardrails=Guardrails(holdout=0))
    [found] = decided(by, firing(at, key=product.id))
    assert found.outcome == "act"
    return found, one


def task(product: Product, at: int = NOON, *, lasts_ms: int = 600_000, **fields: Any) -> FollowUp:
    step = Step("follow_up", title="亲，还在看吗", deadline_ms=lasts_ms)
    found, one = decision_for(product, at, steps=(step,), **fields)
    return follow_up_of(Outgoing(found, one, None, product), "CNY")


@pytest.mark.parametrize("slot", SLOTS)
def test_every_slot_that_may_be_written_is_filled_by_a_decision(slot: str) -> None:
    step = Step("in_room", title="看看", body=f"{{{slot}|没有}}")
    found, one = decision_for(CREAM, steps=(step,))
    shown = card_of(found, one, offer(amount_minor=1_000), CREAM, None, "CNY")
    assert shown.body not in ("", "没有")


def test_the_desk_writes_first_about_what_costs_most_unless_the_strategy_says_a_value() -> None:
    cheap = Product("p2", "小样", price_minor=900)
    found = [
        task(cheap, value_minor=50_000, priority=1),
        task(CREAM, priority=2),
        task(cheap, priority=90),
        task(Product("p3"), priority=100),  # of which no price is known
    ]
    mixed = [found[place] for place in (3, 1, 0, 2)]
    ordered = sorted(mixed, key=lambda one: urgency(one, NOON))
    assert [one.value_minor for one in ordered] == [50_000, 29_900, 900, 0]
    assert ordered == found


class Tasks:
    """A store of one task."""

    def __init__(self, *tasks: FollowUp) -> None:
        self.tasks = tasks

    def unfinished(self) -> tuple[FollowUp, ...]:
        return self.tasks


def test_what_quiet_hours_hold_is_on_no_desk_before_they_are_over() -> None:
    one, who = task(CREAM, NIGHT, lasts_ms=12 * HOUR_MS), Actor("person", "1", "小波")
    morning = NIGHT + 9 * HOUR_MS

    def open_at(now: int) -> int:
        store: Any = Tasks(one)
        nothing: Any = None
        desk = FollowUpDesk(store, nothing, lambda _: False, lambda: now, nothing)
        return asyncio.run(desk.of(who)).waiting

    assert [open_at(now) for now in (NIGHT, morning - 1, morning)] == [0, 0, 1]
