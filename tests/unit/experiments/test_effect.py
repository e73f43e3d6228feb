"""Verdicts: what is hidden, what is not sure, what is; and that a true zero is told as zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qianmian.experiments.checks import EXPECTED
from qianmian.experiments.effect import Effect, Outcome, Plan, effect_of
from qianmian.experiments.groups import by_group, shrink
from qianmian.experiments.interval import confidence_sequence
from qianmian.experiments.lift import absolute, corrected
from qianmian.experiments.sums import ArmSums

TENTH = Plan(control_share=0.1)


def trial(
    treated: tuple[int, int], control: tuple[int, int], plan: Plan = TENTH, **given: Any
) -> Effect:
    """The effect where so many of so many reached the goal."""
    values = np.concatenate([np.arange(n) < reached for reached, n in (treated, control)]).astype(
        np.float64
    )
    is_treated = np.arange(len(values)) < treated[1]
    return effect_of([Outcome("reached", values)], is_treated, plan, **given)


def test_more_of_the_treated_buy() -> None:
    found = trial((1_350, 9_000), (100, 1_000))
    assert (found.verdict, found.why_hidden) == ("works", "")
    assert found.primary is not None
    assert found.primary.absolute.value == pytest.approx(0.05)
    assert found.primary.relative is not None
    assert found.primary.relative.value == pytest.approx(0.5)
    assert found.primary.incremental.value == pytest.approx(450)


def test_fewer_of_the_treated_buy() -> None:
    assert trial((900, 9_000), (180, 1_000)).verdict == "harms"


def test_what_could_be_chance_is_not_sure_and_says_how_many_more_are_needed() -> None:
    found = trial((950, 9_000), (100, 1_000))
    assert found.verdict == "unsure"
    assert found.still_needed is not None
    assert found.still_needed > 10_000


def test_arms_that_are_not_as_they_were_drawn_hide_every_number() -> None:
    """Cookie Cats, as one look declared before; 51 of 100 is enough to lose the verdict."""
    plan = Plan(control_share=0.5, is_single_look=True)
    found = trial((8_279, 45_489), (8_502, 44_700), plan)
    assert (found.verdict, found.why_hidden) == (None, "sample_ratio")
    assert (found.primary, found.secondary, found.still_needed) == (None, (), None)
    believed = trial((8_279, 45_489), (8_502, 44_700), Plan(is_single_look=True))
    assert believed.verdict == "harms"  # nobody has said how they were drawn


def test_who_keeps_an_arm_that_another_share_drew_is_not_asked_for_the_ratio() -> None:
    """Nine thousand of an old version keep their arms; a thousand new ones are drawn evenly."""
    plan, is_new = Plan(control_share=0.5), np.arange(10_000) % 10 == 0
    whole = trial((1_350, 9_000), (100, 1_000), plan)
    assert whole.why_hidden == "sample_ratio"
    is_treated = np.arange(10_000) < 9_000
    is_new &= ~is_treated | (np.arange(10_000) % 90 == 0)  # a hundred of either arm
    assert (is_new & is_treated).sum() == (is_new & ~is_treated).sum() == 100
    found = trial((1_350, 9_000), (100, 1_000), plan, is_drawn=is_new)
    assert found.why_hidden == ""
    assert found.sample_ratio_p == pytest.approx(1.0)
    assert found.treated == 9_000  # everybody is compared
    crooked = trial((1_350, 9_000), (100, 1_000), plan, is_drawn=~is_new)
    assert crooked.why_hidden == "sample_ratio"


def test_without_a_control_there_is_nothing_to_compare() -> None:
    assert trial((950, 9_000), (0, 0)).why_hidden == "no_control"


def test_a_handful_in_the_control_proves_nothing() -> None:
    found = trial((20, 270), (0, 30))
    assert found.primary is not None
    assert not found.primary.is_enough
    assert found.verdict == "unsure"


def test_more_than_one_in_a_hundred_in_both_arms_is_a_warning() -> None:
    assert not trial((950, 9_000), (100, 1_000), crossed=100).is_crossed
    assert trial((950, 9_000), (100, 1_000), crossed=101).is_crossed


def test_one_huge_order_decides_nothing_and_is_shown_beside() -> None:
    rng = np.random.default_rng(1)
    spend = rng.integers(0, 2, 10_000).astype(np.float64) * 100
    spend[0] = 50_000_000.0
    is_treated = np.arange(10_000) < 9_000
    found = effect_of([Outcome("net_sales", spend)], is_treated, TENTH).primary
    assert found is not None
    assert found.uncut is not None
    assert abs(found.absolute.value) < 10 < found.uncut.value
    assert found.treated.total == spend[:9_000].sum()


def test_several_outcomes_are_corrected_for_being_several() -> None:
    rng = np.random.default_rng(2)
    is_treated = np.arange(10_000) < 9_000
    many = [Outcome(f"{k}", rng.normal(k * is_treated * 0.02, 1)) for k in range(6)]
    found = effect_of(many, is_treated, TENTH)
    alone = [effect_of([one], is_treated, TENTH).primary for one in many[1:]]
    for one, other in zip(found.secondary, alone, strict=True):
        assert other is not None
        assert one.p >= other.p
    assert any(one.p > other.p for one, other in zip(found.secondary, alone, strict=True) if other)


def test_groups_of_one_effect_are_drawn_together_and_not_told_apart() -> None:
    rng = np.random.default_rng(3)
    n = 30_000
    is_treated, group = rng.random(n) < 0.5, rng.integers(0, 10, n)
    bought = (rng.random(n) < np.where(is_treated, 0.15, 0.1)).astype(np.float64)
    names = [f"g{k}" for k in range(11)]  # nobody is in the last
    found = by_group(Outcome("reached", bought), is_treated, group, names, Plan())
    assert not found.differ
    assert found.left_out == ("g10",)
    own = [one.own.absolute.value for one in found.found]
    drawn = [one.shrunk for one in found.found]
    assert np.ptp(drawn) < np.ptp(own) / 2


def test_groups_of_which_one_is_harmed_are_told_apart() -> None:
    rng = np.random.default_rng(4)
    n = 30_000
    is_treated, group = rng.random(n) < 0.5, rng.integers(0, 3, n)
    more = np.array([0.1, 0.1, -0.08])[group]
    bought = (rng.random(n) < 0.2 + more * is_treated).astype(np.float64)
    found = by_group(Outcome("reached", bought), is_treated, group, ["a", "b", "c"], Plan())
    assert found.differ
    assert [one.shrunk > 0 for one in found.found] == [True, True, False]


def test_shrinking_is_that_of_the_published_example() -> None:
    """Rubin's eight schools, as metafor tells them: Q has p 0.6957, all are drawn to 7.69."""
    effects, errors = [28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18]
    found, p = shrink([float(one) for one in effects], [float(one) ** 2 for one in errors])
    assert found == pytest.approx([7.686] * 8, abs=1e-3)
    assert p == pytest.approx(0.6957, abs=1e-4)


