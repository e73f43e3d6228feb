"""History beside the engine: in order, before every snapshot, and never in its way."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import numpy as np
import pytest

from qianmian.columns.batch import EventBatch
from qianmian.errors import InputError, LogUnavailable
from qianmian.runtime.live import Kept
from qianmian.runtime.messages import Events, Message, Tick
from qianmian.storage.disk import RealDisk, RealFile
from qianmian.storage.history import History
from qianmian.storage.history_schema import EVENTS
from qianmian.storage.history_thread import HistoryThread, SnapshotsAfterHistory
from qianmian.storage.snapshots import SnapshotFolder
from tests.fakes.disk import Fault, MemoryDisk

START = 1_717_246_800_000
HOUR = 3_600_000
FOLDER = Path("history")


def message(offset: int, clock: int = START) -> Message:
    row = {"clock": clock, "type": "liked", "viewer": "v", "room": "r", "message": offset}
    return Message(offset, clock, Events(EventBatch.from_rows([row])))


def offsets(history: History) -> list[int]:
    return [offset for table in history.read(EVENTS) for offset in table["offset"].to_pylist()]


def test_a_snapshot_is_kept_after_the_history_before_it(tmp_path: Path) -> None:
    history = History(tmp_path / "history")
    thread = HistoryThread(history)
    snapshots = SnapshotsAfterHistory(SnapshotFolder(tmp_path / "snapshots"), thread)
    for offset in range(50):
        thread.tell(message(offset), outcomes=np.zeros(1, np.uint8))
    snapshots.save(Kept(30, START, b"{}", b"state"))
    assert offsets(History(tmp_path / "history"))[:30] == list(range(30))
    kept = snapshots.newest()
    assert kept is not None
    assert kept.offset == 30
    thread.close()
    assert offsets(history) == list(range(50))


def test_no_snapshot_without_history(tmp_path: Path) -> None:
    disk = MemoryDisk()
    thread = HistoryThread(History(FOLDER, disk=disk))
    snapshots = SnapshotsAfterHistory(SnapshotFolder(tmp_path), thread)
    disk.faults = [Fault(len(disk.done), "error", errno.ENOSPC)]
    thread.tell(message(0))
    with pytest.raises(LogUnavailable):
        snapshots.save(Kept(1, START, b"{}", b"state"))
    assert snapshots.newest() is None
    snapshots.save(Kept(1, START, b"{}", b"state"))  # space is back
    assert snapshots.newest() is not None
    thread.close()
    assert offsets(thread.history) == [0]


class SlowDisk(RealDisk):
    """A disk on which a new file is made when somebody allows it."""

    def __init__(self) -> None:
        self.allowed = threading.Event()

    def create(self, path: Path) -> RealFile:
        assert self.allowed.wait(60)
        return super().create(path)


def test_the_engine_never_waits_and_memory_is_bounded(tmp_path: Path) -> None:
    disk = SlowDisk()
    thread = HistoryThread(History(tmp_path, most_waiting=1, disk=disk), most_behind=20)
    for offset in range(100):
        thread.tell(message(offset))
    assert isinstance(thread.problem, LogUnavailable)
    with pytest.raises(LogUnavailable, match="cannot keep up"):
        thread.flush_before(100)
    disk.allowed.set()
    with pytest.raises(LogUnavailable, match="cannot keep up"):
        thread.close()
    written = offsets(History(tmp_path))
    assert written == list(range(len(written)))  # a beginning; a replay brings the rest


def test_hours_that_are_over_are_joined(tmp_path: Path) -> None:
    thread = HistoryThread(History(tmp_path, most_waiting=1))
    for offset in range(6):
        thread.tell(message(offset, START + offset // 3 * HOUR))
    thread.tell(Message(6, START + 2 * HOUR, Tick()))
    thread.close()
    assert [(one.first, one.stop) for one in thread.history.files(EVENTS)] == [(0, 3), (3, 6)]


def test_a_mistake_of_the_caller_is_kept_and_told(tmp_path: Path) -> None:
    thread = HistoryThread(History(tmp_path))
    thread.tell(message(3))
    thread.tell(message(2))
    with pytest.raises(InputError, match="comes after message 3"):
        thread.close()
