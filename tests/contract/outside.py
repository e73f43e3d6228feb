"""What the laws of channels to the outside are asked of: a real outbox over a real database.

Each channel has a row: its provider, a real server on a real socket that plays a script of acts.
The laws are in `test_channels.py`; time is a clock that the test moves.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from qianmian.channels.channel import Channel, Message
from qianmian.runtime.outbox import Parcel
from qianmian.runtime.persons import Erasure
from qianmian.server.errands import Settle
from qianmian.server.outbox import Outbox
from qianmian.storage.sql.audit import SYSTEM
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.gates import ChannelGates
from qianmian.storage.sql.outbox import OutboxStore
from qianmian.vocabulary.offer import Offer
from tests.fakes.clock import FakeClock
from tests.serving import now_ms

Act = Literal["does", "later", "refuses", "hangs", "cuts"]
"""Does it and says so; does nothing now; never will; does it, and never answers, or half."""

TEN_MINUTES = 600_000
NAMES = "abcdefgh"
HURRY_MS = 1_000
"""A provider that hangs has not answered by then; others have much longer, on any machine."""
LONG_MS = 60_000


class Provider(Protocol):
    """A provider that plays a script, and does what it is told after its end.

    Attributes:
        reached: how often what was said for a name was done.
        tries: requests that would do something, by name.
        hung: somebody waits for an answer that never comes.
    """

    @property
    def reached(self) -> Counter[str]:
        """By name."""

    @property
    def tries(self) -> Counter[str]:
        """By name."""

    @property
    def hung(self) -> asyncio.Event:
        """Set for good."""

    def channel(self, timeout_ms: int) -> Channel:
        """Ours, over it."""


@dataclass(frozen=True)
class Row:
    """A channel, and how to play its provider. `secrets` may be seen nowhere."""

    name: str
    secrets: tuple[str, ...]
    playing: Callable[[Sequence[Act]], AbstractAsyncContextManager[Provider]]


@dataclass
class Shop:
    """A database, and what the log was told of each decision."""

    store: OutboxStore
    clock: FakeClock
    gates: ChannelGates
    given: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)

    async def settle(self, given: Sequence[str], released: Sequence[str]) -> None:
        self.given += given
        self.released += released

    async def holding(self, parcels: Sequence[Parcel]) -> set[str]:
        return {one.id for one in parcels if one.viewer not in self.refuses}

    def outbox(self, channel: Channel, *, settle: Settle | None = None) -> Outbox:
        """A new one, as after a start."""
        return Outbox(
            self.store.of(channel.name),
            channel,
            self.holding,
            settle or self.settle,
            gate=self.gates,
            erased=self.refuses.__contains__,
            now=self.clock,
        )

    def parcel(
        self, channel: Channel, name: str, lasts_ms: int = TEN_MINUTES, *, after_ms: int = 0
    ) -> Parcel:
        now = self.clock()
        return Parcel(
            id=name,
            channel=channel.name,
            viewer=f"v-{name}",
            strategy="help",
            version=1,
            body=channel.body_of(message_of(name, now, now + lasts_ms)),
            deadline_at=now + lasts_ms,
            next_at=now + after_ms,
        )

    async def until_over(self, *outboxes: Outbox) -> None:
        """All look again and again at once, some seconds apart."""
        for _ in range(TEN_MINUTES // 5_000 + 2):
            await asyncio.gather(*(one.follow() for one in outboxes))
            if not self.store.counts().get("waiting"):
                return
            self.clock.pass_ms(5_000)
        raise AssertionError("it waits for ever")


def message_of(name: str, at: int, deadline_at: int, code: str | None = None) -> Message:
    """What is said for a name."""
    return Message(
        id=name,
        viewer=f"v-{name}",
        room="r1",
        at=at,
        deadline_at=deadline_at,
        strategy="help",
        version=1,
        names={},
        moment="price_question",
        product="p1",
        product_title="羊毛袜",
        title=f"for {name}.",
        body="Ten <off> & more",
        action_label="看看",
        action_url="https://shop.example/p1",
        offer=None if code is None else Offer("ten_off", "立减十元", "每人一张"),
        code=code,
        currency="CNY",
    )


def new_shop(database: Database) -> Shop:
    """With an empty outbox, at this very time: signatures are of now."""
    clock = FakeClock(now_ms())
    store = OutboxStore(database, clock)
    store.forget(Erasure({f"v-{name}": "" for name in NAMES}, 0))
    gates = ChannelGates(database, clock)
    for channel in gates.shut_at():
        gates.open(channel, SYSTEM)
    return Shop(store, clock, gates)
