"""The laws of channels to the outside, asked of each: once, never late, never without consent.

The providers are real servers that play scripts; the outbox is the real one over a real database;
time is a clock that the test moves.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qianmian.errors import InputError, OperationalError
from qianmian.runtime.outbox import GRACE_MS, LONGEST_WAIT_MS
from qianmian.runtime.persons import Erasure
from qianmian.server.api.channels import Outside
from qianmian.storage.sql.audit import SYSTEM
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.errands import KEPT_MS
from tests.contract.outside import HURRY_MS, LONG_MS, NAMES, Act, Row, Shop, message_of, new_shop
from tests.fakes import mail_server, push_server, robot
from tests.fakes import receiver as webhooks

ROWS = [
    Row("webhook", (webhooks.SECRET, webhooks.SECRET[6:20]), webhooks.playing),
    Row("email", (mail_server.PASSWORD,), mail_server.playing),
    Row("bot", (robot.TOKEN, robot.SECRET[3:]), robot.playing),
    Row("push", (push_server.SECRET, push_server.MARK), push_server.playing),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database.in_file(tmp_path_factory.mktemp("outbox") / "q.db").migrated()
    yield opened
    opened.close()


@pytest.fixture
def shop(database: Database) -> Shop:
    return new_shop(database)


@pytest.fixture(scope="module", params=ROWS, ids=lambda one: one.name)
def row(request: pytest.FixtureRequest) -> Row:
    found: Row = request.param
    return found


def test_every_channel_has_a_row() -> None:
    assert sorted(one.name for one in ROWS) == sorted(get_args(Outside))


def test_a_code_goes_with_what_its_viewer_reads_and_with_nothing_that_others_do(row: Row) -> None:
    async def story() -> None:
        async with row.playing([]) as provider:
            channel = provider.channel(LONG_MS)
            body = channel.body_of(message_of("a", 0, 60_000, code="LIVE-7788"))
            assert ("LIVE-7788" in body) == channel.carries_codes == (channel.name != "bot")

    asyncio.run(story())


@settings(max_examples=15)
@given(
    script=st.lists(st.sampled_from(["does", "later", "refuses", "cuts"]), max_size=15),
    names=st.integers(1, 4),
)
def test_each_is_done_once_and_ends_once_and_what_was_done_stays_spent(
    database: Database, row: Row, script: list[Act], names: int
) -> None:
    async def story() -> None:
        shop = new_shop(database)
        async with row.playing(script) as provider:
            channel = provider.channel(LONG_MS)
            outbox = shop.outbox(channel)
            for name in NAMES[:names]:
                outbox.take(shop.parcel(channel, name))
            await shop.until_over(outbox)
            assert set(provider.reached.values()) <= {1}
            assert Counter(shop.given + shop.released) == Counter(NAMES[:names]), "each ends once"
            assert set(provider.reached) <= set(shop.given)
            if not {"cuts"} & set(script):  # every end is known
                assert set(provider.reached) == set(shop.given)

    asyncio.run(story())


@settings(max_examples=8)
@given(
    script=st.lists(st.sampled_from(["does", "later", "refuses", "cuts"]), max_size=8),
    names=st.integers(1, 4),
)
def test_two_servers_of_one_database_send_as_one_would(
    database: Database, row: Row, script: list[Act], names: int
) -> None:
    """They look at the same instant; each attempt is begun by one of them."""

    async def story() -> None:
        shop = new_shop(database)
        async with row.playing(script) as provider:
            both = [shop.outbox(provider.channel(LONG_MS)) for _ in range(2)]
            for outbox in both:  # both were told of the same decision
                for name in NAMES[:names]:
                    outbox.take(shop.parcel(outbox.channel, name))
            await shop.until_over(*both)
            assert set(provider.reached.values()) <= {1}
            assert set(provider.reached) <= set(shop.given)
            assert not set(shop.given) & set(shop.released)
            assert {*shop.given, *shop.released} == set(NAMES[:names])
            if set(script) <= {"does"}:
                assert provider.tries == dict.fromkeys(NAMES[:names], 1)
            most = script.count("cuts") + script.count("later") + names
            assert provider.tries.total() <= most, "nobody tries what another one tries"

    asyncio.run(story())


def test_what_one_server_has_begun_another_leaves_alone_until_it_must_be_dead(
    shop: Shop, row: Row
) -> None:
    async def story() -> None:
        async with row.playing(["hangs"]) as provider:
            hangs, looks = (shop.outbox(provider.channel(LONG_MS)) for _ in range(2))
            hangs.take(shop.parcel(hangs.channel, "a"))
            looking = asyncio.ensure_future(hangs.follow())
            await provider.hung.wait()
            await looks.follow()
            shop.clock.pass_ms(looks.channel.attempt_ms + GRACE_MS - 1)
            await looks.follow()
            assert (provider.tries["a"], shop.given) == (1, [])
            shop.clock.pass_ms(1)
            await looks.follow()
            assert (provider.tries["a"], shop.given) == (1 + looks.channel.is_keyed, ["a"])
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    asyncio.run(story())


@pytest.mark.parametrize("act", ["hangs", "cuts"])
def test_what_may_be_there_is_tried_again_with_a_key_only(shop: Shop, row: Row, act: Act) -> None:
    async def story() -> None:
        async with row.playing([act]) as provider:
            channel = provider.channel(HURRY_MS if act == "hangs" else LONG_MS)
            outbox = shop.outbox(channel)
            outbox.take(shop.parcel(channel, "a"))
            await shop.until_over(outbox)
            assert (provider.reached, shop.given) == ({"a": 1}, ["a"])
            assert (provider.tries["a"] > 1) is channel.is_keyed

    asyncio.run(story())


def test_nothing_is_sent_at_its_deadline(shop: Shop, row: Row) -> None:
    async def story() -> None:
        async with row.playing(["later"]) as provider:
            channel = provider.channel(LONG_MS)
            outbox = shop.outbox(channel)
            outbox.take(shop.parcel(channel, "a", lasts_ms=180_000))
            outbox.take(shop.parcel(channel, "b", lasts_ms=180_000, after_ms=179_999))
            await outbox.follow()
            assert provider.tries == {"a": 1}
            shop.clock.pass_ms(180_000)
            await outbox.follow()
            assert provider.tries == {"a": 1}
            assert (provider.reached, shop.given, sorted(shop.released)) == ({}, [], ["a", "b"])

    asyncio.run(story())


def test_nobody_is_reached_who_said_no_meanwhile(shop: Shop, row: Row) -> None:
    async def story() -> None:
        async with row.playing([]) as provider:
            channel = provider.channel(LONG_MS)
            outbox = shop.outbox(channel)
            for name in "ab":
                outbox.take(shop.parcel(channel, name, after_ms=LONGEST_WAIT_MS))
            await outbox.follow()
            shop.refuses = {"v-a"}
            shop.clock.pass_ms(LONGEST_WAIT_MS)
            await outbox.follow()
            assert (provider.reached, shop.given, shop.released) == ({"b": 1}, ["b"], ["a"])

    asyncio.run(story())


def test_a_crash_in_the_middle_of_a_call_reaches_once(shop: Shop, row: Row) -> None:
    """It is done; we died before we knew."""

    async def story() -> None:
        async with row.playing(["hangs"]) as provider:
            channel = provider.channel(LONG_MS)
            dies = shop.outbox(channel)
            dies.take(shop.parcel(channel, "a"))
            looking = asyncio.ensure_future(dies.follow())
            await provider.hung.wait()
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            again = provider.channel(LONG_MS)
            await shop.until_over(shop.outbox(again))
            assert provider.tries["a"] == (2 if channel.is_keyed else 1)
            assert (provider.reached, shop.given) == ({"a": 1}, ["a"])

    asyncio.run(story())


def test_a_log_that_cannot_be_written_is_told_later(shop: Shop, row: Row) -> None:
    async def fails(_given: Sequence[str], _released: Sequence[str]) -> None:
        raise InputError("the disk is full")

    async def story() -> None:
        async with row.playing([]) as provider:
            channel = provider.channel(LONG_MS)
            outbox = shop.outbox(channel, settle=fails)
            outbox.take(shop.parcel(channel, "a"))
            with pytest.raises(InputError):
                await outbox.follow()
            await shop.outbox(channel).follow()
            assert (provider.tries["a"], shop.given) == (1, ["a"])
            shop.clock.pass_ms(2 * KEPT_MS)
            shop.store.note_told([])
            assert shop.store.counts() == {}

    asyncio.run(story())


def test_nobody_calls_an_address_that_is_gone_until_it_is_opened_again(shop: Shop) -> None:
    async def story() -> None:
        async with webhooks.receiving([webhooks.said(503), webhooks.said(410)]) as provider:
            channel = provider.channel(LONG_MS)
            outbox = shop.outbox(channel)
            outbox.take(shop.parcel(channel, "a"))
            await outbox.follow()
            for name, after_ms in (("b", 1_000), ("c", LONGEST_WAIT_MS)):
                outbox.take(shop.parcel(channel, name, after_ms=after_ms))
            await outbox.follow()
            shop.clock.pass_ms(1_500)
            shop.refuses = {"v-a"}  # its turn has passed: it may be there
            with pytest.raises(OperationalError, match="is shut"):
                await outbox.follow()
            assert (provider.tries, shop.gates.is_shut("webhook")) == ({"a": 1, "b": 1}, True)
            with pytest.raises(OperationalError, match="is shut"):  # also after a restart
                await shop.outbox(channel).follow()
            assert (provider.tries.total(), shop.given, sorted(shop.released)) == (
                2,
                ["a"],
                ["b", "c"],
            )
            assert shop.gates.open("webhook", SYSTEM)
            assert not shop.gates.open("webhook", SYSTEM)
            outbox.take(shop.parcel(channel, "d"))
            await outbox.follow()
            assert provider.reached == {"a": 1, "d": 1}

    asyncio.run(story())


def test_a_test_reaches_nobody_and_says_what_came_of_it(shop: Shop, row: Row) -> None:
    async def story() -> None:
        async with row.playing(["does", "refuses"]) as provider:
            outbox = shop.outbox(provider.channel(LONG_MS))
            assert (await outbox.test()).outcome == "delivered"
            assert (await outbox.test()).outcome == "rejected"
            assert not set(provider.reached) & set(NAMES)
            assert shop.store.counts() == {}

    asyncio.run(story())


def test_a_secret_is_shown_nowhere(shop: Shop, row: Row, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> list[str]:
        async with row.playing(["cuts", "later", "refuses"]) as provider:
            channel = provider.channel(LONG_MS)
            outbox = shop.outbox(channel)
            for name in "ab":
                outbox.take(shop.parcel(channel, name))
            await shop.until_over(outbox)
            verdict = await outbox.test()
            return [repr(channel), str(channel), channel.target, repr(verdict), repr(outbox)]

    with caplog.at_level(logging.DEBUG):
        shown = asyncio.run(story())
    path: Any = shop.store._database._engine.url.database
    shown += [Path(path).read_bytes().decode("latin-1"), caplog.text]
    assert not [secret for secret in row.secrets if any(secret in one for one in shown)]


def test_a_person_is_told_and_forgotten(shop: Shop, row: Row) -> None:
    async def story() -> None:
        async with row.playing([]) as provider:
            channel = provider.channel(LONG_MS)
            parcels = [shop.parcel(channel, name) for name in "ab"]
            shop.store.add(parcels, lambda viewer: viewer == "v-b")

    asyncio.run(story())
    (told,) = shop.store.export(frozenset({"v-a", "v-b"}))
    assert (told["state"], told["viewer"]) == ("waiting", "v-a")
    assert isinstance(told["body"], dict)
    (waiting,) = shop.store.due()
    assert shop.store.forget(Erasure({"v-a": "gone"}, 0)) == 1
    assert shop.store.due() == []
    assert not shop.store.begin(waiting, 1), "nobody sends what is gone"


def test_a_channel_does_not_touch_what_waits_for_another(shop: Shop) -> None:
    async def story() -> None:
        async with webhooks.playing([]) as provider:
            channel = provider.channel(LONG_MS)
            outbox = shop.outbox(channel)
            other = shop.parcel(channel, "a")
            shop.store.add([type(other)(**{**_fields(other), "channel": "fax"})], lambda _: False)
            await outbox.follow()
            assert (provider.tries, outbox.counts()) == ({}, {})
            assert shop.store.counts() == {"waiting": 1}

    asyncio.run(story())


def _fields(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__struct_fields__}
