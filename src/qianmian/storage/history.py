"""History: events, firings, rooms and decisions as Parquet, by hour, each row exactly once.

A file is called by its hour and by the messages it holds: `2024-06-01T13.FIRST-STOP.parquet`, with
FIRST <= offset < STOP. Where the files of a kind end, says what is written already: what is handed
in again after a restart, from below that, is passed over. So nobody needs a transaction, as long as
history is flushed before a snapshot is taken.

A smaller file that lies within a larger one of the same hour has been joined into it, and is void.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from qianmian.columns.batch import EventBatch, UInt8, concat
from qianmian.engine.board import RoomBoard
from qianmian.errors import InputError, LogProblem, LogUnavailable
from qianmian.runtime.messages import Decided, Events, Message
from qianmian.storage.disk import Disk, RealDisk, unavailable
from qianmian.storage.history_schema import (
    DECISIONS,
    EVENTS,
    FIRINGS,
    ROOMS,
    Placed,
    decision_table,
    erased_table,
    event_table,
    firing_table,
    room_table,
    without_text,
)
from qianmian.storage.segments import UNFINISHED
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.ids import DEFAULT_NAMESPACE, check_namespace
from qianmian.vocabulary.time import HOUR_MS

KINDS: Final = (EVENTS, FIRINGS, ROOMS, DECISIONS)
SUFFIX: Final = ".parquet"
EXTRACTS: Final = "extracts"
"""Folder in which readers keep what they took out of files; each may be removed at any time."""
MOST_WAITING: Final = 200_000
OVERFLOW: Final = 4
"""So many times the rows in memory may wait for a disk; then they are left to a replay."""
JOINED_BYTES: Final = 32 << 20  # compressed; in memory it may be ten times as much
VERSION: Final = b"1"


@dataclass(frozen=True, slots=True)
class HistoryFile:
    """One file: messages first <= offset < stop whose clock lies in the hour."""

    path: Path
    kind: str
    hour: str
    first: int
    stop: int

    def is_within(self, other: HistoryFile) -> bool:
        """Whether the other file holds all of this one, and more."""
        same = (self.kind, self.hour) == (other.kind, other.hour)
        return same and other.first <= self.first and self.stop <= other.stop and self != other


@dataclass(slots=True)
class _Waiting:
    """Rows of one hour that are not written yet; `stop` is the offset after its last message."""

    hour: str
    stop: int = 0
    events: list[EventBatch] = field(default_factory=list)
    outcomes: list[UInt8] = field(default_factory=list)
    firings: list[Placed[Sequence[Firing]]] = field(default_factory=list)
    boards: list[Placed[Sequence[RoomBoard]]] = field(default_factory=list)
    decisions: list[Placed[Sequence[Decision]]] = field(default_factory=list)

    def tables(self) -> Iterator[tuple[str, int, pa.Table]]:
        """Kind, first message and rows of what is there."""
        if self.events:
            table = event_table(concat(self.events), np.concatenate(self.outcomes))
            yield EVENTS, int(self.events[0].numbers["message"][0]), table
        if self.firings:
            yield FIRINGS, self.firings[0][0], firing_table(self.firings)
        if self.boards:
            yield ROOMS, self.boards[0][0], room_table(self.boards)
        if self.decisions:
            yield DECISIONS, self.decisions[0][0], decision_table(self.decisions)

    def clear(self, kind: str) -> None:
        """The rows of a kind are written."""
        of_kind: dict[str, tuple[list[Any], ...]] = {
            EVENTS: (self.events, self.outcomes),
            FIRINGS: (self.firings,),
            ROOMS: (self.boards,),
            DECISIONS: (self.decisions,),
        }
        for rows in of_kind[kind]:
            rows.clear()


class History:
    """The writer of history.

    Args:
        most_waiting: how many rows wait at most before they are written.

    Attributes:
        is_behind: the disk took nothing for so long that rows had to be let go; they come back by
            a replay from the newest snapshot.

    Raises: LogUnavailable when the folder cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        most_waiting: int = MOST_WAITING,
        joined_bytes: int = JOINED_BYTES,
        disk: Disk | None = None,
    ) -> None:
        self.folder = folder
        self.namespace = check_namespace(namespace)
        self.is_behind = False
        self._most_waiting = most_waiting
        self._joined_bytes = joined_bytes
        self._disk = RealDisk() if disk is None else disk
        self._changing = threading.Lock()  # files are joined and erased by one at a time
        self._without_text: set[str] = set()  # files of which that is known
        self._clock = 0
        self._last = -1  # messages come in order
        self._waiting: list[_Waiting] = []
        self._rows = 0
        try:
            for kind in KINDS:
                self._disk.make_folder(folder / kind)
                self._tidy(kind)
            self._written = {
                kind: max((one.stop for one in self.files(kind)), default=0) for kind in KINDS
            }
        except OSError as problem:
            raise unavailable(problem, f"open the history in {folder}") from problem

    @property
    def next_offset(self) -> int:
        """Below it something is written already.

        After a restart messages below it are run one by one, so that what a message brings is
        told apart as it was before.
        """
        return max(self._written.values())

    # -- writing

    def add(
        self,
        message: Message,
        *,
        outcomes: UInt8 | None = None,
        firings: Sequence[Firing] = (),
        boards: Sequence[RoomBoard] = (),
    ) -> None:
        """What a message held and brought; messages come in the order of the log.

        What is written already is passed over. Never waits for long but when it writes; a disk that
        refuses is tried again with the next message.

        Args:
            outcomes: what became of each event, as the engine says.

        Raises: InputError when messages go back, or outcomes are not those of the events.
        """
        if message.offset < self._last:
            raise InputError(f"message {message.offset} comes after message {self._last}")
        self._last, self._clock = message.offset, message.clock
        if self.is_behind:
            return
        waiting = self._waiting_for(message)
        at, clock = message.offset, message.clock
        if isinstance(message.body, Events) and at >= self._written[EVENTS]:
            self._add_events(waiting, message.body.batch, outcomes)
        if at >= self._written[FIRINGS]:
            waiting.firings += [(at, clock, firings)] if firings else []
            self._rows += len(firings)
        if at >= self._written[ROOMS]:
            waiting.boards += [(at, clock, boards)] if boards else []
            self._rows += len(boards)
        if isinstance(message.body, Decided) and at >= self._written[DECISIONS]:
            waiting.decisions.append((at, clock, message.body.decisions))
            self._rows += len(message.body.decisions)
        if self._rows >= self._most_waiting:
            self._try_flush()
        if self._rows >= OVERFLOW * self._most_waiting:
            self._waiting, self._rows, self.is_behind = [], 0, True

    def _waiting_for(self, message: Message) -> _Waiting:
        """Where the rows of a message wait; those of an hour that is over are written first."""
        hour = hour_of(message.clock)
        if self._waiting and self._waiting[-1].hour != hour:
            self._try_flush()
        if not self._waiting or self._waiting[-1].hour != hour:
            self._waiting.append(_Waiting(hour))
        self._waiting[-1].stop = message.offset + 1
        return self._waiting[-1]

    def _add_events(self, waiting: _Waiting, batch: EventBatch, outcomes: UInt8 | None) -> None:
        told = np.zeros(len(batch), np.uint8) if outcomes is None else outcomes.copy()
        if len(told) != len(batch):
            raise InputError(f"{len(told)} outcomes of {len(batch)} events")
        if len(batch):
            waiting.events.append(batch)
            waiting.outcomes.append(told)
            self._rows += len(batch)

    def flush(self) -> None:
        """Write what waits; after it a snapshot may be taken.

        Raises: LogUnavailable when that fails or rows had to be let go: take no snapshot then.
        """
        if self.is_behind:
            raise LogUnavailable(
                f"the history in {self.folder} had to let rows go while the disk took none; start"
                " again, and they are written by the replay"
            )
        try:
            while self._waiting:
                waiting = self._waiting[0]
                for kind, first, table in waiting.tables():
                    name = f"{waiting.hour}.{first:020d}-{waiting.stop:020d}{SUFFIX}"
                    self._write(self.folder / kind / name, table)
                    self._written[kind] = waiting.stop
                    waiting.clear(kind)  # if the next kind fails, more rows may come to this one
                self._waiting.pop(0)
            self._rows = 0
        except OSError as problem:
            raise unavailable(problem, f"write the history in {self.folder}") from problem

    def _try_flush(self) -> None:
        with suppress(LogUnavailable):  # tried again with the next message
            self.flush()

    def _write(self, path: Path, table: pa.Table) -> None:
        """A file that is there as a whole, durably, or not at all."""
        metadata = {"qianmian.history": VERSION, "namespace": self.namespace}
        sink = pa.BufferOutputStream()
        pq.write_table(
            table.replace_schema_metadata(metadata).unify_dictionaries(), sink, compression="zstd"
        )
        unfinished = path.with_suffix(UNFINISHED)
        file = self._disk.create(unfinished)
        try:
            file.write_at(0, sink.getvalue().to_pybytes())
            file.sync()
        finally:
            file.close()
        self._disk.replace(unfinished, path)
        self._disk.sync_folder(path.parent)

    # -- files

    def files(self, kind: str) -> list[HistoryFile]:
        """The files of a kind, in the order of the log; together they hold every row once.

        Raises: OSError when the folder cannot be read.
        """
        return lasting(self._found(kind))

    def read(
        self, kind: str, columns: Sequence[str] | None = None, *, from_hour: str = ""
    ) -> Iterator[pa.Table]:
        """The rows of a kind, file by file; with `from_hour` of that hour (UTC) and later ones.

        Raises: LogProblem when a file cannot be read.
        """
        for one in self.files(kind):
            if one.hour >= from_hour:
                yield self._table(one, columns)

    def _table(self, one: HistoryFile, columns: Sequence[str] | None = None) -> pa.Table:
        try:
            file = self._disk.open(one.path)
            try:
                data = file.read_at(0, file.size())
            finally:
                file.close()
            return pq.read_table(pa.BufferReader(data), columns=columns, partitioning=None)
        except (OSError, pa.ArrowException) as problem:
            raise LogProblem(
                f"{one.path.name} of the {one.kind} cannot be read: {problem}; remove it and fill"
                " it again from the log, see docs/log.md",
                path=str(one.path),
            ) from problem

    def _found(self, kind: str) -> list[HistoryFile]:
        folder = self.folder / kind
        return [
            file_of(folder / name, kind)
            for name in self._disk.names(folder)
            if name.endswith(SUFFIX)
        ]

    def _tidy(self, kind: str) -> None:
        """Take away what a crash has left: unfinished files, and those that have been joined."""
        folder = self.folder / kind
        for name in self._disk.names(folder):
            if name.endswith(UNFINISHED):
                self._disk.remove(folder / name)
        found = self._found(kind)
        for one in found:
            if any(map(one.is_within, found)):
                self._disk.remove(one.path)

    def join(self) -> int:
        """Join the files of every hour that is over; how many files it wrote.

        May be called by another thread. Memory: the rows of one joined file.

        Raises: LogUnavailable; LogProblem when a file cannot be read.
        """
        written = 0
        with self._changing:
            for kind in KINDS:
                for group in self._groups(kind):
                    try:
                        self._join(group)
                    except OSError as problem:
                        raise unavailable(problem, f"join files in {self.folder}") from problem
                    written += 1
        return written

    def _groups(self, kind: str) -> Iterator[list[HistoryFile]]:
        """Neighbors of an hour that is over, as many as one file may hold."""
        group: list[HistoryFile] = []
        size_bytes, now = 0, hour_of(self._clock)
        for one in self.files(kind):
            file = self._disk.open(one.path)
            mine_bytes = file.size()
            file.close()
            full = size_bytes + mine_bytes > self._joined_bytes
            if group and (full or one.hour != group[0].hour):
                if len(group) > 1:
                    yield group
                group, size_bytes = [], 0
            if one.hour < now:
                group.append(one)
                size_bytes += mine_bytes
        if len(group) > 1:
            yield group

    def _join(self, group: Sequence[HistoryFile]) -> None:
        first, last = group[0], group[-1]
        tables = [self._table(one) for one in group]
        table = pa.concat_tables(tables, promote_options="default")  # older ones lack columns
        name = f"{first.hour}.{first.first:020d}-{last.stop:020d}{SUFFIX}"
        self._write(first.path.with_name(name), table)
        for one in group:
            self._disk.remove(one.path)
        self._disk.sync_folder(first.path.parent)

    def drop_before(self, at_ms: int) -> int:
        """Remove files whose hour was over before this instant; how many.

        The newest file of each kind stays: where it ends says what is written already.

        Raises: LogUnavailable.
        """
        hour, dropped = hour_of(at_ms), 0
        with self._changing:
            try:
                for kind in KINDS:
                    for one in [one for one in self.files(kind)[:-1] if one.hour < hour]:
                        self._disk.remove(one.path)
                        self._forget(one)
                        dropped += 1
                    self._disk.sync_folder(self.folder / kind)
            except OSError as problem:
                raise unavailable(problem, f"remove history in {self.folder}") from problem
        return dropped

    def drop_texts(self, at_ms: int) -> int:
        """Take out what people wrote in hours before this instant; how many files it wrote.

        What it was about (`classes`) stays. A file is read once: what is done has no text.

        Raises: LogUnavailable; LogProblem when a file cannot be read.
        """
        hour, written = hour_of(at_ms), 0
        with self._changing:
            try:
                for one in self.files(EVENTS):
                    if one.hour >= hour or one.path.name in self._without_text:
                        continue
                    table = self._table(one)
                    kept = without_text(table)
                    if kept is not None:
                        self._write(one.path, kept)
                        written += 1
                    self._without_text.add(one.path.name)
            except OSError as problem:
                raise unavailable(problem, f"write history in {self.folder}") from problem
        return written

    def erase(self, tombstone_by_viewer: Mapping[str, str]) -> int:
        """Take persons out of every file; how many files it wrote. `flush` first.

        May be done again after a failure, with the same tombstones.

        Raises: LogUnavailable; LogProblem when a file cannot be read.
        Cost: reads every file of events, firings and decisions.
        """
        written = 0
        with self._changing:
            try:
                for kind in (EVENTS, FIRINGS, DECISIONS):
                    for one in self.files(kind):
                        table = erased_table(
                            kind, self._table(one), tombstone_by_viewer, namespace=self.namespace
                        )
                        if table is not None:
                            self._forget(one)
                            self._write(one.path, table)
                            self._forget(one)  # who read it meanwhile keeps what it was
                            written += 1
                    self._disk.sync_folder(self.folder / kind)
            except OSError as problem:
                raise unavailable(problem, f"erase from the history in {self.folder}") from problem
        return written

    def _forget(self, one: HistoryFile) -> None:
        """Remove what readers took out of a file."""
        folder = self.folder / EXTRACTS
        if folder.is_dir():
            for name in self._disk.names(folder):
                if name.startswith(extract_prefix(one)):
                    self._disk.remove(folder / name)


