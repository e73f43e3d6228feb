"""Looks that go on, whatever fails; and those that are woken look at once, but not in a circle."""

from __future__ import annotations

import asyncio

from qianmian.errors import OperationalError, QianmianError
from qianmian.runtime.following import Following, Woken

FAR_S = 3_600.0
PROBLEM = OperationalError("the database is away")


class Looks(Following):
    """Fails as often as it is told, and then stops itself."""

    look_s = 0.0

    def __init__(self, *outcomes: QianmianError | None) -> None:
        self.outcomes = list(outcomes)
        self.seen: list[QianmianError | None] = []

    async def follow(self) -> None:
        self.seen.append(self.problem)
        if not self.outcomes:
            raise asyncio.CancelledError
        outcome = self.outcomes.pop(0)
        if outcome is not None:
            raise outcome


class Reads(Woken):
    """Reads what it is told; something new comes while it reads."""

    look_s = FAR_S

    def __init__(self, told: asyncio.Queue[str], *, fails: bool) -> None:
        super().__init__()
        self.told = told
        self.fails = fails
        self.looked = 0
        self.looks = [asyncio.Event() for _ in range(9)]
        self.rested = asyncio.Event()

    async def follow(self) -> None:
        self.looked += 1
        self.looks[self.looked].set()
        self.wake()
        if self.fails:
            raise PROBLEM
        await self.told.get()

    async def rest(self) -> None:
        if not self._woken.is_set():
            self.rested.set()
        await super().rest()


def test_a_problem_is_shown_until_a_look_succeeds() -> None:
    async def story() -> None:
        looks = Looks(None, PROBLEM, PROBLEM, None)
        await asyncio.gather(looks.keep_following(), return_exceptions=True)
        assert looks.seen == [None, None, PROBLEM, PROBLEM, None]

    asyncio.run(story())


def test_what_is_new_is_looked_at_at_once_and_what_failed_is_not() -> None:
    async def story() -> None:
        told: asyncio.Queue[str] = asyncio.Queue()
        reads = Reads(told, fails=False)
        going = asyncio.ensure_future(reads.keep_following())
        for word in ("one", "two", "three"):  # each would wait for an hour if nobody were woken
            told.put_nowait(word)
        await reads.looks[4].wait()
        going.cancel()
        failing = Reads(told, fails=True)
        going = asyncio.ensure_future(failing.keep_following())
        await failing.rested.wait()
        assert (failing.looked, failing.problem) == (1, PROBLEM)
        going.cancel()

    asyncio.run(story())
