"""Imports stand at the top of a file: a lazy one hides a dependency, and often a cycle."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.lints.rule import Rule, Source


def _check(source: Source) -> Iterator[tuple[int, str]]:
    """Each import with the innermost function around it: the last to begin."""
    scopes = [
        one for one in source.nodes if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for node in source.nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            around = [one for one in scopes if one.lineno <= node.lineno <= (one.end_lineno or 0)]
            if around:
                scope = max(around, key=lambda one: one.lineno)
                yield node.lineno, f"move this import out of {scope.name}() to the top"


RULE = Rule(
    name="lazy-import",
    summary="No import inside a function.",
    covers=lambda _: True,
    check=_check,
)
