"""The laws of channels, asked of those inside: cards in the room, prompts of the host, follow-ups.

They have no provider, so no error of one is to be mapped, and nothing of theirs can be unknown.
What is asked is what a reader sees: a page, the host, customer service. The wiring is the server's;
for the engine stands what it is asked and told.
"""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, get_args

import pytest

from qianmian.errors import NotThere, OperationalError
from qianmian.server.api.channels import Inside
from qianmian.server.run import Outlets, begin_deciding
from qianmian.server.viewers.hub import ViewersHub
from qianmian.server.viewers.line import Line
from qianmian.storage.sql.audit import SYSTEM, Actor
from qianmian.storage.sql.codes import CodeStore
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.follow_ups import FollowUpStore
from qianmian.storage.sql.issued import IssuedStore
from qianmian.storage.sql.outbox import OutboxStore
from qianmian.storage.sql.room_lists import RoomListStore
from qianmian.storage.sql.tables import FOLLOW_UPS, OFFER_CODES
from qianmian.strategies.strategy import Step, Strategies
from qianmian.vocabulary.consent import EVERY_CHANNEL, MARKETING, Consent
from qianmian.vocabulary.decision import Decision, decision_id
from qianmian.vocabulary.product import Product
from qianmian.vocabulary.room_message import Receipt
from tests.fakes.clock import FakeClock
from tests.live_page import turn
from tests.serving import WAIT_S
from tests.strategy_shop import offer, strategy

LASTS_MS = 60_000
CODES = ("CODE-OF-A", "CODE-OF-B")
ANNA = Actor("account", "1", "Anna")
NO = {(MARKETING, EVERY_CHANNEL): Consent(1, 1, granted=False)}
PRODUCTS = Product("v-a", "面霜"), Product("v-b", "口红")  # of each another card for the host
TURNS = 40


@dataclass
class Engine:
    """What a server asks and tells: rules, consents, sessions; decisions and their ends."""

    clock: FakeClock
    rules: Strategies
    said: dict[str, Any] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=lambda: {"r1": "s1"})
    acts: list[Decision] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    is_full: bool = False
    hears: list[Callable[[Sequence[Decision]], None]] = field(default_factory=list)

    async def ask(self, read: Callable[[Any], Any]) -> Any:
        return read(
            SimpleNamespace(
                decider=SimpleNamespace(rules=self.rules),
                consents=SimpleNamespace(of=lambda viewer: self.said.get(viewer, {})),
                engine=SimpleNamespace(session_of=self.sessions.get),
                products=PRODUCTS,
                views=SimpleNamespace(is_sold_out=lambda room, product: False),
            )
        )

    def tell_decisions(self, hear: Callable[[Sequence[Decision]], None]) -> None:
        self.hears.append(hear)

    async def lately_decided(self) -> list[Decision]:
        over, now = {*self.given, *self.released}, self.clock()
        return [one for one in self.acts if one.id not in over and one.deadline_at > now]

    async def settle_decisions(
        self, delivered: Sequence[str], released: Sequence[str], _unseen: Sequence[str]
    ) -> None:
        if self.is_full:
            raise OperationalError("the disk is full")
        self.given += delivered
        self.released += released

    async def decide_by(self, *_: Any) -> None:
        raise AssertionError("nobody changes strategies")


class Server(ABC):
    """One server, and the reader of its channel."""

    name: ClassVar[str]

    def __init__(self, engine: Engine, hub: ViewersHub, outlets: Outlets) -> None:
        self.engine, self.hub, self.outlets = engine, hub, outlets

    @abstractmethod
    async def sees(self, viewer: str, room: str = "r1") -> list[str]:
        """What is there to be read now about a viewer."""

    @abstractmethod
    async def reads(self, viewer: str) -> str:
        """All the words of that."""

    @abstractmethod
    async def had(self, act: str) -> None:
        """The reader says that it was had, said, done; where that is refused, nothing."""

    async def look(self) -> None:
        """The server carries on, once."""
        for one in (self.outlets.withdrawals, self.outlets.follow_ups):
            await one.follow()


class InRoom(Server):
    name = "in_room"

    async def _frames(self, viewer: str, room: str = "r1") -> list[dict[str, Any]]:
        await self.hub.before_join(viewer, room)
        line = Line(viewer, room, "address", None)
        self.hub.join(line, json.dumps({"type": "welcome"}), ())
        sent = [json.loads(one.text) for one in await line.take()]
        self.hub.leave(line)
        return [one for one in sent if one["type"] == "message"]

    async def sees(self, viewer: str, room: str = "r1") -> list[str]:
        return [one["id"] for one in await self._frames(viewer, room)]

    async def reads(self, viewer: str) -> str:
        return json.dumps(await self._frames(viewer), ensure_ascii=False)

    async def had(self, act: str) -> None:
        viewer = next(one.viewer for one in self.engine.acts if one.id == act)
        await self.hub.acknowledge(viewer or "", "r1", act, "delivered")


