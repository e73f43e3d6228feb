"""The effect of what a whole room hears, by slices of time that take turns.

Slices come in pairs, of which a coin has drawn the one that acts; the other is its control. So the
coins are all that is random, and whoever turns them over asks what else could have been seen: a
randomization test, exact for any outcome. A verdict is told at fixed looks (15, 30, 60 ... pairs)
that share the error, so one may read the page whenever one likes.

Sources: Bojinov, Simchi-Levi, Zhao 2023, Design and analysis of switchback experiments, Management
Science 69 (7): slices, carry-over, exact tests by drawing the assignment again. That drawing each
slice for itself is replaced by pairs here: Fisher 1935, The design of experiments, chapter 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2, sqrt
from statistics import NormalDist
from typing import Final

import numpy as np

from qianmian.experiments.effect import Bool, Verdict
from qianmian.experiments.interval import ALPHA, Interval
from qianmian.experiments.population import Int64
from qianmian.experiments.sums import Float64

LEAST_PAIRS: Final = 15
"""30 slices: fewer say nothing (SEMANTICS, ASSIGNMENT)."""
DRAWN: Final = 9_999
"""Turns of the coins that are drawn where there are too many for all of them."""
DRAWN_FOR_A_WARNING: Final = 1_999
MOST_EXACT: Final = 15
"""Up to so many pairs every turn is looked at: 32,768."""
CARRIED: Final = 0.01
"""Below it, what a slice did is still seen in the next one."""
SEED: Final = 61
"""Of the drawing: the same slices give the same interval."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of slices, in the order in which they ended.

    Attributes:
        acting, silent: the outcome of the slice that acted and of the other one.
        is_first: whether the first of the two acted.
        before: the row of the pair right before it in its session; -1: there is none.

    Shapes: float64[n_pairs], float64[n_pairs], bool[n_pairs], int64[n_pairs]
    Units: those of the outcome, for example orders per minute.
    """

    acting: Float64
    silent: Float64
    is_first: Bool
    before: Int64

    def first(self, n: int) -> Pairs:
        """The n that ended first."""
        return Pairs(self.acting[:n], self.silent[:n], self.is_first[:n], self.before[:n])

    @property
    def more(self) -> Float64:
        """What the acting one has more than the other: float64[n_pairs]."""
        return self.acting - self.silent


@dataclass(frozen=True, slots=True)
class Switchback:
    """What is known of the effect of something on a room.

    Attributes:
        slices: compared at the last look; both arms together, so twice the pairs.
        waiting: slices that are over and belong to the next look.
        acting, silent: mean outcome of a slice of each arm.
        more: what an acting slice has more than a silent one, and its interval; None: there was no
            look yet.
        next_look: slices at which there is one.
        still_needed: slices until an effect that is worth knowing would be told from 0; 0: it would
            be told already; None: nobody knows, or the verdict is sure.
        carried_p: that so much of a slice is seen in the next one if nothing is carried over.
    """

    verdict: Verdict
    slices: int
    waiting: int
    acting: float
    silent: float
    more: Interval | None
    next_look: int
    still_needed: int | None
    carried_p: float

    @property
    def is_carried(self) -> bool:
        """Whether slices are not apart enough: the effect is told too small."""
        return self.carried_p < CARRIED


def switchback_of(pairs: Pairs, *, alpha: float = ALPHA, worthwhile: float = 0.1) -> Switchback:
    """The effect that pairs tell.

    Args:
        worthwhile: the smallest effect that is worth knowing, as a share of the silent slices.

    Cost: 10,000 turns of n_pairs coins.
    """
    n = len(pairs.acting)
    if n < LEAST_PAIRS:
        acting, silent = (float(one.mean()) if n else 0.0 for one in (pairs.acting, pairs.silent))
        left = 2 * (LEAST_PAIRS - n)
        return Switchback("unsure", 0, 2 * n, acting, silent, None, 2 * LEAST_PAIRS, left, 1.0)
    look = int(log2(n // LEAST_PAIRS))
    used = LEAST_PAIRS << look
    seen = pairs.first(used)
    more = by_turning(seen.more, alpha=alpha_at(look, alpha))
    verdict: Verdict = "unsure"
    if more.excludes_zero:
        verdict = "works" if more.low > 0 else "harms"
    silent = float(seen.silent.mean())
    needed = _still_needed(seen.more, worthwhile * silent, alpha) if verdict == "unsure" else None
    return Switchback(
        verdict,
        2 * used,
        2 * (n - used),
        float(seen.acting.mean()),
        silent,
        more,
        4 * used,
        needed,
        carried_over_p(seen),
    )


def alpha_at(look: int, alpha: float = ALPHA) -> float:
    """The part of the error that a look may spend; all of them together spend alpha.

    Args:
        look: from 0 on.

    >>> [round(alpha_at(look), 4) for look in range(3)]
    [0.025, 0.0083, 0.0042]
    """
    return alpha / ((look + 1) * (look + 2))


def by_turning(more: Float64, *, alpha: float) -> Interval:
    """The mean of differences, with all values that turning coins over does not refuse.

    A value t is refused where the mean of more - t is among the alpha most extreme of those in
    which some of the pairs are turned. That is so exactly where it lies below or above nearly all
    means of parts of the pairs; so these, sorted, are the p-values of all t at once.

    Args:
        more: of each pair.

    Returns: `p` is that of 0, from both sides.
    Shapes: float64[n_pairs]
    Cost: O(2^n_pairs) up to 15 pairs, else O(10,000 x n_pairs).
    Sources: Hartigan 1969, Using subsample values as typical values, JASA 64, theorem 2; with parts
        that are drawn: Efron 1969, Student's t-test under symmetry conditions, section 9.
    """
    means = np.sort(_means_of_parts(more))
    whole = len(means) + 1  # with the turn of nothing, which is what was seen
    k = int(alpha / 2 * whole + 1e-9)
    below, above = (np.count_nonzero(one) + 1 for one in (means <= 0, means >= 0))
    p = min(1.0, 2 * min(below, above) / whole)
    value = float(more.mean())
    if k < 1:
        return Interval(value, -np.inf, np.inf, p)
    return Interval(value, float(means[k - 1]), float(means[-k]), p)


def _means_of_parts(more: Float64) -> Float64:
    """Means of all parts of some numbers but the empty one; of many numbers of parts drawn."""
    n = len(more)
    if n <= MOST_EXACT:
        sums, counts = np.zeros(1), np.zeros(1)
        for one in more.tolist():
            sums = np.concatenate([sums, sums + one])
            counts = np.concatenate([counts, counts + 1])
        return np.asarray(sums[1:] / counts[1:])
    random = np.random.default_rng(SEED)
    found = []
    for begin in range(0, DRAWN, 1_000):
        is_in = _coins(random, min(1_000, DRAWN - begin), n)
        found.append((is_in @ more) / np.maximum(is_in.sum(axis=1), 1))
    return np.concatenate(found)


def _coins(random: np.random.Generator, times: int, n: int) -> Float64:
    """Coins that show 0 or 1: float64[times, n]."""
    bits = np.frombuffer(random.bytes(times * n // 8 + 1), np.uint8)
    return np.unpackbits(bits, count=times * n).reshape(times, n).astype(np.float64)


def carried_over_p(pairs: Pairs) -> float:
    """How likely slices follow an acting one as differently, if nothing is carried over.

    The first slice of a pair follows an acting one or a silent one, as the coin of the pair before
    has drawn. So of pairs whose first slice is silent, what it has more than its partner is
    compared between those that follow an acting slice and the others, and that coin drawn again.
    (A first slice that acts itself would hide what lingers.)

    Sources: Bojinov, Simchi-Levi, Zhao 2023, section 5 (whether the order of carry-over is right).
    """
    rows = np.flatnonzero((pairs.before >= 0) & ~pairs.is_first)
    if not len(rows):
        return 1.0
    rest = -pairs.more[rows]
    rest = rest - rest.mean()
    seen = abs(float(np.where(pairs.is_first[pairs.before[rows]], -rest, rest).sum()))
    coins = _coins(np.random.default_rng(SEED), DRAWN_FOR_A_WARNING, len(rows))
    as_far = np.count_nonzero(np.abs((2 * coins - 1) @ rest) >= seen * (1 - 1e-12))
    return (as_far + 1) / (DRAWN_FOR_A_WARNING + 1)


def _still_needed(more: Float64, at_least: float, alpha: float) -> int | None:
    """How many more slices until the look at which the interval is no wider than an effect."""
    spread = float(more.std(ddof=1))
    if at_least <= 0 or spread <= 0:
        return None
    n, look = len(more), int(log2(len(more) // LEAST_PAIRS))

    def is_enough(at: int) -> bool:
        z = NormalDist().inv_cdf(1 - alpha_at(at, alpha) / 2)
        return z * spread / sqrt(LEAST_PAIRS << at) <= at_least

    far = look
    while not is_enough(far):
        far += 1
    return 2 * ((LEAST_PAIRS << far) - n)


def pairs_of(
    counts: Float64, session: Int64, pair: Int64, is_second: Bool, acts_first: Bool
) -> Pairs:
    """Pairs out of whole slices; a slice whose partner is missing is left out.

    Args:
        counts: the outcome of each slice.
        session: a number for each session.
        pair: the place in time of the pair that it belongs to.
        is_second: whether it is the second of the pair.
        acts_first: whether the first of that pair was drawn to act.

    Shapes: float64[n_slices], int64[n_slices], int64[n_slices], bool[n_slices], bool[n_slices]
    """
    order = np.lexsort((is_second, session, pair))
    counts, session, pair = counts[order], session[order], pair[order]
    is_second, acts_first = is_second[order], acts_first[order]
    same = (pair[1:] == pair[:-1]) & (session[1:] == session[:-1])
    first = np.flatnonzero(same & is_second[1:] & ~is_second[:-1])
    one, other, acts = counts[first], counts[first + 1], acts_first[first]
    in_session = np.lexsort((pair[first], session[first]))
    mine, place = session[first][in_session], pair[first][in_session]
    before = np.full(len(first), -1)
    is_next = (mine[1:] == mine[:-1]) & (place[1:] == place[:-1] + 1)
    before[in_session[1:][is_next]] = in_session[:-1][is_next]
    return Pairs(np.where(acts, one, other), np.where(acts, other, one), acts, before)
