"""Codes of an offer: each reaches its viewer, and nobody else reads it anywhere."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
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
from tests.fakes.coupon_system import CouponMaker, making
from tests.fakes.receiver import CUT, SECRET, Receiver, receiving, said
from tests.serving import WAIT_S, Served, now_ms, served
from tests.unit.server.test_webhook import send, until

NUMBERS = itertools.count()
MARKS = {"webhook": "liked", "in_room": "shared", "follow_up": "followed"}
"""What a viewer does, so that one strategy is for them."""
ISSUED = {"card": "gift_sent", "care": "lottery_joined"}
"""The same of strategies whose codes the coupon system makes."""

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
MAKES = """
  - key: made_{0}
    moment: price_question
    conditions: count({1}) this session >= 1
    mode: full
    offer: made
    control: 0
    why_no_control: a test
    steps:
"""
IN_ROOM = "      - {channel: in_room, title: 给你的券, action_label: 去用, action_url: /cart}\n"
CARE = '      - {channel: follow_up, title: 给你的券, body: "{offer|优惠}"}\n'
FILE = (
    HEAD
    + "".join(OFFER.format(one) for one in MARKS)
    + "  - {key: made, title: 立减二十, rules: 每人一张, amount_minor: 2000, is_issued: true}\n"
    + "strategies:"
    + "".join(STRATEGY.format(*pair) for pair in MARKS.items())
    + MAKES.format("card", ISSUED["card"])
    + IN_ROOM
    + CARE
    + MAKES.format("care", ISSUED["care"])
    + CARE
)


@dataclass
class Shop:
    server: Served
    receiver: Receiver
    maker: CouponMaker
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
                {"type": (MARKS | ISSUED)[channel]},
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
    with beside(receiving()) as receiver, beside(making()) as maker:
        settings = Settings(
            home=folder / "home",
            strategies=folder / "strategies.yaml",
            webhook_url=receiver.url,
            webhook_secret=folder / "secret",
            coupons_url=maker.url,
            coupons_secret=folder / "secret",
            egress_private=True,
        )
        with (
            served(folder, settings) as server,
            httpx.Client(base_url=f"{server.url}/api", timeout=WAIT_S) as owner,
        ):
            given = {"token": server.first_token, "name": "老板", "password": "correct horse"}
            owner.headers["x-csrf-token"] = owner.post("/first-account", json=given).json()["csrf"]
            yield Shop(server, receiver, maker, owner, folder)


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


def cards_of(shop: Shop, channel: str, *viewers: str) -> dict[str, dict[str, Any]]:
    """What the pages of these viewers are shown once they ask for the price."""
    heard: dict[str, dict[str, Any]] = {}

    async def page(viewer: str, is_up: asyncio.Event) -> None:
        token = ViewerTokens(shop.server.home.secret, now_ms)
        address = shop.server.url.replace("http", "ws") + "/live"
        async with websockets.connect(address) as socket:
            minted = token.mint(viewer, namespace="default", room="r1")[0]
            await socket.send(json.dumps({"type": "hello", "v": 1, "token": minted, "room": "r1"}))
            await socket.recv()
            is_up.set()
            heard[viewer] = json.loads(await socket.recv())

    async def story() -> None:
        ups = {viewer: asyncio.Event() for viewer in viewers}
        pages = [asyncio.create_task(page(viewer, up)) for viewer, up in ups.items()]
        for up in ups.values():
            await up.wait()
        await asyncio.to_thread(shop.asks, channel, *viewers)
        await asyncio.wait_for(asyncio.gather(*pages), WAIT_S)

    asyncio.run(story())
    return heard


def test_a_card_has_a_code_that_only_its_viewer_is_sent(shop: Shop) -> None:
    shop.upload("in_room_offer", "ROOM-0001", "ROOM-0002")
    heard = cards_of(shop, "in_room", "c1", "c2")
    codes = {viewer: card["offer"]["code"] for viewer, card in heard.items()}
    assert codes == {"c1": "ROOM-0001", "c2": "ROOM-0002"}


def test_a_card_waits_for_the_code_that_the_coupon_system_makes(shop: Shop) -> None:
    until_ms = now_ms() // 1_000 * 1_000 + 3_600_000
    instant = datetime.fromtimestamp(until_ms / 1_000, UTC).isoformat()
    shop.maker.more = {"valid_until": instant, "url": "https://shop.example/use"}
    shop.maker.script[:] = [CUT, said(429)]
    heard = cards_of(shop, "card", "g1", "g2")
    made = {one.viewer: shop.maker.codes[one.id] for one in shop.decided("made_card")}
    assert {viewer: card["offer"]["code"] for viewer, card in heard.items()} == made
    assert {card["offer"]["valid_until"] for card in heard.values()} == {until_ms}
    assert {card["action_url"] for card in heard.values()} == {"https://shop.example/use"}
    assert {one["data"]["viewer"] for one in shop.maker.given.values()} == {"g1", "g2"}
    page = shop.owner.get("/offers/made/codes").json()
    tails = {one["tail"] for one in page["newest"]}
    assert tails == {one[-4:] for one in made.values()}
    assert (page["size"], page["left"]) == (2, 0)
    shown = json.dumps([page, shop.owner.get("/offers").json(), shop.owner.get("/audit").json()])
    assert "ISSUED-" not in shown


def test_a_refusal_gives_the_offer_back_ends_the_act_and_is_told_in_words(shop: Shop) -> None:
    given = shop.offer("made")["given"]
    shop.maker.script[:] = [said(400)]
    shop.asks("card", "g3")
    rooms = "/rooms/r1/viewers/g3/decisions"
    until(lambda: len(shop.decided("made_card")) == 4)  # both steps
    until(lambda: shop.offer("made")["given"] == given)
    told = shop.owner.get(rooms).json()["decisions"]
    assert [(one["outcome"], one["reason"]) for one in told] == [("act", "not_issued")] * 2
    assert {one["says"]["en"] for one in told} == {
        "not sent: the coupon system refused a code for “立减二十”"
    }
    lines = httpx.get(f"{shop.server.url}/metrics", timeout=WAIT_S).text.splitlines()
    counted = [one for one in lines if 'why="no_code"' in one and not one.endswith(" 0.0")]
    assert sorted(one.split('"')[1] for one in counted) == ["follow_up", "in_room"]


def test_customer_service_reads_a_code_that_was_made_once_they_have_the_task(shop: Shop) -> None:
    shop.asks("care", "g4")
    until(lambda: len(shop.owner.get("/follow-ups").json()["open"]) == 1)
    page = shop.owner.get("/follow-ups").json()
    assert "ISSUED" not in json.dumps(page)
    (task,) = page["open"]
    assert shop.owner.post(f"/follow-ups/{task['id']}", json={"step": "claim"}).status_code == 204
    (mine,) = shop.owner.get("/follow-ups").json()["mine"]
    assert mine["body"] == f"立减二十\n{shop.maker.codes[task['id']]}"
    assert shop.owner.post(f"/follow-ups/{task['id']}", json={"step": "done"}).status_code == 204


def test_the_coupon_system_can_be_tried_out_and_takes_no_table(shop: Shop) -> None:
    told = shop.owner.get("/coupon-system").json()
    assert (told["is_on"], told["states"]) == (True, {"issued": 3, "refused": 1})
    assert told["target"] == shop.maker.url.split("/")[2]
    assert shop.owner.post("/coupon-system/test").json()["outcome"] == "delivered"
    (newest, *_) = shop.owner.get("/audit").json()["items"]
    assert (newest["action"], newest["after"]["outcome"]) == ("channel.tested", "delivered")
    answer = shop.owner.post("/offers/made/codes", content=b"code\nTEN-BBBB-0001")
    assert answer.status_code == 422
    body = {"title": "立减十元", "rules": "每人一张", "is_issued": True}
    answer = shop.owner.put("/offers/webhook_offer", json=body)
    assert answer.status_code == 422
    assert "codes were uploaded" in answer.json()["detail"]


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
    acts = Counter({key: n for key, n in acts.items() if key.startswith("by_")})
    assert acts == {"by_webhook": 4, "by_in_room": 2, "by_follow_up": 2}
    codes = Counter({key: n for key, n in codes.items() if n})
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
        for code in (b"TEN-AAAA", b"ROOM-000", b"CARE-000", b"ISSUED-0"):
            assert code not in raw, path
