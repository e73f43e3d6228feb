"""The trap of caps: an effect of nothing is told as nothing, though limits bind.

Busy viewers meet the moment often and buy more, whatever is done. Where a cap binds the treated
only and exposures are compared, the busy fill the control: a true zero looks like a fifth less.
Here the real decider decides, whose held-out viewers use up their limits, too, and people are
compared from their first decision.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from qianmian.experiments.effect import Plan, effect_of
from qianmian.experiments.population import (
    CONTROL,
    NO_ORDER,
    PAID,
    REACHED,
    TREATED,
    Acts,
    Decided,
    population_of,
)
from qianmian.strategies.strategy import Guardrails, Limits
from qianmian.vocabulary.decision import ACT, HELD_OUT
from tests.strategy_shop import MINUTE, NOON, decider, firing, silent, strategy

VIEWERS = 4_000


def test_a_true_zero_under_caps_is_told_as_zero() -> None:
    rng = np.random.default_rng(7)
    busy = rng.geometric(0.3, VIEWERS)
    bought = rng.random(VIEWERS) < np.minimum(0.9, 0.05 * busy)
    shop = Guardrails(holdout=0, quiet_from=0, quiet_until=0, per_day=100, apart_ms=0)
    cap = Limits(per_session=2)
    by = decider(strategy(control=3_000, limits=cap), guardrails=shop)
    firings = [
        firing(NOON + k * MINUTE + n, f"v{n}", key=f"p{k}")
        for n in range(VIEWERS)
        for k in range(busy[n])
    ]
    by.note(firings)
    made = [
        one
        for one in by.decide(NOON + 1_000 * MINUTE, silent)
        if one.outcome in (ACT, HELD_OUT) and one.viewer is not None
    ]
    number = {f"v{n}": n for n in range(VIEWERS)}
    people = [number[one.viewer] for one in made if one.viewer is not None]
    arms = np.array([TREATED if one.outcome == ACT else CONTROL for one in made], np.int8)
    for code in (CONTROL, TREATED):  # the cap binds both
        times = Counter(one for one, other in zip(people, arms, strict=True) if other == code)
        assert max(times.values()) == 2
    zeros = np.zeros(len(made), np.int64)
    decided = Decided(np.array(people), np.array([one.at for one in made]), arms, zeros, zeros)
    buyers = np.flatnonzero(bought)
    day = np.full(2 * len(buyers), NOON + 500 * MINUTE)
    acts = Acts(
        np.tile(buyers, 2),
        day,
        np.repeat([PAID, REACHED], len(buyers)).astype(np.int8),
        np.full(2 * len(buyers), 10_000),
        np.full(2 * len(buyers), NO_ORDER),
    )
    found = population_of(decided, acts, window_ms=600 * MINUTE, as_of=NOON + 1_000 * MINUTE)
    effect = effect_of(found.outcomes(), found.is_treated, Plan(control_share=0.3))
    assert effect.verdict == "unsure"
    for one in (effect.primary, *effect.secondary):
        assert one is not None
        assert one.absolute.low < 0 < one.absolute.high
        assert abs(one.absolute.value) < 0.08 * one.control.mean

    # What would have been told: exposures, of which the cap lets the treated have two.
    in_control = {one for one, arm in zip(people, arms, strict=True) if arm == CONTROL}
    exposures = Counter[str]()
    sales = Counter[str]()
    for n in range(VIEWERS):
        arm = "control" if n in in_control else "treated"
        seen = int(busy[n]) if arm == "control" else min(2, int(busy[n]))
        exposures[arm] += seen
        sales[arm] += seen * int(bought[n])
    rates = {arm: sales[arm] / exposures[arm] for arm in exposures}
    assert rates["treated"] / rates["control"] - 1 < -0.15
