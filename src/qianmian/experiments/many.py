"""Many questions at once: p-values as they must be read where several were asked."""

from __future__ import annotations

from collections.abc import Sequence


def holm(ps: Sequence[float]) -> list[float]:
    """Of several variants: corrected so that one of twenty trials errs anywhere.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]

    Sources: Holm 1979, A simple sequentially rejective multiple test procedure.
    """
    found, least = [0.0] * len(ps), 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=lambda k: ps[k])):
        least = max(least, min(1.0, (len(ps) - rank) * ps[place]))
        found[place] = least
    return found


def benjamini_hochberg(ps: Sequence[float]) -> list[float]:
    """Of several metrics: corrected so that one of twenty that are called sure is wrong.

    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.5])
    [0.04, 0.05333333333333334, 0.05333333333333334, 0.5]

    Sources: Benjamini, Hochberg 1995, Controlling the false discovery rate.
    """
    found, most = [0.0] * len(ps), 1.0
    ranked = sorted(range(len(ps)), key=lambda k: ps[k], reverse=True)
    for above, place in enumerate(ranked):
        most = min(most, ps[place] * len(ps) / (len(ps) - above))
        found[place] = most
    return found
