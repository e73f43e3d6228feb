"""A segment as it moves: over the API, and each second to whoever listens."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.serving import WAIT_S, Served, served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="module")
def console(server: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=WAIT_S) as client:
        given = {"token": server.first_token, "name": "老板", "password": "correct horse"}
        answer = client.post("/api/first-account", json=given)
        client.headers["x-csrf-token"] = answer.json()["csrf"]
        for key, text in (("点赞", "count(liked) within 2s >= 1"), ("分享", "shared this session")):
            place = f"/api/definitions/segment/{key}"
            client.put(f"{place}/draft", json={"text": text})
            assert client.post(f"{place}/activate", json={}).status_code == 200
        yield client


def send(server: Served, type_: str, *viewers: str, **more: Any) -> None:
    basic = base64.b64encode(f"{server.key}:".encode()).decode()
    events = [{"type": type_, "viewer": one, "room": "r1", **more} for one in viewers]
    answer = httpx.post(
        f"{server.url}/v1/events",
        json={"events": events},
        headers={"authorization": f"Basic {basic}"},
        timeout=WAIT_S,
    )
    assert answer.status_code == 200, answer.text


def flush(server: Served) -> None:
    """History has everything that was sent."""
    server.home.deployment.engine.ask(lambda live: live.offset).result(WAIT_S)
    server.home.history.flush_before(server.home.log.durable_offset)


def until(ask: Callable[[], Any], is_so: Callable[[Any], bool]) -> Any:
    end = time.monotonic() + WAIT_S
    while not is_so(found := ask()):
        assert time.monotonic() < end, found
    return found


def test_who_enters_and_leaves_is_told_and_who_was_there_before_has_not_entered(
    server: Served, console: httpx.Client
) -> None:
    send(server, "shared", "early")

    def moves(key: str) -> Any:
        return console.get(f"/api/segments/{key}/moves").json()

    assert moves("点赞")["since"] is None
    assert moves("分享")["since"] is None
    until(lambda: moves("分享"), lambda found: found["since"] is not None and found["live"] == 1)
    assert moves("分享")["people"] == []
    send(server, "liked", "a", "b")
    found = until(lambda: moves("点赞"), lambda found: len(found["people"]) == 4)
    by_person = {(one["viewer"], one["entered"]) for one in found["people"]}
    assert by_person == {(who, entered) for who in "ab" for entered in (True, False)}
    assert sum(one["entered"] for one in found["seconds"]) == 2
    assert sum(one["left"] for one in found["seconds"]) == 2
    short = console.get("/api/segments/点赞/moves", params={"limit": 1}).json()
    assert len(short["people"]) == 1
    assert not short["people"][0]["entered"]
    assert console.get("/api/segments/点赞/moves", params={"limit": 51}).status_code == 422
    assert console.get("/api/segments/没有/moves").status_code == 404


def test_minors_are_counted_and_not_named(server: Served, console: httpx.Client) -> None:
    send(server, "profile_updated", "child", traits={"age": 15})
    found = until(
        lambda: console.get("/api/segments/点赞/moves").json(), lambda one: one["since"] is not None
    )
    before = found["at"]
    send(server, "liked", "child", "parent")

    def moved() -> Any:
        told = console.get("/api/segments/点赞/moves").json()
        return told | {"seconds": [one for one in told["seconds"] if one["at"] > before]}

    found = until(moved, lambda one: sum(second["left"] for second in one["seconds"]) == 2)
    assert sum(one["entered"] for one in found["seconds"]) == 2
    named = {one["viewer"] for one in found["people"]}
    assert "parent" in named
    assert "child" not in named
    flush(server)
    asked = {"kind": "segment", "text": "count(liked) this session >= 1"}
    told = console.post("/api/definitions/preview", json=asked).json()
    named = {one["viewer"] for one in told["samples"]}
    assert told["count"] == len(named) + 1, told
    assert "child" not in named


def test_whoever_listens_is_told_each_second(server: Served, console: httpx.Client) -> None:
    cookie = "; ".join(f"{one.name}={one.value}" for one in console.cookies.jar)
    headers = {"cookie": cookie, "origin": server.url}
    address = server.url.replace("http", "ws", 1)
    with connect(f"{address}/ws", additional_headers=headers) as socket:
        socket.send(json.dumps({"op": "subscribe", "topic": "segment:没有"}))
        assert json.loads(socket.recv(WAIT_S))["code"] == "no_topic"
        socket.send(json.dumps({"op": "subscribe", "topic": "segment:分享"}))
        first = json.loads(socket.recv(WAIT_S))
        assert (first["op"], first["data"]["segment"]) == ("snapshot", "分享")
        send(server, "shared", "late")

        def told() -> Any:
            return json.loads(socket.recv(WAIT_S))["data"]

        found = until(told, lambda data: [one["viewer"] for one in data["people"]] == ["late"])
        assert found["people"][0]["entered"]
        until(told, lambda data: data["live"] == 2)
