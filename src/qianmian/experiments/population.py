"""Whose effect it is: the population of a strategy version, and what became of each of them.

SEMANTICS, POPULATION: whoever's first decision of the version passed everything that both arms must
pass, in the arm of that decision, from that instant on, whatever was delivered. Only those whose
window is over are compared: who has had no time to buy yet would make the newest look like a
failure, and what is told of somebody would change while it is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
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
OPEN: Final = 1 << 62
"""The end of a time that has not ended yet, ms UTC."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Decisions of one version that acted or held out; of rehearsals none.

    Attributes:
        person: whose they are, under all their ids: a number from 0 on.
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

    Shapes: person, at, until, place: int64[n_viewers]; is_treated: bool[n_viewers]; the rest
        float64[n_viewers].
    Units: net, cost, before in minor units; `before`: net sales before the decision; at, until in
        ms UTC, between which what somebody does counts.
    """

    person: Int64
    at: Int64
    until: Int64
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


@dataclass(frozen=True, slots=True)
class People:
    """Everybody about whom something was decided; each row is of that person's rows alone.

    So what is new of some people replaces their rows, and nothing else has to be computed again.

    Attributes:
        arm: of the first decision; TREATED, CONTROL or HOLDOUT.
        is_crossed: whether there was a decision of the other arm later.
        placeless: refunds that name no order.

    Shapes: as of `Population`; arm int8[n_viewers], is_crossed bool[n_viewers], placeless
        float64[n_viewers].
    """

    person: Int64
    at: Int64
    until: Int64
    place: Int64
    arm: Int8
    is_crossed: Bool
    reached: Float64
    orders: Float64
    net: Float64
    cost: Float64
    before: Float64
    placeless: Float64

    def where(self, wanted: Bool) -> People:
        """Those of some rows."""
        return People(*(getattr(self, one.name)[wanted] for one in fields(self)))

    def but(self, others: People, instead_of: Bool) -> People:
        """These with others in the place of some people.

        Args:
            instead_of: by the number of a person: bool[n_persons]; all of `others` are among them.
        """
        kept = self.where(~instead_of[self.person])
        both = ((getattr(kept, one.name), getattr(others, one.name)) for one in fields(self))
        return People(*(np.concatenate(pair) for pair in both))

    def compared(self, *, as_of: int) -> Population:
        """Those whose window is over, and how many others there are."""
        is_inside, is_over = self.arm != HOLDOUT, self.until <= as_of
        kept = self.where(is_inside & is_over)
        return Population(
            person=kept.person,
            at=kept.at,
            until=kept.until,
            place=kept.place,
            is_treated=kept.arm == TREATED,
            reached=kept.reached,
            orders=kept.orders,
            net=kept.net,
            cost=kept.cost,
            before=kept.before,
            crossed=int(kept.is_crossed.sum()),
            waiting=int((is_inside & ~is_over).sum()),
            in_holdout=int((~is_inside).sum()),
            placeless_refunds=int(kept.placeless.sum()),
        )


def population_of(decided: Decided, acts: Acts, *, window_ms: int, as_of: int) -> Population:
    """Fold decisions and acts into the people who are compared.

    Args:
        as_of: the newest instant that is known of; whose window ends later waits.

    Cost: as `people_of`.
    """
    return people_of(decided, acts, window_ms=window_ms).compared(as_of=as_of)


def people_of(decided: Decided, acts: Acts, *, window_ms: int, ends: Int64 | None = None) -> People:
    """Fold decisions and acts into people, by person.

    An act counts for a person at instants t with at < t <= at + window_ms, or until the session of
    the first decision ends. A refund counts within it, if the order it is of does.

    Args:
        ends: when each session ends, by the number of its place; OPEN: it has not. None: the window
            counts.

    Shapes: ends: int64[n_places]

    Cost: O(n) of decisions and of acts, and of the greatest number of a person; no Python loop.
    """
    first = _first_decisions(decided)
    people, start = decided.person[first], decided.at[first]
    until = start + window_ms if ends is None else np.maximum(ends[decided.place[first]], start)
    # Of an act of deciding at the very instant of the first the cost counts: it is the first.
    theirs = _Within(people, start - 1, decided.person, decided.at, until)
    is_other = (decided.arm != decided.arm[first][theirs.place]) & (decided.arm != HOLDOUT)
    return People(
        person=people,
        at=start,
        until=until,
        place=decided.place[first],
        arm=decided.arm[first],
        is_crossed=theirs.count(is_other) > 0,
        cost=theirs.sum(decided.cost, theirs.is_within),
        **_became(people, start, acts, until),
    )


def _first_decisions(decided: Decided) -> Int64:
    """The row of each person's first decision, by person; at one instant the least arm decides."""
    if not len(decided.person):
        return np.zeros(0, np.int64)
    turn = decided.at * 4 + decided.arm
    least = np.full(int(decided.person.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, decided.person, turn)
    is_first = np.flatnonzero(turn == least[decided.person])[::-1]
    row = np.full(len(least), -1)
    row[decided.person[is_first]] = is_first  # of several the first in the order they are told
    return row[row >= 0]


class _Within:
    """Which rows are of people, and when they lie within the people's windows.

    Attributes:
        place: of each row, its person's place; of others -1.
    """

    def __init__(self, people: Int64, start: Int64, person: Int64, at: Int64, until: Int64) -> None:
        self.n = len(people)
        width = max(int(people.max(initial=-1)), int(person.max(initial=-1))) + 1
        place_of = np.full(width, -1)
        place_of[people] = np.arange(self.n)
        self.place = place_of[person]
        is_theirs = self.place >= 0
        since, left = np.zeros(len(person), np.int64), np.full(len(person), -1)
        mine = self.place[is_theirs]
        since[is_theirs] = at[is_theirs] - start[mine]
        left[is_theirs] = until[mine] - at[is_theirs]
        self.is_within = is_theirs & (since > 0) & (left >= 0)
        self.is_before = is_theirs & (since <= 0)

    def sum(self, values: Int64, wanted: Bool) -> Float64:
        """The sum of wanted rows for each person; exact below 2^53."""
        weights = values[wanted].astype(np.float64)
        found = np.bincount(self.place[wanted], weights=weights, minlength=self.n)
        return found.astype(np.float64)

    def count(self, wanted: Bool) -> Float64:
        """How many rows of each person are wanted."""
        return np.bincount(self.place[wanted], minlength=self.n).astype(np.float64)


def _became(people: Int64, start: Int64, acts: Acts, until: Int64) -> dict[str, Any]:
    """What became of people, as fields of `People`."""
    theirs = _Within(people, start, acts.person, acts.at, until)
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
        "placeless": theirs.count(is_back & theirs.is_within & ~said),
    }


def _names_one(place: Int64, order: Int64, of: Bool) -> Bool:
    """Which rows name, for the same person, an order that one of some rows names."""
    width = int(order.max(initial=0)) + 1
    key = place * width + order
    return np.isin(key, key[of & (order != NO_ORDER)])
