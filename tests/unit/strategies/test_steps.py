"""Steps that follow: stop at the first reach; wait for an event; one touch for each reach."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from qianmian.errors import InputError
from qianmian.language.parse import parse_definition
from qianmian.strategies.chain import RECEIPT_MS
from qianmian.strategies.compiling import check_strategy
from qianmian.strategies.deciding import Decider
from qianmian.strategies.strategy import (
    ChannelKind,
    Goal,
    Guardrails,
    Limits,
    Schedule,
    Step,
    Strategies,
)
from qianmian.vocabulary.decision import Decision, decision_id, step_id
from qianmian.vocabulary.firing import Firing
from tests.strategy_shop import MINUTE, NOON, OFTEN, SAY, decider, firing, offer, silent, strategy

HOST = Step("host", title="说一句")
LATER = NOON + 60 * MINUTE


def told(decisions: list[Decision]) -> list[tuple[int, int, str]]:
    return [(one.at - NOON, one.step, one.reason) for one in decisions]


def begun(by: Decider, fired: Firing) -> tuple[str, list[Decision]]:
    by.note([fired])
    found = by.decide(NOON + 1, silent)
    return found[0].id, found


def test_the_next_step_goes_where_the_first_did_not_reach_in_its_wait() -> None:
    by = decider(strategy(steps=(SAY, HOST)))
    _, found = begun(by, firing(NOON))
    after = MINUTE + RECEIPT_MS
    assert by.decide(NOON + after, silent) == []
    [next_one] = by.decide(NOON + after + 1, silent)
    assert (next_one.at, next_one.step, next_one.channels) == (NOON + after, 1, ("host",))
    assert next_one.id == step_id(decision_id(found[0].firing, "coupon", 1), 1)
    assert next_one.after == found[0].id
    assert next_one.deadline_at == next_one.at + 90_000
    assert by.decide(LATER, silent) == []


def test_nothing_follows_what_has_reached() -> None:
    by = decider(strategy(steps=(SAY, HOST)))
    first, _ = begun(by, firing(NOON))
    by.settle([first], (), NOON + 5_000)
    assert by.decide(LATER, silent) == []


def test_what_was_refused_is_followed_at_once() -> None:
    by = decider(strategy(steps=(HOST, SAY)))
    first, _ = begun(by, firing(NOON))
    by.settle((), [first], NOON + 5_000)
    assert told(by.decide(LATER, silent)) == [(5_000, 1, "")]


def test_a_channel_that_is_not_set_up_is_passed_over_also_by_what_follows() -> None:
    one = strategy(steps=(Step("sms"), SAY, Step("bot"), HOST))
    by = decider(one)
    by.change(msgspec.structs.replace(by.rules, off=("sms", "bot")))
    first, found = begun(by, firing(NOON))
    assert (found[0].step, found[0].channels) == (1, ("in_room", "host"))
    by.settle((), [first], NOON + 5_000)
    assert told(by.decide(LATER, silent)) == [(5_000, 3, "")]
    by.change(msgspec.structs.replace(by.rules, off=("sms", "in_room", "bot", "host")))
    _, refused = begun(by, firing(NOON, viewer="v2"))
    assert [(one.outcome, one.reason, one.about) for one in refused] == [
        ("suppressed", "channel_off", "sms")
    ]


WAITS = Step("in_room", wait_ms=10 * MINUTE, wait_for="order_paid")


def test_a_step_that_waits_for_an_event_is_followed_unless_it_came() -> None:
    for event, expected in (("order_paid", []), ("cart_added", [(10 * MINUTE, 1, "")])):
        by = decider(strategy(steps=(WAITS, SAY)))
        first, _ = begun(by, firing(NOON))
        by.settle([first], (), NOON + 1_000)
        by.decide(NOON + MINUTE, silent)
        by.chains.happened("v2", "order_paid")
        by.chains.happened("v1", event)
        assert told(by.decide(LATER, silent)) == expected


def test_a_link_takes_what_waits_along() -> None:
    by = decider(strategy(steps=(WAITS, SAY)))
    begun(by, firing(NOON, "?x"))
    by.link("?x", "v1")
    [later] = by.decide(LATER, silent)
    assert later.viewer == "v1"


@pytest.mark.parametrize(
    ("is_reached", "expected"),
    [(True, ("suppressed", "per_session")), (False, ("act", ""))],
)
def test_each_step_that_reached_is_one_touch(is_reached: bool, expected: tuple[str, str]) -> None:
    """The second step follows a reach and counts again, or replaces what did not reach."""
    shop = Guardrails(holdout=0, quiet_from=0, quiet_until=0, per_session=2)
    by = decider(strategy(steps=(WAITS, SAY), limits=OFTEN), guardrails=shop)
    first, _ = begun(by, firing(NOON))
    if is_reached:
        by.settle([first], (), NOON + 1_000)
    [later] = by.decide(NOON + 20 * MINUTE, silent)
    assert later.outcome == "act"
    by.note([firing(NOON + 30 * MINUTE, key="other")])
    [other] = by.decide(NOON + 30 * MINUTE + 1, silent)
    assert (other.outcome, other.reason) == expected


def test_a_reached_person_is_not_reached_again_above_the_limits_of_the_shop() -> None:
    shop = Guardrails(holdout=0, quiet_from=0, quiet_until=0, per_session=1)
    by = decider(strategy(steps=(WAITS, SAY)), guardrails=shop)
    first, _ = begun(by, firing(NOON))
    by.settle([first], (), NOON + 1_000)
    assert told(by.decide(LATER, silent)) == [(10 * MINUTE, 1, "per_session")]


def test_all_steps_give_one_piece_of_the_offer() -> None:
    by = decider(strategy(steps=(WAITS, SAY, HOST), offer="ten_off"), offers=[offer(stock=1)])
    first, _ = begun(by, firing(NOON))
    by.settle([first], (), NOON + 1_000)
    found = by.decide(LATER, silent)
    assert [(one.step, one.offer, one.cost_minor) for one in found] == [
        (1, "ten_off", 0),
        (2, "ten_off", 0),
    ]
    assert (by.ledger.given["ten_off"], by.ledger.spent["coupon"]) == (1, 1_000)


def test_what_was_given_back_and_taken_by_somebody_else_is_not_promised_again() -> None:
    by = decider(strategy(steps=(WAITS, SAY), offer="ten_off"), offers=[offer(stock=1)])
    begun(by, firing(NOON))
    by.note([firing(NOON + 5 * MINUTE, "v2")])
    [other] = by.decide(NOON + 6 * MINUTE, silent)
    by.settle([other.id], (), NOON + 6 * MINUTE)
    assert told(by.decide(NOON + 11 * MINUTE, silent)) == [(10 * MINUTE, 1, "stock")]


def test_a_version_that_is_replaced_or_stopped_goes_no_further() -> None:
    for change, expected in (
        ({"version": 2}, []),
        ({"mode": "paused"}, []),
        ({"is_stopped": True}, [(MINUTE + RECEIPT_MS, 1, "switch")]),
    ):
        by = decider(strategy(steps=(SAY, HOST)))
        begun(by, firing(NOON))
        rules = by.rules
        if "is_stopped" in change:
            rules = Strategies(rules.strategies, (), Guardrails(is_stopped=True))
        else:
            more: dict[str, Any] = dict(change)
            rules = Strategies((strategy(steps=(SAY, HOST), **more),), (), rules.guardrails)
        by.change(rules)
        assert told(by.decide(LATER, silent)) == expected


@pytest.mark.parametrize(
    ("moment", "steps", "field"),
    [
        ("product_clicked", (SAY, Step("in_room", wait_for="order_paid")), "steps[1].wait_ms"),
        ("product_clicked", (Step("in_room", wait_for="promo_started"), SAY), "steps[0].wait_for"),
        (
            "distinct(product_clicked.viewer) within 60s >= 3",
            (Step("in_room", wait_for="order_paid"), SAY),
            "steps[0].wait_for",
        ),
    ],
)
def test_a_wait_that_means_nothing_is_refused(
    moment: str, steps: tuple[Step, ...], field: str
) -> None:
    active = [parse_definition("m", moment)]
    with pytest.raises(InputError) as refused:
        check_strategy(strategy(moment="m", steps=steps, limits=Limits()), active, ())
    assert refused.value.params["field"] == field


@pytest.mark.parametrize(
    ("schedule", "is_fine"),
    [
        (Schedule(after_ms=60_000), True),
        (Schedule(every_ms=60_000), True),
        (Schedule(daily="20:00"), False),
        (Schedule(before_ms=60_000), False),
    ],
)
def test_a_goal_until_the_session_ends_needs_a_session(
    schedule: Schedule, *, is_fine: bool
) -> None:
    active = [parse_definition("s", "liked this session", "segment")]
    push = Step("push", title="x")
    given: dict[str, Any] = {"moment": "", "schedule": schedule, "whom": ("s",), "steps": (push,)}
    until = strategy(goal=Goal(within="session"), **given)
    if is_fine:
        check_strategy(until, active, ())
        return
    with pytest.raises(InputError) as refused:
        check_strategy(until, active, ())
    assert refused.value.params["field"] == "goal.within"


@pytest.mark.parametrize("channel", get_args(ChannelKind))
def test_a_link_without_a_site_is_for_pages_of_the_shop_alone(channel: ChannelKind) -> None:
    active = [parse_definition("m", "product_clicked")]

    def checked(url: str) -> None:
        step = Step(channel, title="看看", action_label="去", action_url=url)
        check_strategy(strategy(moment="m", steps=(step,)), active, ())

    checked("https://shop.example/cart")
    if channel == "in_room":
        checked("/cart")
    else:
        with pytest.raises(InputError, match=f"{channel} is read where") as refused:
            checked("/cart")
        assert refused.value.params["field"] == "steps[0].action_url"
    for url in ("http://shop.example", "//evil.example", "cart"):
        with pytest.raises(InputError, match="a link begins with"):
            checked(url)