class ByHost(Server):
    name = "host"

    async def sees(self, viewer: str, room: str = "r1") -> list[str]:
        await self.outlets.withdrawals.check("host", room)
        open_ones = {one.id for one in self.outlets.prompts.open(room)}
        return [one.id for one in self.engine.acts if one.viewer == viewer and one.id in open_ones]

    async def reads(self, viewer: str) -> str:
        return repr(self.outlets.prompts.open("r1"))

    async def had(self, act: str) -> None:
        try:
            await self.outlets.prompts.answer("r1", act, "said")
        except NotThere:
            return


class ByService(Server):
    name = "follow_up"

    async def sees(self, viewer: str, room: str = "r1") -> list[str]:
        await self.outlets.follow_ups.follow()
        desk = await self.outlets.follow_ups.of(ANNA)
        mine = [*desk.mine, *desk.open]
        return [one.id for one in mine if (one.viewer, one.room) == (viewer, room)]

    async def reads(self, viewer: str) -> str:
        return repr(await self.outlets.follow_ups.of(ANNA))

    async def had(self, act: str) -> None:
        if await self.outlets.follow_ups.step(act, "claim", ANNA) == "claimed":
            await self.outlets.follow_ups.step(act, "done", ANNA)
            await self.outlets.follow_ups.follow()


KINDS: tuple[type[Server], ...] = (InRoom, ByHost, ByService)


@dataclass
class Shop:
    """A database and an engine that outlive their servers."""

    database: Database
    engine: Engine
    kind: type[Server]

    async def server(self) -> Server:
        """A new one, as after a start: what was decided and has no end is published again."""
        engine, database, clock = self.engine, self.database, self.engine.clock
        engine.hears.clear()
        hub = ViewersHub(clock)

        async def receipt(told: Receipt) -> None:
            await engine.settle_decisions([told.message_id], [], [])

        hub.on_receipt = receipt
        home: Any = SimpleNamespace(
            deployment=engine,
            settings=SimpleNamespace(currency="CNY", public_url=""),
            codes=CodeStore(database, clock),
            issued=IssuedStore(database, clock),
            follow_ups=FollowUpStore(database, clock),
            outbox=OutboxStore(database, clock),
            room_lists=RoomListStore(database, clock),
            persons=SimpleNamespace(refusals=SimpleNamespace(has=lambda _: False)),
            strategies=SimpleNamespace(rules=engine.rules),
            definitions=(),
        )
        viewers: Any = SimpleNamespace(hub=hub)
        outlets = await begin_deciding(home, viewers, clock, ())
        return self.kind(engine, hub, outlets)

    def decides(self, *viewers: str) -> list[Decision]:
        """Acts about these, heard by the server that runs."""
        at = self.engine.clock()
        made = [
            Decision(
                decision_id(viewer, "help", 1),
                at,
                viewer,
                "r1",
                "s1",
                "help",
                1,
                viewer,
                "act",
                channels=(self.kind.name,),
                offer="ten_off",
                deadline_at=at + LASTS_MS,
                code=len(self.engine.acts) + n,
                key=viewer,
            )
            for n, viewer in enumerate(viewers)
        ]
        self.engine.acts += made
        self.hears(made)
        return made

    def hears(self, made: Sequence[Decision]) -> None:
        for hear in self.engine.hears:
            hear(made)


async def settled() -> None:
    """Whatever was to be published is."""
    for _ in range(TURNS):
        await turn()


async def seen(server: Server, viewer: str) -> list[str]:
    """What is there once there is something: it is read from the database by another thread."""
    async with asyncio.timeout(WAIT_S):
        while not (found := await server.sees(viewer)):
            await turn()
        return found


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database.in_file(Path(tmp_path_factory.mktemp("inside")) / "q.db").migrated()
    yield opened
    opened.close()


@pytest.fixture(params=KINDS, ids=lambda one: one.name)
def shop(request: pytest.FixtureRequest, database: Database) -> Shop:
    kind: type[Server] = request.param
    clock = FakeClock()
    with database.write() as connection:
        for table in (FOLLOW_UPS, OFFER_CODES):
            connection.execute(table.delete())
    CodeStore(database, clock).add("ten_off", CODES, SYSTEM)
    steps = (Step(kind.name, title="给你的券", body="{product|这款}{offer|优惠}"),)  # type: ignore[arg-type]
    rules = Strategies((strategy("help", steps=steps),), (offer(),), codes={"ten_off": len(CODES)})
    return Shop(database, Engine(clock, rules), kind)


def test_every_channel_inside_has_a_reader() -> None:
    assert sorted(one.name for one in KINDS) == sorted(get_args(Inside))


def test_each_is_there_once_however_often_it_is_published_and_ends_once(shop: Shop) -> None:
    async def story() -> None:
        server = await shop.server()
        a, b = shop.decides("v-a", "v-b")
        shop.hears([a, b])
        assert await seen(server, "v-a") == [a.id]
        assert await seen(server, "v-b") == [b.id]
        shop.hears([a])
        await asyncio.gather(server.had(a.id), server.had(a.id))
        await server.look()
        assert (shop.engine.given, shop.engine.released) == ([a.id], [])
        assert await server.sees("v-b") == [b.id]

    asyncio.run(story())


