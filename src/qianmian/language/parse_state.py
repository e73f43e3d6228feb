"""Parsing of states of the viewer and of attributes."""

from __future__ import annotations

from qianmian.language.ast import (
    COMPARISONS,
    Hidden,
    Idle,
    InList,
    InRoom,
    InSegment,
    Node,
    Number,
    PreviousVisit,
    RoomFact,
    Score,
    Tag,
    TagNumber,
    Trait,
)
from qianmian.language.cursor import Cursor
from qianmian.language.names import FACTS
from qianmian.language.numbers import measured
from qianmian.language.parse_select import read_comparison, read_int, read_value
from qianmian.language.tokens import Token

ATTRIBUTES = ("tag", "trait", "score", "room", "session")
STATES = ("idle", "in", "previous")


def is_state(cursor: Cursor) -> bool:
    """Whether a state starts here."""
    return cursor.token.word in STATES


def is_attribute(cursor: Cursor) -> bool:
    """Whether an attribute starts here."""
    return cursor.token.word in ATTRIBUTES and cursor.is_symbol(".", 1)


def read_hidden(cursor: Cursor, token: Token) -> Node:
    """What follows `not visible`."""
    cursor.need_word("for", "after not visible")
    return cursor.made(Hidden(cursor.need_duration("after for")), token)


def read_state(cursor: Cursor) -> Node:
    """Idle, in room, in segment, in list or previous visit."""
    token = cursor.advance()
    if token.word == "idle":
        cursor.need_word("for", "after idle")
        for_ms = cursor.need_duration("after for")
        on_page = cursor.take_words("on", "product", "page")
        return cursor.made(Idle(for_ms, on_page), token)
    if token.word == "previous":
        cursor.need_word("visit", "after previous")
        if cursor.token.sort != "duration":
            return cursor.made(PreviousVisit(), token)
        ago_ms = cursor.need_duration("after previous visit")
        cursor.need_word("ago", "after the duration")
        return cursor.made(PreviousVisit(ago_ms), token)
    if cursor.take_words("segment"):
        cursor.need_symbol(".", "after in segment")
        return cursor.made(InSegment(cursor.need_name('after "."').text), token)
    if cursor.take_words("list"):
        cursor.need_symbol(".", "after in list")
        return cursor.made(InList(cursor.need_name('after "."').text), token)
    cursor.need_word("room", "after in: in room for 60s, in segment.NAME, or in list.NAME")
    cursor.need_word("for", "after in room")
    return cursor.made(InRoom(cursor.need_duration("after for")), token)


def read_stored_measure(cursor: Cursor) -> Number:
    """What follows `number` where it is a trait or a score."""
    token = cursor.advance()
    cursor.advance()
    name = cursor.need_name(f"after {token.word}.").text
    is_trait = token.word == "trait"
    node = Trait(name, ">=", 0) if is_trait else Score(name, ">=", 0.0)
    return measured(cursor.made(node, token))


def _tag(cursor: Cursor, name: str, token: Token) -> Node:
    """A tag by its name, or compared where its value is a number."""
    if cursor.token.sort != "symbol" or cursor.token.text not in COMPARISONS:
        return cursor.made(Tag(name), token)
    cmp, number = cursor.advance().text, cursor.token
    is_money = number.sort == "money"
    if not is_money and number.sort != "number":
        cursor.fail("a number or an amount is expected; a tag that says yes or no is not compared")
    value = read_value(cursor)
    return cursor.made(TagNumber(name, cmp, value, is_money), token)  # type: ignore[arg-type]


def read_attribute(cursor: Cursor) -> Node:
    """Tag, trait, score or fact of the room."""
    token = cursor.advance()
    cursor.advance()
    name = cursor.need_name(f"after {token.word}.").text
    left = f"{token.word}.{name}"
    if token.word == "tag":
        return _tag(cursor, name, token)
    if token.word == "trait":
        return cursor.made(Trait(name, *read_comparison(cursor, left)), token)
    cmp = cursor.need_comparison(left)
    if token.word == "score":
        number = cursor.token
        if number.sort != "number":
            cursor.fail("a number is expected, for example 0.7")
        cursor.advance()
        value = float(number.text) if len(number.text) < 40 else float(read_int(cursor, number))
        return cursor.made(Score(name, cmp, value), token)
    if cursor.token.word in ("product", "category"):
        cursor.key_words.append(cursor.advance())
        return cursor.made(RoomFact(name, cmp, None), token)
    is_money = FACTS.get(name) == "money" if name in FACTS else None
    return cursor.made(RoomFact(name, cmp, read_value(cursor, is_money=is_money)), token)
