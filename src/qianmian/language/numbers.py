"""Tags whose value is a number: what is measured, and what a comparison with one means.

A number is a count, a distinct count, a sum, a trait or a score without its comparison. To compare
the tag is to compare what it measures, so whoever judges expressions needs nothing new.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, Literal

from qianmian.errors import TypeProblem
from qianmian.language.ast import (
    And,
    Count,
    Distinct,
    Node,
    Number,
    Or,
    Score,
    Sum,
    Tag,
    TagNumber,
    Trait,
)
from qianmian.language.values import LIVE_LIMIT_MS, money, shown

Unit = Literal["times", "products", "categories", "money", "none"]
"""What a number counts; money is in minor units."""

LEAST: Final[dict[type[Node], int | float]] = {
    Count: 1,
    Distinct: 1,
    Sum: 1,
    Trait: 0,
    Score: 0.0,
}
"""By what can be measured the number that stands in a tag, where no comparison is meant."""

_NEVER_NEGATIVE: Final = (Count, Distinct, Sum)
_AT_ZERO: Final = {">": (">=", 1), "!=": (">=", 1), "==": ("<", 1), "<=": ("<", 1)}
"""A window is asked whether something is in it: that is what a comparison with none means."""


def measured(node: Node) -> Number:
    """The number that a comparison compares."""
    return Number(_with(node, ">=", LEAST[type(node)]))


def unit_of(number: Number) -> Unit:
    """What it counts."""
    match number.of:
        case Count():
            return "times"
        case Distinct(_, "product"):
            return "products"
        case Distinct():
            return "categories"
        case Sum():
            return "money"
    return "none"


def known(number: Number) -> Node:
    """The level that holds of everybody whose number is known: it is one or another."""
    least = LEAST[type(number.of)]
    return Or((_with(number.of, ">=", least), _with(number.of, "<", least)))


def is_always_known(number: Number) -> bool:
    """Whether everybody has the number: what is counted live is none where nothing happened."""
    return isinstance(number.of, _NEVER_NEGATIVE) and not _is_long(number.of)


def meaning(node: TagNumber | Number) -> Node:
    """The level that it is.

    Raises: TypeProblem for a comparison into which its meaning was not put: whoever asks has not
        settled what is asked.
    """
    if isinstance(node, Number):
        return known(node)
    if node.of is None:
        raise TypeProblem(f"tag.{node.key} is compared, and it is not known what it measures")
    return node.of


def filled(node: TagNumber, number: Number) -> TagNumber:
    """The comparison with what it means: the number is known, and is so large.

    Raises: TypeProblem when a number of this kind cannot be compared so.
    """
    of, tag = number.of, Tag(node.key)
    _check_unit(node, number)
    if isinstance(of, _NEVER_NEGATIVE) and node.value <= 0:
        meant = _at_zero(node, of)
    elif isinstance(of, Sum) and node.cmp in ("==", "!="):
        meant = _exactly(node, of)
    else:
        value = float(node.value) if isinstance(of, Score) else node.value
        meant = _with(of, node.cmp, value)
    return replace(node, of=tag if meant is None else And((tag, meant)))


def _is_long(of: Node) -> bool:
    """A window of which facts know the days before: without them its number is unknown."""
    within = getattr(of, "within", None)
    return isinstance(within, int) and within > LIVE_LIMIT_MS


def _check_unit(node: TagNumber, number: Number) -> None:
    is_sum = isinstance(number.of, Sum)
    if is_sum and not node.is_money:
        raise TypeProblem(
            f"tag.{node.key} is an amount of money; compare it with one, for example \u00a5500"
        )
    if node.is_money and not is_sum:
        raise TypeProblem(
            f"tag.{node.key} is no amount of money; compare it with a number, not "
            f"{money(int(node.value))}"
        )
    if isinstance(number.of, Count | Distinct) and isinstance(node.value, float):
        raise TypeProblem(
            f"tag.{node.key} counts; compare it with a whole number, not {shown(node.value)}"
        )


def _at_zero(node: TagNumber, of: Node) -> Node | None:
    """A comparison with none; None: it holds of every number."""
    is_always = node.cmp in (">=", ">", "!=") if node.value < 0 else node.cmp == ">="
    if is_always:
        return None
    if node.value < 0 or node.cmp == "<":
        raise TypeProblem(
            f"tag.{node.key} is never negative, so this never holds; compare it with 0 or more"
        )
    return _with(of, *_AT_ZERO[node.cmp])


def _exactly(node: TagNumber, of: Sum) -> Node:
    """A sum is asked in one direction at a time."""
    if node.cmp == "==":
        return And((_with(of, ">=", node.value), _with(of, "<=", node.value)))
    return Or((_with(of, ">", node.value), _with(of, "<", node.value)))


def _with(of: Node, cmp: str, value: float) -> Node:
    changes: dict[str, Any] = {"cmp": cmp, "value": value}
    compared: Node = replace(of, **changes)
    return compared
