"""A person as the pages show them: stored by the night, everything since, and every id."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from qianmian.bootstrap.installation import Installation
from qianmian.cli.main import run
from qianmian.columns.batch import EventBatch
from qianmian.runtime.messages import DefinitionsChanged, Events
from qianmian.server.identity_following import IdentityFollowing
from tests.serving import WAIT_S, Served, served
from tests.unit.server.test_server import send

DAY = 86_400_000
NOW = int(time.time() * 1_000)
PAST = NOW - 40 * DAY


def seen(viewer: str, clock: int, kind: str = "product_viewed", **more: Any) -> dict[str, Any]:
    about = {"product": "p1", "category": "serum", "price": 29_900}
    return {"type": kind, "viewer": viewer, "clock": clock, "room": "r1", **about, **more}


def lived(home: Installation) -> None:
    """What is in the log before the server starts: forty days ago, and two days ago."""
    home.log.append(PAST - 1, [DefinitionsChanged(home.definitions)])
    rows = [seen("v", PAST + n, message_id=f"old-{n}") for n in range(6)]
    rows += [seen("w", NOW - 2 * DAY, "cart_added", room="r2", message_id="w-0")]
    for row in rows:
        batch = EventBatch.from_rows([{**row, "message": home.log.next_offset}])
        home.log.append(row["clock"], [Events(batch)])
    home.log.commit()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("home")
    with served(folder, prepare=lived) as running:
        running.home.deployment.engine.ask(lambda live: live.offset).result(WAIT_S)
        flushed(running)
        assert run(["facts", "build", "--home", str(folder)]) == 0
        yield running


@pytest.fixture(scope="module")
def console(server: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=WAIT_S) as client:
        given = {"token": server.first_token, "name": "owner", "password": "correct horse"}
        client.headers["x-csrf-token"] = client.post("/api/first-account", json=given).json()[
            "csrf"
        ]
        yield client


def flushed(server: Served) -> None:
    """History has everything of the log, and the graph everything of history."""
    server.home.deployment.engine.ask(lambda live: live.offset).result(WAIT_S)
    server.home.history.flush_before(server.home.log.durable_offset)
    IdentityFollowing(server.home.settings.home / "history", server.home.identities).read()


def done(told: dict[str, Any]) -> dict[str, int]:
    return {one["type"]: one["n"] for one in told["behavior"]}


def test_who_was_here_long_ago_is_known_with_what_they_do_now(
    server: Served, console: httpx.Client
) -> None:
    page = console.get("/api/viewers/v").json()
    assert done(page) == {"product_viewed": 6}
    assert page["stored_at"] <= NOW
    assert [one["stage"] for one in page["stages"]] == ["new", "churn_risk", "dormant"]
    (category,) = (one for one in page["preference"] if one["dimension"] == "category")
    assert (category["preferred"], category["acts"]) == ("serum", 6)
    assert len(page["timeline"]) == 6
    now = {"type": "cart_added", "viewer": "v", "product": "p1", "message_id": "now"}
    assert send(server, now, now).status_code == 200
    server.home.deployment.engine.ask(lambda live: live.offset).result(WAIT_S)
    for again in range(2):  # from the log, and then from history
        told = console.get("/api/rooms/r1/viewers/v").json()["person"]
        assert done(told) == {"product_viewed": 6, "cart_added": 1}, again
        assert told["since"] is None
        tags = {one["key"]: one for one in told["tags"]}
        assert (tags["carts_session"]["answer"], tags["carts_session"]["value"]) == ("value", "1")
        assert tags["carts_session"]["value_names"]["zh"] == "本场加购次数：1 次"
        assert tags["spent_session"]["value_names"]["en"] == "Paid in this session: ¥0"
        assert (tags["days_registered"]["answer"], tags["days_registered"]["value"]) == (
            "unknown",
            None,
        )
        assert told["stages"][-1]["stage"] == "returned"
        assert done(console.get("/api/viewers/v").json()) == done(told)
        flushed(server)


def test_an_id_that_is_the_same_person_is_shown_until_the_link_is_over(
    server: Served, console: httpx.Client
) -> None:
    link = {"type": "identity_linked", "viewer": "w", "anonymous_id": "tablet"}
    assert send(server, {**link, "message_id": "l1"}).status_code == 200
    assert console.post("/api/viewers/w/links", json={"other": "w-wechat"}).status_code == 202
    bought = {"type": "order_paid", "order_id": "o", "amount": 900, "message_id": "wx"}
    assert send(server, {**bought, "viewer": "w-wechat"}).status_code == 200
    flushed(server)
    page = console.get("/api/viewers/w-wechat").json()
    assert page["ids"] == ["?tablet", "w", "w-wechat"]
    links = {one["id"]: (one["of"], one["kind"], one["source"]) for one in page["linked"]}
    assert links == {
        "?tablet": ("w", "device", "shop"),
        "w-wechat": ("w", "platform", "console"),
    }
    assert done(page) == done(console.get("/api/viewers/w").json())
    assert done(page) == {"cart_added": 1, "order_paid": 1}
    assert {one["room"] for one in page["timeline"]} == {"r2", None}
    assert console.delete("/api/viewers/w/links/w-wechat").status_code == 202
    flushed(server)
    page = console.get("/api/viewers/w").json()
    assert page["ids"] == ["?tablet", "w"]
    assert done(page) == {"cart_added": 1}
    assert {one["id"]: one["until"] is None for one in page["linked"]} == {
        "?tablet": True,
        "w-wechat": False,
    }
    told = [one.action for one in server.home.audit.read(limit=2)]
    assert told == ["viewer.unlinked", "viewer.linked"]


def test_who_is_not_known_is_not_found_and_odd_ids_are_refused(
    server: Served, console: httpx.Client
) -> None:
    assert console.get("/api/viewers/nobody").status_code == 404
    assert console.get("/api/viewers/%3Fnobody").status_code == 404
    for odd in ("?x", "", "x" * 200, "\u0000"):
        answer = console.post("/api/viewers/v/links", json={"other": odd})
        assert answer.status_code == 422, (odd, answer.text)
    assert console.post("/api/viewers/%3Fx/links", json={"other": "v"}).status_code == 422
    assert json.loads(console.get("/api/openapi.json").text)["paths"]["/api/viewers/{viewer}"]
    assert (Path(server.home.settings.home) / "profiles").is_dir()
