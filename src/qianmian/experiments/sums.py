"""What an arm is, for every statistic here: six sums over its people, which add.

Two sessions, or two days, are the sum of their sums; nothing else has to be kept of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ArmSums:
    """The people of one arm, by an outcome and by what was known of them before.

    Attributes:
        n: people.
        total, squares: sums of the outcome and of its square.
        before, before_squares, cross: sums of the covariate, of its square, and of the product of
            both; 0 where there is no covariate.

    Units: those of the outcome; exact for whole numbers while sums stay below 2^53.
    """

    n: int = 0
    total: float = 0.0
    squares: float = 0.0
    before: float = 0.0
    before_squares: float = 0.0
    cross: float = 0.0

    def __add__(self, other: ArmSums) -> ArmSums:
        return ArmSums(
            self.n + other.n,
            self.total + other.total,
            self.squares + other.squares,
            self.before + other.before,
            self.before_squares + other.before_squares,
            self.cross + other.cross,
        )

    @property
    def mean(self) -> float:
        """Per person; 0 of nobody."""
        return self.total / self.n if self.n else 0.0

    @property
    def mean_before(self) -> float:
        """Of the covariate, per person."""
        return self.before / self.n if self.n else 0.0

    @property
    def variance(self) -> float:
        """Of the outcome, unbiased; 0 of fewer than two people."""
        return _spread(self.n, self.squares, self.total, self.total)

    @property
    def variance_before(self) -> float:
        """Of the covariate, unbiased."""
        return _spread(self.n, self.before_squares, self.before, self.before)

    @property
    def covariance(self) -> float:
        """Of outcome and covariate, unbiased."""
        return _spread(self.n, self.cross, self.total, self.before)


def _spread(n: int, products: float, one: float, other: float) -> float:
    return 0.0 if n < 2 else (products - one * other / n) / (n - 1)


def sums_of(outcome: Float64, before: Float64 | None = None) -> ArmSums:
    """The sums of some people.

    Shapes: float64[n_viewers], float64[n_viewers] -> six numbers
    """
    if before is None:
        return ArmSums(len(outcome), float(outcome.sum()), _products(outcome, outcome))
    return ArmSums(
        len(outcome),
        float(outcome.sum()),
        _products(outcome, outcome),
        float(before.sum()),
        _products(before, before),
        _products(outcome, before),
    )


def _products(one: Float64, other: Float64) -> float:
    """The sum of products, by this thread: for small groups waking others takes longer."""
    return float(np.einsum("i,i", one, other))


def cut_tails(outcome: Float64, tail: float) -> Float64:
    """The outcome with its far ends brought in to the quantiles `tail` and 1 - `tail`.

    One order of 50,000 yuan among ten thousand people must not decide. Where so few people have
    anything that the quantile is 0, nothing is cut: it would take everything away.

    Args:
        outcome: of all arms together, so that they are cut at one place.
        tail: 0.5 < tail <= 1; 1 cuts nothing.

    Shapes: float64[n_viewers] -> float64[n_viewers]
    Sources: Dixon 1960, Simplified estimation from censored normal samples (winsorized means).
    """
    if tail >= 1 or not len(outcome):
        return outcome
    low, high = np.quantile(outcome, [1 - tail, tail], method="inverted_cdf")
    high = high if high > 0 else outcome.max()
    low = low if low < 0 else outcome.min()
    return np.clip(outcome, low, high)
