"""A whole server: events in by HTTP, the board out by REST and by the socket."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from qianmian.runtime.live import Live
from qianmian.storage.history import History
from qianmian.storage.history_schema import EVENTS
from tests.serving import WAIT_S, Served, served
from tests.unit.server.test_webhook import until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="module")
def console(server: Served) -> Iterator[httpx.Client]:
    """A signed-in browser."""
    with httpx.Client(base_url=server.url, timeout=WAIT_S) as client:
        given = {"token": server.first_token, "name": "owner", "password": "correct horse"}
        answer = client.post("/api/first-account", json=given)
        assert answer.status_code == 200, answer.text
        client.headers["x-csrf-token"] = answer.json()["csrf"]
        yield client


@pytest.fixture(scope="module")
def stranger(server: Served) -> Iterator[httpx.Client]:
    """Somebody who is not signed in."""
    with httpx.Client(base_url=server.url, timeout=WAIT_S) as client:
        yield client


def send(server: Served, *events: dict[str, Any]) -> httpx.Response:
    basic = base64.b64encode(f"{server.key}:".encode()).decode()
    return httpx.post(
        f"{server.url}/v1/events",
        json={"events": list(events)},
        headers={"authorization": f"Basic {basic}"},
        timeout=WAIT_S,
    )


def socket_of(server: Served, console: httpx.Client) -> ClientConnection:
    cookie = f"qianmian_session={console.cookies['qianmian_session']}"
    url = server.url.replace("http", "ws") + "/ws"
    return connect(url, origin=Origin(server.url), additional_headers={"cookie": cookie})


def viewed(viewer: str, message: str) -> dict[str, Any]:
    return {"type": "product_viewed", "viewer": viewer, "product": "p1", "message_id": message}


def test_an_event_is_on_the_board_within_the_second_that_follows(
    server: Served, console: httpx.Client
) -> None:
    events = [viewed(f"v{n}", f"m{n}") for n in range(3)]
    answer = send(server, *events, {"type": "room_entered", "viewer": "v0", "message_id": "e0"})
    assert answer.json() == {"success": True, "accepted": 4, "rejected": []}
    with socket_of(server, console) as socket:
        socket.send(json.dumps({"op": "subscribe", "topic": "room:r1"}))
        told = json.loads(socket.recv(WAIT_S))
        assert told["op"] == "snapshot"
        seq = told["seq"]
        while told["data"].get("online") != 3:
            told = json.loads(socket.recv(WAIT_S))
            if told["op"] == "delta":
                assert told["seq"] == seq + 1
                seq += 1
    board = console.get("/api/rooms/r1/board").json()
    assert {stage["stage"]: stage["viewers"] for stage in board["funnel"]}["product_viewed"] == 3
    assert console.get("/api/rooms").json()[0]["room"] == "r1"


def test_what_was_acknowledged_is_in_the_log(server: Served) -> None:
    before = server.site.log.durable_offset
    assert send(server, viewed("w1", "w1")).status_code == 200
    assert server.site.log.durable_offset > before


def test_a_viewer_shows_what_fired_and_because_of_what(
    server: Served, console: httpx.Client
) -> None:
    price = {"type": "comment_sent", "viewer": "v9", "text": "多少钱", "message_id": "c9"}
    assert send(server, viewed("v9", "m9"), price).status_code == 200
    server.home.deployment.engine.ask(lambda live: live.offset).result(WAIT_S)
    told = console.get("/api/rooms/r1/viewers/v9").json()
    assert [one["type"] for one in told["timeline"]] == ["comment_sent", "product_viewed"]
    assert told["present"] is True
    assert told["page"]["product"] == "p1"
    fired = {one["moment"]: one for one in told["firings"]}
    assert fired["price_question"]["because"] == ["c9"]
    assert fired["price_question"]["explanation"]["zh"]
    assert console.get("/api/rooms/r1/viewers/nobody").status_code == 404


def test_a_viewer_is_shown_in_four_dimensions_with_what_holds_and_why(
    server: Served, console: httpx.Client
) -> None:
    told: dict[str, Any] = {"gender": "female", "age": 25, "city_tier": "tier_1"}
    looks = [
        {**viewed("d4", f"d4-{n}"), "product": f"p{n % 3}", "category": "serum", "price": 29_900}
        for n in range(6)
    ]
    events: list[dict[str, Any]] = [
        {"type": "room_entered", "viewer": "d4", "message_id": "d4-in"},
        {"type": "profile_updated", "viewer": "d4", "traits": told, "message_id": "d4-who"},
        *looks,
        {
            "type": "cart_added",
            "viewer": "d4",
            "product": "p1",
            "category": "serum",
            "price": 29_900,
            "message_id": "d4-cart",
        },
    ]
    assert send(server, *events).status_code == 200
    server.home.deployment.engine.ask(lambda live: live.offset).result(WAIT_S)
    person = console.get("/api/rooms/r1/viewers/d4").json()["person"]
    basic = {one["name"]: one for one in person["basic"]}
    assert {name: one["value"] for name, one in basic.items()} == told
    assert (basic["age"]["origin"], basic["age"]["confidence"]) == ("platform", 90)
    assert basic["city_tier"]["names"] == {"zh": "城市等级", "en": "city tier"}
    assert {one["type"]: one["n"] for one in person["behavior"]} == {
        "room_entered": 1,
        "product_viewed": 6,
        "cart_added": 1,
    }
    liked = {one["dimension"]: one for one in person["preference"]}
    assert liked["category"]["preferred"] == "serum"
    assert (liked["price_band"]["preferred"], liked["price_band"]["acts"]) == ("200_500", 7)
    assert liked["brand"]["enough"] is False
    assert [one["stage"] for one in person["stages"]] == ["new"]
    tags = {one["key"]: one for one in person["tags"]}
    assert (tags["gender"]["answer"], tags["gender"]["value"]) == ("value", "female")
    assert tags["age_band"]["value_names"]["zh"] == "25–30岁"
    assert tags["occupation"]["answer"] == "unknown"
    assert tags["bought_this_session"]["answer"] == "no"
    segments = {one["key"]: one for one in person["segments"]}
    assert segments["carted_unpaid"]["because"] == ["d4-cart"]
    assert segments["carted_unpaid"]["since"] is not None
    assert "young_beauty_cart" in segments
    assert person["visits"] == 1
    waits = {(one["moment"], one["about"]) for one in person["waiting"]}
    assert ("cart_abandonment", "p1") in waits
    assert ("hesitation", "p2") in waits


def test_nothing_is_told_to_whoever_is_not_signed_in(
    server: Served, stranger: httpx.Client
) -> None:
    for path in ("rooms", "meta", "health/data", "sources", "dead-letters", "rooms/r1/board"):
        answer = stranger.get(f"/api/{path}")
        assert answer.status_code == 401, path
        assert answer.headers["content-type"] == "application/problem+json"
    unknown = connect(server.url.replace("http", "ws") + "/ws", origin=Origin(server.url))
    with unknown as socket, pytest.raises(Exception, match="4401"):
        socket.recv(WAIT_S)


def test_a_foreign_page_cannot_use_the_session(
    server: Served, console: httpx.Client, stranger: httpx.Client
) -> None:
    cookie = f"qianmian_session={console.cookies['qianmian_session']}"
    url = server.url.replace("http", "ws") + "/ws"
    foreign = connect(url, origin=Origin("http://evil.test"), additional_headers={"cookie": cookie})
    with foreign as socket, pytest.raises(Exception, match="4403"):
        socket.recv(WAIT_S)
    new = {"name": "x", "key_class": "server"}
    answer = console.post("/api/sources", json=new, headers={"x-csrf-token": "guess"})
    assert answer.status_code == 403
    given = {"name": "owner", "password": "correct horse"}
    answer = stranger.post("/api/session", json=given, headers={"origin": "http://evil.test"})
    assert answer.status_code == 403


def test_guessing_a_password_is_slowed_down(server: Served, stranger: httpx.Client) -> None:
    given = {"name": "somebody", "password": "guess"}
    answers = [stranger.post("/api/session", json=given).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]


def test_sources_and_their_keys(server: Served, console: httpx.Client) -> None:
    new = {"name": "site", "key_class": "browser", "default_room": "r1"}
    added = console.post("/api/sources", json=new)
    assert added.status_code == 201, added.text
    key = added.json()["write_key"]
    assert server.home.sources.by_key(key) is not None
    listed = {one["name"]: one for one in console.get("/api/sources").json()}
    assert listed["site"]["first_event_at"] is None
    assert listed["shop"]["first_event_at"] is not None
    assert key not in console.get("/api/sources").text
    key_id = listed["site"]["keys"][0]["id"]
    assert console.delete(f"/api/sources/site/keys/{key_id}").status_code == 204
    assert server.home.sources.by_key(key) is None


def test_what_is_refused_is_counted_kept_and_can_be_sent_again(
    server: Served, console: httpx.Client
) -> None:
    answer = send(server, {"type": "product_wieved", "viewer": "v1", "message_id": "x1"})
    assert answer.status_code == 400
    assert answer.json()["rejected"][0]["code"] == "unknown_type"
    server.home.dead_letters.flush()
    health = console.get("/api/health/data").json()
    shop = next(one for one in health["sources"] if one["name"] == "shop")
    assert shop["rejected_by_code"] == {"unknown_type": 1}
    assert shop["delay_p50_ms"] is not None
    assert health["dead_letters"] == 1
    letter = console.get("/api/dead-letters").json()["items"][0]
    assert "product_wieved" in letter["preview"]
    again = console.post(f"/api/dead-letters/{letter['id']}/replay").json()
    assert again["accepted"] == 0
    assert console.delete(f"/api/dead-letters/{letter['id']}").status_code == 204
    assert console.get("/api/dead-letters").json() == {"items": [], "next": None}


def answers_measured(stranger: httpx.Client) -> float:
    (line,) = re.findall(
        r"^qianmian_ack_seconds_count (.+)$", stranger.get("/metrics").text, re.MULTILINE
    )
    return float(line)


def judged_by_engine(stranger: httpx.Client) -> dict[str, float]:
    line = r'^qianmian_engine_judged_total\{of="(\w+)"\} (.+)$'
    found = re.findall(line, stranger.get("/metrics").text, re.MULTILINE)
    return {name: float(count) for name, count in found}


def test_metrics_health_and_readiness(server: Served, stranger: httpx.Client) -> None:
    before, judged = answers_measured(stranger), judged_by_engine(stranger)
    for _ in range(2):  # the same event twice
        assert send(server, viewed("measured", "measured")).status_code == 200
    assert answers_measured(stranger) == before + 2
    until(lambda: judged_by_engine(stranger)["duplicates"] == judged["duplicates"] + 1)
    now = judged_by_engine(stranger)
    assert now["accepted"] == judged["accepted"] + 1
    assert now["lost"] == now["room_mismatches"] == 0
    assert {"late", "contradicted", "superseded", "merged", "merges_refused"} <= set(now)
    metrics = stranger.get("/metrics").text
    assert 'qianmian_rejected_events_total{code="unknown_type",source="shop"}' in metrics
    assert "qianmian_healthy 1.0" in metrics
    assert stranger.get("/healthz").json() == {"status": "ok"}
    assert stranger.get("/readyz").json() == {"status": "ready"}


def test_the_board_of_the_socket_is_in_the_openapi_document(
    server: Served, stranger: httpx.Client
) -> None:
    document = stranger.get("/api/openapi.json").json()
    board = document["components"]["schemas"]["Board"]
    assert "hesitating" in board["properties"]


def test_a_server_that_starts_again_knows_what_it_knew(tmp_path: Path) -> None:
    def state(live: Live) -> tuple[int, Any]:
        board = live.views.board("r1")
        assert board is not None
        return live.offset, board.firings

    with served(tmp_path) as first:
        assert send(first, viewed("v1", "m1")).status_code == 200
        before = first.home.deployment.engine.ask(state).result(WAIT_S)
    with served(tmp_path) as second:
        after = second.home.deployment.engine.ask(state).result(WAIT_S)
    assert after[0] >= before[0]
    assert after[1] == before[1]
    told = [
        one for table in History(tmp_path / "history").read(EVENTS) for one in table.to_pylist()
    ]
    assert [(one["viewer"], one["message_id"], one["outcome"]) for one in told] == [
        ("v1", "m1", "accepted")
    ]
