"""What was decided and may still be sent: it is asked for when the server starts again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from heapq import heapify, heappop, heappush
from typing import Any

import msgspec

from qianmian.vocabulary.decision import ACT, Decision


class Pending:
    """The decisions that act, whose deadline has not come and of which no end is known, in order.

    Cost: O(log n) for each. Memory: two entries for each; one stays until its deadline.
    """

    def __init__(self) -> None:
        self._acts: dict[str, Decision] = {}
        self._ends: list[tuple[int, str]] = []  # a heap; of what is not there any more, too

    def add(self, decision: Decision) -> None:
        """One more, unless nothing is to be sent; those that are over go now and then."""
        if decision.outcome != ACT or decision.is_rehearsal:
            return
        while self._ends and self._ends[0][0] <= decision.at:
            self._acts.pop(heappop(self._ends)[1], None)
        self._acts[decision.id] = decision
        heappush(self._ends, (decision.deadline_at, decision.id))

    def at(self, at: int) -> list[Decision]:
        """Those that may still be sent at an instant, ms UTC."""
        return [one for one in self._acts.values() if one.deadline_at > at]

    def end(self, decisions: Iterable[str]) -> None:
        """It is known what became of these."""
        for one in decisions:
            self._acts.pop(one, None)

    def forget(self, viewers: Collection[str]) -> None:
        """Nothing is sent to these."""
        gone = frozenset(viewers)
        self._acts = {key: one for key, one in self._acts.items() if one.viewer not in gone}

    def snapshot(self, at: int) -> list[Any]:
        """Those of an instant, as JSON."""
        return [msgspec.to_builtins(one) for one in self.at(at)]

    def restore(self, stored: Iterable[Any]) -> None:
        """The opposite of `snapshot`."""
        found = [msgspec.convert(one, Decision) for one in stored]
        self._acts = {one.id: one for one in found}
        self._ends = [(one.deadline_at, one.id) for one in found]
        heapify(self._ends)
