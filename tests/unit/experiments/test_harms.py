"""Harms: one that is there is seen within the evening, one that is not stops hardly anything."""

from __future__ import annotations

import numpy as np
import pytest

from qianmian.experiments.harms import MISSED, Harm, Watched, harms_of
from qianmian.simulation.outcomes import LASTS_MS, WORLDS, evening
from qianmian.strategies.harms import watched_harms
from qianmian.strategies.strategy import Tolerance
from tests.strategy_shop import strategy

LOOKS = 12
NEVER_LEFT = Watched("left", "room_left", 1, 0.02)
FEWER_BUY = Watched(MISSED, "order_paid", 1, 0.0)


def looks(world: str, viewers: int, seed: int, leaving: tuple[float, float]) -> list[Harm]:
    """What is crossed at any of several looks during an evening.

    Args:
        leaving: chance of the control, and of the treated, to leave.
    """
    found = evening(WORLDS[world], viewers, control=0.1, seed=seed)
    rng = np.random.default_rng(seed)
    met = np.flatnonzero(found.meets)
    treated, bought = found.is_treated[met], found.buys[met].astype(np.float64)
    left = (rng.random(len(met)) < np.where(treated, leaving[1], leaving[0])).astype(np.float64)
    crossed: list[Harm] = []
    for until in np.linspace(0, LASTS_MS, LOOKS + 1)[1:]:
        so_far = found.at[met] <= until
        told = [(FEWER_BUY, bought[so_far], treated[so_far])]
        told.append((NEVER_LEFT, left[so_far], treated[so_far]))
        crossed += [one for one in harms_of(told, control_share=0.1) if one.is_crossed]
    return crossed


def test_of_200_evenings_without_an_effect_hardly_one_is_stopped() -> None:
    """Half of a point of tolerance more or less: with what is tolerated used up, it is the same."""
    stopped = sum(bool(looks("null", 12_000, seed, (0.1, 0.12))) for seed in range(200))
    assert stopped <= 10


@pytest.mark.parametrize("seed", range(10))
def test_whatever_drives_buyers_away_is_stopped_within_the_evening(seed: int) -> None:
    assert {one.name for one in looks("harmful", 60_000, seed, (0.1, 0.1))} == {MISSED}


@pytest.mark.parametrize("seed", range(10))
def test_more_who_leave_than_are_tolerated_stop_it_though_it_sells(seed: int) -> None:
    found = looks("plain", 60_000, seed, (0.1, 0.2))
    assert {one.name for one in found} == {"left"}
    assert found[-1].more.low > found[-1].tolerated == 0.02


def left_by(extra: int, people: int = 4_000) -> Harm:
    """Of as many treated as controls; of each ten of the control one leaves, of the treated more.

    Args:
        extra: so many more of the treated leave.
    """
    treated = np.arange(people) % 2 == 0
    left = np.arange(people) // 2 % 10 == 0
    left[np.flatnonzero(treated & ~left)[:extra]] = True
    (found,) = harms_of([(NEVER_LEFT, left.astype(np.float64), treated)], control_share=0.5)
    return found


def test_on_its_way_to_a_bound_a_harm_is_far_then_near_then_crossed() -> None:
    """Near is told before it is crossed and never beside it, and not of what is hardly worse."""
    way = [left_by(extra) for extra in range(0, 400, 5)]
    told = ["crossed" if one.is_crossed else "near" if one.is_near else "far" for one in way]
    assert told == sorted(told, key=["far", "near", "crossed"].index)
    assert set(told) == {"far", "near", "crossed"}
    assert not any(one.is_near and one.is_crossed for one in way)
    assert all(one.more.value > one.tolerated for one in way if one.is_near)
    assert not left_by(20, people=40).is_near, "so few people are near nothing"


def test_what_is_better_stops_nothing() -> None:
    assert looks("plain", 60_000, 1, (0.2, 0.1)) == []


def test_arms_that_are_not_as_drawn_and_a_strategy_without_control_say_nothing() -> None:
    did, treated = np.ones(1_000), np.arange(1_000) % 2 == 0
    did[::2] = 0
    assert harms_of([(FEWER_BUY, did, treated)], control_share=0.5)[0].is_crossed
    assert harms_of([(FEWER_BUY, did, treated)], control_share=0.1) == ()
    assert harms_of([(FEWER_BUY, did, treated)], control_share=0.0) == ()
    assert harms_of([(FEWER_BUY, did[::2], treated[::2])], control_share=0.5) == ()


def test_a_strategy_says_which_harms_are_watched_and_what_it_tolerates() -> None:
    usual = {one.name: one.tolerated for one in watched_harms(strategy(control=1_000))}
    assert usual == {
        "missed": 0.0, "left": 0.02, "dismissed": 0.3, "refunded": 0.02, "unsubscribed": 0.01,
        "complained": 0.01,
    }  # fmt: skip
    own = strategy(control=1_000, tolerance=Tolerance(missed=None, left=500))
    assert {one.name: one.tolerated for one in watched_harms(own)}["left"] == 0.05
    assert MISSED not in {one.name for one in watched_harms(own)}
    assert watched_harms(strategy(control=0)) == ()
