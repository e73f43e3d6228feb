"""What strategies cost a decision: `python -m benchmarks.deciding [VIEWERS]`.

The same evening of one room comes at a steady pace to the whole state of a server (engine, board,
deciding, without log and network), to one without strategies and to one with fifty copies of the
playbooks, a slice to the one, then to the other. The wait of an event is from its arrival to the
end of the call that applied it, when what it decides is known. Wall-clock time.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from time import perf_counter, sleep
from typing import Any, Final

import msgspec
import numpy as np

from benchmarks.levels import in_one_room
from benchmarks.machine import machine_row
from benchmarks.workload import Plan, make
from qianmian.bootstrap import Cores, active_definitions, lingering_of_moments
from qianmian.bootstrap.catalogs import load_playbooks
from qianmian.columns.batch import EventBatch
from qianmian.locales.texts import LOCALES, document
from qianmian.runtime.live import Live
from qianmian.runtime.messages import Body, DefinitionsChanged, Events, Message, StrategiesChanged
from qianmian.strategies.compiling import definitions_of
from qianmian.strategies.strategy import Strategies, Strategy

PACE: Final = 50_000
TICK_S: Final = 0.02
STRATEGIES: Final = 50
ROUNDS: Final = 3
SLICE_S: Final = 4.0
WARM_S: Final = 4.0
EVENTS_A_SECOND: Final = 0.13  # of one viewer in the evening, less than it is


def copies(count: int) -> Strategies:
    """So many strategies that reach everybody, with their offers."""
    playbooks = list(load_playbooks().values())
    strategies, offers = [], []
    for number in range(count):
        playbook = playbooks[number % len(playbooks)]
        told = {locale: document(locale, "playbooks")[playbook.key] for locale in LOCALES}
        copy: Strategy = playbook.strategy(told, LOCALES[0])
        key = f"s{number}"
        offer = playbook.offered(told, LOCALES[0], "CNY")
        if offer is not None:
            offers.append(msgspec.structs.replace(offer, key=key, stock=None))
        given = None if offer is None else key
        strategies.append(msgspec.structs.replace(copy, key=key, offer=given, mode="full"))
    return Strategies(tuple(strategies), tuple(offers))


class Server:
    """A state that is given events at their pace."""

    def __init__(self, batch: EventBatch, viewers: int, strategies: Strategies | None) -> None:
        self.decisions = 0
        self._batch = batch
        self._live = Live(Cores(), lingering_of_moments, _no_facts, viewers=viewers)
        active = active_definitions()
        watched: Sequence[Any] = ()
        if strategies is not None:
            watched = definitions_of(strategies.strategies, active, "off")
        clock = int(batch.clock[0])
        self._tell(clock, DefinitionsChanged((*active, *watched)))
        if strategies is not None:
            self._tell(clock, StrategiesChanged(strategies))

    def _tell(self, clock: int, body: Body) -> None:
        applied = self._live.apply(Message(self._live.offset, clock, body))
        self.decisions += len(applied.decisions)
        for found in applied.unlogged:
            self._live.apply(Message(self._live.offset, clock, found))

    def give(self, first: int, last: int) -> None:
        """One message of these events."""
        part = self._batch.slice(first, last)
        self._tell(int(part.clock[-1]), Events(part))

    def paced(self, arrival: np.ndarray, first: int) -> np.ndarray:
        """The waits of events that arrive at these seconds."""
        waits = np.zeros(len(arrival))
        gc.collect()
        began = perf_counter()
        at = 0
        while at < len(arrival):
            sleep(max(0.0, TICK_S - (perf_counter() - began) % TICK_S))
            stop = int(np.searchsorted(arrival, perf_counter() - began, "right"))
            if stop > at:
                self.give(first + at, first + stop)
                waits[at:stop] = perf_counter() - began - arrival[at:stop]
                at = stop
        return waits


def _no_facts(name: str) -> Any:
    raise RuntimeError(f"there are no facts {name}")


def slices(batch: EventBatch) -> Iterator[tuple[int, np.ndarray]]:
    """The first event of each slice, and when its events arrive, in seconds from its begin."""
    clock = batch.clock
    stretch = len(batch) / PACE / ((int(clock[-1]) - int(clock[0])) / 1_000)
    arrival = (clock - clock[0]) / 1_000 * stretch
    for number in range(ROUNDS):
        begin = WARM_S + number * SLICE_S
        first, last = np.searchsorted(arrival, (begin, begin + SLICE_S)).tolist()
        yield first, arrival[first:last] - arrival[first]


def main(viewers: int) -> None:
    """Print the figures."""
    print(machine_row().name)
    events = PACE * (WARM_S + ROUNDS * SLICE_S)
    batch = in_one_room(make(Plan(viewers, 2 + int(events / viewers / EVENTS_A_SECOND))))
    servers = {
        "no strategy": Server(batch, viewers, None),
        f"{STRATEGIES} strategies": Server(batch, viewers, copies(STRATEGIES)),
    }
    parts = list(slices(batch))
    for server in servers.values():
        for begin in range(0, parts[0][0], 5_000):
            server.give(begin, min(begin + 5_000, parts[0][0]))
    for first, arrival in parts:
        for name, server in servers.items():
            before = server.decisions
            waits = server.paced(arrival, first) * 1_000
            p50, p99 = np.percentile(waits, (50, 99))
            decided = server.decisions - before
            print(f"{name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, {decided:,} decisions")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
