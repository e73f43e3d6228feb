"""What fired as columns, in output order; firings as objects are made where somebody reads them.

Output order is (decision time, viewer, room, definition, key), all but the time by their names. So
what lies apart in time is ordered by numbers, and names are compared, as UTF-8, only within one
instant: that is the order of Python strings.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar, overload

import numpy as np
import numpy.typing as npt

from qianmian.columns.dictionary import ABSENT, MAX_STRINGS, Dictionary
from qianmian.engine.interning import Interner
from qianmian.engine.jit import inline, kernel
from qianmian.vocabulary.firing import Firing

T = TypeVar("T", bound=Hashable)
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


class Fired(NamedTuple):
    """Columns of what fired; viewer -1 is a moment of the room, key -1 none.

    Shapes: all [n]. Units: at in ms UTC.
    """

    at: Int64
    viewer: Int32
    room: Int32
    session: Int32
    definition: Int32
    key: Int32

    def take(self, rows: npt.NDArray[np.integer[Any] | np.bool_]) -> Fired:
        """These rows in this order."""
        return Fired(
            self.at[rows],
            self.viewer[rows],
            self.room[rows],
            self.session[rows],
            self.definition[rows],
            self.key[rows],
        )

    @classmethod
    def joined(cls, parts: Sequence[Fired]) -> Fired:
        """One after the other."""
        none = np.zeros(0, np.int32)
        at = np.concatenate([none.astype(np.int64), *(part.at for part in parts)])
        others = (
            np.concatenate([none, *column]) for column in zip(*(p[1:] for p in parts), strict=True)
        )
        viewer, room, session, definition, key = others if parts else [none] * 5
        return cls(at, viewer, room, session, definition, key)


class Legend(NamedTuple):
    """What the numbers in the columns mean; codes of names never change.

    `sessions` are by session; `moments` (key and version), `keys` and `ranks` (the place of the
    moment's key among all) by definition.
    """

    viewers: Interner
    rooms: Dictionary
    sessions: Sequence[str]
    moments: Sequence[tuple[str, int]]
    keys: Sequence[Dictionary]
    ranks: Int32
    namespace: str


class Firings(Sequence[Firing]):
    """A list of firings in output order, over columns.

    Cost: 40 bytes a firing; the objects, 2 µs each, are made when the first is read.
    """

    def __init__(self, columns: Fired, legend: Legend) -> None:
        self.columns = columns
        self.legend = legend
        self._made: list[Firing] | None = None

    @classmethod
    def of(cls, firings: Sequence[Firing]) -> Firings:
        """The columns of these firings, in their order; itself if it is some."""
        if isinstance(firings, cls):
            return firings
        viewers, rooms = Interner(MAX_STRINGS), Dictionary(MAX_STRINGS)
        keys = Dictionary(MAX_STRINGS)
        sessions = _numbered([one.session for one in firings])
        moments = _numbered([(one.moment, one.version) for one in firings])
        legend = Legend(
            viewers=viewers,
            rooms=rooms,
            sessions=list(sessions),
            moments=list(moments),
            keys=[keys] * len(moments),
            ranks=ranks_of([key for key, _ in moments]),
            namespace=firings[0].namespace if firings else "",
        )
        rows = [
            (
                one.at,
                ABSENT if one.viewer is None else viewers.intern(one.viewer),
                rooms.intern(one.room),
                sessions[one.session],
                moments[one.moment, one.version],
                ABSENT if one.key is None else keys.intern(one.key),
            )
            for one in firings
        ]
        at, *others = np.array(rows, np.int64).reshape(-1, len(Fired._fields)).T
        return cls(Fired(at, *(column.astype(np.int32) for column in others)), legend)

    def rows(self, chosen: npt.NDArray[np.integer[Any] | np.bool_]) -> Firings:
        """These of them, by place or by a mask, in this order."""
        return Firings(self.columns.take(chosen), self.legend)

    def __len__(self) -> int:
        return len(self.columns.at)

    @overload
    def __getitem__(self, at: int) -> Firing: ...

    @overload
    def __getitem__(self, at: slice) -> list[Firing]: ...

    def __getitem__(self, at: int | slice) -> Firing | list[Firing]:
        return self.tolist()[at]

    def __iter__(self) -> Iterator[Firing]:
        return iter(self.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self.tolist() == list(other)

    __hash__ = None  # type: ignore[assignment]  # equal to a list, as unhashable as one

    def __add__(self, other: Sequence[Firing]) -> list[Firing]:
        return [*self, *other]

    def __radd__(self, other: Sequence[Firing]) -> list[Firing]:
        return [*other, *self]

    def __repr__(self) -> str:
        return repr(self.tolist())

    def tolist(self) -> list[Firing]:
        """All of them as objects; the same list each time."""
        if self._made is None:
            self._made = self._objects()
        return self._made

    def _objects(self) -> list[Firing]:
        legend, columns = self.legend, self.columns
        viewers = legend.viewers.values(columns.viewer.tolist())
        rooms = [str(name) for name in legend.rooms.values(columns.room.tolist())]
        c = self.columns
        rest = zip(
            *(column.tolist() for column in (c.at, c.session, c.definition, c.key)), strict=True
        )
        made = []
        for viewer, room, (at, session, definition, key) in zip(viewers, rooms, rest, strict=True):
            moment, version = legend.moments[definition]
            about = legend.keys[definition].value(key)
            named = (viewer, room, legend.sessions[session], moment, version, about)
            made.append(Firing(at, *named, legend.namespace))
        return made


def _numbered(values: Iterable[T]) -> dict[T, int]:
    """Each value once, with its number."""
    return {value: number for number, value in enumerate(dict.fromkeys(values))}


@inline
def is_before(P, a, b):
    """Whether row a comes before row b, both at one instant."""
    one, other = np.int64(P.viewer[a]), np.int64(P.viewer[b])
    if one != other:
        if one < 0 or other < 0:
            return one < 0
        start, stop = P.offsets[one], P.offsets[one + 1]
        shift = P.offsets[other] - start
        end = min(stop, P.offsets[other + 1] - shift)
        for k in range(start, end):
            if P.texts[k] != P.texts[k + shift]:
                return P.texts[k] < P.texts[k + shift]
        return stop - start < P.offsets[other + 1] - P.offsets[other]
    if P.room[a] != P.room[b]:
        return P.room[a] < P.room[b]
    return P.definition[a] < P.definition[b]


class Ranks(NamedTuple):
    """What the kernel compares: viewers by their names, rooms and definitions by ranks."""

    viewer: Int32
    room: Int32
    definition: Int32
    texts: npt.NDArray[np.uint8]
    offsets: Int64


@kernel
def order_instants(P, at, rows, spare):
    """Put `rows`, which are in order of `at`, in order within each instant (merge sort)."""
    n = len(rows)
    first = 0
    while first < n:
        last = first + 1
        while last < n and at[rows[last]] == at[rows[first]]:
            last += 1
        width = 1
        while width < last - first:
            for low in range(first, last, 2 * width):
                middle = min(low + width, last)
                high = min(low + 2 * width, last)
                left, right = low, middle
                for k in range(low, high):
                    if left < middle and (
                        right >= high or not is_before(P, rows[right], rows[left])
                    ):
                        spare[k] = rows[left]
                        left += 1
                    else:
                        spare[k] = rows[right]
                        right += 1
            for k in range(first, last):
                rows[k] = spare[k]
            width *= 2
        first = last


def ranks_of(names: Sequence[str]) -> Int32:
    """The place of each among all, in order."""
    ranks = np.empty(len(names), np.int32)
    ranks[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names), dtype=np.int32)
    return ranks


def in_order(fired: Fired, legend: Legend) -> Fired:
    """The same rows in output order.

    Cost: O(n log n) in kernels; Python touches the distinct rooms, and firings that differ in
    nothing but their key.
    """
    if len(fired.at) < 2:
        return fired
    rows = np.argsort(fired.at, kind="stable")
    ranks = Ranks(
        fired.viewer,
        _ranks_of(fired.room, legend.rooms),
        legend.ranks[fired.definition],
        legend.viewers.texts,
        legend.viewers.offsets,
    )
    order_instants(ranks, fired.at, rows, np.empty(len(rows), np.int64))
    ordered = fired.take(rows)
    return _by_key(ordered, legend)


def _ranks_of(codes: Int32, names: Dictionary) -> Int32:
    """The place of each code's name among the names."""
    used = np.flatnonzero(np.bincount(codes, minlength=len(names)))
    ranks = np.zeros(len(names), np.int32)
    ranks[sorted(used.tolist(), key=lambda code: names.value(code) or "")] = np.arange(
        len(used), dtype=np.int32
    )
    return ranks[codes]


def _by_key(fired: Fired, legend: Legend) -> Fired:
    """Rows that are in order but for their keys, in order."""
    same = np.ones(len(fired.at) - 1, bool)
    for column in (fired.at, fired.viewer, fired.room, fired.definition):
        same &= column[1:] == column[:-1]
    if not same.any():
        return fired
    rows = np.arange(len(fired.at))
    edges = np.flatnonzero(np.diff(np.concatenate(([False], same, [False])).astype(np.int8)))
    for first, last in edges.reshape(-1, 2).tolist():  # same[first:last]: rows first to last
        names = legend.keys[int(fired.definition[first])]
        mine = slice(first, last + 1)
        rows[mine] = sorted(
            rows[mine].tolist(), key=lambda row: names.value(int(fired.key[row])) or ""
        )
    return fired.take(rows)
