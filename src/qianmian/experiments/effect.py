"""The effect of one thing on some people: three verdicts, and what must be right before one is.

What is compared is decided beforehand: one primary outcome decides the verdict, the others are
looked at beside it and corrected for being several. Where the arms are not as they were drawn there
is no verdict at all, and no number that somebody could take for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from qianmian.experiments.checks import (
    CROSSED,
    MISMATCH,
    MISMATCH_AT_END,
    is_enough,
    sample_ratio_p,
)
from qianmian.experiments.interval import (
    ALPHA,
    TUNING,
    Interval,
    confidence_sequence,
    fixed_interval,
    people_needed,
)
from qianmian.experiments.lift import Lift, Means, absolute, corrected, relative
from qianmian.experiments.many import benjamini_hochberg
from qianmian.experiments.sums import Float64, cut_tails, sums_of

Bool = npt.NDArray[np.bool_]

Verdict = Literal["works", "harms", "unsure"]
"""确认有效 / 有负面影响 / 还不能确定."""

WHY_HIDDEN: Final = ("no_control", "sample_ratio", "by_slices")
"""Why there is no verdict about people: nobody is in the control, the arms are not as they were
drawn, or it reaches whole rooms and slices of time are compared (`switchback`)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is declared before anybody looks.

    Attributes:
        control_share: which share of people is control, 0 < share < 1; None: nobody has said, so
            the ratio of the arms is not checked.
        alpha: 1 - alpha is what intervals promise.
        tuning: people at whom the sequence is tightest.
        tail: quantile at which outcomes that are not yes or no are cut.
        worthwhile: the smallest effect that is worth knowing, as a share of the control's mean.
        is_single_look: there is this one look, declared before; else one may look at any time.
    """

    control_share: float | None = None
    alpha: float = ALPHA
    tuning: float = TUNING
    tail: float = 0.999
    worthwhile: float = 0.1
    is_single_look: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of everybody, and what was known of them before.

    Shapes: values, before: float64[n_viewers]
    """

    name: str
    values: Float64
    before: Float64 | None = None

    @property
    def is_yes_no(self) -> bool:
        """Whether it is 0 or 1."""
        return bool(((self.values == 0.0) | (self.values == 1.0)).all())


