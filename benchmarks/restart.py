"""Snapshot and restore, and that the restored engine goes on as the first one would have."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from statistics import median
from time import perf_counter, process_time
from typing import Any

from benchmarks.ours import prepare
from benchmarks.partners import events_of
from benchmarks.plain_engine import PlainEngine
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
    began = process_time()
    fired = again.run(last)
    replaying = process_time() - began
    if fired != core.run(last):
        raise AssertionError("the restored engine fires differently")
    title = f"{plan.viewers:,} viewers, {len(definitions)} definitions"
    for name, times in (("snapshot", taking), ("restore", reading)):
        spread = (max(times) - min(times)) / median(times)
        yield BenchRow(f"{name}, {title}", median(times) * 1_000, "ms", spread=spread)
    yield BenchRow(f"replay after a restore, {title}", len(last) / replaying, "ev/s")
    yield BenchRow(f"size of the snapshot, {title}", len(stored) / plan.viewers, "bytes per viewer")


def beside_pickle(definitions: Sequence[Definition], plan: Plan, rounds: int) -> Iterator[BenchRow]:
    """Snapshot and restore beside the plain Python engine and pickle, in turn, wall-clock.

    Both hold the same evening. Ours is the whole core, with names, boards and orders; the other is
    its rows and timers.
    """
    batch = make(plan)
    columns = prepare(definitions, batch)
    plain = PlainEngine(columns.core.plan.layout.program)
    events = events_of(columns)
    plain.run(events, events[-1].clock)
    kept_by_it = plain.rows, plain.heap, plain.once
    core = Core(definitions)
    core.run(batch)
    times: dict[str, list[tuple[float, float]]] = {"ours": [], "pickle": []}
    for _ in range(rounds):
        wrote, stored = seconds(core.snapshot)
        times["ours"].append((wrote, seconds(partial(Core.restore, stored))[0]))
        wrote, kept = seconds(partial(pickle.dumps, kept_by_it, pickle.HIGHEST_PROTOCOL))
        times["pickle"].append((wrote, seconds(partial(pickle.loads, kept))[0]))
    for place, what in enumerate(("snapshot", "restore")):
        mine, theirs = ([both[place] for both in times[name]] for name in times)
        yield BenchRow(
            f"{what}, {plan.viewers:,} viewers, beside pickle", median(mine) * 1e3, "ms",
            baseline=f"plain Python by pickle: {median(theirs) * 1e3:,.0f} ms",
            ratio=median(theirs) / median(mine), spread=(max(mine) - min(mine)) / median(mine),
        )  # fmt: skip


def seconds(run: Callable[[], Any]) -> tuple[float, Any]:
    """Wall-clock seconds of a call, and what it returned."""
    started = perf_counter()
    found = run()
    return perf_counter() - started, found
