"""Reading a log while another thread or another process writes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from qianmian.errors import DefinitionError, InputError, LogProblem
from qianmian.runtime.messages import Message, decoded
from qianmian.storage.disk import Disk, RealDisk, unavailable
from qianmian.storage.segments import Segment, read_mark, records_of, segments_in


def messages_of(
    disk: Disk, segments: Sequence[Segment], first: int, stop: int
) -> Iterator[Message]:
    """Messages first <= offset < stop of these segments, all of them durable.

    Raises: InputError at once when `first` is not among them; LogProblem on the way when a record
        is damaged or its body is not known.
    """
    oldest = segments[0].first_offset if segments else 0
    if first < oldest:
        raise InputError(
            f"message {first} is not kept any more: the log begins with message {oldest}"
        )
    return _messages(disk, segments, first, stop)


def _messages(disk: Disk, segments: Sequence[Segment], first: int, stop: int) -> Iterator[Message]:
    for segment, record in records_of(disk, segments, first, stop):
        try:
            body = decoded(record.kind, record.payload, offset=record.offset)
        except (InputError, DefinitionError) as problem:
            raise LogProblem(
                f"{segment.path.name}: message {record.offset}: {problem.message}",
                path=str(segment.path),
                offset=record.offset,
            ) from problem
        yield Message(record.offset, record.clock, body)


class SegmentReader:
    """Reads a log that this process does not write.

    It sees what the writer has committed, as the writer's mark says; the mark does not survive a
    power cut, so that until the writer has started again nothing may be seen.
    """

    def __init__(self, folder: Path, *, disk: Disk | None = None) -> None:
        self.folder = folder
        self._disk = RealDisk() if disk is None else disk

    @property
    def first_offset(self) -> int:
        """The oldest message that is still kept; 0 in an empty log."""
        segments = self._segments()
        return segments[0].first_offset if segments else 0

    @property
    def durable_offset(self) -> int:
        """Everything below it is durable and can be read."""
        durable = read_mark(self._disk, self.folder)
        return self.first_offset if durable is None else durable

    def read(self, from_offset: int, *, until: int | None = None) -> Iterator[Message]:
        """Messages from_offset <= offset < until, as far as they were durable at the call.

        Raises: InputError when `from_offset` is not in the log any more or not yet;
            LogProblem when a record is damaged.
        """
        durable = self.durable_offset  # before the segments are listed: they hold all below it
        check_start(from_offset, durable)
        stop = durable if until is None else min(until, durable)
        return messages_of(self._disk, self._segments(), from_offset, stop)

    def _segments(self) -> list[Segment]:
        try:
            return segments_in(self._disk, self.folder)
        except OSError as problem:
            raise unavailable(problem, f"read the log in {self.folder}") from problem


def check_start(from_offset: int, durable_offset: int) -> None:
    """Refuse to read from a message that is not there yet.

    Raises: InputError.
    """
    if from_offset > durable_offset:
        raise InputError(
            f"message {from_offset} is not in the log, which ends before message {durable_offset}"
        )
