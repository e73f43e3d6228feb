"""History on a thread of its own, so that the engine never waits for a disk.

The engine's thread tells what each message brought; before a snapshot is kept, whoever keeps it
waits until everything below its offset is written (`flush_before`). So the files of history and the
snapshots always agree, whatever crashes between the two.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from qianmian.columns.batch import UInt8
from qianmian.engine.board import RoomBoard
from qianmian.errors import LogUnavailable, QianmianError
from qianmian.runtime.live import Kept, Snapshots
from qianmian.runtime.messages import Events, Message
from qianmian.storage.history import History
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.time import HOUR_MS

MOST_BEHIND = 2_000_000
"""Rows that may wait for this thread; then they are left to a replay."""


@dataclass(frozen=True, slots=True)
class _Told:
    message: Message
    outcomes: UInt8 | None
    firings: Sequence[Firing]
    boards: Sequence[RoomBoard]

    @property
    def rows(self) -> int:
        body = self.message.body
        events = len(body.batch) if isinstance(body, Events) else 0
        return events + len(self.firings) + len(self.boards) + 1


class HistoryThread:
    """Writes what it is told, in its own time; files of an hour that is over are joined.

    Attributes:
        problem: why it has stopped; None while it works. Nothing is lost: without history there is
            no snapshot either, and a replay brings it back.
    """

    def __init__(self, history: History, *, most_behind: int = MOST_BEHIND) -> None:
        self.history = history
        self.problem: QianmianError | None = None
        self._most_behind = most_behind
        self._told: deque[_Told] = deque()
        self._rows = 0
        self._below = 0  # every message below it has been taken in
        self._hour = 0
        self._closing = False
        self._changed = threading.Condition()
        self._using = threading.Lock()  # the history itself
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)
        self._thread.start()

    def tell(
        self,
        message: Message,
        *,
        outcomes: UInt8 | None = None,
        firings: Sequence[Firing] = (),
        boards: Sequence[RoomBoard] = (),
        may_wait: bool = False,
    ) -> None:
        """What a message held and brought, in the order of the log; waits only if it may.

        `outcomes` may be used again by the engine: it is copied here. Firings are columns whose
        names only ever grow: they become objects on the thread of history.
        """
        told = _Told(message, None if outcomes is None else outcomes.copy(), firings, [*boards])
        with self._changed:
            if may_wait:
                self._changed.wait_for(
                    lambda: self._rows <= self._most_behind or self.problem is not None
                )
            if self.problem is None and self._rows > self._most_behind:
                self.problem = LogUnavailable(
                    f"the history in {self.history.folder} cannot keep up with the log; it is"
                    " filled when the server starts again"
                )
            if self.problem is None:
                self._told.append(told)
                self._rows += told.rows
                self._changed.notify_all()

    @property
    def next_offset(self) -> int:
        """Messages below it are told again one by one after a restart."""
        return self.history.next_offset

    def flush_before(self, offset: int) -> None:
        """Wait until everything that was told of messages below `offset` is durable.

        Raises: LogUnavailable when it cannot be: take no snapshot then.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._below >= offset or not self._told or self.problem is not None
            )
            if self.problem is not None:
                raise self.problem
        with self._using:
            self.history.flush()

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Until the block ends nothing is read of what was told: names of firings may change.

        For the thread that tells; what was told before has been taken in when the block begins.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._told or self.problem is not None)
        with self._using:
            yield

    def erase(self, tombstone_by_viewer: Mapping[str, str], before: int) -> int:
        """Take persons out of everything that was told of messages below `before`; files written.

        Raises: LogUnavailable, LogProblem.
        """
        self.flush_before(before)
        return self.history.erase(tombstone_by_viewer)

    def close(self) -> None:
        """Write what was told, and stop.

        Raises: LogUnavailable when it cannot be written; a replay brings it back.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        if self.problem is not None:
            raise self.problem
        self.history.flush()  # nothing is left to do when it is closed again

    def _run(self) -> None:
        while (told := self._next()) is not None:
            try:
                with self._using:
                    self.history.add(
                        told.message,
                        outcomes=told.outcomes,
                        firings=told.firings,
                        boards=told.boards,
                    )
                    hour, self._hour = self._hour, told.message.clock // HOUR_MS
                    if hour != self._hour:
                        self._join()
            except QianmianError as problem:
                self._stop(problem)
                break
            with self._changed:  # nobody else takes from it
                self._told.popleft()
                self._rows -= told.rows
                self._below = told.message.offset + 1
                self._changed.notify_all()
        with self._changed:
            self._told.clear()

    def _next(self) -> _Told | None:
        with self._changed:
            self._changed.wait_for(lambda: self._told or self._closing or self.problem)
            return self._told[0] if self._told and self.problem is None else None

    def _join(self) -> None:
        try:
            self.history.join()
        except LogUnavailable:
            return  # tried again after the next hour; the small files hold the same rows

    def _stop(self, problem: QianmianError) -> None:
        with self._changed:
            self.problem = problem
            self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class SnapshotsAfterHistory:
    """Snapshots that are kept when history holds everything before them.

    Attributes:
        also: writes what else a replay from there would not bring; QianmianError: no snapshot.
    """

    snapshots: Snapshots
    history: HistoryThread
    also: Callable[[], None] = lambda: None

    def save(self, kept: Kept) -> None:
        """Keep it, when history is durable up to it.

        Raises: LogUnavailable when history is not; then nothing is kept.
        """
        self.history.flush_before(kept.offset)
        self.also()
        self.snapshots.save(kept)

    def newest(self) -> Kept | None:
        """The newest that can be read; None when there is none."""
        return self.snapshots.newest()
