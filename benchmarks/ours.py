"""Qianmian's engine as the benchmark drives it: one shard, prepared columns, a sweep per call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import process_time

import numpy as np
import numpy.typing as npt

from qianmian.columns.batch import EventBatch
from qianmian.engine import words as w
from qianmian.engine.core import MINUTE_MS, Core
from qianmian.engine.shard import Events, Shard
from qianmian.language.definition import Definition

Fired = npt.NDArray[np.int64]
"""One row per firing: viewer, room, definition, time since the base, key."""


@dataclass(slots=True)
class Prepared:
    """Events as the loop reads them, for one set of definitions."""

    core: Core
    events: Events
    base_ms: int
    bit_of: dict[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.events.TYPE)


def prepare(definitions: Sequence[Definition], batch: EventBatch) -> Prepared:
    """Global codes, filters and keys of a whole batch; not part of what is timed."""
    core = Core(definitions)
    events = core.preparer.prepare(batch)
    base = (int(batch.clock[0]) // MINUTE_MS - 10) * MINUTE_MS
    return Prepared(core, events, base, dict(core.plan.layout.bit_of))


class Ours:
    """A shard that keeps its output as arrays."""

    def __init__(self, prepared: Prepared, *, presence: bool = True, keep: bool = True) -> None:
        self.fired: list[Fired] = []
        self.n_fired = 0
        self.keep = keep
        self.base_ms = prepared.base_ms
        self.events = prepared.events
        core = prepared.core
        self.shard = Shard(
            core.plan.layout,
            core.plan.fresh_tables(),
            base_ms=prepared.base_ms,
            lateness_ms=core.lateness_ms,
            presence=presence,
            viewers=len(core.names.viewers),
            take=self._take,
        )
        self.shard.reserve(len(core.names.viewers), len(core.names.rooms))

    def _take(self, output: tuple[int, Fired]) -> None:
        base, fired = output
        self.n_fired += len(fired)
        if self.keep:
            fired[:, 3] += base - self.base_ms
            self.fired.append(fired)

    def run(self, first: int, last: int, size: int) -> float:
        """Apply events first..last in calls of `size`; the seconds of processor time it took."""
        clock, shard, events = self.events.CLOCK, self.shard, self.events
        started = process_time()
        for at in range(first, last, size):
            stop = min(at + size, last)
            shard.apply(events, at, stop)
            shard.sweep(int(clock[stop - 1]))
        shard.drain()
        return process_time() - started

    def output(self) -> Fired:
        """Everything fired so far, sorted."""
        return sorted_rows(np.concatenate(self.fired) if self.fired else np.zeros((0, 5), np.int64))

    @property
    def advances(self) -> int:
        """Instants of timers handled so far."""
        return int(self.shard.state.G[w.G_ADVANCES])


def sorted_rows(fired: Fired) -> Fired:
    """In an order that does not depend on who fired first."""
    return fired[np.lexsort(fired.T[::-1])]
