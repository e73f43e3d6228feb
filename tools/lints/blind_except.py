"""Only three boundaries may catch everything; elsewhere it hides our own bugs."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.lints.rule import Rule, Source

ALLOWED = {
    "src/qianmian/runtime/engine_thread.py": "the room loop",
    "src/qianmian/server/boundary.py": "the request boundary",
    "src/qianmian/runtime/jobs.py": "the job boundary",
}
BLIND = frozenset({"Exception", "BaseException"})


def _check(source: Source) -> Iterator[tuple[int, str]]:
    for node in source.nodes:
        if isinstance(node, ast.ExceptHandler) and _is_blind(node.type):
            yield node.lineno, "name the errors you expect; the rest is our bug and must be seen"
        elif isinstance(node, ast.Call) and _is_blind_suppress(node):
            yield node.lineno, "suppress() what you expect; the rest is our bug and must be seen"


def _is_blind(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    if isinstance(caught, ast.Tuple):
        return any(_is_blind(item) for item in caught.elts)
    return isinstance(caught, ast.Name) and caught.id in BLIND


def _is_blind_suppress(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name == "suppress" and any(_is_blind(argument) for argument in call.args)


RULE = Rule(
    name="blind-except",
    summary="`except Exception` only at the room loop, the request and the job boundary.",
    covers=lambda source: source.is_product and str(source.path) not in ALLOWED,
    check=_check,
)
