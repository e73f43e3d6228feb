"""A fake engine for tests of what is around the engine: it knows two moments and no time."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from qianmian.columns.batch import EventBatch, UInt8
from qianmian.columns.facts import Facts
from qianmian.engine.room_facts import RoomFact
from qianmian.engine.statistics import Statistics
from qianmian.vocabulary.events import CATALOG
from qianmian.vocabulary.firing import Firing


class FakeEngine:
    """Fires `first_visit` at a viewer's first event and `just_ordered` at each first paid order.

    An order with the id "refused" is refused; a repeated message id is a duplicate; what is more
    than 5 s behind the clock is late.
    """

    def __init__(self) -> None:
        self.outcomes: UInt8 = np.zeros(0, np.uint8)
        self.finished_at: int | None = None
        self.batch_sizes: list[int] = []
        self.overflow = 0
        self._seen: set[str] = set()
        self._fired: set[tuple[str, str]] = set()

    def run(self, batch: EventBatch) -> list[Firing]:
        self.batch_sizes.append(len(batch))
        self.outcomes = np.array([self._outcome(batch, row) for row in range(len(batch))], np.uint8)
        firings = []
        for row in np.flatnonzero(self.outcomes == 0).tolist():
            viewer = batch.strings["viewer"].get(row)
            names = ["first_visit"]
            if CATALOG[batch.type[row]].name == "order_paid":
                names.append("just_ordered")
            for name in names:
                if viewer is not None and (name, viewer) not in self._fired:
                    self._fired.add((name, viewer))
                    firings.append(self._firing(batch, row, viewer, name))
        return firings

    def _outcome(self, batch: EventBatch, row: int) -> int:
        if "order_id" in batch.strings and batch.strings["order_id"].get(row) == "refused":
            return 3
        name = batch.strings["message_id"].get(row) or ""
        if name in self._seen:
            return 1
        self._seen.add(name)
        return 2 if batch.event_time[row] < batch.clock[row] - 5_000 else 0

    @staticmethod
    def _firing(batch: EventBatch, row: int, viewer: str, name: str) -> Firing:
        because = (batch.strings["message_id"].get(row) or "",)
        return Firing(int(batch.clock[row]), viewer, "shop", "s", name, 1, None, because=because)

    def finish(self, clock_ms: int) -> list[Firing]:
        self.finished_at = clock_ms
        return []

    def advance(self, clock_ms: int) -> list[Firing]:
        return []

    def change(self, definitions: object, clock_ms: int) -> list[Firing]:
        return []

    def take_facts(self, facts: Facts, clock_ms: int) -> list[Firing]:
        return []

    def backfill(
        self, tail: EventBatch, outcomes: UInt8, *, since_ms: int, clock_ms: int
    ) -> list[Firing]:
        return []

    @property
    def room_facts(self) -> list[RoomFact]:
        return []

    def read_room_facts(self, facts: object) -> None:
        """It reads none."""

    def snapshot(self) -> bytes:
        return b"fake"

    def statistics(self) -> Statistics:
        nothing = dict.fromkeys((one.name for one in fields(Statistics)), 0)
        return Statistics(**nothing | {"overflow": self.overflow})
