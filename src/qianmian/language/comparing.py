"""First and last are one operator with two ends; count and distinct share their window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from qianmian.errors import TypeProblem
from qianmian.language.ast import COMPARISONS, And, Field, First, Hour, Last, Node, Or, Select
from qianmian.language.kinds import LEVEL, ROOM_LEVEL, Kind
from qianmian.language.names import check_field_of, field_type
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Phrase, Titled, compared, literal, phrase
from qianmian.language.relations import AsOf, Relation, RoomWide, Scan
from qianmian.language.room_events import check_owner, is_of_room
from qianmian.language.values import check_cmp, check_comparison, duration, money, scalar

NEEDED_MORE = {">=": 0, "<": 0, ">": 1, "<=": 1, "==": 1, "!=": 1}
"""How many entries beyond the threshold must be kept to decide the comparison."""

EXPECTED = {
    "string": "string",
    "text": "string",
    "int": "number",
    "money": "number",
    "bool": "bool",
}
"""Type of value that a type of field takes."""


def check_field_value(field: str, cmp: str, value: object) -> None:
    """Refuse a comparison that the type of the field does not allow."""
    kind = field_type(field)
    if kind == "classes":
        raise TypeProblem(f'"{field}" holds several names; write {field} has NAME')
    check_comparison(f'"{field}"', cmp, value, EXPECTED[kind])
    many = value if isinstance(value, tuple) else (value,)
    if kind in ("int", "money") and any(isinstance(one, float) for one in many):
        raise TypeProblem(f'"{field}" holds whole numbers; write one without a fraction')


def field_value(field: str, value: object) -> str:
    """The text of a value compared with a field."""
    if field_type(field) == "money" and isinstance(value, int):
        return money(value)
    return scalar(value)


def where_part(select: Select, text: TextOf) -> str:
    """The text of a `where` with a space before it, or nothing."""
    if select.where is None:
        return ""
    inner = text(select.where)
    return f" where {inner}" if isinstance(select.where, Field | Hour) else f" where ({inner})"


def of_field(select: Select, field: str, text: TextOf) -> str:
    """The text of `events.field where …` in the parentheses of an aggregate."""
    events = text(replace(select, where=None))
    return f"{events}.{field}{where_part(select, text)}"


def inside(select: Select, text: TextOf) -> str:
    """The events without parentheses of their own where those of the aggregate are enough."""
    shown = text(select)
    return shown[1:-1] if select.where is None and shown.startswith("(") else shown


def windowed(select: Select, within: int | str | None, plan: Callable[[Node], Relation]) -> Scan:
    """The scan of a selection in a window."""
    scan = plan(select)
    if not isinstance(scan, Scan):  # pragma: no cover - the plan of a Select is a Scan
        raise TypeProblem("a selection of events is expected")
    return replace(scan, since=within)


def edge_operator(name: Literal["first", "last"], node: type[First | Last]) -> Operator:
    """The operator `first` or `last`."""

    def verify(self: First | Last) -> None:
        check_owner(self.of, f"{name}(…)")
        check_field_of(self.field, self.of.types)
        check_cmp(self.cmp, COMPARISONS, f"{name}(….{self.field})")
        check_field_value(self.field, self.cmp, self.value)

    def check(self: First | Last, kind: Callable[[Node], Kind]) -> Kind:
        kind(self.of)
        return ROOM_LEVEL if is_of_room(self.of) else LEVEL

    def show(self: First | Last, text: TextOf) -> str:
        value = field_value(self.field, self.value)
        return f"{name}({of_field(self.of, self.field, text)}) {self.cmp} {value}"

    def sentence(self: First | Last) -> Phrase:
        is_money = field_type(self.field) == "money"
        value = compared(self.cmp, literal(self.value, is_money=is_money))
        return phrase(name, events=self.of, field=Titled("field", self.field), value=value)

    def plan(self: First | Last, part: Callable[[Node], Relation]) -> Relation:
        edge = AsOf(windowed(self.of, "ever", part), name, self.field, self.cmp, self.value)
        return RoomWide(edge) if is_of_room(self.of) else edge

    forms: Any = (("of", "select"), ("field", "string"), ("cmp", "string"), ("value", "value"))
    return Operator(
        name=name,
        node=node,
        forms=forms,
        show=show,
        sentence=sentence,
        plan=plan,
        check=check,
        verify=verify,
    )


def wait(ms: int) -> str:
    """The text of a `wait` with a space before it, or nothing."""
    return f" wait {duration(ms)}" if ms else ""


def check_parts(parts: object, word: str) -> None:
    """Refuse a list with fewer than two parts."""
    if not isinstance(parts, tuple) or len(parts) < 2:
        raise TypeProblem(f"{word} joins at least two parts")


def flattened(node: type[And | Or], parts: tuple[Node, ...]) -> Node:
    """One node of that class, with the parts of parts of the same class in their place."""
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, node) else (part,))
    return flat[0] if len(flat) == 1 else node(tuple(flat))
