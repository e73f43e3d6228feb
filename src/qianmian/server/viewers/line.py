"""One open way to a viewer, a socket or a stream, and what waits to be sent on it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

MAX_WAITING: Final = 16  # two full sets of kept messages; who is further behind comes again


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as it goes out, the same object for everybody who gets it.

    Units: expires_at in ms UTC; 0 for what does not expire.
    """

    id: str
    text: str
    expires_at: int = 0


class Line:
    """One connection of a viewer.

    Args:
        viewer: as in the log, anonymous with its prefix.
        address: group of IP addresses that it came from.
        expires_at: of its token, ms UTC; None for an anonymous id.
    """

    __slots__ = (
        "_sending",
        "_waiting",
        "_wake",
        "address",
        "closed_by",
        "expires_at",
        "room",
        "viewer",
    )

    def __init__(self, viewer: str, room: str, address: str, expires_at: int | None) -> None:
        self.viewer = viewer
        self.room = room
        self.address = address
        self.expires_at = expires_at
        self.closed_by: str | None = None
        self._waiting: list[Sent] = []
        self._wake: asyncio.Future[None] | None = None
        self._sending: asyncio.Task[None] | None = None

    def offer(self, sent: Sent) -> bool:
        """Queue a message; False when the line does not keep up or is closed."""
        if self.closed_by is not None or len(self._waiting) >= MAX_WAITING:
            return False
        self._waiting.append(sent)
        self._awake()
        return True

    def drop(self, message_id: str) -> None:
        """Send a message that still waits to nobody."""
        self._waiting = [one for one in self._waiting if one.id != message_id]

    def close(self, why: str) -> None:
        """Send nothing more; whoever serves the line ends it for this reason."""
        if self.closed_by is None:
            self.closed_by = why
            self._waiting.clear()
            self._awake()

    def abort(self, why: str) -> None:
        """Close it without a word: whoever does not read would not read that, either."""
        self.close(why)
        if self._sending is not None:
            self._sending.cancel()

    async def run(self, sending: Coroutine[Any, Any, None], listening: Awaitable[None]) -> None:
        """Send and listen until one of the two ends.

        Raises: what listening raises.
        """
        self._sending = task = asyncio.create_task(sending)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None) as until:
                    loop = asyncio.get_running_loop()
                    task.add_done_callback(lambda _: _end(until, loop.time()))
                    await listening
        finally:
            self.close("gone")
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, RuntimeError, OSError):
                await task

    async def take(self) -> list[Sent]:
        """What waits, as soon as there is something; empty when the line is closed."""
        while not self._waiting and self.closed_by is None:
            self._wake = asyncio.get_running_loop().create_future()
            try:
                await self._wake
            finally:
                self._wake = None
        taken, self._waiting = self._waiting, []
        return taken

    def _awake(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)


def _end(until: asyncio.Timeout, now_s: float) -> None:
    """Stop listening, if that goes on."""
    with contextlib.suppress(RuntimeError):
        until.reschedule(now_s)
