"""From nothing to the first firing, in a process of its own; cold: with nothing compiled yet."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from time import perf_counter

from qianmian.runtime.bench import BenchRow

PROGRAM = """
from qianmian.bootstrap import active_definitions
from qianmian.columns.batch import EventBatch
from qianmian.engine.core import Core
rows = [{"clock": 1_000_000, "type": "order_paid", "viewer": "v", "room": "r", "amount": 5}]
moments = [one for one in active_definitions() if one.kind == "moment"]
assert Core(moments).run(EventBatch.from_rows(rows))
"""


def started(*, cold: bool) -> Iterator[BenchRow]:
    """Wall-clock seconds of the process."""
    if cold:
        with tempfile.TemporaryDirectory() as folder:
            yield BenchRow(
                "first start, nothing compiled yet", _seconds({"NUMBA_CACHE_DIR": folder}), "s"
            )
    _seconds({})
    yield BenchRow("start to first firing, compiled before", _seconds({}), "s")


def _seconds(environment: dict[str, str]) -> float:
    paths = os.pathsep.join(path for path in sys.path if path)
    began = perf_counter()
    subprocess.run(
        [sys.executable, "-c", PROGRAM],
        check=True,
        env={**os.environ, "PYTHONPATH": paths, **environment},
    )
    return perf_counter() - began
