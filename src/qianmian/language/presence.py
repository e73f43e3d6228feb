"""Visits: when a viewer came, was seen and left, as `docs/semantics.md` reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from qianmian.language.rows import Row
from qianmian.vocabulary.events import CATALOG, EventType

SILENCE_MS: Final = 45_000
"""Without an event for so long, a viewer of a source with heartbeats is gone."""

EVENT_BY_NAME: Final = {event.name: event for event in CATALOG}


@dataclass(slots=True)
class Visit:
    """One stay. `first` is the event that began it, `earliest` the one with the least event time.

    `ended_at` is the event time that ended it and `decided_at` the clock of that decision; both are
    None while it lasts.
    """

    first: Row
    earliest: Row
    last_seen: int
    rows: list[Row]
    visit_id: object = None
    ended_at: int | None = None
    decided_at: int | None = None
    decided_by: int = -1

    def end(self, row: Row) -> None:
        """The visit ends with an event."""
        self.ended_at, self.decided_at = row.event_time, row.clock
        self.decided_by = row.arrival_order

    @property
    def start(self) -> int:
        """The least event time of the visit."""
        return self.earliest.event_time


def shows_presence(row: Row) -> bool:
    """Whether the event shows that the viewer is there."""
    event: EventType | None = EVENT_BY_NAME.get(row.type)
    if event is None or event.scope == "room" or not event.presence:
        return False
    return not event.person_scoped or row.fields.get("room") is not None


def visits_of(
    rows: Iterable[Row], now: int, *, presence_none: bool, leaves_at_now: bool
) -> list[Visit]:
    """The visits over rows in order of application, the last one perhaps still going on.

    Args:
        leaves_at_now: whether a silence that ends exactly at now counts already.
    """
    visits: list[Visit] = []
    left_at: int | None = None
    for row in rows:
        if not presence_none:
            _lapse(visits, row.clock, at_now=False)
        current = visits[-1] if visits and visits[-1].ended_at is None else None
        if row.type in ("session_ended", "room_left"):
            if row.type == "room_left":
                left_at = max(left_at or row.event_time, row.event_time)
                if visits:
                    visits[-1].last_seen = max(visits[-1].last_seen, row.event_time)
            if current is not None:
                current.end(row)
        elif shows_presence(row) and (left_at is None or row.event_time > left_at):
            _seen(visits, current, row)
    if not presence_none:
        _lapse(visits, now, at_now=leaves_at_now)
    return visits


def _lapse(visits: list[Visit], clock: int, *, at_now: bool) -> None:
    if not visits or visits[-1].ended_at is not None:
        return
    due = visits[-1].last_seen + SILENCE_MS
    if due < clock or (at_now and due == clock):
        visits[-1].ended_at = visits[-1].decided_at = due


def _seen(visits: list[Visit], current: Visit | None, row: Row) -> None:
    visit_id = row.fields.get("visit")
    if current is None:
        visits.append(Visit(row, row, row.event_time, [row], visit_id))
        return
    if visit_id is not None and current.visit_id not in (None, visit_id):
        current.end(row)
        visits.append(Visit(row, row, row.event_time, [row], visit_id))
        return
    current.visit_id = current.visit_id if visit_id is None else visit_id
    current.earliest = min(current.earliest, row, key=lambda one: one.event_time)
    current.rows.append(row)
    current.last_seen = max(current.last_seen, row.event_time)
