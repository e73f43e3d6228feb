"""Whose effect it is: the population of a strategy version, and what became of each of them.

SEMANTICS, POPULATION: whoever's first decision of the version passed everything that both arms must
pass, in the arm of that decision, from that instant on, whatever was delivered. Only those whose
window is over are compared: who has had no time to buy yet would make the newest look like a
failure, and what is told of somebody would change while it is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qianmian.experiments.effect import Bool, Outcome
from qianmian.experiments.sums import Float64

Int64 = npt.NDArray[np.int64]
Int8 = npt.NDArray[np.int8]

CONTROL, TREATED, HOLDOUT = 0, 1, 2
"""Arms: held out of this strategy, treated, held out of all strategies."""
PAID, REFUNDED, REACHED = 0, 1, 2
"""Acts: an order, money back, the event that is the strategy's goal."""
NO_ORDER: Final = -1


@dataclass(frozen=True, slots=True)
class Decided:
    """Decisions of one version that acted or held out; of rehearsals none.

    Attributes:
        person: whose they are, under all their ids.
        arm: CONTROL, TREATED or HOLDOUT.
        cost: of the offer that went with it, at most; 0 where nothing was sent.
        place: number of the session it was made in.

    Shapes: int64[n_decisions] each, arm int8[n_decisions]
    Units: at in ms UTC, cost in minor units.
    """

    person: Int64
    at: Int64
    arm: Int8
    cost: Int64
    place: Int64


@dataclass(frozen=True, slots=True)
class Acts:
    """What people did: verified orders and refunds, and the goal.

    Attributes:
        kind: PAID, REFUNDED or REACHED.
        order: number of the order; NO_ORDER: nobody has said which.

    Shapes: int64[n_acts] each, kind int8[n_acts]
    Units: at in ms UTC, amount in minor units of the shop's currency.
    """

    person: Int64
    at: Int64
    kind: Int8
    amount: Int64
    order: Int64


@dataclass(frozen=True, slots=True)
class Population:
    """People whose window is over, by person, and who is not among them.

    Attributes:
        crossed: of them, who had a decision of the other arm later.
        waiting: whose window is not over.
        in_holdout: held out of all strategies: of no arm of this one.
        placeless_refunds: refunds of the people that name no order, so nothing is taken off.

    Shapes: person, at, place: int64[n_viewers]; is_treated: bool[n_viewers]; the rest
        float64[n_viewers].
    Units: net, cost, before in minor units; `before`: net sales before the decision.
    """

    person: Int64
    at: Int64
    place: Int64
    is_treated: Bool
    reached: Float64
    orders: Float64
    net: Float64
    cost: Float64
    before: Float64
    crossed: int
    waiting: int
    in_holdout: int
    placeless_refunds: int

    def outcomes(self) -> tuple[Outcome, ...]:
        """What is compared: whether the goal was reached first, which decides; then money."""
        return (
            Outcome("reached", self.reached),
            Outcome("orders", self.orders),
            Outcome("net_sales", self.net, self.before),
            Outcome("net_after_offers", self.net - self.cost, self.before),
        )


def population_of(decided: Decided, acts: Acts, *, window_ms: int, as_of: int) -> Population:
    """Fold decisions and acts into people.

    An act counts for a person at instants t with at < t <= at + window_ms. A refund counts within
    it, if the order it is of does.

    Args:
        as_of: the newest instant that is known of; whose window ends later waits.

    Cost: O(n log n) of decisions and of acts; no Python loop.
    """
    order = np.lexsort((decided.arm, decided.at, decided.person))
    person, at, arm = decided.person[order], decided.at[order], decided.arm[order]
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = person[1:] != person[:-1]
    begin = np.flatnonzero(is_first)
    of_row = np.cumsum(is_first) - 1
    first_arm, first_at = arm[begin], at[begin]
    is_other = (arm != first_arm[of_row]) & (arm != HOLDOUT)
    is_crossed = np.bincount(of_row[is_other], minlength=len(begin)) > 0
    is_inside = first_arm != HOLDOUT
    is_over = first_at + window_ms <= as_of
    kept = np.flatnonzero(is_inside & is_over)
    people, start = person[begin][kept], first_at[kept]
    # Of an act of deciding at the very instant of the first the cost counts: it is the first.
    theirs = _Within(people, start - 1, person, at, window_ms + 1)
    became = _became(people, start, acts, window_ms)
    return Population(
        person=people,
        at=start,
        place=decided.place[order][begin][kept],
        is_treated=first_arm[kept] == TREATED,
        cost=theirs.sum(decided.cost[order], theirs.is_within),
        crossed=int(is_crossed[kept].sum()),
        waiting=int((is_inside & ~is_over).sum()),
        in_holdout=int((~is_inside).sum()),
        **became,
    )


class _Within:
    """Which rows are of people, and when they lie within the people's windows.

    Attributes:
        place: of each row, its person's place; of others any.
    """

    def __init__(self, people: Int64, start: Int64, person: Int64, at: Int64, lasts: int) -> None:
        self.n = len(people)
        self.place = np.minimum(np.searchsorted(people, person), max(self.n - 1, 0))
        is_theirs = np.zeros(len(person), np.bool_)
        since = np.zeros(len(person), np.int64)
        if self.n:
            is_theirs = people[self.place] == person
            since = at - start[self.place]
        self.is_within = is_theirs & (since > 0) & (since <= lasts)
        self.is_before = is_theirs & (since <= 0)

    def sum(self, values: Int64, wanted: Bool) -> Float64:
        """The sum of wanted rows for each person; exact below 2^53."""
        weights = values[wanted].astype(np.float64)
        found = np.bincount(self.place[wanted], weights=weights, minlength=self.n)
        return found.astype(np.float64)

    def count(self, wanted: Bool) -> Float64:
        """How many rows of each person are wanted."""
        return np.bincount(self.place[wanted], minlength=self.n).astype(np.float64)


def _became(people: Int64, start: Int64, acts: Acts, window_ms: int) -> dict[str, Any]:
    """What became of people, as fields of `Population`."""
    theirs = _Within(people, start, acts.person, acts.at, window_ms)
    is_paid, is_back = acts.kind == PAID, acts.kind == REFUNDED
    is_sale = is_paid & theirs.is_within
    said = acts.order != NO_ORDER
    is_of_sale = is_back & theirs.is_within & said & _names_one(theirs.place, acts.order, is_sale)
    sold, back = theirs.sum(acts.amount, is_sale), theirs.sum(acts.amount, is_of_sale)
    earlier = theirs.sum(acts.amount, is_paid & theirs.is_before)
    given_back = theirs.sum(acts.amount, is_back & theirs.is_before)
    return {
        "reached": np.minimum(theirs.count((acts.kind == REACHED) & theirs.is_within), 1.0),
        "orders": theirs.count(is_sale),
        "net": sold - back,
        "before": earlier - given_back,
        "placeless_refunds": int((is_back & theirs.is_within & ~said).sum()),
    }


def _names_one(place: Int64, order: Int64, of: Bool) -> Bool:
    """Which rows name, for the same person, an order that one of some rows names."""
    width = int(order.max(initial=0)) + 1
    key = place * width + order
    return np.isin(key, key[of & (order != NO_ORDER)])
