"""What was decided and may still be sent: it is asked for when the server starts again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from qianmian.vocabulary.decision import ACT, Decision
from qianmian.vocabulary.time import SECOND_MS


class Pending:
    """The decisions that act, whose deadline has not come and of which no end is known, in order.

    Cost: O(what is there) once a second of decision time. Memory: an entry for each.
    """

    def __init__(self) -> None:
        self._acts: dict[str, Decision] = {}
        self._dropped = 0

    def add(self, decision: Decision) -> None:
        """One more, unless nothing is to be sent; those that are over go now and then."""
        if decision.outcome != ACT or decision.is_rehearsal:
            return
        if decision.at - self._dropped >= SECOND_MS:
            self._dropped = decision.at
            self._acts = {one.id: one for one in self.at(decision.at)}
        self._acts[decision.id] = decision

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
        found = (msgspec.convert(one, Decision) for one in stored)
        self._acts, self._dropped = {one.id: one for one in found}, 0
