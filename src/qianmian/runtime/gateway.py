"""The one writer of the log: what waits is joined to one message, made durable, then told.

Whoever submits events gets an answer when they are on the disk, never before. While one group is
being written the next one gathers, so the slower the disk, the larger the groups. The clock of a
message is the time of its writing, made monotone; silence is written down as ticks.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from qianmian.columns.batch import EventBatch
from qianmian.columns.joining import one_message
from qianmian.columns.registered import with_days_registered
from qianmian.errors import LogUnavailable, Overloaded, QianmianError
from qianmian.runtime.messages import Body, Events, Message, Tick
from qianmian.runtime.ports import Log
from qianmian.vocabulary.zones import SHOP_ZONE

TICK_BUSY_MS = 100
TICK_IDLE_MS = 1_000
GROUP_ROWS = 100_000


BodyAt = Callable[[int], Body]
"""A message that names offsets: made when its own is known."""


@dataclass(slots=True)
class _Waiting:
    """Something to write, and who waits for it."""

    what: EventBatch | Body | BodyAt
    done: Future[int] = field(default_factory=Future)

    @property
    def rows(self) -> int:
        return len(self.what) if isinstance(self.what, EventBatch) else 1


class Gateway:
    """Writes the log.

    Args:
        log: opened for writing.
        now: ms UTC.
        deliver: told each message when it is durable, in order, by the writing thread.
        is_busy: whether somebody is in a room, so that silence is told each 100 ms.
        most_waiting: rows; beyond it submitting is refused.
        zone: of the shop; days since a registration are counted in it.
    """

    def __init__(
        self,
        log: Log,
        *,
        now: Callable[[], int],
        deliver: Callable[[Message], None],
        is_busy: Callable[[], bool] = lambda: True,
        most_waiting: int = 500_000,
        zone: str = SHOP_ZONE,
    ) -> None:
        self._log = log
        self._now = now
        self._deliver = deliver
        self._is_busy = is_busy
        self._most_waiting = most_waiting
        self._zone = zone
        self._waiting: deque[_Waiting] = deque()
        self._rows = 0
        self._changed = threading.Condition()
        self._refusing = False  # events; and nothing is told of silence
        self._writing = False
        self._ended = False
        self._closing = False
        self._clock = log.last_clock
        self.problem: QianmianError | None = None
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def refuse(self) -> None:
        """Take no more events, and write what waits; other messages are still taken."""
        with self._changed:
            self._refusing = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._ended or not (self._waiting or self._writing))

    def close(self) -> None:
        """Write what waits, and stop."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    @property
    def waiting_rows(self) -> int:
        """How much has not been written yet."""
        return self._rows

    async def submit(self, batch: EventBatch) -> None:
        """Events; returns when they are durable.

        Raises: Overloaded; LogUnavailable when the disk refused them.
        """
        if len(batch):
            await asyncio.wrap_future(self.post(batch))

    def post(self, what: EventBatch | Body | BodyAt) -> Future[int]:
        """Events or another message; the future holds the offset of its message.

        Raises: Overloaded when too much waits.
        """
        waiting = _Waiting(what)
        with self._changed:
            if self._closing or (self._refusing and isinstance(what, EventBatch)):
                raise Overloaded("the server is stopping; send it again to the next one")
            is_too_much = self._rows + waiting.rows > self._most_waiting
            if self._rows and isinstance(what, EventBatch) and is_too_much:
                raise Overloaded(f"{self._rows} events wait to be written; send again in a second")
            self._waiting.append(waiting)
            self._rows += waiting.rows
            self._changed.notify_all()
        return waiting.done

    # -- the writing thread

    def _write(self) -> None:
        try:
            while (group := self._next_group()) is not None:
                self._commit(group)
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _next_group(self) -> list[_Waiting] | None:
        """What is to be written next; an empty group is a tick; None when it is over."""
        silence_ms = TICK_BUSY_MS if self._is_busy() else TICK_IDLE_MS
        with self._changed:
            self._writing = False
            self._changed.notify_all()
            if not self._waiting and not self._closing and not self._refusing:
                self._changed.wait(silence_ms / 1_000)
            if self._refusing:
                self._changed.wait_for(lambda: self._waiting or self._closing)
            self._writing = True
            if not self._waiting:
                return None if self._closing else []
            group: list[_Waiting] = []
            rows = 0
            while self._waiting and (not group or rows < GROUP_ROWS):
                one = self._waiting.popleft()
                self._rows -= one.rows
                if one.done.set_running_or_notify_cancel():  # else whoever waited has gone
                    group.append(one)
                    rows += one.rows
            return group

    def _commit(self, group: Sequence[_Waiting]) -> None:
        """Write one group; all of it is durable, or nothing of it is told."""
        clock = max(self._now(), self._clock)
        try:
            messages, place_of = self._messages(group, clock)
            self._log.append(clock, [message.body for message in messages])
            self._log.commit()
        except (QianmianError, OSError) as problem:
            self.problem = _told(problem)
            for one in group:
                one.done.set_exception(self.problem)
            return
        self.problem = None
        self._clock = clock
        for message in messages:
            self._deliver(message)
        for one, place in zip(group, place_of, strict=True):
            one.done.set_result(place)

    def _messages(self, group: Sequence[_Waiting], clock: int) -> tuple[list[Message], list[int]]:
        """The messages of a group: all events that stand together are one."""
        offset = self._log.next_offset
        if not group:
            return [Message(offset, clock, Tick())], []
        messages: list[Message] = []
        place_of: list[int] = []
        batches: list[EventBatch] = []
        for one in [*group, None]:
            if one is not None and isinstance(one.what, EventBatch):
                batches.append(one.what)
                place_of.append(offset + len(messages))
                continue
            if batches:
                number = offset + len(messages)
                joined = one_message(batches, clock=clock, message=number)
                whole = with_days_registered(joined, self._zone)
                messages.append(Message(number, clock, Events(whole)))
                batches = []
            if one is not None and not isinstance(one.what, EventBatch):
                number = offset + len(messages)
                place_of.append(number)
                body = one.what(number) if callable(one.what) else one.what
                messages.append(Message(number, clock, body))
        return messages, place_of


def _told(problem: QianmianError | OSError) -> QianmianError:
    """What those who wait are told; nothing of their group was taken."""
    if isinstance(problem, QianmianError):
        return problem
    return LogUnavailable(f"the log cannot be written: {problem}")
