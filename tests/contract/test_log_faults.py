"""Every step of the log on its disk, interrupted in every way: nothing committed is ever lost.

A scripted life of a log (append, commit, rotate, erase, drop, restart) is run with one fault at one
step: the power is cut before, within or after it, or the disk refuses. The life goes on as a
careful gateway would; at the end everything that was committed is there, in order and unchanged.
"""

from __future__ import annotations

import errno
import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.columns.erasure import erased, tombstones
from qianmian.errors import DiskFull, LogUnavailable
from qianmian.runtime.messages import Body, Events, FactsNamed, Tick
from qianmian.storage.segment_log import SegmentLog
from tests.fakes.disk import Fault, MemoryDisk, PowerCut

FOLDER = Path("log")
START = 1_700_000_000_000
HOUR = 3_600_000
TOMBSTONES = tombstones(["gone"], b"k" * 32, namespace="default")
HOWS = [
    ("before", 0),
    ("half", 0),
    ("after", 0),
    *((how, code) for how in ("error", "half_error") for code in (28, 5, 30)),
]
KILLS = (False, True)


@dataclass(slots=True)
class Life:
    """One life of a log, and what must be in it."""

    disk: MemoryDisk
    committed: list[tuple[int, int]] = field(default_factory=list)  # clock, number
    waiting: list[tuple[int, int]] = field(default_factory=list)
    failures: list[LogUnavailable] = field(default_factory=list)
    restarts: int = 0
    number: int = 0
    erased_to: int = 0
    log: SegmentLog | None = None

    def opened(self) -> SegmentLog:
        if self.log is None:
            self.log = SegmentLog(FOLDER, segment_bytes=3_000, disk=self.disk)
        return self.log

    def append(self, clock: int, count: int = 1) -> None:
        """Append until it is in; every message has a number of its own."""
        numbers = range(self.number, self.number + count)
        self.number += count
        bodies: list[Body] = [
            Events(rows(clock, number)) if number % 3 else FactsNamed(str(number))
            for number in numbers
        ]
        first = self.log.next_offset if self.log else 0
        for _ in range(4):
            log = self.opened()
            try:
                first = log.append(clock, bodies)
                break
            except LogUnavailable as problem:
                self.failures.append(problem)
                self.waiting = self.waiting[: log.next_offset - len(self.committed)]
        else:
            pytest.fail("a single fault stops the log for good")
        self.waiting += [(clock, number) for number in numbers]
        assert first + count == len(self.committed) + len(self.waiting)

    def commit(self) -> None:
        log = self.opened()
        try:
            log.commit()
        except LogUnavailable as problem:
            self.failures.append(problem)
            done = log.durable_offset - len(self.committed)  # by a segment that was finished
            self.committed += self.waiting[:done]
            again, self.waiting = self.waiting[done:], []
            assert log.next_offset == log.durable_offset == len(self.committed)
            for clock, number in again:  # the senders send it again
                body = Events(rows(clock, number)) if number % 3 else FactsNamed(str(number))
                log.append(max(clock, log.last_clock), [body])
                self.waiting.append((max(clock, log.last_clock), number))
            log.commit()
        self.committed += self.waiting
        self.waiting = []

    def maintain(self) -> None:
        """Erase a person, then let go of what is old."""
        self.commit()
        for _ in range(2):
            log = self.opened()
            try:
                log.begin_segment()
                log.rewrite(lambda batch: erased(batch, TOMBSTONES))
                self.erased_to = log.durable_offset
                log.drop_old(keep_ms=2 * HOUR, snapshot_offset=12)
                break
            except LogUnavailable as problem:
                self.failures.append(problem)
        else:
            pytest.fail("a single fault stops maintenance for good")

    def restart(self) -> None:
        self.commit()
        log, self.log = self.opened(), None
        log.close()

    def crashed(self, *, is_kill: bool) -> None:
        """After a power cut: what was committed is a beginning of what is found."""
        self.disk = self.disk.after_kill() if is_kill else self.disk.after_power_cut()
        self.restarts += 1
        self.log = None
        found = list(self.opened().read(self.opened().first_offset))
        start = found[0].offset if found else self.opened().first_offset
        assert start <= 12
        assert len(self.committed) <= start + len(found)
        more = len(found) + start - len(self.committed)
        self.committed += self.waiting[:more]
        self.waiting = []


