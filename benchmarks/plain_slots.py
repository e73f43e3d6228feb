"""The slots of the plain engine: what an event of their types does to them, one class per shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.plain_row import FAR, NEVER, Event, Row, Waiting, insert, touch
from qianmian.columns.batch import MISSING
from qianmian.language.ast import Node, Select
from qianmian.language.program import (
    INSTANCES,
    LIST_BOUND,
    VISIT,
    AtomKind,
    Program,
    Pulse,
    PulseKind,
    Slot,
    SlotKind,
)
from qianmian.language.program import (
    Atom as ProgramAtom,
)
from qianmian.vocabulary.events import CODE_BY_NAME

if TYPE_CHECKING:
    from benchmarks.plain_engine import PlainEngine

Handler = Callable[[Row, Event], None]
Pivot = Callable[[Row], int]
Ordered = tuple[tuple[int, int], list[int], Handler]
NO_KEY = -1
KEYS_KEPT = 8
MOST_KEYED = KEYS_KEPT * LIST_BOUND
ORDER = {
    SlotKind.TIMES: 1, SlotKind.TIMES_LIST: 2, SlotKind.PANES: 3, SlotKind.RECENT: 4,
    SlotKind.KEYED: 5, SlotKind.GROUPED: 6, SlotKind.AMOUNTS: 7, SlotKind.EDGE: 8,
}  # fmt: skip
CANCEL, ARM, HAPPENED, COUNT, DISTINCT, THEN = 9, 10, 11, 12, 13, 0


class Atom(NamedTuple):
    """A timed truth: it holds while `pivot` + `window` lies after now."""

    bit: int
    mask: int
    pivot: Pivot
    window: int


def pivot_of(atom: ProgramAtom) -> Pivot:
    """How the time that decides an atom is found."""
    if atom.kind is AtomKind.PREVIOUS_RECENT:
        return lambda row: row.previous
    slot = atom.slot
    assert slot is not None
    number, rank = slot.id, atom.rank
    if atom.kind is AtomKind.PIVOT_SUM:
        return lambda row: reached(row.slots[number] or (), rank)

    def entry(row: Row) -> int:
        entries = row.slots[number]
        if entries is None or len(entries) < rank:
            return NEVER
        time: int = entries[rank - 1][0]
        return time

    return entry


def reached(entries: Any, threshold: int) -> int:
    """The time of the entry at which the running sum reaches the threshold."""
    total = 0
    for time, amount in entries:
        total += amount
        if total >= threshold:
            return int(time)
    return NEVER


def codes_of(select: Select) -> list[int]:
    """The event types of a selection."""
    return [CODE_BY_NAME[name] for name in select.types]


class Store:
    """A slot that keeps entries and asks its false atoms after each."""

    def __init__(self, engine: PlainEngine, slot: Slot, program: Program) -> None:
        self.engine = engine
        self.number = slot.id
        self.cap = slot.need
        if slot.kind is SlotKind.RECENT and slot.key is not None:
            self.cap = max(slot.need, INSTANCES)
        self.by_product = slot.key == "product"
        self.keyed = slot.key is not None
        self.last = slot.last
        self.mask = mask_of(program, slot.of)
        self.predicate = 0
        if slot.predicate is not None:
            self.predicate = 1 << program.filters.index(slot.predicate)
        mine = [atom for atom in program.atoms if atom.slot is slot]
        self.edges = [atom.bit for atom in mine if atom.kind is AtomKind.EDGE]
        self.atoms = [
            Atom(atom.bit, 1 << atom.bit, pivot_of(atom), atom.window_ms)
            for atom in mine
            if atom.kind is not AtomKind.EDGE
        ]

    def entries(self, row: Row) -> list[Any]:
        """What the row keeps here."""
        entries: list[Any] | None = row.slots[self.number]
        if entries is None:
            entries = row.slots[self.number] = []
        return entries

    def key(self, event: Event) -> int:
        """The event's key, NO_KEY when it has none."""
        if not self.keyed:
            return 0
        return event.product if self.by_product else event.category

    def rise(self, row: Row, now: int) -> None:
        """Truths that were false: has the event made them true?"""
        bits = row.bits
        for bit, mask, pivot, window in self.atoms:
            if bits & mask:
                continue
            at = pivot(row)
            if at == NEVER:
                continue
            if window >= 0:
                if at + window > now:
                    self.engine.flip(row, bit)
                    self.engine.note_due(row, bit, at + window)
            elif window != VISIT or at >= row.visit_start:
                self.engine.flip(row, bit)

    def times(self, row: Row, event: Event) -> None:
        """Keep the newest times."""
        if self.mask and not event.passes & self.mask:
            return
        insert(self.entries(row), self.cap, (event.time,))
        self.rise(row, event.clock)

    def recent(self, row: Row, event: Event) -> None:
        """Keep distinct keys with their latest time."""
        key = self.key(event)
        if key < 0 or (self.mask and not event.passes & self.mask):
            return
        touch(self.entries(row), self.cap, (event.time, key))
        self.rise(row, event.clock)

    def grouped(self, row: Row, event: Event) -> None:
        """Keep distinct products with their category."""
        if event.product < 0 or (self.mask and not event.passes & self.mask):
            return
        entries = self.entries(row)
        keep_keys(entries, 2, event.category)
        touch(entries, MOST_KEYED, (event.time, event.product, event.category))
        keep_newest_of(entries, 2, event.category, self.cap)

    def keep_keyed(self, row: Row, event: Event) -> None:
        """Keep the newest times of each key."""
        key = self.key(event)
        if key < 0 or (self.mask and not event.passes & self.mask):
            return
        entries = self.entries(row)
        keep_keys(entries, 1, key)
        insert(entries, MOST_KEYED, (event.time, key))
        keep_newest_of(entries, 1, key, self.cap)

    def amounts(self, row: Row, event: Event) -> None:
        """Keep the newest amounts."""
        if event.amount == MISSING or (self.mask and not event.passes & self.mask):
            return
        insert(self.entries(row), LIST_BOUND, (event.time, event.amount))
        self.rise(row, event.clock)

    def edge(self, row: Row, event: Event) -> None:
        """Keep the truth of a predicate at the first or last event."""
        if self.mask and not event.passes & self.mask:
            return
        stored = row.slots[self.number]
        if stored is None or (event.time >= stored if self.last else event.time < stored):
            row.slots[self.number] = event.time
            for bit in self.edges:
                self.engine.set_bit(row, bit, bool(event.passes & self.predicate))


