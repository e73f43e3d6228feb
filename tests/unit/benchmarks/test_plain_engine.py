"""The partner of the comparison fires what the engine fires."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.definitions import mix
from benchmarks.ours import Ours, prepare
from benchmarks.partners import events_of, run_plain
from benchmarks.workload import Plan, make


@pytest.mark.parametrize(("definitions", "seed"), [(13, 1), (40, 2), (100, 3)])
def test_plain_python_and_the_engine_fire_the_same(definitions: int, seed: int) -> None:
    columns = prepare(mix(definitions), make(Plan(150, 120, seed)))
    ours = Ours(columns)
    ours.run(0, len(columns), 500)
    _, plain = run_plain(columns, events_of(columns), 77)
    assert len(plain) > 50
    assert np.array_equal(ours.output(), plain)


def test_the_size_of_a_call_changes_nothing() -> None:
    columns = prepare(mix(40), make(Plan(200, 90, 5)))
    outputs = []
    for size in (1, 13, 10_000):
        ours = Ours(columns)
        ours.run(0, len(columns), size)
        outputs.append(ours.output())
    late = min(len(one) for one in outputs)
    assert late > 0
    assert np.array_equal(outputs[0], outputs[1])
