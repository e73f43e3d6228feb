"""Parsing of what happens: events, sequences, absences, page views."""

from __future__ import annotations

from qianmian.language.ast import Count, Happened, Node, Select, Then, Viewing, Without
from qianmian.language.cursor import Cursor
from qianmian.language.parse_select import read_select
from qianmian.language.parse_tail import read_same, read_same_and_wait, read_scope
from qianmian.language.tokens import Token

VIEWED = "product_viewed"


def read_happening(cursor: Cursor) -> Node:
    """A selection and what follows it."""
    token = cursor.token
    of = read_select(cursor)
    if cursor.are_words("then"):
        return _then(cursor, of, token)
    if cursor.are_words("without"):
        return _without(cursor, of, token)
    if cursor.are_words("for"):
        return _viewing(cursor, of, token)
    scope = read_scope(cursor)
    if scope is not None:
        return cursor.made(Count(of, scope, ">=", 1), token)
    if cursor.are_words("within"):
        cursor.fail("one event has no window; write count(…) within 60s >= 1")
    return cursor.made(Happened(of, read_same(cursor)), token)


def read_none(cursor: Cursor) -> Node:
    """What follows `no`: a selection and a scope, counted at least once; the caller denies it."""
    token = cursor.token
    of = read_select(cursor)
    scope = read_scope(cursor)
    if scope is None:
        cursor.fail("a scope is expected after no …: this visit, this session or ever")
    return cursor.made(Count(of, scope, ">=", 1), token)


def _then(cursor: Cursor, first: Select, token: Token) -> Node:
    cursor.advance()
    second = read_select(cursor)
    if cursor.are_words("then"):
        cursor.fail("a sequence has two steps; write the first two as a moment of their own")
    cursor.need_word("within", "after the second event, for example within 60s")
    within_ms = cursor.need_duration("after within")
    return cursor.made(Then(first, second, within_ms, read_same(cursor)), token)


def _without(cursor: Cursor, first: Select, token: Token) -> Node:
    cursor.advance()
    second = read_select(cursor)
    cursor.need_word("within", "after the absent event, for example within 5m")
    within_ms = cursor.need_duration("after within")
    same, wait_ms = read_same_and_wait(cursor)
    return cursor.made(Without(first, second, within_ms, same, wait_ms), token)


def _viewing(cursor: Cursor, of: Select, token: Token) -> Node:
    if of.types != (VIEWED,) or of.where is not None:
        cursor.fail(f"only {VIEWED} lasts, so only it takes for, and without a where;")
    cursor.advance()
    for_ms = cursor.need_duration("after for")
    without = read_select(cursor) if cursor.take_words("without") else None
    same, wait_ms = read_same_and_wait(cursor)
    return cursor.made(Viewing(for_ms, without, same, wait_ms), token)
