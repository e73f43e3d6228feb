"""What effects are computed from, in memory: decisions, acts, who was there, whose ids are whose.

Viewers are numbers in the order in which they were first read. Everything lies under the id that it
came with; whose it is is looked up when somebody asks, so a link that is told later, or its end,
reads nothing again. `refresh` takes in only what came after what is there.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qianmian.errors import LogProblem
from qianmian.experiments.population import Int64, People
from qianmian.profiles.identity import Saying, folded, groups
from qianmian.storage.history import SUFFIX, HistoryFile, file_of, lasting
from qianmian.storage.history_reader.extracts import (
    DECIDED,
    KEPT_BYTES,
    SAID,
    SEEN,
    Extracts,
    identity,
    number_of,
)
from qianmian.storage.history_schema import DECISIONS, EVENTS
from qianmian.vocabulary.ids import is_anonymous

TRIES: Final = 3  # files are joined while we look
MOST_CHANGED: Final = 2_000_000  # ids; who has not asked for so long computes everything again
NEVER: Final = np.iinfo(np.int64).max
PAID, REFUNDED = "order_paid", "order_refunded"
Bool = npt.NDArray[np.bool_]
Version = tuple[str, int]
Mark = tuple[int, int]


class Rows:
    """Rows as columns of equal length, to which more are added at the end."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self._held = {name: np.zeros(0, kind) for name, kind in columns.items()}
        self._n = 0

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, name: str) -> Any:
        return self._held[name][: self._n]

    def add(self, columns: Mapping[str, Any]) -> None:
        """More rows; what is there is moved seldom."""
        n = self._n + len(next(iter(columns.values())))
        for name, values in columns.items():
            held = self._held[name]
            if n > len(held):
                grown = np.zeros(n + n // 8, held.dtype)
                grown[: self._n] = held[: self._n]
                self._held[name] = held = grown
            held[self._n : n] = values
        self._n = n


class Measured:
    """The tables of one history; used by one thread at a time.

    Args:
        folder: of the history, also an attribute.
        kept_bytes: as of `Extracts`.

    Attributes:
        clock: of the newest message of which something is here; 0 when there is none.
        owner: of each viewer the number that stands for the person: int64[n_viewers].
        filled: how often everything has been read anew; numbers are those of one time.
        people: what was computed of these tables, and how far they had been read: for whoever asks
            again.
        places: room and session of decisions, by number.
    """

    def __init__(self, folder: Path, *, kept_bytes: int = KEPT_BYTES) -> None:
        self.folder = folder
        self._extracts = Extracts(folder, kept_bytes=kept_bytes)
        self._types: set[str] = {PAID, REFUNDED}
        self.filled = 0
        self._begin()

    def _begin(self) -> None:
        self.filled += 1
        self.clock = 0
        self._ids = np.zeros(0, np.uint64)  # of viewers, sorted, and their numbers
        self._numbers: Int64 = np.zeros(0, np.int64)
        self.owner: Int64 = np.zeros(0, np.int64)
        self.first_seen: Int64 = np.zeros(0, np.int64)
        self.last_seen: Int64 = np.zeros(0, np.int64)
        self.places: dict[tuple[str, str], int] = {}
        self._is_erased: Bool = np.zeros(0, np.bool_)
        self._sizes: dict[Path, str] = {}
        self._stops = {EVENTS: 0, DECISIONS: 0}
        self._acts: dict[str, Rows] = {}
        self._decided: dict[Version, Rows] = {}
        self._said = Rows(_SAID)
        self.people: dict[Hashable, tuple[Mark, People]] = {}
        self._changed: list[Int64] = []
        self._forgotten = 0

    # -- keeping up

    def refresh(self, goal: str) -> None:
        """Read what was written since; of the events also this type.

        Cost: what is new; the first time, and for a type of events that nobody has asked for yet,
            all files, or what is kept of them.
        Raises: LogProblem when a file cannot be read.
        """
        for attempt in range(TRIES):
            try:
                return self._refresh(goal)
            except LogProblem:  # nothing has been taken in
                if attempt == TRIES - 1:
                    raise
        return None

    def _refresh(self, goal: str) -> None:
        events, decisions = self._files(EVENTS), self._files(DECISIONS)
        sizes = {one.path: identity(one.path) for one in (*events, *decisions)}
        if any(self._sizes.get(path, now) != now for path, now in sizes.items()):
            self._begin()  # written again under its name: somebody has been erased
        if self._sizes.keys() - sizes.keys():
            self._extracts.tidy((*events, *decisions))
        self._sizes = sizes
        self._types.add(goal)
        new_types = sorted(self._types - self._acts.keys()) if self._stops[EVENTS] else []
        self._take(events, decisions, new_types)

    def _files(self, kind: str) -> list[HistoryFile]:
        found = (file_of(path, kind) for path in (self.folder / kind).glob(f"*{SUFFIX}"))
        return lasting(found)

    def _take(
        self,
        events: Sequence[HistoryFile],
        decisions: Sequence[HistoryFile],
        new_types: Sequence[str],
    ) -> None:
        """The rows of files beyond what is there, and all those of types that are new."""
        stops, of = self._stops, self._extracts.of
        acts = {kind: [of(one, kind) for one in events] for kind in new_types}
        more = [one for one in events if one.stop > stops[EVENTS]]
        for kind in sorted(self._types - set(new_types)):
            acts[kind] = [_beyond(of(one, kind), stops[EVENTS]) for one in more]
        seen = [of(one, SEEN) for one in more]
        said = [_beyond(of(one, SAID), stops[EVENTS]) for one in more]
        made = [one for one in decisions if one.stop > stops[DECISIONS]]
        decided = [_beyond(of(one, DECIDED), stops[DECISIONS]) for one in made]
        tables = [
            *((one, "viewer", kind not in new_types) for kind in acts for one in acts[kind]),
            *((one, "viewer", False) for one in seen),
            *((one, "viewer", True) for one in decided),
            *((one, name, False) for one in said for name in ("own", "known")),
        ]
        if not tables:
            return
        numbers = self._numbered([one.column(name) for one, name, _ in tables])
        left = iter(numbers)
        for kind, found in acts.items():
            rows = self._acts.setdefault(kind, Rows(_ACT))
            for one in found:
                columns = {name: _numbers_of(one, name) for name in _ACT if name != "viewer"}
                rows.add(columns | {"viewer": next(left)})
        for one in seen:
            self._see(one, next(left))
        for one in decided:
            self._decide(one, next(left))
        for one in said:
            columns = {name: _numbers_of(one, name) for name in ("at", "ends")}
            columns |= {name: one.column(name).to_pylist() for name in ("own_name", "known_name")}
            self._said.add(columns | {"own": next(left), "known": next(left)})
        changed = self._settle(is_said=any(len(one) for one in said))
        if stops[EVENTS] or stops[DECISIONS]:
            told = zip(tables, numbers, strict=True)
            self._change([changed, *(ids for (_, _, is_news), ids in told if is_news)])
        stops[EVENTS] = max((one.stop for one in more), default=stops[EVENTS])
        stops[DECISIONS] = max((one.stop for one in made), default=stops[DECISIONS])

    def _numbered(self, columns: Sequence[pa.ChunkedArray]) -> list[Int64]:
        """Viewers by number; those whom nobody has heard of get new ones.

        Cost: O(n log n) of what is told, and a pass over the viewers.
        """
        pieces = [_coded(one) for one in columns]
        told, again = np.unique(np.concatenate([ids for ids, _ in pieces]), return_inverse=True)
        number, place = self._found(told)
        new = np.flatnonzero(number < 0)
        number[new] = np.arange(len(self.owner), len(self.owner) + len(new))
        self._ids = np.insert(self._ids, place[new], told[new])
        self._numbers = np.insert(self._numbers, place[new], number[new])
        self._is_erased = np.append(self._is_erased, np.zeros(len(new), np.bool_))
        self.first_seen = np.append(self.first_seen, np.full(len(new), NEVER))
        self.last_seen = np.append(self.last_seen, np.full(len(new), -NEVER))
        cuts = np.cumsum([len(ids) for ids, _ in pieces])
        parts = zip(np.split(number[again], cuts), pieces, strict=False)
        return [one if codes is None else one[codes] for one, (_, codes) in parts]

    def _found(self, ids: Any) -> tuple[Int64, Int64]:
        """The numbers of viewers, -1 of whom nobody has heard, and where they stand or would."""
        place = np.searchsorted(self._ids, ids)
        number = np.full(len(ids), -1)
        if len(self._ids):
            there = np.minimum(place, len(self._ids) - 1)
            number = np.where(self._ids[there] == ids, self._numbers[there], -1)
        return number, place

    def _change(self, pieces: Sequence[Int64]) -> None:
        """There is something new of some viewers."""
        ids = np.unique(np.concatenate(pieces))
        if len(ids):
            self._changed.append(ids)
        while sum(map(len, self._changed[self._forgotten :])) > MOST_CHANGED:
            self._changed[self._forgotten] = ids[:0]
            self._forgotten += 1

    def _see(self, table: pa.Table, viewer: Int64) -> None:
        self.clock = max(self.clock, int(table.schema.metadata[b"clock"]))
        self.first_seen[viewer] = np.minimum(self.first_seen[viewer], _numbers_of(table, "first"))
        self._is_erased[viewer] = _numbers_of(table, "is_erased")
        self.last_seen[viewer] = np.maximum(self.last_seen[viewer], _numbers_of(table, "last"))

    def _decide(self, table: pa.Table, viewer: Int64) -> None:
        """Decisions, by the version that made them."""
        if not len(table):
            return
        strategies, strategy = _words(table.column("strategy"))
        columns = {name: _numbers_of(table, name) for name in ("at", "arm", "cost")}
        columns |= {"viewer": viewer, "place": self._placed(table)}
        version = _numbers_of(table, "version")
        key = strategy * (int(version.max()) + 1) + version
        for one in np.unique(key).tolist():
            mine = np.flatnonzero(key == one)
            name, number = strategies[int(strategy[mine[0]])].as_py(), int(version[mine[0]])
            whole = len(mine) == len(key)
            rows = columns if whole else {each: held[mine] for each, held in columns.items()}
            self._decided.setdefault((name, number), Rows(_DECISION)).add(rows)

    def _placed(self, table: pa.Table) -> npt.NDArray[np.int32]:
        """The numbers of the sessions of decisions."""
        pieces = [_words(pc.fill_null(_plain(table, name), "")) for name in ("room", "session")]
        (rooms, room), (sessions, session) = pieces
        pair = room * len(sessions) + session
        number = np.zeros(len(rooms) * len(sessions), np.int64)
        for one in np.unique(pair).tolist():
            place = rooms[one // len(sessions)].as_py(), sessions[one % len(sessions)].as_py()
            number[one] = self.places.setdefault(place, len(self.places))
        found: npt.NDArray[np.int32] = number[pair].astype(np.int32)
        return found

    def _settle(self, *, is_said: bool) -> Int64:
        """Whose ids are whose, by all that has been said (decision 0029); who changed by it.

        A simple link, of an anonymous id of which one thing is said, needs no fold.
        """
        before, n, said = self.owner, len(self._ids), self._said
        self.owner = np.append(before, np.arange(len(before), n))
        if not is_said:
            return np.zeros(0, np.int64)
        self.owner = np.arange(n)
        own, known = said["own"], said["known"]
        least, most, is_over = np.full(n, n), np.full(n, -1), np.zeros(n, np.bool_)
        np.minimum.at(least, own, known)
        np.maximum.at(most, own, known)
        np.logical_or.at(is_over, own, said["ends"])
        simple = np.array([is_anonymous(one) for one in said["own_name"]], np.bool_)
        simple &= (least == most)[own] & ~is_over[own]
        self.owner[own[simple]] = known[simple]
        rest = np.flatnonzero(~simple)
        if len(rest):
            self._fold({name: said[name][rest] for name in _SAID})
        moved = np.flatnonzero(self.owner[: len(before)] != before)
        return np.concatenate([before[moved], self.owner[moved]])

    def _fold(self, said: Mapping[str, Any]) -> None:
        """Ids of which more than one thing is said, and known ones: one by one."""
        number = dict(zip(said["own_name"], said["own"].tolist(), strict=True))
        number |= dict(zip(said["known_name"], said["known"].tolist(), strict=True))
        told = zip(*(said[name].tolist() for name in _TOLD), strict=True)
        edges = folded(Saying(one, other, when, bool(over), "") for one, other, when, over in told)
        held = [one for one in edges if one.until is None]
        for one in held:
            if is_anonymous(one.own):
                self.owner[number[one.own]] = number[one.known]
        for member, stands in groups(one for one in held if not is_anonymous(one.own)).items():
            self.owner[number[member]] = number[stands]
        self.owner = self.owner[self.owner]  # a device of a member whose other id stands for them

    # -- answers

    def decided(self, version: Version) -> Rows:
        """Decisions of a version: viewer, at, arm, cost, place."""
        return self._decided.get(version, Rows(_DECISION))

    def decided_before(self, version: Version) -> Int64:
        """The viewers, by number, whom earlier versions of a strategy decided about."""
        key, number = version
        before = [one for one in self._decided if one[0] == key and one[1] < number]
        viewers = (self._decided[one]["viewer"] for one in before)
        return np.concatenate([np.zeros(0, np.int64), *viewers])

    @property
    def mark(self) -> Mark:
        """How far it has been read, for `changed_since`."""
        return self.filled, len(self._changed)

    def changed_since(self, mark: Mark) -> Bool | None:
        """Of whom there is something new since, by the numbers of persons; None: of anybody.

        Whoever was a person then and is not any more is among them.

        Shapes: bool[n_viewers]
        """
        filled, read = mark
        if filled != self.filled or read < self._forgotten:
            return None
        found = np.zeros(len(self.owner), np.bool_)
        for ids in self._changed[read:]:
            found[ids] = True
            found[self.owner[ids]] = True
        return found

    def acts(self, kind: str) -> Rows:
        """Verified events of a type: viewer, at, amount, currency, order; the last as numbers."""
        return self._acts.get(kind, Rows(_ACT))

    def persons(self) -> tuple[Bool, Int64, Int64]:
        """Of each number: whether it stands for somebody who was seen and not erased, since, until.

        Shapes: bool[n_viewers], int64[n_viewers] each; NEVER and -NEVER of whom no room has seen.
        """
        first, last = self.first_seen.copy(), self.last_seen.copy()
        other = np.flatnonzero(self.owner != np.arange(len(self.owner)))
        np.minimum.at(first, self.owner[other], first[other])
        np.maximum.at(last, self.owner[other], last[other])
        stands = (first != NEVER) & ~self._is_erased
        stands[other] = False
        return stands, first, last

    def numbers(self, names: Iterable[str]) -> Int64:
        """The persons that go by these names; who is not known is left out."""
        found, _ = self._found(np.array([number_of(one) for one in names], np.uint64))
        persons: Int64 = self.owner[found[found >= 0]]
        return persons


_SAID: Final = {"own": np.int64, "known": np.int64, "at": np.int64, "ends": np.bool_} | {
    "own_name": np.object_,
    "known_name": np.object_,
}
_TOLD: Final = ("own_name", "known_name", "at", "ends")
_DECISION: Final = {
    "viewer": np.int32,
    "at": np.int64,
    "arm": np.int8,
    "cost": np.int64,
    "place": np.int32,
}
_ACT: Final = {"viewer": np.int32, "at": np.int64, "amount": np.int64} | {
    "currency": np.uint64,
    "order": np.uint64,
}


def _beyond(table: pa.Table, stop: int) -> pa.Table:
    """The rows of messages from `stop` on; others have been taken in before files were joined."""
    offset = _numbers_of(table, "offset")
    if not len(offset) or offset[0] >= stop:
        return table
    return table.filter(pa.array(offset >= stop))


def _plain(table: pa.Table, name: str) -> Any:
    return table.column(name).cast(pa.string())


def _numbers_of(table: pa.Table, name: str) -> Any:
    return table.column(name).to_numpy()


def _words(column: Any) -> tuple[pa.Array, Int64]:
    """The different words of a column and, of each row, which."""
    held = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if not pa.types.is_dictionary(held.type):
        held = held.dictionary_encode()
    codes: Int64 = held.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return held.dictionary, codes


def _coded(column: pa.ChunkedArray) -> tuple[Any, Int64 | None]:
    """The different viewers of a column and, of each row, which; None: each has one row."""
    if not pa.types.is_dictionary(column.type):
        return column.to_numpy(), None
    ids, codes = _words(column)
    return ids.to_numpy(), codes
