"""JPush: the fake is true to the provider's own client, and ours says what each answer means."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import jpush
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.channels.channel import Channel
from qianmian.channels.egress import Answer, Egress
from qianmian.channels.jpush import JPush, Note, verdict_of
from qianmian.channels.verdict import Verdict
from qianmian.errors import InputError
from qianmian.locales.texts import Texts
from qianmian.runtime.outbox import Parcel
from tests.contract.outside import LONG_MS, message_of
from tests.fakes.push_server import KEY, SECRET, PushServer, playing

AT = 1_795_000_000_000
TEXTS = Texts("zh-CN", "channels")


def theirs(
    monkeypatch: pytest.MonkeyPatch, acts: list[str], told: Callable[[Any], Any], secret: str
) -> tuple[Any, PushServer]:
    """What their client makes of a server that plays this."""

    async def story() -> tuple[Any, PushServer]:
        async with playing(acts) as server:
            zone = {**jpush.common.ZONES["DEFAULT"], "PUSH": f"{server.url}/v3/"}
            monkeypatch.setitem(jpush.common.ZONES, "DEFAULT", zone)
            client = jpush.JPush(KEY, secret, timeout=60)

            def asks() -> Any:
                with client.session:
                    return told(client)

            return await asyncio.to_thread(asks), server

    return asyncio.run(story())


def push_of(client: Any, cid: str | None) -> Any:
    push = client.create_push()
    push.audience = jpush.registration_id("phone-v-a")
    push.platform = jpush.all_
    push.notification = jpush.notification(
        android=jpush.android(alert="Ten off", title="for a.", extras={"url": "x"}),
        ios=jpush.ios({"title": "for a.", "body": "Ten off"}, badge=None, extras={"url": "x"}),
    )
    push.options = {"time_to_live": 600, "apns_production": True}
    push.cid = cid
    return push


def test_their_client_pushes_once_for_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    def asks(client: Any) -> list[Any]:
        (cid,) = client.create_push().get_cid(1, "push").payload["cidlist"]
        push = push_of(client, cid)
        with pytest.raises(jpush.common.JPushFailure):
            push.send()
        client.timeout = 1  # nobody answers; the rest may take its time, on any machine
        with pytest.raises(jpush.common.APIRequestException):
            push.send()
        client.timeout = 60
        return [push.send().payload, push.send().payload]

    found, server = theirs(monkeypatch, ["fails", "hangs"], asks, SECRET)
    assert found == [{"sendno": "0", "msg_id": "0"}] * 2
    assert (server.reached, server.tries) == ({"a": 1}, {"a": 4})


def test_their_client_understands_what_the_fake_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def asks(client: Any) -> list[int]:
        codes = []
        for _ in range(2):
            with pytest.raises(jpush.common.JPushFailure) as problem:
                push_of(client, None).send()
            codes.append(problem.value.error_code)
        return codes

    codes, server = theirs(monkeypatch, ["refuses", "later"], asks, SECRET)
    assert (codes, server.reached) == ([1011, 2002], {})

    def is_let_in(client: Any) -> None:
        with pytest.raises(jpush.common.Unauthorized):
            push_of(client, None).send()

    theirs(monkeypatch, [], is_let_in, "wrong")


def parcel_of(channel: Channel) -> Parcel:
    return Parcel(
        id="d1",
        channel="push",
        viewer="v-a",
        strategy="help",
        version=1,
        body=channel.body_of(message_of("a", AT, AT + 600_000)),
        deadline_at=AT + 600_000,
        next_at=0,
    )


def test_ours_says_what_theirs_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def asks(client: Any) -> None:
        push_of(client, client.create_push().get_cid(1, "push").payload["cidlist"][0]).send()

    _, server = theirs(monkeypatch, [], asks, SECRET)
    ours, _ = sent()

    def shape(told: Any) -> Any:
        return {n: shape(one) for n, one in told.items()} if isinstance(told, dict) else type(told)

    assert shape(ours) == shape(server.asked[0])


def sent(*acts: str) -> tuple[Any, Verdict]:
    """What ours says to a server that plays this, and what it makes of the answer."""

    async def story() -> tuple[Any, Verdict]:
        async with playing(acts) as server:
            channel = server.channel(LONG_MS)
            parcel = parcel_of(channel)
            body = await channel.completed(parcel.body, AT)
            assert isinstance(body, str)
            assert await channel.completed(body, AT) == body
            assert msgspec.json.decode(body, type=Note).cid == server.keys[0]
            assert len(server.keys) == 1
            whole = msgspec.structs.replace(parcel, body=body)
            verdict = await channel.send([whole], AT + 1_000, within_ms=LONG_MS)
            return server.asked[0], verdict

    return asyncio.run(story())


@pytest.mark.parametrize(
    ("act", "verdict"),
    [
        ("does", Verdict("delivered")),
        ("refuses", Verdict("rejected", "no_target")),
        ("later", Verdict("later", "jpush_2002", 7_000)),
        ("fails", Verdict("unknown", "jpush_1030")),
        ("cuts", Verdict("unknown", "no_answer")),
    ],
)
def test_what_jpush_says(act: str, verdict: Verdict) -> None:
    told, found = sent(act)
    assert found == verdict
    assert told["audience"] == {"registration_id": ["phone-v-a"]}
    assert told["options"]["time_to_live"] == 599, "the phone shows nothing after the deadline"


def test_who_is_not_let_in_gets_no_key_and_who_has_no_phone_no_push() -> None:
    async def story() -> None:
        async with playing([]) as server:
            for secret, phone, why in (
                ("wrong", "p", "jpush_1004"),
                (SECRET, None, "no_address"),
                (SECRET, 'p"],"all":["', "bad_address"),
            ):

                async def found(_viewer: str, phone: str | None = phone) -> str | None:
                    return phone

                channel = JPush(
                    server.url, (KEY, secret), TEXTS, Egress(allow_private=True), found,
                    allow_private=True,
                )  # fmt: skip
                parcel = parcel_of(channel)
                body = await channel.completed(parcel.body, AT)
                if isinstance(body, str):
                    body = await channel.send([parcel], AT, within_ms=LONG_MS)
                assert body == Verdict("rejected", why)
            assert server.asked == []

    asyncio.run(story())


ODD = [b'{"error":1}', b'{"error":{"code":2002}}', b"[]", b'{"error":{"code":1011}}', b"{}"]


@given(
    status=st.integers(100, 599),
    reset=st.sampled_from(["", "0", "7", "-1", "x", "9" * 40]),
    body=st.binary(max_size=30) | st.sampled_from(ODD),
)
def test_every_answer_means_something(status: int, reset: str, body: bytes) -> None:
    found = verdict_of(Answer(status, {"x-rate-limit-reset": reset}, body))
    assert (found.outcome == "delivered") <= (200 <= status < 300 and b"error" not in body)
    assert (found.after_ms is not None) is (found.outcome == "later")
    assert 0 <= (found.after_ms or 0) <= 3_600_000


@pytest.mark.parametrize(
    ("base", "secret"),
    [("http://api.jpush.example", SECRET), ("https://api.jpush.example", f"{SECRET}:x"), ("", "")],
)
def test_a_login_that_cannot_be_used_is_not_repeated(base: str, secret: str) -> None:
    async def nobody(_viewer: str) -> None:
        return None

    with pytest.raises(InputError) as problem:
        JPush(base, (KEY, secret), TEXTS, Egress(), nobody, allow_private=False)
    assert SECRET not in str(problem.value)
