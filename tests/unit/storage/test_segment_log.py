"""The log on a real disk: offsets, clocks, segments, torn ends, and who may have it."""

from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.errors import DiskFull, InputError, LogInUse, LogProblem, LogUnavailable
from qianmian.runtime.messages import Events, FactsNamed, Message, Tick
from qianmian.storage.segment_format import HEADER_BYTES
from qianmian.storage.segment_log import SegmentLog
from qianmian.storage.segment_reader import SegmentReader
from tests.fakes.disk import Fault, MemoryDisk

CLOCK = 1_700_000_000_000
HOUR = 3_600_000
FOLDER = Path("log")


def batch(clock: int = CLOCK, viewers: int = 3) -> EventBatch:
    row = {"clock": clock, "type": "liked", "room": "r", "message": 0}
    return EventBatch.from_rows([row | {"viewer": f"v{i}"} for i in range(viewers)])


def fact(number: int) -> FactsNamed:
    return FactsNamed(f"{number:064x}")


def filled(folder: Path, count: int = 3) -> None:
    """A log of so many messages, each in a commit of its own."""
    log = SegmentLog(folder)
    for number in range(count):
        log.append(CLOCK + number, [fact(number)])
        log.commit()
    log.close()


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.log"))


def test_messages_come_back_in_order_with_their_offsets_and_clocks(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path / "log")
    assert (log.first_offset, log.next_offset, log.last_clock) == (0, 0, -1)
    assert log.append(CLOCK, [Tick(), Events(batch())]) == 0
    assert log.append(CLOCK, [fact(2)]) == 2
    log.commit()
    log.close()
    log = SegmentLog(tmp_path / "log")
    tick, events, last = log.read(0)
    assert (tick, last) == (Message(0, CLOCK, Tick()), Message(2, CLOCK, fact(2)))
    assert isinstance(events.body, Events)
    assert [row["message"] for row in events.body.batch.to_rows()] == [1, 1, 1]
    assert (log.next_offset, log.last_clock) == (3, CLOCK)
    log.close()


def test_only_what_is_durable_is_read(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path)
    other = SegmentReader(tmp_path)
    log.append(CLOCK, [fact(0)])
    assert list(log.read(0)) == list(other.read(0)) == []
    assert (log.next_offset, log.durable_offset, other.durable_offset) == (1, 0, 0)
    log.commit()
    assert list(log.read(0)) == list(other.read(0)) == [Message(0, CLOCK, fact(0))]
    log.close()


def test_a_part_of_the_log_is_read(tmp_path: Path) -> None:
    filled(tmp_path, 9)
    reader = SegmentReader(tmp_path)
    assert [message.offset for message in reader.read(3, until=6)] == [3, 4, 5]
    assert [message.offset for message in reader.read(7)] == [7, 8]
    assert list(reader.read(9)) == []
    with pytest.raises(InputError, match="ends before message 9"):
        reader.read(10)


def test_the_clock_does_not_go_back(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path)
    log.append(CLOCK, [Tick()])
    with pytest.raises(InputError, match="goes back"):
        log.append(CLOCK - 1, [Tick()])
    assert log.append(CLOCK, [Tick()]) == 1
    log.close()


def test_rows_have_the_clock_of_their_message(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path)
    with pytest.raises(InputError, match="another clock"):
        log.append(CLOCK + 1, [Tick(), Events(batch())])
    assert log.next_offset == 0
    log.close()


def test_a_new_segment_begins_with_the_hour_and_when_one_is_full(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path, segment_bytes=2_000)
    start = CLOCK - CLOCK % HOUR
    for number in range(20):
        log.append(start + number, [fact(number)])
    log.append(start + HOUR - 1, [Tick()])
    log.append(start + HOUR, [Tick()])
    log.commit()
    names = [int(path.stem) for path in segments(tmp_path)]
    assert names == [0, 16, 21]  # 16 records of 120 bytes fill it
    assert [message.offset for message in log.read(0)] == list(range(22))
    assert log.statistics().segments == 3
    assert log.statistics().size_bytes == sum(path.stat().st_size for path in segments(tmp_path))
    log.close()


def test_two_processes_never_write_the_same_log(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path)
    with pytest.raises(LogInUse, match="being written by the process"):
        SegmentLog(tmp_path)
    log.close()
    SegmentLog(tmp_path).close()


