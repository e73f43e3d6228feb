"""The laws of asking a coupon system: one code for an act, in time, or none and all given back.

The system is a real server that plays a script; the store is a real database; time is a clock that
the test moves.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qianmian.channels.coupons import CouponSystem, coupon_of
from qianmian.channels.egress import Egress
from qianmian.channels.verdict import Verdict
from qianmian.errors import InputError
from qianmian.runtime.outbox import LONGEST_WAIT_MS
from qianmian.server.issuing import Issuer, Issuing, Order
from qianmian.storage.sql.audit import SYSTEM
from qianmian.storage.sql.codes import CodeStore
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.issued import IssuedStore
from qianmian.storage.sql.tables import ISSUED_CODES
from qianmian.vocabulary.decision import Decision, decision_id, step_id
from qianmian.vocabulary.offer import Coupon, Offer
from tests.contract.outside import HURRY_MS, LONG_MS
from tests.fakes.clock import FakeClock
from tests.fakes.coupon_system import CouponMaker, making
from tests.fakes.receiver import ACTS, CUT, HANG, OK, SECRET, TWICE, listening, said
from tests.serving import now_ms

LASTS_MS = 600_000
OFFER = Offer("gift", "立减十元", "每人一张", is_issued=True)


def act_of(name: str) -> str:
    return decision_id(name, "gifts", 1)


@dataclass
class Server:
    """What waits for codes on one server; `Issuing` of several servers may share a database."""

    store: IssuedStore
    clock: FakeClock
    out: dict[str, Coupon] = field(default_factory=dict)
    released: list[str] = field(default_factory=list)
    withdrawn: set[str] = field(default_factory=set)
    sharing: set[str] = field(default_factory=set)

    def issuing(self, issuer: Issuer | None) -> Issuing:
        return Issuing(
            self.store,
            issuer,
            self._holding,
            self._settle,
            erased=lambda _: False,
            now=self.clock,
            currency="CNY",
        )

    async def _holding(self, orders: Sequence[Order]) -> tuple[set[str], set[str]]:
        return {one.decision.id for one in orders} - self.withdrawn, self.sharing

    async def _settle(self, _given: Sequence[str], released: Sequence[str]) -> None:
        self.released += released

    def decision(self, name: str, step: int = 0, lasts_ms: int = LASTS_MS) -> Decision:
        act, at = act_of(name), self.clock()
        return Decision(
            step_id(act, step) if step else act,
            at,
            f"v-{name}",
            "r1",
            "s1",
            "gifts",
            1,
            name,
            "act",
            offer="gift",
            deadline_at=at + lasts_ms,
            step=step,
        )

    def takes(self, issuing: Issuing, *decisions: Decision) -> None:
        """As a `Delivery` does: once its code is there it reads it and goes out."""
        for one in decisions:
            issuing.take(Order(one, OFFER, "in_room", self._sent(one)))

    def _sent(self, decision: Decision) -> Callable[[], None]:
        def send() -> None:
            assert decision.id not in self.out, "it went out before"
            assert self.clock() < decision.deadline_at
            found = self.store.of([decision.first])[decision.first].coupon
            assert found is not None
            self.out[decision.id] = found

        return send

    async def until_over(self, issuing: Issuing, *decisions: Decision) -> None:
        for _ in range(LASTS_MS // 5_000 + 2):
            await issuing.follow()
            if {one.id for one in decisions} == self.out.keys() | set(self.released):
                return
            self.clock.pass_ms(5_000)
        raise AssertionError("it waits for ever")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database.in_file(tmp_path_factory.mktemp("coupons") / "q.db").migrated()
    yield opened
    opened.close()


def new_server(database: Database) -> Server:
    with database.write() as connection:
        connection.execute(ISSUED_CODES.delete())
    clock = FakeClock(now_ms())
    return Server(IssuedStore(database, clock), clock)


@pytest.fixture
def server(database: Database) -> Server:
    return new_server(database)


@settings(max_examples=25)
@given(
    script=st.lists(
        st.sampled_from([OK, TWICE, CUT, said(429, retry_after="7"), said(503), said(400)]),
        max_size=15,
    ),
    names=st.integers(1, 4),
)
def test_an_act_has_one_code_or_gives_back_what_it_held(
    database: Database, script: list[bytes], names: int
) -> None:
    async def story() -> None:
        server = new_server(database)
        async with making(script) as maker:
            issuing = server.issuing(maker.system(LONG_MS))
            acts = [server.decision(name) for name in "abcd"[:names]]
            server.takes(issuing, *acts)
            await server.until_over(issuing, *acts)
            assert not server.out.keys() & set(server.released)
            assert len(server.released) == len(set(server.released))
            for name, coupon in server.out.items():
                assert coupon.code == maker.codes[name], "the one that was made under this id"
            if said(400) not in script:
                assert server.out.keys() == {one.id for one in acts}, "it was asked until it said"

    asyncio.run(story())


@pytest.mark.parametrize("lost", [HANG, CUT, said(503)])
def test_what_was_made_and_not_heard_of_is_asked_for_again_under_the_same_id(
    server: Server, lost: bytes
) -> None:
    async def story() -> None:
        async with making([lost]) as maker:
            maker.codes[act_of("a")] = "MADE-BEFORE"
            issuing = server.issuing(maker.system(HURRY_MS if lost == HANG else LONG_MS))
            act = server.decision("a")
            server.takes(issuing, act)
            await server.until_over(issuing, act)
            assert (maker.tries, list(maker.codes)) == ({act.id: 2}, [act.id])
            assert server.out[act.id].code == "MADE-BEFORE"

    asyncio.run(story())


def test_a_server_that_dies_while_it_asks_shows_the_same_code_after_its_restart(
    server: Server,
) -> None:
    async def story() -> None:
        async with making([HANG]) as maker:
            act = server.decision("a")
            dies = server.issuing(maker.system(LONG_MS))
            server.takes(dies, act)
            looking = asyncio.ensure_future(dies.follow())
            await maker.hung.wait()
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            again = server.issuing(maker.system(LONG_MS))
            server.takes(again, act)
            await server.until_over(again, act)
            await server.issuing(None).follow()
            assert (len(maker.codes), server.out[act.id].code) == (1, maker.codes[act.id])

    asyncio.run(story())


def test_nobody_is_asked_after_the_deadline_and_the_next_step_asks_for_the_same_code(
    server: Server,
) -> None:
    async def story() -> None:
        async with making([said(503)]) as maker:
            issuing = server.issuing(maker.system(LONG_MS))
            first = server.decision("a", lasts_ms=1_000)
            server.takes(issuing, first)
            await issuing.follow()
            server.clock.pass_ms(1_000)
            await issuing.follow()
            assert (maker.tries.total(), server.released) == (1, [first.id])
            assert await issuing.ends([first]) == {first.id: "issue_unanswered"}
            follows = server.decision("a", step=1)
            server.takes(issuing, follows)
            await issuing.follow()
            assert maker.tries == {first.id: 2}
            assert (list(server.out), server.out[follows.id].code) == (
                [follows.id],
                maker.codes[first.id],
            )

    asyncio.run(story())


def test_what_was_refused_is_refused_to_each_step_and_says_so(server: Server) -> None:
    async def story() -> None:
        async with making([said(200, json.dumps({"errcode": 7}))]) as maker:
            issuing = server.issuing(maker.system(LONG_MS))
            steps = [server.decision("a"), server.decision("a", step=1)]
            assert await issuing.ends(steps) == {}
            for one in steps:
                server.takes(issuing, one)
                await issuing.follow()
            assert (maker.tries.total(), server.out) == (1, {})
            assert server.released == [one.id for one in steps]
            assert set((await issuing.ends(steps)).values()) == {"not_issued"}
            assert issuing.undelivered == {"in_room": 2}

    asyncio.run(story())


def test_who_throttles_is_left_alone_as_long_as_it_says(server: Server) -> None:
    async def story() -> None:
        async with making([said(429, retry_after="90")]) as maker:
            issuing = server.issuing(maker.system(LONG_MS))
            act = server.decision("a")
            server.takes(issuing, act)
            for waited in (0, 60_000, 29_999):
                server.clock.pass_ms(waited)
                await issuing.follow()
                assert (maker.tries.total(), server.out) == (1, {})
            assert await issuing.ends([act]) == {act.id: "issuing"}
            server.clock.pass_ms(1)
            await issuing.follow()
            assert (maker.tries.total(), list(server.out)) == (2, [act.id])

    asyncio.run(story())


def test_what_does_not_hold_any_more_is_not_asked_for(server: Server) -> None:
    async def story() -> None:
        async with making([said(429)]) as maker:
            issuing = server.issuing(maker.system(LONG_MS))
            act = server.decision("a")
            server.takes(issuing, act)
            await issuing.follow()
            server.withdrawn = {act.id}
            server.clock.pass_ms(LONGEST_WAIT_MS)
            await issuing.follow()
            assert (maker.tries.total(), server.released, server.out) == (1, [act.id], {})

    asyncio.run(story())


def test_the_viewer_is_named_only_if_they_share_data(server: Server) -> None:
    async def story() -> None:
        async with making([]) as maker:
            server.sharing = {"v-a"}
            issuing = server.issuing(maker.system(LONG_MS))
            acts = [server.decision(name) for name in "ab"]
            server.takes(issuing, *acts)
            await issuing.follow()
            asked = [maker.given[one.id] for one in acts]
            assert [one["data"]["viewer"] for one in asked] == ["v-a", None]
            assert {one["type"] for one in asked} == {"coupon.requested"}
            assert [one["data"]["id"] for one in asked] == [one.id for one in acts]
            assert not [one for one in asked if "v-b" in json.dumps(one)]

    asyncio.run(story())


def test_a_code_that_is_somebody_elses_is_shown_to_nobody(server: Server) -> None:
    async def story() -> None:
        async with making([]) as maker:
            acts = [server.decision(name) for name in "abc"]
            CodeStore(server.store._database, server.clock).add("ten", ["OF-A-TABLE"], SYSTEM)
            maker.codes |= {acts[0].id: "THE-SAME", acts[1].id: "THE-SAME"}
            maker.codes[acts[2].id] = "OF-A-TABLE"
            issuing = server.issuing(maker.system(LONG_MS))
            for one in acts:
                server.takes(issuing, one)
                await issuing.follow()
            assert list(server.out) == [acts[0].id]
            assert server.released == [acts[1].id, acts[2].id]

    asyncio.run(story())


def test_two_servers_that_ask_at_once_show_the_code_that_came_first(server: Server) -> None:
    """Even where the system keeps no ids, and makes a code each time."""

    class Forgetful(CouponMaker):
        def said(self, name: str, reply: bytes) -> bytes:
            return super().said(f"{name}-{self.tries[name]}", reply)

    async def story() -> None:
        async with listening(Forgetful()) as maker:
            act = server.decision("a")
            other = Server(server.store, server.clock)
            both = [(one, one.issuing(maker.system(LONG_MS))) for one in (server, other)]
            for one, issuing in both:
                one.takes(issuing, act)
            await asyncio.gather(*(issuing.follow() for _, issuing in both))
            assert server.out[act.id] == other.out[act.id]

    asyncio.run(story())


def test_without_a_coupon_system_nothing_goes_out(server: Server) -> None:
    async def story() -> None:
        issuing, act = server.issuing(None), server.decision("a")
        server.takes(issuing, act)
        await issuing.follow()
        assert (server.out, server.released) == ({}, [act.id])

    asyncio.run(story())


@pytest.mark.parametrize(
    ("body", "coupon"),
    [
        ({"code": "ABC-1234"}, Coupon("ABC-1234")),
        (
            {"code": "ABC-1234", "valid_until": "1970-01-01T00:10:00Z", "url": "https://a.cn/x"},
            Coupon("ABC-1234", 600_000, "https://a.cn/x"),
        ),
        ({"code": "ABC-1234", "valid_until": "1970-01-01T08:10:00+08:00"}, 600_000),
        ({"code": "ABC-1234", "valid_until": "1970-01-01T00:10:00"}, None),  # of which zone?
        ({"code": "ABC-1234", "valid_until": "1970-01-01T00:00:01Z"}, None),  # over
        ({"code": "ABC-1234", "url": "http://a.cn/x"}, None),
        ({"code": "ABC-1234", "url": "//a.cn/x"}, None),
        ({"code": "short"}, None),
        ({"code": "<b>ABC-1234</b>"}, None),
        ({"code": None}, None),
        ({}, None),
        ([], None),
    ],
)
def test_what_an_answer_gives(body: object, coupon: Coupon | int | None) -> None:
    found = coupon_of(json.dumps(body).encode(), 1_000)
    if coupon is None:
        assert found == Verdict("rejected", "no_code")
    elif isinstance(coupon, int):
        assert isinstance(found, Coupon)
        assert found.valid_until == coupon
    else:
        assert found == coupon


def test_a_test_makes_no_coupon_and_no_secret_is_shown(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> list[str]:
        async with making([OK, ACTS["refuses"], CUT]) as maker:
            system = maker.system(LONG_MS)
            assert (await system.test("test-1", server.clock())).outcome == "delivered"
            assert (await system.test("test-2", server.clock())).outcome == "rejected"
            assert {one["type"] for one in maker.given.values()} == {"test"}
            issuing, act = server.issuing(system), server.decision("a")
            server.takes(issuing, act)
            await server.until_over(issuing, act)
            return [repr(system), system.target, repr(issuing)]

    with caplog.at_level(logging.DEBUG):
        shown = asyncio.run(story())
    path = server.store._database._engine.url.database
    assert path is not None
    shown += [Path(path).read_bytes().decode("latin-1"), caplog.text]
    assert not [one for one in shown if SECRET in one or SECRET[6:20] in one]


@pytest.mark.parametrize("url", ["http://shop.example/coupons", "ftp://a", "https://u:p@a/x"])
def test_an_address_that_is_never_called_is_refused(url: str) -> None:
    with pytest.raises(InputError):
        CouponSystem(url, SECRET, Egress(), allow_private=False)
