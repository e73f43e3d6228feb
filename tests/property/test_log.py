"""The log through crashes at any byte: what was committed is there, in order, and no stranger.

After what was committed a crash may leave some of what had been written but not committed: a
beginning of it, never a mixture.
"""

from __future__ import annotations

import errno
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from qianmian.columns.batch import EventBatch
from qianmian.errors import LogUnavailable
from qianmian.runtime.messages import Body, Events, FactsNamed, Message, Tick
from qianmian.storage.segment_log import SegmentLog
from qianmian.storage.segment_reader import SegmentReader
from tests.fakes.disk import Fault, MemoryDisk, PowerCut

FOLDER = Path("log")
START = 1_700_000_000_000
CODES = (errno.ENOSPC, errno.EIO, errno.EROFS)


class CrashingLog(RuleBasedStateMachine):
    """Append, commit, rotate, fail and crash in any order; compare with lists."""

    def __init__(self) -> None:
        super().__init__()
        self.committed: list[Message] = []
        self.appended: list[Message] = []
        self.attempts: list[list[Message]] = []
        self.count = 0
        self.clock = START

    @initialize(seed=st.integers(0, 2**32), segment_bytes=st.sampled_from((600, 3_000, 1 << 20)))
    def begin(self, seed: int, segment_bytes: int) -> None:
        self.segment_bytes = segment_bytes
        self.disk = MemoryDisk(seed)
        self.open()

    def open(self) -> None:
        self.log = SegmentLog(FOLDER, segment_bytes=self.segment_bytes, disk=self.disk)

    def bodies(self, sizes: list[int]) -> list[Body]:
        made: list[Body] = []
        for size in sizes:
            self.count += 1
            if size == 0:
                made.append(Tick())
            elif size == 1:
                row = {"clock": self.clock, "type": "liked", "viewer": f"v{self.count}"}
                made.append(Events(EventBatch.from_rows([row])))
            else:
                made.append(FactsNamed(f"{self.count}".ljust(size, "x")))
        return made

    @rule(
        sizes=st.lists(st.sampled_from((0, 0, 1, 9, 200, 1_100)), max_size=3),
        passes_ms=st.sampled_from((0, 0, 1, 50, 3_600_000)),
    )
    def append(self, sizes: list[int], passes_ms: int) -> None:
        self.clock += passes_ms
        bodies = self.bodies(sizes)
        first = len(self.committed) + len(self.appended)
        new = [Message(first + at, self.clock, body) for at, body in enumerate(bodies)]
        before = self.log.durable_offset
        try:
            assert self.log.append(self.clock, bodies) == first
        except LogUnavailable:
            self.take_back(new)
        except PowerCut:
            self.attempts.append([*self.appended, *new])
            self.crash()
        else:
            if self.log.durable_offset > before:  # a segment was finished
                self.keep()
            self.appended += new

    def take_back(self, new: list[Message]) -> None:
        """After a failure: some of what was appended may have been finished, or all taken back."""
        self.attempts.append([*self.appended, *new])
        done = self.log.durable_offset - len(self.committed)
        self.committed += self.appended[:done]
        self.appended = self.appended[done:]
        if self.log.next_offset == self.log.durable_offset:
            self.appended = []
        if done:
            self.attempts = [[*self.appended, *new]]
        assert self.log.next_offset == len(self.committed) + len(self.appended)

    def keep(self) -> None:
        """What was appended is durable; an attempt before it can only be seen where it is not."""
        if self.appended:
            self.attempts = []
        self.committed += self.appended
        self.appended = []

    @rule()
    def commit(self) -> None:
        try:
            self.log.commit()
        except LogUnavailable:
            self.attempts.append(self.appended)
            self.appended = []
            assert self.log.next_offset == len(self.committed)
        except PowerCut:
            self.attempts.append(self.appended)
            self.crash()
        else:
            self.keep()

    @rule()
    def begin_segment(self) -> None:
        try:
            self.log.begin_segment()
        except LogUnavailable:
            self.take_back([])
        except PowerCut:
            self.attempts.append(self.appended)
            self.crash()
        else:
            self.keep()

    @rule(
        ahead=st.integers(0, 6),
        how=st.sampled_from(("before", "after", "half", "error", "half_error")),
        code=st.sampled_from(CODES),
    )
    def plan_fault(self, ahead: int, how: str, code: int) -> None:
        self.disk.faults.append(Fault(len(self.disk.done) + ahead, how, code))

    @rule(is_kill=st.booleans())
    def crash(self, is_kill: bool = False) -> None:
        """The process or the machine stops; what was appended was not acknowledged."""
        self.attempts.append(self.appended)
        self.disk = self.disk.after_kill() if is_kill else self.disk.after_power_cut()
        self.open()
        found = [shown(message) for message in self.log.read(0)]
        n = len(self.committed)
        assert found[:n] == [shown(message) for message in self.committed]
        tails = [[shown(message) for message in attempt] for attempt in self.attempts]
        assert any(found[n:] == tail[: len(found) - n] for tail in tails), found[n:]
        whole = next(tail for tail in self.attempts if covers(tail, found[n:]))
        self.committed += whole[: len(found) - n]
        self.appended, self.attempts = [], []
        self.clock = max(self.clock, self.log.last_clock)

    @precondition(lambda self: not self.disk.faults)
    @rule()
    def close_and_open(self) -> None:
        self.log.close()
        self.keep()
        self.open()
        assert self.log.repaired is None

    @invariant()
    def all_that_is_committed_is_read(self) -> None:
        if not hasattr(self, "log"):
            return
        wanted = [shown(message) for message in self.committed]
        assert [shown(message) for message in self.log.read(0)] == wanted
        assert self.log.next_offset == len(self.committed) + len(self.appended)

    def teardown(self) -> None:
        if hasattr(self, "log"):
            self.disk.faults.clear()
            self.crash()
            reader = SegmentReader(FOLDER, disk=self.disk)
            assert [m.offset for m in reader.read(0)] == list(range(len(self.committed)))


def shown(message: Message) -> object:
    """A message as something that can be compared."""
    body: object = message.body
    if isinstance(body, Events):
        body = [row | {"message": 0} for row in body.batch.to_rows()]
    return message.offset, message.clock, body


def covers(attempt: list[Message], found: list[object]) -> bool:
    return [shown(message) for message in attempt[: len(found)]] == found


TestCrashingLog = CrashingLog.TestCase
