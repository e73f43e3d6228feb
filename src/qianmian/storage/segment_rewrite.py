"""Writing a finished segment again: erasure, and saving what is left of a damaged one.

The new file has the same offsets, clocks and kinds; it takes the place of the old one in one step,
so whoever reads has either the old segment or the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec
import pyarrow as pa

from qianmian.columns.batch import EventBatch
from qianmian.errors import InputError
from qianmian.runtime.messages import (
    DECIDED,
    EVENTS,
    FACTS,
    TICK,
    Body,
    Decided,
    Events,
    FactsNamed,
    decoded,
    encoded,
)
from qianmian.storage.disk import Disk
from qianmian.storage.segment_format import Record, header_crc, record_bytes
from qianmian.storage.segments import UNFINISHED, Scan, Segment, later_records, records_of
from qianmian.vocabulary.decision import Decision

Transform = Callable[[EventBatch], EventBatch]
"""Events in, events out: as many, with the same clocks. The same object: nothing has changed."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """What is called otherwise in messages that are not events.

    Attributes:
        facts: builds of facts, because they were written again.
        viewers: erased persons, in decisions about them.
    """

    facts: Mapping[str, str] = field(default_factory=dict)
    viewers: Mapping[str, str] = field(default_factory=dict)


NOTHING_RENAMED: Final = Renamed()


@dataclass(frozen=True, slots=True)
class _Line:
    """What one record of the new file holds."""

    offset: int
    clock: int
    kind: int
    payload: bytes | pa.Buffer
    durable_offset: int


@dataclass(frozen=True, slots=True)
class Salvage:
    """What was saved of a damaged segment.

    Attributes:
        lost: offsets of the messages that could not be read; each is a tick now.
    """

    segment: Segment
    lost: tuple[int, ...]


def rewrite_segment(
    disk: Disk,
    segment: Segment,
    stop: int,
    transform: Transform,
    renamed: Renamed = NOTHING_RENAMED,
) -> Segment | None:
    """The segment with its events transformed, durable; None when the transform changes nothing.

    Args:
        stop: the first offset after the segment.

    Raises: InputError when the transform changes the number of events or a clock; LogProblem when
        a record is damaged; OSError, and then the old segment is still there.
    """
    if not any(
        _transformed(record, transform, renamed) is not None
        for record in _records(disk, segment, stop)
    ):
        return None
    lines = (_line(one, transform, renamed) for one in _records(disk, segment, stop))
    return _write(disk, segment, lines)


def salvage_segment(disk: Disk, segment: Segment, stop: int | None) -> Salvage | None:
    """The segment with ticks in place of what cannot be read; None when all of it can.

    Args:
        stop: the first offset after the segment, None if it is the last one.

    Raises: OSError, and then the old segment is still there.
    """
    lines, lost = _saved(disk, segment, stop)
    if not lost:
        return None
    return Salvage(_write(disk, segment, iter(lines)), tuple(lost))


def _records(disk: Disk, segment: Segment, stop: int) -> Iterator[Record]:
    for _, record in records_of(disk, [segment], segment.first_offset, stop):
        yield record


def _transformed(record: Record, transform: Transform, renamed: Renamed) -> Body | None:
    """The body of a record, transformed; None when it stays as it is."""
    if record.kind not in (EVENTS, FACTS, DECIDED):
        return None
    match decoded(record.kind, record.payload, offset=record.offset):
        case FactsNamed(digest) if digest in renamed.facts:
            return FactsNamed(renamed.facts[digest])
        case Decided(decisions) if any(one.viewer in renamed.viewers for one in decisions):
            return Decided(tuple(_renamed(one, renamed.viewers) for one in decisions))
        case Events(batch):
            after = transform(batch)
            if after is batch:
                return None
            if len(after) != len(batch) or (after.clock != batch.clock).any():
                raise InputError(
                    f"message {record.offset} would have other events or another clock"
                )
            return Events(after)
    return None


def _renamed(decision: Decision, names: Mapping[str, str]) -> Decision:
    viewer = decision.viewer
    return (
        decision
        if viewer is None
        else msgspec.structs.replace(decision, viewer=names.get(viewer, viewer))
    )


def _line(record: Record, transform: Transform, renamed: Renamed) -> _Line:
    after = _transformed(record, transform, renamed)
    kind, payload = (record.kind, record.payload) if after is None else encoded(after)
    return _Line(record.offset, record.clock, kind, payload, record.durable_offset)


def _saved(disk: Disk, segment: Segment, stop: int | None) -> tuple[list[_Line], list[int]]:
    """The lines of what can be read, with ticks between them, and the offsets of those."""
    lines: list[_Line] = []
    lost: list[int] = []
    file = disk.open(segment.path)
    try:
        scan = Scan(file, segment)
        while True:
            lines += [_copied(record) for record in scan]
            found = next(
                (
                    (position, record)
                    for position, record in later_records(file, scan.position)
                    if record.offset > scan.offset and record.clock >= scan.clock
                ),
                None,
            )
            until = stop if found is None else found[1].offset
            missing = [] if until is None else list(range(scan.offset, until))
            lost += missing
            clock = max(scan.clock, 0)
            lines += [_Line(offset, clock, TICK, b"", offset) for offset in missing]
            if found is None:
                return lines, lost
            scan.skip_to(*found)
    finally:
        file.close()


def _copied(record: Record) -> _Line:
    return _Line(record.offset, record.clock, record.kind, record.payload, record.durable_offset)


def _write(disk: Disk, segment: Segment, lines: Iterator[_Line]) -> Segment:
    """Write the lines beside the segment, then put them in its place."""
    header = replace(segment.header, generation=segment.header.generation + 1)
    unfinished = segment.path.with_suffix(UNFINISHED)
    file = disk.create(unfinished)
    try:
        start = header.to_bytes()
        file.write_at(0, start)
        position, crc = len(start), header_crc(start)
        for line in lines:
            data, crc = record_bytes(
                line.offset,
                line.clock,
                line.kind,
                line.payload,
                before=crc,
                durable=line.durable_offset,
            )
            file.write_at(position, data)
            position += len(data)
        file.sync()
    finally:
        file.close()
    disk.replace(unfinished, segment.path)
    disk.sync_folder(segment.path.parent)
    return Segment(segment.path, header)
