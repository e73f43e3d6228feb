"""What is done once in an hour of the clock, beside the engine and never on its thread.

Due by the clock of the log, so nothing is done twice because a machine was asleep, and a test needs
no waiting. A chore that fails is told and tried again in the next hour; it stops nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from qianmian.errors import QianmianError
from qianmian.vocabulary.time import HOUR_MS


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to be done each hour.

    Attributes:
        name: for the log of the process and for the health page.
        do: on the thread of the chores; QianmianError and OSError are told, others are faults.
    """

    name: str
    do: Callable[[], object]


class Chores:
    """Runs chores, one after the other.

    Args:
        chores: in their order.
        told: hears (name, what `do` returned, or the problem), on the thread of the chores.
    """

    def __init__(
        self,
        chores: Sequence[Chore] = (),
        *,
        told: Callable[[str, object], None] = lambda _name, _result: None,
    ) -> None:
        self._chores = tuple(chores)
        self._told = told
        self._hour = -1
        self._doing: Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="chores")
        self.problems: dict[str, Exception] = {}

    def at(self, clock_ms: int) -> None:
        """The clock of the log is here; an hour that has begun starts the chores. Never waits."""
        hour = clock_ms // HOUR_MS
        is_free = self._doing is None or (self._doing.done() and self._doing.exception() is None)
        if hour > self._hour and self._chores and is_free:
            self._hour = hour
            self._doing = self._thread.submit(self._do)

    def close(self) -> None:
        """Wait for the chores that are being done.

        Raises: what a faulty chore raised; it was not tried again.
        """
        self._thread.shutdown()
        if self._doing is not None:
            self._doing.result()

    def _do(self) -> None:
        for chore in self._chores:
            try:
                result = chore.do()
            except (QianmianError, OSError) as problem:
                self.problems[chore.name] = problem
                self._told(chore.name, problem)
            else:
                self.problems.pop(chore.name, None)
                self._told(chore.name, result)
