"""Intervals: one that holds however often somebody looks, and one for a single look declared first.

A fixed interval that is looked at fifty times excludes a true zero in three of ten trials. The
asymptotic confidence sequence excludes it in one of twenty at any time, for ever, and is half as
wide again. So it is what is shown; the other only where the look was declared beforehand.
"""

from __future__ import annotations

from math import erfc, exp, log, sqrt
from statistics import NormalDist
from typing import Final, NamedTuple

from qianmian.experiments.lift import Lift

ALPHA: Final = 0.05
TUNING: Final = 5_000
"""People, both arms together, at whom the sequence is tightest; declared once for everything."""


class Interval(NamedTuple):
    """A value and between what it lies, and the p-value that goes with the interval."""

    value: float
    low: float
    high: float
    p: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the sign is sure."""
        return self.low > 0 or self.high < 0

    def times(self, factor: float) -> Interval:
        """The same in another unit."""
        return Interval(self.value * factor, self.low * factor, self.high * factor, self.p)


def _rho_squared(alpha: float, tuning: float) -> float:
    return (-2 * log(alpha) + log(-2 * log(alpha) + 1)) / tuning


def sequence_half_width(
    variance: float, n: float, *, alpha: float = ALPHA, tuning: float = TUNING
) -> float:
    """Half the width of the confidence sequence.

    With s² = n·variance, the variance of one person's influence on the estimate, it is
    s·sqrt(2·(n·rho² + 1)/(n·rho)²·log(sqrt(n·rho² + 1)/alpha)).

    Args:
        variance: of the estimate.
        n: people of both arms.
        tuning: for how many people rho is chosen.

    Sources: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas 2024, Time-uniform central limit theory
        and asymptotic confidence sequences, theorem 2.2 (rho: appendix B.2, its closed form).
    """
    grown = n * _rho_squared(alpha, tuning) + 1
    return sqrt(n * variance * _scale(n, alpha, tuning) * log(sqrt(grown) / alpha))


def _scale(n: float, alpha: float, tuning: float) -> float:
    rho_squared = _rho_squared(alpha, tuning)
    return 2 * (n * rho_squared + 1) / (n * n * rho_squared)


def confidence_sequence(lift: Lift, *, alpha: float = ALPHA, tuning: float = TUNING) -> Interval:
    """The interval that covers the truth at every look with probability 1 - alpha.

    Its p-value is the least level at which it would exclude 0, with the same rho; valid at every
    look, too.

    Sources: as `sequence_half_width`; p-value: Johari, Koomen, Pekelis, Walsh 2022, Always valid
        inference, section 3.
    """
    half = sequence_half_width(lift.variance, lift.n, alpha=alpha, tuning=tuning)
    grown = sqrt(lift.n * _rho_squared(alpha, tuning) + 1)
    if lift.variance > 0:
        spread = lift.n * lift.variance * _scale(lift.n, alpha, tuning)
        p = min(1.0, grown * exp(-min(lift.value**2 / spread, 700.0)))
    else:
        p = 1.0
    return Interval(lift.value, lift.value - half, lift.value + half, p)


def fixed_interval(lift: Lift, *, alpha: float = ALPHA) -> Interval:
    """The interval of a single look that was declared before the first, by Student's t.

    Sources: Welch 1947; the quantile: Abramowitz, Stegun 1964, 26.7.5, the p-value 26.7.8; from
        30 degrees of freedom on they are right to five digits.
    """
    error, degrees = sqrt(lift.variance), lift.degrees
    z = NormalDist().inv_cdf(1 - alpha / 2)
    t = z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
    if not error:
        return Interval(lift.value, lift.value, lift.value, 1.0)
    seen = abs(lift.value) / error
    as_normal = seen * (1 - 1 / (4 * degrees)) / sqrt(1 + seen**2 / (2 * degrees))
    p = erfc(as_normal / sqrt(2))
    return Interval(lift.value, lift.value - t * error, lift.value + t * error, p)


def people_needed(
    lift: Lift, at_least: float, *, alpha: float = ALPHA, tuning: float = TUNING
) -> int | None:
    """How many more people, until an effect of this size would be told from 0.

    Args:
        at_least: the smallest absolute effect that is worth knowing; 0 or less: nobody can say.

    Returns: 0 when there are enough; None when it cannot be said.
    Cost: some sixty steps.
    """
    if at_least <= 0 or lift.variance <= 0 or not lift.n:
        return None
    each = lift.variance * lift.n

    def is_enough(n: float) -> bool:
        return sequence_half_width(each / n, n, alpha=alpha, tuning=tuning) <= at_least

    low = high = float(lift.n)
    while not is_enough(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) / 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return round(high) - lift.n
