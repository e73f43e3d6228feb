"""csp as a partner: its graph carries the events, and its alarms are the timers.

One node per room holds the same Python logic as the plain engine (`plain_engine.py`), without the
heap: each row's next due time is a csp alarm. The alarm is set half a millisecond late, because a
timer due at *d* has its turn after the events at *d* and before those of the next millisecond.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from time import process_time
from typing import Any

import csp
import numpy as np
from csp import ts

from benchmarks.ours import Fired, Prepared, sorted_rows
from benchmarks.plain_engine import PlainEngine
from benchmarks.plain_row import Event

START = datetime(2026, 1, 1)  # noqa: DTZ001 — csp wants naive UTC
MS = timedelta(milliseconds=1)
AFTER = timedelta(microseconds=500)


class RoomEngine(PlainEngine):
    """A plain engine whose timers its host sets: it only says which."""

    def __init__(self, program: Any) -> None:
        self.wanted: list[tuple[int, Any]] = []
        super().__init__(program, schedule=lambda at, row: self.wanted.append((at, row)))


@csp.node
def room_node(events: ts[object], engine: object):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """The viewers of one room."""
    with csp.alarms():
        due = csp.alarm(object)

    if csp.ticked(due) and due[1].queued == due[0]:
        engine.wake(due[1], due[0] + 1)
    if csp.ticked(events):
        engine.apply(events)
    if engine.wanted:
        for at, row in engine.wanted:
            csp.schedule_alarm(due, START + at * MS + AFTER, (at, row))
        engine.wanted.clear()


@csp.graph(memoize=False)
def evening(sources: object, engines: object):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Each room's events to its node."""
    for (times, events), engine in zip(sources, engines, strict=True):
        stream = csp.curve(object, (times, events))
        room_node(stream, engine)


def run_csp(prepared: Prepared, events: list[Event]) -> tuple[float, Fired]:
    """All events through csp's historical engine: seconds of processor time, and what fired."""
    program = prepared.core.plan.layout.program
    by_room: dict[int, list[Event]] = {}
    for event in events:
        by_room.setdefault(event.room, []).append(event)
    engines = [RoomEngine(program) for _ in by_room]
    sources = [_curve(part) for part in by_room.values()]
    end = START + (events[-1].clock + 0.4) * MS
    started = process_time()
    csp.run(evening, sources, engines, starttime=START, endtime=end)
    seconds = process_time() - started
    fired = [one for engine in engines for one in engine.fired]
    return seconds, sorted_rows(np.array(fired, np.int64).reshape(-1, 5))


def _curve(events: list[Event]) -> tuple[Any, Any]:
    """Times and values as csp reads them without a Python loop of its own.

    A curve keeps one value per instant, so events of one millisecond stand a microsecond apart.
    """
    clocks = np.array([event.clock for event in events], np.int64)
    index = np.arange(len(clocks))
    first = np.append(True, np.diff(clocks) > 0)
    within = index - np.maximum.accumulate(np.where(first, index, 0))
    boxed = np.empty(len(events), object)
    for place, event in enumerate(events):
        boxed[place] = event
    return np.datetime64(START, "ns") + (clocks * 1_000 + within).astype("timedelta64[us]"), boxed
