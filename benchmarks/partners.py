"""The partners of the comparison, driven over the same prepared columns."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from time import process_time

import numpy as np

from benchmarks.ours import Fired, Prepared, sorted_rows
from benchmarks.plain_engine import PlainEngine
from benchmarks.plain_row import Event

RunCsp = Callable[[Prepared, list[Event]], tuple[float, Fired]]


def _csp_if_there() -> RunCsp | None:
    """csp lives in the environment of `make bench`; elsewhere the comparison goes without it."""
    if importlib.util.find_spec("csp") is None:
        return None
    run: RunCsp = importlib.import_module("benchmarks.csp_engine").run_csp
    return run


run_with_csp = _csp_if_there()


def events_of(prepared: Prepared) -> list[Event]:
    """The columns as the tuples that a Python engine wants; not part of what is timed."""
    columns, base, n = prepared.events, prepared.base_ms, len(prepared)
    passes = [0] * n
    for word in range(columns.FILTER.shape[1]):
        for row, mask in enumerate(columns.FILTER[:, word].tolist()):
            passes[row] |= mask << 64 * word
    known, values = _attributes(prepared)
    return [
        Event(*parts)
        for parts in zip(
            columns.VIEWER.tolist(),
            columns.ROOM.tolist(),
            (columns.CLOCK - base).tolist(),
            (columns.TIME - base).tolist(),
            columns.TYPE.tolist(),
            columns.PRODUCT.tolist(),
            columns.CATEGORY.tolist(),
            columns.AMOUNT.tolist(),
            columns.IDLE.tolist(),
            columns.SHOWN.tolist(),
            passes,
            columns.SEQ.tolist(),
            known,
            values,
            strict=True,
        )
    ]


def _attributes(prepared: Prepared) -> tuple[list[int], list[int]]:
    """Per event, which attribute atoms its profile decides, and which of them are true."""
    columns = prepared.events
    known, values = [0] * len(prepared), [0] * len(prepared)
    places = [(bit, at) for bit, at in prepared.bit_of.items()]
    for row in np.flatnonzero(columns.PROFILE >= 0).tolist():
        number = int(columns.PROFILE[row])
        mine = sum(int(w) << 64 * k for k, w in enumerate(columns.KNOWN[number]))
        true = sum(int(w) << 64 * k for k, w in enumerate(columns.VALUES[number]))
        known[row] = sum(1 << bit for bit, at in places if mine >> at & 1)
        values[row] = sum(1 << bit for bit, at in places if true >> at & 1)
    return known, values


def run_plain(prepared: Prepared, events: list[Event], size: int) -> tuple[float, Fired]:
    """All events in calls of `size`: seconds, and what fired."""
    engine = PlainEngine(prepared.core.plan.layout.program)
    started = process_time()
    for at in range(0, len(events), size):
        part = events[at : at + size]
        engine.run(part, part[-1].clock)
    seconds = process_time() - started
    return seconds, as_rows(engine)


def as_rows(engine: PlainEngine) -> Fired:
    """What a Python engine fired, in the shape of ours."""
    return sorted_rows(np.array(engine.fired, np.int64).reshape(-1, 5))
