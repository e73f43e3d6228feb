"""Small histories for tests: one message per row, an hour at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from qianmian.columns.batch import EventBatch
from qianmian.runtime.messages import Decided, Events, Message
from qianmian.storage.history import History
from qianmian.vocabulary.decision import Decision

START: Final = 1_717_246_800_000
"""2024-06-01T13:00Z, 21:00 in Shanghai."""
OUTCOMES: Final = ("accepted", "duplicate", "late", "refused")

Row = dict[str, Any]


class Writer:
    """Writes rows, each as a message of its own; `at` is ms after the start."""

    def __init__(self, folder: Path) -> None:
        self.history = History(folder)
        self.offset = self.history.next_offset

    def add(
        self, at: int, type_: str, viewer: str | None, outcome: str = "accepted", **more: Any
    ) -> None:
        row: Row = {"clock": START + at, "type": type_, "message": self.offset, **more}
        if viewer is not None:
            row |= {"anonymous_id": viewer[1:]} if viewer.startswith("?") else {"viewer": viewer}
        outcomes = np.array([OUTCOMES.index(outcome)], np.uint8)
        batch = EventBatch.from_rows([row])
        self.history.add(Message(self.offset, START + at, Events(batch)), outcomes=outcomes)
        self.offset += 1

    def flush(self) -> None:
        self.history.flush()


class Shop(Writer):
    """Writes decisions, too; remembers what a recount needs."""

    def decide(self, at: int, viewer: str | None, what: str, **more: Any) -> None:
        reason = "" if what == "act" else what
        outcome: Any = {"act": "act", "cooldown": "suppressed"}.get(what, "held_out")
        given: dict[str, Any] = {
            "strategy": "coupon",
            "version": 1,
            "cost_minor": 300 if what == "act" else 0,
        }
        made = Decision(
            id=f"d{self.offset}",
            at=START + at,
            viewer=viewer,
            room="r",
            session=f"s{at // 600_000}",
            firing=f"f{self.offset}",
            outcome=outcome,
            reason=reason,
            **(given | more),
        )
        self.history.add(Message(self.offset, START + at, Decided((made,))))
        self.offset += 1
