"""Shared limits: what strategies and offers have given away, and what is still held for delivery.

SEMANTICS, SHARED LIMITS. A reservation counts at once, so a budget is never overspent, however many
want it; what was not delivered is given back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import Any, Final, NamedTuple

from qianmian.strategies.strategy import Limits
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.offer import Offer
from qianmian.vocabulary.time import SECOND_MS


class Reservation(NamedTuple):
    """What one decision holds, until when. Units: until in ms UTC."""

    strategy: str
    offer: str
    cost_minor: int
    until: int


LATE_RECEIPT_MS: Final = 30 * SECOND_MS
"""So long after the deadline a receipt may still come."""


class Ledger:
    """What is spent and given, in the order of deciding.

    Memory: two entries for each decision that is on its way; one stays until its deadline.
    """

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()  # minor units, by strategy
        self.given: Counter[str] = Counter()  # pieces, by offer
        self._held: dict[str, Reservation] = {}
        self._ends: list[tuple[int, str]] = []  # a heap; of what is not held any more, too
        self._expired = 0

    def refusal(
        self, strategy: str, limits: Limits, offer: Offer | None, at: int
    ) -> tuple[str, str] | None:
        """Why nothing can be given any more, as a reason and what it is about; None: it can."""
        if offer is None:
            return None
        if not offer.holds_at(at):
            return "offer_not_valid", offer.key
        if offer.stock is not None and self.given[offer.key] >= offer.stock:
            return "stock", offer.key
        budget = limits.budget_minor
        if budget is not None and self.spent[strategy] + offer.cost_minor > budget:
            return "budget", strategy
        return None

    def reserve(self, decision: Decision) -> None:
        """Hold what a decision promises; `refusal` was asked before."""
        if decision.offer is None:
            return
        self.spent[decision.strategy] += decision.cost_minor
        self.given[decision.offer] += 1
        until = decision.deadline_at + LATE_RECEIPT_MS
        self._held[decision.id] = Reservation(
            decision.strategy, decision.offer, decision.cost_minor, until
        )
        heappush(self._ends, (until, decision.id))

    def move(self, before: str, decision: Decision) -> None:
        """What a decision held goes with its next step; what it gave back is held anew."""
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
            self._held.pop(one, None)

    def release(self, decisions: Iterable[str]) -> None:
        """Give back what these hold; a second time it gives nothing back."""
        for one in decisions:
            held = self._held.pop(one, None)
            if held is not None:
                self.spent[held.strategy] -= held.cost_minor
                self.given[held.offer] -= 1

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
        }

    def restore(self, stored: Mapping[str, Any]) -> None:
        """The opposite of `snapshot`."""
        self.spent, self.given = Counter(stored["spent"]), Counter(stored["given"])
        self._held = {key: Reservation(*one) for key, *one in stored["held"]}
        self._ends = [(one.until, key) for key, one in self._held.items()]
        heapify(self._ends)
        self._expired = stored["expired"]
