"""Parsing of count, distinct, sum, first, last and time_since."""

from __future__ import annotations

from qianmian.language.ast import (
    Count,
    Distinct,
    First,
    Last,
    Node,
    Number,
    Select,
    Sum,
    TimeSince,
    Within,
)
from qianmian.language.cursor import Cursor
from qianmian.language.names import field_type, field_types
from qianmian.language.numbers import measured
from qianmian.language.parse_select import (
    made_select,
    read_counted,
    read_events,
    read_int,
    read_money,
    read_value,
    unknown,
)
from qianmian.language.parse_tail import read_same, read_scope
from qianmian.language.tokens import Token

AGGREGATES = ("count", "distinct", "sum", "first", "last", "time_since")

_DISTINCT_FIELDS = ("product", "category", "viewer")


def is_aggregate(cursor: Cursor) -> bool:
    """Whether an aggregate starts here."""
    return cursor.token.word in AGGREGATES and cursor.is_symbol("(", 1)


def read_aggregate(cursor: Cursor) -> Node:
    """One aggregate with its window and comparison."""
    token = cursor.advance()
    cursor.need_symbol("(", f"after {token.word}")
    if token.word == "count":
        return _count(cursor, token)
    if token.word == "time_since":
        return _time_since(cursor, token)
    select, field = _events_and_field(cursor, token)
    cursor.need_symbol(")", f"to close {token.word}(")
    if token.word == "distinct":
        within = read_window(cursor)
        cmp, value = _threshold(cursor)
        same = read_same(cursor)
        return cursor.made(Distinct(select, field, within, cmp, value, same), token)
    if token.word == "sum":
        return _sum(cursor, token, select, field)
    return _edge(cursor, token, select, field)


def read_measure(cursor: Cursor) -> Number:
    """What follows `number` where it is a count, a distinct count or a sum: no comparison."""
    token = cursor.advance()
    cursor.need_symbol("(", f"after {token.word}")
    if token.word == "count":
        of = read_counted(cursor)
        cursor.need_symbol(")", "to close count(")
        node = cursor.made(Count(of, read_window(cursor), ">=", 1), token)
    else:
        select, field = _events_and_field(cursor, token)
        cursor.need_symbol(")", f"to close {token.word}(")
        within = read_window(cursor)
        one = Distinct if token.word == "distinct" else Sum
        node = cursor.made(one(select, field, within, ">=", 1), token)
    return measured(node)


def read_window(cursor: Cursor) -> Within:
    """`within 60s`, `this session`, `this visit` or `ever`."""
    if cursor.take_words("within"):
        return cursor.need_duration("after within")
    scope = read_scope(cursor)
    if scope is None:
        cursor.fail("a window is expected: within 60s, this visit, this session or ever")
    return scope


def _threshold(cursor: Cursor) -> tuple[str, int]:
    cmp = cursor.need_comparison("the window")
    if cursor.token.sort != "number":
        cursor.fail("a whole number is expected after the comparison")
    return cmp, read_int(cursor, cursor.advance())


def _count(cursor: Cursor, token: Token) -> Node:
    of = read_counted(cursor)
    cursor.need_symbol(")", "to close count(")
    within = read_window(cursor)
    cmp, value = _threshold(cursor)
    same = read_same(cursor)
    if same is None and _is_distinct_of_count(cursor):
        for _ in range(3):
            cursor.advance()
        field = cursor.advance().word
        cursor.need_symbol(")", "to close distinct(")
        return cursor.made(Distinct(of, field, within, cmp, value, read_same(cursor)), token)
    return cursor.made(Count(of, within, cmp, value, same), token)


def _is_distinct_of_count(cursor: Cursor) -> bool:
    if not cursor.are_words("and", "distinct") or not cursor.is_symbol("(", 2):
        return False
    return cursor.ahead(3).word in _DISTINCT_FIELDS and cursor.is_symbol(")", 4)


def _time_since(cursor: Cursor, token: Token) -> Node:
    of = read_counted(cursor)
    cursor.need_symbol(")", "to close time_since(")
    cmp = cursor.need_comparison("time_since(…)")
    return cursor.made(TimeSince(of, cmp, cursor.need_duration(f"after {cmp}")), token)


def _events_and_field(cursor: Cursor, token: Token) -> tuple[Select, str]:
    start = cursor.token
    types = read_events(cursor)
    if cursor.are_words("or"):
        cursor.fail("several events with one field stand in parentheses, as in (a or b).product;")
    cursor.need_symbol(".", f"after the event in {token.word}(, for example order_paid.amount")
    name = cursor.need_name('after "."')
    known = (*field_types(), "viewer")
    if name.text not in known:
        unknown(cursor, name, "field", known)
    return made_select(cursor, types, start), name.text


def _sum(cursor: Cursor, token: Token, select: Select, field: str) -> Node:
    within = read_window(cursor)
    cmp = cursor.need_comparison("the window")
    if cursor.token.sort != "money":
        cursor.fail("an amount is expected, for example \u00a5500")
    amount = read_money(cursor, cursor.advance())
    return cursor.made(Sum(select, field, within, cmp, amount), token)


def _edge(cursor: Cursor, token: Token, select: Select, field: str) -> Node:
    cmp = cursor.need_comparison(f"{token.word}(…)")
    is_money = field != "viewer" and field_type(field) == "money"
    value = read_value(cursor, is_money=is_money)
    node = First if token.word == "first" else Last
    return cursor.made(node(select, field, cmp, value), token)
