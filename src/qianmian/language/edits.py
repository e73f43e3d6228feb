"""What an edit of a definition changes: numbers only, or more.

Where only numbers changed and what was kept is enough to judge the new ones, counts and the
once-set go on; anything else starts anew.
"""

from __future__ import annotations

from dataclasses import fields

from qianmian.language.ast import Count, Distinct, First, Last, Node, Select, Sum, walk
from qianmian.language.comparing import NEEDED_MORE
from qianmian.language.fact_columns import is_long

EXACT_COUNT = 64
"""Above it a count keeps panes, which are as wide as their window allows."""

KEPT_FIELDS = frozenset({"amount", "price"})
"""Of a first or last event the amount and the price are kept; of other fields only the answer."""


def keeps_state(old: Node, new: Node) -> bool:
    """Whether what was kept for the old expression serves the new one."""
    if old == new:
        return True
    if _shape(old) != _shape(new):
        return False
    return all(_is_enough(*pair) for pair in zip(walk(old), walk(new), strict=True))


def _shape(node: Node) -> tuple[object, ...]:
    """The expression without its numbers; those of a selection decide what was kept, so stay."""
    if isinstance(node, Select):
        return (node,)
    return (type(node), *(_part(getattr(node, field.name)) for field in fields(node)))


def _part(value: object) -> object:
    if isinstance(value, Node):
        return _shape(value)
    if isinstance(value, tuple):
        return tuple(_shape(part) if isinstance(part, Node) else part for part in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number"
    return value


def _is_enough(old: Node, new: Node) -> bool:
    if isinstance(old, First | Last) and old != new:
        return old.field in KEPT_FIELDS
    if (is_long(old) or is_long(new)) and _window(old) != _window(new):
        return False
    if isinstance(old, Count) and isinstance(new, Count):
        if old.value > EXACT_COUNT and old != new:
            return False
        return _kept(new) <= _kept(old)
    if isinstance(old, Distinct) and isinstance(new, Distinct):
        return _kept(new) <= _kept(old)
    return True


def _window(node: Node) -> object:
    return node.within if isinstance(node, Count | Sum) else None


def _kept(node: Count | Distinct) -> int:
    """How many entries decide the comparison."""
    return node.value + NEEDED_MORE[node.cmp]
