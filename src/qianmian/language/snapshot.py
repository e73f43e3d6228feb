"""What has been applied by an instant: the rows, the visits, and which timers are due."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qianmian.language.ast import Select
from qianmian.language.presence import EVENT_BY_NAME, Visit, visits_of
from qianmian.language.rows import Known, Row, is_selected, keys_of


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rows that have arrived by `now`, in order of application.

    `in_event`: the evaluation belongs to the last row. Then windows have expired by now, but
    leaving and timers due at now come later. Otherwise it is the end of the instant, after all.
    """

    rows: tuple[Row, ...]
    now: int
    in_event: bool
    known: Known
    visits: tuple[Visit, ...]

    def is_due(self, at: int) -> bool:
        """Whether a timer of that instant has had its turn."""
        return at < self.now if self.in_event else at <= self.now

    def present(self) -> Visit | None:
        """The visit that is going on."""
        visits = self.visits
        return visits[-1] if visits and visits[-1].ended_at is None else None

    def selected(self, of: Select, key: str | None = None, same: str | None = None) -> list[Row]:
        """The rows of a selection, of one key when correlated, newest first by order."""
        found = [row for row in self.rows if is_selected(row, of)]
        if same is not None and key is not None:
            found = [row for row in found if key in keys_of(row, same)]
        return sorted(found, key=lambda row: row.order, reverse=True)

    def since(self, within: int | str) -> int | None:
        """The least event time of a window; None: no bound. A window is open at its start."""
        if isinstance(within, int):
            return self.now - within + 1
        if within != "visit":
            return None
        return self.visits[-1].start if self.visits else None

    def windowed(
        self, of: Select, within: int | str, key: str | None = None, same: str | None = None
    ) -> list[Row]:
        """The selected rows in a window, newest first."""
        least = self.since(within)
        rows = self.selected(of, key, same)
        return rows if least is None else [row for row in rows if row.event_time >= least]


def is_operation(row: Row) -> bool:
    """Whether the event is an act of the viewer, which ends idleness."""
    event = EVENT_BY_NAME.get(row.type)
    return event is not None and event.operation


def at_instant(rows: Iterable[Row], now: int, known: Known) -> Snapshot:
    """The end of an instant."""
    arrived = [row for row in rows if row.clock <= now]
    return _snapshot(arrived, now, known, is_event=False)


def in_event(rows: Iterable[Row], row: Row, known: Known) -> Snapshot:
    """The evaluation that belongs to one row."""
    arrived = [other for other in rows if other.arrival_order <= row.arrival_order]
    return _snapshot(arrived, row.clock, known, is_event=True)


def _snapshot(rows: list[Row], now: int, known: Known, *, is_event: bool) -> Snapshot:
    applied = tuple(sorted(rows, key=lambda row: row.arrival_order))
    visits = visits_of(applied, now, presence_none=known.presence_none, leaves_at_now=not is_event)
    return Snapshot(applied, now, is_event, known, tuple(visits))
