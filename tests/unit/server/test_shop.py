"""The shop over HTTP: products, tables, people, keys and the audit, in one running server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from qianmian.cli.main import run
from qianmian.runtime.live import Live
from qianmian.runtime.messages import Catalog
from tests.serving import WAIT_S, Served, served

PASSWORD = "correct horse"
CUSHION = {
    "title": "轻薄气垫",
    "link_number": 3,
    "category": ["美妆", "底妆"],
    "brand": "花西子",
    "brand_tone": "warm",
    "price_minor": 9_900,
    "currency": "CNY",
    "stock": 12,
    "selling_points": ["不卡粉"],
    "related": ["p2"],
}
HOSTILE = (
    "<script>alert(1)</script>",
    "'; DROP TABLE products; --",
    "{{7*7}}",
    "\u202eexe",
    "=1+1",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="module")
def owner(server: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=WAIT_S) as client:
        given = {"token": server.first_token, "name": "老板", "password": PASSWORD}
        answer = client.post("/api/first-account", json=given)
        assert answer.status_code == 200, answer.text
        client.headers["x-csrf-token"] = answer.json()["csrf"]
        yield client


def table(client: httpx.Client, kind: str, body: str, *, dry_run: bool = False) -> Any:
    answer = client.post(
        f"/api/{kind}/import",
        params={"dry_run": dry_run},
        content=body.encode("gb18030"),
        headers={"content-type": "text/csv"},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_a_product_is_put_read_found_and_taken_away(owner: httpx.Client) -> None:
    made = owner.put("/api/products/p1", json=CUSHION)
    assert made.status_code == 200, made.text
    told = owner.get("/api/products/p1").json()
    assert {name: told[name] for name in CUSHION} == CUSHION
    assert told["updated_at"] > 0
    found = owner.get("/api/products", params={"search": "花西子"}).json()
    assert (found["total"], found["items"][0]["id"]) == (1, "p1")
    gone = owner.delete("/api/products/p1").json()
    assert problem(owner.get("/api/products/p1")) == (404, "product.unknown")
    assert problem(owner.delete("/api/products/p1")) == (404, "product.unknown")
    given = {name: gone[name] for name in CUSHION}
    assert owner.put("/api/products/p1", json=given).status_code == 200
    assert owner.get("/api/products/p1").json()["title"] == CUSHION["title"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_a_text(owner: httpx.Client, text: str) -> None:
    given = CUSHION | {"title": text, "brand": text, "category": [text], "selling_points": [text]}
    path = "/api/products/h/1?x=%26"
    assert owner.put(path, json=given).status_code == 200
    told = owner.get(path).json()
    assert (told["id"], told["title"], told["category"]) == ("h/1", text, [text])
    assert owner.get("/api/products", params={"search": text}).json()["total"] == 1
    assert owner.delete(path).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price_minor", -1),
        ("price_minor", 1.5),
        ("price_minor", 1 << 60),
        ("stock", "many"),
        ("title", "x" * 513),
        ("title", "a\x00b"),
        ("category", ["x"] * 33),
        ("category", ["\x07"]),
        ("currency", "ZZZ"),
        ("colour", "red"),
    ],
)
def test_a_product_that_cannot_be_is_refused_with_words(
    owner: httpx.Client, field: str, value: object
) -> None:
    answer = owner.put("/api/products/bad", json=CUSHION | {field: value})
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"]
    assert owner.get("/api/products/bad").status_code == 404


def test_a_table_is_tried_first_and_then_taken_over(owner: httpx.Client) -> None:
    body = "商品编号,名称,价格,库存\nt1,=1+1,12.5,3\nt2,坏,便宜,1\nt3,好,1,1\n"
    for dry_run in (True, False):
        told = table(owner, "products", body, dry_run=dry_run)
        counts = {name: told[name] for name in ("rows", "bad", "added", "changed", "unchanged")}
        assert counts == {"rows": 3, "bad": 1, "added": 2, "changed": 0, "unchanged": 0}
        assert (told["encoding"], told["dry_run"]) == ("gb18030", dry_run)
        (bad,) = told["problems"]
        assert (bad["line"], bad["column"], bad["code"]) == (3, "价格", "wrong_type")
        assert owner.get("/api/products/t1").status_code == (404 if dry_run else 200)
    assert owner.get("/api/products/t1").json()["title"] == "=1+1"
    out = owner.get("/api/products.csv", params={"locale": "zh-CN"})
    assert out.headers["content-type"].startswith("text/csv")
    assert "t1,'=1+1," in out.content.decode("utf-8-sig")
    again = owner.post("/api/products/import", content=out.content).json()
    assert (again["bad"], again["added"], again["changed"]) == (0, 0, 0)
    assert problem(owner.post("/api/products/import", content=b"PK\x03\x04")) == (
        422,
        "input.sheet",
    )


def test_a_table_that_is_too_large_is_refused_while_it_arrives(owner: httpx.Client) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(66):
            yield b"x" * (1 << 20)

    try:
        answer = owner.post("/api/products/import", content=parts())
    except httpx.WriteError:  # refused before all of it was sent
        return
    assert problem(answer) == (413, "table.large")


def traits_of(server: Served, viewer: str) -> Any:
    def asked(live: Live) -> int:
        return live.offset

    server.home.deployment.engine.ask(asked).result(WAIT_S)
    return [
        row
        for message in server.site.log.read(0)
        if hasattr(message.body, "batch")
        for row in message.body.batch.to_rows()
        if row.get("viewer") == viewer
    ]


def known_products(server: Served) -> dict[str, Any]:
    """What the engine knows of the catalog, once it has looked."""
    asking = asyncio.run_coroutine_threadsafe(server.site.stocking.follow(), server.loop)
    asking.result(WAIT_S)
    found = server.home.deployment.engine.ask(lambda live: live.products).result(WAIT_S)
    return {one.id: one for one in found}


def test_the_engine_follows_the_catalog_also_when_another_process_changes_it(
    server: Served, owner: httpx.Client, tmp_path: Path
) -> None:
    owner.put("/api/products/e1", json=CUSHION)
    assert known_products(server)["e1"].title == CUSHION["title"]
    owner.delete("/api/products/e1")
    assert "e1" not in known_products(server)
    file = tmp_path / "p.csv"
    file.write_bytes("货号,名称\ne2,口红\n".encode("gb18030"))
    home = str(server.home.settings.home)
    assert run(["products", "import", str(file), "--home", home]) == 0
    assert known_products(server)["e2"].title == "口红"
    before = server.site.log.next_offset
    assert known_products(server)
    catalogs = [one for one in server.site.log.read(before) if isinstance(one.body, Catalog)]
    assert catalogs == [], "what did not change is not told again"


def test_members_are_told_to_the_log(server: Served, owner: httpx.Client) -> None:
    body = "会员编号,性别,年龄\nm1,女,31\n?x,男,20\n"
    told = table(owner, "members", body, dry_run=True)
    assert (told["events"], told["bad"]) == (1, 1)
    assert traits_of(server, "m1") == []
    told = table(owner, "members", body)
    assert (told["events"], told["bad"]) == (1, 1)
    (row,) = traits_of(server, "m1")
    assert (row["type"], row["source"]) == ("profile_updated", "import")
    assert row["traits"] == {"gender": "female", "age": 31}
    table(owner, "members", body)
    health = owner.get("/api/health/data").json()
    source = next(one for one in health["sources"] if one["name"] == "import")
    assert source["duplicates"] == 1, "the same table again is the same events"


def test_past_orders_are_told_with_their_own_time_but_not_of_those_who_watch(
    server: Served, owner: httpx.Client
) -> None:
    events = [{"type": "room_entered", "viewer": "here", "message_id": "here"}]
    sent = httpx.post(
        f"{server.url}/v1/events", json={"events": events}, auth=(server.key, ""), timeout=WAIT_S
    )
    assert sent.status_code == 200
    body = (
        "订单号,会员编号,支付时间,商品编号,数量,金额\n"
        "o1,m1,2025-06-01 20:30:00,p1,2,19.80\n"
        "o2,here,2025-06-01 20:30:00,p1,1,9.90\n"
    )
    told = table(owner, "orders", body)
    assert (told["events"], told["bad"]) == (1, 1)
    assert told["problems"][0]["code"] == "in_room"
    (row,) = [one for one in traits_of(server, "m1") if one["type"] == "order_paid"]
    assert (row["event_time"], row["verified"]) == (1_748_781_000_000, 1)
    assert [one["type"] for one in traits_of(server, "here")] == ["room_entered"]
    board = owner.get("/api/rooms/r1/board").json()
    assert (board["orders"], board["gmv_minor"]) == (0, 0)
    fired = {one["moment"] for one in board["firings"]}
    assert "just_ordered" not in fired


def test_people_are_invited_changed_and_let_go(server: Served, owner: httpx.Client) -> None:
    link = owner.post("/api/accounts/invitations", json={"role": "operator"}).json()
    with httpx.Client(base_url=server.url, timeout=WAIT_S) as guest:
        told = guest.post("/api/invitation", json={"token": link["token"]}).json()
        assert told == {"role": "operator", "name": None}
        taken = {"token": link["token"], "name": "老板", "password": PASSWORD}
        assert problem(guest.post("/api/join", json=taken)) == (409, "account.name_taken")
        joined = guest.post("/api/join", json=taken | {"name": "小李"}).json()
        guest.headers["x-csrf-token"] = joined["csrf"]
        assert problem(guest.post("/api/invitation", json={"token": link["token"]})) == (
            403,
            "account.link",
        )
        assert problem(guest.get("/api/accounts")) == (403, "session.role")
        people = {one["name"]: one for one in owner.get("/api/accounts").json()}
        li = people["小李"]["id"]
        change = {"role": "reader", "reason": "调岗"}
        assert owner.patch(f"/api/accounts/{li}", json=change).json()["role"] == "reader"
        assert problem(guest.put("/api/products/x", json={})) == (403, "session.role")
        again = owner.post(f"/api/accounts/{li}/reset").json()
        given = {"token": again["token"], "name": "小李", "password": "battery staple"}
        assert guest.post("/api/join", json=given).status_code == 200
        ended = owner.patch(f"/api/accounts/{li}", json={"disabled": True}).json()
        assert ended["disabled_at"] is not None
        assert guest.get("/api/meta").status_code == 401
    mine = people["老板"]["id"]
    for last in ({"disabled": True}, {"role": "lead"}):
        answer = owner.patch(f"/api/accounts/{mine}", json=last)
        assert problem(answer) == (409, "account.last_owner")
    assert problem(owner.patch("/api/accounts/none", json={})) == (404, "account.unknown")
    assert problem(owner.post("/api/accounts/none/reset")) == (404, "account.unknown")
    assert problem(owner.delete("/api/api-keys/none")) == (404, "api_key.unknown")


def test_every_change_is_told_by_who_did_it(owner: httpx.Client) -> None:
    owner.put("/api/products/a1", json={"title": "x"})
    key = owner.post("/api/api-keys", json={"name": "ERP", "role": "operator"}).json()
    headers = {"authorization": f"Bearer {key['secret']}"}
    owner.put("/api/products/a1", json={"title": "y"}, headers=headers)
    owner.post("/api/sources", json={"name": "audited", "key_class": "server"})
    page = owner.get("/api/audit", params={"limit": 4}).json()
    told = [(one["action"], one["subject"], one["actor"]["kind"]) for one in page["items"]]
    assert told == [
        ("write_key.created", "audited", "account"),
        ("source.created", "audited", "account"),
        ("product.changed", "a1", "key"),
        ("api_key.created", key["key"]["id"], "account"),
    ]
    changed = page["items"][2]
    assert (changed["before"], changed["after"]) == ({"title": "x"}, {"title": "y"})
    assert changed["actor"]["name"] == "ERP"
    older = owner.get("/api/audit", params={"before": page["next"], "limit": 1}).json()
    assert (older["items"][0]["action"], older["items"][0]["subject"]) == ("product.added", "a1")
    verdict = owner.get("/api/audit/verdict").json()
    assert (verdict["intact"], verdict["rows"]) == (True, page["items"][0]["number"])
    assert key["secret"] not in owner.get("/api/audit", params={"limit": 200}).text
