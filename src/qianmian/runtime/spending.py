"""What strategies gave away, as changes that a database may keep: only of decisions in the log.

A decision is applied before it is durable. A database that was told then could know of one that,
after a crash, nobody made.
"""

from __future__ import annotations

from collections.abc import Sequence

from qianmian.runtime.messages import Body, Decided
from qianmian.strategies.ledger import Change


class Spending:
    """Holds changes back until the decision that they are about is in the log.

    Memory: of the decisions that are being written.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, list[Change]] = {}

    def durable(self, body: Body, changes: Sequence[Change]) -> list[Change]:
        """After a message was applied with these changes: those that may be kept, in order."""
        found: list[Change] = []
        for one in changes:
            if one.state == "held":
                self._waiting[one.decision] = [one]
            elif one.decision in self._waiting:
                self._waiting[one.decision].append(one)
            else:
                found.append(one)
        if isinstance(body, Decided):
            for decision in body.decisions:
                found += self._waiting.pop(decision.id, [])
        return found
