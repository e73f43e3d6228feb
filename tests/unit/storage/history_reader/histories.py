"""Small histories for tests: one message per row, an hour at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from qianmian.columns.batch import EventBatch
from qianmian.runtime.messages import Events, Message
from qianmian.storage.history import History

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
