"""Two sources, equal ids: member 1001 of a shop and user 1001 of a platform are two people.

Events by rows, by columns, by Segment; links; traits; tokens of pages; what a person
is told, and their erasure.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from qianmian.cli.main import run
from qianmian.runtime.messages import Events
from qianmian.runtime.sources import Source
from qianmian.vocabulary.ids import apart, parts_of, prefix_of
from tests.serving import WAIT_S, Served, served

ID, DEVICE = "member-1001", "device-aaaa-bbbb-cccc"
THEIRS = f"@taobao/{ID}"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("home")) as server:
        yield server


@pytest.fixture(scope="module")
def taobao(shop: Served) -> str:
    """A server key of a source whose ids are of another namespace."""
    made = Source("taobao", "server", namespace="taobao", default_room="r1")
    return shop.home.sources.create(made)[1]


@pytest.fixture(scope="module")
def owner(shop: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shop.url, timeout=WAIT_S) as client:
        given = {"token": shop.first_token, "name": "老板", "password": "correct horse"}
        told = client.post("/api/first-account", json=given).json()
        client.headers["x-csrf-token"] = told["csrf"]
        yield client


def post(shop: Served, key: str, path: str, body: Any, kind: str = "application/json") -> Any:
    headers = {"authorization": f"Bearer {key}", "content-type": kind}
    answer = httpx.post(
        f"{shop.url}{path}", content=json.dumps(body), headers=headers, timeout=WAIT_S
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def event(kind: str, **more: Any) -> dict[str, Any]:
    who = {} if "anonymous_id" in more else {"viewer": ID}
    return {"type": kind, "room": "r1", **who, **more}


@pytest.fixture(scope="module")
def both(shop: Served, taobao: str) -> None:
    """The same from the shop and from the platform, in every way that events come."""
    for key in (shop.key, taobao):
        city = {"city": "杭州" if key == shop.key else "深圳"}
        paid = event("order_paid", order_id="o-1", amount=100, currency="CNY")
        rows = [event("room_entered"), event("profile_updated", traits=city), paid]
        assert post(shop, key, "/v1/events", {"events": rows})["accepted"] == 3
        columns = {"type": ["liked"] * 40, "viewer": [ID] * 40, "room": "r1"}
        kind = "application/vnd.qianmian.columns+json"
        assert post(shop, key, "/v1/events", {"columns": columns}, kind)["accepted"] == 40
        call = {"type": "identify", "userId": ID, "anonymousId": DEVICE, "traits": {"level": 2}}
        calls = [call | {"messageId": f"s{n}-{key[-6:]}"} for n in range(3)]
        assert post(shop, key, "/v1/batch", {"batch": calls})["accepted"] == 3


def rows_of(shop: Served, kind: str) -> list[dict[str, Any]]:
    return [
        row
        for message in shop.home.log.read(0)
        if isinstance(message.body, Events)
        for row in message.body.batch.to_rows()
        if row["type"] == kind
    ]


def viewers(shop: Served, kind: str) -> list[str]:
    return [row["viewer"] for row in rows_of(shop, kind)]


def ask(shop: Served, question: Any) -> Any:
    future = asyncio.run_coroutine_threadsafe(shop.site.deployment.ask(question), shop.loop)
    return future.result(WAIT_S)


def test_equal_ids_are_two_people_whatever_way_events_come(shop: Served, both: None) -> None:
    for kind, times in (("room_entered", 1), ("liked", 40), ("profile_updated", 4)):
        found = viewers(shop, kind)
        assert (found.count(ID), found.count(THEIRS)) == (times, times), kind
    assert {f"?{DEVICE}", f"?@taobao/{DEVICE}"} <= set(viewers(shop, "identity_linked"))
    board = ask(shop, lambda live: live.engine.board("r1"))
    assert (board.online, board.orders, board.gmv_minor) == (2, 2, 200), "orders are two as well"


def token_of(shop: Served, key: str) -> str:
    told = post(shop, key, "/v1/viewer-tokens", {"viewer": ID, "room": "r1"})
    return str(told["token"])


def test_each_token_is_of_the_person_of_its_source(shop: Served, taobao: str, both: None) -> None:
    address = shop.url.replace("http", "ws") + "/live"

    async def welcomed(token: str) -> Any:
        async with websockets.connect(address) as socket:
            await socket.send(json.dumps({"type": "hello", "v": 1, "token": token, "room": "r1"}))
            return json.loads(await asyncio.wait_for(socket.recv(), WAIT_S))

    for key, viewer, city in ((shop.key, ID, "杭州"), (taobao, THEIRS, "深圳")):
        token = token_of(shop, key)
        assert asyncio.run(welcomed(token))["viewer"] == viewer
        me = httpx.get(f"{shop.url}/api/me", headers={"x-viewer-token": token}, timeout=WAIT_S)
        told = me.json()
        assert told["viewer"] == viewer
        assert {one["value"] for one in told["basic"] if one["name"] == "city"} == {city}
    issued = post(shop, taobao, "/v1/anonymous", {})["anonymous_id"]
    me = httpx.get(f"{shop.url}/api/me", headers={"x-anonymous-id": issued}, timeout=WAIT_S)
    assert me.json()["viewer"] == f"?@taobao/{issued}"


def test_a_server_of_the_shop_links_across_namespaces_and_a_page_cannot(
    shop: Served, taobao: str
) -> None:
    link = {"type": "identity_linked", "viewer": "one-of-both", "linked_viewer": "@taobao/both"}
    assert post(shop, shop.key, "/v1/events", {"events": [link]})["accepted"] == 1
    inward = {"type": "identity_linked", "viewer": "a1", "linked_viewer": "b1"}
    assert post(shop, taobao, "/v1/events", {"events": [inward]})["accepted"] == 1
    assert {"one-of-both", "@taobao/a1"} <= set(viewers(shop, "identity_linked"))
    _, key = shop.home.sources.create(Source("page", "browser", default_room="r1"))
    forged = {"type": "liked", "anonymous_id": f"@taobao/{DEVICE}"}
    headers = {"authorization": f"Bearer {key}"}
    answer = httpx.post(f"{shop.url}/v1/events", json={"events": [forged]}, headers=headers)
    assert [one["code"] for one in answer.json()["rejected"]] == ["not_issued"]


def test_one_is_told_and_erased_and_the_other_stays(
    shop: Served, taobao: str, both: None, owner: httpx.Client
) -> None:
    for key in (shop.key, taobao):
        bad = {"type": "no_such_type", "viewer": ID, "text": f"said at {key[-6:]}"}
        beside = {"type": "no_such_type", "viewer": "somebody-else", "text": "private-of-another"}
        answer = httpx.post(
            f"{shop.url}/v1/events",
            json={"events": [bad, beside]},
            headers={"authorization": f"Bearer {key}"},
        )
        assert len(answer.json()["rejected"]) == 2
    for viewer, mine, other in ((ID, shop.key, taobao), (THEIRS, taobao, shop.key)):
        path = f"/api/persons/{viewer.replace('/', '%2F')}/export"
        headers = {"x-viewer-token": token_of(shop, mine)}
        told = httpx.get(f"{shop.url}/api/me/export", headers=headers, timeout=WAIT_S).json()
        letters = json.dumps(told["dead_letters"], ensure_ascii=False)
        assert f"said at {mine[-6:]}" in letters, path
        assert f"said at {other[-6:]}" not in letters
        assert "private-of-another" not in letters
        assert {one["viewer"] for one in told["events"] if one["type"] == "liked"} == {viewer}
    before = viewers(shop, "liked").count(ID)
    asked = owner.post("/api/persons/erasures", json={"viewer": THEIRS, "confirm": THEIRS})
    pause = threading.Event()
    for _ in range(10 * WAIT_S):
        if shop.home.persons.requests.get(asked.json()["id"]).report is not None:  # type: ignore[union-attr]
            break
        pause.wait(0.1)
    assert viewers(shop, "liked").count(ID) == before
    assert THEIRS not in set(viewers(shop, "liked"))
    left = [one.body for one in shop.home.dead_letters.newest()]
    assert any(f"said at {shop.key[-6:]}".encode() in body for body in left)
    assert not any(f"said at {taobao[-6:]}".encode() in body for body in left)
    headers = {"authorization": f"Bearer {taobao}"}
    for rows in ([event("liked")], [event("liked", text="x" * 700)] + [event("shared")] * 3):
        answer = httpx.post(f"{shop.url}/v1/events", json={"events": rows}, headers=headers)
        assert {one["code"] for one in answer.json()["rejected"]} == {"erased"}, answer.text
    assert post(shop, shop.key, "/v1/events", {"events": [event("liked")]})["accepted"] == 1


def test_tables_of_another_namespace_are_of_its_people(tmp_path: Path) -> None:
    tables = {
        "members": "会员编号,城市\nm-7,南京\n",
        "orders": "订单编号,会员编号,付款时间,实付金额\no-9,m-7,2024-06-01 20:30:00,99\n",
        "links": (
            "会员编号,关联编号\nshop-1,m-7\nshop-1,?device-5\nshop-2,?device-5\n"
            ",x\nshop-1,\nshop-1,m-7\nshop-3,m-9\n"
        ),
    }
    home = tmp_path / "home"
    for kind, table in tables.items():
        (tmp_path / f"{kind}.csv").write_text(table, "utf-8")
        words = [kind, "import", str(tmp_path / f"{kind}.csv"), "--home", str(home)]
        for namespace in ([], ["--namespace", "taobao"]) if kind != "links" else ([],):
            assert run([*words, *namespace]) == (1 if kind == "links" else 0)
    own = [str(tmp_path / "links.csv"), "--home", str(home), "--namespace", "taobao", "--json"]
    assert run(["links", "import", *own]) == 1
    (tmp_path / "vip.csv").write_text("会员编号\nm-7\n", "utf-8")
    listed = ["lists", "import", "vip", str(tmp_path / "vip.csv"), "--home", str(home)]
    assert run([*listed, "--namespace", "taobao"]) == 0
    with served(home) as server:
        assert {one["viewer"] for one in rows_of(server, "profile_updated")} == {
            "m-7",
            "@taobao/m-7",
        }
        orders = {(one["viewer"], one["order_id"]) for one in rows_of(server, "order_paid")}
        assert orders == {("m-7", "o-9"), ("@taobao/m-7", "@taobao/o-9")}
        assert server.home.lists.members("vip") == ["@taobao/m-7"]
        pairs = {
            (one["viewer"], one["linked_viewer"]) for one in rows_of(server, "identity_linked")
        }
        assert pairs == {
            ("shop-1", "m-7"),
            ("shop-1", "@taobao/m-7"),
            ("?device-5", "shop-1"),
            ("?@taobao/device-5", "shop-1"),
            ("shop-3", "m-9"),
            ("shop-3", "@taobao/m-9"),
        }


def test_a_source_of_another_namespace_is_made_over_the_api(
    shop: Served, owner: httpx.Client
) -> None:
    new = {"name": "douyin", "key_class": "server", "namespace": "dy", "default_room": "r1"}
    added = owner.post("/api/sources", json=new)
    assert added.status_code == 201, added.text
    assert added.json()["source"]["namespace"] == "dy"
    sent = {"events": [event("followed")]}
    assert post(shop, added.json()["write_key"], "/v1/events", sent)["accepted"] == 1
    assert viewers(shop, "followed") == [f"@dy/{ID}"]
    bad = owner.post("/api/sources", json=new | {"name": "other", "namespace": "@dy/"})
    assert (bad.status_code, bad.json()["code"]) == (422, "input.fields")


def test_the_prefix_is_of_other_namespaces_only_and_can_be_taken_apart() -> None:
    assert [prefix_of(one, "home") for one in ("default", "home", "taobao")] == ["", "", "@taobao/"]
    assert apart("u", "@taobao/") == "@taobao/u"
    assert apart("?u", "@taobao/") == "?u", "nobody may give such an id"
    for viewer in ("@taobao/u", "?@taobao/u"):
        assert parts_of(viewer) == ("@taobao/", "u")
    assert parts_of("@taobao/@dy/u") == ("@taobao/", "@dy/u")
    assert parts_of("a@b/c") == ("", "a@b/c")
