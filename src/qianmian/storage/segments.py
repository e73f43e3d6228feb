"""The segments of a folder: which there are, and their records in order.

A segment is called by its first offset, so that the file of any message is known by its name. What
ends in `.new` is unfinished and belongs to nobody.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from qianmian.errors import LogProblem
from qianmian.storage.disk import Disk, DiskFile
from qianmian.storage.segment_format import (
    ALIGNMENT,
    HEADER_BYTES,
    RECORD_MAGIC,
    Header,
    Record,
    header_crc,
    read_header,
    read_record,
    record_size,
)

SUFFIX: Final = ".log"
UNFINISHED: Final = ".new"
MARK_NAME: Final = "durable"
LOCK_NAME: Final = "lock"
CHUNK_BYTES: Final = 1 << 20
_MARK: Final = struct.Struct("<QQ")
_ALL_ONES: Final = (1 << 64) - 1
SEE: Final = "see docs/log.md, What to do on a broken segment"


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of the log."""

    path: Path
    header: Header

    @property
    def first_offset(self) -> int:
        """The offset of its first message."""
        return self.header.first_offset


def segment_path(folder: Path, first_offset: int) -> Path:
    """Where the segment that begins with this message lies."""
    return folder / f"{first_offset:020d}{SUFFIX}"


def segments_in(disk: Disk, folder: Path) -> list[Segment]:
    """All segments of a folder, in order, by their headers.

    Raises: LogProblem when a header is damaged, or a segment between two others is missing.
    """
    found = [_segment(disk, folder / name) for name in disk.names(folder) if name.endswith(SUFFIX)]
    for before, after in itertools.pairwise(found):
        if after.header.previous != before.first_offset:
            raise LogProblem(
                f"a segment is missing between {before.path.name} and {after.path.name}: the second"
                f" one follows the segment of message {after.header.previous}; put it back, {SEE}",
                path=str(after.path),
            )
        if after.header.namespace != before.header.namespace:
            raise LogProblem(
                f'{after.path.name} is of the namespace "{after.header.namespace}", the segment'
                f' before it of "{before.header.namespace}"; they are of two logs',
                path=str(after.path),
            )
    return found


def _segment(disk: Disk, path: Path) -> Segment:
    file = disk.open(path)
    try:
        header = read_header(file.read_at(0, HEADER_BYTES))
    except LogProblem as problem:
        raise LogProblem(f"{path.name}: {problem.message}; {SEE}", path=str(path)) from problem
    finally:
        file.close()
    if segment_path(path.parent, header.first_offset) != path:
        raise LogProblem(
            f"{path.name} is the segment of message {header.first_offset}; give it back its name",
            path=str(path),
        )
    return Segment(path, header)


class Scan:
    """The intact records of a segment from its beginning, each the successor of the one before.

    After the last one `position`, `offset`, `clock` and `crc` tell where and after what it stopped.
    Every payload shares memory with a chunk of the file.

    Cost: reads the file once, in chunks of 1 MiB.
    """

    def __init__(self, file: DiskFile, segment: Segment) -> None:
        self.segment = segment
        self.position = HEADER_BYTES
        self.offset = segment.first_offset
        self.clock = segment.header.clock_before
        self.crc = header_crc(segment.header.to_bytes())
        self._file = file
        self._chunk = pa.py_buffer(b"")
        self._chunk_at = 0

    def __iter__(self) -> Iterator[Record]:
        while (record := self._next()) is not None:
            self.position += record.size_bytes
            self.offset, self.clock, self.crc = record.offset + 1, record.clock, record.crc
            yield record

    def _next(self) -> Record | None:
        record = read_record(self._chunk, self.position - self._chunk_at)
        if record is None:
            self._load()
            record = read_record(self._chunk, 0)
        if record is None or not self._follows(record):
            return None
        return record

    def _load(self) -> None:
        """The chunk that begins at the position, with the whole record if it is larger."""
        self._chunk = pa.py_buffer(self._file.read_at(self.position, CHUNK_BYTES))
        self._chunk_at = self.position
        wanted = record_size(self._chunk, 0)
        if wanted is not None and wanted > self._chunk.size:
            self._chunk = pa.py_buffer(self._file.read_at(self.position, wanted))

    def _follows(self, record: Record) -> bool:
        return (
            record.offset == self.offset
            and record.clock >= self.clock
            and record.before == self.crc
        )

    def skip_to(self, position: int, record: Record) -> None:
        """Go on at a record after a damaged one."""
        self.position = position
        self.offset, self.clock, self.crc = record.offset, record.clock, record.before

    def problem(self, what: str) -> LogProblem:
        """The error for the place where it stopped."""
        return LogProblem(
            f"{self.segment.path.name}: at byte {self.position}, {what}; {SEE}",
            path=str(self.segment.path),
            position=self.position,
            offset=self.offset,
        )


def later_records(file: DiskFile, position: int) -> Iterator[tuple[int, Record]]:
    """Intact records after a damaged one, wherever they begin, and their positions.

    Cost: reads the rest of the file, and looks at every place that has the mark of a record.
    """
    held = file.read_at(position, max(0, file.size() - position))
    data = pa.py_buffer(held)
    at = held.find(RECORD_MAGIC, ALIGNMENT)
    while at >= 0:
        record = read_record(data, at) if at % ALIGNMENT == 0 else None
        if record is not None:
            yield position + at, record
        at = held.find(RECORD_MAGIC, at + (4 if record is None else record.size_bytes))


def records_of(
    disk: Disk, segments: Sequence[Segment], first: int, stop: int
) -> Iterator[tuple[Segment, Record]]:
    """Records first <= offset < stop, which are durable.

    Raises: LogProblem when one of them is damaged or a segment has been taken away meanwhile.
    """
    ends = [segment.first_offset for segment in segments[1:]] + [stop]
    for segment, end in zip(segments, ends, strict=True):
        if end <= first or segment.first_offset >= stop:
            continue
        try:
            file = disk.open(segment.path)
        except FileNotFoundError as problem:
            raise LogProblem(
                f"{segment.path.name} is not there any more; read from a later message",
                path=str(segment.path),
            ) from problem
        try:
            scan = Scan(file, _now(file, segment))
            last = min(end, stop)
            for record in scan if scan.offset < last else ():
                if record.offset >= first:
                    yield segment, record
                if scan.offset >= last:
                    break
            if scan.offset < last:
                raise scan.problem(f"the record of message {scan.offset} is damaged")
        finally:
            file.close()


def _now(file: DiskFile, segment: Segment) -> Segment:
    """The segment with the header that it has now: it may have been written again."""
    return Segment(segment.path, read_header(file.read_at(0, HEADER_BYTES)))


def mark_bytes(durable_offset: int) -> bytes:
    """The content of the mark that tells other processes what is durable."""
    return _MARK.pack(durable_offset, durable_offset ^ _ALL_ONES)


def read_mark(disk: Disk, folder: Path) -> int | None:
    """What the writer says is durable; None when it has not said so since the last power cut."""
    try:
        file = disk.open(folder / MARK_NAME)
    except FileNotFoundError:
        return None
    try:
        for _ in range(100):  # a reader may see half of what is being written
            data = file.read_at(0, _MARK.size)
            if len(data) == _MARK.size:
                durable, inverse = _MARK.unpack(data)
                if durable ^ _ALL_ONES == inverse:
                    return int(durable)
        return None
    finally:
        file.close()
