"""Work that comes at a steady pace: how long each piece of it waits until it is done.

Wall-clock time: whatever else the machine does counts.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter, sleep

import numpy as np


@dataclass(frozen=True, slots=True)
class Paced:
    """Pieces of work that were given at their pace.

    Attributes:
        arrival, done: of each piece, in seconds from the begin.
        busy: the share of the time in which something was being done.
    """

    arrival: np.ndarray
    done: np.ndarray
    busy: float

    @property
    def waits(self) -> np.ndarray:
        """From its arrival to the end of the call that did it, in seconds."""
        return self.done - self.arrival


def pace(arrival: np.ndarray, tick_s: float, give: Callable[[int, int], None]) -> Paced:
    """Give the pieces that have arrived, each tick.

    Args:
        arrival: in seconds, does not fall; the first tick is over at `tick_s`.
        give: does the pieces from the first to the second number.

    Python's collector of cyclic garbage is left to what is measured.
    """
    done = np.zeros(len(arrival))
    gc.collect()
    began = perf_counter()
    at, working = 0, 0.0
    while at < len(arrival):
        sleep(max(0.0, tick_s - (perf_counter() - began) % tick_s))
        now = perf_counter() - began
        stop = int(np.searchsorted(arrival, now, "right"))
        if stop > at:
            give(at, stop)
            done[at:stop] = perf_counter() - began
            working += float(done[at]) - now
            at = stop
    return Paced(arrival, done, working / (perf_counter() - began))
