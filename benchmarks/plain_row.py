"""What the plain engine keeps of one viewer, and the questions that are asked about it."""

from __future__ import annotations

from typing import Any, NamedTuple

NEVER = -(1 << 60)
FAR = 1 << 60


class Event(NamedTuple):
    """One decoded event; times are ms since the base, `passes` has a bit per filter."""

    viewer: int
    room: int
    clock: int
    time: int
    kind: int
    product: int
    category: int
    amount: int
    idle_ms: int
    shown: int
    passes: int
    seq: int
    known: int
    values: int


class Waiting:
    """An instance that waits for the absence of something."""

    __slots__ = ("armed", "ended", "key", "start")

    def __init__(self, start: int, key: int, armed: int, ended: int) -> None:
        self.start = start
        self.key = key
        self.armed = armed
        self.ended = ended


class Row:
    """One viewer; `bits` are atoms and nodes, `dues` lower bounds per 64 atoms."""

    __slots__ = (
        "bits",
        "due",
        "dues",
        "hidden",
        "hidden_clock",
        "hidden_first",
        "hidden_last",
        "idle_clock",
        "last_operation",
        "last_seen",
        "leave_due",
        "left_time",
        "missing",
        "newest",
        "previous",
        "queued",
        "room",
        "shown_time",
        "slots",
        "timer_due",
        "viewer",
        "views",
        "visit_clock",
        "visit_start",
    )  # fmt: skip

    def __init__(self, viewer: int, room: int, bits: int, words: int, slots: list[Any]) -> None:
        self.viewer = viewer
        self.room = room
        self.bits = bits
        self.dues = [FAR] * words
        self.slots = slots
        self.newest = -1
        self.missing: set[int] = set()
        self.due = self.queued = self.timer_due = self.leave_due = FAR
        self.last_seen = self.visit_start = self.visit_clock = self.left_time = NEVER
        self.last_operation = self.shown_time = self.hidden_first = self.hidden_last = NEVER
        self.idle_clock = self.hidden_clock = self.previous = NEVER
        self.hidden = False
        self.views: list[tuple[int, int]] = []

    def seen(self, seq: int) -> bool:
        """Whether this number has come before; if not, it is remembered."""
        newest = self.newest
        if seq == newest + 1:
            self.newest = seq
        elif seq > newest:
            self.missing.update(range(newest + 1, seq))
            self.newest = seq
        elif seq in self.missing:
            self.missing.discard(seq)
        else:
            return True
        return False

    def view(self, product: int, time: int) -> None:
        """Keep the two products viewed last."""
        views = self.views
        if views and views[0][0] == product:
            if time >= views[0][1]:
                views[0] = (product, time)
        elif not views or time >= views[0][1]:
            views.insert(0, (product, time))
            del views[2:]
        elif len(views) < 2:
            views.append((product, time))
        elif time >= views[1][1]:
            views[1] = (product, time)

    def look(self, operation: bool, heartbeat: bool, event: Event) -> None:  # noqa: FBT001
        """When was the last act, is the page in sight."""
        time, clock, shown = event.time, event.clock, event.shown
        if operation:
            if time > self.last_operation:
                self.last_operation, self.idle_clock = time, clock
            shown = 1
        elif heartbeat and event.idle_ms >= 0 and time - event.idle_ms > self.last_operation:
            self.last_operation, self.idle_clock = time - event.idle_ms, clock
        if shown < 0 or time < self.shown_time:
            return
        if shown == 0:
            self._hide(time, clock)
            return
        self.shown_time = time
        if self.hidden:
            if time >= self.hidden_last:
                self.hidden, self.idle_clock = False, clock
            elif time >= self.hidden_first:
                self.hidden_first, self.hidden_clock = self.hidden_last, clock

    def _hide(self, time: int, clock: int) -> None:
        if not self.hidden:
            self.hidden = True
            self.hidden_first = self.hidden_last = time
            self.hidden_clock = clock
            return
        if time < self.hidden_first:
            self.hidden_first, self.hidden_clock = time, clock
        self.hidden_last = max(self.hidden_last, time)


def insert(entries: list[Any], cap: int, entry: tuple[int, ...]) -> bool:
    """Keep the `cap` newest entries, newest first; among equal times the later arrival is first."""
    if not entries or entry[0] >= entries[0][0]:
        entries.insert(0, entry)
    else:
        time = entry[0]
        if len(entries) >= cap and entries[-1][0] > time:
            return False
        at = 1
        while at < len(entries) and entries[at][0] > time:
            at += 1
        entries.insert(at, entry)
    if len(entries) > cap:
        entries.pop()
    return True


def touch(entries: list[Any], cap: int, entry: tuple[int, ...]) -> bool:
    """Set the latest time of a key (its second part)."""
    key = entry[1]
    for place, known in enumerate(entries):
        if known[1] == key:
            if known[0] >= entry[0]:
                return False
            del entries[place]
            break
    return insert(entries, cap, entry)
