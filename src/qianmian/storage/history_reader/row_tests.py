"""What a `where` asks of one event, as a query.

An order with several items is asked line by line: one line that fits is enough. A field that an
event does not have fails every test: null is no.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from sqlglot import exp

from qianmian.language.names import field_type
from qianmian.language.relations import ClockTime, Complement, Intersect, Match, Relation, Union
from qianmian.storage.history_reader.terms import (
    Bound,
    Sql,
    among,
    column,
    compared,
    every,
    function,
    opposite,
    some,
)
from qianmian.vocabulary.events import event_type
from qianmian.vocabulary.text_classes import TEXT_CLASSES
from qianmian.vocabulary.time import DAY_MS
from qianmian.vocabulary.zones import SHOP_ZONE, changes_of

OF_ITEMS: Final = frozenset({"product", "category", "quantity", "price"})
"""Fields that a line of an order has of its own."""

EVENT: Final = "e"
_LINE: Final = "line"

FieldOf = Callable[[str], Sql]


def has_items(types: Collection[str]) -> bool:
    """Whether events of these types may have items."""
    return any(field.name == "items" for name in types for field in event_type(name).fields)


def fields_of(test: Relation | None) -> set[str]:
    """The columns that a test reads, without the items."""
    match test:
        case Match(field):
            return {"classes" if field == "class" else field}
        case Intersect(parts) | Union(parts):
            return {name for part in parts for name in fields_of(part)}
        case Complement(part):
            return fields_of(part)
    return set()


def own(name: str) -> Sql:
    """A field of the event itself."""
    return column(name, EVENT)


def of_line(name: str) -> Sql:
    """A field of one line of an order; what it does not say the event says."""
    if name not in OF_ITEMS:
        return own(name)
    inside = exp.Dot(this=exp.to_identifier(_LINE), expression=exp.to_identifier(name))
    return exp.Coalesce(this=inside, expressions=[own(name)])


def for_lines(name: str, body: Sql) -> Sql:
    """A function of lists over the items, with the line as argument."""
    line = exp.Lambda(this=body, expressions=[exp.to_identifier(_LINE)])
    return function(name, own("items"), line)


def passes(test: Relation, types: Collection[str], bound: Bound) -> Sql:
    """Whether an event of these types passes; null is no."""
    alone = _passes(test, own, bound)
    if not (has_items(types) and fields_of(test) & OF_ITEMS):
        return alone
    fitting = function("len", for_lines("list_filter", _passes(test, of_line, bound)))
    has_none = exp.Is(this=own("items"), expression=exp.null())
    return exp.Case(
        ifs=[exp.If(this=has_none, true=alone)],
        default=exp.GT(this=fitting, expression=exp.Literal.number(0)),
    )


def line_passes(test: Relation | None, bound: Bound) -> Sql:
    """Whether one line passes; null is no."""
    return exp.true() if test is None else _passes(test, of_line, bound)


def edge_compares(match: Match, types: Collection[str], bound: Bound) -> Sql:
    """Whether the field of a first or last event compares so: its own, else that of some item."""
    alone = _match(match, own, bound)
    if match.field not in OF_ITEMS or not has_items(types):
        return alone
    fitting = function("len", for_lines("list_filter", _match(match, _of_item, bound)))
    of_items = [
        exp.Is(this=own(match.field), expression=exp.null()),
        exp.GT(this=fitting, expression=exp.Literal.number(0)),
    ]
    return some([alone, every(of_items)])


def _of_item(name: str) -> Sql:
    return exp.Dot(this=exp.to_identifier(_LINE), expression=exp.to_identifier(name))


def _passes(test: Relation, field: FieldOf, bound: Bound) -> Sql:
    match test:
        case Intersect(parts):
            return every(_passes(part, field, bound) for part in parts)
        case Union(parts):
            return some(_passes(part, field, bound) for part in parts)
        case Complement(part):
            return opposite(_passes(part, field, bound))
        case Match():
            return _match(test, field, bound)
        case ClockTime():
            return _between(test, bound)
    raise AssertionError(test)  # a `where` holds nothing else


def _between(test: ClockTime, bound: Bound) -> Sql:
    """Whether the clocks on the walls show such a time: the offsets of a zone, newest first."""
    since, offsets = changes_of(test.zone or SHOP_ZONE)
    at = own("event_time")
    changes = list(zip(since, offsets, strict=True))[:0:-1]
    newest_first = [
        exp.If(this=exp.GTE(this=at.copy(), expression=bound(begin)), true=bound(offset))
        for begin, offset in changes
    ]
    offset = exp.Case(ifs=newest_first, default=bound(offsets[0])) if changes else bound(offsets[0])
    there = exp.paren(exp.Add(this=at, expression=offset))
    time = exp.Mod(this=there, expression=exp.Literal.number(DAY_MS))
    after = exp.GTE(this=time, expression=bound(test.begin))
    before = exp.LT(this=time.copy(), expression=bound(test.end))
    return (every if test.begin < test.end else some)([after, before])


def _match(test: Match, field: FieldOf, bound: Bound) -> Sql:
    kind = field_type(test.field)
    if kind == "classes":
        bit = 1 << TEXT_CLASSES.index(str(test.value)) if test.value in TEXT_CLASSES else 0
        found = exp.BitwiseAnd(this=field("classes"), expression=bound(bit))
        return exp.NEQ(this=exp.paren(found), expression=exp.Literal.number(0))
    value = test.value
    if kind == "bool":  # kept as 1 and 0
        value = tuple(map(int, value)) if isinstance(value, tuple) else int(value)
    return value_compares(field(test.field), test.cmp, value, bound)


def value_compares(held: Sql, cmp: str, value: object, bound: Bound) -> Sql:
    """Whether a column compares so with a value of its type; null where it is."""
    if isinstance(value, tuple):
        return among(held, [bound(one) for one in value])
    if cmp in ("contains", "starts_with"):
        return function(cmp, held, bound(value))
    return compared(cmp, held, bound(value))
