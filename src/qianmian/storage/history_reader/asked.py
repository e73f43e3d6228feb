"""Whose effect somebody asks for: the people of a version, kept for whoever asks again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from qianmian.experiments import population
from qianmian.experiments.effect import Bool
from qianmian.experiments.population import (
    NO_ORDER,
    TREATED,
    Acts,
    Decided,
    Int64,
    People,
    people_of,
)
from qianmian.storage.history_reader.extracts import number_of
from qianmian.storage.history_reader.measured import PAID, REFUNDED, Measured
from qianmian.storage.history_reader.session_ends import session_ends
from qianmian.strategies.strategy import Strategy

MOST_KEPT: Final = 32
NOT_YET: Final = (0, 0)
NOT_SAID: Final = 0  # no order, no currency

UInt64 = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Did:
    """Verified events of one type, by anybody, under the number of the person."""

    person: Int64
    at: Int64
    amount: Int64
    is_foreign: Bool
    order: UInt64

    def of(self, wanted: Bool) -> Did:
        """Those of some rows."""
        rows = np.flatnonzero(wanted)
        person, at, amount = self.person[rows], self.at[rows], self.amount[rows]
        return Did(person, at, amount, self.is_foreign[rows], self.order[rows])


class Asked:
    """What a version decided about whom, and what they did; persons are numbers.

    Attributes:
        is_ours: of each person, whether it decided about them: bool[n_viewers].
    """

    def __init__(self, measured: Measured, strategy: Strategy, currency: str) -> None:
        version = (strategy.key, strategy.version)
        self._rows = measured.decided(version)
        self._measured, self._goal = measured, strategy.goal
        self._person = measured.owner[self._rows["viewer"]]
        self.is_ours = np.zeros(len(measured.owner), np.bool_)
        self.is_ours[self._person] = True
        kinds = {PAID, REFUNDED, strategy.goal.event}
        self._did = {kind: _did(measured, kind, currency) for kind in kinds}
        self._ends = None
        if strategy.goal.within:
            self._ends = session_ends(measured, np.unique(self._rows["place"]))
        ends = b"" if self._ends is None else self._ends.tobytes()
        self._what = (version, strategy.goal, currency, ends)

    def assigned_before(self) -> Int64:
        """Whoever an earlier version decided about: they keep the arm that its share drew."""
        key, version = self._what[0]
        rows = self._measured.decided_before((key, version))
        return np.unique(self._measured.owner[rows])

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
        return people_of(
            decided, self._acts(among), window_ms=self._goal.within_ms, ends=self._ends
        )

    def _acts(self, among: Bool) -> Acts:
        """What those did about whom something was decided."""
        wanted = self.is_ours & among
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

    def in_time(self, kind: str, begin: int, until: int) -> Did:
        """What anybody did at begin < t <= until."""
        one = self._did[kind]
        return one.of((one.at > begin) & (one.at <= until))

    def was_treated(self) -> Bool:
        """Of each person, whether anything was ever sent to them: bool[n_viewers]."""
        found = np.zeros(len(self.is_ours), np.bool_)
        found[self._person[self._rows["arm"] == TREATED]] = True
        return found


def _did(measured: Measured, kind: str, currency: str) -> Did:
    rows = measured.acts(kind)
    told = rows["currency"]
    is_foreign = (told != NOT_SAID) & (told != np.uint64(number_of(currency)))
    amount = np.where(is_foreign, 0, rows["amount"])
    return Did(measured.owner[rows["viewer"]], rows["at"], amount, is_foreign, rows["order"])


def _numbers_in(orders: UInt64, of: UInt64) -> Int64:
    """The place of each order among some, which are sorted; NO_ORDER of the others."""
    if not len(of):
        return np.full(len(orders), NO_ORDER)
    place = np.minimum(np.searchsorted(of, orders), len(of) - 1)
    return np.where(of[place] == orders, place, NO_ORDER)
