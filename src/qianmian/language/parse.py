"""From text to a checked, normalized expression: recursive descent over a bounded list of tokens.

The grammar is in `docs/decisions/0004-condition-language.md`. Every error carries the position in
the text, the rule and the next step; nothing that is typed makes Python run out of stack.
"""

from __future__ import annotations

from typing import NoReturn

from qianmian.errors import DefinitionError, TypeProblem, UnknownName
from qianmian.language.ast import COMPARISONS, And, Node, Not, Or, VisitStarted
from qianmian.language.cursor import Cursor
from qianmian.language.definition import Definition
from qianmian.language.normalize import normalize
from qianmian.language.parse_aggregate import (
    AGGREGATES,
    is_aggregate,
    read_aggregate,
    read_measure,
)
from qianmian.language.parse_happening import read_happening, read_none
from qianmian.language.parse_select import group_length, is_event
from qianmian.language.parse_state import (
    ATTRIBUTES,
    STATES,
    is_attribute,
    is_state,
    read_attribute,
    read_hidden,
    read_state,
    read_stored_measure,
)
from qianmian.language.types import check_definition, key_of
from qianmian.vocabulary.events import CODE_BY_NAME

_STARTS = (*CODE_BY_NAME, *AGGREGATES, *ATTRIBUTES, *STATES, "visit_started", "number", "not", "no")


def parse(text: str) -> Node:
    """The normalized expression of a text; `types.check` then says what kind it is.

    Raises: SyntaxProblem, UnknownName, TypeProblem or LimitExceeded, each with `position` and
        `text` in `params`.
    """
    cursor = Cursor(text)
    node = _whole(cursor)
    _need_end(cursor)
    return node


def parse_definition(key: str, text: str, kind: str = "moment", version: int = 1) -> Definition:
    """The checked definition of a text, which may end in `again after DURATION`.

    Raises: DefinitionError when the text cannot be read or does not make a definition of that kind.
    """
    cursor = Cursor(text)
    expr = _whole(cursor)
    again_after_ms = None
    if cursor.take_words("again"):
        cursor.need_word("after", "after again")
        again_after_ms = cursor.need_duration("after again after")
    _need_end(cursor)
    definition = Definition(key, kind, expr, again_after_ms, version)
    check_definition(definition)
    return definition


def _whole(cursor: Cursor) -> Node:
    if cursor.token.sort == "end":
        cursor.fail("an expression is expected, for example product_viewed for 2m")
    start = cursor.token
    node = _number(cursor) if cursor.token.word == "number" else _any(cursor)
    with cursor.at(start):
        node = normalize(node)
    _check_key_words(cursor, node)
    return node


def _number(cursor: Cursor) -> Node:
    """What a tag is whose value is a number."""
    token = cursor.advance()
    if is_aggregate(cursor) and cursor.token.word in ("count", "distinct", "sum"):
        number = read_measure(cursor)
    elif is_attribute(cursor) and cursor.token.word in ("trait", "score"):
        number = read_stored_measure(cursor)
    else:
        cursor.fail("count(…), distinct(…), sum(…), trait.NAME or score.NAME is expected")
    if cursor.token.sort == "symbol" and cursor.token.text in COMPARISONS:
        cursor.fail("a number has no comparison; compare the tag where it is named")
    return cursor.made(number, token)


def _check_key_words(cursor: Cursor, node: Node) -> None:
    key = key_of(node)
    for token in cursor.key_words:
        if key is not None and token.word != key:
            with cursor.at(token):
                raise TypeProblem(f"the key of this expression is the {key}; write {key} here")


def _need_end(cursor: Cursor) -> None:
    token = cursor.token
    if token.sort == "end":
        return
    if token.word == "again":
        cursor.fail("again after belongs to a definition, not to an expression")
    cursor.fail("and, or, or the end of the text is expected here")


def _any(cursor: Cursor) -> Node:
    parts = [_all(cursor)]
    while cursor.take_words("or"):
        parts.append(_all(cursor))
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def _all(cursor: Cursor) -> Node:
    parts = [_unary(cursor)]
    while cursor.take_words("and"):
        parts.append(_unary(cursor))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _unary(cursor: Cursor) -> Node:
    with cursor.deeper():
        token = cursor.token
        if cursor.take_words("not", "visible"):
            return read_hidden(cursor, token)
        if cursor.take_words("not"):
            return Not(_unary(cursor))
        if cursor.take_words("no"):
            return Not(read_none(cursor))
        return _primary(cursor)


def _primary(cursor: Cursor) -> Node:
    if cursor.is_symbol("(") and not group_length(cursor):
        cursor.advance()
        inner = _any(cursor)
        cursor.need_symbol(")", "to close the parentheses")
        return inner
    if is_aggregate(cursor):
        return read_aggregate(cursor)
    if is_state(cursor):
        return read_state(cursor)
    if is_attribute(cursor):
        return read_attribute(cursor)
    if cursor.take_words("visit_started"):
        return VisitStarted()
    if cursor.is_symbol("(") or is_event(cursor.token):
        return read_happening(cursor)
    return _refuse(cursor)


def _refuse(cursor: Cursor) -> NoReturn:
    token = cursor.token
    if token.sort != "name":
        cursor.fail("an event, a state, an attribute or ( is expected here")
    if token.word == "number":
        cursor.fail("number stands at the beginning of a tag and is all of it; compare the tag")
    if token.word == "visible":
        cursor.fail("a page is watched for being out of sight; write not visible for 20s")
    if token.word in AGGREGATES:
        cursor.fail(f'"(" is expected after {token.word}', cursor.ahead(1))
    if token.word in ATTRIBUTES:
        cursor.fail(f'"." and a name are expected after {token.word}', cursor.ahead(1))
    with cursor.at(token):
        raise UnknownName.of("event or word", token.text, _STARTS)
    raise DefinitionError  # pragma: no cover - the block above always raises
