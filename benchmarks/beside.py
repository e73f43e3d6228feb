"""Decisions while facts are rebuilt: `python -m benchmarks.beside [VIEWERS]`.

Events of one room come at a steady pace to the whole core (names, duplicates, board, tags,
segments, firings), first alone, then beside the build that the server starts every night: a nice
process of its own that reads two weeks of history. The two are measured in turn. The wait of an
event is from its arrival to the end of the call that applied it: then what it fires is known, and
its tags can be read. *told* is until the enter and leave of its second are told to pages, which is
once a second. Wall-clock time: whatever else the machine does counts.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Final

import numpy as np

from benchmarks.levels import in_one_room
from benchmarks.machine import machine_row
from benchmarks.pacing import pace
from benchmarks.preview import Shop, write_shop
from benchmarks.workload import Plan, make
from qianmian.bootstrap import active_definitions
from qianmian.bootstrap.nightly import NICE
from qianmian.columns.batch import EventBatch
from qianmian.engine.core import Core
from qianmian.engine.levels import levels_of

PACE: Final = 100_000
TICK_S: Final = 0.02
ROUNDS: Final = 3
SLICE_S: Final = 4.0
WARM_S: Final = 4.0
EVENTS_A_SECOND: Final = 0.13  # of one viewer in the evening, less than it is
IMPORTS_S: Final = 2.0
SHOP: Final = Shop(200_000, 4_000_000)


@dataclass(frozen=True, slots=True)
class Waits:
    """Of each event of a slice, in seconds."""

    applied: np.ndarray
    told: np.ndarray
    busy: float


class Paced:
    """A core that is given events at their pace.

    Args:
        batch: an evening; its clock is stretched so that `PACE` events come in a second.
    """

    def __init__(self, batch: EventBatch, viewers: int) -> None:
        clock = batch.clock
        self._batch = batch
        self._stretch = len(batch) / PACE / ((int(clock[-1]) - int(clock[0])) / 1_000)
        self._arrival = (clock - clock[0]) / 1_000 * self._stretch
        self._core = Core(active_definitions(), viewers=viewers)
        self._core.follow([level.name for level in levels_of(self._core.plan)])
        self._at = 0

    def warm(self, seconds: float) -> None:
        """Take a first part as fast as it goes: it makes the rows."""
        until = int(np.searchsorted(self._arrival, seconds))
        for first in range(0, until, 20_000):
            self._give(first, min(until, first + 20_000))
        self._at = until

    def slice(self, seconds: float) -> Waits:
        """The next events at their pace."""
        first = self._at
        last = int(np.searchsorted(self._arrival, self._arrival[first] + seconds))
        arrival = self._arrival[first:last] - self._arrival[first]
        found = pace(arrival, TICK_S, lambda at, stop: self._give(first + at, first + stop))
        self._at = last
        second = self._batch.clock[first:last] // 1_000
        next_second = np.searchsorted(second, second, "right")
        over = next_second < len(second)  # of the others nothing is told yet
        told = found.done[next_second[over]] - arrival[over]
        return Waits(found.waits, told, found.busy)

    def _give(self, first: int, last: int) -> None:
        self._core.run(self._batch.slice(first, last))
        self._core.take_moves()


@contextmanager
def _building(home: Path) -> Iterator[None]:
    """Facts are built again and again."""
    build = f"nice -n {NICE} {sys.executable} -m qianmian.cli facts build --json"
    process = subprocess.Popen(
        ["sh", "-c", f"while :; do {build} || exit 1; done"],
        env=os.environ | {"QIANMIAN_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        sleep(IMPORTS_S)
        yield
        if process.poll() is not None:
            raise RuntimeError("the build ended with an error")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _line(name: str, waits: Waits) -> str:
    def percentiles(values: np.ndarray) -> str:
        p50, p99 = np.percentile(values, (50, 99)) * 1_000
        return f"p50 {p50:.1f} ms, p99 {p99:.1f} ms"

    return (
        f"{name}: applied {percentiles(waits.applied)}; told {percentiles(waits.told)};"
        f" busy {waits.busy:.0%}"
    )


def main(viewers: int) -> None:
    """Print the figures."""
    machine = machine_row()
    print(machine.name)
    events = PACE * (WARM_S + ROUNDS * 2 * SLICE_S)
    batch = in_one_room(make(Plan(viewers, 2 + int(events / viewers / EVENTS_A_SECOND))))
    paced = Paced(batch, viewers)
    paced.warm(WARM_S)
    found: dict[str, list[Waits]] = {"alone": [], "beside a build": []}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_shop(home / "history", SHOP)
        for _ in range(ROUNDS):
            found["alone"].append(paced.slice(SLICE_S))
            with _building(home):
                found["beside a build"].append(paced.slice(SLICE_S))
    for name, slices in found.items():
        for one in slices:
            print(_line(name, one))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000)
