"""The text form of an expression: `parse(show(node)) == node`."""

from __future__ import annotations

from dataclasses import dataclass

from qianmian.language.ast import Node
from qianmian.language.catalog import operator_of
from qianmian.language.definition import Definition
from qianmian.language.limits import check_size
from qianmian.language.types import key_of
from qianmian.language.values import duration


@dataclass(frozen=True, slots=True)
class _Text:
    """Prints parts; `key` is the word for the key of the whole."""

    key: str

    def __call__(self, node: Node) -> str:
        return operator_of(node).show(node, self)


def show(node: Node) -> str:
    """The text of an expression.

    Raises: LimitExceeded when the tree is too deep or too large.
    """
    check_size(node)
    return _Text(key_of(node) or "product")(node)


def show_definition(definition: Definition) -> str:
    """The text of a definition, with its `again after`."""
    text = show(definition.expr)
    if definition.again_after_ms is None:
        return text
    return f"{text} again after {duration(definition.again_after_ms)}"
