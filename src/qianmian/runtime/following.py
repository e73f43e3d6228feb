"""What looks again and again at what somebody decided elsewhere, and carries it on."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from typing import ClassVar

from qianmian.errors import QianmianError


class Following(ABC):
    """The loop of everything that follows; whoever inherits says what one look does.

    Attributes:
        look_s: seconds between looks.
        problem: why the last look failed, for the page of data health; None when it did not.
    """

    look_s: ClassVar[float] = 0.5
    problem: QianmianError | None = None

    @abstractmethod
    async def follow(self) -> None:
        """Carry on whatever is new.

        Raises: QianmianError, and then it is tried again.
        """

    async def look(self) -> QianmianError | None:
        """`follow`, and what was wrong with it."""
        try:
            await self.follow()
        except QianmianError as problem:
            return problem
        return None

    async def keep_following(self) -> None:
        """Look until cancelled."""
        while True:
            self.problem = await self.look()
            await self.rest()

    async def rest(self) -> None:
        """Until the next look."""
        await asyncio.sleep(self.look_s)


class Woken(Following):
    """One that looks at once when it is told something new; used on the event loop."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is something new."""
        self._woken.set()

    async def look(self) -> QianmianError | None:
        """`follow`; what failed is not tried again at once, whatever has come meanwhile."""
        self._woken.clear()
        problem = await super().look()
        if problem is not None:
            self._woken.clear()
        return problem

    async def rest(self) -> None:
        """Until something is new, or the time has come."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), self.look_s)
