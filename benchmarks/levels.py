"""Reading tags and segments of a large room: `python -m benchmarks.levels [VIEWERS]`.

All viewers are in one room. `counts` is a whole reading: how many hold each level. `moves` is what
following every level adds to a second in which a share of the viewers does something. `bytes` are
of the viewers' rows and lists with the built-in definitions.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from statistics import median
from time import perf_counter

import numpy as np

from benchmarks.workload import Plan, make
from qianmian.bootstrap import active_definitions
from qianmian.columns.batch import EventBatch
from qianmian.engine import words as w
from qianmian.engine.core import Core
from qianmian.engine.levels import levels_of

ROUNDS = 9
SECONDS = 60


def in_one_room(batch: EventBatch) -> EventBatch:
    """The same events, all of the first room."""
    room = batch.strings["room"]
    codes = np.where(room.codes >= 0, 0, room.codes).astype(room.codes.dtype)
    return replace(batch, strings={**batch.strings, "room": replace(room, codes=codes)})


def main(viewers: int) -> None:
    """Print the figures."""
    batch = in_one_room(make(Plan(viewers, SECONDS)))
    core = Core(active_definitions(), viewers=viewers)
    core.run(batch)
    room = core.names.rooms.snapshot()[0]
    levels = levels_of(core.plan)
    seconds = []
    for _ in range(ROUNDS):
        began = perf_counter()
        found = core.levels(room)
        seconds.append(perf_counter() - began)
    print(f"{found.live:,} live rows, {found.present:,} present, {len(levels)} levels")
    print(f"counts: {median(seconds) * 1_000:.1f} ms")
    state = core.shards[0].state
    rows, arena = int(state.G[w.G_ROWS]), int(state.G[w.G_ARENA])
    print(f"rows: {state.I.shape[1] * 4} bytes, arena: {arena * 4 / max(rows, 1):.0f} bytes")
    for some in (8, len(levels)):
        core.follow([level.name for level in levels[-some:]])
        core.moves.compare(0, core.shards, levels, core.names)
        seconds = []
        for number in range(ROUNDS):
            before = [seen._replace(held=seen.held.copy()) for seen in core.moves.seen]
            for seen in before:  # one viewer in a hundred held something else
                seen.held[:, number::100] ^= np.uint64(1)
            core.moves.seen = before
            began = perf_counter()
            core.moves.compare(0, core.shards, levels, core.names)
            seconds.append(perf_counter() - began)
        print(f"moves of {some} levels, 1 % of the rows differ: {median(seconds) * 1_000:.1f} ms")
        began = perf_counter()
        core.moves.compare(0, core.shards, levels, core.names)
        print(f"moves of {some} levels, none differs: {(perf_counter() - began) * 1_000:.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000)