def keep_newest_of(entries: list[Any], place: int, key: int, cap: int) -> None:
    """Of one key only the newest entries stay; the others decide nothing."""
    mine = [number for number, entry in enumerate(entries) if entry[place] == key]
    for number in reversed(mine[cap:]):
        del entries[number]


def keep_keys(entries: list[Any], place: int, key: int) -> None:
    """Before an entry of a ninth key comes: take out every entry of the least recent key."""
    keys = dict.fromkeys(entry[place] for entry in entries)
    if key not in keys and len(keys) >= KEYS_KEPT:
        oldest = list(keys)[-1]
        entries[:] = [entry for entry in entries if entry[place] != oldest]


class Absence:
    """A slot of instances that wait: armed by one event, cancelled by another, fired by time."""

    def __init__(self, engine: PlainEngine, slot: Slot, program: Program) -> None:
        self.engine = engine
        self.number = slot.id
        self.is_view = slot.is_view
        self.keyed, self.by_product = slot.key is not None, slot.key == "product"
        self.any_key = slot.is_loose
        self.arming, self.cancelling = mask_of(program, slot.of), mask_of(program, slot.second)
        pulses = [p for p in program.pulses if p.slot is slot and p.kind is PulseKind.PENDING]
        views = [a for a in program.atoms if a.slot is slot and a.kind is AtomKind.VIEW]
        self.pulses = [
            (p.id, p.window_ms, p.window_ms + p.wait_ms, p.key is not None) for p in pulses
        ]
        self.views = [(a.bit, a.window_ms, a.window_ms + a.wait_ms) for a in views]
        spans = [(one[1], one[2]) for one in (*self.pulses, *self.views)]
        self.least = min((span[0] for span in spans), default=0)
        self.most = max((span[1] for span in spans), default=0)
        mine = [a for a in program.atoms if a.slot is slot]
        self.open_bit = next((a.bit for a in mine if a.kind is AtomKind.OPEN), -1)
        self.keeps_open = bool(views) or self.open_bit >= 0
        self.cancellers: dict[int, list[tuple[int, int]]] = {}

    def key(self, event: Event) -> int:
        if not self.keyed:
            return 0
        return event.product if self.by_product else event.category

    def arm(self, row: Row, event: Event) -> None:
        """A new instance, unless what ends it has already come."""
        key, time, clock = self.key(event), event.time, event.clock
        if key < 0 or (self.arming and not event.passes & self.arming):
            return
        ended = self._ended_before(row, key, time)
        if ended <= time + self.least and ended != FAR:
            return
        waiting: list[Waiting] = row.slots[self.number] or []
        row.slots[self.number] = waiting
        if len(waiting) >= INSTANCES:
            waiting[:] = [one for one in waiting if not self._is_useless(one, clock)]
        if len(waiting) >= INSTANCES:
            if waiting[-1].start > time:
                return
            waiting.pop()
        at = 0
        while at < len(waiting) and waiting[at].start > time:
            at += 1
        waiting.insert(at, Waiting(time, key, clock, ended))
        for *_, span in self.views:
            row.timer_due = min(row.timer_due, max(time + span, clock))
        for _, _, span, _ in self.pulses:
            row.timer_due = min(row.timer_due, max(time + span, clock))
        if self.open_bit >= 0:
            self.levels(row, clock, clock - 1)

    def _ended_before(self, row: Row, key: int, time: int) -> int:
        ended = FAR
        for when, which in row.slots[-1 - self.number] or ():
            if which in (key, NO_KEY) and when > time:
                ended = when if ended == FAR else max(ended, when)
        if row.left_time > time:
            ended = min(ended, row.left_time)
        if row.visit_start > time:
            ended = min(ended, row.visit_start)
        if self.is_view:
            for product, when in row.views:
                if product != key and when > time:
                    ended = min(ended, when)
        return ended

    def _is_useless(self, one: Waiting, clock: int) -> bool:
        if one.ended == FAR and self.keeps_open:
            return False
        return not any(
            max(one.start + span, one.armed) >= clock and one.ended > one.start + within
            for _, within, span, _ in self.pulses
        )

    def cancelled(self, row: Row, event: Event) -> None:
        """The second event of the definition."""
        key = 0 if self.any_key else self.key(event)
        if key < 0 or (self.cancelling and not event.passes & self.cancelling):
            return
        self._cancel(row, NO_KEY if self.any_key else key, event)

    def left(self, row: Row, event: Event) -> None:
        """The page of the product is left."""
        if event.product >= 0:
            self._cancel(row, event.product, event)

    def _cancel(self, row: Row, key: int, event: Event) -> None:
        kept = row.slots[-1 - self.number]
        if kept is None:
            kept = row.slots[-1 - self.number] = []
        touch(kept, INSTANCES, (event.time, key))
        if row.slots[self.number]:
            self._mark(row, event.time, event.clock, lambda one: key in (NO_KEY, one.key))

    def other_page(self, row: Row, event: Event) -> None:
        """Another product's page opens: the view of this one is over."""
        key = event.product
        if key >= 0 and row.slots[self.number]:
            self._mark(row, event.time, event.clock, lambda one: one.key != key)

    def cancel_all(self, row: Row, time: int, clock: int) -> None:
        """The viewer has gone."""
        if row.slots[self.number]:
            self._mark(row, time, clock, lambda _: True)

    def _mark(self, row: Row, time: int, clock: int, concerns: Callable[[Waiting], bool]) -> None:
        hit = False
        for one in row.slots[self.number]:
            if one.start <= time < one.ended and concerns(one):
                one.ended = time
                hit = True
        if hit:
            self._tidy(row, clock)
            self.levels(row, clock, clock - 1)

    def _tidy(self, row: Row, clock: int) -> None:
        row.slots[self.number] = [
            one for one in row.slots[self.number] if self._is_kept(one, clock)
        ]

    def _is_kept(self, one: Waiting, clock: int) -> bool:
        done = max(one.start + self.most, one.armed) + 5_000 < clock
        if one.ended == FAR:
            return self.keeps_open or not done
        return not done and one.ended > one.start + self.least

    def levels(self, row: Row, now: int, passed: int) -> None:
        """Give the truths of a view their values; `passed` is the last instant whose timers ran."""
        waiting = row.slots[self.number]
        if not waiting and passed >= now:
            return
        waiting = waiting or ()
        for bit, within, span in self.views:
            holds = False
            for one in waiting:
                due = max(one.start + span, one.armed)
                if one.ended == FAR:
                    holds |= due <= passed
                elif due == passed == now and one.ended > one.start + within:
                    holds = True
                    self.engine.again = now
            self.engine.set_bit(row, bit, holds)
        if self.open_bit >= 0:
            self.engine.set_bit(row, self.open_bit, any(one.ended == FAR for one in waiting))

    def run(self, row: Row, now: int) -> int:
        """What is due at this instant; the next time to look."""
        waiting = row.slots[self.number]
        if not waiting:
            return FAR
        later = FAR
        for one in reversed(waiting):
            for pulse, within, span, tells_key in self.pulses:
                due = max(one.start + span, one.armed)
                if due == now and one.ended > one.start + within:
                    self.engine.pulses.append((-1 - pulse, one.key if tells_key else -1))
                elif now < due < later:
                    later = due
            for _, _, span in self.views:
                due = max(one.start + span, one.armed)
                if now < due < later:
                    later = due
        self.levels(row, now, now)
        self._tidy(row, now)
        return later


