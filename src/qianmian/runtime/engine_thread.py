"""The engine on a thread of its own: it applies messages in order and answers questions between.

Nobody else touches the state. Whoever wants to know something asks with a function, which is called
between two messages; so a reading is of one instant and needs no lock.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, TypeVar

from qianmian.columns.batch import EventBatch
from qianmian.errors import Overloaded
from qianmian.runtime.live import Applied, Live, Snapshots, Tell, nobody
from qianmian.runtime.messages import Body, Events, Message
from qianmian.vocabulary.firing import Firing

T = TypeVar("T")
SECOND_MS = 1_000


@dataclass(frozen=True, slots=True)
class _Question(Generic[T]):
    ask: Callable[[Live], T]
    answer: Future[T]


class _Stop:
    """The last item of the queue."""


class EngineThread:
    """Runs a `Live`.

    Args:
        live: recovered, and touched by nobody else from `start` on.
        snapshots: where the state is kept each `snapshot_every_ms` of the clock.
        post: appends a message to the log.
        tell: told what each message brought, on this thread.
        on_firings: told what fired, on this thread.
        on_second: called at each new second of the clock, on this thread.
    """

    def __init__(
        self,
        live: Live,
        *,
        snapshots: Snapshots,
        post: Callable[[Body], Future[int]],
        tell: Tell = nobody,
        on_firings: Callable[[Sequence[Firing]], None] = lambda _: None,
        on_second: Callable[[Live], None] = lambda _: None,
        snapshot_every_ms: int = 60_000,
    ) -> None:
        self._live = live
        self._snapshots = snapshots
        self._post = post
        self._told = tell
        self._on_firings = on_firings
        self._on_second = on_second
        self._every_ms = snapshot_every_ms
        self._kept_clock = live.clock
        self._queue: SimpleQueue[Message | _Question[object] | _Stop] = SimpleQueue()
        self._saver = ThreadPoolExecutor(1, thread_name_prefix="snapshot")
        self._saving: Future[None] | None = None
        self._posted: deque[tuple[Future[int], Body]] = deque()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self.waiting_rows = 0
        self.applied_clock = live.clock
        self.is_busy = bool(live.engine is not None and live.engine.open_rooms())
        self.problem: BaseException | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def deliver(self, message: Message) -> None:
        """The next message of the log, now durable."""
        self.waiting_rows += _rows(message)
        self._queue.put(message)

    def ask(self, question: Callable[[Live], T]) -> Future[T]:
        """Call a function between two messages; it must only read."""
        answer: Future[T] = Future()
        self._queue.put(_Question(question, answer))  # type: ignore[arg-type]  # T is the asker's
        return answer

    def settle(self) -> None:
        """Wait until what was delivered is applied."""
        self.ask(lambda _: None).result()

    def stop(self, *, keep: bool = True) -> None:
        """Apply what was delivered, keep a last snapshot, end."""
        self._queue.put(_Stop())
        self._thread.join()
        if keep and self.problem is None and self._is_logged():
            self._keep(wait=True)
        self._saver.shutdown()

    def _run(self) -> None:
        while True:
            item = self._queue.get()
            match item:
                case _Stop():
                    return
                case _Question(ask, answer) if answer.set_running_or_notify_cancel():
                    try:
                        answer.set_result(ask(self._live))
                    except Exception as problem:
                        answer.set_exception(problem)
                case Message():
                    self._apply(item)

    def _apply(self, message: Message) -> None:
        """One message; a fault stops the engine, because whatever came after would be wrong."""
        rows = _rows(message)
        if self.problem is None:
            try:
                self._tell(self._live.apply(message), message)
            except Exception as problem:
                self.problem = problem
        self.waiting_rows -= rows

    def _tell(self, applied: Applied, message: Message) -> None:
        self._told(message, applied)
        self._log(applied.unlogged)
        if applied.firings:
            self._on_firings(applied.firings)
        before, self.applied_clock = self.applied_clock, message.clock
        if before // SECOND_MS != message.clock // SECOND_MS:
            engine = self._live.engine
            self.is_busy = engine is not None and bool(engine.open_rooms())
            self._on_second(self._live)
        if message.clock - self._kept_clock >= self._every_ms and self._is_logged():
            self._keep(wait=False)

    def _log(self, found: Sequence[Body]) -> None:
        """What was found or decided belongs in the log; a disk that refused is asked again."""
        self._is_logged()
        for body in found:
            self._posted.append((self._post(body), body))

    def _is_logged(self) -> bool:
        """Whether all that was found is durable.

        A snapshot of a state whose findings are not in the log would hide them from a replay.
        """
        while self._posted and self._posted[0][0].done():
            future, body = self._posted[0]
            if future.exception() is not None:
                with suppress(Overloaded):  # it has stopped: the next start finds them again
                    self._posted[0] = self._post(body), body
                return False
            self._posted.popleft()
        return not self._posted

    def _keep(self, *, wait: bool) -> None:
        """Take a snapshot here; it is written elsewhere, one at a time."""
        if self._saving is not None and not self._saving.done():
            if not wait:
                return
            wait_for([self._saving])
        kept = self._live.snapshot()
        self._kept_clock = self._live.clock
        if kept is not None:
            self._saving = self._saver.submit(self._snapshots.save, kept)
            if wait:
                wait_for([self._saving])

    def keep_now(self) -> Future[Future[None] | None]:
        """Begin to keep a snapshot as of now; None where it cannot be yet: ask again then."""

        def begun(_live: Live) -> Future[None] | None:
            is_free = self._saving is None or self._saving.done()
            if not self._is_logged() or not is_free:
                return None
            self._keep(wait=False)
            return self._saving

        return self.ask(begun)

    @property
    def snapshot_problem(self) -> BaseException | None:
        """Why the last snapshot could not be written; None when it could."""
        saving = self._saving
        return saving.exception() if saving is not None and saving.done() else None


def _rows(message: Message) -> int:
    body = message.body
    batch: EventBatch | None = body.batch if isinstance(body, Events) else None
    return 0 if batch is None else len(batch)
