"""Who is let in to `/live`, and who is sent away: forged, foreign, expired, too many, too loud."""

from __future__ import annotations

import asyncio
from typing import Any

import jwt
import pytest

from qianmian.server.viewer_tokens import ViewerTokens
from qianmian.server.viewers.hub import HubLimits
from qianmian.server.viewers.reasons import CLOSE_CODES
from qianmian.server.viewers.socket import MAX_FRAME_CHARS, MAX_FRAMES_A_MINUTE
from qianmian.vocabulary.room_message import Receipt
from tests.live_page import SHOP, Side, run


def sent_away(hello: Any, reason: str, **headers: str) -> None:
    """A hello, made by the side that will hear it, is answered with this reason and counted."""

    async def story() -> None:
        side = Side()
        told = hello(side) if callable(hello) else hello
        heard = await side.open(told, **headers).ended()
        assert (heard.code, heard.reason) == (CLOSE_CODES[reason], reason)
        assert heard.frames == []
        assert side.hub.statistics().refused == {reason: 1}
        assert side.hub.statistics().sockets == 0

    run(story)


def forged(side: Side) -> dict[str, str]:
    other = ViewerTokens(b"o" * 32, side.clock)
    return {"token": other.mint("ming", namespace="default", room="r1")[0]}


def unsigned(side: Side) -> dict[str, str]:
    claims = jwt.decode(side.token(), options={"verify_signature": False})
    return {"token": jwt.encode(claims, "", algorithm="none")}


def expired(side: Side) -> dict[str, str]:
    token = side.token(ttl_ms=1_000)
    side.clock.pass_ms(60_000)
    return {"token": token}


def of_another_namespace(side: Side) -> dict[str, str]:
    return {"token": side.tokens.mint("ming", namespace="app-2", room="r1")[0]}


def erased(side: Side) -> dict[str, str]:
    side.erased.add([side.erased.mark_of("ming")])
    return {"token": side.token()}


HOSTILE = [
    (forged, "bad_token"),
    (unsigned, "bad_token"),
    (expired, "bad_token"),
    ({"token": "x" * 3_000}, "bad_token"),
    (of_another_namespace, "foreign_namespace"),
    (lambda side: {"token": side.token(room="r1"), "room": "r2"}, "foreign_room"),
    (lambda side: {"token": side.token(room=None)}, "no_room"),
    (lambda side: {"token": side.token(room=None), "room": "r" * 129}, "no_room"),
    (erased, "erased"),
    ({"anonymous_id": "0b9d4c1e-3f0a-4b7e-9a55-6d2f0f6f2f11", "room": "r1"}, "not_issued"),
    (lambda s: {"anonymous_id": s.anonymous_ids.issue("app-2"), "room": "r1"}, "not_issued"),
    ({"room": "r1"}, "not_issued"),
    ("not json", "bad_frame"),
    ('{"type":"ack","id":"m","state":"clicked"}', "bad_frame"),
    ("[" * 5_000, "bad_frame"),
    ({"token": 7}, "bad_frame"),
    ({"token": "x", "last": ["m"] * 65}, "bad_frame"),
    ('{"type":"hello","token":"' + "x" * MAX_FRAME_CHARS + '"}', "bad_frame"),
]


@pytest.mark.parametrize(("hello", "reason"), HOSTILE)
def test_who_cannot_show_who_they_are_is_not_let_in(hello: Any, reason: str) -> None:
    sent_away(hello, reason)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://shop.example.evil"])
def test_a_page_of_somebody_else_is_refused_even_with_a_good_token(origin: str) -> None:
    sent_away(lambda side: {"token": side.token()}, "foreign_origin", origin=origin)


def test_who_tries_what_they_must_not_is_logged_once_a_minute_for_each_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def logged(reason: str) -> int:
        return sum(f"refused: {reason}," in one.getMessage() for one in caplog.records)

    async def story() -> None:
        side = Side()
        secrets = []
        for made in (forged, expired, forged, of_another_namespace, erased):
            hello = made(side)
            secrets.append(hello["token"])
            await side.open(hello).ended()
        await side.open({"token": side.token()}, origin="https://evil.example").ended()
        await side.open("not json").ended()
        assert logged("bad_token") == 2, "a minute passed with the one that expired"
        assert [logged(one) for one in ("foreign_namespace", "erased", "foreign_origin")] == [1] * 3
        assert logged("bad_frame") == 0
        assert not any(one in caplog.text for one in [*secrets, "ming"])

    run(story)


