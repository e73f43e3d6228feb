"""Snapshot and restore, and that the restored engine goes on as the first one would have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from time import perf_counter

from benchmarks.workload import Plan, make
from qianmian.engine.core import Core
from qianmian.language.definition import Definition
from qianmian.runtime.bench import BenchRow


def restored(definitions: Sequence[Definition], plan: Plan, rounds: int) -> Iterator[BenchRow]:
    """Wall-clock seconds for both, and the size.

    Raises: AssertionError when the restored engine fires differently.
    """
    batch = make(plan)
    first, last = (
        batch.slice(0, len(batch) * 9 // 10),
        batch.slice(len(batch) * 9 // 10, len(batch)),
    )
    core = Core(definitions)
    core.run(first)
    taking, reading = [], []
    for _ in range(rounds):
        started = perf_counter()
        stored = core.snapshot()
        taking.append(perf_counter() - started)
        started = perf_counter()
        again = Core.restore(stored)
        reading.append(perf_counter() - started)
    if again.run(last) != core.run(last):
        raise AssertionError("the restored engine fires differently")
    title = f"{plan.viewers:,} viewers, {len(definitions)} definitions"
    for name, times in (("snapshot", taking), ("restore", reading)):
        spread = (max(times) - min(times)) / median(times)
        yield BenchRow(f"{name}, {title}", median(times) * 1_000, "ms", spread=spread)
    yield BenchRow(f"size of the snapshot, {title}", len(stored) / plan.viewers, "bytes per viewer")
