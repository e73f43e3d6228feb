"""Reading a whole log to find what is damaged, and saving what is left of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qianmian.errors import DefinitionError, InputError
from qianmian.runtime.messages import decoded
from qianmian.storage.disk import Disk, RealDisk, unavailable
from qianmian.storage.segment_rewrite import salvage_segment
from qianmian.storage.segments import LOCK_NAME, Scan, Segment, later_records, segments_in


@dataclass(frozen=True, slots=True)
class Damage:
    """A place of a segment that cannot be read.

    Attributes:
        offset: the first message that is damaged.
        is_end: nothing intact follows: it may be a torn end, which the next start cuts off.
    """

    segment: str
    position: int
    offset: int
    is_end: bool
    why: str


@dataclass(frozen=True, slots=True)
class LogReport:
    """What a check found. `lost` are the messages that became ticks when it was mended."""

    segments: int
    messages: int
    damages: tuple[Damage, ...]
    lost: tuple[int, ...] = ()


def check_log(folder: Path, *, salvage: bool = False, disk: Disk | None = None) -> LogReport:
    """Read every record of a log that nobody writes, and mend it if asked to.

    Raises: LogInUse; LogProblem for a damaged header or a missing segment; LogUnavailable.
    Cost: reads the whole log; memory for one segment when it is mended.
    """
    held = RealDisk() if disk is None else disk
    try:
        if not held.names(folder):
            raise InputError(f"there is no log in {folder}")
        unlock = held.lock(folder / LOCK_NAME)
        try:
            return _checked(held, segments_in(held, folder), salvage=salvage)
        finally:
            unlock()
    except OSError as problem:
        raise unavailable(problem, f"read the log in {folder}") from problem


def _checked(disk: Disk, segments: list[Segment], *, salvage: bool) -> LogReport:
    damages: list[Damage] = []
    lost: list[int] = []
    messages = 0
    stops = [*(segment.first_offset for segment in segments[1:]), None]
    for segment, stop in zip(segments, stops, strict=True):
        count, found = _read(disk, segment, stop)
        messages += count
        damages += found
        if salvage and any(not damage.is_end for damage in found):
            saved = salvage_segment(disk, segment, stop)
            lost += () if saved is None else saved.lost
    return LogReport(len(segments), messages, tuple(damages), tuple(lost))


def _read(disk: Disk, segment: Segment, stop: int | None) -> tuple[int, list[Damage]]:
    """How many messages can be read, and where not."""
    file = disk.open(segment.path)
    messages, damages = 0, []
    try:
        scan = Scan(file, segment)
        while True:
            for record in scan:
                messages += 1
                try:
                    decoded(record.kind, record.payload)
                except (InputError, DefinitionError) as problem:
                    damages.append(_damage(segment, scan, problem.message, is_end=False))
            intact = later_records(file, scan.position)
            after = next((one for one in intact if one[1].offset > scan.offset), None)
            is_whole = scan.position >= file.size() if stop is None else scan.offset >= stop
            if not is_whole:
                is_end = after is None and stop is None
                damages.append(_damage(segment, scan, "not whole or not intact", is_end=is_end))
            if after is None or is_whole:
                return messages, damages
            scan.skip_to(*after)
    finally:
        file.close()


def _damage(segment: Segment, scan: Scan, why: str, *, is_end: bool) -> Damage:
    return Damage(segment.path.name, scan.position, scan.offset, is_end, why)