def looks(rng: np.random.Generator, runs: int, share: float, rate: float) -> int:
    """How many of some trials without any effect were ever called sure, in 50 looks."""
    n, at_each = 50, 400
    control = rng.binomial(at_each, share, (runs, n))
    bought = [rng.binomial(people, rate).cumsum(1) for people in (at_each - control, control)]
    people = [(at_each - control).cumsum(1), control.cumsum(1)]
    wrong = 0
    for run in range(runs):
        for look in range(n):
            arms = [
                ArmSums(int(m[run, look]), float(b[run, look]), float(b[run, look]))
                for m, b in zip(people, bought, strict=True)
            ]
            ready = min(one.n for one in arms) * sum(b[run, look] for b in bought)
            if ready < EXPECTED * sum(one.n for one in arms):
                continue
            if confidence_sequence(absolute(*corrected(*arms))).excludes_zero:
                wrong += 1
                break
    return wrong


@pytest.mark.parametrize(("share", "rate"), [(0.1, 0.03), (0.5, 0.03), (0.1, 0.2)])
def test_looking_fifty_times_at_nothing_finds_something_in_one_of_twenty_at_most(
    share: float, rate: float
) -> None:
    assert looks(np.random.default_rng(5), 200, share, rate) <= 10


@pytest.mark.long
@pytest.mark.parametrize(("share", "rate"), [(0.1, 0.01), (0.1, 0.03), (0.5, 0.03), (0.1, 0.2)])
def test_two_thousand_trials_of_nothing_are_sure_in_one_of_twenty_at_most(
    share: float, rate: float
) -> None:
    assert looks(np.random.default_rng(6), 2_000, share, rate) <= 100


def test_of_sixty_intervals_over_money_fifty_seven_hold_the_truth_and_none_is_endless() -> None:
    """What people spend is skewed: nine of ten nothing, the rest about 100 yuan, lift a fifth."""
    held = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        is_treated = rng.random(20_000) < 0.9
        rate = np.where(is_treated, 0.12, 0.1)
        spend = (rng.random(20_000) < rate) * rng.lognormal(9, 0.6, 20_000)
        truth = 0.02 * float(np.exp(9 + 0.6**2 / 2))
        found = effect_of([Outcome("net_sales", spend)], is_treated, Plan(tail=1)).primary
        assert found is not None
        held += found.absolute.low <= truth <= found.absolute.high
        assert found.absolute.high - found.absolute.low < 6 * truth
    assert held >= 57
