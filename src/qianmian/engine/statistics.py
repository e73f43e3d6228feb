"""Counts of a core since its start: what metrics and the console read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from qianmian.engine import words as w
from qianmian.engine.prepare import Names
from qianmian.engine.room_facts import RoomLog
from qianmian.engine.shard import Shard


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts since the start.

    `overflow` counts entries pushed out by the bounds of the semantics, `lost` instants that did
    not fit the engine's buffer (must be 0), `refused` rows whose ids no longer fitted the
    dictionaries, `room_mismatches` facts of rooms that were logged otherwise than computed again.
    """

    accepted: int
    duplicates: int
    late: int
    refused: int
    viewers: int
    rows: int
    evicted: int
    overflow: int
    contradicted: int
    gap_lost: int
    once: int
    lost: int
    merged: int
    merges_refused: int
    superseded: int
    room_mismatches: int


class Counting(Protocol):
    """What is counted (see `Core`)."""

    shards: list[Shard]
    names: Names
    room_log: RoomLog
    merged: int
    merges_refused: int
    refused: int
    superseded: int


def statistics_of(core: Counting) -> Statistics:
    """The counts of a core."""
    total = np.zeros(w.COUNTERS, np.int64)
    rows = 0
    for shard in core.shards:
        total += shard.state.G
        rows += int(shard.state.G[w.G_ROWS] - shard.state.G[w.G_FREE])
    return Statistics(
        accepted=int(total[w.G_ACCEPTED]),
        duplicates=int(total[w.G_DUPLICATES]),
        late=int(total[w.G_LATE]),
        refused=core.refused,
        viewers=len(core.names.viewers),
        rows=rows,
        evicted=int(total[w.G_EVICTED]),
        overflow=int(total[w.G_OVERFLOW]),
        contradicted=int(total[w.G_CONTRADICTED]),
        gap_lost=int(total[w.G_GAP_LOST]),
        once=int(total[w.G_ONCE]),
        lost=int(total[w.G_LOST]),
        merged=core.merged,
        merges_refused=core.merges_refused,
        superseded=core.superseded,
        room_mismatches=core.room_log.mismatched,
    )
