"""Memory per viewer, all told, and how it grows with the number of viewers.

Each size runs in a process of its own. `arrays`: the bytes of the shard's arrays by what they hold,
as allocated (they double, so up to half may be reserve) and as used. `names`: the dictionary that
interns the viewers' ids. `resident`: what the process grew by, which counts only pages touched.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.definitions import mix
from benchmarks.ours import Ours, prepare
from benchmarks.workload import Plan, make
from qianmian.engine import words as w
from qianmian.engine.shard import Shard
from qianmian.engine.state import SCRATCH
from qianmian.runtime.bench import BenchRow

PARTS = {
    "rows": ("I",),
    "timers": ("DUE", "TREE", "TOP"),
    "arena": ("AR",),
    "chains": ("NEXT", "PREV", "FREEROW", "PEOPLE"),
    "duplicates": ("STREAMS", "GLO", "GHI", "GNEXT", "MK", "MT"),
    "once": ("ONCE",),
}


def growth(plans: Sequence[Plan], definitions: int) -> Iterator[BenchRow]:
    """Rows per size."""
    for plan in plans:
        sizes = measured(plan, definitions)
        title = f"{plan.viewers:,} viewers, {definitions} definitions"
        for part in ("rows", "arena", "duplicates", "once", "names"):
            yield BenchRow(f"{part} per viewer, {title}", sizes[part], "bytes")
        yield BenchRow(f"used per viewer, all told, {title}", sizes["used"], "bytes")
        yield BenchRow(f"allocated per viewer, all told, {title}", sizes["allocated"], "bytes")
        yield BenchRow(f"resident per viewer, {title}", sizes["resident"], "bytes")


def measured(plan: Plan, definitions: int) -> dict[str, float]:
    """Run one size in a child process."""
    words = [
        sys.executable,
        "-m",
        "benchmarks.memory",
        str(plan.viewers),
        str(plan.seconds),
        str(definitions),
    ]
    root = Path(__file__).resolve().parents[1]
    paths = [str(root), *(path for path in sys.path if path)]
    done = subprocess.run(
        words,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def resident_bytes() -> int:
    """The memory of this process that is in use now."""
    status = Path("/proc/self/statm")
    if not status.exists():
        return 0
    return int(status.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def sizes_of(shard: Shard, names: int, viewers: int) -> dict[str, float]:
    """Bytes per viewer by part; what doubles is given as used, except in `allocated`."""
    state, counters = shard.state, shard.state.G
    rows = int(counters[w.G_ROWS])
    share = {
        "rows": rows / len(state.I),
        "timers": rows / len(state.I),
        "arena": int(counters[w.G_ARENA]) / len(state.AR),
        "duplicates": int(counters[w.G_STREAMS]) / len(state.STREAMS),
    }
    found: dict[str, float] = {"names": names / viewers}
    allocated = float(names)
    for part, arrays in PARTS.items():
        held = sum(getattr(state, name).nbytes for name in arrays if hasattr(state, name))
        allocated += held
        found[part] = held * share.get(part, 1.0) / viewers
    used = sum(found.values())
    allocated += sum(getattr(state, name).nbytes for name in ("OUT", "PB", "D") if name in SCRATCH)
    return {**found, "used": used, "allocated": allocated / viewers}


def main(viewers: int, seconds: int, definitions: int) -> None:
    """Measure in this process and print JSON."""
    columns = prepare(mix(definitions), make(Plan(viewers, seconds)))
    few = prepare(mix(definitions), make(Plan(1_000, 10)))
    Ours(few).run(0, len(few), 5_000)
    before = resident_bytes()
    ours = Ours(columns, keep=False)
    ours.run(0, len(columns), 5_000)
    grown = resident_bytes() - before
    names = columns.core.names.viewers.nbytes
    sizes = sizes_of(ours.shard, names, viewers)
    print(json.dumps({**sizes, "resident": (grown + names) / viewers}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
