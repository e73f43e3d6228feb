"""What is suggested about a strategy is what its interval says, and never more than that."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from qianmian.experiments.effect import Effect, Outcome, Plan, effect_of
from qianmian.strategies.modes import Person, StrategyVersion, taken
from qianmian.strategies.strategy import Mode
from qianmian.strategies.suggesting import Suggestion, suggested
from tests.strategy_shop import strategy


def effect(buys: float, buys_treated: float, people: int = 20_000, control: float = 0.5) -> Effect:
    """Of arms in which exactly these shares buy."""
    number = np.arange(people)
    treated = number % 1_000 >= 1_000 * control
    within = number // 1_000 / (people / 1_000)
    bought = (within < np.where(treated, buys_treated, buys)).astype(np.float64)
    return effect_of([Outcome("reached", bought)], treated, Plan(control_share=control))


WORKS, HARMS, NOTHING = effect(0.2, 0.4), effect(0.4, 0.2), effect(0.5, 0.5, 60_000)
FEW = effect(0.2, 0.2, 4_000)
HIDDEN = effect_of([Outcome("reached", np.ones(9))], np.ones(9, np.bool_), Plan(control_share=0.5))


@pytest.mark.parametrize(
    ("mode", "found", "wanted"),
    [
        ("ramp", WORKS, Suggestion("widen", "works")),
        ("full", WORKS, None),  # it reaches everybody already
        ("ramp", HARMS, Suggestion("end", "harms")),
        ("full", HARMS, Suggestion("end", "harms")),
        ("ramp", NOTHING, Suggestion("end", "not_worth_it")),
        ("full", NOTHING, Suggestion("end", "not_worth_it")),
        ("ramp", FEW, None),  # wait
        ("ramp", HIDDEN, None),
    ],
)
def test_the_step_is_that_of_the_interval(
    mode: Mode, found: Effect, wanted: Suggestion | None
) -> None:
    assert suggested(mode, found) == wanted


def test_nothing_is_suggested_for_what_does_not_act() -> None:
    acting = {"ramp", "full"}
    for mode in get_args(Mode):
        for found in (WORKS, HARMS, NOTHING, FEW, HIDDEN):
            assert mode in acting or suggested(mode, found) is None


def test_what_is_suggested_can_be_done() -> None:
    for mode in ("ramp", "full"):
        for found in (WORKS, HARMS, NOTHING):
            told = suggested(mode, found)
            if told is not None:
                version = StrategyVersion(strategy(mode=mode))
                done, _ = taken(version, told.step, Person("a", "b"), at=1, why="as suggested")
                assert done.mode == {"widen": "full", "end": "ended"}[told.step]
