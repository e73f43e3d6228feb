"""What an expression leaves to the shop is put in when it comes to hold.

That is the zone of its clock, and what a tag measures whose number it compares. So the log says it,
and no reader needs to be told: a shop that moves to another zone, or measures something else,
changes the definitions that rest on it, and a replay of the days before finds what held then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from qianmian.errors import DefinitionError, TypeProblem, UnknownName
from qianmian.language.ast import Hour, Node, Number, TagNumber, children, walk
from qianmian.language.definition import Definition
from qianmian.language.normalize import normalize
from qianmian.language.numbers import filled
from qianmian.language.types import check


def settled(
    definitions: Iterable[Definition], zone: str = "", *, beside: Iterable[Definition] = ()
) -> tuple[Definition, ...]:
    """The definitions as they hold in a shop.

    Args:
        zone: of the shop; "" leaves the question open.
        beside: what holds beside them, for the tags that they compare; theirs come first.

    Raises: UnknownName or TypeProblem for a comparison with a tag that is not there, or has no such
        number, with the key of the definition; LimitExceeded.
    Cost: O(parts of all expressions).
    """
    given = [replace(one, expr=_in_zone(one.expr, zone)) for one in definitions]
    numbers = numbers_of([*beside, *given])
    return tuple(replace(one, expr=_compared(one, numbers)) for one in given)


def settled_node(node: Node, zone: str, beside: Iterable[Definition] | None = None) -> Node:
    """An expression as it holds in a shop in that zone, beside these definitions.

    None: comparisons with tags are left as they are.

    Raises: as `settled`.
    """
    here = _in_zone(node, zone)
    return here if beside is None else _filled(here, numbers_of(beside))


def numbers_of(definitions: Iterable[Definition]) -> dict[str, Number | None]:
    """What each tag measures, by key; None where it says yes or no."""
    return {
        one.key: one.expr if isinstance(one.expr, Number) else None
        for one in definitions
        if one.kind == "tag"
    }


def _compared(definition: Definition, numbers: Mapping[str, Number | None]) -> Node:
    try:
        return _filled(definition.expr, numbers)
    except DefinitionError as problem:
        problem.params.setdefault("key", definition.key)
        raise


def _filled(node: Node, numbers: Mapping[str, Number | None]) -> Node:
    """The expression with what its comparisons with tags mean, in normal form."""
    if not any(isinstance(below, TagNumber) for below in walk(node)):
        return node
    whole = normalize(_rewritten(node, lambda one: _with_meaning(one, numbers)))
    check(whole)  # a number may be larger than what is counted to
    return whole


def _with_meaning(node: Node, numbers: Mapping[str, Number | None]) -> Node | None:
    if not isinstance(node, TagNumber):
        return None
    if node.key not in numbers:
        raise UnknownName.of("tag", node.key, numbers)
    number = numbers[node.key]
    if number is None:
        raise TypeProblem(
            f"tag.{node.key} says yes or no and has no number; write tag.{node.key} or not"
            f" tag.{node.key}"
        )
    return filled(node, number)


def _in_zone(node: Node, zone: str) -> Node:
    def named(one: Node) -> Node | None:
        if not isinstance(one, Hour):
            return None
        return one if one.zone else replace(one, zone=zone)

    return _rewritten(node, named)


def _rewritten(node: Node, rule: Callable[[Node], Node | None]) -> Node:
    """The expression with what the rule puts in the place of its parts; None: look below."""
    found = rule(node)
    if found is not None or not any(True for _ in children(node)):
        return node if found is None else found
    changes: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, Node):
            changes[field.name] = _rewritten(value, rule)
        elif isinstance(value, tuple) and any(isinstance(item, Node) for item in value):
            changes[field.name] = tuple(_rewritten(item, rule) for item in value)
    changed: Node = replace(node, **changes)
    return changed
