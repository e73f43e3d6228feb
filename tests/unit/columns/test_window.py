"""Panes against the rule written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.columns.window import RING_PANES, pane_ms, pane_range, pane_sum, pane_sums

MINUTE_MS = 60_000


@pytest.mark.parametrize(
    ("window_ms", "width"),
    [(1, 100), (6_000, 100), (6_001, 101), (MINUTE_MS, 1_000), (5 * MINUTE_MS + 1, 5_001)],
)
def test_a_pane_is_a_sixtieth_of_the_window_but_no_finer_than_a_tick(
    window_ms: int, width: int
) -> None:
    assert pane_ms(window_ms) == width


def test_a_pane_leaves_when_all_of_it_has_left() -> None:
    one = np.array([1_500]), np.array([1])
    for now_ms, count in [(1_500, 1), (61_999, 1), (62_000, 0), (62_001, 0)]:
        assert pane_sum(*one, now_ms=now_ms, window_ms=MINUTE_MS) == count


WINDOW_MS = st.integers(1, 20_000)
TIMES = st.lists(st.integers(0, 30_000), max_size=30)


@given(TIMES, st.integers(0, 40_000), WINDOW_MS)
def test_the_sum_is_that_of_the_rule_written_out(
    times: list[int], now_ms: int, window_ms: int
) -> None:
    width = max(100, -(-window_ms // 60))
    expected = 0
    for value, time in enumerate(times):
        start = time - time % width
        if start + width > now_ms - window_ms and start <= now_ms:
            expected += value
    column, values = np.array(times, np.int64), np.arange(len(times))
    assert pane_sum(column, values, now_ms=now_ms, window_ms=window_ms) == expected
    assert pane_sums(column, values, now_ms=now_ms, window_ms=window_ms).sum() == expected


@given(TIMES, WINDOW_MS)
def test_panes_never_count_less_than_the_exact_window_and_no_more_than_a_pane_beyond(
    times: list[int], window_ms: int
) -> None:
    now_ms = max(times, default=0)
    column = np.array(times, np.int64)
    counted = pane_sum(column, np.ones_like(column), now_ms=now_ms, window_ms=window_ms)
    exact = sum(time > now_ms - window_ms for time in times)
    wider = sum(time > now_ms - window_ms - pane_ms(window_ms) for time in times)
    assert exact <= counted <= wider


@given(st.integers(0, 1 << 41), st.integers(1, 1 << 35))
def test_a_window_never_touches_more_panes_than_the_ring_holds(now_ms: int, window_ms: int) -> None:
    first, last = pane_range(now_ms, window_ms)
    assert 1 <= last - first + 1 <= RING_PANES
