"""Whether a comparison may be believed at all: the ratio of the arms, and who was in both."""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, exp, pi, sqrt
from typing import Final

MISMATCH: Final = 0.001
"""Below it the arms are not as they were drawn; looked at again and again, so it is strict."""
MISMATCH_AT_END: Final = 0.01
"""The same for one look that was declared beforehand."""
CROSSED: Final = 0.01
"""A greater share of people seen in both arms is a warning (SEMANTICS, ASSIGNMENT)."""
EXPECTED: Final = 10.0
"""So many people with an outcome each arm must be expected to have, were both alike.

Below it the mean of a small arm is not near a normal distribution. Measured over 20,000 trials of
nothing, a tenth of them control, with 50 looks: with 5 up to 5.6 % are called sure, with 10 at most
3.7 %.
"""


def chi_square_tail(value: float, degrees: int) -> float:
    """The probability that chi-square is larger, for a whole number of degrees of freedom.

    >>> round(chi_square_tail(3.841458820694124, 1), 10)
    0.05

    Sources: Abramowitz, Stegun 1964, 26.4.4 and 26.4.5.
    """
    if value <= 0:
        return 1.0
    if degrees % 2:
        tail, term, first = erfc(sqrt(value / 2)), sqrt(2 * value / pi) * exp(-value / 2), 3
    else:
        tail, term, first = exp(-value / 2), exp(-value / 2) * value / 2, 4
    for used in range(first, degrees + 1, 2):
        tail += term
        term *= value / used
    return min(1.0, tail)


def sample_ratio_p(counts: Sequence[int], shares: Sequence[float]) -> float:
    """How likely arms this far from their shares are, if people were drawn as declared.

    Args:
        shares: of each arm, > 0; only their ratio counts.

    Sources: Fabijan et al. 2019, Diagnosing sample ratio mismatch in online controlled experiments.
    """
    people, whole = sum(counts), sum(shares)
    if not people:
        return 1.0
    expected = [people * share / whole for share in shares]
    value = sum((n - e) ** 2 / e for n, e in zip(counts, expected, strict=True))
    return chi_square_tail(value, len(counts) - 1)


def is_enough(with_outcome: Sequence[int], people: Sequence[int], *, is_yes_no: bool) -> bool:
    """Whether each arm is large enough that its mean can be judged.

    Args:
        with_outcome: how many people of each arm have an outcome other than 0.
        people: of each arm.
        is_yes_no: the outcome is 0 or 1, so those without it must be enough, too.
    """
    if not min(people):
        return False
    share = sum(with_outcome) / sum(people)
    least = min(share, 1 - share) if is_yes_no else share
    return min(people) * least >= EXPECTED
