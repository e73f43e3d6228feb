"""What strategies cost a decision: `python -m benchmarks.deciding [VIEWERS]`.

The same evening of one room comes at a steady pace to the whole state of a server (engine, board,
deciding, without log and network), to one without strategies and to one with fifty copies of the
playbooks, a slice to the one, then to the other. A message is what came within 20 ms; its wait is
from then to the end of the call that applied it, when what it decides is known. Wall-clock time.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Final

import msgspec
import numpy as np

from benchmarks.levels import in_one_room
from benchmarks.machine import machine_row
from benchmarks.pacing import pace
from benchmarks.workload import START_MS, Plan, make
from qianmian.bootstrap import Cores, active_definitions, lingering_of_moments
from qianmian.bootstrap.catalogs import load_playbooks
from qianmian.columns.arrow import from_arrow, to_arrow
from qianmian.columns.batch import EventBatch
from qianmian.locales.texts import LOCALES, document
from qianmian.runtime.live import Live
from qianmian.runtime.messages import Body, DefinitionsChanged, Events, Message, StrategiesChanged
from qianmian.server.garbage import collect_seldom
from qianmian.strategies.compiling import definitions_of
from qianmian.strategies.strategy import Strategies, Strategy

PACE: Final = 50_000
TICK_S: Final = 0.02
STRATEGIES: Final = 50
ROUNDS: Final = 3
SLICE_S: Final = 4.0
WARM_S: Final = 4.0
EVENTS_A_SECOND: Final = 0.13  # of one viewer in the evening, less than it is
_ARRIVAL: Final = TICK_S * np.arange(1, 1 + int(SLICE_S / TICK_S))


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
    """A state that is given messages."""

    def __init__(self, viewers: int, strategies: Strategies | None) -> None:
        self.decisions = 0
        self._live = Live(Cores(), lingering_of_moments, _no_facts, viewers=viewers)
        active = active_definitions()
        watched: Sequence[Any] = ()
        if strategies is not None:
            watched = definitions_of(strategies.strategies, active, "off")
        clock = START_MS
        self._tell(clock, DefinitionsChanged((*active, *watched)))
        if strategies is not None:
            self._tell(clock, StrategiesChanged(strategies))

    def _tell(self, clock: int, body: Body) -> None:
        applied = self._live.apply(Message(self._live.offset, clock, body))
        self.decisions += len(applied.decisions)
        for found in applied.unlogged:
            self._live.apply(Message(self._live.offset, clock, found))

    def give(self, part: EventBatch) -> None:
        """One message of these events."""
        self._tell(int(part.clock[-1]), Events(part))


def _no_facts(name: str) -> Any:
    raise RuntimeError(f"there are no facts {name}")


def messages(batch: EventBatch) -> list[EventBatch]:
    """What comes in each tick, as the log would hand it on: with its own strings only."""
    clock = batch.clock
    stretch = len(batch) / PACE / ((int(clock[-1]) - int(clock[0])) / 1_000)
    arrival = (clock - clock[0]) / 1_000 * stretch
    bounds = np.searchsorted(arrival, np.arange(0.0, float(arrival[-1]), TICK_S)).tolist()
    return [
        from_arrow(to_arrow(batch.slice(first, last)))
        for first, last in pairwise(bounds)
        if last > first
    ]


def main(viewers: int) -> None:
    """Print the figures."""
    print(machine_row().name)
    collect_seldom()  # as the server does
    events = PACE * (WARM_S + ROUNDS * SLICE_S)
    batch = in_one_room(make(Plan(viewers, 2 + int(events / viewers / EVENTS_A_SECOND))))
    servers = {
        "no strategy": Server(viewers, None),
        f"{STRATEGIES} strategies": Server(viewers, copies(STRATEGIES)),
    }
    parts = messages(batch)
    first, count = int(WARM_S / TICK_S), int(SLICE_S / TICK_S)
    for server in servers.values():
        for part in parts[:first]:
            server.give(part)
    for number in range(ROUNDS):
        here = parts[first + number * count : first + (number + 1) * count]
        for name, server in servers.items():
            before = server.decisions
            found = pace(_ARRIVAL[: len(here)], TICK_S, partial(_give, server, here))
            p50, p99 = np.percentile(found.waits, (50, 99)) * 1_000
            decided = server.decisions - before
            print(
                f"{name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, {decided:,} decisions,"
                f" busy {found.busy:.0%}"
            )


def _give(server: Server, parts: Sequence[EventBatch], first: int, last: int) -> None:
    for part in parts[first:last]:
        server.give(part)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
