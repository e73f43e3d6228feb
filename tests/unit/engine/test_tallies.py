"""Distinct viewers and points per product are counted as sets and counters would."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qianmian.columns.window import pane_ms, pane_range
from qianmian.engine.tallies import LEAST_PENDING, Heat, Reach

WINDOW_MS = 300_000
seen = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(0, 9)), max_size=40)
points = st.lists(
    st.tuples(
        st.integers(0, 900_000), st.integers(0, 2), st.integers(0, 4), st.sampled_from([1, 2, 10])
    ),
    min_size=1,
    max_size=60,
)


@given(st.lists(seen, max_size=4), st.integers(0, 2))
def test_reach_counts_distinct_viewers(calls: list[list[tuple[int, int, int]]], ended: int) -> None:
    reach = Reach()
    for call in calls:
        reach.add(*np.array(call, np.int32).reshape(-1, 3).T)
    reach.end(ended)
    again = Reach()
    again.restore(reach.snapshot())
    known = {entry for call in calls for entry in call if entry[0] != ended}
    for room in range(3):
        wanted = [sum(entry[:2] == (room, stage) for entry in known) for stage in range(8)]
        assert reach.counts(room) == again.counts(room) == wanted


def test_reach_sorts_on_the_way_when_much_is_waiting() -> None:
    reach = Reach()
    for _ in range(3):
        viewers = np.arange(LEAST_PENDING)
        reach.add(np.zeros_like(viewers), np.ones_like(viewers), viewers)
    assert reach.counts(0)[:2] == [0, LEAST_PENDING]


@given(points, st.integers(0, 2), st.integers(1, 5))
def test_heat_is_the_sum_of_the_panes_of_the_window(
    entries: list[tuple[int, int, int, int]], ended: int, size: int
) -> None:
    entries.sort(key=lambda entry: entry[0])
    heat = Heat(WINDOW_MS)
    for start in range(0, len(entries), size):
        heat.add(*np.array(entries[start : start + size], np.int64).T)
    heat.end(ended)
    at, width = entries[-1][0], pane_ms(WINDOW_MS)
    again = Heat(WINDOW_MS)
    again.restore(heat.snapshot())
    first, _ = pane_range(at, WINDOW_MS)
    for room in range(3):
        wanted: Counter[int] = Counter()
        for clock, where, product, more in entries:
            if where == room != ended and clock // width >= first:
                wanted[product] += more
        ordered = sorted(wanted.items(), key=lambda entry: (-entry[1], entry[0]))
        assert heat.of_room(room, at) == again.of_room(room, at) == ordered


def test_heat_sums_up_a_pane_in_which_much_happens() -> None:
    heat = Heat(WINDOW_MS)
    n = LEAST_PENDING + 1
    for _ in range(2):
        heat.add(np.zeros(n, np.int64), np.ones(n, np.int64), np.arange(n) % 7, np.full(n, 3))
    assert sum(more for _, more in heat.of_room(1, 0)) == 6 * n
    assert heat.of_room(0, 0) == []
