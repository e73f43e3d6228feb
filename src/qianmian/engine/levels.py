"""Levels as they stand: how many viewers of a room hold each tag and segment, who, and which.

The truth of every tag and segment is a bit of the viewer's row that the interpreter keeps anyway;
here the bits are only read, between two messages.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from qianmian.engine import words as w
from qianmian.engine.programs import Plan
from qianmian.engine.shard import Shard

SHOWN: tuple[str, ...] = ("tag", "segment")
PRESENT: int = 0  # the first atom bit of a row
EVERY = np.uint64(0xFFFFFFFFFFFFFFFF)
NO_VIEWER = np.uint64(1 << 31)  # the sign of the viewer's code


@dataclass(frozen=True, slots=True)
class Held:
    """How many viewers hold a level: of those in the room now, and of all with a live row.

    A live row stays half an hour after its viewer has left.
    """

    present: int
    live: int


@dataclass(frozen=True, slots=True)
class RoomLevels:
    """The levels of a room's viewers at an instant; `by_name` has every tag and segment.

    Units: at in ms UTC; present and live count viewers.
    """

    room: str
    at: int
    present: int
    live: int
    by_name: dict[str, Held] = field(default_factory=dict)


class Level(NamedTuple):
    """A tag or segment, named as the language does (`tag.NAME`), and its bit in the row."""

    name: str
    bit: int


def levels_of(plan: Plan, kinds: Collection[str] = SHOWN) -> list[Level]:
    """The tags and segments of a plan, or its levels of other kinds, in its order."""
    layout = plan.layout
    truth = layout.program.truth
    return [
        Level(f"{one.kind}.{one.key}", layout.bit_of[truth[index]])
        for index, one in enumerate(plan.definitions)
        if index in truth and one.kind in kinds
    ]


def is_in(shard: Shard, room: int) -> npt.NDArray[np.bool_]:
    """Which rows are live rows of a room."""
    used = int(shard.state.G[w.G_ROWS])
    names = shard.state.Q[:used, w.VIEWER // 2].copy()  # viewer and room, read once as one word
    is_live = names & NO_VIEWER == 0
    found: npt.NDArray[np.bool_] = is_live & (names >> np.uint64(32) == np.uint64(room))
    return found


def words_at(shard: Shard, word: int) -> npt.NDArray[np.uint64]:
    """A word of bits of each row, copied: reading rows is what costs, so it is done once."""
    used = int(shard.state.G[w.G_ROWS])
    found: npt.NDArray[np.uint64] = shard.state.Q[:used, int(shard.tables.M[0]) + word].copy()
    return found


def is_set(words: npt.NDArray[np.uint64], bit: int) -> npt.NDArray[np.bool_]:
    """Which of these words have a bit set."""
    found: npt.NDArray[np.bool_] = (words >> np.uint64(bit & 63)) & np.uint64(1) != 0
    return found


def count_levels(
    shards: Sequence[Shard], levels: Sequence[Level], room: int
) -> tuple[int, int, list[Held]]:
    """Viewers present and live, and how many of each hold which level.

    Cost: O(rows) array operations, the number of levels does not matter: one read per row and word
    of bits, which is most of it, then about 3 operations per word: 30 to 50 ms for 500,000 rows
    (`benchmarks/levels.py`).
    """
    live = np.zeros(64 * _words(levels), np.int64)
    present = np.zeros_like(live)
    n_live = 0
    for shard in shards:
        mine = is_in(shard, room)
        n_live += int(mine.sum())
        bits = words_at(shard, 0)
        is_here = mine & is_set(bits, PRESENT)
        here, gone = np.where(is_here, EVERY, np.uint64(0)), np.flatnonzero(mine & ~is_here)
        for word in range(_words(levels)):
            bits, part = words_at(shard, word) if word else bits, slice(64 * word, 64 * word + 64)
            inside = counts_of(bits & here)
            present[part] += inside
            live[part] += inside + counts_of(bits[gone])
    held = [Held(int(present[level.bit]), int(live[level.bit])) for level in levels]
    return int(present[PRESENT]), n_live, held


def _words(levels: Sequence[Level]) -> int:
    return max((level.bit for level in levels), default=0) // 64 + 1


def counts_of(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """How many of these words have each bit set.

    Three words of one weight are added bit by bit into a sum of that weight and a carry of twice
    the weight, all thirds of the array at once, until less than three of each weight are left.

    Shapes: uint64[n] -> int64[64]
    Cost: about 3 n operations on words.
    Sources: carry-save adders; Mula, Kurz, Lemire, Faster Population Counts (2018).
    """
    counts, weight = np.zeros(64, np.int64), 1
    shifts = np.arange(64, dtype=np.uint64)
    while len(words):
        carries = []
        while len(words) >= 3:
            third = len(words) // 3
            a, b, c = words[:third], words[third : 2 * third], words[2 * third : 3 * third]
            odd = a ^ b
            carries.append((a & b) | (odd & c))
            words = np.concatenate([odd ^ c, words[3 * third :]])
        for word in words:
            counts += ((word >> shifts) & np.uint64(1)).astype(np.int64) * weight
        words = np.concatenate(carries) if carries else words[:0]
        weight *= 2
    return counts


def holders(
    shards: Sequence[Shard], level: Level, room: int, *, limit: int, present_only: bool
) -> list[int]:
    """The codes of at most `limit` viewers who hold a level: those first seen first.

    Cost: one pass over the rows of the room.
    """
    found = []
    for shard in shards:
        holds = is_in(shard, room) & is_set(words_at(shard, level.bit // 64), level.bit)
        if present_only:
            holds &= is_set(words_at(shard, PRESENT // 64), PRESENT)
        found.append(shard.state.I[np.flatnonzero(holds), w.VIEWER])
    codes = np.concatenate(found) if found else np.zeros(0, np.int32)
    return sorted(codes.tolist())[:limit]


def held_by(shard: Shard, row: int, levels: Sequence[Level]) -> list[str]:
    """The names of the levels that hold in a row, in the order of the plan."""
    return [
        level.name
        for level in levels
        if int(shard.state.Q[row, int(shard.tables.M[0]) + level.bit // 64]) >> level.bit % 64 & 1
    ]
