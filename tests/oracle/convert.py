"""Expressions as plain dicts: {"op": name, "id": number in reading order, ...fields}.

The oracle shares no code with the language, so it reads the nodes by the names of their classes and
fields alone.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Tree = dict[str, Any]

NUMBERS = {
    "count": ("value", "within"),
    "distinct": ("value", "within"),
    "sum": ("value", "within"),
    "first": ("value",),
    "last": ("value",),
    "time_since": ("value_ms",),
    "then": ("within_ms",),
    "without": ("within_ms", "wait_ms"),
    "viewing": ("for_ms", "wait_ms"),
    "idle": ("for_ms",),
    "hidden": ("for_ms",),
    "in_room": ("for_ms",),
    "previous_visit": ("ago_ms",),
    "trait": ("value",),
    "score": ("value",),
    "tag_number": ("value",),
    "room_fact": ("value",),
}
"""What "only numbers changed" may change. A number inside `where` decides what was kept."""


@dataclass(frozen=True)
class Rule:
    """One definition as the oracle reads it; what arrived up to `since` is not counted."""

    key: str
    kind: str
    tree: Tree
    again_after_ms: int | None
    since: int

    @cached_property
    def nodes(self) -> tuple[Tree, ...]:
        return tuple(walk(self.tree))

    @cached_property
    def is_room_moment(self) -> bool:
        return any(node["op"] == "distinct" and node["field"] == "viewer" for node in self.nodes)


def rule_of(definition: Any, since: int) -> Rule:
    """The rule of anything with key, kind, expr and again_after_ms."""
    tree = tree_of(definition.expr, itertools.count())
    return Rule(definition.key, definition.kind, tree, definition.again_after_ms, since)


def tree_of(node: Any, numbers: Iterator[int]) -> Tree:
    """The dict of one node and everything below it."""
    name = re.sub(r"(?<!^)([A-Z])", r"_\1", type(node).__name__).lower()
    out: Tree = {"op": name, "id": next(numbers)}
    for field in dataclasses.fields(node):
        out[field.name] = _value(getattr(node, field.name), numbers)
    return out


def _value(value: Any, numbers: Iterator[int]) -> Any:
    if dataclasses.is_dataclass(value):
        return tree_of(value, numbers)
    if isinstance(value, tuple):
        return [_value(item, numbers) for item in value]
    return value


def walk(tree: Tree) -> Iterator[Tree]:
    """The node and everything below it."""
    yield tree
    for value in tree.values():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield from walk(item)


def without_numbers(tree: Any) -> Any:
    """The tree without the numbers of its nodes."""
    if isinstance(tree, list):
        return [without_numbers(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    return {name: without_numbers(value) for name, value in tree.items() if name != "id"}


def shape(tree: Any) -> Any:
    """The tree with its numbers blotted out: equal shapes differ in numbers only."""
    if not isinstance(tree, dict):
        return [shape(item) for item in tree] if isinstance(tree, list) else tree
    blotted = NUMBERS.get(tree["op"], ())
    return {
        name: "#" if name in blotted and _is_number(value) else shape(value)
        for name, value in tree.items()
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


LIVE_LIMIT_MS = 7 * 86_400_000
NEEDED_MORE = {">=": 0, "<": 0, ">": 1, "<=": 1, "==": 1, "!=": 1}


def is_long(tree: Tree) -> bool:
    """Whether only facts reach back so far."""
    within = tree.get("within")
    return isinstance(within, int) and within > LIVE_LIMIT_MS


def long_enough(old: Tree, new: Tree) -> bool:
    """Whether what the old tree kept is enough to judge the new one."""
    for before, after in zip(walk(old), walk(new), strict=True):
        if before["op"] in ("count", "distinct"):
            kept = before["value"] + NEEDED_MORE[before["cmp"]]
            needed = after["value"] + NEEDED_MORE[after["cmp"]]
            if needed > kept:
                return False
            if before["op"] == "count" and before["value"] > 64 and before != after:
                return False  # panes are as wide as their window and have no single entries
        windows = {before.get("within"), after.get("within")}
        if len(windows) > 1 and any(map(is_long, (before, after))):
            return False  # what a long window keeps stands on the facts of just that window
        is_edge = before["op"] in ("first", "last") and before != after
        if is_edge and before["field"] not in ("amount", "price"):
            return False  # of other fields only the answer was kept
    return True


def only_numbers(old: Rule, new: Rule) -> bool:
    """Whether one rule is the other with other numbers, and what was kept is enough for it."""
    return (
        old.kind == new.kind
        and shape(old.tree) == shape(new.tree)
        and long_enough(old.tree, new.tree)
    )
