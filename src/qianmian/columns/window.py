"""Panes: how counts above 64 and shown numbers cut a sliding window, the same for every reader.

Rule (docs/semantics.md, WINDOWS): a window of W ms has panes of p = max(100, ceil(W / 60)) ms,
aligned to the epoch; pane k is [k p, (k + 1) p). At time t the window holds the panes with
end > t - W and start <= t: the oldest pane leaves whole, up to p late.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from qianmian.columns.column import Int64

MIN_PANE_MS: Final = 100  # finer than a tick shows nothing
PANES_PER_WINDOW: Final = 60
RING_PANES: Final = PANES_PER_WINDOW + 1  # most panes that a window touches at once


def pane_ms(window_ms: int) -> int:
    """The width of the panes of a window of `window_ms` > 0."""
    return max(MIN_PANE_MS, -(-window_ms // PANES_PER_WINDOW))


def pane_range(now_ms: int, window_ms: int) -> tuple[int, int]:
    """The first and the last pane number of the window at `now_ms`, both included."""
    width = pane_ms(window_ms)
    return (now_ms - window_ms) // width, now_ms // width


def pane_sum(event_time: Int64, value: Int64, *, now_ms: int, window_ms: int) -> int:
    """The windowed sum as panes give it; with ones for `value`, the count.

    Shapes: int64[n_events], int64[n_events], in any order.
    Units: ms UTC.
    Cost: O(n_events); the engine keeps a ring of `RING_PANES` sums instead.
    """
    first, last = pane_range(now_ms, window_ms)
    pane = event_time // pane_ms(window_ms)
    return int(value[(pane >= first) & (pane <= last)].sum(dtype=np.int64))


def pane_sums(event_time: Int64, value: Int64, *, now_ms: int, window_ms: int) -> Int64:
    """The sum of each pane of the window, oldest first, for charts.

    Shapes: int64[n_events], int64[n_events] -> int64[n_panes]
    """
    first, last = pane_range(now_ms, window_ms)
    pane = event_time // pane_ms(window_ms) - first
    inside = (pane >= 0) & (pane <= last - first)
    sums = np.zeros(last - first + 1, np.int64)
    np.add.at(sums, pane[inside], value[inside])
    return sums
