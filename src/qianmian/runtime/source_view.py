"""What each source has sent: counts, last arrival, delay. For the page of data health."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from qianmian.columns.batch import EventBatch, UInt8
from qianmian.runtime.ports import DUPLICATE, LATE

UNNAMED = ""
EDGES_MS = np.unique(np.round(np.geomspace(1, 86_400_000, 160)).astype(np.int64))
"""Upper edges of the delay histogram, about 12 % apart: from 1 ms to a day."""


@dataclass(slots=True)
class SourceView:
    """One source since the start of the log.

    Units: first_at, last_at in ms UTC of clock.
    """

    first_at: int
    last_at: int
    events: int = 0
    duplicates: int = 0
    late: int = 0
    delays: npt.NDArray[np.int64] = field(
        default_factory=lambda: np.zeros(len(EDGES_MS) + 1, np.int64)
    )

    def delay_ms(self, share: float) -> int | None:
        """The delay that this share of recent events did not exceed; None without any.

        Units: ms, from what the sender says is the time of the event to its arrival. Exact to the
        next edge of `EDGES_MS`.
        """
        total = int(self.delays.sum())
        if total == 0:
            return None
        place = int(np.searchsorted(np.cumsum(self.delays), share * total))
        return int(EDGES_MS[min(place, len(EDGES_MS) - 1)])


class SourceViews:
    """All sources. Old delays weigh half after every 10,000 events, so that it is about now."""

    def __init__(self) -> None:
        self._by_name: dict[str, SourceView] = {}

    def observe(self, batch: EventBatch, outcomes: UInt8) -> None:
        """Count the rows of a message."""
        column = batch.strings.get("source")
        if column is None:
            self._count(UNNAMED, batch, outcomes, np.arange(len(batch)))
            return
        for code in np.unique(column.codes).tolist():
            rows = np.flatnonzero(column.codes == code)
            self._count(UNNAMED if code < 0 else column.values[code], batch, outcomes, rows)

    def _count(
        self, name: str, batch: EventBatch, outcomes: UInt8, rows: npt.NDArray[np.int64]
    ) -> None:
        clocks = batch.clock[rows]
        view = self._by_name.setdefault(name, SourceView(int(clocks[0]), int(clocks[-1])))
        view.last_at = max(view.last_at, int(clocks[-1]))
        view.events += len(rows)
        view.duplicates += int((outcomes[rows] == DUPLICATE).sum())
        view.late += int((outcomes[rows] == LATE).sum())
        places = np.searchsorted(EDGES_MS, clocks - batch.event_time[rows])
        view.delays += np.bincount(places, minlength=len(view.delays))
        if view.delays.sum() > 10_000:
            view.delays //= 2

    def items(self) -> Iterable[tuple[str, SourceView]]:
        """(name, counts), by name."""
        return sorted(self._by_name.items())

    def snapshot(self) -> list[list[Any]]:
        """Everything, as JSON."""
        return [
            [name, s.first_at, s.last_at, s.events, s.duplicates, s.late, s.delays.tolist()]
            for name, s in self.items()
        ]

    def restore(self, stored: Sequence[Sequence[Any]]) -> None:
        """The opposite of `snapshot`."""
        for name, first, last, events, duplicates, late, delays in stored:
            kept = np.array(delays, np.int64)
            self._by_name[name] = SourceView(first, last, events, duplicates, late, kept)
