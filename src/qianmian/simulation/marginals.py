"""How people in shops and rooms behave, as published figures, and how far the simulated are off.

Only figures over many people are here, none of the rows that they were computed from:

* `VIEWS_PER_VISIT`, `DWELL_MS`, `PRICE_RATIO`, `NEXT_*`, `SHOP_MIX`: a multi-category shop, the
  sample of 2019-10-01 (1,000 events, 372 visits) of the REES46 behavior data.
* `MARKET_MIX`: Taobao user behavior, 15 minutes (10,963 events of 8,523 users).
* `ROOM_MIX`: messages of one real Douyin room in five minutes as a guest saw them (2026-07-31).

A gap between two page views of a visit is taken as the time on the first page.
"""

from __future__ import annotations

import bisect
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

VIEWS_PER_VISIT = (
    *(0.462, 0.207, 0.124, 0.062, 0.04, 0.013, 0.016),
    *(0.022, 0.016, 0.005, 0.011, 0.011, 0.005, 0.005),
)
"""Share of visits with 1, 2, … product pages, of those with any; they sum to 0.999."""

DWELL_MS = (
    *(1_000, 11_000, 16_000, 21_000, 28_000, 35_000),
    *(47_000, 60_000, 79_000, 120_000, 369_000),
)
"""Deciles of the time on a product page, ms."""

PRICE_RATIO = (0.011, 0.192, 0.315, 0.469, 0.679, 1.0, 1.29, 1.669, 2.311, 3.721, 8.925)
"""Deciles of the price of what is looked at, as a multiple of the median."""

NEXT_SAME_PRODUCT = 0.35
"""Share of page views after which the same product is looked at again."""
NEXT_SAME_CATEGORY = 0.84
"""Share of views of another product that stay in the category."""

SHOP_MIX = {"product_viewed": 987, "cart_added": 3, "order_paid": 10}
MARKET_MIX = {
    "product_viewed": 9_840,
    "cart_added": 581,
    "product_favorited": 317,
    "order_paid": 225,
}
ROOM_MIX = {"comment_sent": 652, "room_entered": 158, "social": 154, "liked": 100}

_MIX_NAME = {"followed": "social", "shared": "social"}
_CUMULATED = [sum(VIEWS_PER_VISIT[: k + 1]) for k in range(len(VIEWS_PER_VISIT))]


def at_share(deciles: Sequence[float], share: float) -> float:
    """The value below which this share lies, on straight lines of its logarithm between deciles."""
    place = share * (len(deciles) - 1)
    k = min(int(place), len(deciles) - 2)
    low, high = math.log(deciles[k]), math.log(deciles[k + 1])
    return math.exp(low + (high - low) * (place - k))


def views_at(share: float) -> int:
    """How many product pages a visit has that lies at this share of all."""
    return min(bisect.bisect_right(_CUMULATED, share), len(VIEWS_PER_VISIT) - 1) + 1


def total_variation(counts: Mapping[str, int], published: Mapping[str, int]) -> float:
    """Half the sum of the differences of shares, 0 (the same mix) to 1; only what is published."""
    ours, theirs = sum(counts.get(key, 0) for key in published), sum(published.values())
    if not ours:
        return 1.0
    return sum(abs(counts.get(k, 0) / ours - n / theirs) for k, n in published.items()) / 2


def decile_distance(values: Sequence[float], deciles: Sequence[float]) -> float:
    """The largest difference between k/10 and the share of values below the k-th decile, 0..1.

    A Kolmogorov-Smirnov distance at the nine inner deciles, which is all that is published; values
    at a decile count half.
    """
    if not values:
        return 1.0
    ordered = sorted(values)
    last = len(deciles) - 1
    return max(
        abs(
            (bisect.bisect_left(ordered, edge) + bisect.bisect_right(ordered, edge))
            / (2 * len(ordered))
            - k / last
        )
        for k, edge in enumerate(deciles[1:-1], 1)
    )


@dataclass(frozen=True, slots=True)
class Distances:
    """How far a simulated log is from the published figures, each 0 (equal) to 1.

    `…_mix`: total variation. `…_spread`: the largest difference of cumulated shares.
    """

    room_mix: float
    market_mix: float
    shop_mix: float
    dwell_spread: float
    price_spread: float
    views_spread: float


class Measured:
    """Counts of a log from which its distances come; takes the rows in any number of parts."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._prices: list[float] = []
        self._views: dict[tuple[str, str], list[int]] = {}
        self._closed: dict[tuple[str, str], list[int]] = {}

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Count these events."""
        for row in rows:
            kind = row["type"]
            self._counts[_MIX_NAME.get(kind, kind)] += 1
            if kind == "product_viewed" and "page_id" not in row:
                if "price" in row:
                    self._prices.append(row["price"])
                self._views.setdefault(_visit_of(row), []).append(row["event_time"])
            elif kind == "product_left":
                self._closed.setdefault(_visit_of(row), []).append(row["event_time"])

    def distances(self) -> Distances:
        """From the published figures."""
        middle = sorted(self._prices)[len(self._prices) // 2] if self._prices else 1
        return Distances(
            room_mix=total_variation(self._counts, ROOM_MIX),
            market_mix=total_variation(self._counts, MARKET_MIX),
            shop_mix=total_variation(self._counts, SHOP_MIX),
            dwell_spread=decile_distance(self._dwells(), DWELL_MS),
            price_spread=decile_distance([price / middle for price in self._prices], PRICE_RATIO),
            views_spread=self._views_distance(),
        )

    def _dwells(self) -> list[float]:
        """Times from one page to the next one, as long as no page was closed between them."""
        dwells: list[float] = []
        for visit, views in self._views.items():
            closed = sorted(self._closed.get(visit, ()))
            for here, after in pairwise(sorted(views)):
                if bisect.bisect_right(closed, here) == bisect.bisect_right(closed, after):
                    dwells.append(after - here)
        return dwells

    def _views_distance(self) -> float:
        spells: Counter[int] = Counter()
        for visit, views in self._views.items():
            closed = sorted(self._closed.get(visit, ()))
            spells.update(Counter(bisect.bisect_right(closed, at) for at in views).values())
        total = spells.total()
        if not total:
            return 1.0
        below, worst = 0, 0.0
        for k, share in enumerate(_CUMULATED, 1):
            below += spells[k]
            worst = max(worst, abs(below / total - share))
        return worst


def _visit_of(row: Mapping[str, Any]) -> tuple[str, str]:
    return str(row.get("viewer") or row.get("anonymous_id")), str(row.get("visit", ""))
