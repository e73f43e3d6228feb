"""What is to be done outside because of decisions: kept before it is begun, ended once, told.

    take -> a row of the database -> whatever carries it on -> its end in the row -> the log

A row is there before anything is done, so a restart loses none; and it says how it ended before the
log does, so that of two ends at once the log gets one. What the log could not be told is told again
at the next look.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from qianmian.runtime.following import Woken

T = TypeVar("T")
K_contra = TypeVar("K_contra", contravariant=True)

Settle = Callable[[Sequence[str], Sequence[str]], Awaitable[None]]
"""Tells the log which decisions were delivered, and which never will be."""


class Store(Protocol[K_contra]):
    """Where errands are kept, by the id of their decision."""

    def add(self, errands: Sequence[K_contra], refuses: Callable[[str], bool], /) -> None:
        """Keep new ones, but of nobody who was erased; what is there already stays as it is."""

    def untold(self) -> Sequence[tuple[str, Any]]:
        """Those that ended and of which the log does not know: decision and end."""

    def note_told(self, errands: Iterable[str], /) -> None:
        """The log knows how these ended."""


class Errands(Woken, Generic[T]):
    """The errands of one kind; used on the event loop.

    Args:
        given: ends after which what was reserved stays spent.
        erased: whether a viewer was erased.
    """

    def __init__(
        self, store: Store[T], settle: Settle, given: Collection[str], erased: Callable[[str], bool]
    ) -> None:
        super().__init__()
        self._kept = store
        self._settle = settle
        self._given = given
        self._erased = erased
        self._coming: list[T] = []

    def take(self, errand: T) -> None:
        """This is to be done; it is in the database after the next look."""
        self._coming.append(errand)
        self.wake()

    async def follow(self) -> None:
        """Keep what came, carry on what is there, and tell the log what ended.

        Raises: QianmianError, and then it is tried again.
        """
        coming = self._coming.copy()
        if coming:
            await asyncio.to_thread(self._kept.add, coming, self._erased)
            del self._coming[: len(coming)]
        await self.carry_on()
        ended = await asyncio.to_thread(self._kept.untold)
        if ended:
            given = [errand for errand, end in ended if end in self._given]
            released = [errand for errand, end in ended if end not in self._given]
            await self._settle(given, released)
            await asyncio.to_thread(self._kept.note_told, [*given, *released])

    @abstractmethod
    async def carry_on(self) -> None:
        """Do what can be done now, and end what is over.

        Raises: QianmianError.
        """
