"""Our statistics beside gbstats, published tables, and what obvious sums say."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.experiments.checks import chi_square_tail, is_enough, sample_ratio_p
from qianmian.experiments.interval import (
    confidence_sequence,
    fixed_interval,
    people_needed,
    sequence_half_width,
)
from qianmian.experiments.lift import Lift, absolute, corrected, relative
from qianmian.experiments.many import benjamini_hochberg, holm
from qianmian.experiments.sums import ArmSums, cut_tails, sums_of

GBSTATS = json.loads(Path(__file__).with_name("gbstats.json").read_text("utf-8"))
NUMBERS = st.lists(st.integers(-1_000, 1_000), min_size=2, max_size=50)


def arm(told: dict[str, Any], *, with_before: bool) -> ArmSums:
    names = ("n", "total", "squares")
    return ArmSums(**(told if with_before else {name: told[name] for name in names}))


@pytest.mark.parametrize("row", GBSTATS["arms"])
def test_intervals_and_p_values_are_those_of_gbstats(row: dict[str, Any]) -> None:
    """Made by `benchmarks/gbstats_table.py`: with and without CUPED, absolute and relative."""
    arms = (arm(row[name], with_before=row["with_before"]) for name in ("treated", "control"))
    treated, control = corrected(*arms)
    share = relative(treated, control)
    assert share is not None
    for kind, lift in (("absolute", absolute(treated, control)), ("relative", share)):
        for name, found in (
            ("sequence", confidence_sequence(lift, alpha=row["alpha"])),
            ("fixed", fixed_interval(lift, alpha=row["alpha"])),
        ):
            assert found == pytest.approx(row["said"][f"{kind} {name}"], abs=5e-6), (kind, name)


@pytest.mark.parametrize("row", GBSTATS["ratios"])
def test_the_ratio_of_the_arms_is_judged_as_gbstats_judges_it(row: dict[str, Any]) -> None:
    assert sample_ratio_p(row["counts"], [1] * len(row["counts"])) == pytest.approx(
        row["p"], abs=5e-6
    )


@pytest.mark.parametrize(
    ("degrees", "at_5_percent", "at_1_percent"),
    [(1, 3.841, 6.635), (2, 5.991, 9.210), (5, 11.070, 15.086), (10, 18.307, 23.209)],
)
def test_the_tail_of_chi_square_is_that_of_the_printed_tables(
    degrees: int, at_5_percent: float, at_1_percent: float
) -> None:
    assert chi_square_tail(at_5_percent, degrees) == pytest.approx(0.05, abs=2e-5)
    assert chi_square_tail(at_1_percent, degrees) == pytest.approx(0.01, abs=1e-5)


def test_cookie_cats_does_not_have_the_arms_that_were_drawn() -> None:
    """A published trial of 90,189 players, half of whom should have been in each arm."""
    assert sample_ratio_p((44_700, 45_489), (1, 1)) == pytest.approx(0.0086, abs=5e-5)


@given(NUMBERS, NUMBERS)
def test_sums_add(one: list[int], other: list[int]) -> None:
    before = np.arange(len(one) + len(other), dtype=np.float64)
    values = np.array([*one, *other], np.float64)
    both = sums_of(values[: len(one)], before[: len(one)]) + sums_of(
        values[len(one) :], before[len(one) :]
    )
    assert both == sums_of(values, before)
    assert both.variance == pytest.approx(values.var(ddof=1))
    assert both.covariance == pytest.approx(np.cov(values, before)[0, 1])


def test_what_was_known_before_takes_its_squared_correlation_from_the_variance() -> None:
    rng = np.random.default_rng(0)
    before = rng.normal(size=20_000)
    outcome = before * 0.6 + rng.normal(size=20_000)
    is_treated = np.arange(20_000) % 2 == 0
    arms = [sums_of(outcome[m], before[m]) for m in (is_treated, ~is_treated)]
    plain = [sums_of(outcome[m]) for m in (is_treated, ~is_treated)]
    share = absolute(*corrected(*arms)).variance / absolute(*corrected(*plain)).variance
    assert share == pytest.approx(1 - np.corrcoef(outcome, before)[0, 1] ** 2, abs=1e-3)


@given(st.floats(-1, 1), st.floats(1e-6, 1), st.integers(2, 1_000_000))
def test_the_p_value_is_the_level_at_which_the_sequence_would_touch_zero(
    value: float, variance: float, n: int
) -> None:
    """The same rho, which is declared for 5 %."""
    p = confidence_sequence(Lift(value, variance, n)).p
    rho_squared = (-2 * np.log(0.05) + np.log(-2 * np.log(0.05) + 1)) / 5_000
    grown = n * rho_squared + 1
    if 1e-12 < p < 1:
        half = sqrt(variance * 2 * grown / (n * rho_squared) * np.log(sqrt(grown) / p))
        assert half == pytest.approx(abs(value))
    is_sure = abs(value) > sequence_half_width(variance, n)
    assert (p < 0.05) is is_sure or abs(value) == pytest.approx(sequence_half_width(variance, n))


@given(st.floats(0.001, 1), st.integers(100, 100_000), st.floats(0.01, 0.5))
def test_so_many_people_are_needed_and_not_one_less(
    deviation: float, n: int, at_least: float
) -> None:
    each = deviation**2
    more = people_needed(Lift(0.0, each / n, n), at_least)
    assert more is not None
    assert sequence_half_width(each / (n + more + 1), n + more + 1) <= at_least
    if more > 1:
        assert sequence_half_width(each / (n + more - 1), n + more - 1) > at_least


def test_nobody_can_say_how_many_are_needed_for_an_effect_of_nothing() -> None:
    assert people_needed(Lift(0.0, 0.1, 100), 0.0) is None


def test_a_share_of_next_to_nothing_is_not_told() -> None:
    treated, control = corrected(sums_of(np.ones(10)), sums_of(np.array([0.0, 0.0, 1.0])))
    assert relative(treated, control) is None


def test_one_huge_order_is_cut_and_a_rare_one_is_not_cut_to_nothing() -> None:
    many = np.array([0.0] * 900 + [100.0] * 99 + [5_000_000.0])
    assert cut_tails(many, 0.999).max() == 100
    rare = np.array([0.0] * 9_999 + [100.0])
    assert cut_tails(rare, 0.999) is not rare
    assert cut_tails(rare, 0.999).max() == 100


def test_an_arm_in_which_nobody_could_be_expected_is_not_judged() -> None:
    assert not is_enough((99, 0), (900, 100), is_yes_no=True)  # 9.9 in the control, were all alike
    assert is_enough((100, 0), (900, 100), is_yes_no=True)
    assert not is_enough((900, 99), (900, 100), is_yes_no=True)
    assert is_enough((900, 99), (900, 100), is_yes_no=False)


@given(st.lists(st.floats(1e-9, 1), min_size=1, max_size=20))
def test_corrections_are_those_of_their_definitions(ps: list[float]) -> None:
    """Holm: reject while p_(k) <= a/(m-k+1). Benjamini, Hochberg: the last k, p_(k) <= k·a/m."""
    ranked = sorted(ps)
    for alpha in (0.01, 0.05, 0.2, 0.9):
        k = 0
        while k < len(ps) and ranked[k] * (len(ps) - k) <= alpha:
            k += 1
        assert sum(p <= alpha for p in holm(ps)) == k
        below = [k for k, p in enumerate(ranked, 1) if p * len(ps) / k <= alpha]
        assert sum(p <= alpha for p in benjamini_hochberg(ps)) == max(below, default=0)
