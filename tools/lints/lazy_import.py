"""Imports stand at the top of a file: a lazy one hides a dependency, and often a cycle."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.lints.rule import Rule, Source


def _check(source: Source) -> Iterator[tuple[int, str]]:
    for scope in source.nodes:
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in _own_nodes(scope):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield node.lineno, f"move this import out of {scope.name}() to the top"


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Everything in a function but what its inner functions hold: they report for themselves."""
    for child in ast.iter_child_nodes(scope):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield child
        yield from _own_nodes(child)


RULE = Rule(
    name="lazy-import",
    summary="No import inside a function.",
    covers=lambda _: True,
    check=_check,
)
