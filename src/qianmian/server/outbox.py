"""Sends what is in the outbox over one channel, until it is known what came of it.

Exactly once at a receiver that keeps ids: each attempt has the id of the decision. Before each the
row says that it may be there; so after a crash, or where nobody answered, the same is sent again
and never anything new. Nothing is sent after its deadline, to whoever said no, or while the red
switch is on.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from qianmian.channels.verdict import Verdict
from qianmian.errors import QianmianError
from qianmian.runtime.outbox import GIVEN, End, Parcel, wait_ms
from qianmian.server.parcels import document
from qianmian.storage.sql.outbox import OutboxStore

LOOK_S: Final = 0.5
IN_FLIGHT: Final = 8

Holding = Callable[[Sequence[Parcel]], Awaitable[set[str]]]
"""The ids of those that may still be sent."""
Settle = Callable[[Sequence[str], Sequence[str]], Awaitable[None]]


class Sender(Protocol):
    """A channel for which the id of a message is a key: the receiver does it once."""

    @property
    def target(self) -> str:
        """The host that is called."""

    async def send(
        self, message: str, body: bytes, now_ms: int, *, within_ms: int | None = None
    ) -> Verdict:
        """One attempt."""


class Outbox:
    """The outbox of a server; used on the event loop.

    Args:
        sender: the channel.
        settle: tells the log which decisions were delivered, and which never will be.
        erased: whether a viewer was erased.
        now: ms UTC.

    Attributes:
        problem: why the last look failed; None when it did not. It is tried again.
    """

    def __init__(
        self,
        store: OutboxStore,
        sender: Sender,
        holding: Holding,
        settle: Settle,
        *,
        erased: Callable[[str], bool],
        now: Callable[[], int],
    ) -> None:
        self._store = store
        self._sender = sender
        self._holding = holding
        self._settle = settle
        self._erased = erased
        self._now = now
        self._coming: list[Parcel] = []
        self._woken = asyncio.Event()
        self.problem: QianmianError | None = None

    def take(self, parcel: Parcel) -> None:
        """This is to be sent; it is in the database after the next look."""
        self._coming.append(parcel)
        self._woken.set()

    @property
    def target(self) -> str:
        """The host that is called."""
        return self._sender.target

    def counts(self) -> dict[str, int]:
        """How many messages wait, and how others ended within a day.

        Raises: OperationalError.
        """
        return self._store.counts()

    async def test(self) -> Verdict:
        """Send a message of the type `test`, once; it is about nobody and kept nowhere."""
        now, name = self._now(), f"test-{secrets.token_hex(8)}"
        body = document("test", now, {"id": name})
        return await self._sender.send(name, body.encode(), now)

    async def follow(self) -> None:
        """Keep what came, try what is due, and tell the log what ended.

        Raises: QianmianError, and then it is tried again.
        """
        coming = self._coming.copy()
        if coming:
            await asyncio.to_thread(self._store.add, coming, self._erased)
            del self._coming[: len(coming)]
        due = await asyncio.to_thread(self._store.due)
        if due:
            holding = await self._holding(due)
            room = asyncio.Semaphore(IN_FLIGHT)
            tries = (self._tried(one, room, is_on=one.id in holding) for one in due)
            await asyncio.gather(*tries)
        ended = await asyncio.to_thread(self._store.untold)
        if ended:
            given = [parcel for parcel, end in ended if end in GIVEN]
            released = [parcel for parcel, end in ended if end not in GIVEN]
            await self._settle(given, released)
            await asyncio.to_thread(self._store.note_told, [*given, *released])

    async def keep_following(self) -> None:
        """`follow` until cancelled; a problem is kept for the page of data health."""
        while True:
            self._woken.clear()
            try:
                await self.follow()
                self.problem = None
            except QianmianError as problem:
                self.problem = problem
                self._woken.clear()  # it is not tried again at once
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), LOOK_S)

    async def _tried(self, one: Parcel, room: asyncio.Semaphore, *, is_on: bool) -> None:
        """One attempt, if there may be one."""
        async with room:
            if self._left_ms(one) <= 0 or not is_on:
                await asyncio.to_thread(self._give_up, one)
                return
            if self._erased(one.viewer) or not await asyncio.to_thread(self._store.begin, one.id):
                return
            now = self._now()
            if one.deadline_at <= now:  # the database was slow
                await asyncio.to_thread(self._give_up, one)
                return
            verdict = await self._sender.send(
                one.id, one.body.encode(), now, within_ms=one.deadline_at - now
            )
            await asyncio.to_thread(self._note, one, verdict)

    def _left_ms(self, one: Parcel) -> int:
        return one.deadline_at - self._now()

    def _give_up(self, one: Parcel) -> None:
        """No attempt is made any more; one before may have been taken."""
        late: End = "expired" if self._left_ms(one) <= 0 else "withdrawn"
        self._store.end(one.id, "unknown" if one.may_be_there else late, one.why)

    def _note(self, one: Parcel, verdict: Verdict) -> None:
        """What came of an attempt."""
        match verdict.outcome:
            case "delivered":
                self._store.end(one.id, "delivered", "")
            case "rejected":  # this attempt; one before it may have been taken
                end: End = "unknown" if one.may_be_there else "rejected"
                self._store.end(one.id, end, verdict.why)
            case "later" | "unknown":
                wait = max(wait_ms(one.attempts), verdict.after_ms or 0)
                maybe = one.may_be_there or verdict.outcome == "unknown"
                self._store.wait(
                    one.id, next_at=self._now() + wait, may_be_there=maybe, why=verdict.why
                )
