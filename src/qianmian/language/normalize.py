"""The normal form: two expressions that differ only in spelling become the same tree.

Select.types in catalogue order without repetition; nested `and` in `and` and `or` in `or` is
flattened; an `or` of bare events with one key is one event of several types; `not not x` is x.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from qianmian.language.ast import Node
from qianmian.language.catalog import operator_of
from qianmian.language.limits import check_size


def normalize(node: Node) -> Node:
    """The normal form; idempotent.

    Raises: LimitExceeded when the tree is too deep or too large.
    """
    check_size(node)
    return _normalized(node)


def _normalized(node: Node) -> Node:
    changes: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, Node):
            changes[field.name] = _normalized(value)
        elif isinstance(value, tuple) and any(isinstance(item, Node) for item in value):
            changes[field.name] = tuple(_normalized(item) for item in value)
    whole = replace(node, **changes) if changes else node
    normal: Node = operator_of(whole).normalize(whole)
    return normal
