"""Lift: what the treated have more than the control, absolute or relative, with its variance.

Always said which: absolute is in the units of the outcome, per person; relative is a share of the
control's mean, by the delta method.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from qianmian.experiments.sums import ArmSums

CLEAR = 2.0
"""Standard errors that the control's mean lies from 0 before anything is told as a share of it."""


class Lift(NamedTuple):
    """A difference and the variance of its estimate.

    Attributes:
        n: people of both arms.
        degrees: of freedom of the variance (Welch 1947).
    """

    value: float
    variance: float
    n: int
    degrees: float = inf


class Means(NamedTuple):
    """Mean and variance of an outcome in one arm, corrected for what was known before.

    Attributes:
        raw_mean: not corrected.
    """

    n: int
    mean: float
    variance: float
    raw_mean: float

    @property
    def error(self) -> float:
        """The variance of the mean."""
        return self.variance / self.n


def corrected(treated: ArmSums, control: ArmSums) -> tuple[Means, Means]:
    """The arms without what the covariate explains (CUPED); as they are where it explains nothing.

    The coefficient is that of both arms together. The variance falls by the squared correlation.

    Sources: Deng, Xu, Kohavi, Walker 2013, Improving the sensitivity of online controlled
        experiments by utilizing pre-experiment data, section 3.2.
    """
    both = treated + control
    theta = both.covariance / both.variance_before if both.variance_before > 0 else 0.0

    def means(arm: ArmSums) -> Means:
        mean = arm.mean - theta * (arm.mean_before - both.mean_before)
        variance = arm.variance + theta * (theta * arm.variance_before - 2 * arm.covariance)
        return Means(arm.n, mean, max(0.0, variance), arm.mean)

    return means(treated), means(control)


def absolute(treated: Means, control: Means) -> Lift:
    """How much more per person, in the units of the outcome."""
    variance = treated.error + control.error
    more = treated.mean - control.mean
    return Lift(more, variance, treated.n + control.n, _degrees(treated, control))


def relative(treated: Means, control: Means) -> Lift | None:
    """How much more as a share of the control's mean; None where that mean is hardly above 0.

    Sources: Deng, Knoblich, Lu 2018, Applying the delta method in metric analytics, section 3.
    """
    base = control.raw_mean
    if base <= 0 or base**2 < CLEAR**2 * control.error:
        return None
    more = treated.mean - control.mean
    variance = treated.error / base**2 + control.error * treated.raw_mean**2 / base**4
    return Lift(more / base, variance, treated.n + control.n, _degrees(treated, control))


def _degrees(treated: Means, control: Means) -> float:
    """Degrees of freedom of a difference of means with unequal variances."""
    each = [one.error**2 / (one.n - 1) for one in (treated, control) if one.n > 1]
    return (treated.error + control.error) ** 2 / sum(each) if sum(each) > 0 else inf
