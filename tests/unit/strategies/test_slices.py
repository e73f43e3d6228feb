"""What reaches a whole room acts in one slice of each pair and is silent in the other."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from qianmian.strategies.deciding import HOLDOUT_SEED
from qianmian.strategies.slices import PAIR_MS, SLICE_MS, acts_first, is_acting
from qianmian.strategies.strategy import Guardrails, Limits, Step, Strategy
from tests.strategy_shop import NOON, OFTEN, SAY, decided, decider, firing, somebody, strategy

HOST = Step("host", title="说一说材质")
PLACE = ("default", "coupon", "r1", "s1")


def of_room(**fields: Any) -> Strategy:
    given: dict[str, Any] = {"control": 1_000, "limits": OFTEN, "steps": (HOST,)}
    return strategy(**(given | fields))


def test_of_each_pair_one_slice_acts_and_which_is_a_fair_coin() -> None:
    pairs = range(4_000)
    first = [acts_first(*PLACE, pair) for pair in pairs]
    for pair in pairs:
        acts = [is_acting(*PLACE, pair * PAIR_MS + at) for at in (0, SLICE_MS - 1, SLICE_MS)]
        assert acts == [first[pair], first[pair], not first[pair]]
    assert abs(sum(first) - 2_000) < 4 * 1_000**0.5
    same = sum(one == other for one, other in pairwise(first))
    assert abs(same - 2_000) < 4 * 1_000**0.5  # the coin before says nothing about the next


@pytest.mark.parametrize("other", range(4))
def test_shops_strategies_rooms_and_sessions_have_coins_of_their_own(other: int) -> None:
    changed = [name + "2" * (n == other) for n, name in enumerate(PLACE)]
    shop, key, room, session = changed
    same = sum(
        acts_first(*PLACE, n) == acts_first(shop, key, room, session, n) for n in range(2_000)
    )
    assert abs(same - 1_000) < 4 * 500**0.5


@pytest.mark.parametrize("viewer", [None, "v1"])
def test_a_silent_slice_holds_back_what_an_acting_one_sends(viewer: str | None) -> None:
    """Also what the host says because of one viewer: everybody hears it."""
    by = decider(of_room())
    for n in range(20):
        at = NOON + n * SLICE_MS
        [one] = decided(by, firing(at, viewer and f"v{n}", key=str(n), session=f"s{n}"))
        acts = is_acting("default", "coupon", "r1", f"s{n}", at)
        held = ("held_out", "slice", "coupon")
        assert (one.outcome, one.reason, one.about) == (("act", "", "") if acts else held)
        assert one.channels == ("host",)


def test_a_silent_slice_counts_as_if_it_had_been_said() -> None:
    limits = Limits(per_session=None, room_apart_ms=60_000)
    by = decider(of_room(limits=limits))
    at = next(NOON + n * SLICE_MS for n in range(9) if not is_acting(*PLACE, NOON + n * SLICE_MS))
    first, soon = decided(by, firing(at, None, key="1"), firing(at + 1_000, None, key="2"))
    assert (first.reason, soon.reason) == ("slice", "room_apart")


def test_without_a_control_it_always_acts() -> None:
    by = decider(of_room(control=0))
    found = [decided(by, firing(NOON + n * SLICE_MS, None, key=str(n)))[0] for n in range(9)]
    assert {one.outcome for one in found} == {"act"}


def test_slices_put_nobody_into_an_arm_and_the_holdout_of_the_shop_stays_out() -> None:
    held = somebody(f"{HOLDOUT_SEED}default", 500, inside=True)
    by = decider(of_room(), guardrails=Guardrails(quiet_from=0, quiet_until=0))
    assert decided(by, firing(NOON, held))[0].reason == "global_holdout"
    decided(by, *(firing(NOON + n, f"v{n}", room=f"r{n}") for n in range(40)))
    assert all("coupon" not in one.assigned for one in by.people.values())
    assert len(by.people) > 30


def test_a_message_to_one_person_keeps_its_people() -> None:
    """Also where the host says it to those whom it did not reach."""
    by = decider(strategy(control=1_000, limits=OFTEN, steps=(SAY, HOST)))
    held = somebody("coupon", 1_000, inside=True)
    assert decided(by, firing(NOON, held))[0].reason == "control"
