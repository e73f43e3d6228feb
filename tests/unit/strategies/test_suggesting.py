"""What is suggested about a strategy is what its interval says, and never more than that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, get_args

import numpy as np
import pytest

from qianmian.experiments.effect import Effect, Outcome, Plan, effect_of
from qianmian.experiments.groups import Groups
from qianmian.strategies.modes import Person, StrategyVersion, taken
from qianmian.strategies.strategy import Mode
from qianmian.strategies.suggesting import Advice, Suggestion, advice, suggested
from tests.strategy_shop import strategy


@dataclass(frozen=True)
class Known:
    """The effect of a version, and what stands beside it."""

    effect: Effect
    waiting: int = 0
    by: Mapping[str, Groups] = field(default_factory=dict)


def effect(
    buys: float,
    buys_treated: float,
    people: int = 20_000,
    control: float = 0.5,
    *,
    sales: float = 0,
) -> Effect:
    """Of arms in which exactly these shares buy; `sales`: so much more for each of the treated."""
    number = np.arange(people)
    treated = number % 1_000 >= 1_000 * control
    within = number // 1_000 / (people / 1_000)
    bought = (within < np.where(treated, buys_treated, buys)).astype(np.float64)
    outcomes = [Outcome("reached", bought)]
    if sales:
        noise = np.random.default_rng(1).normal(0, abs(sales), people)
        outcomes.append(Outcome("net_after_offers", sales * treated + noise))
    return effect_of(outcomes, treated, Plan(control_share=control))


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
    assert suggested(mode, Known(found)) == wanted


def test_nothing_is_suggested_for_what_does_not_act() -> None:
    acting = {"ramp", "full"}
    for mode in get_args(Mode):
        for found in (WORKS, HARMS, NOTHING, FEW, HIDDEN):
            assert mode in acting or suggested(mode, Known(found)) is None


def test_what_is_suggested_can_be_done() -> None:
    for mode in ("ramp", "full"):
        for found in (WORKS, HARMS, NOTHING):
            told = suggested(mode, Known(found))
            if told is not None:
                version = StrategyVersion(strategy(mode=mode))
                done, _ = taken(version, told.step, Person("a", "b"), at=1, why="as suggested")
                assert done.mode == {"widen": "full", "end": "ended"}[told.step]


DEAR = effect(0.2, 0.4, sales=-9.0)
CROSSED = replace(WORKS, crossed=2_000)
UNEVEN = replace(HIDDEN, why_hidden="sample_ratio")
DIFFER: Any = {"dormant": SimpleNamespace(differ=True), "other": SimpleNamespace(differ=False)}
SAME: Any = {"other": SimpleNamespace(differ=False)}


@pytest.mark.parametrize(
    ("mode", "found", "wanted"),
    [
        ("full", Known(HARMS), ["stop"]),
        ("full", Known(effect(0.4, 0.2, sales=-9.0)), ["stop"]),  # the most urgent first
        ("full", Known(WORKS), ["keep"]),
        ("ramp", Known(WORKS), ["widen"]),
        ("full", Known(effect(0.2, 0.4, sales=9.0)), ["keep"]),
        ("ramp", Known(DEAR), ["costs_more"]),
        ("full", Known(FEW), ["wait"]),
        ("full", Known(NOTHING), ["change"]),
        ("full", Known(UNEVEN, waiting=9), ["sample_ratio"]),
        ("full", Known(HIDDEN), ["no_control"]),
        ("full", Known(HIDDEN, waiting=9), ["too_early"]),
        ("full", Known(CROSSED, by=DIFFER), ["keep", "crossed", "differ"]),
        ("full", Known(WORKS, by=SAME), ["keep"]),
    ],
)
def test_what_to_do_next_is_said_once_for_every_page(
    mode: Mode, found: Known, wanted: list[Advice]
) -> None:
    assert list(advice(mode, found)) == wanted


def test_what_is_suggested_never_contradicts_what_is_said_first() -> None:
    """An offer that costs more than it brings is not given to everybody, though more people buy."""
    assert suggested("ramp", Known(DEAR)) is None
    steps = {"stop": "end", "change": "end", "widen": "widen"}
    for mode in ("ramp", "full"):
        for found in (WORKS, HARMS, NOTHING, FEW, HIDDEN, DEAR, CROSSED, UNEVEN):
            told = suggested(mode, Known(found))
            first = advice(mode, Known(found))[0]
            assert (None if told is None else told.step) == steps.get(first)