def extract_prefix(one: HistoryFile) -> str:
    """How the names of what is taken out of a file begin."""
    return f"{one.kind}.{one.path.name.removesuffix(SUFFIX)}."


def hour_of(clock_ms: int) -> str:
    """The hour of a clock, UTC: `2024-06-01T13`."""
    begins = datetime.fromtimestamp(clock_ms // HOUR_MS * (HOUR_MS // 1_000), tz=UTC)
    return begins.strftime("%Y-%m-%dT%H")


def lasting(files: Iterable[HistoryFile]) -> list[HistoryFile]:
    """The files without those that have been joined into another, in the order of the log."""
    by_hour: dict[str, list[HistoryFile]] = {}
    for one in sorted(files, key=lambda one: (one.first, one.stop)):
        by_hour.setdefault(one.hour, []).append(one)
    kept = [one for same in by_hour.values() for one in same if not any(map(one.is_within, same))]
    return sorted(kept, key=lambda one: (one.first, one.stop))


def file_of(path: Path, kind: str) -> HistoryFile:
    """What the name of a file says.

    Raises: LogProblem when it is no name of a file of history.
    """
    try:
        hour, messages = path.name.removesuffix(SUFFIX).split(".")
        first, stop = messages.split("-")
        return HistoryFile(path, kind, hour, int(first), int(stop))
    except ValueError as problem:
        raise LogProblem(
            f"{path.name} is no file of history; take it out of the folder", path=str(path)
        ) from problem
