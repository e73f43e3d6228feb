"""The webhook: one message is one coupon, however the receiver fails; and what each answer means.

The receiver is a real server with the official verifier of Standard Webhooks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.channels.egress import Answer, Egress
from qianmian.channels.webhook import Webhook, secret_of, verdict_of
from qianmian.errors import InputError
from qianmian.storage.sql.database import Database
from tests.contract.outside import HURRY_MS, LONG_MS, new_shop
from tests.fakes.receiver import CUT, HANG, KEY, OK, SECRET, TWICE, receiving, said
from tests.serving import now_ms

ERROR_IN_200 = said(200, '{"errcode": 310000, "errmsg": "keywords not in content"}')


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database.in_file(tmp_path_factory.mktemp("outbox") / "q.db").migrated()
    yield opened
    opened.close()


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
        pytest.param([said(302, location="/other")], 1, 0, False, id="leads elsewhere"),
        pytest.param([HANG, said(400)], 2, 1, True, id="gives, and then refuses the same"),
    ],
)
def test_one_message_one_coupon_however_the_receiver_fails(
    database: Database, script: list[bytes], tries: int, coupons: int, *, is_given: bool
) -> None:
    shop = new_shop(database)

    async def story() -> None:
        async with receiving(script) as receiver:
            channel = receiver.channel(HURRY_MS if HANG in script else LONG_MS)
            outbox = shop.outbox(channel)
            outbox.take(shop.parcel(channel, "a"))
            await shop.until_over(outbox)
            # A slow machine hurries too much, and tries more often.
            is_hurried = HANG in script and receiver.tries["a"] > tries
            assert receiver.tries["a"] == tries or is_hurried
            assert receiver.coupons["v-a"] == coupons

    asyncio.run(story())
    assert (shop.given, shop.released) == ((["a"], []) if is_given else ([], ["a"]))


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


def test_a_secret_that_cannot_be_used_is_not_repeated() -> None:
    webhook = Webhook("https://shop.example/", SECRET, Egress(), allow_private=False)
    key = SECRET.removeprefix("whsec_")
    assert secret_of(f" {SECRET}\n") == KEY
    shown = [repr(webhook), str(webhook)]
    for wrong in (key[:12], "", f"whsec_{key}{key}{key}", "whsec_不", f"{SECRET}!"):
        with pytest.raises(InputError) as problem:
            secret_of(wrong)
        shown.append(str(problem.value))
    assert all(key[:12] not in one for one in shown)
