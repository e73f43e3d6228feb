"""How long an event waits for what it fires, when events come at a steady pace.

Events arrive evenly; each tick takes those that have arrived, applies them and passes time. The
wait of an event is from its arrival to the end of the tick that took it, so half a tick is the
least that a median can be. Wall-clock time: whatever else the machine does counts.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import numpy as np

from benchmarks.ours import Ours, Prepared
from benchmarks.pacing import pace
from qianmian.runtime.bench import BenchRow

PACE = 100_000
TICK_S = 0.005
SECONDS = 6.0


def paced(columns: Prepared, definitions: int, seconds: float = SECONDS) -> Iterator[BenchRow]:
    """The percentiles of the wait, and how busy the core was."""
    ours = Ours(columns, keep=False)
    first = max(0, len(columns) - int(PACE * seconds))
    ours.run(0, first, 5_000)
    gc.disable()
    found = pace(
        np.arange(len(columns) - first) / PACE,
        TICK_S,
        lambda at, stop: ours.run(first + at, first + stop, stop - at),
    )
    gc.enable()
    title = f"{definitions} definitions, {PACE:,} ev/s, tick {TICK_S * 1_000:.0f} ms"
    for share, label in ((50, "p50"), (99, "p99"), (99.9, "p99.9"), (100, "max")):
        yield BenchRow(
            f"firing latency {label}, {title}",
            float(np.percentile(found.waits, share)) * 1_000,
            "ms",
        )
    yield BenchRow(f"core busy, {title}", 100 * found.busy, "%")