ABSENCES = Absence


def mask_of(program: Program, select: Select | None) -> int:
    """The bit of a selection's filter, 0 for none."""
    where: Node | None = None if select is None else select.where
    return 0 if where is None else 1 << program.filters.index(where)


class Instant:
    """A pulse that an event gives."""

    def __init__(self, engine: PlainEngine, pulse: Pulse, program: Program) -> None:
        self.engine = engine
        self.source = -1 - pulse.id
        self.slot = -1 if pulse.slot is None else pulse.slot.id
        self.mask = mask_of(program, pulse.select)
        self.keyed, self.by_product = pulse.key is not None, pulse.key == "product"
        self.window, self.threshold = pulse.window_ms, pulse.threshold
        self.same_visit = pulse.same_visit

    def key(self, event: Event) -> int:
        """The firing's key, or None when the event does not count."""
        if self.mask and not event.passes & self.mask:
            return -2
        if not self.keyed:
            return 0
        key = event.product if self.by_product else event.category
        return key if key >= 0 else -2

    def happened(self, row: Row, event: Event) -> None:  # noqa: ARG002 — every handler has both
        key = self.key(event)
        if key > -2:
            self.engine.pulses.append((self.source, key if self.keyed else -1))

    def then(self, row: Row, event: Event) -> None:
        """The completing event: was there a first one, in time?"""
        key = self.key(event)
        if key == -2:
            return
        for time, first in (row.slots[self.slot] or ())[: INSTANCES if self.keyed else 1]:
            if first == key:
                if 0 <= event.time - time <= self.window and not (
                    self.same_visit and time < row.visit_start
                ):
                    self.engine.pulses.append((self.source, key if self.keyed else -1))
                return

    def counted(self, row: Row, event: Event) -> None:
        self._enough(row, event, 1)

    def distinct(self, row: Row, event: Event) -> None:
        self._enough(row, event, 2)

    def _enough(self, row: Row, event: Event, place: int) -> None:
        key = self.key(event)
        if key == -2:
            return
        since = NEVER if self.window == -1 else event.clock - self.window
        if self.window == VISIT:
            since = row.visit_start - 1
        found = 0
        for entry in row.slots[self.slot] or ():
            if entry[0] <= since:
                break
            found += entry[place] == key
        if found >= self.threshold:
            self.engine.pulses.append((self.source, key))


