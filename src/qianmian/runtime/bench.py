"""Benchmarks as data: each is a function that yields rows.

They live in `benchmarks/` of the checkout, beside `src/`: an installed wheel has none. A ratio
compares with a baseline that was measured in the same run, interleaved; a figure without a baseline
is of this machine only.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from qianmian.errors import InputError


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One measured figure.

    `ratio` = value / baseline where higher is better (the reader need not know which way round);
    `spread` = (max - min) / median over the repetitions.
    """

    name: str
    value: float
    unit: str
    baseline: str | None = None
    ratio: float | None = None
    spread: float | None = None


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """`long` asks for every scale, which takes hours."""

    long: bool = False


Suite = Callable[[BenchOptions], Iterable[BenchRow]]

CHECKOUT = Path(__file__).resolve().parents[3]


def load_suites(checkout: Path = CHECKOUT) -> tuple[Suite, ...]:
    """The benchmarks of the checkout that this package runs from.

    Raises: InputError when it does not run from a checkout.
    """
    if not (checkout / "benchmarks" / "suites.py").exists():
        raise InputError(
            "the benchmarks are not part of the installed package; run `make bench` in a checkout"
        )
    if str(checkout) not in sys.path:
        sys.path.append(str(checkout))
    suites: tuple[Suite, ...] = importlib.import_module("benchmarks.suites").SUITES
    return suites


def measure(options: BenchOptions, suites: Iterable[Suite] | None = None) -> Iterator[BenchRow]:
    """Every row of every suite, as it is measured."""
    for suite in load_suites() if suites is None else suites:
        yield from suite(options)
