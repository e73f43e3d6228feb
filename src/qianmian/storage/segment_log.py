"""The log as segment files in one folder: the truth of an installation.

Rules:

* A record is durable when `commit` has returned; only then is it read or acknowledged.
* A segment is finished before the next one is begun, so only the last one can have a torn end.
* After a write that failed, the file is brought back to its durable state before the next one.
* Finished segments change in one way only: written again as a whole, with the same offsets.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qianmian.errors import InputError, LogProblem, QianmianError
from qianmian.runtime.messages import Body, Events, Message, encoded
from qianmian.storage.disk import Disk, DiskFile, RealDisk, unavailable
from qianmian.storage.segment_format import (
    HEADER_BYTES,
    MAX_PAYLOAD_BYTES,
    Header,
    header_crc,
    record_bytes,
)
from qianmian.storage.segment_reader import check_start, messages_of
from qianmian.storage.segment_rewrite import (
    NOTHING_RENAMED,
    Renamed,
    Transform,
    rewrite_segment,
)
from qianmian.storage.segments import (
    LOCK_NAME,
    MARK_NAME,
    UNFINISHED,
    Scan,
    Segment,
    later_records,
    mark_bytes,
    segment_path,
    segments_in,
)
from qianmian.vocabulary.ids import DEFAULT_NAMESPACE, check_namespace
from qianmian.vocabulary.time import HOUR_MS

SEGMENT_BYTES: Final = 64 << 20
PAGE_BYTES: Final = 4_096


@dataclass(frozen=True, slots=True)
class Repair:
    """A torn end that was cut off when the log was opened; nothing in it had been acknowledged.

    Attributes:
        offset: the message that was not whole; it is the next one to be written.
    """

    path: Path
    position: int
    cut_bytes: int
    offset: int


@dataclass(frozen=True, slots=True)
class LogStatistics:
    """The log as it is now.

    Units: commit times in ms since the log was opened.
    """

    first_offset: int
    next_offset: int
    last_clock: int
    segments: int
    size_bytes: int
    commits: int
    last_commit_ms: float
    slowest_commit_ms: float


@dataclass(frozen=True, slots=True)
class _End:
    """A place in the active segment after which nothing is."""

    offset: int
    clock: int
    position: int
    crc: int


class SegmentLog:
    """The writer of a log, and a reader of what is durable in it; see the port `Log`.

    Args:
        known_offset: the log is known to reach up to here (by the newest snapshot); a shorter one
            is refused.

    Attributes:
        repaired: what was cut off at the start, None if nothing.

    Raises: LogInUse when another process has it; LogProblem when it is damaged, incomplete or of
        another namespace; LogUnavailable when the folder cannot be used.
    """

    _segments: list[Segment]
    _file: DiskFile
    _mark: DiskFile
    _end: _End
    _durable: _End

    def __init__(
        self,
        folder: Path,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        shard: int = 0,
        segment_bytes: int = SEGMENT_BYTES,
        known_offset: int = 0,
        disk: Disk | None = None,
    ) -> None:
        self.folder = folder
        self.namespace = check_namespace(namespace)
        self.repaired: Repair | None = None
        self._shard = shard
        self._segment_bytes = segment_bytes
        self._disk = RealDisk() if disk is None else disk
        self._writing = threading.RLock()  # one writer
        self._looking = threading.Lock()  # what readers see
        self._maintaining = threading.Lock()  # finished segments are changed by one at a time
        self._torn = False  # the file may hold more than is valid
        self._unbegun = False  # a segment was to be begun, and may or may not be there
        self._commits, self._last_commit_ms, self._slowest_commit_ms = 0, 0.0, 0.0
        self._open = False
        try:
            self._disk.make_folder(folder)
            self._unlock = self._disk.lock(folder / LOCK_NAME)
        except OSError as problem:
            raise unavailable(problem, f"open the log in {folder}") from problem
        try:
            self._recover(known_offset)
        except OSError as problem:
            self._unlock()
            raise unavailable(problem, f"open the log in {folder}") from problem
        except QianmianError:
            self._unlock()
            raise
        self._open = True

    # -- what is there

    @property
    def first_offset(self) -> int:
        """The oldest message that is still kept."""
        with self._looking:
            return self._segments[0].first_offset

    @property
    def next_offset(self) -> int:
        """The offset that the next message will get; what is below it may not be durable yet."""
        return self._end.offset

    @property
    def durable_offset(self) -> int:
        """Everything below it survives a power cut."""
        return self._durable.offset

    @property
    def last_clock(self) -> int:
        """The clock of the last message; -1 before the first."""
        return self._end.clock

    @property
    def segments(self) -> list[Segment]:
        """The segments there are, in order; the last one is being written."""
        with self._looking:
            return list(self._segments)

    def statistics(self) -> LogStatistics:
        """The log as it is now.

        Cost: one look at the size of each segment.
        """
        segments = self.segments
        size_bytes = self._end.position
        for segment in segments[:-1]:
            with suppress(FileNotFoundError):  # dropped meanwhile
                file = self._disk.open(segment.path)
                size_bytes += file.size()
                file.close()
        return LogStatistics(
            first_offset=segments[0].first_offset,
            next_offset=self.next_offset,
            last_clock=self.last_clock,
            segments=len(segments),
            size_bytes=size_bytes,
            commits=self._commits,
            last_commit_ms=self._last_commit_ms,
            slowest_commit_ms=self._slowest_commit_ms,
        )

    # -- writing

    def append(self, clock_ms: int, bodies: Sequence[Body]) -> int:
        """Write messages of one clock, all or none; the offset of the first one.

        Nothing may be acknowledged before `commit` has returned.

        Raises: InputError when the clock goes back, or rows of events have another clock;
            LogUnavailable when it cannot be written now, and then nothing of this call is kept
            (and where finishing a segment failed, nothing from `durable_offset` on).
        """
        with self._writing:
            self._check(clock_ms, bodies)
            payloads = [encoded(body) for body in bodies]
            self._mend()
            if self._is_full(clock_ms):
                self._begin_next()
            first = self._end.offset
            if not payloads:
                return first
            parts, end = [], self._end
            offset, position, crc = end.offset, end.position, end.crc
            for kind, payload in payloads:
                data, crc = record_bytes(
                    offset, clock_ms, kind, payload, before=crc, durable=self._durable.offset
                )
                parts.append(data)
                offset, position = offset + 1, position + len(data)
            self._write(b"".join(parts))
            self._end = _End(offset, clock_ms, position, crc)
            return first

    def commit(self) -> None:
        """Make durable what was appended.

        Raises: LogUnavailable when that fails: everything from `durable_offset` on is then taken
            back, `next_offset` is `durable_offset` again, and its senders must send it again.
        """
        with self._writing:
            self._check_open()
            if self._end.offset == self._durable.offset:
                return
            began = time.perf_counter()
            try:
                self._file.sync()
            except OSError as problem:
                self._take_back(self._durable)
                raise unavailable(problem, f"make {self._active.path.name} durable") from problem
            self._publish()
            self._last_commit_ms = (time.perf_counter() - began) * 1_000
            self._slowest_commit_ms = max(self._slowest_commit_ms, self._last_commit_ms)
            self._commits += 1

    def begin_segment(self) -> None:
        """Finish the segment that is being written, so that all there is can be written again.

        Raises: LogUnavailable.
        """
        with self._writing:
            self._check_open()
            self._mend()
            if self._end.offset > self._active.first_offset:
                self._begin_next()

    def close(self) -> None:
        """Commit, and let another process have the log."""
        with self._writing:
            if not self._open:
                return
            try:
                self.commit()
            finally:
                self._open = False
                self._file.close()
                self._unlock()

    def _check(self, clock_ms: int, bodies: Sequence[Body]) -> None:
        self._check_open()
        if clock_ms < self._end.clock:
            raise InputError(
                f"the clock of the log goes back from {self._end.clock} to {clock_ms}; the gateway"
                " gives max(now, last_clock)"
            )
        for body in bodies:
            if isinstance(body, Events) and (body.batch.clock != clock_ms).any():
                raise InputError("rows of a message have another clock than the message")

    def _check_open(self) -> None:
        if not self._open:
            raise InputError(f"the log in {self.folder} is closed")

    def _write(self, data: bytes) -> None:
        """Write after the end, all or nothing."""
        if len(data) > MAX_PAYLOAD_BYTES:
            raise InputError(f"{len(data)} bytes in one call; a message has at most 1 GiB")
        try:
            self._file.write_at(self._end.position, data)
        except OSError as problem:
            self._take_back(self._end)
            raise unavailable(problem, f"write {self._active.path.name}") from problem

    def _is_full(self, clock_ms: int) -> bool:
        """Whether the next message belongs to another segment: by size, or by hour of the clock."""
        if self._unbegun:
            return True
        if self._end.offset == self._active.first_offset:
            return False
        return (
            self._end.position >= self._segment_bytes
            or clock_ms // HOUR_MS != self._end.clock // HOUR_MS
        )

    # -- after a failure

    def _take_back(self, end: _End) -> None:
        """What was written after this place is void; the file may not show it yet."""
        self._end = end
        self._torn = True

    def _mend(self) -> None:
        """Bring the file back to what is valid, before it is written again.

        The kernel may have dropped pages that it could not write, and says so once. Those since
        the last commit are cut off and written anew; the page in which the durable part ends is
        written again as it is.

        Raises: LogUnavailable.
        """
        if not self._torn:
            return
        try:
            self._file.truncate(self._end.position)
            _write_again(self._file, self._durable.position, self._end.position)
        except OSError as problem:
            raise unavailable(problem, f"repair {self._active.path.name}") from problem
        self._torn = False

    def _publish(self) -> None:
        """What was appended is durable: readers may have it."""
        with self._looking:
            self._durable = self._end
        with suppress(OSError):  # then other processes see it after the next commit
            self._mark.write_at(0, mark_bytes(self._end.offset))

    # -- segments

    def _begin_next(self) -> None:
        """Finish the active segment and begin another; done again from the start if it fails.

        Raises: LogUnavailable, and then nothing may be appended to the old one any more.
        """
        self.commit()
        self._unbegun = True
        header = Header(
            first_offset=self._end.offset,
            namespace=self.namespace,
            shard=self._shard,
            previous=self._active.first_offset,
            clock_before=self._end.clock,
        )
        try:
            segment, file = self._made(header)
        except OSError as problem:
            raise unavailable(problem, f"begin a segment in {self.folder}") from problem
        self._file.close()
        self._file = file
        crc = header_crc(header.to_bytes())
        end = _End(header.first_offset, header.clock_before, HEADER_BYTES, crc)
        with self._looking:
            self._segments.append(segment)
            self._end = self._durable = end
        self._unbegun = False

    def _made(self, header: Header) -> tuple[Segment, DiskFile]:
        """A new segment with nothing in it, durable under its name."""
        path = segment_path(self.folder, header.first_offset)
        unfinished = path.with_suffix(UNFINISHED)
        file = self._disk.create(unfinished)
        try:
            file.write_at(0, header.to_bytes())
            file.sync()
            self._disk.replace(unfinished, path)
            self._disk.sync_folder(self.folder)
        except OSError:
            file.close()
            raise
        return Segment(path, header), file

    @property
    def _active(self) -> Segment:
        return self._segments[-1]

    # -- the start

    def _recover(self, known_offset: int) -> None:
        """Find the end of the log, cut off what is torn, and make sure of the rest."""
        for name in self._disk.names(self.folder):
            if name.endswith(UNFINISHED):
                self._disk.remove(self.folder / name)
        self._segments = segments_in(self._disk, self.folder)
        if not self._segments:
            first, file = self._made(Header(0, self.namespace, self._shard))
            self._segments.append(first)
        else:
            self._check_origin(self._segments[-1])
            file = self._disk.open(self._active.path, writable=True)
        try:
            scan = Scan(file, self._active)
            unproven = _unproven(scan)
            self._cut(file, scan, known_offset)
            _write_again(file, unproven, scan.position)
            file.sync()
            self._disk.sync_folder(self.folder)
            self._mark = self._disk.create(self.folder / MARK_NAME)
        except (OSError, QianmianError):
            file.close()
            raise
        self._file = file
        self._end = self._durable = _End(scan.offset, scan.clock, scan.position, scan.crc)
        self._publish()

    def _check_origin(self, segment: Segment) -> None:
        header = segment.header
        if (header.namespace, header.shard) != (self.namespace, self._shard):
            raise LogProblem(
                f'the log in {self.folder} is of the namespace "{header.namespace}", shard'
                f' {header.shard}, not of "{self.namespace}", shard {self._shard}',
                path=str(segment.path),
            )

    def _cut(self, file: DiskFile, scan: Scan, known_offset: int) -> None:
        """Cut off what follows the last intact record, unless it had been acknowledged."""
        size = file.size()
        if scan.position < size:
            for _, later in later_records(file, scan.position):
                if later.durable_offset > scan.offset:
                    raise scan.problem(
                        f"the record of message {scan.offset} is damaged, and what follows it"
                        " shows that it had been acknowledged"
                    )
        if scan.offset < known_offset:
            raise scan.problem(
                f"the log ends before message {scan.offset}, but a snapshot knows it up to message"
                f" {known_offset}"
            )
        if scan.position < size:
            self.repaired = Repair(
                scan.segment.path, scan.position, size - scan.position, scan.offset
            )
            file.truncate(scan.position)

    # -- what is finished

    def rewrite(self, transform: Transform, renamed: Renamed = NOTHING_RENAMED) -> list[Segment]:
        """Write again the finished segments that the transform changes; those it changed.

        For erasure: call `begin_segment` first, so that all there is is finished. Offsets, clocks
        and everything that the transform leaves alone stay as they are. May be called again after
        a failure, with the same transform; another thread may write meanwhile.

        Raises: InputError when the transform changes the number of events or a clock; LogProblem
            when a record is damaged; LogUnavailable, and then some segments may have been done.
        Cost: reads all finished segments, in memory that does not grow with them.
        """
        changed = []
        with self._maintaining:
            segments = self.segments
            for before, after in itertools.pairwise(segments):
                try:
                    stop = after.first_offset
                    done = rewrite_segment(self._disk, before, stop, transform, renamed)
                except OSError as problem:
                    raise unavailable(problem, f"write {before.path.name} again") from problem
                if done is not None:
                    with self._looking:
                        self._segments[self._segments.index(before)] = done
                    changed.append(done)
            self._sync_names()
        return changed

    def drop_old(self, *, keep_ms: int, snapshot_offset: int) -> list[Segment]:
        """Take away segments whose last message is older than `keep_ms`; those it took away.

        Never the active one, and never one with a message from `snapshot_offset` on: the newest
        snapshot needs it.

        Units: the age is by the clock of the log.
        Raises: LogUnavailable, and then some may have been taken away.
        """
        dropped = []
        with self._maintaining:
            for first, second in itertools.pairwise(self.segments):
                is_old = second.header.clock_before < self.last_clock - keep_ms
                if not is_old or second.first_offset > snapshot_offset:
                    break
                self._drop(first)
                dropped.append(first)
        return dropped

    def _drop(self, segment: Segment) -> None:
        """Take away the oldest segment, durably before the next: there is never a gap."""
        with self._looking:
            self._segments.remove(segment)
        try:
            self._disk.remove(segment.path)
        except OSError as problem:
            if self._is_there(segment):
                with self._looking:
                    self._segments.insert(0, segment)
            raise unavailable(problem, f"remove {segment.path.name}") from problem
        self._sync_names()

    def _is_there(self, segment: Segment) -> bool:
        try:
            self._disk.open(segment.path).close()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True

    def _sync_names(self) -> None:
        try:
            self._disk.sync_folder(self.folder)
        except OSError as problem:
            raise unavailable(problem, f"make the names in {self.folder} durable") from problem

    # -- reading

    def read(self, from_offset: int, *, until: int | None = None) -> Iterator[Message]:
        """Messages from_offset <= offset < until, as far as they were durable at the call.

        Raises: InputError when `from_offset` is not in the log any more or not yet;
            LogProblem when a record is damaged.
        """
        with self._looking:
            durable, segments = self._durable.offset, list(self._segments)
        check_start(from_offset, durable)
        stop = durable if until is None else min(until, durable)
        return messages_of(self._disk, segments, from_offset, stop)


def _unproven(scan: Scan) -> int:
    """Read to the end; where the records begin of which none after them says they are durable."""
    waiting: deque[tuple[int, int]] = deque()
    position = scan.position
    for record in scan:
        waiting.append((record.offset, position))
        while waiting[0][0] < record.durable_offset:
            waiting.popleft()
        position = scan.position
    return waiting[0][1] if waiting else position


def _write_again(file: DiskFile, start: int, stop: int) -> None:
    """Write a part of a file once more as it is, with the page in which it begins.

    After a sync that failed the kernel takes pages for written that are not; this makes it write
    them with the next sync.
    """
    page = start // PAGE_BYTES * PAGE_BYTES
    if stop > page:
        file.write_at(page, file.read_at(page, stop - page))
