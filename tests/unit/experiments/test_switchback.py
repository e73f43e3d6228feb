"""Slices that take turns: the interval is that of every turn of the coins, and holds the truth."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.experiments.population import Int64
from qianmian.experiments.sums import Float64
from qianmian.experiments.switchback import (
    LEAST_PAIRS,
    Pairs,
    alpha_at,
    by_turning,
    carried_over_p,
    pairs_of,
    switchback_of,
)

SLICES = 24  # of a session of two hours
MINUTES = 5


def turned_p(more: list[float], value: float) -> tuple[float, float]:
    """The slow twin: the mean of more - value among the means of all turns, from either side."""
    rest = [one - value for one in more]
    seen = sum(rest)
    means = [sum(s * x for s, x in zip(signs, rest, strict=True))
             for signs in product((1, -1), repeat=len(rest))]  # fmt: skip
    n = len(means)
    above = sum(one >= seen - 1e-9 for one in means) / n
    below = sum(one <= seen + 1e-9 for one in means) / n
    return above, below


@given(st.lists(st.integers(-20, 20), min_size=2, max_size=7), st.sampled_from([0.1, 0.3, 0.5]))
def test_the_interval_holds_what_no_turn_of_the_coins_refuses(
    more: list[int], alpha: float
) -> None:
    found = by_turning(np.array(more, np.float64), alpha=alpha)
    assert found.value == pytest.approx(sum(more) / len(more))
    above, below = turned_p([float(one) for one in more], 0.0)
    assert found.p == pytest.approx(min(1.0, 2 * min(above, below)))
    for value in np.arange(-20.97, 21, 1.6180339):  # never at an end of it
        refused = min(turned_p([float(one) for one in more], float(value))) <= alpha / 2
        assert refused is not bool(found.low <= value <= found.high), value


def test_many_pairs_are_turned_by_lot_and_always_alike() -> None:
    more = np.random.default_rng(3).normal(1.0, 2.0, 16)
    one, other = by_turning(more, alpha=0.05), by_turning(more, alpha=0.05)
    assert one == other
    exact = by_turning(more[:15], alpha=0.05)
    assert one.low == pytest.approx(exact.low, abs=0.4)
    assert one.high == pytest.approx(exact.high, abs=0.4)


class Room:
    """Evenings of a room whose orders rise and fall, with or without an effect.

    Args:
        more: orders per minute that an acting slice adds.
        lingers: minutes for which it is still there after the slice.
    """

    def __init__(self, seed: int, *, more: float = 0.0, lingers: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.more = more
        self.lingers = lingers

    def pairs(self, sessions: int, *, left_out: int = 1) -> Pairs:
        slices = np.arange(SLICES)
        counts: list[Float64] = []
        coins: list[np.ndarray[tuple[int], np.dtype[np.bool_]]] = []
        for _ in range(sessions):
            first = self.rng.random(SLICES // 2) < 0.5
            acts = first[slices // 2] == (slices % 2 == 0)
            minute = np.arange(SLICES * MINUTES)
            rate = 3 + 2 * np.sin(minute / 20) + self.rng.normal(0, 0.3, len(minute)).cumsum() / 5
            now = acts[minute // MINUTES]
            before = np.append(False, acts[:-1])[minute // MINUTES]
            still = before & ~now & (minute % MINUTES < self.lingers)
            orders = self.rng.poisson(np.maximum(rate, 0.5) + self.more * (now | still))
            counts.append(orders.reshape(SLICES, MINUTES)[:, left_out:].mean(axis=1))
            coins.append(first[slices // 2])
        session: Int64 = np.repeat(np.arange(sessions), SLICES)
        pair = np.tile(slices // 2, sessions) + session * 100
        second = np.tile(slices % 2 == 1, sessions)
        return pairs_of(np.concatenate(counts), session, pair, second, np.concatenate(coins))


@pytest.mark.parametrize("rooms", [80, pytest.param(500, marks=pytest.mark.long)])
def test_nothing_is_found_where_nothing_is_and_the_truth_is_covered_where_something_is(
    rooms: int,
) -> None:
    """Each is looked at twice: an error of one in twenty, over all looks together."""
    false, missed, found = 0, 0, 0
    for seed in range(rooms):
        none, some = Room(seed).pairs(3), Room(10_000 + seed, more=2.0).pairs(3)
        false += any(switchback_of(none.first(n)).verdict != "unsure" for n in (15, 30))
        told = [switchback_of(some.first(n)) for n in (15, 30)]
        missed += any(one.more is None or not one.more.low <= 2.0 <= one.more.high for one in told)
        found += told[-1].verdict == "works"
    most = 0.05 * rooms + 3 * (0.05 * 0.95 * rooms) ** 0.5
    assert false <= most
    assert missed <= most
    assert found >= 0.75 * rooms


def test_what_lingers_is_said_where_slices_are_not_apart_enough() -> None:
    """Three minutes linger and none is left out; one minute lingers, and it is left out."""

    def said(lingers: int, left_out: int) -> int:
        rooms = (Room(seed, more=6.0, lingers=lingers) for seed in range(20))
        return sum(switchback_of(one.pairs(10, left_out=left_out)).is_carried for one in rooms)

    assert said(3, 0) >= 15
    assert said(1, 1) <= 2


def test_too_few_slices_say_nothing_however_clear_they_look() -> None:
    n = LEAST_PAIRS - 1
    pairs = Pairs(np.full(n, 9.0), np.zeros(n), np.ones(n, np.bool_), np.arange(n) - 1)
    found = switchback_of(pairs)
    assert (found.verdict, found.more, found.still_needed) == ("unsure", None, 2)
    assert (found.slices, found.waiting, found.next_look) == (0, 2 * n, 30)


def test_between_two_looks_the_last_one_is_told() -> None:
    pairs = Room(4, more=4.0).pairs(4)
    found, at_look = switchback_of(pairs), switchback_of(pairs.first(30))
    assert (found.slices, found.waiting, found.next_look) == (60, 36, 120)
    assert found.more == at_look.more


def test_how_many_more_slices_are_needed_falls_as_the_interval_narrows() -> None:
    needed = [switchback_of(Room(5).pairs(n)).still_needed for n in (2, 10)]
    assert needed[0] is not None
    assert needed[1] is not None
    assert needed[0] > 0
    told = switchback_of(Room(5).pairs(2), worthwhile=100.0)
    assert told.still_needed == 0


def test_all_looks_together_spend_the_error_and_not_more() -> None:
    spent = sum(alpha_at(look) for look in range(10_000))
    assert 0.0499 < spent <= 0.05


def test_a_slice_without_its_partner_is_left_out_and_sessions_are_not_mixed() -> None:
    counts = np.array([5.0, 1.0, 7.0, 2.0, 3.0, 8.0])
    session = np.array([0, 0, 0, 1, 1, 1])
    pair = np.array([4, 4, 5, 5, 6, 6])
    second = np.array([False, True, False, True, False, True])
    acts_first = np.array([True, True, True, False, False, False])
    found = pairs_of(counts, session, pair, second, acts_first)
    assert found.acting.tolist() == [5.0, 8.0]
    assert found.silent.tolist() == [1.0, 3.0]
    assert found.before.tolist() == [-1, -1]
    assert carried_over_p(found) == 1.0
