"""The nodes of the condition language: plain frozen data, one class per operator.

Three kinds of expression:

* **pulse**: true at an instant (`Happened`, `Then`, `Without`, `VisitStarted`, and `Count` and
  `Distinct` with `same`, which are true at the event that completes them for its key);
* **level**: true or false at every instant (all others);
* **predicate**: true or false of one event (`Field` and `Hour` inside `Select.where`).

A moment may be a pulse (it fires at each instant of it) or a level (it fires when it becomes true).
`And` joins at most one pulse with any number of levels, which then guard it. `Or` joins pulses with
pulses or levels with levels. `Not` takes a level. `docs/semantics.md` says what each node means.

Every duration is an int in ms; every amount an int in minor units of the shop's currency.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Value = int | float | str | bool
Within = int | str
"""A window in ms, or one of "session", "visit", "ever"."""

SCOPES = ("session", "visit", "ever")
KEYS = ("product", "category")
COMPARISONS = ("==", "!=", ">=", "<=", ">", "<")


@dataclass(frozen=True, slots=True)
class Node:
    """Anything that can stand in an expression."""


@dataclass(frozen=True, slots=True)
class Field(Node):
    """A predicate on one field of an event, e.g. `category == "skin_care"`.

    `cmp`: a comparison, or "in" (value is a tuple), "contains", "starts_with", "has".
    `class has doubt` holds when the text class was found at decoding.
    """

    name: str
    cmp: str
    value: Value | tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Hour(Node):
    """A predicate on the time of day of an event: in [begin, end), which may go over midnight.

    `zone`: of the clock on the wall; "" is that of the shop, before the definition holds.

    Units: ms since 0:00.
    """

    begin: int
    end: int
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Select(Node):
    """Events of any of the given types that satisfy `where`.

    `types` are canonical names in catalogue order without repetition.
    """

    types: tuple[str, ...]
    where: Node | None = None


@dataclass(frozen=True, slots=True)
class Happened(Node):
    """Pulse: such an event. With `same`, its key is the event's product or category."""

    of: Select
    same: str | None = None


@dataclass(frozen=True, slots=True)
class Count(Node):
    """Level: how many such events lie in the window, compared with `value`.

    With `same` a pulse: an event of key k arrives, and with it the events of key k in the window
    reach `value` (only `>=`, or `>` which is the same with value + 1).
    """

    of: Select
    within: Within
    cmp: str
    value: int
    same: str | None = None


@dataclass(frozen=True, slots=True)
class Distinct(Node):
    """Level: how many distinct values of `field` such events have in the window.

    `field`: "product" or "category"; "viewer" makes the definition a room moment.
    With `same="category"` and field "product" a pulse: an event of category c arrives, and with it
    the distinct products of category c in the window reach `value`.
    """

    of: Select
    field: str
    within: Within
    cmp: str
    value: int
    same: str | None = None


@dataclass(frozen=True, slots=True)
class Sum(Node):
    """Level: the sum of `field` ("amount") over such events in the window; only >=, >, < and <=."""

    of: Select
    field: str
    within: Within
    cmp: str
    value: int


@dataclass(frozen=True, slots=True)
class First(Node):
    """Level: `field` of the first such event by order, compared with `value`."""

    of: Select
    field: str
    cmp: str
    value: Value


@dataclass(frozen=True, slots=True)
class Last(Node):
    """Level: `field` of the last such event by order, compared with `value`."""

    of: Select
    field: str
    cmp: str
    value: Value


@dataclass(frozen=True, slots=True)
class TimeSince(Node):
    """Level: the time since the last such event, compared; false if there was none."""

    of: Select
    cmp: str
    value_ms: int


@dataclass(frozen=True, slots=True)
class Then(Node):
    """Pulse: `second` arrives within `within_ms` after the latest (correlated) `first`."""

    first: Select
    second: Select
    within_ms: int
    same: str | None = None


@dataclass(frozen=True, slots=True)
class Without(Node):
    """Pulse: `first` happened and no `second` (correlated) within `within_ms` after it."""

    first: Select
    second: Select
    within_ms: int
    same: str | None = None
    wait_ms: int = 0


