"""The effect of a strategy version, read from decisions and events of history.

Everybody stands under the person whose ids they are, as of the newest message (decision 0029), so
an order of a member counts for what was decided about their device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from qianmian.experiments import population
from qianmian.experiments.effect import Bool, Plan
from qianmian.experiments.population import (
    NO_ORDER,
    TREATED,
    Acts,
    Decided,
    Int64,
    People,
    Population,
    people_of,
)
from qianmian.experiments.strategy_effect import Beside, Naive, StrategyEffect, strategy_effect
from qianmian.language.ast import Node
from qianmian.storage.history_reader.answers import NOTHING, Definitions
from qianmian.storage.history_reader.extracts import number_of
from qianmian.storage.history_reader.levels import PERSON
from qianmian.storage.history_reader.measured import NEVER, PAID, REFUNDED, Measured
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.storage.history_reader.terms import column
from qianmian.strategies.assignment import WHOLE
from qianmian.strategies.strategy import Strategy

NO_LEVELS: Final[Mapping[str, Node]] = {}
MOST_KEPT: Final = 8
NOT_YET: Final = (0, 0)
NOT_SAID: Final = 0  # no order, no currency

UInt64 = npt.NDArray[np.uint64]


def effect_in_history(
    reader: HistoryReader,
    strategy: Strategy,
    currency: str,
    *,
    by: Mapping[str, Node] = NO_LEVELS,
    definitions: Definitions = NOTHING,
) -> StrategyEffect:
    """The effect of a version, as far as history knows it.

    Args:
        currency: of the shop; orders in others count, their amounts do not.
        by: tags and segments by key; people are asked for as they were when the first in their
            session was decided about, so that nothing the strategy did is in the answer.
        definitions: the tags and segments that these may name.

    Raises: LogProblem when a file cannot be read; HistoryTooLarge; NotInHistory for a tag or
        segment that history cannot say.
    Cost: what history has new, and a pass over the decisions of the version and over the orders;
        for each of `by` and each session a question to everybody.
    """
    measured, goal = reader.measured, strategy.goal
    if by:
        reader.bring(by.values(), definitions)
    measured.refresh(goal.event)
    asked = _Asked(measured, strategy, currency)
    people = asked.people().compared(window_ms=goal.within_ms, as_of=measured.clock)
    share = strategy.control / WHOLE
    names, place = _in_order(measured.places, people.place)
    people = replace(people, place=place)
    return strategy_effect(
        (strategy.key, strategy.version),
        goal.event,
        people,
        Plan(control_share=share if 0 < share < 1 else None),
        window_ms=goal.within_ms,
        as_of=measured.clock,
        beside=asked.beside(people),
        session_names=names,
        holds={key: _holds(reader, people, one, definitions) for key, one in by.items()},
        is_drawn=~np.isin(people.person, asked.assigned_before()),
    )


@dataclass(frozen=True, slots=True)
class _Did:
    """Verified events of one type, by anybody, under the number of the person."""

    person: Int64
    at: Int64
    amount: Int64
    is_foreign: Bool
    order: UInt64

    def of(self, wanted: Bool) -> _Did:
        """Those of some rows."""
        rows = np.flatnonzero(wanted)
        person, at, amount = self.person[rows], self.at[rows], self.amount[rows]
        return _Did(person, at, amount, self.is_foreign[rows], self.order[rows])


class _Asked:
    """What a version decided about whom, and what they did; persons are numbers."""

    def __init__(self, measured: Measured, strategy: Strategy, currency: str) -> None:
        version = (strategy.key, strategy.version)
        self._rows = measured.decided(version)
        self._measured, self._goal = measured, strategy.goal
        self._person = measured.owner[self._rows["viewer"]]
        self._is_ours = np.zeros(len(measured.owner), np.bool_)
        self._is_ours[self._person] = True
        kinds = {PAID, REFUNDED, strategy.goal.event}
        self._did = {kind: _did(measured, kind, currency) for kind in kinds}
        self._what = (version, strategy.goal, currency)

    def people(self) -> People:
        """Everybody about whom something was decided.

        Cost: of those of whom there is something new since somebody asked last.
        """
        measured, kept = self._measured, self._measured.people
        mark, found = kept.pop(self._what, (NOT_YET, None))
        changed = measured.changed_since(mark)
        if found is None or changed is None:
            found = self._of(np.ones(len(measured.owner), np.bool_))
        elif changed.any():
            found = found.but(self._of(changed), changed)
        kept[self._what] = measured.mark, found
        while len(kept) > MOST_KEPT:
            del kept[next(iter(kept))]  # that for which nobody has asked for longest
        return found

    def _of(self, among: Bool) -> People:
        """Those of some persons about whom something was decided, and what became of them.

        Shapes: bool[n_viewers]
        """
        rows = np.flatnonzero(among[self._person])
        at, arm, cost, place = (self._rows[name][rows] for name in ("at", "arm", "cost", "place"))
        decided = Decided(self._person[rows], at, arm.astype(np.int8), cost, place)
        return people_of(decided, self._acts(among), window_ms=self._goal.within_ms)

    def _acts(self, among: Bool) -> Acts:
        """What those did about whom something was decided."""
        wanted = self._is_ours & among
        mine = {kind: one.of(wanted[one.person]) for kind, one in self._did.items()}
        paid, refunded, reached = (mine[kind] for kind in (PAID, REFUNDED, self._goal.event))
        refunds = np.unique(refunded.order[refunded.order != NOT_SAID])
        told = (
            (paid, population.PAID, _numbers_in(paid.order, refunds)),
            (refunded, population.REFUNDED, _numbers_in(refunded.order, refunds)),
            (reached, population.REACHED, np.full(len(reached.at), NO_ORDER)),
        )
        return Acts(
            np.concatenate([one.person for one, _, _ in told]),
            np.concatenate([one.at for one, _, _ in told]),
            np.concatenate([np.full(len(one.at), kind, np.int8) for one, kind, _ in told]),
            np.concatenate([one.amount for one, _, _ in told]),
            np.concatenate([order for _, _, order in told]),
        )

    def assigned_before(self) -> Int64:
        """Whoever an earlier version decided about: they keep the arm that its share drew."""
        key, version = self._what[0]
        rows = self._measured.decided_before((key, version))
        return np.unique(self._measured.owner[rows])

    def beside(self, people: Population) -> Beside:
        """What is not in the comparison, of the time from the first of its people to the last."""
        begin = int(people.at.min(initial=self._measured.clock))
        until = int(people.at.max(initial=begin)) + self._goal.within_ms
        stands, first, last = self._measured.persons()
        was_treated = np.zeros(len(stands), np.bool_)
        was_treated[self._person[self._rows["arm"] == TREATED]] = True
        others = stands & (first <= until) & (last >= begin) & ~was_treated

        def in_time(kind: str) -> _Did:
            one = self._did[kind]
            return one.of((one.at > begin) & (one.at <= until))

        reached = np.zeros(len(stands), np.bool_)
        reached[in_time(self._goal.event).person] = True
        paid = in_time(PAID)
        is_ours = self._is_ours[paid.person]
        of_treated = people.reached[people.is_treated]
        naive = Naive(
            len(of_treated), int(of_treated.sum()), int(others.sum()), int((others & reached).sum())
        )
        nobody_saw = first[paid.person] == NEVER
        unknown, foreign = (
            int((nobody_saw & ~is_ours).sum()),
            int((paid.is_foreign & is_ours).sum()),
        )
        return Beside(naive, unknown, foreign)


def _did(measured: Measured, kind: str, currency: str) -> _Did:
    rows = measured.acts(kind)
    told = rows["currency"]
    is_foreign = (told != NOT_SAID) & (told != np.uint64(number_of(currency)))
    amount = np.where(is_foreign, 0, rows["amount"])
    return _Did(measured.owner[rows["viewer"]], rows["at"], amount, is_foreign, rows["order"])


def _numbers_in(orders: UInt64, of: UInt64) -> Int64:
    """The place of each order among some, which are sorted; NO_ORDER of the others."""
    if not len(of):
        return np.full(len(orders), NO_ORDER)
    place = np.minimum(np.searchsorted(of, orders), len(of) - 1)
    return np.where(of[place] == orders, place, NO_ORDER)


def _in_order(places: Mapping[tuple[str, str], int], place: Int64) -> tuple[list[str], Int64]:
    """The names of the sessions that are there, by room and session, and their new numbers."""
    is_there = np.zeros(len(places), np.bool_)
    is_there[place] = True
    found = sorted(pair for pair, number in places.items() if is_there[number])
    new = np.zeros(len(places), np.int64)
    new[[places[pair] for pair in found]] = np.arange(len(found))
    return [f"{room} {session}".strip() for room, session in found], new[place]


def _holds(reader: HistoryReader, people: Population, expr: Node, definitions: Definitions) -> Bool:
    """For whom of the people a level held when their session began to decide."""
    holds = np.zeros(len(people.person), np.bool_)
    for place in np.unique(people.place).tolist():
        mine = people.place == place
        asking = reader.question(int(people.at[mine].min()), room=None, definitions=definitions)
        truth = asking.truth(expr)  # first: it says what `people` has to hold
        query = asking.people([column("name", PERSON)]).where(truth)
        found = reader.database.table(query, asking.bound.values).column(0).to_pylist()
        holds |= mine & np.isin(people.person, reader.measured.numbers(found))
    return holds
