"""The operators of the language, collected by folder walk at first use."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from qianmian.errors import TypeProblem
from qianmian.language import operators
from qianmian.language.ast import Node
from qianmian.language.operator import Operator


@cache
def operators_by_name() -> MappingProxyType[str, Operator]:
    """Every operator by its JSON name, in alphabetical order.

    Raises: TypeProblem when a file holds no operator, or two share a name or a node.
    """
    found: dict[str, Operator] = {}
    for module in sorted(iter_modules(operators.__path__), key=lambda module: module.name):
        held = getattr(import_module(f"{operators.__name__}.{module.name}"), "OPERATOR", None)
        if not isinstance(held, Operator):
            raise TypeProblem(f"language/operators/{module.name}.py has no OPERATOR")
        if held.name in found or any(other.node is held.node for other in found.values()):
            raise TypeProblem(f'language/operators/{module.name}.py repeats "{held.name}"')
        found[held.name] = held
    return MappingProxyType(dict(sorted(found.items())))


@cache
def _operators_by_node() -> MappingProxyType[type[Node], Operator]:
    return MappingProxyType({held.node: held for held in operators_by_name().values()})


def operator_of(node: Node) -> Operator:
    """The operator of a node.

    Raises: TypeProblem when it is no node of the language.
    """
    found = _operators_by_node().get(type(node))
    if found is None:
        raise TypeProblem(f"{type(node).__name__} is no expression of the language")
    return found
