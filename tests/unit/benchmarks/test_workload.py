"""The benchmark's evening and its definitions are what they say they are."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.definitions import ROOM_MOMENTS, mix
from benchmarks.workload import LATENESS_MS, Plan, make
from qianmian.bootstrap import active_definitions
from qianmian.vocabulary.events import CODE_BY_NAME


def test_the_same_seed_makes_the_same_evening() -> None:
    first, again, other = (make(Plan(300, 60, seed)) for seed in (7, 7, 8))
    assert np.array_equal(first.clock, again.clock)
    assert np.array_equal(first.strings["viewer"].codes, again.strings["viewer"].codes)
    assert len(first) != len(other) or not np.array_equal(first.clock, other.clock)


def test_the_evening_looks_like_a_room() -> None:
    batch = make(Plan(5_000, 300))
    share = np.bincount(batch.type, minlength=64) / len(batch)
    assert 0.4 < share[CODE_BY_NAME["heartbeat"]] < 0.55
    for name in (
        "product_viewed",
        "cart_added",
        "order_paid",
        "comment_sent",
        "liked",
        "room_left",
    ):
        assert share[CODE_BY_NAME[name]] > 0.001, name


def test_some_events_are_late_and_none_too_late() -> None:
    batch = make(Plan(2_000, 60))
    delay = batch.clock - batch.event_time
    assert (np.diff(batch.clock) >= 0).all()
    assert 0.005 < (delay > 0).mean() < 0.02
    assert delay.min() == 0
    assert delay.max() <= LATENESS_MS


def test_some_events_come_twice() -> None:
    batch = make(Plan(2_000, 60))
    keys = batch.strings["stream"].codes.astype(np.int64) << 32 | batch.numbers["seq"]
    repeated = len(keys) - len(np.unique(keys))
    assert 0.0002 < repeated / len(keys) < 0.003


@pytest.mark.parametrize("n", [13, 40, 100, 300])
def test_a_mix_has_as_many_definitions_as_it_says(n: int) -> None:
    definitions = mix(n)
    assert len({one.key for one in definitions}) == len(definitions) == n
    built_in = {one.key for one in active_definitions() if one.kind == "moment"}
    built_in -= set(ROOM_MOMENTS)
    assert built_in <= {one.key for one in definitions}
    assert definitions == mix(n)