@dataclass(frozen=True, slots=True)
class Viewing(Node):
    """Level: a product page in focus for `for_ms`, with no `without` event since it opened.

    Text: `product_viewed for 2m without (...) on same product`. Its key is the product.
    """

    for_ms: int
    without: Select | None = None
    same: str | None = None
    wait_ms: int = 0


@dataclass(frozen=True, slots=True)
class Idle(Node):
    """Level: no operation for `for_ms` on a visible page, optionally only on a product page."""

    for_ms: int
    on_product_page: bool = False


@dataclass(frozen=True, slots=True)
class Hidden(Node):
    """Level: the page has not been visible for `for_ms`. Text: `not visible for 20s`."""

    for_ms: int


@dataclass(frozen=True, slots=True)
class InRoom(Node):
    """Level: the present visit began at least `for_ms` ago. Text: `in room for 60s`."""

    for_ms: int


@dataclass(frozen=True, slots=True)
class VisitStarted(Node):
    """Pulse: the first event of a visit."""


@dataclass(frozen=True, slots=True)
class PreviousVisit(Node):
    """Level: the viewer has been here before this visit.

    With `ago_ms`, the end of the previous visit lies at least that long before now.
    Text: `previous visit`, `previous visit 30d ago`.
    """

    ago_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Trait(Node):
    """Level: a stored attribute of the viewer, e.g. `trait.city_tier in (tier_1, new_tier_1)`.

    False when the attribute is unknown, whatever the comparison.
    """

    name: str
    cmp: str
    value: Value | tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Tag(Node):
    """Level: another definition of kind tag, e.g. `tag.price_sensitive`."""

    key: str


@dataclass(frozen=True, slots=True)
class TagNumber(Node):
    """Level: a tag whose value is a number, compared, e.g. `tag.carts_session >= 3`.

    False when the number is unknown, whatever the comparison. `value` is in minor units where
    `is_money`. `of` is what the comparison means, put in when a definition comes to hold
    (`language/settle.py`); None before.
    """

    key: str
    cmp: str
    value: int | float
    is_money: bool = False
    of: Node | None = None


@dataclass(frozen=True, slots=True)
class Number(Node):
    """Level: what a tag is whose value is a number; it holds of everybody whose number is known.

    Only a whole definition of kind tag. `of` is a Count, Distinct, Sum, Trait or Score compared
    with the least number there is to compare it with (`language/numbers.py`): the comparison says
    nothing, the rest says what is measured. Text: `number count(cart_added) this session`.
    """

    of: Node


@dataclass(frozen=True, slots=True)
class Score(Node):
    """Level: a model's number for the viewer, e.g. `score.churn >= 0.7`; false when unknown."""

    key: str
    cmp: str
    value: float


@dataclass(frozen=True, slots=True)
class InSegment(Node):
    """Level: another definition of kind segment. Text: `in segment.vip`."""

    key: str


@dataclass(frozen=True, slots=True)
class InList(Node):
    """Level: a fixed list of viewers that the shop uploaded. Text: `in list.vip`."""

    key: str


@dataclass(frozen=True, slots=True)
class RoomFact(Node):
    """Guard: a fact of the room at the instant of firing; `value` None compares with the key.

    Text: `room.presenting == product`, `session.stage == "promo"`, `room.online >= 100`.
    """

    name: str
    cmp: str
    value: Value | None


@dataclass(frozen=True, slots=True)
class And(Node):
    """All of at least two."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    """Any of at least two."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """The opposite of a level (or of a field predicate)."""

    part: Node


MAX_DEPTH = 32
MAX_NODES = 1_000


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below, in the order of the text."""
    names: tuple[str, ...] = node.__match_args__  # `dataclasses.fields` costs ten times as much
    for name in names:
        value = getattr(node, name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, Node))


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, parents first."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(list(children(top))))


def conditions_of(expr: Node) -> Iterator[Node]:
    """The conditions that an expression is made of by `and` and `or`, in the order of the text."""
    if isinstance(expr, And | Or):
        for part in expr.parts:
            yield from conditions_of(part)
    else:
        yield expr