@pytest.mark.parametrize("cut_bytes", [1, 8, 39, 41, 100])
def test_a_short_record_at_the_end_is_cut_off_and_reported(tmp_path: Path, cut_bytes: int) -> None:
    filled(tmp_path)
    (path,) = segments(tmp_path)
    path.write_bytes(path.read_bytes()[:-cut_bytes])
    log = SegmentLog(tmp_path)
    assert log.repaired is not None
    assert (log.repaired.offset, log.repaired.path) == (2, path)
    assert [message.offset for message in log.read(0)] == [0, 1]
    assert log.append(CLOCK + 9, [Tick()]) == 2
    log.close()
    assert SegmentLog(tmp_path).repaired is None


def test_garbage_at_the_end_is_cut_off(tmp_path: Path) -> None:
    filled(tmp_path)
    (path,) = segments(tmp_path)
    intact = path.read_bytes()
    path.write_bytes(intact + bytes(4_096))
    log = SegmentLog(tmp_path)
    assert log.repaired is not None
    assert (log.repaired.position, log.repaired.cut_bytes) == (len(intact), 4_096)
    log.close()
    assert path.read_bytes() == intact


def flip(path: Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)


def test_a_damaged_record_that_was_acknowledged_is_an_error_that_says_where(tmp_path: Path) -> None:
    filled(tmp_path, 4)
    (path,) = segments(tmp_path)
    size = (path.stat().st_size - HEADER_BYTES) // 4
    flip(path, HEADER_BYTES + size + 50)  # message 1 of 0…3
    with pytest.raises(LogProblem, match="message 1 is damaged") as raised:
        SegmentLog(tmp_path)
    assert raised.value.params["position"] == HEADER_BYTES + size
    assert path.name in raised.value.message
    assert "docs/log.md" in raised.value.message


