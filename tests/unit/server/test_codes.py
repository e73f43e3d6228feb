"""Codes of an offer: each reaches its viewer, and nobody else reads it anywhere."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from qianmian.runtime.messages import Decided
from qianmian.server.viewer_tokens import ViewerTokens
from qianmian.settings import Settings
from qianmian.vocabulary.decision import Decision
from tests.fakes.beside import beside
from tests.fakes.receiver import SECRET, Receiver, receiving, said
from tests.serving import WAIT_S, Served, now_ms, served
from tests.unit.server.test_webhook import send, until

NUMBERS = itertools.count()
MARKS = {"webhook": "liked", "in_room": "shared", "follow_up": "followed"}
"""What a viewer does, so that one strategy of three is for them."""

HEAD = """
guardrails: {quiet_from: 0, quiet_until: 0, holdout: 0, why_no_holdout: a test}
offers:
"""
OFFER = "  - {{key: {0}_offer, title: 立减十元, rules: 每人一张, amount_minor: 1000}}\n"
STRATEGY = """
  - key: by_{0}
    moment: price_question
    conditions: count({1}) this session >= 1
    mode: full
    offer: {0}_offer
    control: 0
    why_no_control: a test
    steps: [{{channel: {0}, title: 给你的券, body: "{{offer|优惠}}"}}]
