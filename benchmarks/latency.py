"""How long an event waits for what it fires, when events come at a steady pace.

Events arrive evenly; each tick takes those that have arrived, applies them and passes time. The
wait of an event is from its arrival to the end of the tick that took it, so half a tick is the
least that a median can be. Wall-clock time: whatever else the machine does counts.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from time import perf_counter, sleep

import numpy as np

from benchmarks.ours import Ours, Prepared
from qianmian.runtime.bench import BenchRow

PACE = 100_000
TICK_S = 0.005
SECONDS = 6.0


def paced(columns: Prepared, definitions: int, seconds: float = SECONDS) -> Iterator[BenchRow]:
    """The percentiles of the wait, and how busy the core was."""
    ours = Ours(columns, keep=False)
    first = max(0, len(columns) - int(PACE * seconds))
    ours.run(0, first, 5_000)
    waits, busy = _ticks(ours, first, len(columns))
    title = f"{definitions} definitions, {PACE:,} ev/s, tick {TICK_S * 1_000:.0f} ms"
    for share, label in ((50, "p50"), (99, "p99"), (99.9, "p99.9"), (100, "max")):
        yield BenchRow(
            f"firing latency {label}, {title}", float(np.percentile(waits, share)) * 1_000, "ms"
        )
    yield BenchRow(f"core busy, {title}", 100 * busy, "%")


def _ticks(ours: Ours, first: int, last: int) -> tuple[np.ndarray, float]:
    arrival = np.arange(last - first) / PACE
    waits = np.zeros(last - first)
    gc.collect()
    gc.disable()
    began = perf_counter()
    at, working = 0, 0.0
    while at < last - first:
        sleep(max(0.0, TICK_S - (perf_counter() - began) % TICK_S))
        now = perf_counter() - began
        stop = int(np.searchsorted(arrival, now, "right"))
        if stop > at:
            ours.run(first + at, first + stop, stop - at)
            done = perf_counter() - began
            waits[at:stop] = done - arrival[at:stop]
            working += done - now
            at = stop
    gc.enable()
    return waits, working / (perf_counter() - began)
