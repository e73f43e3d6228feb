"""Shared limits: what strategies and offers have given away, and what is still held for delivery.

SEMANTICS, SHARED LIMITS. A reservation counts at once, so a budget is never overspent, however many
want it; what was not delivered is given back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import Any, Final, Literal, NamedTuple

from qianmian.strategies.strategy import Limits
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.offer import Offer
from qianmian.vocabulary.time import SECOND_MS


class Reservation(NamedTuple):
    """What one decision holds, until when.

    Attributes:
        code: the place of its code in the pool of the offer; None where it has none.
        is_first: whether no step before it had this code.
        at: of its decision.

    Units: until, at in ms UTC.
    """

    strategy: str
    offer: str
    cost_minor: int
    until: int
    code: int | None = None
    is_first: bool = False
    at: int = 0


State = Literal["held", "spent", "given_back"]


class Change(NamedTuple):
    """What a decision holds has changed: as it is now, with all that is known of it."""

    decision: str
    held: Reservation
    state: State


LATE_RECEIPT_MS: Final = 30 * SECOND_MS
"""So long after the deadline a receipt may still come."""


class Ledger:
    """What is spent and given, in the order of deciding.

    Memory: two entries for each decision that is on its way; one stays until its deadline.

    Attributes:
        journal: every change since somebody took them away; None while nobody wants them.
    """

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()  # minor units, by strategy
        self.given: Counter[str] = Counter()  # pieces, by offer
        self.codes: Counter[str] = Counter()  # places of the pool of an offer that had their turn
        self._returned: dict[str, set[int]] = {}  # of these, shown to nobody: they go first
        self._held: dict[str, Reservation] = {}
        self._ends: list[tuple[int, str]] = []  # a heap; of what is not held any more, too
        self._expired = 0
        self.journal: list[Change] | None = None

    def take_changes(self) -> list[Change]:
        """What has changed since the last call."""
        found = self.journal or []
        if found:
            self.journal = []
        return found

    def refusal(
        self,
        strategy: str,
        limits: Limits,
        offer: Offer | None,
        at: int,
        pool: int | None = None,
    ) -> tuple[str, str] | None:
        """Why nothing can be given any more, as a reason and what it is about; None: it can.

        Args:
            pool: codes of the offer in all, of which one is needed; None: none is.
        """
        if offer is None:
            return None
        if not offer.holds_at(at):
            return "offer_not_valid", offer.key
        if offer.stock is not None and self.given[offer.key] >= offer.stock:
            return "stock", offer.key
        if pool is not None and self.next_code(offer.key, pool) is None:
            return "stock", offer.key
        budget = limits.budget_minor
        if budget is not None and self.spent[strategy] + offer.cost_minor > budget:
            return "budget", strategy
        return None

    def next_code(self, offer: str, pool: int) -> int | None:
        """Whose turn it is: the least place that was given back, else the next; None: all had it.

        Cost: O(what was given back).
        """
        returned = self._returned.get(offer)
        if returned:
            return min(returned)
        place = self.codes[offer]
        return place if place < pool else None

    def left(self, offer: str, pool: int) -> int:
        """How many codes of the pool of an offer nobody has."""
        return pool - self.codes[offer] + len(self._returned.get(offer, ()))

    def has_turn(self, offer: str, code: int | None) -> bool:
        """Whether nobody has this code, or there is none, so that one is to be had."""
        return code is None or code in self._returned.get(offer, ())

    def reserve(self, decision: Decision) -> None:
        """Hold what a decision promises; `refusal` was asked before."""
        if decision.offer is None:
            return
        self.spent[decision.strategy] += decision.cost_minor
        self.given[decision.offer] += 1
        until = decision.deadline_at + LATE_RECEIPT_MS
        is_first = self._take_code(decision.offer, decision.code)
        self._held[decision.id] = Reservation(
            decision.strategy,
            decision.offer,
            decision.cost_minor,
            until,
            decision.code,
            is_first,
            decision.at,
        )
        heappush(self._ends, (until, decision.id))
        self._note(decision.id, "held")

    def _take_code(self, offer: str, code: int | None) -> bool:
        """A place of the pool has its turn; False where it had it before, and it goes on."""
        returned = self._returned.get(offer, set())
        if code is None or (code < self.codes[offer] and code not in returned):
            return False
        returned.discard(code)
        self.codes[offer] = max(self.codes[offer], code + 1)
        return True

    def move(self, before: str, decision: Decision) -> None:
        """What a decision held goes with its next step; what it gave back is held anew."""
        held = self._held.get(before)
        if held is not None and held.code == decision.code:
            self._held[before] = held._replace(code=None)
        self.release([before])
        self.reserve(decision)

    def expire(self, at: int) -> None:
        """Give back what was not delivered in time.

        Cost: O(log(what is held)) for each that ends, at most once a second of decision time.
        """
        if at - self._expired < SECOND_MS:
            return
        self._expired = at // SECOND_MS * SECOND_MS
        while self._ends and self._ends[0][0] < self._expired:
            self.release([heappop(self._ends)[1]])

    def deliver(self, decisions: Iterable[str]) -> None:
        """What these hold is spent for good."""
        for one in decisions:
            self._note(one, "spent")
            self._held.pop(one, None)

    def take_back(self, decisions: Iterable[str]) -> None:
        """The codes of these were shown to nobody: others may have them. Before `release`.

        Silence is no proof of that: what expires gives money and pieces back, and no code. Nor
        does a step to which the code came from one before it.
        """
        for one in decisions:
            held = self._held.get(one)
            if held is not None and held.code is not None and held.is_first:
                self._returned.setdefault(held.offer, set()).add(held.code)
                self._held[one] = held._replace(code=None)

    def release(self, decisions: Iterable[str]) -> None:
        """Give back what these hold; a second time it gives nothing back."""
        for one in decisions:
            self._note(one, "given_back")
            held = self._held.pop(one, None)
            if held is not None:
                self.spent[held.strategy] -= held.cost_minor
                self.given[held.offer] -= 1

    def _note(self, decision: str, state: State) -> None:
        held = self._held.get(decision)
        if self.journal is not None and held is not None:
            self.journal.append(Change(decision, held, state))

    @property
    def held(self) -> Collection[str]:
        """Ids of the decisions that hold something."""
        return self._held.keys()

    def snapshot(self) -> dict[str, Any]:
        """Everything, as JSON."""
        return {
            "spent": {key: n for key, n in sorted(self.spent.items()) if n},
            "given": {key: n for key, n in sorted(self.given.items()) if n},
            "held": [[key, *one] for key, one in sorted(self._held.items())],
            "expired": self._expired,
            "codes": {key: n for key, n in sorted(self.codes.items()) if n},
            "returned": {key: sorted(some) for key, some in sorted(self._returned.items()) if some},
        }

    def restore(self, stored: Mapping[str, Any]) -> None:
        """The opposite of `snapshot`."""
        self.spent, self.given = Counter(stored["spent"]), Counter(stored["given"])
        self._held = {key: Reservation(*one) for key, *one in stored["held"]}
        self._ends = [(one.until, key) for key, one in self._held.items()]
        heapify(self._ends)
        self._expired = stored["expired"]
        self.codes = Counter(stored.get("codes", {}))  # older ones know of none
        self._returned = {key: set(some) for key, some in stored.get("returned", {}).items()}
