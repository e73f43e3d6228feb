"""The types of the language: what is an instant, what is a state, what has a key, what can fire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qianmian.errors import TypeProblem
from qianmian.language.ast import (
    And,
    Count,
    Distinct,
    Field,
    Node,
    Not,
    Number,
    Or,
    RoomFact,
    Score,
    Sum,
    TimeSince,
    Viewing,
    Without,
    children,
    walk,
)
from qianmian.language.catalog import operator_of
from qianmian.language.definition import (
    FIRING_KINDS,
    KINDS,
    SCHEDULE,
    STRATEGY_PREFIX,
    Definition,
)
from qianmian.language.kinds import Kind
from qianmian.language.limits import check_size
from qianmian.language.names import TAG_FACTS, field_type
from qianmian.language.phrases import Duration, Phrase, Titled, literal, phrase
from qianmian.language.room_events import is_guard, is_room_level, key_wanted
from qianmian.language.values import check_int, check_name, check_span

LATENESS_MS: Final = 5_000
"""How late an event may arrive by default."""


def check(node: Node) -> Kind:
    """The kind of an expression, after checking every part of it.

    A guard over the room may stand alone here, as a condition of a strategy does; only a definition
    needs something that can trigger (`check_definition`).

    Raises: DefinitionError naming the part, the rule and the next step.
    """
    check_size(node)
    for below in walk(node):
        operator_of(below).verify(below)
    kind = _kind(node)
    if kind.sort not in ("pulse", "level"):
        raise TypeProblem("a predicate alone is no expression; write EVENT where …")
    _check_key_words(node, kind)
    if kind.room_moment:
        _check_room_moment(node)
    if any(isinstance(below, Number) for below in walk(node) if below is not node):
        raise TypeProblem(
            "number stands at the beginning of a tag and is all of it; elsewhere name the tag, as "
            "in tag.carts >= 3"
        )
    return kind


def _kind(node: Node) -> Kind:
    return operator_of(node).check(node, _kind)


def sort_of(node: Node) -> str:
    """Whether a well-typed expression is a pulse or a level."""
    return _kind(node).sort


def key_of(node: Node) -> str | None:
    """The key of an expression, also of one that is not checked."""
    for below in walk(node):
        same = getattr(below, "same", None)
        if same in ("product", "category"):
            return str(same)
    return None


def _check_key_words(node: Node, kind: Kind) -> None:
    if not kind.triggers:
        return
    for below in walk(node):
        wanted = key_wanted(below)
        if wanted is None or kind.key == wanted or (kind.key is not None and wanted == "any"):
            continue
        if isinstance(below, RoomFact):
            raise TypeProblem(
                f"room.{below.name} is compared with the product of the moment, which has none; "
                "add on same product to the part that fires"
            )
        raise TypeProblem(
            f"events of the room are counted for the {wanted} of the moment, which has "
            f"{'none' if kind.key is None else f'a {kind.key}'}; add on same {wanted} to the part "
            "that fires"
        )


def _check_room_moment(node: Node) -> None:
    parts = node.parts if isinstance(node, And) else (node,)
    counted = [part for part in parts if isinstance(part, Distinct)]
    facts = [part for part in parts if isinstance(part, RoomFact)]
    if len(counted) != 1 or len(counted) + len(facts) != len(parts):
        raise TypeProblem(
            "distinct viewers are counted for the whole room and cannot be joined with a "
            "condition of one viewer; only facts of the room may stand beside one such count"
        )


def check_definition(definition: Definition) -> Kind:
    """The kind of a definition, after checking it.

    Raises: DefinitionError when it could not be used as what it is.
    """
    check_name(definition.key, "the key of a definition")
    if definition.kind not in (*KINDS, *FIRING_KINDS, SCHEDULE):
        raise TypeProblem(f'a definition is a {", ".join(KINDS)}, not a "{definition.kind}"')
    if definition.key.startswith(STRATEGY_PREFIX) != (definition.kind in ("strategy", SCHEDULE)):
        raise TypeProblem(f'keys that begin with "{STRATEGY_PREFIX}" are those of strategies')
    check_int(definition.version, 1, 2**31 - 1, "the version")
    kind = check(definition.expr)
    if isinstance(definition.expr, Number) and definition.kind != "tag":
        raise TypeProblem(f"a {definition.kind} is no number; only a tag has one")
    _check_guards(definition.expr, is_guarded=False)
    if definition.kind in FIRING_KINDS:
        if definition.again_after_ms is not None:
            check_span(definition.again_after_ms, "again after")
    else:
        _check_state(definition, kind)
    return kind


def _check_state(definition: Definition, kind: Kind) -> None:
    what = f"a {definition.kind}"
    if definition.again_after_ms is not None:
        raise TypeProblem(f"{what} does not fire; remove again after")
    if kind.sort != "level":
        raise TypeProblem(
            f"{what} is a state, and this is an instant; write for example cart_added this session"
        )
    if kind.key is not None:
        raise TypeProblem(f"{what} is about a viewer; remove on same {kind.key}")
    if kind.room_moment:
        raise TypeProblem(f"{what} is about a viewer; distinct viewers make a moment of a room")
    for below in walk(definition.expr):
        if is_room_level(below):
            raise TypeProblem(
                f"{what} cannot look back at events of the room: they are read when a moment fires,"
                " and it has no such instant; ask them in the moment, beside the "
                f"{definition.kind}"
            )
        if isinstance(below, RoomFact) and below.name not in TAG_FACTS:
            raise TypeProblem(
                f'{what} cannot read the fact "{below.name}", which changes all the time; it may '
                f"read {', '.join(sorted(TAG_FACTS))}"
            )


def _check_guards(node: Node, *, is_guarded: bool) -> None:
    if is_guard(node):
        if not is_guarded:
            what = "a fact" if isinstance(node, RoomFact) else "an event"
            raise TypeProblem(
                f"{what} of the room fires nothing, it is only read when something else happens; "
                "join it by and with an event or a state of the viewer"
            )
    elif isinstance(node, And):
        triggers = [_kind(part).triggers for part in node.parts]
        for part, own in zip(node.parts, triggers, strict=True):
            others = sum(triggers) > own
            _check_guards(part, is_guarded=is_guarded or others)
    elif isinstance(node, Or | Not):
        for part in children(node):
            _check_guards(part, is_guarded=is_guarded)


def warnings(node: Node, *, lateness_ms: int = LATENESS_MS) -> tuple[Phrase, ...]:
    """What is allowed and yet hardly meant, in the order of the text.

    The key of each is its code, `warning.NAME`, its arguments what it is about;
    `language/sentence.py` says it in words.
    """
    return tuple(found for below in walk(node) for found in _warnings_of(below, lateness_ms))


def _warnings_of(node: Node, lateness_ms: int) -> Iterator[Phrase]:
    lateness = Duration(lateness_ms)
    if isinstance(node, Without) and node.within_ms <= lateness_ms:
        yield phrase("warning.short_absence", span=Duration(node.within_ms), lateness=lateness)
    if isinstance(node, Viewing) and node.without is not None and node.for_ms <= lateness_ms:
        yield phrase("warning.short_view", span=Duration(node.for_ms), lateness=lateness)
    if isinstance(node, Sum) and node.value == 0 and node.cmp in (">=", "<"):
        yield phrase(f"warning.sum_{'always' if node.cmp == '>=' else 'never'}")
    if isinstance(node, Count | Distinct) and node.cmp == "<" and node.value == 1:
        yield phrase("warning.count_of_nobody")
    if isinstance(node, TimeSince) and node.value_ms == 0:
        yield phrase(f"warning.since_zero_{_ZERO_TRUTH[node.cmp]}")
    if isinstance(node, Field) and _is_impossible(node):
        value = literal(node.value, is_money=field_type(node.name) == "money")
        yield phrase("warning.negative", field=Titled("field", node.name), value=value)
    if isinstance(node, Score) and not 0 <= node.value <= 1:
        yield phrase("warning.score", name=Titled("score", node.key), value=node.value)


_ZERO_TRUTH: Final = {">=": "always", "<": "never", ">": "nearly_always", "<=": "at_once"}


def _is_impossible(node: Field) -> bool:
    if isinstance(node.value, bool) or not isinstance(node.value, int):
        return False
    return (node.cmp == "<" and node.value <= 0) or (node.cmp in ("<=", "==") and node.value < 0)