def test_a_damaged_record_of_a_group_that_was_not_committed_is_a_torn_end(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    log = SegmentLog(tmp_path)
    log.append(CLOCK + 5, [fact(1), fact(2), fact(3)])  # one group: none is known to be durable
    log.close()
    (path,) = segments(tmp_path)
    size = (path.stat().st_size - HEADER_BYTES) // 4
    flip(path, HEADER_BYTES + size + 50)
    log = SegmentLog(tmp_path)
    assert log.next_offset == 1
    log.close()


def test_a_damaged_record_of_a_finished_segment_is_found_when_it_is_read(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path)
    log.append(CLOCK, [fact(0)])
    log.begin_segment()
    log.append(CLOCK, [fact(1)])
    log.close()
    flip(segments(tmp_path)[0], HEADER_BYTES + 50)
    log = SegmentLog(tmp_path)
    assert [message.offset for message in log.read(1)] == [1]
    with pytest.raises(LogProblem, match="message 0 is damaged"):
        list(log.read(0))
    log.close()


def test_a_log_shorter_than_a_snapshot_knows_it_is_refused(tmp_path: Path) -> None:
    filled(tmp_path)
    (path,) = segments(tmp_path)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(LogProblem, match="a snapshot knows it up to message 3"):
        SegmentLog(tmp_path, known_offset=3)
    log = SegmentLog(tmp_path, known_offset=2)
    assert log.next_offset == 2
    log.close()


def test_a_missing_segment_is_an_error(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path)
    for number in range(3):
        log.append(CLOCK + number * HOUR, [fact(number)])
    log.close()
    segments(tmp_path)[1].unlink()
    with pytest.raises(LogProblem, match="a segment is missing between"):
        SegmentLog(tmp_path)


@pytest.mark.parametrize(
    ("position", "what"), [(0, "does not begin"), (8, "version"), (20, "header is damaged")]
)
def test_a_damaged_header_is_an_error(tmp_path: Path, position: int, what: str) -> None:
    filled(tmp_path)
    (path,) = segments(tmp_path)
    flip(path, position)
    with pytest.raises(LogProblem, match=what):
        SegmentLog(tmp_path)


def test_a_log_has_one_namespace(tmp_path: Path) -> None:
    filled(tmp_path)
    with pytest.raises(LogProblem, match='namespace "default"'):
        SegmentLog(tmp_path, namespace="other")


def test_a_record_counts_only_after_the_one_it_was_written_after(tmp_path: Path) -> None:
    """Two attempts at the same offsets can stand side by side; each record is intact in itself."""
    for name, number in (("first", 1), ("second", 9)):
        log = SegmentLog(tmp_path / name)
        log.append(CLOCK, [fact(0), fact(number), fact(2)])
        log.close()
    (first,), (second,) = segments(tmp_path / "first"), segments(tmp_path / "second")
    data, other = bytearray(first.read_bytes()), second.read_bytes()
    size = (len(data) - HEADER_BYTES) // 3
    middle = slice(HEADER_BYTES + size, HEADER_BYTES + 2 * size)
    data[middle] = other[middle]
    first.write_bytes(data)
    log = SegmentLog(tmp_path / "first")
    assert [message.body for message in log.read(0)] == [fact(0), fact(9)]
    log.close()


@pytest.mark.parametrize("how", ["error", "half_error"])
def test_nothing_of_a_write_that_failed_is_left(how: str) -> None:
    disk = MemoryDisk()
    log = SegmentLog(FOLDER, disk=disk)
    disk.faults = [Fault(len(disk.done), how, errno.ENOSPC)]
    with pytest.raises(DiskFull, match="free some space"):
        log.append(CLOCK, [fact(1), fact(2), fact(3)])
    assert log.append(CLOCK, [Tick()]) == 0
    log.close()
    log = SegmentLog(FOLDER, disk=disk)
    assert log.repaired is None
    assert [message.body for message in log.read(0)] == [Tick()]


def test_after_a_sync_that_failed_nothing_of_the_group_is_left() -> None:
    disk = MemoryDisk()
    log = SegmentLog(FOLDER, disk=disk)
    log.append(CLOCK, [fact(1), fact(2)])
    disk.faults = [Fault(len(disk.done), "error")]
    with pytest.raises(LogUnavailable, match="health of the disk"):
        log.commit()
    assert (log.next_offset, log.last_clock) == (0, -1)
    assert log.append(CLOCK - 5, [Tick()]) == 0  # its clock has been taken back, too
    log.close()
    log = SegmentLog(FOLDER, disk=disk)
    assert log.repaired is None
    assert [message.body for message in log.read(0)] == [Tick()]


@pytest.mark.parametrize("how", ["error", "half_error"])
@pytest.mark.parametrize("step", range(7))  # sync, mark, create, header, sync, rename, names
def test_a_segment_that_could_not_be_begun_takes_nothing_from_the_log(how: str, step: int) -> None:
    disk = MemoryDisk()
    log = SegmentLog(FOLDER, disk=disk)
    log.append(CLOCK, [fact(0)])
    disk.faults = [Fault(len(disk.done) + step, how)]
    with suppress(LogUnavailable):
        log.begin_segment()
    again = [fact(0)] if log.next_offset == 0 else []
    log.append(CLOCK, [*again, fact(1)])
    log.commit()
    for later in (disk.after_kill(), disk.after_power_cut()):
        found = SegmentLog(FOLDER, disk=later)
        assert [message.body for message in found.read(0)] == [fact(0), fact(1)]


@pytest.mark.parametrize("seed", range(12))
def test_what_is_found_after_a_failed_sync_and_a_kill_is_there_for_good(seed: int) -> None:
    """The system shows records that it takes for written; the next power cut must not."""
    disk = MemoryDisk(seed)
    log = SegmentLog(FOLDER, disk=disk)
    log.append(CLOCK, [fact(number) for number in range(20)])
    disk.faults = [Fault(len(disk.done), "error")]
    with pytest.raises(LogUnavailable):
        log.commit()
    disk = disk.after_kill()
    found = list(SegmentLog(FOLDER, disk=disk).read(0))
    assert found
    assert list(SegmentLog(FOLDER, disk=disk.after_power_cut()).read(0)) == found


def test_the_page_in_which_the_durable_part_ends_is_written_again() -> None:
    """A write that failed may leave nothing readable in its page, also of what was there before."""
    disk = MemoryDisk()
    log = SegmentLog(FOLDER, disk=disk)
    log.append(CLOCK, [fact(0)])
    log.commit()
    log.append(CLOCK, [fact(1)])
    disk.faults = [Fault(len(disk.done), "error")]
    with pytest.raises(LogUnavailable):
        log.commit()
    disk.spoil(FOLDER / f"{0:020d}.log", 0, 200)
    log.append(CLOCK, [fact(2)])
    log.commit()
    log = SegmentLog(FOLDER, disk=disk.after_power_cut())
    assert [message.body for message in log.read(0)] == [fact(0), fact(2)]


def test_unfinished_files_are_removed_at_the_start(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / f"{0:020d}.new").write_bytes(b"half")
    SegmentLog(tmp_path).close()
    assert {path.name for path in tmp_path.iterdir()} == {f"{0:020d}.log", "durable", "lock"}


def test_a_folder_that_cannot_be_written_is_an_error_of_the_surroundings(tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    with pytest.raises(LogUnavailable, match="open the log"):
        SegmentLog(tmp_path / "log")


def test_a_closed_log_says_so(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path)
    log.close()
    log.close()
    with pytest.raises(InputError, match="closed"):
        log.append(CLOCK, [Tick()])
