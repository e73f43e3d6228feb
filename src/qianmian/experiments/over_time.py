"""How a verdict came to be: what could have been said at each instant before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from qianmian.experiments.effect import Bool, Outcome, Plan, compare
from qianmian.experiments.interval import Interval
from qianmian.experiments.population import Int64

MOST: Final = 24
"""Instants: more are not seen in a picture."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What was known of the effect at an instant.

    Attributes:
        treated, control: people whose window was over then.
        absolute, relative: as of `Comparison`.

    Units: as_of in ms UTC.
    """

    as_of: int
    treated: int
    control: int
    absolute: Interval
    relative: Interval | None


def over_time(outcome: Outcome, is_treated: Bool, until: Int64, plan: Plan) -> tuple[Standing, ...]:
    """What was known after each part of the people, about equally large; the last after all.

    Instants at which there were too few people to judge it are left out.

    The interval at each instant is the one that `effect_of` would have told then: it holds at
    every look, so a picture of all looks promises no more than each of them.

    Args:
        until: when the time of each of the people was over, ms UTC.

    Shapes: is_treated: bool[n_viewers]; until: int64[n_viewers]
    Cost: O(MOST x n_viewers).
    """
    n = len(until)
    if not n:
        return ()
    known = np.sort(until, kind="stable")
    ranks = np.ceil(np.arange(1, MOST + 1) * n / MOST).astype(np.int64) - 1
    found = []
    for as_of in np.unique(known[ranks]).tolist():
        mine = until <= as_of
        there = is_treated[mine]
        if not there.any() or there.all():
            continue
        before = None if outcome.before is None else outcome.before[mine]
        one = compare(Outcome(outcome.name, outcome.values[mine], before), there, plan)
        if not one.is_enough:  # of nobody with the outcome the interval has no width
            continue
        found.append(Standing(as_of, one.treated.n, one.control.n, one.absolute, one.relative))
    return tuple(found)
