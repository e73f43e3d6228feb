"""What gbstats says of some arms: the table against which our statistics are tested.

gbstats (MIT) is the statistics engine of GrowthBook. It pins an older numpy, so it has an
environment of its own:

    python -m venv /tmp/gbstats && /tmp/gbstats/bin/pip install gbstats==0.8.0
    /tmp/gbstats/bin/python benchmarks/gbstats_table.py > tests/unit/experiments/gbstats.json
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gbstats.frequentist.tests import (
    FrequentistConfig,
    SequentialConfig,
    SequentialTwoSidedTTest,
    TwoSidedTTest,
)
from gbstats.models.statistics import (
    RegressionAdjustedStatistic,
    SampleMeanStatistic,
    compute_theta,
)
from gbstats.utils import check_srm

RATIOS = ([50_000, 50_600], [9_000, 1_100], [44_700, 45_489], [300, 310, 350], [10, 20, 30, 45])


Sums = Mapping[str, float]


def arm(rng: random.Random, n: int, rate: float, scale: float) -> Sums:
    """Sums over n people of whom some buy for about as much as before."""
    before = [rng.gammavariate(0.3, scale) for _ in range(n)]
    outcome = [(0.5 * b + rng.gammavariate(2, scale)) * (rng.random() < rate) for b in before]
    return {
        "n": n,
        "total": sum(outcome),
        "squares": sum(y * y for y in outcome),
        "before": sum(before),
        "before_squares": sum(b * b for b in before),
        "cross": sum(y * b for y, b in zip(outcome, before, strict=True)),
    }


def statistics(control: Sums, treated: Sums, *, with_before: bool) -> list[Any]:
    """The arms as gbstats wants them."""
    found = []
    for one in (control, treated):
        after = SampleMeanStatistic(one["n"], one["total"], one["squares"])
        before = SampleMeanStatistic(one["n"], one["before"], one["before_squares"])
        whole = RegressionAdjustedStatistic(one["n"], after, before, one["cross"], 0)
        found.append(whole if with_before else after)
    if with_before:
        theta = compute_theta(*found)
        found = [replace(one, theta=theta) for one in found]
    return found


def row(control: Sums, treated: Sums, *, with_before: bool, alpha: float) -> dict[str, Any]:
    """What gbstats says of two arms."""
    arms = statistics(control, treated, with_before=with_before)
    said = {}
    for kind in ("absolute", "relative"):
        for name, test, config in (
            ("fixed", TwoSidedTTest, FrequentistConfig),
            ("sequence", SequentialTwoSidedTTest, SequentialConfig),
        ):
            found = test(*arms, config(difference_type=kind, alpha=alpha)).compute_result()
            said[f"{kind} {name}"] = [found.expected, *found.ci, found.p_value]
    return {
        "control": control,
        "treated": treated,
        "with_before": with_before,
        "alpha": alpha,
        "said": said,
    }


def main() -> None:
    """Print the table."""
    rng = random.Random(6)
    rows = []
    for n_control, n_treated, rate, more in (
        (1_000, 9_000, 0.2, 1.0),
        (5_000, 5_000, 0.1, 1.2),
        (10_690, 21_307, 0.05, 0.8),
        (400, 3_600, 0.6, 1.5),
    ):
        control, treated = arm(rng, n_control, rate, 2), arm(rng, n_treated, rate * more, 2)
        for with_before in (False, True):
            rows += [
                row(control, treated, with_before=with_before, alpha=alpha)
                for alpha in (0.05, 0.01)
            ]
    ratios = [{"counts": one, "p": check_srm(one, [1] * len(one))} for one in RATIOS]
    print(json.dumps({"gbstats": "0.8.0", "arms": rows, "ratios": ratios}, indent=1))


if __name__ == "__main__":
    main()
