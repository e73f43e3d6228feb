"""Lists of a room and answers to viewers over the API, as a page and the audit see them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from qianmian.errors import InputError
from qianmian.server.viewer_tokens import ViewerTokens
from qianmian.storage.sql.audit import SYSTEM
from qianmian.storage.sql.room_lists import ChosenLists
from qianmian.vocabulary.product import Product
from qianmian.vocabulary.room_message import MAX_PRODUCTS
from tests.serving import WAIT_S, Served, now_ms, served
from tests.unit.server.test_server import send


@dataclass
class Shop:
    """A server with a room that is open and two products, its owner, and customer service."""

    server: Served
    owner: httpx.Client
    service: httpx.Client

    @contextmanager
    def enter(self, viewer: str) -> Iterator[ClientConnection]:
        tokens = ViewerTokens(self.server.home.secret, now_ms)
        token = tokens.mint(viewer, namespace="default", room="r1")[0]
        with connect(self.server.url.replace("http", "ws") + "/live") as socket:
            socket.send(json.dumps({"type": "hello", "v": 1, "token": token, "room": "r1"}))
            yield socket


def heard(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of a kind."""
    while True:
        frame: dict[str, Any] = json.loads(socket.recv(WAIT_S))
        if frame.get("kind") == kind:
            return frame


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with served(tmp_path_factory.mktemp("home")) as server:
        for number, title in ((1, "精华"), (2, "口红")):
            product = Product(f"p{number}", title, number, price_minor=9_900)
            server.home.catalog.put(product, by=SYSTEM)
        following = server.site.stocking.follow()
        asyncio.run_coroutine_threadsafe(following, server.loop).result(WAIT_S)
        clicks = [
            {"type": "product_clicked", "viewer": f"v{n}", "product": "p2", "message_id": f"c{n}"}
            for n in range(3)
        ]
        entered = {"type": "room_entered", "viewer": "v0", "message_id": "e"}
        assert send(server, entered, *clicks).status_code == 200
        with httpx.Client(base_url=f"{server.url}/api", timeout=WAIT_S) as owner:
            given = {"token": server.first_token, "name": "老板", "password": "correct horse"}
            owner.headers["x-csrf-token"] = owner.post("/first-account", json=given).json()["csrf"]
            key = owner.post("/api-keys", json={"name": "anna", "role": "service"}).json()
            headers = {"authorization": f"Bearer {key['secret']}"}
            with httpx.Client(base_url=owner.base_url, headers=headers, timeout=WAIT_S) as service:
                yield Shop(server, owner, service)


def test_what_is_chosen_is_on_every_page_and_given_to_whoever_comes_in(shop: Shop) -> None:
    chosen = {"is_hot_shown": True, "recommended": ["p2", "p1"]}
    until = time.monotonic() + WAIT_S
    while not (told := shop.owner.put("/rooms/r1/lists", json=chosen).raise_for_status().json())[
        "hot"
    ]:
        # What is hot is of whole seconds.
        assert time.monotonic() < until, shop.owner.get("/rooms/r1/board").json()
    assert [one["title"] for one in told["listed"]] == ["口红", "精华"]
    with shop.enter("ming") as socket:
        socket.recv(WAIT_S)  # the welcome
        lists = {one["kind"]: one for one in (json.loads(socket.recv(WAIT_S)) for _ in range(2))}
        assert [one["id"] for one in lists["hot_list"]["products"]] == ["p2"]
        listed = lists["recommended"]
        assert [one["price_minor"] for one in listed["products"]] == [9_900, 9_900]
        socket.send(json.dumps({"type": "ack", "id": listed["id"], "state": "delivered"}))
        fewer = {"is_hot_shown": True, "recommended": ["p1"]}
        assert shop.owner.put("/rooms/r1/lists", json=fewer).status_code == 200
        assert [one["id"] for one in heard(socket, "recommended")["products"]] == ["p1"]
    assert shop.owner.get("/rooms/r1/lists").json()["recommended"] == ["p1"]
    assert shop.server.site.viewers.hub.statistics().receipts == {}, "lists have no receipts"
    actions = [one["action"] for one in shop.owner.get("/audit").json()["items"]]
    assert "room_lists.changed" in actions


def test_a_viewer_is_answered_by_the_assistant_and_nobody_else_hears_it(shop: Shop) -> None:
    with shop.enter("ming") as ming, shop.enter("hua") as hua:
        for one in (ming, hua):
            one.recv(WAIT_S)  # the welcome: the line is open
        path = "/rooms/r1/viewers/ming/reply"
        told = (
            shop.service.post(path, json={"text": " 敏感肌\u202e可用\n"}).raise_for_status().json()
        )
        assert told["pages"] == 1
        reply = heard(ming, "assistant")
        assert (reply["body"], reply["is_ad"], reply["viewer"]) == ("敏感肌可用", False, "ming")
        other = shop.service.post("/rooms/r1/viewers/hua/reply", json={"text": "您好"})
        assert heard(hua, "assistant")["body"] == "您好", other.text
    away = shop.service.post("/rooms/r1/viewers/later/reply", json={"text": "在的"}).json()
    assert away["pages"] == 0
    with shop.enter("later") as later:
        assert heard(later, "assistant")["body"] == "在的", "who comes in time has it, too"
    notes = shop.owner.get("/audit").json()["items"]
    replies = [one for one in notes if one["action"] == "reply.sent"]
    assert len(replies) == 3
    assert "敏感肌" not in json.dumps(notes, ensure_ascii=False), "what was said is kept nowhere"
    assert "ming" not in json.dumps(replies)


def test_what_cannot_be_is_said(shop: Shop) -> None:
    unknown = {"is_hot_shown": False, "recommended": ["no-such"]}
    assert shop.owner.put("/rooms/r1/lists", json=unknown).json()["code"] == "product.unknown"
    many = {"is_hot_shown": False, "recommended": [f"p{n}" for n in range(MAX_PRODUCTS + 1)]}
    assert shop.owner.put("/rooms/r1/lists", json=many).status_code == 422
    assert shop.service.put("/rooms/r1/lists", json=unknown).status_code == 403
    for text in ("", "\u202e\u200b", "x" * 201):
        answer = shop.service.post("/rooms/r1/viewers/ming/reply", json={"text": text})
        assert 400 <= answer.status_code < 500
    for bad in (ChosenLists("r\n1"), ChosenLists("r1", recommended=("p1", "p1"))):
        with pytest.raises(InputError):
            shop.server.home.room_lists.put(bad, SYSTEM)