def handlers_of(engine: PlainEngine, program: Program) -> Iterator[Ordered]:
    """What is done at events of which types, with its place in the order."""
    shapes = {
        SlotKind.TIMES: Store.times, SlotKind.TIMES_LIST: Store.times,
        SlotKind.RECENT: Store.recent, SlotKind.KEYED: Store.keep_keyed,
        SlotKind.GROUPED: Store.grouped, SlotKind.AMOUNTS: Store.amounts, SlotKind.EDGE: Store.edge,
    }  # fmt: skip
    for slot in program.slots:
        if slot.kind in shapes and slot.of is not None:
            store = Store(engine, slot, program)
            yield (ORDER[slot.kind], slot.id), codes_of(slot.of), shapes[slot.kind].__get__(store)
        elif slot.kind is SlotKind.PANES:
            raise NotImplementedError(f"the plain engine has no slots of kind {slot.kind.name}")
    by_number = {wait.number: wait for wait in engine.waits}
    for slot in program.slots:
        if slot.kind is SlotKind.PENDING:
            yield from _of_absence(by_number[slot.id], slot)
    for pulse in program.pulses:
        instant = Instant(engine, pulse, program)
        kinds = [] if pulse.select is None else codes_of(pulse.select)
        order = (pulse.slot.id if pulse.slot else 0) if pulse.kind is not PulseKind.HAPPENED else 0
        if pulse.kind is PulseKind.HAPPENED:
            yield (HAPPENED, order), kinds, instant.happened
        elif pulse.kind is PulseKind.THEN:
            yield (THEN, order), kinds, instant.then
        elif pulse.kind is PulseKind.KEYED_COUNT:
            yield (COUNT, order), kinds, instant.counted
        elif pulse.kind is PulseKind.GROUPED_DISTINCT:
            yield (DISTINCT, order), kinds, instant.distinct


def _of_absence(wait: Absence, slot: Slot) -> Iterator[Ordered]:
    if slot.of is not None:
        yield (ARM, slot.id), codes_of(slot.of), wait.arm
    if slot.second is not None:
        yield (CANCEL, slot.id), codes_of(slot.second), wait.cancelled
    if slot.is_view:
        yield (CANCEL, slot.id), [CODE_BY_NAME["product_left"]], wait.left
        yield (CANCEL, slot.id), [CODE_BY_NAME["product_viewed"]], wait.other_page
