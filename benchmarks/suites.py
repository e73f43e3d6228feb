"""What `qianmian bench` runs, in order, and how large each part is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks import edits, latency, memory, restart, start
from benchmarks.bodies import read_and_run
from benchmarks.definitions import mix
from benchmarks.door import through_the_door
from benchmarks.machine import machine_row
from benchmarks.ours import Fired, Ours, Prepared, prepare
from benchmarks.partners import events_of, run_plain, run_with_csp
from benchmarks.preview import Shop, previews
from benchmarks.whole import decoded
from benchmarks.workload import Plan, make
from qianmian.runtime.bench import BenchOptions, BenchRow

WARM = 5  # the first 1/WARM of an evening makes the rows and is not timed
BATCH = 5_000
MIXES = (40, 100, 300)


@dataclass(frozen=True, slots=True)
class Size:
    """How large the parts of a run are; `rounds` each."""

    speed: Plan
    partners: dict[int, Plan]
    memory: tuple[Plan, ...]
    paced: Plan
    edit: Plan
    restart: Plan
    beside_plain: Plan
    door: Plan
    door_s: float
    shop: Shop
    rounds: int
    cold_start: bool


DEFAULT = Size(
    speed=Plan(500_000, 40),
    partners={40: Plan(50_000, 30), 100: Plan(50_000, 15), 300: Plan(50_000, 8)},
    memory=(Plan(50_000, 30), Plan(500_000, 30)),
    paced=Plan(500_000, 30),
    edit=Plan(500_000, 30),
    restart=Plan(50_000, 30),
    beside_plain=Plan(50_000, 30),
    door=Plan(200_000, 12),
    door_s=1.0,
    shop=Shop(100_000, 1_000_000, hours=24 * 7),
    rounds=3,
    cold_start=False,
)
LONG = Size(
    speed=Plan(500_000, 310),
    partners={40: Plan(50_000, 300), 100: Plan(50_000, 150), 300: Plan(50_000, 60)},
    memory=(Plan(50_000, 60), Plan(500_000, 60), Plan(2_000_000, 60)),
    paced=Plan(500_000, 310),
    edit=Plan(500_000, 60),
    restart=Plan(1_000_000, 60),
    beside_plain=Plan(50_000, 60),
    door=Plan(500_000, 12),
    door_s=5.0,
    shop=Shop(1_000_000, 20_000_000),
    rounds=5,
    cold_start=True,
)


def spread(values: Iterable[float]) -> float:
    """(max - min) / median."""
    known = list(values)
    return (max(known) - min(known)) / median(known)


def size_of(options: BenchOptions) -> Size:
    return LONG if options.long else DEFAULT


def this_machine(_: BenchOptions) -> Iterator[BenchRow]:
    yield machine_row()


def speed(options: BenchOptions) -> Iterator[BenchRow]:
    """The loop alone: prepared columns in, firings out, one core, three mixes in turn."""
    size = size_of(options)
    batch = make(size.speed)
    prepared = {n: prepare(mix(n), batch) for n in MIXES}
    found: dict[int, list[float]] = {n: [] for n in MIXES}
    fired: dict[int, int] = {}
    for _ in range(size.rounds):
        for n, columns in prepared.items():
            rate, fired[n] = timed_rate(columns)
            found[n].append(rate)
    for n, rates in found.items():
        name = f"engine, {size.speed.viewers:,} viewers, {n} definitions, calls of {BATCH:,}"
        yield BenchRow(name, median(rates), "ev/s", spread=spread(rates))
        yield BenchRow(
            f"time per event, {n} definitions", 1e9 / median(rates), "ns", spread=spread(rates)
        )
        yield BenchRow(
            f"firings per 1,000 events, {n} definitions", 1_000 * fired[n] / len(batch), "firings"
        )


def timed_rate(columns: Prepared, call: int = BATCH) -> tuple[float, int]:
    """Events per second of processor time after the warm part, and firings in all."""
    ours = Ours(columns, keep=False)
    n = len(columns)
    ours.run(0, n // WARM, call)
    seconds = ours.run(n // WARM, n, call)
    return (n - n // WARM) / seconds, ours.n_fired


def calls(options: BenchOptions) -> Iterator[BenchRow]:
    """What a call costs: the same events in smaller calls."""
    size = size_of(options)
    columns = prepare(mix(40), make(Plan(min(size.speed.viewers, 100_000), 30)))
    for call in (200, 1_000, 5_000):
        rates = [timed_rate(columns, call)[0] for _ in range(size.rounds)]
        yield BenchRow(
            f"engine, 40 definitions, calls of {call:,}",
            median(rates),
            "ev/s",
            spread=spread(rates),
        )


def partners(options: BenchOptions) -> Iterator[BenchRow]:
    """Ours, plain Python, csp, ours, ...: the same events and definitions, equal firings."""
    size = size_of(options)
    for n, plan in size.partners.items():
        yield from compared(prepare(mix(n), make(plan)), size.rounds)


def compared(columns: Prepared, rounds: int) -> Iterator[BenchRow]:
    """Rounds of all engines in turn.

    Raises: AssertionError when they do not fire the same.
    """
    n = len(columns.core.plan.definitions)
    events = events_of(columns)
    runs: dict[str, Callable[[], tuple[float, Fired]]] = {
        "ours": lambda: run_ours(columns),
        "plain Python": lambda: run_plain(columns, events, BATCH),
    }
    if run_with_csp is not None:
        runs["csp"] = lambda: run_with_csp(columns, events)
    run_ours(columns)
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        outputs = []
        for name, run in runs.items():
            seconds, fired = run()
            rates[name].append(len(columns) / seconds)
            outputs.append(fired)
        if not all(np.array_equal(outputs[0], other) for other in outputs[1:]):
            raise AssertionError(f"the engines fired differently at {n} definitions")
    for name in list(runs)[1:]:
        ratios = [mine / theirs for mine, theirs in zip(rates["ours"], rates[name], strict=True)]
        yield BenchRow(
            name=f"engine against {name}, {n} definitions, {len(columns):,} events",
            value=median(rates["ours"]),
            unit="ev/s",
            baseline=f"{name}: {median(rates[name]):,.0f} ev/s, equal firings",
            ratio=median(ratios),
            spread=spread(ratios),
        )


def run_ours(columns: Prepared) -> tuple[float, Fired]:
    """All events through the engine: seconds of processor time, and what fired."""
    ours = Ours(columns)
    return ours.run(0, len(columns), BATCH), ours.output()


def whole(options: BenchOptions) -> Iterator[BenchRow]:
    """With interning and the board: rows, Arrow and columns in, firings out."""
    size = size_of(options)
    yield from decoded(mix(40), make(Plan(50_000, 30)), size.rounds, BATCH)


def bodies(options: BenchOptions) -> Iterator[BenchRow]:
    """The same from bodies as they arrive, beside plain Python that reads them."""
    size = size_of(options)
    batch = make(Plan(50_000, 20))
    for body in (200, 2_500):
        yield from read_and_run(mix(40), batch, size.rounds, body)


def paced(options: BenchOptions) -> Iterator[BenchRow]:
    """How long an event waits for its firings at 100,000 ev/s."""
    size = size_of(options)
    batch = make(size.paced)
    for n in (40, 300):
        yield from latency.paced(prepare(mix(n), batch), n)


def bytes_per_viewer(options: BenchOptions) -> Iterator[BenchRow]:
    for n in (40, 300) if options.long else (40,):
        yield from memory.growth(size_of(options).memory, n)


def edited(options: BenchOptions) -> Iterator[BenchRow]:
    """A definition edited and filled in the middle of a show."""
    size = size_of(options)
    yield from edits.edited(mix(40), size.edit, size.beside_plain, size.rounds)


def restarts(options: BenchOptions) -> Iterator[BenchRow]:
    size = size_of(options)
    yield from restart.restored(mix(40), size.restart, size.rounds)
    yield from restart.beside_pickle(mix(40), size.beside_plain, size.rounds)


def door(options: BenchOptions) -> Iterator[BenchRow]:
    """Posts over HTTP to a server of its own, per format and size; a paced run; its log again."""
    size = size_of(options)
    yield from through_the_door(size.door, seconds=size.door_s, rounds=size.rounds)


def segments(options: BenchOptions) -> Iterator[BenchRow]:
    """The size of a segment, and what each of its conditions leaves, from history."""
    size = size_of(options)
    yield from previews(size.shop, rounds=size.rounds)


def starts(options: BenchOptions) -> Iterator[BenchRow]:
    yield from start.started(cold=size_of(options).cold_start)


SUITES = (
    this_machine,
    speed,
    calls,
    partners,
    whole,
    bodies,
    paced,
    bytes_per_viewer,
    edited,
    restarts,
    door,
    segments,
    starts,
)
