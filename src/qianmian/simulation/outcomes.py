"""Evenings of which the truth is known: what each viewer does with a strategy, and without it.

Both are drawn from one number per viewer (common random numbers): somebody buys without it when
their number is below one chance, with it when it is below another. So it is known of each of them
whether they are persuadable, would buy anyway, would not buy at all, or are driven away; and the
true effect is a count, not an estimate.

Sources: docs/design.md, the thesis; Rubin 1974, Estimating causal effects (potential outcomes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from qianmian.vocabulary.time import MINUTE_MS

Bool = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

LASTS_MS: Final = 120 * MINUTE_MS
ORDER_MINOR: Final = 12_000
"""The median order."""


class World(NamedTuple):
    """How viewers are.

    Attributes:
        eager: share of viewers who have all but decided to buy.
        eager_buys, buys: chances to buy of the eager and of the others, left alone.
        eager_meets, meets: chances to meet the moment of the strategy.
        more: what the strategy adds to the chance of somebody who meets it, at the beginning.
        fades: share of that which is lost by the end of the evening.
        driven_away: share of buyers among those who meet it whom it drives away.
    """

    eager: float = 0.1
    eager_buys: float = 0.3
    buys: float = 0.04
    eager_meets: float = 0.3
    meets: float = 0.3
    more: float = 0.0
    fades: float = 0.0
    driven_away: float = 0.0


WORLDS: Final[dict[str, World]] = {
    "plain": World(more=0.06),
    "null": World(),
    "confounded": World(eager_meets=0.4, meets=0.06, more=0.02),
    "drift": World(more=0.12, fades=1.0),
    "harmful": World(more=0.0, driven_away=0.7),
}
"""confounded: mostly the eager meet the moment, so the treated buy three times as often as others;
drift: what works at the beginning does nothing at the end; harmful: it drives buyers away."""


@dataclass(frozen=True, slots=True)
class Evening:
    """What happened, and what would have.

    Attributes:
        meets: who met the moment, at `at` ms since the beginning.
        is_treated: of those who met it, who was treated; false for all others.
        without, with_it: whether each buys when left alone, and when treated.
        amount: of each viewer's order, if there is one; minor units.

    Shapes: [n_viewers] each.
    """

    meets: Bool
    at: Int64
    is_treated: Bool
    without: Bool
    with_it: Bool
    amount: Int64

    @property
    def buys(self) -> Bool:
        """Who really bought."""
        return np.where(self.is_treated, self.with_it, self.without)

    @property
    def true_effect(self) -> float:
        """How many more of those who meet the moment buy with it than without, as a share."""
        return float(self.with_it[self.meets].mean() - self.without[self.meets].mean())

    @property
    def kinds(self) -> dict[str, int]:
        """Those who met the moment, by what it does to them."""
        with_it, without = self.with_it[self.meets], self.without[self.meets]
        return {
            "persuadable": int((with_it & ~without).sum()),
            "sure_thing": int((with_it & without).sum()),
            "lost_cause": int((~with_it & ~without).sum()),
            "sleeping_dog": int((~with_it & without).sum()),
        }


def evening(world: World, viewers: int, *, control: float, seed: int) -> Evening:
    """An evening of some viewers; the same seed gives the same one.

    Args:
        control: share of those who meet the moment who are left alone.

    Cost: some ten numbers for each viewer.
    """
    rng = np.random.default_rng(seed)
    eager = rng.random(viewers) < world.eager
    meets = rng.random(viewers) < np.where(eager, world.eager_meets, world.meets)
    at = rng.integers(1, LASTS_MS, viewers)
    is_treated = meets & (rng.random(viewers) >= control)
    chance = np.where(eager, world.eager_buys, world.buys)
    added = world.more * (1 - world.fades * at / LASTS_MS)
    number, mood = rng.random(viewers), rng.random(viewers)
    without = number < chance
    with_it = np.where(without, mood >= world.driven_away, number < chance + added)
    amount = np.rint(rng.lognormal(np.log(ORDER_MINOR), 0.6, viewers)).astype(np.int64)
    return Evening(meets, at, is_treated, without, with_it, amount)
