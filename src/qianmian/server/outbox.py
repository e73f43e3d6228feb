"""Sends what is in the outbox over one channel, until it is known what came of it.

Before each attempt the row says that it may be there; so after a crash, or where nobody answered, a
channel with a key sends the same again and never anything new, and one without a key nothing. With
a key that is exactly once at a provider that keeps keys, without one at most once. Nothing is sent
after its deadline, to whoever said no, or while the red switch is on.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import msgspec

from qianmian.channels.channel import Channel
from qianmian.channels.verdict import PRIVATE_ADDRESS, Verdict
from qianmian.errors import OperationalError
from qianmian.runtime.outbox import GIVEN, GRACE_MS, WAITING, End, Parcel, wait_ms
from qianmian.server.errands import Errands, Settle
from qianmian.server.seldom import Seldom
from qianmian.storage.sql.outbox import OutboxStore

IN_FLIGHT: Final = 8
INTERRUPTED: Final = "interrupted"
CHANNEL_OFF: Final = "channel_off"

SHUT: Final = "channel_shut"


class Gate(Protocol):
    """Says which channels are shut: nobody is at their address any more."""

    def is_shut(self, channel: str) -> bool:
        """Whether nothing goes over it."""

    def shut(self, channel: str, why: str) -> None:
        """Nothing goes over it from now on."""


Holding = Callable[[Sequence[Parcel]], Awaitable[set[str]]]
"""The ids of those that may still be sent."""


class Outbox(Errands[Parcel]):
    """The outbox of one channel; used on the event loop.

    Args:
        store: with the rows of this channel.
        gate: shut when the provider says that nobody is there any more.
        erased: whether a viewer was erased.
        now: ms UTC.
    """

    def __init__(
        self,
        store: OutboxStore,
        channel: Channel,
        holding: Holding,
        settle: Settle,
        *,
        gate: Gate,
        erased: Callable[[str], bool],
        now: Callable[[], int],
    ) -> None:
        super().__init__(store, settle, GIVEN, erased)
        self._store = store
        self._gate = gate
        self._is_gone = False
        self.channel = channel
        self._holding = holding
        self._now = now
        self._seldom = Seldom(now)

    def counts(self) -> dict[str, int]:
        """How many messages wait, and how others ended within a day.

        Raises: OperationalError.
        """
        return self._store.counts()

    async def follow(self) -> None:
        """As every errand; and say that the channel is shut, for the page of data health.

        Raises: OperationalError, also while it is shut.
        """
        await super().follow()
        if self._is_gone:
            raise OperationalError(
                f"{self.channel.target} said that nobody is there any more, so the channel"
                f" {self.channel.name} is shut; open it again on the page of channels"
                " (docs/channels.md)"
            )

    async def test(self) -> Verdict:
        """Try the channel out, once; it is about nobody and kept nowhere."""
        verdict = await self.channel.test(f"test-{secrets.token_hex(8)}", self._now())
        if verdict.why == PRIVATE_ADDRESS:
            self._warn()
        return verdict

    async def carry_on(self) -> None:
        """Try what is due; where nobody is there, end what waits, so that the next step goes."""
        self._is_gone = await asyncio.to_thread(self._gate.is_shut, self.channel.name)
        if self._is_gone:
            for one in await asyncio.to_thread(self._store.waiting):
                shut: End = "unknown" if one.may_be_there else "rejected"
                await asyncio.to_thread(self._store.end, one.id, shut, SHUT)
            return
        due = await asyncio.to_thread(self._store.due)
        if not due:
            return
        holding = await self._holding(due)
        room = asyncio.Semaphore(IN_FLIGHT)
        over = {one.id: end for one in due if (end := self._end_of(one, is_on=one.id in holding))}
        await asyncio.gather(*(self._ended(one, over[one.id]) for one in due if one.id in over))
        left = [one for one in due if one.id not in over]
        loads = self.channel.loads(left, self._now())
        await asyncio.gather(*(self._tried(load, room) for load in loads))

    def _end_of(self, one: Parcel, *, is_on: bool) -> End | None:
        """How something ends that may not be tried any more; None: it may."""
        if one.may_be_there and not self.channel.is_keyed:
            return "unknown"
        if one.deadline_at > self._now() and is_on:
            return None
        if one.may_be_there:
            return "unknown"
        return "withdrawn" if one.deadline_at > self._now() else "expired"

    async def _ended(self, one: Parcel, end: End) -> None:
        is_cut = one.may_be_there and not self.channel.is_keyed  # we died in the middle of a call
        await asyncio.to_thread(self._store.end, one.id, end, INTERRUPTED if is_cut else one.why)

    async def _tried(self, load: Sequence[Parcel], room: asyncio.Semaphore) -> None:
        """One attempt with what may be sent of a load."""
        async with room:
            if self._is_gone:
                return  # the next look ends it
            wanted = [one for one in load if not self._is_over(one)]
            alone_ms = self.channel.attempt_ms + GRACE_MS
            begun = [
                one for one in wanted if await asyncio.to_thread(self._store.begin, one, alone_ms)
            ]
            ready = [done for one in begun if (done := await self._ready(one)) is not None]
            now = self._now()
            for one in ready:
                if one.deadline_at <= now:  # the database was slow
                    end: End = "unknown" if one.may_be_there else "expired"
                    await asyncio.to_thread(self._store.end, one.id, end, one.why)
            ready = [one for one in ready if one.deadline_at > now]
            if not ready:
                return
            left_ms = min(one.deadline_at for one in ready) - now
            within_ms = min(left_ms, self.channel.attempt_ms)
            verdict = await self.channel.send(ready, now, within_ms=within_ms)
            for one in ready:
                await asyncio.to_thread(self._note, one, verdict)

    def _is_over(self, one: Parcel) -> bool:
        return self._erased(one.viewer) or one.deadline_at <= self._now()

    async def _ready(self, one: Parcel) -> Parcel | None:
        """It, as it can be sent; None: not now."""
        body = await self.channel.completed(one.body, self._now())
        if isinstance(body, Verdict):
            await asyncio.to_thread(self._note, one, body)
            return None
        if body != one.body and not await asyncio.to_thread(self._store.complete, one.id, body):
            return None
        return msgspec.structs.replace(one, body=body)

    def _warn(self) -> None:
        """Somebody set an address that is not called, or a name was led elsewhere: worth a look."""
        if self._seldom(PRIVATE_ADDRESS):
            logging.getLogger(__name__).warning(
                "the channel %s was not called: %s leads into a private network"
                " (docs/channels.md); said once a minute",
                self.channel.name,
                self.channel.target,
            )

    def _note(self, one: Parcel, verdict: Verdict) -> None:
        """What came of an attempt."""
        if verdict.why == PRIVATE_ADDRESS:
            self._warn()
        if verdict.is_gone:
            self._is_gone = True
            self._gate.shut(self.channel.name, verdict.why)
        match verdict.outcome:
            case "delivered":
                self._store.end(one.id, "delivered", "")
            case "rejected":  # this attempt; one before it may have been taken
                end: End = "unknown" if one.may_be_there else "rejected"
                self._store.end(one.id, end, verdict.why)
            case "unknown" if not self.channel.is_keyed:
                self._store.end(one.id, "unknown", verdict.why)
            case "later" | "unknown":
                wait = max(wait_ms(one.attempts), verdict.after_ms or 0)
                maybe = one.may_be_there or verdict.outcome == "unknown"
                self._store.wait(
                    msgspec.structs.replace(
                        one,
                        attempts=one.attempts + 1,
                        next_at=self._now() + wait,
                        may_be_there=maybe,
                        why=verdict.why,
                    )
                )


class Stranded(Errands[Parcel]):
    """What waits for channels that the settings do not name any more; used on the event loop.

    Until its deadline the settings may come back with a restart; then it ends, so that what was
    reserved for it is free again and the next step of its strategy goes.

    Args:
        store: with the rows of those channels.
    """

    def __init__(self, store: OutboxStore, settle: Settle, erased: Callable[[str], bool]) -> None:
        super().__init__(store, settle, GIVEN, erased)
        self._store = store

    def counts(self, channel: str) -> dict[str, int]:
        """How many messages of a channel wait, and how others ended within a day.

        Raises: OperationalError.
        """
        return self._store.of(channel).counts()

    async def carry_on(self) -> None:
        """End what is over."""
        for one in await asyncio.to_thread(self._store.over):
            end: End = "unknown" if one.may_be_there else "expired"
            await asyncio.to_thread(self._store.end, one.id, end, CHANNEL_OFF)

    async def follow(self) -> None:
        """End what is over, and say what still waits.

        Raises: OperationalError while something waits, for the page of data health.
        """
        await super().follow()
        waiting = (await asyncio.to_thread(self._store.counts)).get(WAITING, 0)
        if waiting:
            raise OperationalError(
                f"messages that wait for channels which are not set up any more: {waiting}; set"
                " these up again before their deadlines, or they end unsent (docs/channels.md)"
            )