@dataclass(frozen=True, slots=True)
class Arm:
    """The people of one arm, how many of them have an outcome, and its sum as it was.

    Attributes:
        mean: per person, as it was: not cut, not corrected.
    """

    n: int
    with_outcome: int
    total: float
    mean: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One outcome of both arms.

    Attributes:
        absolute: more per person, in units of the outcome.
        relative: more, as a share of the control's mean; None where that is hardly above 0.
        uncut: absolute, with the tails as they were; None where nothing was cut.
        incremental: how much more all the treated have together than without it.
        p: corrected where several outcomes are looked at.
        is_enough: whether the arms are large enough to judge it.
        is_yes_no: it is 0 or 1, so means are shares of people.
    """

    name: str
    treated: Arm
    control: Arm
    absolute: Interval
    relative: Interval | None
    uncut: Interval | None
    incremental: Interval
    p: float
    is_enough: bool
    is_yes_no: bool


@dataclass(frozen=True, slots=True)
class Effect:
    """What is known of an effect.

    Attributes:
        verdict: None: hidden.
        why_hidden: one of `WHY_HIDDEN`; "" where there is a verdict.
        primary, secondary: empty where the verdict is hidden.
        sample_ratio_p: None: no share was declared.
        crossed: people who were seen in both arms.
        still_needed: where it is not sure, people until a worthwhile effect would be told from 0;
            0: it would be told already, so there is none of that size; None: nobody knows.
    """

    verdict: Verdict | None
    why_hidden: str
    treated: int
    control: int
    sample_ratio_p: float | None
    crossed: int
    primary: Comparison | None
    secondary: tuple[Comparison, ...]
    still_needed: int | None

    @classmethod
    def of_nobody(cls, why_hidden: str) -> Effect:
        """No verdict and no number."""
        return cls(None, why_hidden, 0, 0, None, 0, None, (), None)

    @property
    def is_crossed(self) -> bool:
        """Whether so many people were in both arms that the effect is told too small."""
        return self.crossed > CROSSED * (self.treated + self.control)


def effect_of(
    outcomes: Sequence[Outcome],
    is_treated: Bool,
    plan: Plan,
    *,
    crossed: int = 0,
    is_drawn: Bool | None = None,
) -> Effect:
    """The effect on everybody, in the arm in which they were first.

    Args:
        outcomes: the first is the primary one.
        is_drawn: whose arm was drawn by the share of the plan, so that their ratio is checked; the
            others keep one that was drawn before. None: everybody.

    Shapes: is_treated, is_drawn: bool[n_viewers]
    Cost: O(n_viewers) for each outcome.
    """
    treated = int(is_treated.sum())
    control = len(is_treated) - treated
    ratio_p = None
    if plan.control_share is not None:
        drawn = is_treated if is_drawn is None else is_treated[is_drawn]
        counts = int(drawn.sum()), int((~drawn).sum())
        ratio_p = sample_ratio_p(counts, (1 - plan.control_share, plan.control_share))
    why = "" if treated and control else "no_control"
    if ratio_p is not None and not why:
        why = "sample_ratio" if ratio_p < _least_ratio_p(plan) else ""
    if why:
        return Effect(None, why, treated, control, ratio_p, crossed, None, (), None)
    primary, *others = (compare(one, is_treated, plan) for one in outcomes)
    corrected_ps = benjamini_hochberg([one.p for one in others])
    secondary = tuple(_with_p(*one) for one in zip(others, corrected_ps, strict=True))
    verdict = verdict_of(primary)
    needed = _still_needed(outcomes[0], is_treated, plan) if verdict == "unsure" else None
    return Effect(verdict, "", treated, control, ratio_p, crossed, primary, secondary, needed)


def verdict_of(one: Comparison) -> Verdict:
    """What an interval says: nothing while it holds 0, or while too few people are in it."""
    if not one.is_enough or not one.absolute.excludes_zero:
        return "unsure"
    return "works" if one.absolute.low > 0 else "harms"


def compare(outcome: Outcome, is_treated: Bool, plan: Plan) -> Comparison:
    """One outcome of the treated and the others; neither may be nobody."""
    values, yes_no = outcome.values, outcome.is_yes_no
    cut = values if yes_no else cut_tails(values, plan.tail)
    means = _means(cut, outcome.before, is_treated)
    arms = _arm(values[is_treated]), _arm(values[~is_treated])
    lift = absolute(*means)
    found = _interval(lift, plan)
    share = relative(*means)
    is_cut = cut is not values and bool((cut != values).any())
    raw = absolute(*_means(values, outcome.before, is_treated)) if is_cut else None
    return Comparison(
        outcome.name,
        *arms,
        found,
        None if share is None else _interval(share, plan),
        None if raw is None else _interval(raw, plan),
        found.times(arms[0].n),
        found.p,
        is_enough([one.with_outcome for one in arms], [one.n for one in arms], is_yes_no=yes_no),
        yes_no,
    )


def lift_of(outcome: Outcome, is_treated: Bool, plan: Plan) -> Lift:
    """The absolute lift that `compare` tells an interval of."""
    cut = outcome.values if outcome.is_yes_no else cut_tails(outcome.values, plan.tail)
    return absolute(*_means(cut, outcome.before, is_treated))


def _means(values: Float64, before: Float64 | None, is_treated: Bool) -> tuple[Means, Means]:
    treated, control = (
        sums_of(values[mask], None if before is None else before[mask])
        for mask in (is_treated, ~is_treated)
    )
    return corrected(treated, control)


def _arm(values: Float64) -> Arm:
    total = float(values.sum())
    return Arm(len(values), int(np.count_nonzero(values)), total, total / len(values))


def _interval(lift: Lift, plan: Plan) -> Interval:
    if plan.is_single_look:
        return fixed_interval(lift, alpha=plan.alpha)
    return confidence_sequence(lift, alpha=plan.alpha, tuning=plan.tuning)


def _still_needed(outcome: Outcome, is_treated: Bool, plan: Plan) -> int | None:
    at_least = plan.worthwhile * float(outcome.values[~is_treated].mean())
    lift = lift_of(outcome, is_treated, plan)
    return people_needed(lift, at_least, alpha=plan.alpha, tuning=plan.tuning)


def _least_ratio_p(plan: Plan) -> float:
    return MISMATCH_AT_END if plan.is_single_look else MISMATCH


def _with_p(one: Comparison, p: float) -> Comparison:
    return replace(one, p=p)
