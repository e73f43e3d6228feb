"""A viewer's page at a real server: a card over a real socket and a real stream, with receipts."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from qianmian.runtime.live import Live
from qianmian.runtime.messages import Events
from qianmian.server.viewer_tokens import ViewerTokens
from qianmian.vocabulary.consent import MARKETING, Consents, may
from qianmian.vocabulary.room_message import RoomMessage
from tests.serving import WAIT_S, Served, now_ms, served


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as server:
        yield server


def token_of(shop: Served, viewer: str, room: str = "r1") -> str:
    tokens = ViewerTokens(shop.home.secret, now_ms)
    return tokens.mint(viewer, namespace="default", room=room)[0]


def publish(shop: Served, name: str, viewer: str | None = "ming") -> int:
    """Send a card, as whoever decided does: on the loop of the server."""
    now = now_ms()
    card = RoomMessage(
        id=name,
        room="r1",
        viewer=viewer,
        kind="card",
        at=now,
        expires_at=now + 60_000,
        title="给你的券",
        is_ad=True,
    )

    async def send() -> int:
        return shop.site.viewers.hub.publish(card)

    return asyncio.run_coroutine_threadsafe(send(), shop.loop).result(WAIT_S)


def receipts_in(shop: Served) -> list[tuple[str, str]]:
    rows = [
        row
        for message in shop.home.log.read(0)
        if isinstance(message.body, Events)
        for row in message.body.batch.to_rows()
    ]
    return [(str(row["type"]), str(row["delivery_id"])) for row in rows if "delivery_id" in row]


async def heard(socket: Any, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(WAIT_S):
        while True:
            frame: dict[str, Any] = json.loads(await socket.recv())
            if frame["type"] == kind:
                return frame


def test_a_card_reaches_the_page_and_its_receipts_reach_the_log(shop: Served) -> None:
    address = shop.url.replace("http", "ws") + "/live"

    async def story() -> None:
        async with websockets.connect(address) as socket:
            hello = {"type": "hello", "v": 1, "token": token_of(shop, "ming"), "room": "r1"}
            await socket.send(json.dumps(hello))
            await heard(socket, "welcome")
            assert await asyncio.to_thread(publish, shop, "m1") == 1
            assert await asyncio.to_thread(publish, shop, "other", "hua") == 0
            card = await heard(socket, "message")
            assert (card["id"], card["title"], card["is_ad"]) == ("m1", "给你的券", True)
            for state in ("delivered", "opened", "clicked"):
                await socket.send(json.dumps({"type": "ack", "id": "m1", "state": state}))
            await socket.send(json.dumps({"type": "opt_out", "id": "m1"}))
            await heard(socket, "opted_out")

    asyncio.run(story())

    def said(live: Live) -> Consents:
        return live.consents.of("ming")

    answer = asyncio.run_coroutine_threadsafe(shop.site.deployment.ask(said), shop.loop)
    assert not may(answer.result(WAIT_S), MARKETING, "in_room"), "it holds for the next decision"
    shop.stop()
    told = [(f"message_{state}", "m1") for state in ("delivered", "opened", "clicked")]
    wait_until(lambda: receipts_in(shop) == told)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Receipts are in the log soon after they were told, at the latest when the server stops."""
    for _ in range(1_000):
        if is_so():
            return
        threading.Event().wait(0.02)
    raise AssertionError


def test_where_no_socket_gets_through_a_stream_does_with_a_ticket_that_is_good_once(
    shop: Served,
) -> None:
    publish(shop, "m1")
    publish(shop, "m2", None)
    with httpx.Client(base_url=shop.url, timeout=WAIT_S) as client:
        asked = client.post("/live/ticket", json={"token": token_of(shop, "ming"), "room": "r1"})
        ticket = asked.json()["ticket"]
        found: list[dict[str, Any]] = []
        headers = {"Last-Event-ID": ""}
        with client.stream("GET", f"/live/stream?ticket={ticket}", headers=headers) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    found.append(json.loads(line.removeprefix("data: ")))
                if len(found) == 3:
                    break
        assert [one["type"] for one in found] == ["welcome", "message", "message"]
        assert {one.get("id") for one in found[1:]} == {"m1", "m2"}
        again = client.get(f"/live/stream?ticket={ticket}")
        assert (again.status_code, again.json()) == (401, {"code": "bad_token"})
        ack = {"token": token_of(shop, "ming"), "room": "r1", "id": "m1", "state": "delivered"}
        assert client.post("/live/ack", json=ack).json() == {"success": True}
        assert client.post("/live/ack", json=ack | {"id": "no"}).status_code == 404
        assert client.post("/live/ack", json=ack | {"state": "bought"}).status_code == 400
        wait_until(lambda: receipts_in(shop) == [("message_delivered", "m1")])
        for bad in (
            {"token": "rubbish", "room": "r1"},
            {"token": token_of(shop, "ming", "r2"), "room": "r1"},
        ):
            assert client.post("/live/ticket", json=bad).status_code in (401, 403)
        foreign = {"Origin": "https://evil.example"}
        stolen = client.post("/live/ticket", json=ack, headers=foreign)
        assert stolen.status_code == 403
        assert "access-control-allow-origin" not in stolen.headers


def test_a_page_of_another_site_gets_no_socket(shop: Served) -> None:
    address = shop.url.replace("http", "ws") + "/live"

    async def story() -> None:
        with pytest.raises(websockets.exceptions.WebSocketException):
            async with websockets.connect(address, origin="https://evil.example") as socket:  # type: ignore[arg-type]
                await socket.recv()
        refused = shop.site.viewers.hub.statistics().refused
        assert refused.get("foreign_origin") == 1

    asyncio.run(story())
