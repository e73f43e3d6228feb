"""What boards count by the million: distinct viewers, and points of products over panes.

Both take columns as they come and tidy up later, so that a call costs a few array operations
whatever is in it.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qianmian.columns.window import pane_ms, pane_range

Int64 = npt.NDArray[np.int64]

LEAST_PENDING: Final = 1 << 16  # below this a sort costs more than it frees
STAGES: Final = 8
VIEWER_BITS: Final = 32
ROOM_BITS: Final = 40
POINT_BITS: Final = 8
NONE: Final = np.zeros(0, np.int64)


class Reach:
    """How many distinct viewers reached each stage in each room.

    A word is (room * 8 + stage) << 32 | viewer. Cost: 8 bytes per viewer and stage, sorted; at most
    as many again wait to be sorted.
    """

    def __init__(self) -> None:
        self._known = NONE
        self._waiting: list[Int64] = []
        self._n_waiting = 0
        self._links: list[tuple[int, int]] = []

    def link(self, anonymous: int, known: int) -> None:
        """These two are one: what either reached, the known one has; the other comes no more."""
        self._links.append((anonymous, known))

    def add(
        self,
        room: npt.NDArray[np.integer[Any]],
        stage: npt.NDArray[np.integer[Any]],
        viewer: npt.NDArray[np.integer[Any]],
    ) -> None:
        """These viewers were there.

        Shapes: all [n]; stages 0 to 7.
        """
        place = room.astype(np.int64) * STAGES + stage
        self._waiting.append(place << VIEWER_BITS | viewer)
        self._n_waiting += len(viewer)
        if self._n_waiting > max(LEAST_PENDING, len(self._known)):
            self._settle()

    def _settle(self) -> None:
        """Sort what came, and put what is new of it in its place: the rest is only copied."""
        if self._waiting:
            self._put(np.concatenate(self._waiting))
            self._waiting, self._n_waiting = [], 0
        if self._links:
            self._join(np.array(self._links, np.int64))
            self._links = []

    def _join(self, links: Int64) -> None:
        """Put what linked viewers reached under the known ones, each once.

        Cost: a search per link and place, however many come at once, and one copy.
        """
        of_place = np.unique(self._known >> VIEWER_BITS) << VIEWER_BITS
        wanted = (of_place[:, None] | links[:, 0]).ravel()
        at = np.searchsorted(self._known, wanted)
        there = at < len(self._known)
        there[there] = self._known[at[there]] == wanted[there]
        new = (of_place[:, None] | links[:, 1]).ravel()[there]
        self._known = np.delete(self._known, at[there])
        self._put(new)

    def _put(self, words: Int64) -> None:
        came = np.unique(words)
        places = np.searchsorted(self._known, came)
        inside = places < len(self._known)
        inside[inside] = self._known[places[inside]] == came[inside]
        self._known = np.insert(self._known, places[~inside], came[~inside])

    def counts(self, room: int) -> list[int]:
        """Distinct viewers of each stage of a room."""
        self._settle()
        edges = np.arange(room * STAGES, (room + 1) * STAGES + 1, dtype=np.int64) << VIEWER_BITS
        counts: list[int] = np.diff(np.searchsorted(self._known, edges)).tolist()
        return counts

    def end(self, room: int) -> None:
        """Forget a room."""
        self._settle()
        self._known = self._known[self._known // STAGES >> VIEWER_BITS != room]

    def snapshot(self) -> list[int]:
        """Everything, as JSON."""
        self._settle()
        words: list[int] = self._known.tolist()
        return words

    def restore(self, stored: list[int]) -> None:
        """The opposite of `snapshot`."""
        self._known = np.array(stored, np.int64)


class Heat:
    """Points of products per room over a sliding window, by panes as the semantics cut them.

    A word is room << 40 | product << 8 | points. Units: window_ms in ms.
    """

    def __init__(self, window_ms: int) -> None:
        self.window_ms = window_ms
        self._fresh: dict[int, list[Int64]] = {}
        self._n_fresh = 0
        self._sums: dict[int, tuple[Int64, Int64]] = {}

    def add(
        self,
        clock: Int64,
        room: npt.NDArray[np.integer[Any]],
        product: npt.NDArray[np.integer[Any]],
        points: npt.NDArray[np.integer[Any]],
    ) -> None:
        """Points (1 to 255) of products, in order of the clock.

        Shapes: all [n]. Units: clock in ms UTC.
        """
        if not len(clock):
            return
        words = room.astype(np.int64) << ROOM_BITS | product.astype(np.int64) << POINT_BITS | points
        width = pane_ms(self.window_ms)
        first, last = int(clock[0]) // width, int(clock[-1]) // width
        if first == last:
            self._fresh.setdefault(last, []).append(words)
        else:
            pane = clock // width
            starts = np.append(0, np.flatnonzero(np.diff(pane)) + 1)
            for start, part in zip(starts, np.split(words, starts[1:]), strict=True):
                self._fresh.setdefault(int(pane[start]), []).append(part)
        self._n_fresh += len(words)
        if self._n_fresh > LEAST_PENDING or len(self._fresh) > 1:
            self._settle(last if self._n_fresh <= LEAST_PENDING else last + 1)
            self._cool(int(clock[-1]))

    def _settle(self, before: int) -> None:
        """Sum up the panes before this one."""
        for pane in [pane for pane in self._fresh if pane < before]:
            self._sum_up(pane)

    def _sum_up(self, pane: int) -> None:
        words = np.sort(np.concatenate(self._fresh.pop(pane)))
        self._n_fresh -= len(words)
        sums = _summed(words >> POINT_BITS, words & ((1 << POINT_BITS) - 1))
        if pane in self._sums:
            keys = np.concatenate([self._sums[pane][0], sums[0]])
            order = np.argsort(keys, kind="stable")
            points = np.concatenate([self._sums[pane][1], sums[1]])
            sums = _summed(keys[order], points[order])
        self._sums[pane] = sums

    def _cool(self, at: int) -> None:
        first, _ = pane_range(at, self.window_ms)
        for pane in [pane for pane in self._sums if pane < first]:
            del self._sums[pane]

    def of_room(self, room: int, at: int) -> list[tuple[int, int]]:
        """Products of a room and their points as of `at`, most points first.

        Units: at in ms UTC. Of equal points the product that was named first comes first.
        """
        for pane in list(self._fresh):
            self._sum_up(pane)
        self._cool(at)
        low, high = room << ROOM_BITS - POINT_BITS, (room + 1) << ROOM_BITS - POINT_BITS
        found: dict[int, int] = {}
        for keys, points in self._sums.values():
            start, stop = np.searchsorted(keys, [low, high]).tolist()
            products = (keys[start:stop] - low).tolist()
            for product, more in zip(products, points[start:stop].tolist(), strict=True):
                found[product] = found.get(product, 0) + more
        return sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))

    def end(self, room: int) -> None:
        """Forget a room."""
        for pane in list(self._fresh):
            self._sum_up(pane)
        for pane, (keys, points) in self._sums.items():
            others = keys >> ROOM_BITS - POINT_BITS != room
            self._sums[pane] = keys[others], points[others]

    def snapshot(self) -> list[list[Any]]:
        """Everything, as JSON."""
        for pane in list(self._fresh):
            self._sum_up(pane)
        return [[pane, k.tolist(), v.tolist()] for pane, (k, v) in sorted(self._sums.items())]

    def restore(self, stored: list[list[Any]]) -> None:
        """The opposite of `snapshot`."""
        self._sums = {
            pane: (np.array(keys, np.int64), np.array(points, np.int64))
            for pane, keys, points in stored
        }


def _summed(keys: Int64, points: Int64) -> tuple[Int64, Int64]:
    """Points per distinct key; keys are in order."""
    if not len(keys):
        return NONE, NONE
    starts = np.append(0, np.flatnonzero(np.diff(keys)) + 1)
    return keys[starts], np.add.reduceat(points, starts)
