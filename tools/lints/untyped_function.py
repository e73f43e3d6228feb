"""In the engine, only what Numba compiles may leave out types: there the compiler infers them.

Mypy and ruff are lenient with the whole engine floor for the sake of its kernels; this rule takes
the leniency back for everything that is not one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.lints.names import is_kernel
from tools.lints.rule import Rule, Source


def _check(source: Source) -> Iterator[tuple[int, str]]:
    yield from _untyped(source.tree)


def _untyped(node: ast.AST) -> Iterator[tuple[int, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            if is_kernel(child):
                continue
            if not _is_typed(child):
                ways = "compile it with @kernel, @inline or @routine"
                yield child.lineno, f"annotate {child.name}(), or {ways}"
        yield from _untyped(child)


def _is_typed(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    if arguments and arguments[0].arg in ("self", "cls"):
        arguments = arguments[1:]
    extra = [argument for argument in (given.vararg, given.kwarg) if argument]
    return function.returns is not None and all(
        argument.annotation is not None for argument in [*arguments, *extra]
    )


RULE = Rule(
    name="untyped-function",
    summary="In the engine, only functions that Numba compiles may leave out annotations.",
    covers=lambda source: source.floor == "engine",
    check=_check,
)
