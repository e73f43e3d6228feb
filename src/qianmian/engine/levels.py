"""Levels as they stand: how many viewers of a room hold each tag and segment, who, and which.

The truth of every tag and segment is a bit of the viewer's row that the interpreter keeps anyway;
here the bits are only read, between two messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from qianmian.engine import words as w
from qianmian.engine.programs import Plan
from qianmian.engine.shard import Shard

PRESENT: int = 0  # the first atom bit of a row
HALF = 16  # bits that one histogram counts at once
VALUES = 1 << HALF


@dataclass(frozen=True, slots=True)
class Held:
    """How many viewers hold a level: of those in the room now, and of all with a live row.

    A live row stays half an hour after its viewer has left.
    """

    present: int
    live: int


@dataclass(frozen=True, slots=True)
class RoomLevels:
    """The levels of a room's viewers at an instant; `by_key` has every tag and segment.

    Units: at in ms UTC; present and live count viewers.
    """

    room: str
    at: int
    present: int
    live: int
    by_key: dict[str, Held] = field(default_factory=dict)


class Level(NamedTuple):
    """A tag or segment and its bit in the row."""

    key: str
    bit: int


def levels_of(plan: Plan) -> list[Level]:
    """The tags and segments of a plan, in its order."""
    layout = plan.layout
    truth = layout.program.truth
    return [
        Level(one.key, layout.bit_of[truth[index]])
        for index, one in enumerate(plan.definitions)
        if index in truth
    ]


def rows_in(shard: Shard, room: int) -> npt.NDArray[np.int64]:
    """The live rows of a room."""
    used = int(shard.state.G[w.G_ROWS])
    names = shard.state.I[:used]
    found: npt.NDArray[np.int64] = np.flatnonzero(
        (names[:, w.ROOM] == room) & (names[:, w.VIEWER] >= 0)
    )
    return found


def words_at(shard: Shard, rows: npt.NDArray[np.int64] | int, word: int) -> npt.NDArray[np.uint64]:
    """A word of bits of each of these rows."""
    found: npt.NDArray[np.uint64] = shard.state.Q[rows, int(shard.tables.M[0]) + word]
    return found


def is_set(words: npt.NDArray[np.uint64], bit: int) -> npt.NDArray[np.bool_]:
    """Which of these words have a bit set."""
    found: npt.NDArray[np.bool_] = (words >> np.uint64(bit & 63)) & np.uint64(1) != 0
    return found


def count_levels(
    shards: Sequence[Shard], levels: Sequence[Level], room: int
) -> tuple[int, int, list[Held]]:
    """Viewers present and live, and how many of each hold which level.

    Cost: one pass over the rows for the room, then one histogram for each 16 bits that carry a
    level (see `benchmarks/levels.py`), whatever the number of levels.
    """
    totals = np.zeros((len(levels), 2), np.int64)
    present, live = 0, 0
    halves = sorted({level.bit // HALF for level in levels})
    for shard in shards:
        rows = rows_in(shard, room)
        here = is_set(words_at(shard, rows, PRESENT), PRESENT)
        present += int(here.sum())
        live += len(rows)
        side = here.astype(np.int64) << HALF
        words: dict[int, npt.NDArray[np.uint64]] = {}
        for half in halves:
            word = half * HALF // 64
            if word not in words:
                words = {word: words_at(shard, rows, word)}
            shift = np.uint64(half * HALF % 64)
            values = ((words[word] >> shift) & np.uint64(VALUES - 1)).astype(np.int64)
            counts = np.bincount(values | side, minlength=2 * VALUES).reshape(2, VALUES)
            for place, level in enumerate(levels):
                if level.bit // HALF == half:
                    digit = level.bit % HALF
                    of_bit = counts.reshape(2, -1, 2, 1 << digit)[:, :, 1].sum(axis=(1, 2))
                    totals[place] += of_bit
    held = [Held(int(inside), int(outside + inside)) for outside, inside in totals.tolist()]
    return present, live, held


def holders(
    shards: Sequence[Shard], level: Level, room: int, *, limit: int, present_only: bool
) -> list[int]:
    """The codes of at most `limit` viewers who hold a level: those first seen first.

    Cost: one pass over the rows of the room.
    """
    found = []
    for shard in shards:
        rows = rows_in(shard, room)
        holds = is_set(words_at(shard, rows, level.bit // 64), level.bit)
        if present_only:
            holds &= is_set(words_at(shard, rows, PRESENT), PRESENT)
        found.append(shard.state.I[rows[holds], w.VIEWER])
    codes = np.concatenate(found) if found else np.zeros(0, np.int32)
    return sorted(codes.tolist())[:limit]


def held_by(shard: Shard, row: int, levels: Sequence[Level]) -> list[str]:
    """The keys of the levels that hold in a row, in the order of the plan."""
    return [
        level.key
        for level in levels
        if int(words_at(shard, row, level.bit // 64)) >> (level.bit & 63) & 1
    ]
