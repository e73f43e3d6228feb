"""Channels with a key: each message is done once, however the other side fails, and never late.

The receiver is a real server with the official verifier of Standard Webhooks; the outbox is the
real one over a real database; time is a clock that the test moves.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qianmian.channels.egress import Answer, Egress
from qianmian.channels.webhook import Webhook, secret_of, verdict_of
from qianmian.errors import InputError
from qianmian.runtime.outbox import LONGEST_WAIT_MS, Parcel
from qianmian.runtime.persons import Erasure
from qianmian.server.errands import Settle
from qianmian.server.outbox import Outbox
from qianmian.server.parcels import document
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.outbox import KEPT_MS, OutboxStore
from tests.fakes.clock import FakeClock
from tests.fakes.receiver import CUT, HANG, KEY, OK, SECRET, TWICE, Receiver, receiving, said
from tests.serving import now_ms

TEN_MINUTES = 600_000
ERROR_IN_200 = said(200, '{"errcode": 310000, "errmsg": "keywords not in content"}')
HURRY_MS = 1_000
"""A receiver that hangs has not answered by then; others have much longer, on any machine."""
LONG_MS = 60_000


@dataclass
class Shop:
    """An outbox, and what the log was told of each decision."""

    store: OutboxStore
    clock: FakeClock
    given: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)

    async def settle(self, given: Sequence[str], released: Sequence[str]) -> None:
        self.given += given
        self.released += released

    async def holding(self, parcels: Sequence[Parcel]) -> set[str]:
        return {one.id for one in parcels if one.viewer not in self.refuses}

    def outbox(
        self, url: str, *, timeout_ms: int = LONG_MS, settle: Settle | None = None
    ) -> Outbox:
        """A new one, as after a start."""
        egress = Egress(allow_private=True, timeout_ms=timeout_ms)
        sender = Webhook(url, SECRET, egress, allow_private=True)
        return Outbox(
            self.store,
            sender,
            self.holding,
            settle or self.settle,
            erased=self.refuses.__contains__,
            now=self.clock,
        )

    def parcel(self, name: str, lasts_ms: int = TEN_MINUTES) -> Parcel:
        now = self.clock()
        return Parcel(
            id=name,
            channel="webhook",
            viewer=f"v-{name}",
            strategy="help",
            version=1,
            body=document("intervention.decided", now, {"id": name, "viewer": f"v-{name}"}),
            deadline_at=now + lasts_ms,
            next_at=now,
        )

    async def until_over(self, outbox: Outbox) -> None:
        """Look again and again, some seconds apart."""
        for _ in range(TEN_MINUTES // 5_000 + 2):
            await outbox.follow()
            if not self.store.counts().get("waiting"):
                return
            self.clock.pass_ms(5_000)
        raise AssertionError("it waits for ever")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database.in_file(tmp_path_factory.mktemp("outbox") / "q.db").migrated()
    yield opened
    opened.close()


@pytest.fixture
def shop(database: Database) -> Shop:
    return new_shop(database)


def new_shop(database: Database) -> Shop:
    """With an empty outbox, at this very time: signatures are of now."""
    clock = FakeClock(now_ms())
    store = OutboxStore(database, clock)
    store.forget(Erasure({f"v-{name}": "" for name in "abcdefgh"}, 0))
    return Shop(store, clock)


def told(shop: Shop, script: list[bytes], *names: str) -> Receiver:
    """What a receiver that answers so has in the end."""

    async def story() -> Receiver:
        async with receiving(script) as receiver:
            timeout_ms = HURRY_MS if HANG in script else LONG_MS
            outbox = shop.outbox(receiver.url, timeout_ms=timeout_ms)
            for name in names or ("a",):
                outbox.take(shop.parcel(name))
            await shop.until_over(outbox)
            return receiver

    return asyncio.run(story())


@pytest.mark.parametrize(
    ("script", "tries", "coupons", "is_given"),
    [
        pytest.param([OK], 1, 1, True, id="all is well"),
        pytest.param([TWICE], 1, 1, True, id="answers twice"),
        pytest.param([said(204)], 1, 1, True, id="says nothing"),
        pytest.param([said(200, "<html>ok")], 1, 1, True, id="no JSON"),
        pytest.param([ERROR_IN_200], 1, 0, False, id="200 with an error"),
        pytest.param([HANG], 2, 1, True, id="gives, and does not answer"),
        pytest.param([CUT, CUT], 3, 1, True, id="gives, and cuts the line"),
        pytest.param([said(500), said(503)], 3, 1, True, id="gives, and fails after it"),
        pytest.param([said(429, retry_after="7"), said(409)], 3, 1, True, id="throttles"),
        pytest.param([said(400)], 1, 0, False, id="refuses"),
        pytest.param([said(410)], 1, 0, False, id="is gone"),
        pytest.param([said(302, location="/other")], 1, 0, False, id="leads elsewhere"),
        pytest.param([HANG, said(400)], 2, 1, True, id="gives, and then refuses the same"),
    ],
)
def test_one_message_one_coupon_however_the_receiver_fails(
    shop: Shop, script: list[bytes], tries: int, coupons: int, *, is_given: bool
) -> None:
    receiver = told(shop, script)
    is_hurried = HANG in script and receiver.tries["a"] > tries  # a slow machine tries more often
    assert receiver.tries["a"] == tries or is_hurried
    assert receiver.coupons["v-a"] == coupons
    assert (shop.given, shop.released) == ((["a"], []) if is_given else ([], ["a"]))


ANSWERS = [
    *(OK, CUT, TWICE, ERROR_IN_200, said(500), said(503, retry_after="2"), said(409)),
    *(said(400), said(410), said(429, retry_after="30"), said(302, location="https://x/")),
]


@settings(max_examples=15)
@given(script=st.lists(st.sampled_from(ANSWERS), max_size=25))
def test_nobody_gets_two_and_what_was_given_stays_spent(
    database: Database, script: list[bytes]
) -> None:
    shop = new_shop(database)
    receiver = told(shop, script, *"abc")
    assert set(receiver.coupons.values()) <= {1}
    assert Counter(shop.given + shop.released) == Counter("abc"), "each ends once"
    assert {name for name in "abc" if receiver.coupons[f"v-{name}"]} <= set(shop.given)


@given(
    status=st.integers(100, 599),
    after=st.sampled_from(["", "0", "7", "-1", "x", "9" * 40, "Wed, 21 Oct 2099 07:28:00 GMT"]),
    body=st.binary(max_size=30) | st.sampled_from([b'{"ok": false}', b"[" * 5_000, b'{"error":1}']),
)
def test_every_answer_means_something(status: int, after: str, body: bytes) -> None:
    found = verdict_of(Answer(status, {"retry-after": after}, body), now_ms())
    if found.outcome == "delivered":
        assert 200 <= status < 300
    assert found.outcome in ("delivered", "rejected", "later", "unknown")
    assert (found.outcome == "unknown") is (status >= 500)
    assert found.after_ms is None or found.after_ms >= 0


def test_nothing_is_sent_at_its_deadline_and_a_throttle_is_obeyed(shop: Shop) -> None:
    async def story() -> None:
        async with receiving([said(429, retry_after="120")] * 9) as receiver:
            outbox = shop.outbox(receiver.url)
            outbox.take(shop.parcel("a", lasts_ms=180_000))
            held = shop.parcel("b", lasts_ms=180_000)
            outbox.take(Parcel(**{**_fields(held), "next_at": shop.clock() + 150_000}))
            await outbox.follow()
            shop.clock.pass_ms(119_999)
            await outbox.follow()
            assert receiver.tries == {"a": 1}
            shop.clock.pass_ms(1)
            await outbox.follow()
            assert receiver.tries == {"a": 2}
            shop.clock.pass_ms(60_000)
            await outbox.follow()
            assert receiver.tries == {"a": 2}, "b has not been tried, and now its time is over"
            assert (shop.given, sorted(shop.released)) == ([], ["a", "b"])

    asyncio.run(story())


def test_nobody_is_reached_who_said_no_meanwhile(shop: Shop) -> None:
    async def story() -> None:
        async with receiving([said(429)] * 4 + [said(500)]) as receiver:
            outbox = shop.outbox(receiver.url)
            for name in ("a", "b"):
                outbox.take(shop.parcel(name))
            await outbox.follow()
            shop.refuses = {"v-a"}
            shop.clock.pass_ms(LONGEST_WAIT_MS)
            await outbox.follow()
            assert receiver.tries == {"a": 1, "b": 2}
            assert shop.released == ["a"]

    asyncio.run(story())


def test_a_crash_in_the_middle_of_a_call_sends_the_same_again(shop: Shop) -> None:
    """The receiver has given the coupon; we died before we knew."""

    async def story() -> None:
        async with receiving([HANG]) as receiver:
            dies = shop.outbox(receiver.url)
            dies.take(shop.parcel("a"))
            looking = asyncio.ensure_future(dies.follow())
            await receiver.hung.wait()
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            await shop.until_over(shop.outbox(receiver.url))
            assert (receiver.tries["a"], receiver.coupons["v-a"]) == (2, 1)
            assert shop.given == ["a"]

    asyncio.run(story())


def test_a_log_that_cannot_be_written_is_told_later(shop: Shop) -> None:
    async def fails(_given: Sequence[str], _released: Sequence[str]) -> None:
        raise InputError("the disk is full")

    async def story() -> None:
        async with receiving() as receiver:
            outbox = shop.outbox(receiver.url, settle=fails)
            outbox.take(shop.parcel("a"))
            with pytest.raises(InputError):
                await outbox.follow()
            await shop.outbox(receiver.url).follow()
            assert (receiver.tries["a"], shop.given) == (1, ["a"])
            shop.clock.pass_ms(2 * KEPT_MS)
            shop.store.note_told([])
            assert shop.store.counts() == {}

    asyncio.run(story())


def test_a_person_is_told_and_forgotten(shop: Shop) -> None:
    shop.store.add([shop.parcel("a"), shop.parcel("b")], lambda viewer: viewer == "v-b")
    (row,) = shop.store.export(frozenset({"v-a", "v-b"}))
    assert (row["state"], row["body"]["data"]["viewer"]) == ("waiting", "v-a")
    assert shop.store.forget(Erasure({"v-a": "gone"}, 0)) == 1
    assert shop.store.due() == []
    assert not shop.store.begin("a"), "nobody sends what is gone"


def test_the_secret_is_shown_nowhere(shop: Shop) -> None:
    webhook = Webhook("https://shop.example/", SECRET, Egress(), allow_private=False)
    key = SECRET.removeprefix("whsec_")
    assert secret_of(f" {SECRET}\n") == KEY
    shown = [repr(webhook), str(webhook)]
    for wrong in (key[:12], "", f"whsec_{key}{key}{key}", "whsec_不", f"{SECRET}!"):
        with pytest.raises(InputError) as problem:
            secret_of(wrong)
        shown.append(str(problem.value))
    told(shop, [said(500), said(400)])
    path: Any = shop.store._database._engine.url.database
    shown.append(Path(path).read_bytes().decode("latin-1"))
    assert all(key[:12] not in one for one in shown)


def _fields(one: Parcel) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Parcel.__struct_fields__}