"""
FILE = (
    HEAD
    + "".join(OFFER.format(one) for one in MARKS)
    + "strategies:"
    + "".join(STRATEGY.format(*pair) for pair in MARKS.items())
)


@dataclass
class Shop:
    server: Served
    receiver: Receiver
    owner: httpx.Client
    folder: Path

    def upload(self, offer: str, *codes: str, head: str = "券码") -> dict[str, Any]:
        body = "\n".join((head, *codes)).encode()
        answer = self.owner.post(f"/offers/{offer}/codes", content=body)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def asks(self, channel: str, *viewers: str) -> None:
        for viewer in viewers:
            told: list[dict[str, Any]] = [
                {"type": "consent_changed", "purpose": "share", "granted": True},
                {"type": MARKS[channel]},
                {"type": "comment_sent", "text": "多少钱"},
            ]
            events = [{**one, "viewer": viewer, "message_id": f"m{next(NUMBERS)}"} for one in told]
            for one in events:
                send(self.server, one)

    def decided(self, strategy: str) -> list[Decision]:
        bodies = (one.body for one in self.server.home.log.read(0))
        told = (one for body in bodies if isinstance(body, Decided) for one in body.decisions)
        return [one for one in told if one.strategy == strategy]

    def offer(self, key: str) -> dict[str, Any]:
        told = self.owner.get("/offers").json()
        return next(one for one in told if one["offer"]["key"] == key)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("codes")
    (folder / "strategies.yaml").write_text(FILE, encoding="utf-8")
    (folder / "secret").write_text(SECRET, encoding="ascii")
    with beside(receiving()) as receiver:
        settings = Settings(
            home=folder / "home",
            strategies=folder / "strategies.yaml",
            webhook_url=receiver.url,
            webhook_secret=folder / "secret",
            egress_private=True,
        )
        with (
            served(folder, settings) as server,
            httpx.Client(base_url=f"{server.url}/api", timeout=WAIT_S) as owner,
        ):
            given = {"token": server.first_token, "name": "老板", "password": "correct horse"}
            owner.headers["x-csrf-token"] = owner.post("/first-account", json=given).json()["csrf"]
            yield Shop(server, receiver, owner, folder)


def test_a_table_is_reported_and_no_page_shows_a_whole_code(shop: Shop) -> None:
    key = "webhook_offer"
    tried = shop.owner.post(f"/offers/{key}/codes?dry_run=1", content=b"code\nTEN-AAAA-0001")
    assert (tried.json()["added"], tried.json()["dry_run"]) == (1, True)
    told = shop.upload(key, "TEN-AAAA-0001", "short", "TEN-AAAA-0002", "TEN-AAAA-0001", "有 空格")
    assert (told["added"], told["bad"], told["size"]) == (2, 3, 2)
    found = [(one["line"], one["code"]) for one in told["problems"]]
    assert found == [(3, "code_form"), (5, "duplicate"), (6, "code_form")]
    again = shop.upload(key, "TEN-AAAA-0003", "TEN-AAAA-0002", head="code")
    assert (again["added"], again["bad"], again["size"]) == (1, 1, 3)
    assert again["problems"][0]["code"] == "code_known"
    page = shop.owner.get(f"/offers/{key}/codes").json()
    assert [one["tail"] for one in page["newest"]] == ["0003", "0002", "0001"]
    assert (page["size"], page["left"]) == (3, 3)
    audit = shop.owner.get("/audit").json()["items"]
    added = [one for one in audit if one["action"] == "codes.added"]
    assert [one["after"]["added"] for one in added] == [1, 2]
    shown = json.dumps([told, again, page, audit, shop.owner.get("/offers").json()])
    assert "TEN-AAAA" not in shown
    made = shop.owner.post("/api-keys", json={"name": "op", "role": "operator"}).json()
    operator = {"authorization": f"Bearer {made['secret']}"}
    url = f"{shop.server.url}/api/offers/{key}/codes"
    assert httpx.get(url, headers=operator).status_code == 403
    assert httpx.post(url, headers=operator, content=b"code\nSTOLEN-1").status_code == 403
    assert shop.owner.get("/offers/no_such/codes").json()["code"] == "definition.not_there"


def test_a_webhook_is_told_one_code_each_and_the_strategy_stops_with_the_last(shop: Shop) -> None:
    shop.upload("webhook_offer", *(f"TEN-AAAA-000{n}" for n in (1, 2, 3)))
    shop.receiver.script[:] = [said(400)]  # refused: nobody has seen that code
    viewers = [f"w{n}" for n in range(5)]
    shop.asks("webhook", viewers[0])
    until(lambda: shop.receiver.tries.total() and shop.offer("webhook_offer")["codes_left"] == 3)
    shop.asks("webhook", *viewers[1:])
    until(lambda: len(shop.decided("by_webhook")) == 5)
    until(lambda: len(shop.receiver.given) == 3)
    told = shop.decided("by_webhook")
    assert [(one.outcome, one.reason, one.code) for one in told] == [
        ("act", "", 0),
        *(("act", "", n) for n in range(3)),
        ("suppressed", "stock", None),
    ]
    codes = {one["data"]["viewer"]: one["data"]["offer"]["code"] for one in given(shop)}
    assert codes == {f"w{n}": f"TEN-AAAA-000{n}" for n in (1, 2, 3)}
    offer = shop.offer("webhook_offer")
    assert (offer["codes"], offer["codes_left"]) == (3, 0)
    until(lambda: {one["read"] for one in pool(shop, "webhook_offer")} == {True})


def given(shop: Shop) -> list[dict[str, Any]]:
    return list(shop.receiver.given.values())


def pool(shop: Shop, key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.owner.get(f"/offers/{key}/codes").json()["newest"]
    return found


def test_a_card_has_a_code_that_only_its_viewer_is_sent(shop: Shop) -> None:
    shop.upload("in_room_offer", "ROOM-0001", "ROOM-0002")
    heard: dict[str, str] = {}

    async def page(viewer: str, is_up: asyncio.Event) -> None:
        token = ViewerTokens(shop.server.home.secret, now_ms)
        address = shop.server.url.replace("http", "ws") + "/live"
        async with websockets.connect(address) as socket:
            minted = token.mint(viewer, namespace="default", room="r1")[0]
            await socket.send(json.dumps({"type": "hello", "v": 1, "token": minted, "room": "r1"}))
            await socket.recv()
            is_up.set()
            heard[viewer] = json.loads(await socket.recv())["offer"]["code"]

    async def story() -> None:
        ups = {viewer: asyncio.Event() for viewer in ("c1", "c2")}
        pages = [asyncio.create_task(page(viewer, up)) for viewer, up in ups.items()]
        for up in ups.values():
            await up.wait()
        await asyncio.to_thread(shop.asks, "in_room", "c1", "c2")
        await asyncio.wait_for(asyncio.gather(*pages), WAIT_S)

    asyncio.run(story())
    assert heard == {"c1": "ROOM-0001", "c2": "ROOM-0002"}


def test_customer_service_reads_the_code_of_a_task_that_they_have_claimed(shop: Shop) -> None:
    shop.upload("follow_up_offer", "CARE-0001", "CARE-0002")
    shop.asks("follow_up", "f1", "f2")
    until(lambda: len(shop.owner.get("/follow-ups").json()["open"]) == 2)
    page = shop.owner.get("/follow-ups").json()
    assert "CARE" not in json.dumps(page)
    one, other = sorted(page["open"], key=lambda task: str(task["viewer"]))
    assert shop.owner.post(f"/follow-ups/{one['id']}", json={"step": "claim"}).status_code == 204
    page = shop.owner.get("/follow-ups").json()
    assert [task["body"] for task in page["mine"]] == ["立减十元\nCARE-0001"]
    assert shop.owner.post(f"/follow-ups/{one['id']}", json={"step": "skipped"}).status_code == 204
    stopped = {"is_stopped": True, "why": "a test"}
    assert shop.owner.put("/switch", json=stopped).status_code == 200  # withdraws the other
    until(lambda: shop.offer("follow_up_offer")["given"] == 0)
    assert shop.offer("follow_up_offer")["codes_left"] == 1, "the seen one is gone"
    assert shop.owner.put("/switch", json={"is_stopped": False}).status_code == 200
    assert other["viewer"] == "f2"


def test_reports_read_what_was_given_by_day_strategy_and_offer(shop: Shop) -> None:
    """After all of the above; a row counts once, however often it was told."""
    days = {"since": "2000-01-01", "until": "2999-12-31"}
    told = shop.owner.get("/spending", params=days).raise_for_status().json()
    acts, codes = Counter[str](), Counter[str]()
    for one in told:  # of two days around midnight
        acts[one["strategy"]] += one["pieces"] + one["given_back"]
        codes[one["strategy"]] += one["codes"]
    assert acts == {"by_webhook": 4, "by_in_room": 2, "by_follow_up": 2}
    assert codes == {"by_webhook": 3, "by_in_room": 2, "by_follow_up": 1}
    assert shop.owner.get("/spending", params=days | {"since": "today"}).status_code == 422
    assert shop.owner.get("/spending", params=days | {"since": "2999-01-01"}).json() == []


def test_no_log_and_no_history_holds_a_code(shop: Shop) -> None:
    """After all of the above; the database has them, and the outbox for a day."""
    shop.server.home.history.flush_before(shop.server.home.log.durable_offset)
    files = [
        path
        for place in ("log", "history", "snapshots")
        for path in (shop.folder / "home" / place).rglob("*")
        if path.is_file()
    ]
    assert len(files) > 1
    for path in files:
        raw = path.read_bytes()
        for code in (b"TEN-AAAA", b"ROOM-000", b"CARE-000"):
            assert code not in raw, path
