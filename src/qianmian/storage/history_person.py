"""What history says of one person, and of who is who: read from its files as they lie.

Files are read newest first, at most so many rows of them, and what was found in a file is kept: a
file never changes, but by an erasure, which gives it another time.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qianmian.errors import LogProblem
from qianmian.profiles.identity import Saying, sayings
from qianmian.storage.history import SUFFIX, HistoryFile, file_of, hour_of, lasting
from qianmian.storage.history_schema import EVENTS
from qianmian.vocabulary.events import LINKING

READ_ROWS: Final = 5_000_000
FOUND_ROWS: Final = 5_000
KEPT_FILES: Final = 4_096
TRIES: Final = 3  # files are joined while we look
_COUNTED: Final = ("accepted", "late")
_COLUMNS: Final = (
    *("offset", "clock", "event_time", "type", "outcome", "source", "room", "session", "viewer"),
    *("linked_viewer", "message_id", "product", "category", "brand", "price", "quantity", "amount"),
    *("order_id", "text", "properties", "items", "traits"),
)
_LINK_COLUMNS: Final = (
    *("clock", "event_time", "type", "outcome", "viewer", "linked_viewer", "source"),
)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PersonRows:
    """The rows of a person, oldest first, shaped as `EventBatch.to_rows` gives them.

    Attributes:
        since: how far back was read, ms UTC.
        is_whole: whether that is as far as was asked.
        stop: the first message of the log that is not in the files.
    """

    rows: list[Row]
    since: int
    is_whole: bool
    stop: int


@dataclass(slots=True)
class PastReader:
    """Reads the rows of persons; usable from several threads, which take turns.

    Args:
        folder: of the history.
    """

    folder: Path
    _reading: threading.Lock = field(default_factory=threading.Lock)
    _held: OrderedDict[tuple[str, int, frozenset[str]], list[Row]] = field(
        default_factory=OrderedDict
    )

    def rows_of(
        self, viewers: Collection[str], *, since_ms: int = 0, read_rows: int = READ_ROWS
    ) -> PersonRows:
        """What these ids did since an instant of the clock, newest `FOUND_ROWS` at most.

        Raises: LogProblem when a file cannot be read.
        Cost: the column of viewers of each file, once; the other columns where one is in it.
        """
        for attempt in range(TRIES):
            try:
                with self._reading:
                    return self._rows_of(frozenset(viewers), since_ms, read_rows)
            except FileNotFoundError as problem:
                if attempt == TRIES - 1:
                    raise LogProblem(f"the history cannot be read: {problem}") from problem
        raise LogProblem("the history cannot be read")

    def _rows_of(self, viewers: frozenset[str], since_ms: int, read_rows: int) -> PersonRows:
        files = files_of(self.folder)
        self._let_go(files)
        parts: list[list[Row]] = []
        read = found = 0
        is_whole, since = True, since_ms
        wanted = [one for one in files if one.hour >= hour_of(since_ms)]
        for one in reversed(wanted):
            if read >= read_rows or found >= FOUND_ROWS:
                is_whole = False
                break
            rows = [row for row in self._of_file(one, viewers) if row["clock"] >= since_ms]
            read += _rows_in(one)
            found += len(rows)
            parts.append(rows)
        rows = [row for part in reversed(parts) for row in part]
        if not is_whole:
            since = int(rows[0]["clock"]) if rows else since_ms
        return PersonRows(rows, since, is_whole, files[-1].stop if files else 0)

    def _let_go(self, files: Sequence[HistoryFile]) -> None:
        """Forget what was found in files that are no more, or were written again by an erasure."""
        path_of = {one.path.name: one.path for one in files}
        times: dict[str, int | None] = {}
        for key in list(self._held):
            name, time, _ = key
            if name not in times:
                times[name] = path_of[name].stat().st_mtime_ns if name in path_of else None
            if times[name] != time:
                del self._held[key]

    def _of_file(self, one: HistoryFile, viewers: frozenset[str]) -> list[Row]:
        key = (one.path.name, one.path.stat().st_mtime_ns, viewers)
        if key not in self._held:
            self._held[key] = _read(one, viewers)
            if len(self._held) > KEPT_FILES:
                self._held.popitem(last=False)
        self._held.move_to_end(key)
        return self._held[key]


def files_of(folder: Path) -> list[HistoryFile]:
    """The files of events, in the order of the log.

    Raises: LogProblem for a name that is none of history.
    """
    return lasting(file_of(path, EVENTS) for path in (folder / EVENTS).glob(f"*{SUFFIX}"))


def links_since(folder: Path, stop: int) -> tuple[list[Saying], int]:
    """What history says of who is who from a message of the log on, and how far it goes.

    Raises: LogProblem when a file cannot be read.
    Cost: four columns of the files that are new.
    """
    for attempt in range(TRIES):
        try:
            return _links_since(folder, stop)
        except FileNotFoundError as problem:
            if attempt == TRIES - 1:
                raise LogProblem(f"the history cannot be read: {problem}") from problem
    return [], stop


def _links_since(folder: Path, stop: int) -> tuple[list[Saying], int]:
    new = [one for one in files_of(folder) if one.stop > stop]
    found: list[Saying] = []
    for one in new:
        table = _table(one, ["offset", *_LINK_COLUMNS])
        says = _among(table.column("type"), LINKING) & ~_among(
            table.column("outcome"), {"duplicate"}
        )
        says &= np.asarray(table.column("offset")) >= stop
        found += sayings(table.take(pa.array(np.flatnonzero(says))).to_pylist())
    return found, max((one.stop for one in new), default=stop)


def _rows_in(one: HistoryFile) -> int:
    return int(pq.read_metadata(one.path).num_rows)


def _read(one: HistoryFile, viewers: frozenset[str]) -> list[Row]:
    mine = np.flatnonzero(_among(_table(one, ["viewer"]).column("viewer"), viewers))
    if not len(mine):
        return []
    rows = _table(one, _COLUMNS).take(pa.array(mine)).to_pylist()
    return [_shaped(row) for row in rows if row["outcome"] in _COUNTED]


def _among(column: pa.ChunkedArray, values: Collection[str]) -> Any:
    """Whether each value of a column of words is one of these."""
    held = pa.array(sorted(values), pa.string())
    parts = []
    for chunk in column.chunks:
        known = pc.is_in(chunk.dictionary, value_set=held).to_numpy(zero_copy_only=False)
        codes = chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        parts.append(np.append(known, False)[codes])
    return np.concatenate(parts) if parts else np.zeros(0, np.bool_)


def _table(one: HistoryFile, columns: Collection[str]) -> pa.Table:
    try:
        return pq.read_table(one.path, columns=list(columns), partitioning=None)
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException) as problem:
        raise LogProblem(f"{one.path.name} cannot be read: {problem}") from problem


def _shaped(row: Mapping[str, Any]) -> Row:
    found = {name: value for name, value in row.items() if value is not None and name != "outcome"}
    found["message"] = found.pop("offset")
    if "traits" in found:
        found["traits"] = json.loads(found["traits"])
    if "items" in found:
        found["items"] = list(_lines(found["items"]))
    return found


def _lines(items: list[Row]) -> Iterator[Row]:
    for line in items:
        yield {name: value for name, value in line.items() if value is not None}
