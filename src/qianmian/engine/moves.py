"""Who enters and who leaves a tag or segment: its holders at each whole second, compared.

A level may come and go many times within a second; what counts is what holds at the end of each
whole second of the clock (decision 0022). So the moves are a function of the log: how messages are
grouped into calls, how many shards there are, and where a snapshot was taken changes none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qianmian.engine import words as w
from qianmian.engine.levels import Level
from qianmian.engine.prepare import Names
from qianmian.engine.shard import Shard

Place = tuple[int, int]
"""Room and viewer, as codes."""


class Move(NamedTuple):
    """A viewer of a room entered or left a level between the second before and this one.

    Units: at in ms UTC, a whole second.
    """

    at: int
    room: str
    viewer: str
    level: str
    entered: bool


class Seen(NamedTuple):
    """What the rows of a shard held at the last second.

    Shapes: viewer int32[n_rows], -1 where there was none; room int32[n_rows];
    held uint64[n_words, n_rows].
    """

    viewer: npt.NDArray[np.int32]
    room: npt.NDArray[np.int32]
    held: npt.NDArray[np.uint64]


@dataclass(slots=True)
class Moves:
    """The levels that somebody follows, and what was found since they were asked for.

    Cost: nothing while nobody follows anything. Else per second one pass over the rows, as array
    operations, and Python only for the rows that differ.
    """

    names: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()
    seen: list[Seen] = field(default_factory=list)
    found: list[Move] = field(default_factory=list)
    wanted: tuple[str, ...] | None = None

    @property
    def is_on(self) -> bool:
        """Whether there is anything to do at a whole second."""
        return bool(self.names) or self.wanted is not None

    def follow(self, names: Iterable[str]) -> None:
        """Follow these levels from now on: whoever holds one enters at the next second."""
        self.names = tuple(dict.fromkeys(names))
        self.levels, self.seen, self.wanted = (), [], None

    def turn_to(self, names: Iterable[str]) -> None:
        """Follow these after the next second, and no others.

        Whoever holds one at that second has not entered it, and of those that are followed already
        no move is lost.
        """
        self.wanted = tuple(dict.fromkeys(names))

    def compare(
        self, second: int, shards: Sequence[Shard], levels: Sequence[Level], names: Names
    ) -> None:
        """Find the moves of a second; everything up to its end has been applied."""
        if self.names:
            self._compare(second, shards, levels, names)
        if self.wanted is not None:
            self.names, self.wanted = self.wanted, None
            self.levels = tuple(level for level in levels if level.name in self.names)
            self.seen = [seen_in(shard, self.levels) for shard in shards] if self.names else []

    def _compare(
        self, second: int, shards: Sequence[Shard], levels: Sequence[Level], names: Names
    ) -> None:
        now = tuple(level for level in levels if level.name in self.names)
        before: dict[Place, set[str]] = {}
        after: dict[Place, set[str]] = {}
        seen: list[Seen] = []
        found: list[Move] = []
        for number, shard in enumerate(shards):
            fresh = seen_in(shard, now)
            old = self.seen[number] if number < len(self.seen) else _nothing(fresh, self.levels)
            old = old if now == self.levels else _placed(old, self.levels, now)
            n = max(len(old.viewer), len(fresh.viewer))
            old, new = _padded(old, n), _padded(fresh, n)
            is_same = (old.viewer == new.viewer) & (old.room == new.room)
            found += _flips(second, old, new, is_same, now, names)
            rows = np.flatnonzero(~is_same & ((old.held != 0) | (new.held != 0)).any(axis=0))
            _collect(before, old, rows.tolist(), now)
            _collect(after, new, rows.tolist(), now)
            seen.append(fresh)
        self.levels, self.seen = now, seen
        self.found += sorted([*found, *_moves(second, before, after, names)])

    def taken(self) -> list[Move]:
        """What was found since the last call, by second, room, viewer and level."""
        found, self.found = self.found, []
        return found

    def snapshot(self, arrays: dict[str, Any]) -> dict[str, Any]:
        """Everything, as JSON; the arrays go beside it."""
        for number, seen in enumerate(self.seen):
            for name, array in seen._asdict().items():
                arrays[f"{number}/moves/{name}"] = array
        return {
            "names": self.names,
            "levels": self.levels,
            "found": self.found,
            "wanted": self.wanted,
        }

    def restore(self, stored: dict[str, Any], archive: Any, shards: int) -> None:
        """The opposite of `snapshot`."""
        self.names = tuple(stored["names"])
        wanted = stored.get("wanted")
        self.wanted = None if wanted is None else tuple(wanted)
        self.levels = tuple(Level(*one) for one in stored["levels"])
        self.found = [Move(*one) for one in stored["found"]]
        if f"{shards - 1}/moves/viewer" in archive:
            self.seen = [
                Seen(*(archive[f"{number}/moves/{name}"] for name in Seen._fields))
                for number in range(shards)
            ]


def seen_in(shard: Shard, levels: Sequence[Level]) -> Seen:
    """What the rows of a shard hold of these levels."""
    used = int(shard.state.G[w.G_ROWS])
    viewer = shard.state.I[:used, w.VIEWER].copy()
    room = shard.state.I[:used, w.ROOM].copy()
    held = []
    for word, mask in masks_of(levels).items():
        bits = shard.state.Q[:used, int(shard.tables.M[0]) + word] & np.uint64(mask)
        bits[viewer < 0] = 0
        held.append(bits)
    return Seen(viewer, room, np.array(held, np.uint64).reshape(len(held), used))


def masks_of(levels: Iterable[Level]) -> dict[int, int]:
    """By word of bits the bits of these levels, ascending."""
    masks: dict[int, int] = {}
    for level in levels:
        masks[level.bit // 64] = masks.get(level.bit // 64, 0) | 1 << level.bit % 64
    return dict(sorted(masks.items()))


def _nothing(like: Seen, levels: Sequence[Level]) -> Seen:
    nobody = np.full(len(like.viewer), -1, np.int32)
    return Seen(nobody, nobody, np.zeros((len(masks_of(levels)), len(nobody)), np.uint64))


def _placed(old: Seen, levels: Sequence[Level], now: Sequence[Level]) -> Seen:
    """What was held, at the bits that the levels have after an edit; what is gone is forgotten."""
    words, before = list(masks_of(levels)), {level.name: level.bit for level in levels}
    after = list(masks_of(now))
    held = np.zeros((len(after), len(old.viewer)), np.uint64)
    for level in now:
        bit = before.get(level.name)
        if bit is not None:
            was = (old.held[words.index(bit // 64)] >> np.uint64(bit % 64)) & np.uint64(1)
            held[after.index(level.bit // 64)] |= was << np.uint64(level.bit % 64)
    return old._replace(held=held)


def _flips(
    second: int,
    old: Seen,
    new: Seen,
    is_same: npt.NDArray[np.bool_],
    levels: Sequence[Level],
    names: Names,
) -> Iterator[Move]:
    """The moves of rows that are the same viewer's as before."""
    differs = np.where(is_same, old.held ^ new.held, np.uint64(0))
    rows = np.flatnonzero(differs.any(axis=0))
    words = list(masks_of(levels))
    for level in levels:
        at, bit = words.index(level.bit // 64), np.uint64(level.bit % 64)
        flipped = rows[(differs[at, rows] >> bit) & np.uint64(1) != 0]
        entered = (new.held[at, flipped] >> bit) & np.uint64(1) != 0
        for row, is_in in zip(flipped.tolist(), entered.tolist(), strict=True):
            room = str(names.rooms.value(int(new.room[row])))
            viewer = str(names.viewers.value(int(new.viewer[row])))
            yield Move(second, room, viewer, level.name, is_in)


def _padded(seen: Seen, n: int) -> Seen:
    more = n - len(seen.viewer)
    if not more:
        return seen
    nobody = np.full(more, -1, np.int32)
    return Seen(
        np.append(seen.viewer, nobody),
        np.append(seen.room, nobody),
        np.pad(seen.held, ((0, 0), (0, more))),
    )


def _collect(
    into: dict[Place, set[str]], seen: Seen, rows: Iterable[int], levels: Sequence[Level]
) -> None:
    """What these rows held, by place."""
    words = list(masks_of(levels))
    for row in rows:
        if seen.viewer[row] >= 0:
            held = {word: int(seen.held[at, row]) for at, word in enumerate(words)}
            keys = {one.name for one in levels if held[one.bit // 64] >> one.bit % 64 & 1}
            into[int(seen.room[row]), int(seen.viewer[row])] = keys


def _moves(
    second: int, before: dict[Place, set[str]], after: dict[Place, set[str]], names: Names
) -> Iterator[Move]:
    none: set[str] = set()
    for place in before.keys() | after.keys():
        old, new = before.get(place, none), after.get(place, none)
        room, viewer = str(names.rooms.value(place[0])), str(names.viewers.value(place[1]))
        for key in old ^ new:
            yield Move(second, room, viewer, key, key in new)
