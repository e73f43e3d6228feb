"""Deciding: one viewer, one instant, one best intervention, and a reason for everything else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from qianmian.strategies.deciding import HOLDOUT_SEED, Decider
from qianmian.strategies.strategy import Guardrails, Limits, Step, Strategies
from qianmian.vocabulary.consent import MARKETING, SHARE, Consent, Consents
from qianmian.vocabulary.decision import decision_digest, decision_id
from tests.strategy_shop import (
    MINUTE,
    NOON,
    OFTEN,
    SAY,
    decided,
    decider,
    firing,
    offer,
    outcomes,
    somebody,
    strategy,
)

ACT = ("act", "")


def test_a_match_acts_and_says_until_when_it_may_be_delivered() -> None:
    [one] = decided(decider(strategy()), firing(NOON))
    assert (one.outcome, one.channels) == ("act", ("in_room",))
    assert (one.not_before, one.deadline_at) == (NOON, NOON + 60_000)
    assert one.id == decision_id(firing(NOON).id, "coupon", 1)


def test_nothing_is_decided_before_the_clock_has_passed() -> None:
    by = decider(strategy())
    by.note([firing(NOON)])
    assert by.decide(NOON, lambda _: {}) == []
    assert len(by.decide(NOON + 1, lambda _: {})) == 1


def test_two_per_session_three_minutes_apart_four_a_day() -> None:
    by = decider(strategy(limits=OFTEN))
    found = [
        outcomes(decided(by, firing(NOON + minute * MINUTE, session=session, key=str(minute))))[0]
        for minute, session in [(0, "a"), (2, "a"), (3, "a"), (9, "a"), (12, "b"), (15, "b")]
    ]
    assert found == [
        ACT,
        ("suppressed", "apart"),
        ACT,
        ("suppressed", "per_session"),
        ACT,
        ACT,
    ]
    assert outcomes(decided(by, firing(NOON + 60 * MINUTE, session="c"))) == [
        ("suppressed", "per_day")
    ]
    tomorrow = NOON + 12 * 60 * MINUTE  # midnight in Shanghai
    by.change(by.rules)
    assert outcomes(decided(by, firing(tomorrow, session="d"))) == [ACT]


def test_caps_hold_over_all_rooms_and_strategies() -> None:
    by = decider(strategy("a"), strategy("b"))
    decided(by, firing(NOON, of="a", room="r1"))
    assert outcomes(decided(by, firing(NOON + MINUTE, of="b", room="r2"))) == [
        ("suppressed", "apart")
    ]


def test_the_best_acts_and_the_others_say_to_whom_they_lost() -> None:
    by = decider(
        strategy("dear", value_minor=900),
        strategy("cheap", value_minor=100),
        strategy("first", priority=80),
    )
    found = decided(by, *(firing(NOON, of=key) for key in ("cheap", "dear", "first")))
    told = {one.strategy: (one.outcome, one.reason, one.about) for one in found}
    assert told == {
        "first": ("act", "", ""),
        "dear": ("suppressed", "lost_to", "first"),
        "cheap": ("suppressed", "lost_to", "first"),
    }


def test_one_that_may_not_act_does_not_stand_in_the_way() -> None:
    by = decider(strategy("first", priority=80, offer="gone"), strategy("other"))
    found = decided(by, firing(NOON, of="first"), firing(NOON, of="other"))
    assert {one.strategy: one.reason for one in found} == {"first": "offer_not_valid", "other": ""}


def test_a_held_out_winner_gets_nothing_and_the_next_is_not_tried() -> None:
    held = somebody("first", 1_000, inside=True)
    by = decider(strategy("first", priority=80, control=1_000), strategy("other"))
    found = decided(by, firing(NOON, held, "first"), firing(NOON, held, "other"))
    assert {one.strategy: (one.outcome, one.reason) for one in found} == {
        "first": ("held_out", "control"),
        "other": ("suppressed", "lost_to"),
    }
    assert next(one for one in found if one.strategy == "first").channels == ("in_room",)


def test_who_is_held_out_consumes_limits_as_if_it_had_been_sent() -> None:
    held = somebody("coupon", 1_000, inside=True)
    by = decider(strategy(control=1_000, limits=OFTEN), offers=())
    decided(by, firing(NOON, held))
    assert outcomes(decided(by, firing(NOON + MINUTE, held, key="2"))) == [("suppressed", "apart")]


def test_the_global_holdout_gets_nothing_from_anybody() -> None:
    held = somebody(f"{HOLDOUT_SEED}default", 500, inside=True)
    shop = Guardrails(quiet_from=0, quiet_until=0)
    by = decider(strategy("a"), strategy("b"), guardrails=shop)
    [one] = decided(by, firing(NOON, held, "a"))
    other = decided(by, firing(NOON + 5 * MINUTE, held, "b"))[0]
    assert (one.reason, other.reason) == ("global_holdout", "global_holdout")


def test_an_arm_survives_a_merge_and_the_earliest_wins() -> None:
    held = somebody("coupon", 1_000, inside=True)
    free = somebody("coupon", 1_000, inside=False)
    for first, known, expected in ((held, free, "held_out"), (free, held, "act")):
        by = decider(strategy(control=1_000, limits=OFTEN))
        decided(by, firing(NOON, first))
        decided(by, firing(NOON + 1, known, key="2"))
        by.link(first, known)
        [one] = decided(by, firing(NOON + 10 * MINUTE, known, key="3", session="s2"))
        assert one.outcome == expected


@pytest.mark.parametrize(("control", "holdout"), [(10_000, 0), (0, 10_000)])
def test_whoever_was_treated_stays_treated_when_a_share_grows(control: int, holdout: int) -> None:
    by = decider(strategy(limits=OFTEN))
    decided(by, firing(NOON, "early"))
    shop = Guardrails(holdout=holdout, quiet_from=0, quiet_until=0)
    by.change(Strategies((strategy(limits=OFTEN, control=control),), (), shop))
    later = NOON + 10 * MINUTE
    found = decided(by, firing(later, "early", key="2"), firing(later, "late", key="2"))
    assert {one.viewer: one.outcome for one in found} == {"early": "act", "late": "held_out"}


def test_a_dry_run_assigns_nobody_for_it_treats_nobody() -> None:
    by = decider(strategy(mode="dry_run", limits=OFTEN))
    decided(by, firing(NOON))
    by.change(Strategies((strategy(control=10_000, limits=OFTEN),), (), by.rules.guardrails))
    [one] = decided(by, firing(NOON + 10 * MINUTE, key="2"))
    assert one.reason == "control"


def test_a_snapshot_of_before_arms_were_kept_keeps_the_id_that_was_assigned() -> None:
    held = somebody("coupon", 1_000, inside=True)
    by = decider(strategy(control=1_000))
    old = by.snapshot()
    old["people"] = [["v1", {"touches": [], "assigned": [["coupon", NOON, held]], "rehearsed": []}]]
    by.restore(json.loads(json.dumps(old)))
    assert outcomes(decided(by, firing(NOON))) == [("held_out", "control")]
    assert by.people["v1"].assigned["coupon"] == (NOON, held, True)


def test_a_budget_is_never_overspent_and_stops_both_arms() -> None:
    by = decider(
        strategy(offer="ten_off", control=1_000, limits=Limits(budget_minor=2_500)),
        offers=[offer()],
    )
    free = [n for n in (f"n{k}" for k in range(400)) if n != "x"]
    found = decided(by, *(firing(NOON, name) for name in free))
    acts = [one for one in found if one.outcome == "act"]
    assert len(acts) == 2
    assert by.ledger.spent["coupon"] == 2_000
    last = max(acts, key=lambda one: one.firing)
    after = [one for one in found if one.firing > last.firing]
    assert {(one.outcome, one.reason) for one in after} == {("suppressed", "budget")}


def test_what_was_not_delivered_is_given_back_once() -> None:
    by = decider(strategy(offer="ten_off"), offers=[offer(stock=1)])
    [one] = decided(by, firing(NOON))
    assert outcomes(decided(by, firing(NOON, "v2"))) == [("suppressed", "stock")]
    by.settle((), [one.id], NOON)
    by.settle((), [one.id], NOON)
    assert outcomes(decided(by, firing(NOON + 1, "v3"), firing(NOON + 1, "v4"))) in (
        [ACT, ("suppressed", "stock")],
        [("suppressed", "stock"), ACT],
    )


def test_what_nobody_received_half_a_minute_after_its_deadline_is_given_back() -> None:
    by = decider(strategy(offer="ten_off"), offers=[offer(stock=2)])
    first, _ = decided(by, firing(NOON, "v1"), firing(NOON, "v2"))
    by.settle([first.id], (), NOON)  # the other one never arrives
    deadline = NOON + 60_000
    assert outcomes(decided(by, firing(deadline + 30_000, "v3"))) == [("suppressed", "stock")]
    assert outcomes(decided(by, firing(deadline + 31_001, "v4"))) == [ACT]
    assert outcomes(decided(by, firing(deadline + 99_000, "v5"))) == [("suppressed", "stock")]


def test_stock_of_one_for_five_hundred() -> None:
    by = decider(strategy(offer="ten_off"), offers=[offer(stock=1)])
    found = decided(by, *(firing(NOON, f"v{n}") for n in range(500)))
    assert sum(one.outcome == "act" for one in found) == 1
    assert {one.reason for one in found} == {"", "stock"}


@pytest.mark.parametrize(
    ("said", "channels"),
    [
        ({}, ("in_room",)),
        ({(MARKETING, ""): False}, None),
        ({(MARKETING, "in_room"): False}, None),
        ({(MARKETING, "in_room"): False, (MARKETING, "push"): True}, ("push",)),
        ({(MARKETING, "push"): True}, ("in_room", "push")),
        ({(MARKETING, "push"): True, (SHARE, ""): True}, ("in_room", "push", "webhook")),
    ],
)
def test_consent_decides_which_ways_are_left(
    said: dict[tuple[str, str], bool], channels: tuple[str, ...] | None
) -> None:
    by = decider(strategy(steps=(SAY, Step("push"), Step("webhook"))))
    consents = {thing: Consent(1, 1, granted) for thing, granted in said.items()}
    [one] = decided(by, firing(NOON), consents=lambda _: consents)
    if channels is None:
        assert (one.outcome, one.reason) == ("suppressed", "consent")
    else:
        assert (one.outcome, one.channels) == ("act", channels)


def allows_push(_viewer: str) -> Consents:
    return {(MARKETING, "push"): Consent(1, 1, granted=True)}


def test_quiet_hours_hold_until_they_are_over_but_not_beyond_the_deadline() -> None:
    night = NOON + 11 * 60 * MINUTE  # 23:00 in Shanghai
    for steps, expected in [
        ((SAY,), (night, night + MINUTE)),
        ((Step("host"),), (night, night + 90_000)),
        ((Step("push"),), "quiet_hours"),
        ((Step("follow_up"),), "quiet_hours"),
        ((Step("bot"),), "quiet_hours"),
        ((Step("follow_up", deadline_ms=12 * 60 * MINUTE),), (NOON + 20 * 60 * MINUTE, None)),
        ((Step("push", deadline_ms=12 * 60 * MINUTE),), (NOON + 20 * 60 * MINUTE, None)),
    ]:
        by = decider(strategy(steps=steps), guardrails=Guardrails(holdout=0))
        [one] = decided(by, firing(night), consents=allows_push)
        if isinstance(expected, str):
            assert one.reason == expected
        else:
            assert one.not_before == expected[0]
            assert expected[1] in (None, one.deadline_at)


def test_the_red_switch_stops_everything() -> None:
    shop = Guardrails(holdout=0, is_stopped=True)
    assert outcomes(decided(decider(strategy(), guardrails=shop), firing(NOON))) == [
        ("suppressed", "switch")
    ]


def test_a_ramp_reaches_its_share_only() -> None:
    inside = somebody("ramp:coupon", 1_000, inside=True)
    outside = somebody("ramp:coupon", 1_000, inside=False)
    by = decider(strategy(mode="ramp"))
    assert outcomes(decided(by, firing(NOON, inside))) == [ACT]
    assert outcomes(decided(by, firing(NOON, outside))) == [("suppressed", "ramp")]


def test_a_dry_run_decides_with_caps_and_stands_in_nobodys_way() -> None:
    by = decider(
        strategy("dry", mode="dry_run", priority=90, offer="ten_off"),
        strategy("real"),
        offers=[offer(stock=1)],
    )
    found = decided(by, firing(NOON, of="dry"), firing(NOON, of="real"))
    assert {(one.strategy, one.outcome, one.is_rehearsal) for one in found} == {
        ("dry", "act", True),
        ("real", "act", False),
    }
    assert by.ledger.given["ten_off"] == 0
    assert outcomes(decided(by, firing(NOON, "v2", "dry"))) == [("suppressed", "stock")]


def test_a_host_hears_one_thing_at_a_time() -> None:
    by = decider(strategy(steps=(Step("host"),), limits=Limits(room_apart_ms=MINUTE)))
    found = decided(
        by, firing(NOON, "v1"), firing(NOON + 30_000, "v2"), firing(NOON + 60_000, "v3")
    )
    assert outcomes(found) == [ACT, ("suppressed", "room_apart"), ACT]


def test_a_moment_of_the_room_asks_no_viewer() -> None:
    by = decider(strategy(control=10_000), guardrails=Guardrails(holdout=10_000))
    assert outcomes(decided(by, firing(NOON, None))) == [ACT]


def test_paused_or_unknown_strategies_decide_nothing() -> None:
    assert decided(decider(strategy(mode="paused")), firing(NOON)) == []
    assert decided(decider(), firing(NOON)) == []


def test_a_decider_goes_on_where_its_snapshot_was_taken() -> None:
    def story(cut: int) -> tuple[Any, Any]:
        by, found = decider(strategy(offer="ten_off", limits=OFTEN), offers=[offer(stock=3)]), []
        for n in range(8):
            if n == cut:
                other = Decider()
                other.restore(json.loads(json.dumps(by.snapshot())))
                by = other
            by.note([firing(NOON + n * MINUTE, f"v{n % 3}", key=str(n))])
            found += by.decide(NOON + n * MINUTE, lambda _: {})
        return decision_digest(found), by.snapshot()

    whole = story(-1)
    assert all(story(cut) == whole for cut in range(8))
