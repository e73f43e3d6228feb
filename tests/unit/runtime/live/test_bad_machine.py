"""A server over the real log on a machine that misbehaves: its clock, its disk."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.errors import LogUnavailable
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.live import Live
from qianmian.runtime.messages import Events
from qianmian.storage.disk import RealDisk, RealFile
from qianmian.storage.segment_log import SegmentLog
from tests.fakes.memory_log import MemorySnapshots
from tests.room_story import DEFINITIONS, START, event, new_live

WAIT_S = 300


class BadFile(RealFile):
    """Writes and syncs as its disk allows."""

    disk: BadDisk

    def write_at(self, position: int, data: bytes) -> None:
        self.disk.check()
        super().write_at(position, data)

    def sync(self) -> None:
        self.disk.check()
        self.disk.syncing.set()
        assert self.disk.may_sync.wait(WAIT_S)
        super().sync()


class BadDisk(RealDisk):
    """A disk that can be slow, full, or read-only from some moment on."""

    def __init__(self) -> None:
        self.problem: int | None = None
        self.syncing, self.may_sync = threading.Event(), threading.Event()
        self.may_sync.set()

    def check(self) -> None:
        if self.problem is not None:
            raise OSError(self.problem, "the disk says no")

    def create(self, path: Path) -> RealFile:
        self.check()
        return self._bad(super().create(path))

    def open(self, path: Path, *, writable: bool = False) -> RealFile:
        return self._bad(super().open(path, writable=writable))

    def _bad(self, file: RealFile) -> RealFile:
        file.__class__ = BadFile
        file.disk = self  # type: ignore[attr-defined]  # of the class it has now
        return file


@contextmanager
def running(folder: Path, disk: BadDisk, clock: list[int]) -> Iterator[Deployment]:
    """A deployment; the last of `clock` is the time of the machine."""
    log = SegmentLog(folder, disk=disk)
    deployment = Deployment(log, MemorySnapshots(), new_live(), now=lambda: clock[-1])
    deployment.recover(DEFINITIONS)
    deployment.start()
    try:
        yield deployment
    finally:
        deployment.stop()


def batch(name: str, at: int = 0) -> EventBatch:
    return EventBatch.from_rows(
        [event(at, "room_entered", name, message_id=f"m-{name}", message=0)]
    )


def accepted(deployment: Deployment) -> int:
    def count(live: Live) -> int:
        return 0 if live.engine is None else live.engine.statistics().accepted

    return deployment.engine.ask(count).result(WAIT_S)


def is_well(deployment: Deployment) -> bool:
    return deployment.problem is None


def batches_in(folder: Path) -> list[EventBatch]:
    log = SegmentLog(folder)
    found = [message.body.batch for message in log.read(0) if isinstance(message.body, Events)]
    log.close()
    return found


def test_a_clock_that_jumps_back_stands_still_until_it_has_caught_up(tmp_path: Path) -> None:
    clock = [START + 60_000]
    with running(tmp_path, BadDisk(), clock) as deployment:
        for name, time in (("a", 60_000), ("b", -3_600_000), ("c", 30_000), ("d", 61_000)):
            clock.append(START + time)
            asyncio.run(deployment.submit(batch(name, max(time, 60_000))))
        assert accepted(deployment) == 4
        assert deployment.problem is None
    clocks = [int(one.clock[0]) - START for one in batches_in(tmp_path)]
    assert clocks == [60_000, 60_000, 60_000, 61_000]
    with running(tmp_path, BadDisk(), [START]) as again:  # it is still behind at the next start
        asyncio.run(again.submit(batch("e", 61_000)))
        assert accepted(again) == 5
    assert int(batches_in(tmp_path)[-1].clock[0]) - START == 61_000


def test_what_comes_while_a_slow_disk_writes_shares_the_next_commit(tmp_path: Path) -> None:
    disk = BadDisk()
    with running(tmp_path, disk, [START]) as deployment:
        disk.may_sync.clear()
        disk.syncing.clear()
        first = deployment.gateway.post(batch("first"))
        assert disk.syncing.wait(WAIT_S)
        others = [deployment.gateway.post(batch(f"v{n}")) for n in range(50)]
        assert not first.done(), "not answered before it is on the disk"
        disk.may_sync.set()
        offsets = {other.result(WAIT_S) for other in others}
        assert len(offsets) <= 2
        assert accepted(deployment) == 51
    assert sum(map(len, batches_in(tmp_path))) == 51


@pytest.mark.parametrize("problem", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_disk_that_refuses_is_told_and_forgotten_when_it_takes_again(
    tmp_path: Path, problem: int
) -> None:
    disk = BadDisk()
    with running(tmp_path, disk, [START]) as deployment:
        asyncio.run(deployment.submit(batch("before")))
        disk.problem = problem
        with pytest.raises(LogUnavailable):
            asyncio.run(deployment.submit(batch("refused")))
        assert not is_well(deployment)
        disk.problem = None
        asyncio.run(deployment.submit(batch("after")))
        assert is_well(deployment)
        assert accepted(deployment) == 2
    names = [row["viewer"] for one in batches_in(tmp_path) for row in one.to_rows()]
    assert names == ["before", "after"]
