"""A register program to tables: where slots and bits stand in a row, and what each event does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qianmian.engine import words as w
from qianmian.engine.instances import ALL, ANY_KEY, BY_KEY, OTHER_PAGE
from qianmian.language.ast import Field, Select
from qianmian.language.program import (
    INSTANCES,
    LIST_BOUND,
    VISIT,
    Atom,
    AtomKind,
    Program,
    Pulse,
    PulseKind,
    Slot,
    SlotKind,
)
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME

KEY_NUMBER = {None: 0, "product": 1, "category": 2}
WIDTH = {
    SlotKind.TIMES_LIST: 1,
    SlotKind.PANES: 2,
    SlotKind.RECENT: 2,
    SlotKind.KEYED: 2,
    SlotKind.GROUPED: 3,
    SlotKind.AMOUNTS: 3,
    SlotKind.TOTAL_COUNT: 3,
    SlotKind.TOTAL_AMOUNT: 3,
    SlotKind.PENDING: w.PENDING_WIDTH,
}
INSERTS = {
    SlotKind.TIMES: w.OP_TIMES,
    SlotKind.TIMES_LIST: w.OP_TIMES_LIST,
    SlotKind.PANES: w.OP_PANES,
    SlotKind.RECENT: w.OP_RECENT,
    SlotKind.KEYED: w.OP_KEYED,
    SlotKind.GROUPED: w.OP_GROUPED,
    SlotKind.AMOUNTS: w.OP_AMOUNTS,
    SlotKind.EDGE: w.OP_EDGE,
    SlotKind.TOTAL_COUNT: w.OP_TOTAL,
    SlotKind.TOTAL_AMOUNT: w.OP_TOTAL,
}
TOTALS = (SlotKind.TOTAL_COUNT, SlotKind.TOTAL_AMOUNT)
PRESENCE_ATOMS = {AtomKind.IDLE, AtomKind.IDLE_ON_PAGE, AtomKind.HIDDEN, AtomKind.IN_ROOM}
PIVOTS = {
    AtomKind.PIVOT_WORD,
    AtomKind.PIVOT_LIST,
    AtomKind.PIVOT_SUM,
    AtomKind.PREVIOUS_RECENT,
}
LINE_WORDS = 16
PREFETCHED_LINES = 8


class Tables(NamedTuple):
    """What the kernels read; rebuilt whenever the definitions change.

    Shapes: M int64[16]; INS int32[n, 11] with INS0 offsets per event type; A int64[n_bits, 5];
    TIMED, RISES uint64[bit_words]; NODE int32[n_nodes, 8]; TRUTH uint64[n_nodes]; FAN0, FAN as CSR
    by bit; PS, PP, PV int64; ST int64[n, 3]; PUL int64[n, 4]; TRIG int64[n, 8] with TRIG0 offsets
    per source; RF int64[n, 5]; DEFINITION int64[n, 2]; LISTS, TOTALS words of the row;
    TEMPLATE int32[row_words].
    """

    M: npt.NDArray[np.int64]
    INS: npt.NDArray[np.int32]
    INS0: npt.NDArray[np.int32]
    FLAGS: npt.NDArray[np.int64]
    A: npt.NDArray[np.int64]
    TIMED: npt.NDArray[np.uint64]
    RISES: npt.NDArray[np.uint64]
    NODE: npt.NDArray[np.int32]
    TRUTH: npt.NDArray[np.uint64]
    FAN0: npt.NDArray[np.int32]
    FAN: npt.NDArray[np.int32]
    PS: npt.NDArray[np.int64]
    PP: npt.NDArray[np.int64]
    PV: npt.NDArray[np.int64]
    ST: npt.NDArray[np.int64]
    PUL: npt.NDArray[np.int64]
    TRIG: npt.NDArray[np.int64]
    TRIG0: npt.NDArray[np.int32]
    RF: npt.NDArray[np.int64]
    GUARD_NODES: npt.NDArray[np.int32]
    DEFINITION: npt.NDArray[np.int64]
    VISIT_ATOMS: npt.NDArray[np.int32]
    PREVIOUS_ATOMS: npt.NDArray[np.int32]
    LISTS: npt.NDArray[np.int32]
    TOTALS: npt.NDArray[np.int32]
    TOTAL_ATOMS: npt.NDArray[np.int32]
    LINES: npt.NDArray[np.int32]
    TEMPLATE: npt.NDArray[np.int32]


def signature(slot: Slot) -> tuple[object, ...]:
    """What makes two slots of different programs hold the same thing."""
    return (
        slot.kind, slot.of, slot.key, slot.second, slot.predicate, slot.last, slot.is_view,
        slot.is_loose, slot.pane_ms,
    )  # fmt: skip


class Layout(ABC):
    """Places of slots and bits, and the tables made from them."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.filter_number = {where: number for number, where in enumerate(program.filters)}
        self.bit_of: dict[int, int] = {}
        self.atoms_of: dict[int, tuple[int, int]] = {}
        self._place_bits()
        self.bits_at = w.HEADER + self.due_words
        self.bits_at += self.bits_at % 2
        self.offset_of: dict[int, int] = {}
        self.room_slot_of: dict[int, int] = {}
        self.pending = [slot for slot in program.slots if slot.kind is SlotKind.PENDING]
        self.totals = [slot for slot in program.slots if slot.kind in TOTALS]
        self.pending_number = {slot.id: number for number, slot in enumerate(self.pending)}
        self._place_slots()
        self.n_pulses = max(len(program.pulses), 1)

    def _place_bits(self) -> None:
        """Fixed atoms first, then those of each slot side by side, then the rest, then nodes."""
        at = 0
        atoms = self.program.atoms
        for atom in atoms:
            if atom.kind is AtomKind.FIXED:
                self.bit_of[atom.bit] = at
                at += 1
        for slot in self.program.slots:
            first = at
            for atom in atoms:
                if atom.slot is slot and atom.kind is not AtomKind.VIEW:
                    self.bit_of[atom.bit] = at
                    at += 1
            self.atoms_of[slot.id] = (first, at)
        for atom in atoms:
            if atom.bit not in self.bit_of:
                self.bit_of[atom.bit] = at
                at += 1
        self.due_words = -(-at // 64)
        at = self.due_words * 64
        for node in self.program.nodes:
            self.bit_of[node.bit] = at
            at += 1
        self.bit_words = -(-max(at, self.due_words * 64) // 64)

    def _place_slots(self) -> None:
        at = self.bits_at + 2 * self.bit_words
        for slot in self.program.slots:
            if slot.kind is SlotKind.ROOM_RECENT:
                self.room_slot_of[slot.id] = len(self.room_slot_of)
                continue
            self.offset_of[slot.id] = at
            at += self.words_of(slot)
        self.row_words = -(-at // LINE_WORDS) * LINE_WORDS
        self.used_words = at

    @staticmethod
    def words_of(slot: Slot) -> int:
        """Words of a slot in the row."""
        if slot.kind is SlotKind.TIMES:
            return slot.need
        return 4 if slot.kind in {SlotKind.PENDING, SlotKind.EDGE} else 2

    @staticmethod
    def capacity_of(slot: Slot) -> int:
        """How many entries the slot keeps."""
        if slot.kind is SlotKind.RECENT and slot.key is not None:
            return max(slot.need, INSTANCES)
        is_bounded = slot.kind not in {SlotKind.PANES, *TOTALS}
        return min(slot.need, LIST_BOUND) if is_bounded else slot.need

    # -- tables

    def tables(self, definition_rows: list[tuple[int, int]]) -> Tables:
        """All tables; `definition_rows` gives each definition's lasting number and `again` (ms)."""
        nodes, truth, fan0, fan = self._network()
        pending, pulses_of, views_of = self._pending()
        triggers, trigger0, facts, guard_nodes = self._triggers()
        instructions, instruction0 = self._instructions()
        states = [
            (int(atom.kind), atom.window_ms, self.bit_of[atom.bit])
            for atom in self.program.atoms
            if atom.kind in PRESENCE_ATOMS
        ]
        visit_pulse = [p.id for p in self.program.pulses if p.kind is PulseKind.VISIT_STARTED]
        lists = self._lists()
        meta = np.zeros(16, np.int64)
        meta[:10] = (
            self.bits_at // 2,
            self.due_words,
            len(self.program.nodes),
            -(-max(len(self.program.nodes), 1) // 64),
            len(self.pending),
            len(states),
            self.bit_words * 64,
            visit_pulse[0] if visit_pulse else -1,
            self.row_words,
            4_096 + 512 * (len(lists) + len(self.totals) + 1),
        )
        return Tables(
            M=meta,
            INS=instructions,
            INS0=instruction0,
            FLAGS=_flags(),
            A=self._atoms(),
            TIMED=self._mask(lambda a: a.kind in PIVOTS and a.window_ms >= 0),
            RISES=self._rises(),
            NODE=nodes,
            TRUTH=truth,
            FAN0=fan0,
            FAN=fan,
            PS=pending,
            PP=pulses_of,
            PV=views_of,
            ST=_int64(states, 3),
            PUL=self._pulses(),
            TRIG=triggers,
            TRIG0=trigger0,
            RF=facts,
            GUARD_NODES=guard_nodes,
            DEFINITION=_int64(definition_rows, 2),
            VISIT_ATOMS=self._bits(lambda a: a.window_ms == VISIT and a.kind in PIVOTS),
            PREVIOUS_ATOMS=self._bits(lambda a: a.kind is AtomKind.PREVIOUS_RECENT),
            LISTS=np.array(lists, np.int32),
            TOTALS=np.array([self.offset_of[slot.id] for slot in self.totals], np.int32),
            TOTAL_ATOMS=self._bits(lambda a: a.slot is not None and a.slot.kind in TOTALS),
            LINES=self._lines(instructions, instruction0),
            TEMPLATE=self._template(),
        )

    def _lists(self) -> list[int]:
        found = []
        for slot in self.program.slots:
            if slot.kind in WIDTH:
                off = self.offset_of[slot.id]
                found += [off, off + 2] if slot.kind is SlotKind.PENDING else [off]
        return found

    def _atoms(self) -> npt.NDArray[np.int64]:
        table = np.full((self.bit_words * 64, 5), -9, np.int64)
        for atom in self.program.atoms:
            row = table[self.bit_of[atom.bit]]
            row[w.A_KIND], row[w.A_WINDOW], row[w.A_RANK] = (
                int(atom.kind),
                atom.window_ms,
                atom.rank,
            )
            slot = atom.slot
            if slot is not None and slot.id in self.offset_of:
                row[w.A_OFF] = self.offset_of[slot.id]
                row[w.A_WIDTH] = WIDTH.get(slot.kind, 1)
                if atom.kind is AtomKind.PIVOT_WORD:
                    row[w.A_OFF] += atom.rank - 1
        return table

    def _bits(self, wanted: Callable[[Atom], bool]) -> npt.NDArray[np.int32]:
        return np.array([self.bit_of[a.bit] for a in self.program.atoms if wanted(a)], np.int32)

    def _mask(self, wanted: Callable[[Atom], bool]) -> npt.NDArray[np.uint64]:
        return _bit_mask(self._bits(wanted).tolist(), self.bit_words)

    def _rises(self) -> npt.NDArray[np.uint64]:
        rising = [self.bit_of[t.bit] for t in self.program.triggers if t.bit >= 0]
        return _bit_mask(rising, self.bit_words)

    def _network(self) -> tuple[Any, Any, Any, Any]:
        nodes = self.program.nodes
        table = np.zeros((max(len(nodes), 1), 8), np.int32)
        truth = np.zeros(max(len(nodes), 1), np.uint64)
        above: list[list[int]] = [[] for _ in range(self.bit_words * 64)]
        for rank, node in enumerate(nodes):
            inputs = [self.bit_of[bit] for bit in node.inputs]
            table[rank, : len(inputs)] = inputs
            table[rank, 6], table[rank, 7] = self.bit_of[node.bit], len(inputs)
            truth[rank] = node.table
            for bit in inputs:
                above[bit].append(rank)
        start, flat = _csr(above)
        return table, truth, start, np.array(flat or [0], np.int32)

    def _pending(self) -> tuple[Any, Any, Any]:
        rows: list[tuple[int, ...]] = []
        pulse_rows: list[tuple[int, ...]] = []
        view_rows: list[tuple[int, ...]] = []
        for slot in self.pending:
            pulses = [
                p for p in self.program.pulses if p.slot is slot and p.kind is PulseKind.PENDING
            ]
            views = [a for a in self.program.atoms if a.slot is slot and a.kind is AtomKind.VIEW]
            p0, v0 = len(pulse_rows), len(view_rows)
            pulse_rows += [(p.id, p.window_ms, p.wait_ms, KEY_NUMBER[p.key]) for p in pulses]
            view_rows += [(self.bit_of[a.bit], a.window_ms, a.wait_ms) for a in views]
            spans = [(p.window_ms, p.wait_ms) for p in pulses]
            spans += [(a.window_ms, a.wait_ms) for a in views]
            rows.append(
                (
                    self.offset_of[slot.id], p0, len(pulse_rows), v0, len(view_rows),
                    int(slot.is_view), KEY_NUMBER[slot.key], min((t for t, _ in spans), default=0),
                    max((t + wait for t, wait in spans), default=0),
                    int(slot.is_view and slot.second is None),
                )
            )  # fmt: skip
        return _int64(rows, 10), _int64(pulse_rows, 4), _int64(view_rows, 3)

    def _pulses(self) -> npt.NDArray[np.int64]:
        return _int64(
            [
                (p.window_ms, p.threshold, KEY_NUMBER[p.key], int(p.same_visit))
                for p in self.program.pulses
            ],
            4,
        )

    def _triggers(self) -> tuple[Any, Any, Any, Any]:
        """Triggers by source; for guards that read the room, the nodes above the facts in order."""
        sources: list[list[tuple[int, ...]]] = [
            [] for _ in range(self.bit_words * 64 + self.n_pulses)
        ]
        facts: list[tuple[int, ...]] = []
        guard_nodes: list[int] = []
        atom_by_bit = {atom.bit: atom for atom in self.program.atoms}
        for trigger in self.program.triggers:
            first_fact, first_node = len(facts), len(guard_nodes)
            for bit in trigger.room_bits:
                facts.append((self.bit_of[bit], *self.room_fact(atom_by_bit[bit].attribute)))
            guard_nodes += self._above(trigger.room_bits)
            source = (
                self.bit_of[trigger.bit]
                if trigger.bit >= 0
                else self.bit_words * 64 + trigger.pulse
            )
            sources[source].append(
                (
                    trigger.definition,
                    self.bit_of[trigger.guard] if trigger.guard >= 0 else -1,
                    self.pending_number.get(trigger.view, -1),
                    first_fact, len(facts), first_node, len(guard_nodes), trigger.view_ms,
                )
            )  # fmt: skip
        start, flat = _csr(sources)
        return _int64(flat, 8), start, _int64(facts, 5), np.array(guard_nodes or [0], np.int32)

    def _above(self, bits: tuple[int, ...]) -> list[int]:
        reached = set(bits)
        ranks = []
        for rank, node in enumerate(self.program.nodes):
            if reached.intersection(node.inputs):
                reached.add(node.bit)
                ranks.append(rank)
        return ranks if bits else []

    @abstractmethod
    def room_fact(self, node: object) -> tuple[int, int, int, int]:
        """Field, comparison, value, and whether the value is the key; `NamedLayout` tells."""

    def _instructions(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        by_type: list[list[tuple[int, ...]]] = [[] for _ in CATALOG]
        for row, select in self._rows():
            for name in select.types:
                by_type[CODE_BY_NAME[name]].append(row)
        for rows in by_type:
            rows.sort(key=lambda row: (0, row[1]) if row[0] == w.OP_ROOM_THEN else (row[0], row[1]))
        start, flat = _csr(by_type)
        table = np.array(flat, np.int32).reshape(-1, w.INSTRUCTION)
        return np.ascontiguousarray(table), start

    def _rows(self) -> Iterator[tuple[tuple[int, ...], Select]]:
        """Every instruction with the events that run it."""
        for slot in self.program.slots:
            if slot.kind is SlotKind.PENDING:
                yield from self._pending_rows(slot)
            elif slot.kind is not SlotKind.ROOM_RECENT:
                atoms = self.atoms_of[slot.id]
                x, y = 0, 0
                if slot.kind is SlotKind.PANES:
                    x = slot.pane_ms
                elif slot.kind is SlotKind.TOTAL_AMOUNT:
                    x = 1
                elif slot.predicate is not None:
                    x, y = self.filter_number[slot.predicate], int(slot.last)
                key = KEY_NUMBER[slot.key]
                op, cap = INSERTS[slot.kind], self.capacity_of(slot)
                price = int(isinstance(slot.predicate, Field) and slot.predicate.name == "price")
                yield self._row(
                    op, slot, slot.of, key=key, cap=cap, atoms=atoms, x=x, y=y, pulse=price
                )
        for pulse in self.program.pulses:
            yield from self._pulse_rows(pulse)

    def _pending_rows(self, slot: Slot) -> Iterator[tuple[tuple[int, ...], Select]]:
        number, key = self.pending_number[slot.id], KEY_NUMBER[slot.key]
        yield self._row(w.OP_ARM, slot, slot.of, key=key, x=number)
        if slot.second is not None:
            any_key, mode = (0, ANY_KEY) if slot.is_loose else (key, BY_KEY)
            yield self._row(w.OP_CANCEL, slot, slot.second, key=any_key, x=number, y=mode)
        if slot.is_view:
            left, viewed = Select(("product_left",)), Select(("product_viewed",))
            yield self._row(w.OP_CANCEL, slot, left, key=key, x=number, y=BY_KEY)
            yield self._row(w.OP_CANCEL, slot, viewed, key=key, x=number, y=OTHER_PAGE)

    def _pulse_rows(self, pulse: Pulse) -> Iterator[tuple[tuple[int, ...], Select]]:
        ops = {
            PulseKind.HAPPENED: w.OP_HAPPENED,
            PulseKind.KEYED_COUNT: w.OP_KEYED_COUNT,
            PulseKind.GROUPED_DISTINCT: w.OP_GROUPED_DISTINCT,
            PulseKind.THEN: w.OP_THEN,
        }
        if pulse.kind not in ops or pulse.select is None:
            return
        op, key, x, slot = ops[pulse.kind], KEY_NUMBER[pulse.key], 0, pulse.slot
        if slot is not None and slot.kind is SlotKind.ROOM_RECENT:
            op, x = w.OP_ROOM_THEN, self.room_slot_of[slot.id]
        cap = INSTANCES if pulse.kind is PulseKind.THEN else 0
        yield self._row(op, slot, pulse.select, key=key, cap=cap, x=x, pulse=pulse.id)

    def _row(
        self,
        op: int,
        slot: Slot | None,
        select: Select,
        *,
        key: int = 0,
        cap: int = 0,
        atoms: tuple[int, int] = (0, 0),
        x: int = 0,
        y: int = 0,
        pulse: int = 0,
    ) -> tuple[tuple[int, ...], Select]:
        off = self.offset_of.get(slot.id, 0) if slot is not None else 0
        number = -1 if select.where is None else self.filter_number[select.where]
        return (op, off, cap, number, *atoms, key, x, pulse, pulse, y), select

    def _lines(self, table: Any, start: Any) -> npt.NDArray[np.int32]:
        """Cache lines of a row that an event of each type touches, header first."""
        lines = np.full((len(CATALOG), PREFETCHED_LINES), -1, np.int32)
        header = range((self.bits_at + 2 * self.bit_words + LINE_WORDS - 1) // LINE_WORDS)
        for kind in range(len(CATALOG)):
            touched = dict.fromkeys(header)
            for row in table[start[kind] : start[kind + 1]]:
                off = int(row[w.I_OFF])
                if off:
                    touched[off // LINE_WORDS] = None
                    touched[(off + 3) // LINE_WORDS] = None
            chosen = [line for line in touched if line * LINE_WORDS < self.row_words]
            lines[kind, : len(chosen[:PREFETCHED_LINES])] = chosen[:PREFETCHED_LINES]
        return lines

    def _template(self) -> npt.NDArray[np.int32]:
        row = np.zeros(self.row_words, np.int32)
        for word in (
            w.LAST_SEEN, w.VISIT_START, w.LEFT_TIME, w.LAST_OPERATION, w.SHOWN_TIME, w.HIDDEN_FIRST,
            w.HIDDEN_LAST, w.IDLE_CLOCK, w.HIDDEN_CLOCK, w.VISIT_CLOCK, w.LEFT_CLOCK,
            w.VIEW_1_TIME, w.VIEW_2_TIME, w.STREAM_TIME,
        ):  # fmt: skip
            row[word] = w.NEVER
        row[[w.VISIT_ID, w.VIEW_1, w.VIEW_2, w.VIEW_1_PAGE, w.VIEW_2_PAGE]] = -1
        row[[w.TIMER_DUE, w.LEAVE_DUE]] = w.FAR
        row[w.HEADER : w.HEADER + self.due_words] = w.FAR
        for slot in self.program.slots:
            if slot.kind in {SlotKind.TIMES, SlotKind.EDGE}:
                off = self.offset_of[slot.id]
                row[off : off + (slot.need if slot.kind is SlotKind.TIMES else 1)] = w.NEVER
        return row

    def time_words(self) -> list[int]:
        """The words of a row that are times."""
        found = [
            w.LAST_SEEN, w.VISIT_START, w.LEFT_TIME, w.LAST_OPERATION, w.SHOWN_TIME, w.HIDDEN_FIRST,
            w.HIDDEN_LAST, w.IDLE_CLOCK, w.HIDDEN_CLOCK, w.VISIT_CLOCK, w.LEFT_CLOCK, w.VIEW_1_TIME,
            w.VIEW_2_TIME, w.STREAM_TIME, w.TIMER_DUE, w.LEAVE_DUE,
        ]  # fmt: skip
        found += range(w.HEADER, w.HEADER + self.due_words)
        for slot in self.program.slots:
            off = self.offset_of.get(slot.id, 0)
            if slot.kind is SlotKind.TIMES:
                found += range(off, off + slot.need)
            elif slot.kind is SlotKind.EDGE:
                found.append(off)
        return found

    def list_times(self) -> list[tuple[int, int, tuple[int, ...]]]:
        """Lists as (word of the row, width, which words of an entry are times)."""
        found: list[tuple[int, int, tuple[int, ...]]] = []
        for slot in self.program.slots:
            if slot.kind is SlotKind.PENDING:
                off = self.offset_of[slot.id]
                found += [(off, w.PENDING_WIDTH, (0, 2, 3)), (off + 2, 2, (0,))]
            elif slot.kind in WIDTH and not (slot.kind is SlotKind.PANES and slot.pane_ms == 0):
                found.append((self.offset_of[slot.id], WIDTH[slot.kind], (0,)))
        return found


def _flags() -> npt.NDArray[np.int64]:
    flags = np.zeros(len(CATALOG), np.int64)
    for code, event in enumerate(CATALOG):
        flags[code] |= w.F_OPERATION * event.operation | w.F_NEVER_LATE * event.never_late
    flags[CODE_BY_NAME["heartbeat"]] |= w.F_HEARTBEAT
    flags[CODE_BY_NAME["room_left"]] |= w.F_LEFT
    flags[CODE_BY_NAME["product_viewed"]] |= w.F_VIEWED
    flags[CODE_BY_NAME["room_entered"]] |= w.F_ENTERED
    for name in ("order_created", "order_paid", "order_cancelled", "order_refunded"):
        flags[CODE_BY_NAME[name]] |= w.F_ORDER
    return flags


def _int64(rows: list[Any], width: int) -> npt.NDArray[np.int64]:
    table = np.zeros((max(len(rows), 1), width), np.int64)
    if rows:
        table[: len(rows)] = np.array(rows, np.int64).reshape(-1, width)
    return table


def _csr(groups: list[list[Any]]) -> tuple[npt.NDArray[np.int32], list[Any]]:
    start = np.zeros(len(groups) + 1, np.int32)
    start[1:] = np.cumsum([len(group) for group in groups])
    return start, [row for group in groups for row in group]


def _bit_mask(bits: list[int], n_words: int) -> npt.NDArray[np.uint64]:
    mask = np.zeros(n_words, np.uint64)
    for bit in bits:
        mask[bit >> 6] |= np.uint64(1) << np.uint64(bit & 63)
    return mask


assert ALL == 1  # noqa: S101 — the kernels and this file agree on the modes of cancelling
