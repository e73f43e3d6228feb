"""Benchmarks as data: each is a function that yields rows; `SUITES` lists them.

A ratio compares with a baseline that was measured in the same run, interleaved; a figure without a
baseline is of this machine only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass


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

SUITES: tuple[Suite, ...] = ()


def measure(options: BenchOptions, suites: Iterable[Suite] = SUITES) -> Iterator[BenchRow]:
    """Every row of every suite, as it is measured."""
    for suite in suites:
        yield from suite(options)
