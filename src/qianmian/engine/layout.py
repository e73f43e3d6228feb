"""A register program to tables: where slots and bits stand in a row, and what each event does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qianmian.engine import words as w
from qianmian.engine.event_flags import event_flags
from qianmian.engine.families import Family, families_of
from qianmian.engine.instances import ALL, ANY_KEY, BY_KEY, LARGEST, OTHER_PAGE
from qianmian.engine.reach import LINE_WORDS, blocks_of, lines_of
from qianmian.engine.tabular import bit_mask, csr, int64_table
from qianmian.language.ast import Field, Select, Trait
from qianmian.language.program import (
    INSTANCES,
    LIST_BOUND,
    ROOM_SLOTS,
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
ROOM_KEPT = {
    SlotKind.ROOM_RECENT: INSTANCES,
    SlotKind.ROOM_TIMES: LIST_BOUND,
    SlotKind.ROOM_DISTINCT: LIST_BOUND,
    SlotKind.ROOM_EDGE: 2,  # time and truth, and the number compared
}
"""How many entries a slot of the room keeps."""
TOTALS = (SlotKind.TOTAL_COUNT, SlotKind.TOTAL_AMOUNT)
KEYED = (SlotKind.KEYED, SlotKind.GROUPED)
PRESENCE_ATOMS = {AtomKind.IDLE, AtomKind.IDLE_ON_PAGE, AtomKind.HIDDEN, AtomKind.IN_ROOM}
ABOUT_PAGES = {AtomKind.VIEW, AtomKind.OPEN, AtomKind.IDLE_ON_PAGE}
PIVOTS = {
    AtomKind.PIVOT_WORD,
    AtomKind.PIVOT_LIST,
    AtomKind.PIVOT_SUM,
    AtomKind.PREVIOUS_RECENT,
}


class Tables(NamedTuple):
    """What the kernels read; rebuilt whenever the definitions change.

    Shapes: M int64[16]; INS int32[n, 11] with INS0 offsets per event type; A int64[n_bits, 5];
    TIMED, RISES uint64[bit_words]; NODE int32[n_nodes, 8]; TRUTH uint64[n_nodes]; FAN0, FAN as CSR
    by bit; PF, PS, PP, PV int64; ST int64[n, 4]; PUL int64[n, 4]; TRIG int64[n, 8] with TRIG0
    offsets per source; RF, TF int64[n, 6]; DEFINITION int64[n, 2]; LISTS, TOTALS words of the row;
    ATTRIBUTE_WORDS int32[n] (the word of the time at which each trait was told) and ATTRIBUTE_BITS
    uint64[n, bit_words] (its atoms); TEMPLATE int32[row_words].
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
    PF: npt.NDArray[np.int64]
    PS: npt.NDArray[np.int64]
    PP: npt.NDArray[np.int64]
    PV: npt.NDArray[np.int64]
    ST: npt.NDArray[np.int64]
    PUL: npt.NDArray[np.int64]
    TRIG: npt.NDArray[np.int64]
    TRIG0: npt.NDArray[np.int32]
    RF: npt.NDArray[np.int64]
    TF: npt.NDArray[np.int64]
    GUARD_NODES: npt.NDArray[np.int32]
    DEFINITION: npt.NDArray[np.int64]
    VISIT_ATOMS: npt.NDArray[np.int32]
    PREVIOUS_ATOMS: npt.NDArray[np.int32]
    LISTS: npt.NDArray[np.int32]
    TOTALS: npt.NDArray[np.int32]
    TOTAL_ATOMS: npt.NDArray[np.int32]
    LINES: npt.NDArray[np.int32]
    BLOCKS: npt.NDArray[np.int32]
    ATTRIBUTE_WORDS: npt.NDArray[np.int32]
    ATTRIBUTE_BITS: npt.NDArray[np.uint64]
    TEMPLATE: npt.NDArray[np.int32]


