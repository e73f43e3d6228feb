"""Parsing of what may follow: scope, correlation, wait."""

from __future__ import annotations

from qianmian.language.cursor import Cursor

_SAME = ("product", "category", "room", "visit")


def read_scope(cursor: Cursor) -> str | None:
    """`this session`, `this visit` or `ever`; None when none is next."""
    if cursor.take_words("ever"):
        return "ever"
    if not cursor.take_words("this"):
        return None
    token = cursor.need_name("after this: session or visit")
    if token.word not in ("session", "visit"):
        cursor.fail("session or visit is expected after this", token)
    return token.word


def read_same(cursor: Cursor) -> str | None:
    """`on same product` and the like; `same room` is always true and dropped."""
    if not cursor.are_words("on", "same") and not cursor.are_words("same"):
        return None
    cursor.take_words("on")
    cursor.advance()
    token = cursor.need_name("after same: product, category, room or visit")
    if token.word not in _SAME:
        cursor.fail("product, category, room or visit is expected after same", token)
    return None if token.word == "room" else token.word


def read_same_and_wait(cursor: Cursor) -> tuple[str | None, int]:
    """A correlation and a wait, in any order; ms."""
    same = read_same(cursor)
    wait_ms = cursor.need_duration("after wait") if cursor.take_words("wait") else 0
    return same or read_same(cursor), wait_ms
