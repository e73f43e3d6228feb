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
        only_between: shares of the evening between which alone it adds anything.
        spread: of the logarithm of orders.
        stock: as a share of viewers: what there is for everybody together; None: enough.
    """

    eager: float = 0.1
    eager_buys: float = 0.3
    buys: float = 0.04
    eager_meets: float = 0.3
    meets: float = 0.3
    more: float = 0.0
    fades: float = 0.0
    driven_away: float = 0.0
    only_between: tuple[float, float] = (0.0, 1.0)
    spread: float = 0.6
    stock: float | None = None


WORLDS: Final[dict[str, World]] = {
    "plain": World(more=0.06),
    "null": World(),
    "confounded": World(eager_meets=0.4, meets=0.06, more=0.02),
    "drift": World(more=0.12, fades=1.0),
    "harmful": World(more=0.0, driven_away=0.7),
    "hostile": World(more=0.6, driven_away=0.3, only_between=(0.4, 0.6), spread=2.0),
    "interference": World(more=0.2, stock=0.03),
}
SHARED: Final = "interference"
"""The world in which what the treated take is missing to the control: no comparison of the two can
tell what the strategy brings."""
"""confounded: mostly the eager meet the moment, so the treated buy three times as often as others;
drift: what works at the beginning does nothing at the end; harmful: it drives buyers away;
hostile: it persuades many for a while, drives others away all evening, and orders differ a
thousandfold; interference: there is not enough for all who want it."""


@dataclass(frozen=True, slots=True)
class Evening:
    """What happened, and what would have.

    Attributes:
        meets: who met the moment, at `at` ms since the beginning.
        is_treated: of those who met it, who was treated; false for all others.
        without, with_it: whether each buys when left alone, and when treated.
        amount: of each viewer's order, if there is one; minor units.
        stock: so many can buy, whoever comes first; None: all.

    Shapes: [n_viewers] each.
    """

    meets: Bool
    at: Int64
    is_treated: Bool
    without: Bool
    with_it: Bool
    amount: Int64
    stock: int | None = None

    @property
    def buys(self) -> Bool:
        """Who really bought."""
        return self._served(np.where(self.is_treated, self.with_it, self.without))

    def _served(self, wants: Bool) -> Bool:
        """Who gets it of those who want it."""
        if self.stock is None:
            return wants
        turn = np.argsort(self.at, kind="stable")
        served = np.zeros(len(wants), np.bool_)
        served[turn] = wants[turn] & (np.cumsum(wants[turn]) <= self.stock)
        return served

    @property
    def true_effect(self) -> float:
        """What treating all who meet the moment adds, in buyers for each of them.

        Buyers are counted over everybody: what one takes may be missing to another.
        """
        treated = self._served(np.where(self.meets, self.with_it, self.without))
        more = int(treated.sum()) - int(self._served(self.without).sum())
        return more / int(self.meets.sum())

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
    begin, end = (share * LASTS_MS for share in world.only_between)
    added = world.more * (1 - world.fades * at / LASTS_MS) * ((at >= begin) & (at <= end))
    number, mood = rng.random(viewers), rng.random(viewers)
    without = number < chance
    with_it = np.where(without, mood >= world.driven_away, number < chance + added)
    amount = np.rint(rng.lognormal(np.log(ORDER_MINOR), world.spread, viewers)).astype(np.int64)
    stock = None if world.stock is None else round(world.stock * viewers)
    return Evening(meets, at, is_treated, without, with_it, amount, stock)