def signature(slot: Slot) -> tuple[object, ...]:
    """What makes two slots of different programs hold the same thing."""
    return (
        slot.kind, slot.of, slot.key, slot.second, slot.predicate, slot.last, slot.is_view,
        slot.is_loose, slot.pane_ms, slot.since,
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
        self.attribute_words: dict[str, int] = {}
        self.families = families_of(program.slots)
        self.pending = [slot for family in self.families for slot in family.members]
        self.totals = [slot for slot in program.slots if slot.kind in TOTALS]
        self.pending_number = {slot.id: number for number, slot in enumerate(self.pending)}
        self.family_at: list[int] = []
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
                if atom.slot is slot and atom.kind not in ABOUT_PAGES:
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
        for family in self.families:
            self.family_at.append(at)
            at += 4 if family.is_view else 2
        for slot in sorted(self.program.slots, key=_first_event):
            if slot.kind in ROOM_SLOTS:
                self.room_slot_of[slot.id] = len(self.room_slot_of)
                continue
            self.offset_of[slot.id] = at
            at += self.words_of(slot)
        for atom in self.program.atoms:
            trait = atom.attribute
            if isinstance(trait, Trait) and trait.name not in self.attribute_words:
                self.attribute_words[trait.name] = at
                at += 2  # when it was told, and the rank of who told it
        self.row_words = -(-at // LINE_WORDS) * LINE_WORDS
        self.used_words = at

    @staticmethod
    def words_of(slot: Slot) -> int:
        """Words of a slot in the row."""
        if slot.kind is SlotKind.TIMES:
            return slot.need
        if slot.kind is SlotKind.PENDING and slot.second is None:
            return 0
        return 4 if slot.kind is SlotKind.EDGE else 2

    @staticmethod
    def capacity_of(slot: Slot) -> int:
        """How many entries the slot keeps; of each key, where its list is keyed."""
        if slot.kind is SlotKind.RECENT and slot.key is not None:
            return max(slot.need, INSTANCES)
        is_bounded = slot.kind not in {SlotKind.PANES, *TOTALS}
        return min(slot.need, LIST_BOUND) if is_bounded else slot.need

    # -- tables

    def tables(self, definition_rows: list[tuple[int, int]]) -> Tables:
        """All tables; `definition_rows` gives each definition's lasting number and `again` (ms)."""
        nodes, truth, fan0, fan = self._network()
        members, pulses_of, views_of = self._members()
        triggers, trigger0, facts, guard_nodes = self._triggers()
        instructions, instruction0 = self._instructions()
        states = self._states()
        kept = [atom for atom in self.program.atoms if atom.kind is AtomKind.TAG_FACT]
        visit_pulse = [p.id for p in self.program.pulses if p.kind is PulseKind.VISIT_STARTED]
        lists = self._lists()
        # the lines of one order may make a keyed list grow through blocks of every size
        keyed = [slot for slot in self.program.slots if slot.kind in KEYED]
        meta = np.zeros(16, np.int64)
        meta[:11] = (
            self.bits_at // 2,
            self.due_words,
            len(self.program.nodes),
            -(-max(len(self.program.nodes), 1) // 64),
            len(self.families),
            len(states),
            self.bit_words * 64,
            visit_pulse[0] if visit_pulse else -1,
            self.row_words,
            4_096 + LARGEST * (len(lists) + len(self.totals) + len(keyed) + 1),
            len(kept),
        )
        return Tables(
            M=meta,
            INS=instructions,
            INS0=instruction0,
            FLAGS=event_flags(),
            A=self._atoms(),
            TIMED=self._mask(lambda a: a.kind in PIVOTS and a.window_ms >= 0),
            RISES=self._rises(),
            NODE=nodes,
            TRUTH=truth,
            FAN0=fan0,
            FAN=fan,
            PF=self._family_table(),
            PS=members,
            PP=pulses_of,
            PV=views_of,
            ST=int64_table(states, 4),
            PUL=self._pulses(),
            TRIG=triggers,
            TRIG0=trigger0,
            RF=facts,
            TF=int64_table([(self.bit_of[a.bit], *self._asked_of_room(a)) for a in kept], 6),
            GUARD_NODES=guard_nodes,
            DEFINITION=int64_table(definition_rows, 2),
            VISIT_ATOMS=self._bits(lambda a: a.window_ms == VISIT and a.kind in PIVOTS),
            PREVIOUS_ATOMS=self._bits(lambda a: a.kind is AtomKind.PREVIOUS_RECENT),
            LISTS=np.array(lists, np.int32),
            TOTALS=np.array([self.offset_of[slot.id] for slot in self.totals], np.int32),
            TOTAL_ATOMS=self._bits(lambda a: a.slot is not None and a.slot.kind in TOTALS),
            LINES=lines_of(instructions, instruction0, self.bits_at + 2 * self.bit_words),
            BLOCKS=blocks_of(instructions, instruction0, set(lists), self.family_at),
            ATTRIBUTE_WORDS=np.array(list(self.attribute_words.values()), np.int32),
            ATTRIBUTE_BITS=self._attribute_bits(),
            TEMPLATE=self._template(),
        )

    def _lists(self) -> list[int]:
        found = [off for off, _, _ in self.list_times()]
        panes = [slot for slot in self.program.slots if slot.kind is SlotKind.PANES]
        return found + [self.offset_of[slot.id] for slot in panes if slot.pane_ms == 0]

    def cancellers_of(self, slot: Slot) -> int:
        """The word of a pending slot's list of its own cancellers, -1 if nothing cancels it."""
        return -1 if slot.second is None else self.offset_of[slot.id]

    def _family_table(self) -> npt.NDArray[np.int64]:
        rows, first = [], 0
        for family, at in zip(self.families, self.family_at, strict=True):
            last = first + len(family.members)
            key = KEY_NUMBER[family.members[0].key]
            rows.append((at, family.width, first, last, int(family.is_view), key))
            first = last
        return int64_table(rows, 6)

    def _atoms(self) -> npt.NDArray[np.int64]:
        table = np.full((self.bit_words * 64, 5), -9, np.int64)
        for atom in self.program.atoms:
            row = table[self.bit_of[atom.bit]]
            row[[w.A_KIND, w.A_WINDOW, w.A_RANK]] = int(atom.kind), atom.window_ms, atom.rank
            slot = atom.slot
            if slot is not None and slot.id in self.offset_of:
                row[w.A_OFF] = self.offset_of[slot.id]
                row[w.A_WIDTH] = WIDTH.get(slot.kind, 1)
                if atom.kind is AtomKind.PIVOT_WORD:
                    row[w.A_OFF] += atom.rank - 1
        return table

    def _states(self) -> list[tuple[int, ...]]:
        """Kind, time and bit of each state, and the bit without which it never holds (0: none)."""
        open_of = self._open_bits()
        found: list[tuple[int, ...]] = []
        for atom in self.program.atoms:
            if atom.kind in PRESENCE_ATOMS:
                page = 0 if atom.slot is None else open_of[atom.slot.id]
                found.append((int(atom.kind), atom.window_ms, self.bit_of[atom.bit], page))
        return found

    def _open_bits(self) -> dict[int, int]:
        """By slot of a view the bit that says whether a page is open, where it is asked for."""
        atoms = [atom for atom in self.program.atoms if atom.kind is AtomKind.OPEN]
        return {atom.slot.id: self.bit_of[atom.bit] for atom in atoms if atom.slot is not None}

    @cached_property
    def attribute_mask(self) -> npt.NDArray[np.uint64]:
        """The atoms that attributes of a viewer decide: traits and what only facts know."""
        return self._mask(lambda atom: atom.kind is AtomKind.ATTRIBUTE)

    def _attribute_bits(self) -> npt.NDArray[np.uint64]:
        """The atoms of each trait, in the order of `attribute_words`."""
        bits: dict[str, list[int]] = {name: [] for name in self.attribute_words}
        for atom in self.program.atoms:
            if isinstance(atom.attribute, Trait):
                bits[atom.attribute.name].append(self.bit_of[atom.bit])
        masks = [bit_mask(mine, self.bit_words) for mine in bits.values()]
        return np.array(masks, np.uint64).reshape(-1, self.bit_words)

    def _bits(self, wanted: Callable[[Atom], bool]) -> npt.NDArray[np.int32]:
        return np.array([self.bit_of[a.bit] for a in self.program.atoms if wanted(a)], np.int32)

    def _mask(self, wanted: Callable[[Atom], bool]) -> npt.NDArray[np.uint64]:
        return bit_mask(self._bits(wanted).tolist(), self.bit_words)

    def _rises(self) -> npt.NDArray[np.uint64]:
        rising = [self.bit_of[t.bit] for t in self.program.triggers if t.bit >= 0]
        return bit_mask(rising, self.bit_words)

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
        start, flat = csr(above)
        return table, truth, start, np.array(flat or [0], np.int32)

    def _members(self) -> tuple[Any, Any, Any]:
        rows: list[tuple[int, ...]] = []
        pulse_rows: list[tuple[int, ...]] = []
        view_rows: list[tuple[int, ...]] = []
        open_of = self._open_bits()
        places = [(f, k) for f, one in enumerate(self.families) for k in range(len(one.members))]
        for slot, (family, place) in zip(self.pending, places, strict=True):
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
                    family, w.N_ENDS + place, self.cancellers_of(slot),
                    p0, len(pulse_rows), v0, len(view_rows), min((t for t, _ in spans), default=0),
                    max((t + wait for t, wait in spans), default=0),
                    open_of.get(slot.id, 0),
                )
            )  # fmt: skip
        return int64_table(rows, 10), int64_table(pulse_rows, 4), int64_table(view_rows, 3)

    def _pulses(self) -> npt.NDArray[np.int64]:
        return int64_table(
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
                facts.append((self.bit_of[bit], *self._asked_of_room(atom_by_bit[bit])))
            guard_nodes += self._above(trigger.room_bits)
            source = self.bit_words * 64 + trigger.pulse
            if trigger.bit >= 0:
                source = self.bit_of[trigger.bit]
            sources[source].append(
                (
                    trigger.definition,
                    self.bit_of[trigger.guard] if trigger.guard >= 0 else -1,
                    self.pending_number.get(trigger.view, -1),
                    first_fact, len(facts), first_node, len(guard_nodes), trigger.view_ms,
                )
            )  # fmt: skip
        start, flat = csr(sources)
        return (
            int64_table(flat, 8),
            start,
            int64_table(facts, 6),
            np.array(guard_nodes or [0], np.int32),
        )

    def _asked_of_room(self, atom: Atom) -> tuple[int, ...]:
        """Column or slot, question, value or how many, whether the key counts, and the window."""
        slot = atom.slot
        if slot is None:
            return (*self.room_fact(atom.attribute), 0)
        question = w.ROOM_KEPT if atom.kind is AtomKind.ROOM_EDGE else w.ROOM_COUNT
        is_keyed = slot.kind is SlotKind.ROOM_TIMES and slot.key is not None
        place = self.room_slot_of[slot.id]
        return (place, question, atom.rank, int(is_keyed), atom.window_ms)

    @property
    def room_shape(self) -> tuple[int, int]:
        """Slots of a room, and entries of the longest of them."""
        kinds = {slot.kind for slot in self.program.slots if slot.id in self.room_slot_of}
        return max(len(self.room_slot_of), 1), max((ROOM_KEPT[kind] for kind in kinds), default=1)

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
        start, flat = csr(by_type)
        table = np.array(flat, np.int32).reshape(-1, w.INSTRUCTION)
        return np.ascontiguousarray(table), start

    def _rows(self) -> Iterator[tuple[tuple[int, ...], Select]]:
        """Every instruction with the events that run it."""
        for slot in self.program.slots:
            if slot.kind not in ROOM_SLOTS and slot.kind is not SlotKind.PENDING:
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
        for number, family in enumerate(self.families):
            yield from self._family_rows(number, family)
        for pulse in self.program.pulses:
            yield from self._pulse_rows(pulse)

    def _family_rows(self, x: int, family: Family) -> Iterator[tuple[tuple[int, ...], Select]]:
        one, at = family.members[0], self.family_at[x]
        key = KEY_NUMBER[one.key]
        yield self._row(w.OP_ARM, None, one.of, off=at, key=key, x=x)
        for slot in family.members:
            if slot.second is not None:
                any_key, mode = (0, ANY_KEY) if slot.is_loose else (key, BY_KEY)
                number = self.pending_number[slot.id]
                yield self._row(
                    w.OP_CANCEL, slot, slot.second, key=any_key, x=x, y=mode, pulse=number
                )
        if family.is_view:
            left, viewed = Select(("product_left",)), Select(("product_viewed",))
            yield self._row(w.OP_END, None, left, off=at, key=key, x=x, y=BY_KEY)
            yield self._row(w.OP_END, None, viewed, off=at, key=key, x=x, y=OTHER_PAGE)

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
        off: int = 0,
        key: int = 0,
        cap: int = 0,
        atoms: tuple[int, int] = (0, 0),
        x: int = 0,
        y: int = 0,
        pulse: int = 0,
    ) -> tuple[tuple[int, ...], Select]:
        off = self.offset_of.get(slot.id, 0) if slot is not None else off
        number = -1 if select.where is None else self.filter_number[select.where]
        return (op, off, cap, number, *atoms, key, x, pulse, pulse, y), select

    def _template(self) -> npt.NDArray[np.int32]:
        row = np.zeros(self.row_words, np.int32)
        for word in (
            w.LAST_SEEN, w.VISIT_START, w.LEFT_TIME, w.LAST_OPERATION, w.SHOWN_TIME, w.HIDDEN_FIRST,
            w.HIDDEN_LAST, w.IDLE_CLOCK, w.HIDDEN_CLOCK, w.VISIT_CLOCK, w.LEFT_CLOCK,
            w.VIEW_1_TIME, w.VIEW_2_TIME, w.STREAM_TIME,
        ):  # fmt: skip
            row[word] = w.NEVER
        row[[w.VISIT_ID, w.VIEW_1, w.VIEW_2, w.VIEW_1_PAGE, w.VIEW_2_PAGE]] = -1
        row[[w.TIMER_DUE, w.STATE_DUE, w.LEAVE_DUE, w.ROW_DUE]] = w.FAR
        row[w.HEADER : w.HEADER + self.due_words] = w.FAR
        row[list(self.attribute_words.values())] = w.NEVER  # their ranks are 0: anything counts
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
            w.VIEW_2_TIME, w.STREAM_TIME, w.ROW_DUE, w.TIMER_DUE, w.STATE_DUE, w.LEAVE_DUE,
        ]  # fmt: skip
        found += range(w.HEADER, w.HEADER + self.due_words)
        found += self.attribute_words.values()
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
        for family, at in zip(self.families, self.family_at, strict=True):
            found.append((at, family.width, (w.N_TIME, w.N_CLOCK, *range(w.N_ENDS, family.width))))
            if family.is_view:
                found.append((at + 2, 2, (0,)))
        for slot in self.program.slots:
            if slot.kind is SlotKind.PENDING and slot.second is not None:
                found.append((self.offset_of[slot.id], 2, (0,)))
            elif slot.kind in WIDTH and not (slot.kind is SlotKind.PANES and slot.pane_ms == 0):
                found.append((self.offset_of[slot.id], WIDTH[slot.kind], (0,)))
        return found


def _first_event(slot: Slot) -> list[int]:
    """What an event touches should lie together: slots are ordered by their events."""
    return sorted(CODE_BY_NAME[name] for name in slot.of.types)


assert ALL == 1  # noqa: S101 — the kernels and this file agree on the modes of cancelling
