"""A generic engine in plain Python: the partner that someone would write who knows the trade.

It takes the same register program (shared slots, one truth per atom, tables for combinations) and
works incrementally: an event touches the slots of its type, time only what is due, by a heap with
lazy deletion. Rows have `__slots__`, truths are bits of one int, handlers are bound per event
type. It carries less than the product: no snapshots, shards, merges, order lines, facts of rooms
or bounds on gaps, and a viewer is in one room.
"""
# ruff: noqa: PLR1730 — on this path a call of min() costs as much as the rest of the line

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappop, heappush

from benchmarks.plain_row import FAR, NEVER, Event, Row
from benchmarks.plain_slots import ABSENCES, Absence, Atom, Handler, handlers_of, pivot_of
from qianmian.language.definition import Definition
from qianmian.language.program import (
    PRESENT_BIT,
    PREVIOUS_BIT,
    VISIT,
    AtomKind,
    Program,
    PulseKind,
)
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME

LATENESS_MS, PRESENCE_MS, EVICT_MS, MINUTE_MS = 5_000, 45_000, 1_800_000, 60_000
HEARTBEAT, LEFT = CODE_BY_NAME["heartbeat"], CODE_BY_NAME["room_left"]
VIEWED = CODE_BY_NAME["product_viewed"]
OPERATION = [event.operation for event in CATALOG]
NEVER_LATE = [event.never_late for event in CATALOG]
STATES = (AtomKind.IDLE, AtomKind.IDLE_ON_PAGE, AtomKind.HIDDEN, AtomKind.IN_ROOM)
PIVOTS = (AtomKind.PIVOT_WORD, AtomKind.PIVOT_LIST, AtomKind.PIVOT_SUM, AtomKind.PREVIOUS_RECENT)
Fire = tuple[int, int, int, int, int]


