"""What the names in a file stand for, read from its imports and decorators alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.lints.rule import Source

KERNEL_DECORATORS = frozenset({"inline", "intrinsic", "jit", "kernel", "njit", "routine"})


def imported_modules(source: Source) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported, `from a import b` as `a.b`."""
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(node, source)
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def dotted_uses(source: Source) -> Iterator[tuple[ast.expr, str]]:
    """Each name or attribute that comes from an import, with its full dotted name.

    After `from datetime import datetime as dt`, `dt.now` is "datetime.datetime.now".
    Only the longest chain is given: `os.environ.get`, not also `os.environ`.
    """
    origins = _origins_by_name(source)
    inner = {id(node.value) for node in source.nodes if isinstance(node, ast.Attribute)}
    for node in source.nodes:
        if isinstance(node, ast.Name | ast.Attribute) and id(node) not in inner:
            dotted = _dotted(node, origins)
            if dotted is not None:
                yield node, dotted


def is_within(dotted: str, root: str) -> bool:
    """The name is `root` or lies below it."""
    return dotted == root or dotted.startswith(root + ".")


def is_kernel(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Numba compiles it, so style and types are what Numba takes."""
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name in KERNEL_DECORATORS:
            return True
    return False


def _origin(node: ast.ImportFrom, source: Source) -> str:
    if node.level == 0:
        return node.module or ""
    package = source.module.split(".")
    if source.path.name != "__init__.py":
        package = package[:-1]
    package = package[: len(package) - (node.level - 1)]
    return ".".join([*package, *([node.module] if node.module else [])])


def _origins_by_name(source: Source) -> dict[str, str]:
    origins: dict[str, str] = {}
    for node in source.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                origins[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(node, source)
            for alias in node.names:
                origins[alias.asname or alias.name] = f"{origin}.{alias.name}"
    return origins


def _dotted(node: ast.expr, origins: dict[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return origins.get(node.id)
    if isinstance(node, ast.Attribute):
        left = _dotted(node.value, origins)
        return f"{left}.{node.attr}" if left else None
    return None
