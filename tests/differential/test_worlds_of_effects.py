"""What is told of an effect, beside the truth: evenings of which is known what everybody does."""

from __future__ import annotations

from collections import Counter
from math import nan

import pytest

from qianmian.bootstrap.worlds import effect_in_world
from qianmian.simulation.outcomes import SHARED, WORLDS

VERDICTS = {
    "plain": "works",
    "null": "unsure",
    "confounded": "unsure",
    "drift": "works",
    "harmful": "harms",
    "hostile": "works",
}
"""Of each world in which people do not stand in each other's way what is true of it."""


def told(name: str, seeds: int) -> tuple[float, Counter[str | None], list[float], list[float]]:
    """The share of intervals that hold the truth; verdicts; naive and true ratios."""
    held, verdicts = 0, Counter[str | None]()
    naive, true = [], []
    for seed in range(seeds):
        truth, found = effect_in_world(name, viewers=20_000, seed=seed)
        verdicts[found.effect.verdict] += 1
        if found.effect.primary is not None:
            one = found.effect.primary.absolute
            held += one.low <= truth.true_effect <= one.high
        naive.append(nan if found.naive is None else found.naive.ratio or nan)
        true.append(float(truth.with_it[truth.meets].mean() / truth.without[truth.meets].mean()))
    return held / seeds, verdicts, naive, true


def test_every_world_is_looked_at() -> None:
    assert {*VERDICTS, SHARED} == {*WORLDS}


@pytest.mark.parametrize("name", VERDICTS)
def test_intervals_hold_the_truth_and_verdicts_say_it_or_nothing(name: str) -> None:
    share, verdicts, _, _ = told(name, 60)
    assert share >= 0.93
    assert set(verdicts) <= {VERDICTS[name], "unsure"}
    assert verdicts[VERDICTS[name]] >= 30  # with 20,000 viewers most are sure where they should be


@pytest.mark.long
@pytest.mark.parametrize("name", VERDICTS)
def test_of_five_hundred_intervals_93_of_100_hold_the_truth(name: str) -> None:
    assert told(name, 500)[0] >= 0.93


def test_selection_looks_like_three_times_as_much_where_the_truth_is_a_tenth() -> None:
    """The trade's "two to three times": a strategy that mostly meets people who buy anyway."""
    _, verdicts, naive, true = told("confounded", 20)
    assert min(naive) > 2
    assert max(true) < 1.25
    assert verdicts["works"] <= 2


def test_where_the_treated_take_what_others_wanted_the_effect_is_told_too_large() -> None:
    """No interval can hold it: as many are sold with the strategy as without."""
    for seed in range(20):
        truth, found = effect_in_world(SHARED, viewers=20_000, seed=seed)
        assert truth.buys.sum() == truth.stock
        assert found.effect.primary is not None
        assert truth.true_effect == 0
        assert found.effect.primary.absolute.low > 0
        assert found.effect.verdict == "works"