class PlainEngine:
    """Events in, firings out, for one set of definitions.

    `schedule(due, row)` replaces the heap where a host has timers of its own.
    """

    def __init__(
        self, program: Program, schedule: Callable[[int, Row], None] | None = None
    ) -> None:
        self.rows: dict[int, Row] = {}
        self.heap: list[tuple[int, int, Row]] = []
        self.fired: list[Fire] = []
        self.once: dict[tuple[int, int, int], int] = {}
        self.schedule = schedule or self._push
        self.pushed = 0
        self.duplicates = self.late = 0
        self.definitions: list[Definition] = [
            d for d in program.definitions if isinstance(d, Definition)
        ]
        self.dirty = 0
        self.pulses: list[tuple[int, int]] = []
        self.again: int | None = None
        self._network(program)
        self._atoms(program)
        self._triggers(program)
        self.n_slots = 2 * max((slot.id for slot in program.slots), default=0) + 2
        self.waits: list[Absence] = [
            ABSENCES(self, slot, program) for slot in program.slots if slot.second or slot.is_view
        ]
        self.handlers: list[list[Handler]] = [[] for _ in CATALOG]
        for _, kinds, handler in sorted(handlers_of(self, program), key=lambda h: h[0]):
            for kind in kinds:
                self.handlers[kind].append(handler)
        self.first_bits = self._settled_template(program)

    # -- tables

    def _network(self, program: Program) -> None:
        self.above: dict[int, int] = {}
        self.nodes = [(node.inputs, node.table, node.bit, 1 << node.bit) for node in program.nodes]
        for rank, node in enumerate(program.nodes):
            for bit in node.inputs:
                self.above[bit] = self.above.get(bit, 0) | 1 << rank

    def _atoms(self, program: Program) -> None:
        timed = [atom for atom in program.atoms if atom.kind in PIVOTS and atom.window_ms >= 0]
        self.group_of = {atom.bit: number // 64 for number, atom in enumerate(timed)}
        self.groups = [0] * (-(-len(timed) // 64))
        self.timed: dict[int, Atom] = {}
        for atom in timed:
            self.groups[self.group_of[atom.bit]] |= 1 << atom.bit
            self.timed[atom.bit] = Atom(atom.bit, 1 << atom.bit, pivot_of(atom), atom.window_ms)
        self.visit_bits = [
            a.bit for a in program.atoms if a.kind in PIVOTS and a.window_ms == VISIT
        ]
        self.previous = [
            (a.bit, a.window_ms) for a in program.atoms if a.kind is AtomKind.PREVIOUS_RECENT
        ]
        self.open_bit = next((a.bit for a in program.atoms if a.kind is AtomKind.OPEN), -1)
        self.states = [
            (a.kind, a.window_ms, a.bit, 1 << a.bit) for a in program.atoms if a.kind in STATES
        ]

    def _triggers(self, program: Program) -> None:
        self.by_bit: dict[int, list[tuple[int, int, int, int]]] = {}
        self.by_pulse: dict[int, list[tuple[int, int, int, int]]] = {}
        for t in program.triggers:
            guard = 1 << t.guard if t.guard >= 0 else 0
            entry = (t.definition, guard, t.view, t.view_ms)
            into = self.by_bit if t.bit >= 0 else self.by_pulse
            into.setdefault(t.bit if t.bit >= 0 else t.pulse, []).append(entry)
        visits = [p.id for p in program.pulses if p.kind is PulseKind.VISIT_STARTED]
        self.visit_pulse = visits[0] if visits else -1

    def _settled_template(self, program: Program) -> int:
        row = Row(-1, -1, 0, len(self.groups), [])
        self.dirty = (1 << len(program.nodes)) - 1
        self._settle(row)
        self.pulses.clear()
        return row.bits

    # -- bits

    def flip(self, row: Row, bit: int) -> None:
        """A truth changed: wake what depends on it, note it if it rose and a moment listens."""
        row.bits ^= 1 << bit
        self.dirty |= self.above.get(bit, 0)
        if bit in self.by_bit and row.bits >> bit & 1:
            self.pulses.append((bit, -1))

    def set_bit(self, row: Row, bit: int, value: bool) -> None:  # noqa: FBT001
        """Give a truth its value."""
        if (row.bits >> bit & 1) != value:
            self.flip(row, bit)

    def _settle(self, row: Row) -> None:
        nodes = self.nodes
        while self.dirty:
            low = self.dirty & -self.dirty
            self.dirty ^= low
            inputs, table, bit, mask = nodes[low.bit_length() - 1]
            bits = row.bits
            index = 0
            for place, one in enumerate(inputs):
                index |= (bits >> one & 1) << place
            if (table >> index & 1) != (bits & mask != 0):
                self.flip(row, bit)

    def note_due(self, row: Row, bit: int, due: int) -> None:
        """A timed truth ends at `due` at the earliest."""
        group = self.group_of[bit]
        if due < row.dues[group]:
            row.dues[group] = due

    def _expire(self, row: Row, now: int) -> None:
        for group, due in enumerate(row.dues):
            if due > now:
                continue
            following = FAR
            true = row.bits & self.groups[group]
            while true:
                low = true & -true
                true ^= low
                atom = self.timed[low.bit_length() - 1]
                end = atom.pivot(row) + atom.window
                if end <= now:
                    self.flip(row, atom.bit)
                elif end < following:
                    following = end
            row.dues[group] = following

    # -- presence

    def _leave(self, row: Row, time: int, now: int) -> None:
        for wait in self.waits:
            wait.cancel_all(row, time, now)
        for _, _, bit, _ in self.states:
            self.set_bit(row, bit, False)
        self.set_bit(row, PRESENT_BIT, False)
        row.leave_due = evicted_at(time)

    def _arrive(self, row: Row, time: int, now: int) -> None:
        if time <= row.left_time:
            return
        if not row.bits & 1:
            self._start_visit(row, time, now)
        else:
            if time < row.visit_start:
                row.visit_start = time
            if time > row.last_seen:
                row.last_seen = time
        gone = row.last_seen + PRESENCE_MS
        if row.leave_due == FAR or row.leave_due > gone:
            row.leave_due = gone

    def _start_visit(self, row: Row, time: int, now: int) -> None:
        if row.visit_start > NEVER:
            row.previous = max(row.previous, row.last_seen)
        self.set_bit(row, PRESENT_BIT, True)
        self.set_bit(row, PREVIOUS_BIT, row.previous != NEVER)
        row.visit_start = time
        row.last_seen = max(row.last_seen, time)
        row.visit_clock = row.idle_clock = row.hidden_clock = now
        row.leave_due = FAR
        for bit in self.visit_bits:
            self.set_bit(row, bit, False)
        for bit, window in self.previous:
            recent = row.previous != NEVER and row.previous + window > now
            self.set_bit(row, bit, recent)
            if recent:
                self.note_due(row, bit, row.previous + window)
        if self.visit_pulse >= 0:
            self.pulses.append((-1 - self.visit_pulse, -1))

    def _state_due(self, row: Row, kind: AtomKind, wait: int) -> int:
        if kind is AtomKind.IN_ROOM:
            return max(row.visit_start + wait, row.visit_clock)
        if kind is AtomKind.HIDDEN:
            return max(row.hidden_first + wait, row.hidden_clock) if row.hidden else FAR
        if row.hidden or row.last_operation == NEVER:
            return FAR
        if kind is AtomKind.IDLE_ON_PAGE and not row.bits >> self.open_bit & 1:
            return FAR
        return max(row.last_operation + wait, row.idle_clock)

    def _refresh_states(self, row: Row, now: int) -> None:
        present = row.bits & 1
        for kind, wait, bit, mask in self.states:
            due = self._state_due(row, kind, wait) if present else FAR
            if due >= now:
                if row.bits & mask:
                    self.flip(row, bit)
                if due < row.timer_due:
                    row.timer_due = due
            elif not row.bits & mask and now < row.timer_due:
                row.timer_due = now

    # -- time

    def _run_leaving(self, row: Row, now: int) -> bool:
        """Presence lost at this instant? True when the row is to go."""
        if row.bits & 1:
            if row.last_seen + PRESENCE_MS <= now:
                self._leave(row, now, now)
            else:
                row.leave_due = row.last_seen + PRESENCE_MS
            return False
        if row.timer_due < FAR:
            row.leave_due = now + MINUTE_MS
            return False
        return True

    def _run_timers(self, row: Row, now: int) -> None:
        later = FAR
        for wait in self.waits:
            later = min(later, wait.run(row, now))
        if row.bits & 1:
            for kind, lasting, bit, mask in self.states:
                if row.bits & mask:
                    continue
                due = self._state_due(row, kind, lasting)
                if due <= now:
                    self.flip(row, bit)
                elif due < later:
                    later = due
        row.timer_due = later

    def advance(self, row: Row, clock: int) -> bool:
        """Bring a row forward, instant by instant, to before `clock`; False if it is gone."""
        while row.due < clock:
            now = row.due
            self._expire(row, now)
            gone = row.leave_due <= now and self._run_leaving(row, now)
            if row.timer_due <= now:
                self._run_timers(row, now)
            if gone:
                del self.rows[row.viewer]
                return False
            self._finish(row, now)
        return True

    def _finish(self, row: Row, now: int) -> None:
        """The instant is over: combinations settle, moments fire, the next due time is known."""
        if self.dirty:
            self._settle(row)
        if self.pulses:
            self._fire_all(row, now)
        while self.again is not None:
            self.again = None
            for wait in self.waits:
                wait.levels(row, now + 1, now)
            if self.dirty:
                self._settle(row)
            if self.pulses:
                self._fire_all(row, now)
        due = min(row.timer_due, row.leave_due, *row.dues)
        row.due = due
        if due < row.queued:
            row.queued = due
            self.schedule(due, row)

    def _push(self, due: int, row: Row) -> None:
        self.pushed += 1
        heappush(self.heap, (due, self.pushed, row))

    def sweep(self, clock: int) -> None:
        """Everything due before `clock` happens."""
        heap = self.heap
        while heap and heap[0][0] < clock:
            due, _, row = heappop(heap)
            if row.queued == due:
                self.wake(row, clock)

    def wake(self, row: Row, clock: int) -> None:
        """A timer of the row has come."""
        row.queued = FAR
        if row.due < clock:
            self.advance(row, clock)
        elif row.due < FAR:
            row.queued = row.due
            self.schedule(row.due, row)

    # -- moments

    def _fire_all(self, row: Row, now: int) -> None:
        pulses, self.pulses = self.pulses, []
        for source, key in pulses:
            triggers = self.by_bit[source] if source >= 0 else self.by_pulse.get(-1 - source, ())
            for definition, guard, view, wait in triggers:
                if guard and not row.bits & guard:
                    continue
                if view < 0:
                    self._fire(row, definition, key, now)
                    continue
                for one in row.slots[view] or ():
                    if one.ended == FAR and max(one.start + wait, one.armed) <= now:
                        self._fire(row, definition, one.key, now)

    def _fire(self, row: Row, definition: int, key: int, now: int) -> None:
        identity = (row.viewer, definition, key)
        last = self.once.get(identity)
        if last is not None:
            again = self.definitions[definition].again_after_ms
            if again is None or now - last < again:
                return
        self.once[identity] = now
        self.fired.append((row.viewer, row.room, definition, now, key))

    # -- events

    def apply(self, event: Event) -> None:
        """One event."""
        clock, kind, viewer = event.clock, event.kind, event.viewer
        row = self.rows.get(viewer)
        if row is None:
            slots = [None] * self.n_slots
            row = Row(viewer, event.room, self.first_bits, len(self.groups), slots)
            self.rows[viewer] = row
        if row.seen(event.seq):
            self.duplicates += 1
            return
        if event.time < clock - LATENESS_MS:
            self.late += 1
            if not NEVER_LATE[kind]:
                return
            event = event._replace(time=clock - LATENESS_MS)
        if row.due < clock and not self.advance(row, clock):
            kept = row.newest, row.missing
            row = Row(viewer, event.room, self.first_bits, len(self.groups), [None] * self.n_slots)
            row.newest, row.missing = kept
            self.rows[viewer] = row
        time = event.time
        if kind != LEFT:
            self._arrive(row, time, clock)
        elif time > row.left_time:
            row.left_time = time
            row.last_seen = max(row.last_seen, time)
            if row.leave_due == FAR:
                row.leave_due = evicted_at(time)
            if row.bits & 1:
                self._leave(row, time, clock)
            else:
                for wait in self.waits:
                    wait.cancel_all(row, time, clock)
        row.look(OPERATION[kind], kind == HEARTBEAT, event)
        if event.known:
            changed = (row.bits ^ event.values) & event.known
            while changed:
                low = changed & -changed
                changed ^= low
                self.flip(row, low.bit_length() - 1)
        for handler in self.handlers[kind]:
            handler(row, event)
        if kind == VIEWED and event.product >= 0:
            row.view(event.product, time)
        self._refresh_states(row, clock)
        self._expire(row, clock)
        self._finish(row, clock)

    def run(self, events: Iterable[Event], clock: int) -> None:
        """A call: events, then what fell due before their last clock."""
        apply = self.apply
        for event in events:
            apply(event)
        self.sweep(clock)


def evicted_at(time: int) -> int:
    """The first whole minute 30 minutes after leaving."""
    return -(-(time + EVICT_MS) // MINUTE_MS) * MINUTE_MS