def test_pages_of_the_shop_our_own_and_programs_may_connect() -> None:
    async def story() -> None:
        side = Side()
        for headers in ({"origin": SHOP}, {"origin": "https://live.example"}, {}):
            page = side.open({"token": side.token()}, **headers)
            told = await page.until(lambda heard: bool(heard.frames))
            welcome = told.frames[0]
            assert (welcome["type"], welcome["room"], welcome["now"]) == (
                "welcome",
                "r1",
                side.clock(),
            )
            assert welcome["expires_at"] > side.clock()

    run(story)


def test_a_page_that_does_not_say_who_it_is_is_not_waited_for() -> None:
    async def story() -> None:
        side = Side(hello_wait_ms=1)
        heard = await side.open().ended()
        assert (heard.code, heard.reason) == (4408, "no_hello")

    run(story)


def test_of_a_thousand_sockets_of_one_viewer_ten_are_let_in() -> None:
    async def story() -> None:
        side = Side()
        pages = [side.open({"token": side.token()}) for _ in range(1_000)]
        for page in pages:
            await page.until(lambda heard: bool(heard.frames) or heard.code is not None)
        codes = [page.heard.code for page in pages]
        assert codes.count(None) == 10
        assert codes.count(4429) == 990
        assert side.hub.statistics().sockets == 10
        assert side.hub.statistics().refused == {"too_many_of_viewer": 990}
        assert side.hub.publish(side.card()) == 10
        (await side.entered("hua")).go()
        first = next(page for page in pages if page.heard.code is None)
        first.go()
        await first.ended()
        await side.entered()

    run(story)


def test_an_address_and_a_server_have_a_bound_too() -> None:
    async def story() -> None:
        for limits, reason in (
            (HubLimits(per_address=2), "too_many_of_address"),
            (HubLimits(lines=2), "too_many"),
        ):
            side = Side(limits=limits)
            for viewer in ("a", "b"):
                await side.entered(viewer)
            heard = await side.open({"token": side.token("c")}).ended()
            assert heard.reason == reason

    run(story)


def test_a_token_ends_and_can_be_renewed_before_by_the_same_viewer_alone() -> None:
    async def story() -> None:
        side = Side()
        page, other = await side.entered(), await side.entered("hua")
        side.clock.pass_ms(14 * 60_000)
        page.say({"type": "token", "token": side.token()})
        side.hub.publish(side.card("m", None))
        heard_of = asyncio.Event()

        async def note(_receipt: Receipt) -> None:
            heard_of.set()

        side.hub.on_receipt = note
        page.say({"type": "ack", "id": "m", "state": "delivered"})
        await heard_of.wait()  # so the token before it was read
        side.clock.pass_ms(60_000)
        side.hub.sweep()
        heard = await other.ended()
        assert (heard.code, heard.reason) == (4401, "expired")
        assert page.heard.code is None
        page.say({"type": "token", "token": side.token("hua")})
        heard = await page.ended()
        assert (heard.code, heard.reason) == (4403, "foreign_viewer")

    run(story)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"type": "token", "token": "rubbish"}, "bad_token"),
        ({"type": "ack", "id": "m", "state": "bought"}, "bad_frame"),
        ({"type": "ack", "id": "m" * 200, "state": "clicked"}, "bad_frame"),
        ({"type": "order_paid"}, "bad_frame"),
        ("x" * (MAX_FRAME_CHARS + 1), "bad_frame"),
    ],
)
def test_a_page_that_says_what_it_may_not_is_sent_away(said: Any, reason: str) -> None:
    async def story() -> None:
        side = Side()
        page = await side.entered()
        page.say(said)
        heard = await page.ended()
        assert heard.reason == reason
        assert side.rows == []

    run(story)


def test_a_page_that_says_too_much_is_sent_away() -> None:
    async def story() -> None:
        side = Side()
        page = await side.entered()
        for _ in range(MAX_FRAMES_A_MINUTE + 1):
            page.say({"type": "ack", "id": "m", "state": "delivered"})
        heard = await page.ended()
        assert heard.reason == "too_many_frames"
        assert side.hub.statistics().refused["unknown_message"] == MAX_FRAMES_A_MINUTE

    run(story)