def test_after_a_restart_what_has_no_end_is_there_and_what_was_had_is_not(shop: Shop) -> None:
    async def story() -> None:
        dies = await shop.server()
        a, b = shop.decides("v-a", "v-b")
        assert (await seen(dies, "v-a"), await seen(dies, "v-b")) == ([a.id], [b.id])
        await dies.had(a.id)
        again = await shop.server()
        assert await seen(again, "v-b") == [b.id]
        if shop.kind is not ByHost:  # who said it is asked again about nothing
            assert await again.sees("v-a") == []
        await again.had(b.id)
        await again.look()
        assert Counter(shop.engine.given) == {a.id: 1, b.id: 1}

    asyncio.run(story())


def test_nothing_is_there_at_its_deadline(shop: Shop) -> None:
    async def story() -> None:
        server = await shop.server()
        (a,) = shop.decides("v-a")
        await seen(server, "v-a")
        shop.engine.clock.pass_ms(LASTS_MS - 1)
        assert await server.sees("v-a") == [a.id]
        shop.engine.clock.pass_ms(1)
        assert await server.sees("v-a") == []
        if shop.kind is not InRoom:  # a page that was shown it may say so half a minute later
            await server.had(a.id)
            assert shop.engine.given == []
        shop.hears([a])
        await settled()
        assert await server.sees("v-a") == []

    asyncio.run(story())


def no(shop: Shop) -> None:
    shop.engine.said["v-a"] = NO


def stopped(shop: Shop) -> None:
    shop.engine.rules = Strategies()


@pytest.mark.parametrize("cause", [no, stopped])
def test_what_does_not_hold_any_more_is_taken_back_and_given_back_once(
    shop: Shop, cause: Callable[[Shop], None]
) -> None:
    async def story() -> None:
        server = await shop.server()
        a, b = shop.decides("v-a", "v-b")
        assert (await seen(server, "v-a"), await seen(server, "v-b")) == ([a.id], [b.id])
        cause(shop)
        assert await server.sees("v-a") == []
        for _ in range(2):
            await server.look()
        stays = [b.id] if cause is no else []
        assert await server.sees("v-b") == stays
        assert Counter(shop.engine.released) == {one.id: 1 for one in (a, b) if one.id not in stays}
        shop.hears([a])
        await settled()
        assert await server.sees("v-a") == [], "it does not come again"

    asyncio.run(story())


def test_another_session_of_the_room_takes_back_what_was_said_in_this_one(shop: Shop) -> None:
    """Customer service writes to who was here, also when the session is over."""

    async def story() -> None:
        server = await shop.server()
        (a,) = shop.decides("v-a")
        await seen(server, "v-a")
        shop.engine.sessions["r1"] = "s2"
        await server.look()
        is_kept = shop.kind is ByService
        assert await server.sees("v-a") == ([a.id] if is_kept else [])
        assert shop.engine.released == ([] if is_kept else [a.id])

    asyncio.run(story())


def test_a_log_that_cannot_be_written_is_told_later(shop: Shop) -> None:
    async def story() -> None:
        server = await shop.server()
        a, b = shop.decides("v-a", "v-b")
        assert (await seen(server, "v-a"), await seen(server, "v-b")) == ([a.id], [b.id])
        shop.engine.is_full = True
        no(shop)
        with pytest.raises(OperationalError):
            await server.look()
        if shop.kind is not InRoom:  # receipts wait in a queue of their own (`ViewersDesk`)
            with pytest.raises(OperationalError):
                await server.had(b.id)
        assert (shop.engine.given, shop.engine.released) == ([], [])
        shop.engine.is_full = False
        await server.had(b.id)
        await server.look()
        assert (shop.engine.given, shop.engine.released) == ([b.id], [a.id])

    asyncio.run(story())


def test_another_room_and_another_viewer_see_nothing(shop: Shop) -> None:
    async def story() -> None:
        server = await shop.server()
        shop.decides("v-a")
        await seen(server, "v-a")
        assert await server.sees("v-b") == []
        assert await server.sees("v-a", "r2") == []

    asyncio.run(story())


def test_a_code_is_read_by_its_viewer_and_by_nobody_of_the_shop_who_has_not_claimed_it(
    shop: Shop,
) -> None:
    async def story() -> None:
        server = await shop.server()
        a, _ = shop.decides("v-a", "v-b")
        await seen(server, "v-a")
        words = await server.reads("v-a")
        assert "立减十元" in words
        assert ("CODE-OF-A" in words) is (shop.kind is InRoom)
        assert "CODE-OF-B" not in words
        if shop.kind is ByService:
            await server.outlets.follow_ups.step(a.id, "claim", ANNA)
            (mine,) = (await server.outlets.follow_ups.of(ANNA)).mine
            assert mine.claim is not None
            assert await server.outlets.codes.read(mine.claim) == "CODE-OF-A"

    asyncio.run(story())