def rows(clock: int, number: int) -> EventBatch:
    row = {"clock": clock, "type": "comment_sent", "room": "r", "classes": 1}
    who = ["gone", f"v{number}"]
    texts = [f"secret {number}", f"hello {number}"]
    return EventBatch.from_rows(
        [row | {"viewer": v, "text": t, "message": 0} for v, t in zip(who, texts, strict=True)]
    )


SCRIPT = [
    *[("append", START + at, 1) for at in range(3)],
    ("commit",),
    ("append", START + 4, 3),
    ("commit",),
    ("append", START + 5, 2),
    ("append", START + HOUR, 2),
    ("commit",),
    ("restart",),
    ("append", START + 2 * HOUR, 4),
    ("commit",),
    ("append", START + 5 * HOUR, 1),
    ("maintain",),
    ("append", START + 5 * HOUR, 3),
    ("commit",),
    ("restart",),
    ("append", START + 5 * HOUR, 1),
    ("commit",),
]


def live(fault: Fault | None, *, is_kill: bool = False, seed: int = 0) -> Life:
    """Run the script with one fault; after a crash the step that it interrupted is done again."""
    life = Life(MemoryDisk(seed))
    if fault is not None:
        life.disk.faults = [fault]
    for step, *given in SCRIPT:
        before, arguments = life.number, given
        for attempt in range(2):
            try:
                getattr(life, str(step))(*arguments)
                break
            except PowerCut:
                assert attempt == 0
                if step == "append":
                    life.waiting += [
                        (int(arguments[0]), number) for number in range(before, life.number)
                    ]
                life.crashed(is_kill=is_kill)
                if step == "append":
                    life.number = life.committed[-1][1] + 1 if life.committed else 0
                    arguments = [arguments[0], before + int(arguments[1]) - life.number]
            except LogUnavailable as problem:  # while opening or closing
                life.failures.append(problem)
                life.log = None
                life.disk = life.disk.after_kill()
    return life


def check(life: Life) -> None:
    """Everything committed is there; who was erased is not."""
    log = life.opened()
    log.commit()
    first = log.first_offset
    found = list(log.read(first))
    assert first <= 12
    numbers = [number for _, number in life.committed[first:]]
    assert len(found) == len(numbers)
    for message, number, (clock, _) in zip(found, numbers, life.committed[first:], strict=True):
        assert message.clock == clock
        if isinstance(message.body, Events):
            gone, other = message.body.batch.to_rows()
            assert other["text"] == f"hello {number}"
            assert ("text" in gone) == (message.offset >= life.erased_to)
        else:
            assert message.body in (FactsNamed(str(number)), Tick())


def cases() -> list[tuple[int, str, int, bool, int]]:
    """Every step × every way × power cut or kill × three chances."""
    steps = len(live(None).disk.done)
    return [
        (number, how, code, is_kill, seed)
        for seed in range(3)
        for number in range(steps)
        for how, code in HOWS
        for is_kill in KILLS
        if code == 0 or not is_kill
    ]


CASES = cases()
CHOSEN = random.Random(3).sample(CASES, 1_050)


def test_an_undisturbed_life_uses_every_kind_of_step() -> None:
    life = live(None)
    check(life)
    assert not life.failures
    assert set(life.disk.done) == {
        "create", "write", "sync", "replace", "sync_folder", "remove",
    }  # fmt: skip
    assert life.opened().first_offset > 0
    assert len(life.committed) == 19


@pytest.mark.parametrize("case", CHOSEN[:50], ids=str)
def test_one_fault_loses_nothing(case: tuple[int, str, int, bool, int]) -> None:
    run(case)


@pytest.mark.long
def test_a_thousand_faults_lose_nothing() -> None:
    assert len(CASES) >= 1_000
    for case in CHOSEN[50:]:
        run(case)


def run(case: tuple[int, str, int, bool, int]) -> None:
    number, how, code, is_kill, seed = case
    life = live(Fault(number, how, code), is_kill=is_kill, seed=seed)
    check(life)
    for failure in life.failures:
        assert isinstance(failure, DiskFull) == (code == errno.ENOSPC), case
        assert failure.params["errno"] == code
    assert life.restarts == (0 if code else 1), case
