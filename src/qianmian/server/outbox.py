"""Sends what is in the outbox over one channel, until it is known what came of it.

Exactly once at a receiver that keeps ids: each attempt has the id of the decision. Before each the
row says that it may be there; so after a crash, or where nobody answered, the same is sent again
and never anything new. Nothing is sent after its deadline, to whoever said no, or while the red
switch is on.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from qianmian.channels.verdict import Verdict
from qianmian.runtime.outbox import GIVEN, End, Parcel, wait_ms
from qianmian.server.errands import Errands, Settle
from qianmian.server.parcels import document
from qianmian.storage.sql.outbox import OutboxStore

IN_FLIGHT: Final = 8

Holding = Callable[[Sequence[Parcel]], Awaitable[set[str]]]
"""The ids of those that may still be sent."""


class Sender(Protocol):
    """A channel for which the id of a message is a key: the receiver does it once."""

    @property
    def target(self) -> str:
        """The host that is called."""

    async def send(
        self, message: str, body: bytes, now_ms: int, *, within_ms: int | None = None
    ) -> Verdict:
        """One attempt."""


class Outbox(Errands[Parcel]):
    """The outbox of a server; used on the event loop.

    Args:
        sender: the channel.
        erased: whether a viewer was erased.
        now: ms UTC.
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
        super().__init__(store, settle, GIVEN, erased)
        self._store = store
        self._sender = sender
        self._holding = holding
        self._now = now

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

    async def carry_on(self) -> None:
        """Try what is due."""
        due = await asyncio.to_thread(self._store.due)
        if due:
            holding = await self._holding(due)
            room = asyncio.Semaphore(IN_FLIGHT)
            tries = (self._tried(one, room, is_on=one.id in holding) for one in due)
            await asyncio.gather(*tries)

    async def _tried(self, one: Parcel, room: asyncio.Semaphore, *, is_on: bool) -> None:
        """One attempt, if there may be one."""
        async with room:
            left_ms = one.deadline_at - self._now()
            if left_ms <= 0 or not is_on:
                late: End = "expired" if left_ms <= 0 else "withdrawn"
                end: End = "unknown" if one.may_be_there else late
                await asyncio.to_thread(self._store.end, one.id, end, one.why)
                return
            if self._erased(one.viewer) or not await asyncio.to_thread(self._store.begin, one.id):
                return
            verdict = await self._sender.send(
                one.id, one.body.encode(), self._now(), within_ms=left_ms
            )
            await asyncio.to_thread(self._note, one, verdict)

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
