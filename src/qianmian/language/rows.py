"""Applied events of one viewer as explanations read them, and what a selection says about one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from qianmian.language.ast import And, Field, Hour, Node, Not, Or, Select, Value
from qianmian.vocabulary.zones import SHOP_ZONE, is_between, time_of_day

Held = Value | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One applied event: of the viewer, or of the room.

    Attributes:
        arrival_order: place in the order of application; unique and rising.
        products: of the event or of its items, each once.
        categories: parallel to products; alone when the event has no product.
        fields: everything else by canonical name (`amount`, `class` as a tuple, `visit`, `page_id`,
            `idle_ms`, `visible`, `room`; `viewer` for counts of distinct viewers).
        rank: below 0 for what a merge brought: of equal event times it stands before the rest.

    Units: event_time and clock in ms UTC; money in minor units.
    """

    message_id: str
    event_time: int
    arrival_order: int
    clock: int
    type: str
    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    fields: Mapping[str, Held] = field(default_factory=lambda: MappingProxyType({}))
    rank: int = 0

    @property
    def order(self) -> tuple[int, int, int]:
        """Place in the order of the viewer's events."""
        return (self.event_time, self.rank, self.arrival_order)


@dataclass(frozen=True, slots=True)
class Known:
    """What an explanation knows beside the events; the truth of it at the instant asked about.

    Attributes:
        tags: keys of the tags that hold.
        segments: keys of the segments that hold.
        facts: facts of the room by name.
        previous_visit_end: end of the last visit before these rows, from the facts; ms UTC.
        boundary: day boundary up to which facts go, ms UTC; None without facts.
        days_by_column: of each column that the facts carry the values by how many days ago.
        presence_none: the source has no heartbeats, so nobody leaves by silence.
    """

    traits: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    scores: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    tags: Collection[str] = ()
    segments: Collection[str] = ()
    facts: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    previous_visit_end: int | None = None
    boundary: int | None = None
    days_by_column: Mapping[str, Mapping[int, int]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    presence_none: bool = False

    def carries(self, column: str) -> bool:
        """Whether there are facts, and this column among them."""
        return self.boundary is not None and column in self.days_by_column

    def before(self, column: str, days: int) -> int:
        """What the facts say of so many days before their boundary; 0 where they say nothing."""
        by_day = self.days_by_column.get(column, {})
        return sum(value for ago, value in by_day.items() if ago <= days)

    def since(self, rows: Iterable[Row]) -> list[Row]:
        """Those that are not in the facts yet."""
        boundary = self.boundary
        return [row for row in rows if boundary is None or row.event_time >= boundary]


def is_selected(row: Row, select: Select) -> bool:
    """Whether the row is one of those events; an order that only a browser has told is none."""
    return row.fields.get("verified") != 0 and is_canceller(row, select)


def is_canceller(row: Row, select: Select) -> bool:
    """Whether the row cancels as one of those events does."""
    return row.type in select.types and (select.where is None or passes(row, select.where))


def passes(row: Row, predicate: Node) -> bool:
    """Whether a predicate holds for the row."""
    match predicate:
        case And(parts):
            return all(passes(row, part) for part in parts)
        case Or(parts):
            return any(passes(row, part) for part in parts)
        case Not(part):
            return not passes(row, part)
        case Field(name, cmp, value):
            return field_compares(row, name, cmp, value)
        case Hour(begin, end, zone):
            return is_between(time_of_day(zone or SHOP_ZONE, row.event_time), begin, end)
    return False


def values_of(row: Row, name: str) -> tuple[Value, ...]:
    """The values of a field: several for products and classes, none when it is absent."""
    if name == "product":
        return row.products
    if name == "category":
        return row.categories
    held = row.fields.get(name)
    if held is None:
        return ()
    return held if isinstance(held, tuple) else (held,)


def field_compares(row: Row, name: str, cmp: str, value: Value | tuple[Value, ...]) -> bool:
    """Whether a field compares so; false when absent.

    One item that fits is enough; for != all must differ.
    """
    held = values_of(row, name)
    if cmp == "!=":
        return bool(held) and all(compares(one, cmp, value) for one in held)
    return any(compares(one, cmp, value) for one in held)


def compares(held: Value, cmp: str, value: Value | tuple[Value, ...]) -> bool:
    """The truth of one comparison; values of different types are unequal and unordered."""
    if cmp == "in" and isinstance(value, tuple):
        return any(compares(held, "==", one) for one in value)
    if isinstance(value, tuple):
        return False
    is_text = isinstance(held, str)
    if is_text != isinstance(value, str) or isinstance(held, bool) != isinstance(value, bool):
        return cmp == "!="
    if cmp in ("==", "has"):
        return held == value
    if cmp == "!=":
        return held != value
    if isinstance(held, str) and isinstance(value, str):
        return value in held if cmp == "contains" else held.startswith(value)
    return not is_text and orders(_number(held), cmp, _number(value))


def _number(value: Value) -> int | float:
    return 0 if isinstance(value, str) else value


def orders(left: float, cmp: str, right: float) -> bool:
    """The truth of a comparison of numbers."""
    match cmp:
        case ">=":
            return left >= right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case "<":
            return left < right
        case "==":
            return left == right
    return left != right


def keys_of(row: Row, same: str | None) -> tuple[str | None, ...]:
    """The keys under which the row counts; (None,) without correlation, () when it has none."""
    if same not in ("product", "category"):
        return (None,)
    held = row.products if same == "product" else row.categories
    return tuple(dict.fromkeys(held))


def products_in(row: Row, category: str | None) -> tuple[str, ...]:
    """The products of the row, of one category when given."""
    if category is None:
        return row.products
    categories = row.categories
    if len(categories) == 1:
        categories = categories * len(row.products)
    pairs = zip(row.products, categories, strict=False)
    return tuple(product for product, held in pairs if held == category)
