"""Tests use fakes that work, and a clock that they move: a mock agrees with whatever is wrong."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.lints.names import dotted_uses, imported_modules, is_within
from tools.lints.rule import Rule, Source

MOCKS = ("mock", "pytest_mock", "unittest.mock")
SLEEPS = ("anyio.sleep", "asyncio.sleep", "time.sleep", "trio.sleep")
_PATCHES = ("delattr", "delitem", "setattr", "setitem")


def _check(source: Source) -> Iterator[tuple[int, str]]:
    if source.path.parts[:3] != ("tests", "unit", "server"):
        for line, name in imported_modules(source):
            if any(is_within(name, mock) for mock in MOCKS):
                yield line, "no mocks: hand a fake in"
    uses = list(dotted_uses(source))
    for use, name in uses:
        if name in SLEEPS:
            yield use.lineno, f"no {name}: move a clock, or wait for what must happen"
    ours = {id(use) for use, name in uses if is_within(name, "qianmian")}
    for node in source.nodes:
        if isinstance(node, ast.Call) and _is_patch(node) and node.args:
            target = node.args[0]
            text = target.value if isinstance(target, ast.Constant) else None
            if id(target) in ours or (isinstance(text, str) and is_within(text, "qianmian")):
                yield node.lineno, "our own code is not patched: make it an argument"


def _is_patch(call: ast.Call) -> bool:
    function = call.func
    return (
        isinstance(function, ast.Attribute)
        and function.attr in _PATCHES
        and isinstance(function.value, ast.Name)
        and function.value.id in ("monkeypatch", "patch", "mp")
    )


RULE = Rule(
    name="no-mocks",
    summary="Tests patch none of our code, use no mocks (but of `server`) and never sleep.",
    covers=lambda source: source.path.parts[0] == "tests",
    check=_check,
)
