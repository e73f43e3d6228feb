"""Sizes that a reader can hold: `python -m tools.size_ratchet`.

A place over its limit fails, unless `size_exceptions.txt` names it with its true size and a reason.
An exception that is larger than the place, or no longer needed, fails too: the file only shrinks.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.lints.names import is_kernel
from tools.lints.rule import Source
from tools.lints.walk import ROOT, sources

MODULE_LINES = 600
DEFINITION_LINES = 200  # `definition.py` declares a kind of thing; logic belongs elsewhere
INIT_LINES = 40  # `__init__.py` holds names only
# Without its docstring: explaining well must not cost anything. Kernels are exempt: a compiled loop
# pays for every call it makes.
FUNCTION_LINES = 60

EXCEPTIONS = ROOT / "tools" / "size_exceptions.txt"


@dataclass(frozen=True)
class Place:
    """A module or a function, with its size and its limit in lines."""

    kind: str
    name: str
    lines: int
    limit: int


@dataclass(frozen=True)
class Allowance:
    """One line of the exceptions file."""

    kind: str
    name: str
    lines: int
    reason: str


def read_exceptions(text: str) -> list[Allowance]:
    """The allowances of an exceptions file.

    Raises: ValueError for a line without kind, place, number and reason.
    """
    allowances = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split(maxsplit=3)
        if len(parts) != 4 or parts[0] not in ("module", "function") or not parts[2].isdigit():
            message = f"{EXCEPTIONS.name}: want `module|function PLACE LINES reason`, got: {line}"
            raise ValueError(message)
        allowances.append(Allowance(parts[0], parts[1], int(parts[2]), parts[3]))
    return allowances


def places(source: Source) -> Iterator[Place]:
    """The module and each of its functions, methods and inner functions."""
    path = str(source.path)
    yield Place("module", path, len(source.text.splitlines()), _module_limit(source))
    for name, node in _functions(source.tree, ""):
        if not is_kernel(node):
            yield Place("function", f"{path}::{name}", _code_lines(node), FUNCTION_LINES)


def problems(found: Iterable[Place], allowances: Iterable[Allowance]) -> list[str]:
    """What is too large, and which allowances are loose."""
    allowed = {(item.kind, item.name): item for item in allowances}
    complaints = []
    for place in found:
        allowance = allowed.pop((place.kind, place.name), None)
        complaint = _complaint(place, allowance)
        if complaint:
            complaints.append(f"{place.name}: {complaint}")
    complaints += [f"{item.name}: no such {item.kind}: remove it" for item in allowed.values()]
    return complaints


def main() -> int:
    """Check the whole project; 0 when every size holds."""
    found = [place for source in sources() for place in places(source)]
    complaints = problems(found, read_exceptions(EXCEPTIONS.read_text(encoding="utf-8")))
    for complaint in complaints:
        print(complaint)
    print(f"size ratchet: {len(found)} places, {len(complaints)} complaints")
    return 1 if complaints or not found else 0


def _complaint(place: Place, allowance: Allowance | None) -> str:
    size = f"{place.lines} lines, limit {place.limit}"
    if allowance is None:
        return f"{size}: split it by reason to change" if place.lines > place.limit else ""
    if place.lines <= place.limit:
        return f"{size}: the exception is no longer needed: remove it"
    if place.lines > allowance.lines:
        return f"{size}: grown beyond its exception of {allowance.lines}"
    if place.lines < allowance.lines:
        return f"{size}: lower its exception from {allowance.lines}"
    return ""


def _module_limit(source: Source) -> int:
    by_name = {"__init__.py": INIT_LINES, "definition.py": DEFINITION_LINES}
    return by_name.get(Path(source.path).name, MODULE_LINES)


def _functions(
    node: ast.AST, prefix: str
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for child in ast.iter_child_nodes(node):
        inner = prefix
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{prefix}{child.name}."
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + child.name, child
        yield from _functions(child, inner)


def _code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node, clean=False) is not None:
        text = node.body[0]
        lines -= (text.end_lineno or text.lineno) - text.lineno + 1
    return lines


if __name__ == "__main__":
    sys.exit(main())
