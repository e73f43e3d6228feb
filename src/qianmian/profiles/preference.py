"""What a viewer turns to: decayed weights over category, price band, brand and brand tone.

Each act about a product adds the points of its type; half of them are left after `HALF_LIFE_MS`.
`n` is how many acts they rest on, and below `ENOUGH` acts nothing is preferred: insufficient
evidence. Weights add, so a profile may be folded in any order and in any batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from qianmian.vocabulary.time import DAY_MS

POINTS: Final = MappingProxyType(
    {
        "product_viewed": 1.0,
        "product_clicked": 2.0,
        "product_favorited": 3.0,
        "cart_added": 5.0,
        "order_paid": 10.0,
    }
)
HALF_LIFE_MS: Final = 14 * DAY_MS
ENOUGH: Final = 5  # acts; below it a share is noise
PREFERRED_SHARE: Final = 0.5
DIMENSIONS: Final = ("category", "price_band", "brand", "brand_tone")
PRICE_BANDS: Final = (
    (5_000, "under_50"),
    (20_000, "50_200"),
    (50_000, "200_500"),
    (100_000, "500_1000"),
)
"""Upper bounds in minor units, and the names of the bands; above them `TOP_BAND`."""
TOP_BAND: Final = "1000_up"


@dataclass(frozen=True, slots=True)
class Weight:
    """How much, on how many acts. Units: points as of `at`, ms UTC; n counts acts."""

    n: int
    points: float
    at: int

    def as_of(self, at: int) -> float:
        """The points that are left at an instant."""
        return float(self.points * 0.5 ** ((at - self.at) / HALF_LIFE_MS))

    def plus(self, other: Weight) -> Weight:
        """Both together, as of the later of them."""
        at = max(self.at, other.at)
        return Weight(self.n + other.n, self.as_of(at) + other.as_of(at), at)


@dataclass(frozen=True, slots=True)
class Liking:
    """One value of a dimension. Units: share 0..1 of the points of its dimension."""

    value: str
    share: float
    n: int


Weights = Mapping[str, Mapping[str, Weight]]
"""By dimension and value."""


@dataclass(frozen=True, slots=True)
class Preference:
    """The weights of a viewer."""

    weights: Weights = field(default_factory=dict)

    def plus(self, other: Preference) -> Preference:
        """Both together."""
        found = {name: dict(values) for name, values in self.weights.items()}
        for name, values in other.weights.items():
            mine = found.setdefault(name, {})
            for value, weight in values.items():
                mine[value] = mine[value].plus(weight) if value in mine else weight
        return Preference(found)

    def likings(self, dimension: str, at: int) -> list[Liking]:
        """The values of a dimension, the heaviest first."""
        values = self.weights.get(dimension, {})
        left = {value: weight.as_of(at) for value, weight in values.items()}
        whole = sum(left.values())
        order = sorted(values, key=lambda value: (-left[value], value))
        return [Liking(one, left[one] / whole if whole else 0.0, values[one].n) for one in order]

    def acts(self, dimension: str) -> int:
        """How many acts a dimension rests on."""
        return sum(weight.n for weight in self.weights.get(dimension, {}).values())

    def preferred(self, dimension: str, at: int) -> str | None:
        """The value that a viewer prefers; None without one, or without enough acts."""
        likings = self.likings(dimension, at)
        if self.acts(dimension) < ENOUGH or likings[0].share < PREFERRED_SHARE:
            return None
        return likings[0].value


def price_band(price_minor: int) -> str:
    """The band of a price in minor units; a price at a bound belongs to the band above."""
    return next((name for bound, name in PRICE_BANDS if price_minor < bound), TOP_BAND)


def act_of(kind: str, at: int, about: Mapping[str, str]) -> Preference:
    """What one act about one product adds; nothing where its type says nothing of a liking."""
    points = POINTS.get(kind)
    if points is None:
        return Preference()
    return Preference({name: {value: Weight(1, points, at)} for name, value in _given(about)})


def _given(about: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in DIMENSIONS:
        if about.get(name):
            yield name, about[name]
