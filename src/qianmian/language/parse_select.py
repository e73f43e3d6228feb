"""Parsing of selections (`events where …`), of predicates and of values."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NoReturn

from qianmian.errors import LimitExceeded, UnknownName
from qianmian.language.ast import COMPARISONS, And, Field, Hour, Node, Not, Or, Select, Value
from qianmian.language.cursor import Cursor
from qianmian.language.names import RESERVED, field_type, field_types
from qianmian.language.tokens import Token
from qianmian.language.values import MAX_INT, MAX_LIST, quoted
from qianmian.vocabulary.events import CODE_BY_NAME
from qianmian.vocabulary.time import parse_clock

_MAX_DIGITS = 16


def is_event(token: Token) -> bool:
    """Whether the token names an event type."""
    return token.sort == "name" and token.text in CODE_BY_NAME


def read_event(cursor: Cursor, why: str) -> str:
    """Take the name of an event type.

    Raises: UnknownName, with what was probably meant.
    """
    token = cursor.token
    if token.sort == "name" and not is_event(token):
        unknown(cursor, token, "event", CODE_BY_NAME)
    return cursor.need_name(why).text


def unknown(cursor: Cursor, token: Token, kind: str, known: Iterable[str]) -> NoReturn:
    """Raise UnknownName at a token."""
    with cursor.at(token):
        raise UnknownName.of(kind, token.text, known)
    raise AssertionError  # pragma: no cover - the block above always raises


def group_length(cursor: Cursor) -> int:
    """How many tokens `(event or event …)` takes here; 0 when this is no such group.

    A group with a wrong name is one too, so that the error names it.
    """
    if not cursor.is_symbol("(") or not is_event(cursor.ahead(1)):
        return 0
    place = 2
    while cursor.ahead(place).word == "or" and is_event(cursor.ahead(place + 1)):
        place += 2
    return place + 1 if cursor.is_symbol(")", place) else 0


def read_events(cursor: Cursor) -> tuple[str, ...]:
    """One event type, or several in parentheses joined by `or`."""
    if not cursor.take_symbol("("):
        return (read_event(cursor, "here, for example product_viewed"),)
    types = [read_event(cursor, 'after "("')]
    while cursor.take_words("or"):
        types.append(read_event(cursor, 'after "or"'))
    cursor.need_symbol(")", "after the events")
    return tuple(types)


def read_select(cursor: Cursor) -> Select:
    """Events and their `where`."""
    token = cursor.token
    return made_select(cursor, read_events(cursor), token)


def read_counted(cursor: Cursor) -> Select:
    """Events in the parentheses of an aggregate, which need none of their own."""
    token = cursor.token
    types = list(read_events(cursor))
    while cursor.take_words("or"):
        types.append(read_event(cursor, 'after "or"'))
    return made_select(cursor, tuple(types), token)


def made_select(cursor: Cursor, types: tuple[str, ...], token: Token) -> Select:
    """The checked selection, after its `where` if one follows."""
    where = read_where(cursor)
    select = Select(types, where)
    cursor.made(select, token)
    return select


def read_where(cursor: Cursor) -> Node | None:
    """The predicate behind `where`, or None."""
    if not cursor.take_words("where"):
        return None
    cursor.take_symbol(":")
    return _predicate(cursor)


def _any(cursor: Cursor) -> Node:
    parts = [_all(cursor)]
    while cursor.take_words("or"):
        parts.append(_all(cursor))
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def _all(cursor: Cursor) -> Node:
    parts = [_predicate(cursor)]
    while cursor.take_words("and"):
        parts.append(_predicate(cursor))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _predicate(cursor: Cursor) -> Node:
    with cursor.deeper():
        if cursor.take_words("not"):
            return Not(_predicate(cursor))
        if cursor.take_symbol("("):
            inner = _any(cursor)
            cursor.need_symbol(")", "after the predicates")
            return inner
        if cursor.are_words("hour", "between"):
            return _hour(cursor)
        return _field(cursor)


def _hour(cursor: Cursor) -> Node:
    token = cursor.token
    cursor.take_words("hour", "between")
    begin = _clock(cursor, "after hour between")
    cursor.need_word("and", "after the first time")
    end = _clock(cursor, "after and")
    zone = ""
    if cursor.take_words("in"):
        if cursor.token.sort != "string":
            cursor.fail('the name of a time zone is expected after in, such as "Asia/Shanghai"')
        zone = cursor.advance().text
    return cursor.made(Hour(begin, end, zone), token)


def _clock(cursor: Cursor, why: str) -> int:
    """A time of day, which is three tokens; ms since 0:00."""
    token = cursor.token
    if token.sort != "number" or not cursor.is_symbol(":", 1) or cursor.ahead(2).sort != "number":
        cursor.fail(f"a time of day such as 23:00 is expected {why}")
    text = "".join(cursor.advance().text for _ in range(3))
    with cursor.at(token):
        return parse_clock(text)


def _field(cursor: Cursor) -> Node:
    token = cursor.need_name("after where, for example category or amount")
    name = token.text
    if name not in field_types():
        unknown(cursor, token, "field", field_types())
    is_money = field_type(name) == "money"
    if cursor.take_words("has"):
        value = cursor.need_name(f"after {name} has, for example doubt").text
        return cursor.made(Field(name, "has", value), token)
    cmp, value_or_list = read_comparison(cursor, name, is_money=is_money)
    return cursor.made(Field(name, cmp, value_or_list), token)


def read_comparison(
    cursor: Cursor, left: str, *, is_money: bool | None = None
) -> tuple[str, Value | tuple[Value, ...]]:
    """A comparison and its right side, which may be a list after `in`.

    Args:
        is_money: True: the value must be an amount; False: it must not; None: it may.
    """
    if cursor.take_words("in"):
        cursor.need_symbol("(", f"after {left} in")
        values = [read_value(cursor, is_money=is_money)]
        while cursor.take_symbol(","):
            values.append(read_value(cursor, is_money=is_money))
            if len(values) > MAX_LIST:
                raise LimitExceeded(f"{left} in has more than {MAX_LIST} values")
        cursor.need_symbol(")", "after the values")
        return "in", tuple(values)
    for word in ("contains", "starts_with"):
        if cursor.take_words(word):
            return word, read_value(cursor, is_money=is_money)
    if cursor.token.sort != "symbol" or cursor.token.text not in COMPARISONS:
        cursor.fail(
            f"a comparison (== != >= <= > < in contains starts_with) is expected after {left}"
        )
    return cursor.advance().text, read_value(cursor, is_money=is_money)


def read_value(cursor: Cursor, *, is_money: bool | None = None) -> Value:
    """One value: string, number, amount, name, true or false."""
    token = cursor.token
    if is_money and token.sort == "number":
        cursor.fail(f"an amount has its sign, for example \u00a5{token.text.lstrip('-')}")
    if is_money is False and token.sort == "money":
        cursor.fail("this is no amount of money; write the number without a sign")
    if token.sort in ("string", "number", "money", "name"):
        cursor.advance()
    if token.sort == "string":
        return token.text
    if token.sort == "number":
        return _number(cursor, token)
    if token.sort == "money":
        return read_money(cursor, token)
    if token.sort != "name":
        cursor.fail("a value is expected here: a string, a number, an amount, true or false")
    if token.word in ("true", "false"):
        return token.word == "true"
    if token.word in RESERVED:
        cursor.fail(
            f"a value is expected here; if the word is meant write {quoted(token.text)}", token
        )
    return token.text


def _number(cursor: Cursor, token: Token) -> int | float:
    if token.text.lstrip("-").isdigit():
        return read_int(cursor, token)
    number = float(token.text)
    if not math.isfinite(number):
        raise LimitExceeded("the number is too large", text=cursor.text, position=token.at)
    return number


def read_int(cursor: Cursor, token: Token) -> int:
    """The whole number of a number token.

    Raises: SyntaxProblem when it has a fraction, LimitExceeded beyond 2^53.
    """
    digits = token.text.lstrip("-")
    if not digits.isdigit():
        cursor.fail("a whole number is expected", token)
    if len(digits) > _MAX_DIGITS or int(digits) > MAX_INT:
        raise LimitExceeded(
            "the number is too large; at most 9007199254740991 is allowed",
            text=cursor.text,
            position=token.at,
        )
    return int(token.text)


def read_money(cursor: Cursor, token: Token) -> int:
    """Minor units of an amount token.

    Raises: SyntaxProblem for more than two decimals, LimitExceeded beyond 2^53.
    """
    major, _, minor = token.text[1:].partition(".")
    if len(minor) > 2:
        cursor.fail("an amount has at most two decimals", token)
    sign = -1 if major.startswith("-") else 1
    digits = major.lstrip("-") + minor.ljust(2, "0")
    if len(digits) > _MAX_DIGITS or int(digits) > MAX_INT:
        raise LimitExceeded("the amount is too large", text=cursor.text, position=token.at)
    return sign * int(digits)
