"""A live row: one viewer in one room, with its presence, its visits and everything that arrived."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from tests.oracle.events import Entry
from tests.oracle.instances import InstanceSlot

GONE_MS = 45_000
EVICTED_MS = 30 * 60_000
MINUTE_MS = 60_000
MAX_KEYS = 8

Token = tuple[str | None, int]
"""What makes a level true: (key, number of the instance); (None, 0) where there is no key."""

EVERY: Token = (None, -1)
"""Among the tokens of a row that came of a merge: the level was true, whatever its token."""

Kept = TypeVar("Kept")
SlotId = tuple[str, int]
"""Definition and number of the node."""


@dataclass
class Visit:
    """One stay.

    Attributes:
        first: its first event by order.
        end: the greatest event time seen in it.
        number: greater than that of any visit that began before it arrived.
    """

    first: Entry
    end: int
    number: int

    @property
    def start(self) -> int:
        return self.first.event_time


@dataclass
class KeyedLists:
    """The events of the eight newest keys of a correlated count or distinct.

    Attributes:
        lines: of an event that told of several keys the place of each.
        overflow: how many keys had to go.
    """

    by_key: dict[str, list[Entry]] = field(default_factory=dict)
    lines: dict[tuple[str, int], int] = field(default_factory=dict)
    overflow: int = 0

    def add(self, keys: list[str], entry: Entry) -> None:
        for line, key in enumerate(keys):
            self.by_key.setdefault(key, []).append(entry)
            self.lines[key, entry.arrival] = line
            self.keep_bound()

    def keep_bound(self) -> None:
        while len(self.by_key) > MAX_KEYS:
            del self.by_key[min(self.by_key, key=self._newest)]
            self.overflow += 1

    def _newest(self, key: str) -> tuple[Any, ...]:
        return max((e.order, self.lines[key, e.arrival]) for e in self.by_key[key])


@dataclass
class TimerFlag:
    """A level that becomes true as a timer does: never in the evaluation of an event.

    Attributes:
        since: the time it counts from, or the number of the visit in which it holds.
        is_merged: it was true in either of two rows that have become one since the last settling.
    """

    true: bool = False
    since: int | None = None
    is_merged: bool = False

    def settle(self, due: int | None, since: int | None, now: int, *, is_event: bool) -> None:
        """It is true from `due` on; with a later `since` it starts anew."""
        true = due is not None and due <= now
        if is_event:
            true = true and self.true
        if self.is_merged:
            true = true and due != now
        elif is_event:
            true = true and since is not None and self.since is not None and since <= self.since
        self.true, self.since, self.is_merged = true, since, False


@dataclass
class Row:
    """Everything known of one viewer in one room.

    Attributes:
        entries: all events of the row by order; its lists are read from them by definition.
        elsewhere: the viewer's orders in other rooms, which cancel here and count there.
        left_at: the greatest event time of `room_left`.
        gone_at: event time of the last leaving of any kind; eviction counts from it.
        truth: for each moment the tokens that were true at its last evaluation.
        touched: the last clock at which something happened here; that instant is judged again
            after its events, for its timers.
        seen_before: end of the last visit according to the facts, when the row was made.
    """

    viewer: str
    room: str
    entries: list[Entry] = field(default_factory=list)
    elsewhere: list[Entry] = field(default_factory=list)
    present: bool = False
    visits: list[Visit] = field(default_factory=list)
    visit_id: str | None = None
    last_seen: int | None = None
    left_at: int | None = None
    gone_at: int | None = None
    stream: tuple[int, Any] | None = None
    slots: dict[SlotId, InstanceSlot] = field(default_factory=dict)
    lists: dict[SlotId, KeyedLists] = field(default_factory=dict)
    flags: dict[SlotId, TimerFlag] = field(default_factory=dict)
    truth: dict[str, set[Token]] = field(default_factory=dict)
    touched: int | None = None
    previous: int | None = None
    seen_before: int | None = None

    @property
    def visit(self) -> Visit | None:
        """The present visit, or the last one."""
        return self.visits[-1] if self.visits else None

    @property
    def is_armed(self) -> bool:
        return any(slot.is_armed for slot in self.slots.values())

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.entries.sort(key=lambda e: e.order)

    def just_before(self, clock: int) -> Row:
        """The row with all that arrived, as if it had happened before this clock."""

        def earlier(entry: Entry) -> Entry:
            return replace(entry, event_time=min(entry.event_time, clock - 1))

        visits = [replace(visit, first=earlier(visit.first)) for visit in self.visits]
        return replace(self, entries=[earlier(e) for e in self.entries], visits=visits)

    def before(self, clock: int) -> Row:
        """The row without what arrived at this clock; instances and flags are shared with it."""
        entries = [entry for entry in self.entries if entry.clock < clock]
        known = {entry.arrival for entry in entries}
        visits = [visit for visit in self.visits if visit.number in known]
        present = self.present and visits == self.visits
        return replace(self, entries=entries, visits=visits, present=present)

    def take(self, other: Row, key: str) -> None:
        """What another row has kept for one definition."""
        self.slots = _taken(self.slots, other.slots, key)
        self.lists = _taken(self.lists, other.lists, key)
        self.flags = _taken(self.flags, other.flags, key)
        self.truth[key] = other.truth.get(key, set())

    # -- leaving -------------------------------------------------------------------------------

    def leave(self, event_time: int) -> None:
        """The viewer is gone since this event time."""
        self.present = False
        self.gone_at = event_time if self.gone_at is None else max(self.gone_at, event_time)
        self.cancel_all(event_time)

    def leave_for_good(self, event_time: int) -> None:
        """`room_left`, or the same stream entered another room."""
        self.left_at = event_time if self.left_at is None else max(self.left_at, event_time)
        self.leave(event_time)

    def presence_ends(self) -> int | None:
        """The event time at which silence means gone."""
        return self.last_seen + GONE_MS if self.present and self.last_seen is not None else None

    def cancel_all(self, event_time: int, product: str | None = None) -> None:
        """Cancel every instance, or those of one product (withdrawn)."""
        for slot in self.slots.values():
            for one in [*slot.instances, *slot.over]:
                if product is None or product in _products_of(one.key, one.product, slot):
                    slot.cancel(one, event_time)

    # -- coming --------------------------------------------------------------------------------

    def note_presence(self, entry: Entry, others: Iterable[Row]) -> bool:
        """An event that shows the viewer here; returns whether a visit starts with it.

        Then it is decided which visit was the previous one, of this row or of the viewer's others.
        """
        if self.left_at is not None and entry.event_time <= self.left_at:
            return False  # it happened before the viewer left
        visit_id = entry.event.get("visit")
        another = visit_id is not None and self.visit_id is not None and visit_id != self.visit_id
        starts = not self.present or another
        if starts:
            if self.present:
                self.leave(entry.event_time)  # the first event of another visit counts as leaving
            ends = [self.previous, self.seen_before, self.last_seen if self.visits else None]
            for other in others:
                is_earlier = other.visit is not None and other.visit.start < entry.event_time
                ends += [other.previous, other.last_seen if is_earlier else None]
            self.previous = max((end for end in ends if end is not None), default=None)
            self.visits.append(Visit(entry, entry.event_time, entry.arrival))
            self.visit_id = visit_id
        visit = self.visits[-1]
        if entry.order < visit.first.order:
            visit.first = entry
        visit.end = max(visit.end, entry.event_time)
        self.visit_id = self.visit_id if visit_id is None else visit_id
        self.present = True
        self.gone_at = None
        self.see(entry)
        return starts

    def see(self, entry: Entry) -> None:
        """Move last_seen, and remember the newest stream."""
        if self.last_seen is None or entry.event_time > self.last_seen:
            self.last_seen = entry.event_time
        stream = entry.event.get("stream")
        if stream is not None and (self.stream is None or entry.event_time >= self.stream[0]):
            self.stream = (entry.event_time, stream)

    # -- what operators ask --------------------------------------------------------------------

    def last_operation(self) -> tuple[int, Entry] | None:
        """The time of the last operation, and the event that set it first."""
        best: tuple[int, Entry] | None = None
        for entry in sorted(self.entries, key=lambda e: e.arrival):
            time = _operation_time(entry)
            if time is not None and (best is None or time > best[0]):
                best = (time, entry)
        return best

    def hidden_since(self) -> Entry | None:
        """The first hiding report after the last showing one; None while visible."""
        since: Entry | None = None
        for entry in self.entries:
            visible = _visible(entry)
            if visible is True:
                since = None
            elif visible is False and since is None:
                since = entry
        return since

    def newest_views(self) -> list[Entry]:
        """The newest view of each of the two newest products in focus."""
        newest: dict[str, Entry] = {}
        for entry in self.entries:
            if entry.type == "product_viewed" and entry.event.get("product") is not None:
                newest[entry.event["product"]] = entry
        return sorted(newest.values(), key=lambda e: e.order)[-2:]


def _taken(mine: dict[SlotId, Kept], theirs: dict[SlotId, Kept], key: str) -> dict[SlotId, Kept]:
    """Mine, but for one definition theirs."""
    others = {name: kept for name, kept in mine.items() if name[0] != key}
    return others | {name: kept for name, kept in theirs.items() if name[0] == key}


def _products_of(key: str | None, product: str | None, slot: InstanceSlot) -> set[str]:
    """The product an instance is about: of a view its page, of an absence its key."""
    return {value for value in (product if slot.is_view else key,) if value is not None}


def _operation_time(entry: Entry) -> int | None:
    if entry.viewer and entry.about.operation:
        return entry.event_time
    if entry.type == "heartbeat" and entry.event.get("idle_ms") is not None:
        return entry.event_time - int(entry.event["idle_ms"])
    return None


def _visible(entry: Entry) -> bool | None:
    if entry.type == "heartbeat":
        visible = entry.event.get("visible")
        return None if visible is None else bool(visible)
    return True if entry.about.operation else None
