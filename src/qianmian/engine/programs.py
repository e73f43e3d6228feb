"""From definitions to what the shards need: program, layout, tables and lasting numbers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from qianmian.engine.layout import Layout, Tables
from qianmian.engine.predicates import COMPARE
from qianmian.engine.prepare import Names
from qianmian.errors import TypeProblem, UnknownName
from qianmian.language import ast
from qianmian.language.compile import compile_program
from qianmian.language.definition import Definition
from qianmian.language.edits import keeps_state
from qianmian.language.fact_columns import (
    EVER_DAYS,
    FactColumn,
    column_name,
    column_of,
    list_column,
)
from qianmian.language.program import AtomKind, Slot, SlotKind
from qianmian.language.room_events import is_room_moment
from qianmian.vocabulary.time import DAY_MS

ROOM_FACTS = {
    "presenting": 0,
    "product": 0,
    "category": 1,
    "stage": 2,
    "online": 8,
    "gmv": 9,
    "orders_per_min": 10,
}


NUMBERS = 8


class NamedLayout(Layout):
    """A layout that knows the codes of names, so that facts of the room can be compared."""

    def __init__(
        self,
        definitions: Sequence[Definition],
        since: Sequence[int],
        names: Names,
        daily: Collection[str] = (),
    ) -> None:
        self.names = names
        super().__init__(compile_program(definitions, since, daily))
        self.total_columns = [_column_of(slot) for slot in self.totals]

    def room_fact(self, node: object) -> tuple[int, int, int, int]:
        """Column, comparison, value, and whether the value is the firing's key."""
        if not isinstance(node, ast.RoomFact):
            raise TypeProblem("not a fact of the room")
        column = ROOM_FACTS.get(node.name)
        if column is None:
            raise UnknownName.of("fact of the room", node.name, ROOM_FACTS)
        comparison = list(COMPARE).index(node.cmp)
        if node.value is None:
            return column, comparison, -1, 1
        if isinstance(node.value, str):
            codes = (
                self.names.products
                if column == 0
                else self.names.categories
                if column == 1
                else self.names.texts
            )
            return column, comparison, codes.intern(node.value), 0
        return column, comparison, int(node.value), 0


def _column_of(slot: Slot) -> FactColumn:
    """The fact column that a total stands on."""
    within: ast.Within = "ever" if slot.pane_ms == EVER_DAYS * DAY_MS else slot.pane_ms
    if slot.kind is SlotKind.TOTAL_AMOUNT:
        return column_of(ast.Sum(slot.of, "amount", within, ">=", 1))
    return column_of(ast.Count(slot.of, within, ">=", 1))


@dataclass(frozen=True, slots=True)
class Plan:
    """Definitions made ready.

    Under the lasting `numbers` the once-set knows them; `since` is the number of the change from
    which each counts. Both are kept where an edit keeps the state (`language/edits.py`).
    `attribute_bits` are (bit, name, comparison, value) of what is asked of a viewer's attributes,
    `withheld_bits` (bit, level) of what a viewer may have taken away.
    """

    definitions: tuple[Definition, ...]
    numbers: tuple[int, ...]
    since: tuple[int, ...]
    layout: NamedLayout
    key_of: tuple[str | None, ...]
    room_moments: tuple[Definition, ...]
    room_slots: tuple[tuple[Slot, int], ...]
    reads_numbers: bool
    attribute_bits: list[tuple[int, str, str, object]]
    withheld_bits: list[tuple[int, str]]

    def kept_from(self, before: Plan) -> set[str]:
        """Keys of the definitions that kept their state since the plan before."""
        pairs = zip(self.definitions, self.numbers, strict=True)
        return {one.key for one, number in pairs if number in before.numbers}

    def fresh_tables(self) -> Tables:
        """Tables of one shard (its template row is settled in place)."""
        rows = [
            (number, -1 if one.again_after_ms is None else one.again_after_ms)
            for one, number in zip(self.definitions, self.numbers, strict=True)
        ]
        return self.layout.tables(rows)


def plan_of(
    definitions: Sequence[Definition],
    names: Names,
    before: Plan | None,
    daily: Collection[str] = (),
) -> Plan:
    """Compile and lay out; `daily` segments come with facts.

    A definition whose state an edit keeps has the number and the age it had, and with them its
    once-set and its slots; any other gets new ones.
    """
    if before is None:
        n = len(definitions)
        return planned(definitions, names, range(n), [0] * n, daily)
    following, age = max(before.numbers, default=-1) + 1, max(before.since, default=0) + 1
    places = {(one.kind, one.key): at for at, one in enumerate(before.definitions)}
    numbers, since = [], []
    for one in definitions:
        at = places.get((one.kind, one.key))
        if at is not None and keeps_state(before.definitions[at].expr, one.expr):
            numbers.append(before.numbers[at])
            since.append(before.since[at])
        else:
            numbers.append(following)
            since.append(age)
            following += 1
    return planned(definitions, names, numbers, since, daily)


def planned(
    definitions: Sequence[Definition],
    names: Names,
    numbers: Sequence[int],
    since: Sequence[int],
    daily: Collection[str] = (),
) -> Plan:
    """The plan of definitions with these lasting numbers and ages."""
    given = tuple(definitions)
    layout = NamedLayout(given, since, names, daily)
    program = layout.program
    return Plan(
        definitions=given,
        numbers=tuple(numbers),
        since=tuple(since),
        layout=layout,
        key_of=tuple(key_of(one.expr) for one in given),
        room_moments=tuple(one for one in given if is_room_moment(one.expr)),
        room_slots=tuple(
            (s, layout.room_slot_of[s.id]) for s in program.slots if s.id in layout.room_slot_of
        ),
        reads_numbers=any(
            isinstance(part, ast.RoomFact) and ROOM_FACTS.get(part.name, 0) >= NUMBERS
            for one in given
            for part in ast.walk(one.expr)
        ),
        attribute_bits=[
            (layout.bit_of[atom.bit], *question_of(atom.attribute))
            for atom in program.atoms
            if atom.kind is AtomKind.ATTRIBUTE and atom.attribute is not None
        ],
        withheld_bits=[
            (layout.bit_of[atom.bit], atom.attribute.key)
            for atom in program.atoms
            if atom.kind is AtomKind.WITHHELD and isinstance(atom.attribute, ast.Tag)
        ],
    )


def question_of(node: ast.Node) -> tuple[str, str, object]:
    """Name, comparison and value of what an attribute atom asks of a viewer."""
    match node:
        case ast.Trait(name, cmp, value):
            return name, cmp, value
        case ast.Score(key, cmp, number):
            return f"score.{key}", cmp, number
        case ast.InSegment(key):
            return f"segment.{key}", "==", True
        case ast.InList(key):
            return f"segment.{list_column(key)}", "==", True
    assert isinstance(node, ast.Count | ast.Sum)  # noqa: S101 — the facts carry its column
    return f"days.{column_name(node)}", "==", True


def key_of(node: ast.Node) -> str | None:
    """Whether the firings of an expression are keyed by product or by category."""
    for part in ast.walk(node):
        same = getattr(part, "same", None)
        if same in ast.KEYS:
            return str(same)
    return None
