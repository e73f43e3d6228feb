"""Definitions to one register program.

Slots, atoms, nodes and pulses are shared: asking twice for the same thing gives the same object.
The result depends only on the definitions and their order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from qianmian.errors import LimitExceeded, TypeProblem, UnknownName
from qianmian.language import ast
from qianmian.language.definition import FIRING_KINDS, Definition
from qianmian.language.fact_columns import adds_facts, column_of, is_long
from qianmian.language.formula import Formula, compared, cut, inputs_of, join, negate, table_of
from qianmian.language.instances import open_view
from qianmian.language.numbers import is_always_known, meaning
from qianmian.language.program import (
    INLINE_TIMES,
    INSTANCES,
    LIST_BOUND,
    PRESENT_BIT,
    PREVIOUS_BIT,
    ROOM_ATOMS,
    TOTAL_PANES,
    UNBOUNDED,
    VISIT,
    Atom,
    AtomKind,
    LookUp,
    Program,
    Pulse,
    PulseKind,
    Slot,
    SlotKind,
    Trigger,
)
from qianmian.language.room_events import (
    is_guard,
    is_of_room,
    is_room_level,
    is_room_moment,
    reads_room,
)
from qianmian.vocabulary.consent import tag_of_trait
from qianmian.vocabulary.time import DAY_MS

MAX_DEFINITIONS = 2_000
MAX_PANES = 10_000
LIVE_WINDOW_MS = 7 * 86_400_000
VIEWED = ast.Select(("product_viewed",))


def compile_program(
    definitions: Sequence[Definition], since: Sequence[int] = (), daily: Collection[str] = ()
) -> Program:
    """One program for all definitions.

    Args:
        since: for each definition the number of the change from which it counts (default: 0);
            only definitions of equal age share slots.

    Raises: DefinitionError with the key of the definition and what to change.
    Cost: O(nodes of all expressions); a few ms for 300 definitions.
    """
    if len(definitions) > MAX_DEFINITIONS:
        raise LimitExceeded(
            f"{len(definitions)} definitions are more than the {MAX_DEFINITIONS} that one shop may "
            "have active; retire some of them"
        )
    compiler = Compiler(definitions, since or [0] * len(definitions), daily)
    for index in range(len(definitions)):
        compiler.add(index)
    return compiler.program


class Compiler:
    """Collects slots, atoms, nodes, pulses and triggers of several definitions."""

    def __init__(
        self, definitions: Sequence[Definition], since: Sequence[int], daily: Collection[str] = ()
    ) -> None:
        self.since = since
        self.daily = daily
        self.program = Program(definitions=list(definitions))
        self.definitions = definitions
        self.index_by_name = {(one.kind, one.key): index for index, one in enumerate(definitions)}
        self._slots: dict[object, Slot] = {}
        self._atoms: dict[object, Atom] = {}
        self._atom_bits: set[int] = set()
        self._nodes: dict[object, int] = {}
        self._pulses: dict[object, Pulse] = {}
        self._filters: dict[ast.Node, int] = {}
        self._truth: dict[int, Formula] = {}
        self._path: list[str] = []
        self._next_bit = 0
        self._age = 0
        for kind in (PRESENT_BIT, PREVIOUS_BIT):
            self._atom(("fixed", kind), AtomKind.FIXED)

    def add(self, index: int) -> None:
        """Compile one definition."""
        definition = self.definitions[index]
        self._age = self.since[index]
        try:
            if definition.kind not in FIRING_KINDS:
                self.program.truth[index] = self._bit(self._truth_of(index))
            elif is_room_moment(definition.expr):
                self._room_filters(definition.expr)
            else:
                self._moment(index, definition.expr)
        except (TypeProblem, LimitExceeded, UnknownName) as problem:
            problem.args = (f"{definition.kind} {definition.key}: {problem.message}",)
            raise

    def _room_filters(self, expr: ast.Node) -> None:
        """The room stage reads the same filter columns as the rows."""
        for part in ast.walk(expr):
            if isinstance(part, ast.Select):
                self.filter_of(part)

    # -- levels

    def _truth_of(self, index: int) -> Formula:
        """The formula of a tag or segment, compiled once; a cycle is refused with its path."""
        if index in self._truth:
            return self._truth[index]
        key = self.definitions[index].key
        if key in self._path:
            circle = " -> ".join([*self._path[self._path.index(key) :], key])
            raise TypeProblem(f"definitions refer to each other in a circle: {circle}")
        self._path.append(key)
        age, self._age = self._age, self.since[index]
        try:
            formula = self.level(self.definitions[index].expr)
            if self.definitions[index].kind == "tag":
                formula = self._unless_withheld(formula, key)
            bit = self._bit(formula)
        finally:
            self._path.pop()
            self._age = age
        self._truth[index] = bit
        return bit

    def level(self, node: ast.Node) -> Formula:
        """The formula of a level expression."""
        match node:
            case ast.And(parts):
                return join("and", [self.level(part) for part in parts])
            case ast.Or(parts):
                return join("or", [self.level(part) for part in parts])
            case ast.Not(part):
                return negate(self.level(part))
            case ast.Tag(key):
                return self._reference("tag", key)
            case ast.Number() if is_always_known(node):
                return True
            case ast.TagNumber() | ast.Number():
                return self.level(meaning(node))
            case ast.InSegment(key):
                if key in self.daily and ("segment", key) not in self.index_by_name:
                    return self._atom(node, AtomKind.ATTRIBUTE, attribute=node).bit
                return self._reference("segment", key)
            case ast.Count(of, within, cmp, value, same) if is_room_level(node):
                return compared(cmp, value, lambda k: self._room_count(of, same, within, k))
            case ast.Count() | ast.Sum() if adds_facts(node):
                return self._total(node)
            case ast.Count(of, within, cmp, value, None):
                return compared(cmp, value, lambda k: self._count(of, within, k))
            case ast.Distinct(of, field, within, cmp, value, None):
                return compared(cmp, value, lambda k: self._distinct(of, field, within, k))
            case ast.Sum(of, _, within, cmp, value):
                return compared(cmp, value, lambda x: self._sum(of, within, x))
            case ast.TimeSince(of, cmp, value_ms):
                return self._time_since(of, cmp, value_ms)
            case ast.First(of, field, cmp, value) | ast.Last(of, field, cmp, value):
                return self._edge(of, ast.Field(field, cmp, value), last=isinstance(node, ast.Last))
        return self._state(node)

    def _state(self, node: ast.Node) -> Formula:
        match node:
            case ast.Viewing(for_ms, without, _, wait_ms):
                slot = self._view(without, node.same)
                key = ("view", slot.id, for_ms, wait_ms)
                return self._atom(key, AtomKind.VIEW, slot, live(for_ms), wait_ms=wait_ms).bit
            case ast.Idle(for_ms, on_page):
                if not on_page:
                    return self._atom(("idle", for_ms), AtomKind.IDLE, window_ms=live(for_ms)).bit
                slot, kind = self._view(None, "product"), AtomKind.IDLE_ON_PAGE
                self._atom(("open", slot.id), AtomKind.OPEN, slot)
                return self._atom(("page", for_ms, slot.id), kind, slot, live(for_ms)).bit
            case ast.Hidden(for_ms):
                return self._atom(("hidden", for_ms), AtomKind.HIDDEN, window_ms=live(for_ms)).bit
            case ast.InRoom(for_ms):
                return self._atom(("room", for_ms), AtomKind.IN_ROOM, window_ms=live(for_ms)).bit
            case ast.PreviousVisit(None):
                return PREVIOUS_BIT
            case ast.PreviousVisit(ago_ms):
                recent = self._atom(
                    ("previous", ago_ms), AtomKind.PREVIOUS_RECENT, window_ms=ago_ms or 0
                )
                return join("and", [PREVIOUS_BIT, ("not", recent.bit)])
            case ast.Trait(name):
                told = self._atom(node, AtomKind.ATTRIBUTE, attribute=node).bit
                tag = tag_of_trait(name)
                return told if tag is None else self._unless_withheld(told, tag)
            case ast.Score() | ast.InList():
                return self._atom(node, AtomKind.ATTRIBUTE, attribute=node).bit
            case ast.RoomFact():  # a tag follows the room, a moment looks at it when it fires
                kind = AtomKind.TAG_FACT if self._path else AtomKind.ROOM_FACT
                return self._atom((kind, node), kind, attribute=node).bit
        raise TypeProblem(
            f"{type(node).__name__} is an instant, not a state that can hold;"
            " use it as the start of a moment"
        )

    def _unless_withheld(self, formula: Formula, tag: str) -> Formula:
        """Nothing that a person took away holds of them."""
        atom = self._atom(("withheld", tag), AtomKind.WITHHELD, attribute=ast.Tag(tag))
        return join("and", [formula, negate(atom.bit)])

    def _reference(self, kind: str, key: str) -> Formula:
        index = self.index_by_name.get((kind, key))
        if index is None:
            known = [k for word, k in self.index_by_name if word == kind]
            raise UnknownName.of(kind, key, [*known, *(self.daily if kind == "segment" else ())])
        return self._truth_of(index)

    def _count(self, of: ast.Select, within: ast.Within, k: int) -> Formula:
        if k <= 0:
            return True
        if is_of_room(of):
            return self._room_count(of, None, within, k)
        window = window_of(within)
        if k > LIST_BOUND:
            return self._many(of, window, k)
        if k > INLINE_TIMES:
            slot = self._slot(SlotKind.TIMES_LIST, of, need=k)
            return self._atom((slot.id, window, k), AtomKind.PIVOT_LIST, slot, window, k).bit
        slot = self._slot(SlotKind.TIMES, of, need=k)
        return self._atom((slot.id, window, k), AtomKind.PIVOT_WORD, slot, window, k).bit

    def _room_count(self, of: ast.Select, same: str | None, within: ast.Within, k: int) -> Formula:
        if k <= 0:
            return True
        slot = self._slot(SlotKind.ROOM_TIMES, of, key=same, need=LIST_BOUND)
        window = within if isinstance(within, int) else window_of(within)
        return self._atom((slot.id, window, k), AtomKind.ROOM_LIST, slot, window, k).bit

    def _many(self, of: ast.Select, window: int, k: int) -> Formula:
        if k > MAX_PANES:
            raise LimitExceeded(f"count >= {k}: the largest threshold is {MAX_PANES}")
        if window == VISIT:
            raise LimitExceeded(
                f"count this visit >= {k}: within a visit at most {LIST_BOUND}; use a window"
            )
        pane_ms = 0 if window == UNBOUNDED else max(100, -(-window // 60))
        slot = self._slot(SlotKind.PANES, of, need=62, pane_ms=pane_ms)
        return self._atom((slot.id, window, k), AtomKind.PIVOT_SUM, slot, window, k).bit

    def _distinct(self, of: ast.Select, field: str, within: ast.Within, k: int) -> Formula:
        if k <= 0:
            return True
        if k > LIST_BOUND:
            raise LimitExceeded(f"distinct >= {k}: the largest threshold is {LIST_BOUND}")
        in_room, window = is_of_room(of), window_of(within)
        kind = SlotKind.ROOM_DISTINCT if in_room else SlotKind.RECENT
        slot = self._slot(kind, of, key=field, need=LIST_BOUND if in_room else k)
        asked = AtomKind.ROOM_LIST if in_room else AtomKind.PIVOT_LIST
        return self._atom((slot.id, window, k), asked, slot, window, k).bit

    def _sum(self, of: ast.Select, within: ast.Within, threshold: int) -> Formula:
        if threshold <= 0:
            return True
        slot = self._slot(SlotKind.AMOUNTS, of, need=LIST_BOUND)
        window = window_of(within)
        key = (slot.id, window, threshold)
        return self._atom(key, AtomKind.PIVOT_SUM, slot, window, threshold).bit

    def _total(self, node: ast.Count | ast.Sum) -> Formula:
        """Facts up to the day boundary and live since.

        A long window is unknown, and so false, without the facts; `ever` is what is live then.
        """
        days = column_of(node).days
        kind = SlotKind.TOTAL_COUNT if isinstance(node, ast.Count) else SlotKind.TOTAL_AMOUNT
        # the window is part of the slot: facts of 30 and of 90 days are different numbers
        slot = self._slot(kind, node.of, pane_ms=days * DAY_MS, need=TOTAL_PANES)

        def at_least(threshold: int) -> Formula:
            if threshold <= 0:
                return True
            key = (slot.id, threshold)
            return self._atom(key, AtomKind.PIVOT_SUM, slot, UNBOUNDED, threshold).bit

        reached = compared(node.cmp, node.value, at_least)
        if not is_long(node):
            return reached
        known = self._atom(("carried", slot.id), AtomKind.ATTRIBUTE, attribute=node).bit
        return join("and", [known, reached])

    def _time_since(self, of: ast.Select, cmp: str, value_ms: int) -> Formula:
        if cmp in {"==", "!="}:
            raise TypeProblem("time_since changes every millisecond; compare with >=, >, < or <=")
        window = value_ms + (cmp in {">", "<="})
        recent = self._count(of, window, 1) if window else False
        if cmp in {"<", "<="}:
            return recent
        return join("and", [self._count(of, "ever", 1), negate(recent)])

    def _edge(self, of: ast.Select, predicate: ast.Field, *, last: bool) -> Formula:
        in_room = is_of_room(of)
        kind = SlotKind.ROOM_EDGE if in_room else SlotKind.EDGE
        slot = self._slot(kind, of, predicate=predicate, last=last)
        return self._atom(
            (slot.id, "edge"), AtomKind.ROOM_EDGE if in_room else AtomKind.EDGE, slot
        ).bit

    # -- moments

    def _moment(self, index: int, expr: ast.Node) -> None:
        clauses = self._clauses(expr)
        if clauses:
            view = open_view(expr)
            for pulse, guards in clauses:
                keyless = view if pulse.key is None else None
                self._trigger(index, pulse=pulse.id, guard=join("and", guards), view=keyless)
            return
        parts = list(expr.parts) if isinstance(expr, ast.And) else [expr]
        live_parts = [part for part in parts if not reads_room(part)]
        if not live_parts:
            raise TypeProblem(
                "a fact or event of the room starts nothing by itself; join it with a behavior"
            )
        guard = join("and", [self.level(part) for part in parts if reads_room(part)])
        views = [part for part in live_parts if isinstance(part, ast.Viewing) and part.same]
        view = views[0] if len(views) == 1 else None
        if view is not None:
            rest = [self.level(part) for part in live_parts if part is not view]
            pulse = self._view_pulse(view)
            self._trigger(index, pulse=pulse.id, guard=join("and", [*rest, guard]))
            if not rest:
                return
        rising = self._bit(join("and", [self.level(part) for part in live_parts]))
        if rising in self._atom_bits:  # an atom may flip twice in one evaluation, a node once
            rising = self._node((rising,), table_of(rising, (rising,)))
        self._trigger(index, bit=rising, guard=guard, view=view)

    def _clauses(self, expr: ast.Node) -> list[tuple[Pulse, list[Formula]]]:
        """The pulses of an expression with their guards; empty when it is a level."""
        match expr:
            case ast.Or(parts):
                return [clause for part in parts for clause in self._clauses(part)]
            case ast.And(parts):
                inner = [(part, self._clauses(part)) for part in parts]
                pulses = [clauses for _, clauses in inner if clauses]
                if not pulses:
                    return []
                if len(pulses) > 1:
                    raise TypeProblem("two instants never coincide; use `then`")
                guards = [self.level(part) for part, clauses in inner if not clauses]
                return [(pulse, [*own, *guards]) for pulse, own in pulses[0]]
        pulse = self._pulse_of(expr)
        return [] if pulse is None else [(pulse, [])]

    def _pulse_of(self, node: ast.Node) -> Pulse | None:
        match node:
            case ast.Happened(of, same):
                return self._pulse(PulseKind.HAPPENED, select=of, key=keyed(same))
            case ast.VisitStarted():
                return self._pulse(PulseKind.VISIT_STARTED)
            case ast.Count(of, within, cmp, value, same) if same in ast.KEYS and not is_guard(node):
                threshold, window = value + (cmp == ">"), window_of(within)
                slot = self._slot(SlotKind.KEYED, of, key=same, need=threshold)
                return self._pulse(
                    PulseKind.KEYED_COUNT, slot, of, same, window, threshold=threshold
                )
            case ast.Distinct(of, "product", within, cmp, value, "category"):
                threshold, window = value + (cmp == ">"), window_of(within)
                slot = self._slot(SlotKind.GROUPED, of, key="product", need=threshold)
                return self._pulse(
                    PulseKind.GROUPED_DISTINCT, slot, of, "category", window, threshold=threshold
                )
            case ast.Then():
                return self._then(node)
            case ast.Without():
                return self._without(node)
        return None

    def _then(self, node: ast.Then) -> Pulse:
        key = keyed(node.same)
        kind = SlotKind.ROOM_RECENT if is_of_room(node.first) else SlotKind.RECENT
        slot = self._slot(kind, node.first, key=key, need=INSTANCES if key else 1)
        return self._pulse(
            PulseKind.THEN,
            slot,
            node.second,
            key,
            live(node.within_ms),
            same_visit=node.same == "visit",
        )

    def _without(self, node: ast.Without) -> Pulse:
        slot = self._slot(
            SlotKind.PENDING, node.first, key=keyed(node.same), second=node.second, need=INSTANCES
        )
        return self._pulse(
            PulseKind.PENDING, slot, None, slot.key, live(node.within_ms), wait_ms=node.wait_ms
        )

    def _view_pulse(self, view: ast.Viewing) -> Pulse:
        slot = self._view(view.without, view.same)
        return self._pulse(
            PulseKind.PENDING, slot, None, view.same, live(view.for_ms), wait_ms=view.wait_ms
        )

    def _view(self, without: ast.Select | None, same: str | None) -> Slot:
        return self._slot(
            SlotKind.PENDING,
            VIEWED,
            key="product",
            second=without,
            is_view=True,
            is_loose=without is not None and same is None,
            need=INSTANCES,
        )

    def _trigger(
        self,
        index: int,
        *,
        pulse: int = -1,
        bit: int = -1,
        guard: Formula = True,
        view: ast.Viewing | None = None,
    ) -> None:
        if guard is False:
            return
        guard_bit = -1 if guard is True else self._bit(guard)
        room_bits = tuple(
            atom.bit
            for atom in self.program.atoms
            if atom.kind in ROOM_ATOMS and guard_bit >= 0 and atom.bit in self._reads(guard)
        )
        slot, age = -1, 0
        if view is not None:
            slot, age = self._view(view.without, view.same).id, view.for_ms + view.wait_ms
        self.program.triggers.append(Trigger(index, pulse, bit, guard_bit, slot, age, room_bits))

    def _reads(self, formula: Formula) -> set[int]:
        """Every bit below a formula, through nodes."""
        inputs_by_bit = {node.bit: node.inputs for node in self.program.nodes}
        seen: set[int] = set()
        stack = list(inputs_of(formula))
        while stack:
            bit = stack.pop()
            if bit not in seen:
                seen.add(bit)
                stack.extend(inputs_by_bit.get(bit, ()))
        return seen

    # -- shared objects

    def filter_of(self, select: ast.Select) -> int:
        """The number of the filter of a selection, -1 for none."""
        return -1 if select.where is None else self._filter(select.where)

    def _filter(self, where: ast.Node) -> int:
        if where not in self._filters:
            self._filters[where] = len(self.program.filters)
            self.program.filters.append(where)
        return self._filters[where]

    def _slot(
        self,
        kind: SlotKind,
        of: ast.Select,
        *,
        key: str | None = None,
        second: ast.Select | None = None,
        predicate: ast.Node | None = None,
        last: bool = True,
        is_view: bool = False,
        is_loose: bool = False,
        pane_ms: int = 0,
        need: int = 1,
    ) -> Slot:
        identity = (kind, of, key, second, predicate, last, is_view, is_loose, pane_ms, self._age)
        slot = self._slots.get(identity)
        if slot is None:
            slot = Slot(
                len(self._slots),
                kind,
                of,
                key,
                second,
                predicate,
                last,
                is_view,
                is_loose,
                pane_ms,
                need,
                self._age,
            )
            self._slots[identity] = slot
            self.program.slots.append(slot)
            for select in (of, second):
                if select is not None:
                    self.filter_of(select)
            if predicate is not None:
                self._filter(predicate)
        slot.need = max(slot.need, need)
        return slot

    def _atom(
        self,
        identity: object,
        kind: AtomKind,
        slot: Slot | None = None,
        window_ms: int = UNBOUNDED,
        rank: int = 0,
        *,
        wait_ms: int = 0,
        attribute: ast.Node | None = None,
    ) -> Atom:
        atom = self._atoms.get(identity)
        if atom is None:
            atom = Atom(self._next_bit, kind, slot, window_ms, rank, wait_ms, attribute)
            self._next_bit += 1
            self._atoms[identity] = atom
            self._atom_bits.add(atom.bit)
            self.program.atoms.append(atom)
        return atom

    def _pulse(
        self,
        kind: PulseKind,
        slot: Slot | None = None,
        select: ast.Select | None = None,
        key: str | None = None,
        window_ms: int = 0,
        *,
        wait_ms: int = 0,
        threshold: int = 0,
        same_visit: bool = False,
    ) -> Pulse:
        identity = (kind, slot, select, key, window_ms, wait_ms, threshold, same_visit)
        pulse = self._pulses.get(identity)
        if pulse is None:
            pulse = Pulse(
                len(self._pulses),
                kind,
                slot,
                select,
                key,
                window_ms,
                wait_ms,
                threshold,
                same_visit,
            )
            self._pulses[identity] = pulse
            self.program.pulses.append(pulse)
            if select is not None:
                self.filter_of(select)
        return pulse

    def _bit(self, formula: Formula) -> int:
        """The bit that carries a formula (a constant becomes a node without inputs)."""
        return cut(formula, self._node)

    def _node(self, inputs: tuple[int, ...], table: int) -> int:
        identity = (inputs, table)
        if identity not in self._nodes:
            self._nodes[identity] = self._next_bit
            self.program.nodes.append(LookUp(self._next_bit, inputs, table))
            self._next_bit += 1
        return self._nodes[identity]


def window_of(within: ast.Within) -> int:
    """The window in ms, or UNBOUNDED or VISIT."""
    if isinstance(within, int):
        return live(within)
    return VISIT if within == "visit" else UNBOUNDED


def live(duration_ms: int) -> int:
    """The duration, if the live engine can hold it."""
    if duration_ms > LIVE_WINDOW_MS:
        raise LimitExceeded(
            "windows above 7d need the facts of history, which the live engine reads only as "
            "count(…) or sum(…) over whole days without a key, for example sum(order_paid.amount) "
            "within 30d >= ¥500; use at most 7d here, or make this part a daily tag"
        )
    return duration_ms


def keyed(same: str | None) -> str | None:
    """The correlation key, if there is one."""
    return same if same in ast.KEYS else None
