"""Is enough of the product run by tests? `python -m tools.coverage_floors REPORT…`.

Reads JSON reports of coverage.py, with branches, and prints a figure for each floor. A floor is a
floor: below it the command fails. What Numba compiles is invisible to a measured run, so the bodies
of kernels count only in reports of runs with the JIT off, and only as a group of their own.

    python -m tools.coverage_floors .coverage.json               # all but kernels
    python -m tools.coverage_floors --kernels .coverage.json     # kernels, with the JIT off
"""

from __future__ import annotations

import ast
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.lints.impure_floor import PURE_FLOORS
from tools.lints.names import is_kernel
from tools.lints.rule import Source
from tools.lints.walk import ROOT

PURE_PERCENT = 95  # of lines and branches together
OTHER_PERCENT = 85
KERNELS_PERCENT = 95  # measured 96.1 by `make kernels`
KERNELS = "kernels"


@dataclass(frozen=True)
class Figure:
    """How many of a group's lines and branches were run."""

    group: str
    run: int
    total: int

    @property
    def percent(self) -> float:
        """Share of what was run; a group of nothing is whole."""
        return 100 * self.run / self.total if self.total else 100.0

    @property
    def least(self) -> int:
        """Its floor."""
        if self.group == KERNELS:
            return KERNELS_PERCENT
        return PURE_PERCENT if self.group in PURE_FLOORS else OTHER_PERCENT

    @property
    def is_enough(self) -> bool:
        """Whether it keeps its floor."""
        return self.percent >= self.least


def kernel_lines(source: Source) -> tuple[frozenset[int], frozenset[int]]:
    """The lines inside functions that Numba compiles, and those inside makers of instructions.

    The latter write machine code while others are compiled: no measured run sees them.
    """
    inside: set[int] = set()
    unseen: set[int] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef) and is_kernel(node):
            is_maker = any(getattr(name, "id", "") == "intrinsic" for name in node.decorator_list)
            lines = unseen if is_maker else inside
            for statement in node.body:
                end = statement.end_lineno or statement.lineno
                lines.update(range(statement.lineno, end + 1))
    return frozenset(inside), frozenset(unseen)


def figures(files: Iterable[tuple[Source, Mapping[str, Any]]], *, kernels: bool) -> list[Figure]:
    """The figure of each floor, or of the kernels alone."""
    run: dict[str, int] = defaultdict(int)
    total: dict[str, int] = defaultdict(int)
    for source, measured in files:
        inside, unseen = kernel_lines(source)
        group = KERNELS if kernels else source.floor or "(root)"
        for line, was_run in _marks(measured):
            if line not in unseen and (line in inside) is kernels:
                run[group] += was_run
                total[group] += 1
    return [Figure(group, run[group], total[group]) for group in sorted(total)]


def _marks(measured: Mapping[str, Any]) -> Iterator[tuple[int, bool]]:
    """Every line, and every branch at the line where it leaves, with whether it was run."""
    for name, was_run in (("executed", True), ("missing", False)):
        yield from ((line, was_run) for line in measured[f"{name}_lines"])
        yield from ((start, was_run) for start, _ in measured.get(f"{name}_branches", ()))


def read_report(path: Path) -> Iterator[tuple[Source, Mapping[str, Any]]]:
    """The files of a report, each with its source."""
    for name, measured in json.loads(path.read_text(encoding="utf-8"))["files"].items():
        text = (ROOT / name).read_text(encoding="utf-8")
        yield Source.of(Path(name).as_posix(), text), measured


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every figure.

    Returns: 0 enough, 1 a floor is not kept, 2 nothing was measured (which is never enough).
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    kernels = "--kernels" in given
    reports = [Path(name) for name in given if not name.startswith("--")]
    measured = [entry for path in reports for entry in read_report(path)]
    found = figures(measured, kernels=kernels)
    for figure in found:
        mark = "" if figure.is_enough else f"  below its floor of {figure.least} %"
        print(f"coverage: {figure.group:<12} {figure.percent:5.1f} % of {figure.total:,}{mark}")
    if not any(figure.total for figure in found):
        print("coverage: nothing was measured")
        return 2
    return 0 if all(figure.is_enough for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
