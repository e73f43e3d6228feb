"""From columns and rows to what fires: interning, the engine, firings as columns and as objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import median
from time import process_time
from typing import Any

import pyarrow as pa

from qianmian.columns.arrow import from_arrow, to_arrow
from qianmian.columns.batch import EventBatch
from qianmian.engine.core import Core
from qianmian.engine.firings import Firings
from qianmian.language.definition import Definition
from qianmian.runtime.bench import BenchRow


def decoded(
    definitions: Sequence[Definition], batch: EventBatch, rounds: int, size: int
) -> Iterator[BenchRow]:
    """Rates for mappings, Arrow stream bytes and ready batches, in turn.

    Each batch has lists of names of its own, as a sender would have made them.
    """
    parts = [batch.slice(at, min(at + size, len(batch))) for at in range(0, len(batch), size)]
    rows = [part.to_rows() for part in parts[: len(parts) // 4]]
    streams = [_stream(part) for part in parts]
    ready = [_from_stream(stream) for stream in streams]
    ways: dict[str, tuple[list[Any], Callable[[Any], EventBatch]]] = {
        "EventBatch.from_rows + Core.run": (rows, EventBatch.from_rows),
        "Arrow stream + Core.run": (streams, _from_stream),
        "Core.run on batches of columns": (ready, lambda part: part),
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    parts_of: dict[str, list[float]] = {name: [] for name in ways}
    naming: list[float] = []
    fired = 0
    found: list[Firings] = []
    for given, read in ways.values():
        _run(definitions, given[:2], read)
    for _ in range(rounds):
        for name, (given, read) in ways.items():
            n, seconds, decoding, found = _run(definitions, given, read)
            rates[name].append(n / seconds)
            parts_of[name].append(decoding / n * 1e9)
        began = process_time()
        fired = sum(len(some.tolist()) for some in found)
        naming.append(process_time() - began)
    for name, speeds in rates.items():
        spread = (max(speeds) - min(speeds)) / median(speeds)
        yield BenchRow(f"{name}, calls of {size:,}", median(speeds), "ev/s", spread=spread)
        if median(parts_of[name]) > 1:
            yield BenchRow(f"of it decoding: {name}", median(parts_of[name]), "ns per event")
    yield BenchRow("firings in that evening", float(fired), "firings")
    yield BenchRow("a firing as an object", median(naming) / fired * 1e9, "ns")


def _run(
    definitions: Sequence[Definition], given: list[Any], read: Callable[[Any], EventBatch]
) -> tuple[int, float, float, list[Firings]]:
    core = Core(definitions)
    n, decoding = 0, 0.0
    found = []
    started = process_time()
    for one in given:
        began = process_time()
        batch = read(one)
        decoding += process_time() - began
        found.append(core.run(batch))
        n += len(batch)
    return n, process_time() - started, decoding, found


def _stream(batch: EventBatch) -> bytes:
    record = to_arrow(batch)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, record.schema) as writer:
        writer.write_batch(record)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _from_stream(data: bytes) -> EventBatch:
    return from_arrow(pa.ipc.open_stream(data).read_next_batch())
