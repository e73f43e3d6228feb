"""For whom it works: the effect in each group, drawn towards the common one as far as noise goes.

Of ten groups the best always looks good. So a group's own effect stands beside one that borrows
from the others, and that groups differ is said only where a test of exactly that says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qianmian.experiments.checks import MISMATCH, MISMATCH_AT_END, chi_square_tail
from qianmian.experiments.effect import Bool, Comparison, Outcome, Plan, compare, lift_of

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class GroupEffect:
    """The effect in one group.

    Attributes:
        shrunk: absolute effect per person, drawn towards that of all groups.
    """

    name: str
    own: Comparison
    shrunk: float


@dataclass(frozen=True, slots=True)
class Groups:
    """The effect by group.

    Attributes:
        left_out: groups with too few people in one arm to say anything.
        differ_p: how likely groups this different are, were the effect the same in all.
        differ: whether it may be said that the effect is not the same in all.
    """

    found: tuple[GroupEffect, ...]
    left_out: tuple[str, ...]
    differ_p: float
    differ: bool


def by_group(
    outcome: Outcome, is_treated: Bool, group: Int64, names: Sequence[str], plan: Plan
) -> Groups:
    """The effect of the outcome in each group.

    Args:
        group: place in `names` of everybody's group; what is known of them before the decision.

    Shapes: int64[n_viewers]
    Sources: Cochran 1954, The combination of estimates (Q); DerSimonian, Laird 1986,
        Meta-analysis in clinical trials (how much groups differ); Efron, Morris 1975, Data
        analysis using Stein's estimator (shrinking).
    """
    own, lifts, left_out = [], [], []
    few = group.astype(np.uint16) if len(names) <= 1 << 16 else group  # sorted in one pass
    order = np.argsort(few, kind="stable")
    cuts = np.searchsorted(few[order], np.arange(len(names) + 1))
    for place, name in enumerate(names):
        mine = order[cuts[place] : cuts[place + 1]]
        part = Outcome(
            name, outcome.values[mine], None if outcome.before is None else outcome.before[mine]
        )
        there = is_treated[mine]
        if not there.any() or there.all():
            left_out.append(name)
            continue
        found, lift = compare(part, there, plan), lift_of(part, there, plan)
        if not found.is_enough or lift.variance <= 0:
            left_out.append(name)
            continue
        own.append(found)
        lifts.append(lift)
    shrunk, differ_p = shrink([one.value for one in lifts], [one.variance for one in lifts])
    least = MISMATCH_AT_END if plan.is_single_look else MISMATCH
    effects = (GroupEffect(one.name, one, value) for one, value in zip(own, shrunk, strict=True))
    return Groups(tuple(effects), tuple(left_out), differ_p, differ_p < least)


def shrink(values: Sequence[float], variances: Sequence[float]) -> tuple[list[float], float]:
    """Estimates drawn towards their common one, and the p-value of their being the same.

    Args:
        variances: > 0.

    Sources: as `by_group`.
    """
    if len(values) < 2:
        return list(values), 1.0
    value, variance = np.array(values), np.array(variances)
    weight = 1 / variance
    common = float(weight @ value / weight.sum())
    q = float(weight @ (value - common) ** 2)
    degrees = len(values) - 1
    scale = float(weight.sum() - weight @ weight / weight.sum())
    between = max(0.0, (q - degrees) / scale)
    total = 1 / (variance + between)
    middle = float(total @ value / total.sum())
    kept = between / (between + variance)
    return list((middle + kept * (value - middle)).tolist()), chi_square_tail(q, degrees)
