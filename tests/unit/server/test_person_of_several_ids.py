"""A person with a device and ids on two platforms: told as one, with what was decided, and erased.

What shows the words of a decision is the code that sent them: the page of a viewer reads the same.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from qianmian.cli.main import run
from qianmian.runtime.messages import Catalog, Decided, Settled, StrategiesChanged
from qianmian.settings import Settings
from qianmian.storage.person_decisions import DecisionsOf
from qianmian.storage.person_reader import PersonReader
from qianmian.strategies.strategy import Strategies
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.product import Product
from tests.serving import WAIT_S, Served, served
from tests.strategy_shop import offer, somebody, strategy
from tests.unit.server.test_persons import in_home

FILE = """
guardrails: {quiet_from: 0, quiet_until: 0}
offers:
  - {key: ten_off, title: 立减十元, rules: 每人一张, amount_minor: 1000, cost_minor: 1000}
strategies:
  - key: price_help
    title: {zh: 问价送券, en: a coupon for who asks}
    reason: internal-reason-of-the-shop
    moment: price_question
    mode: full
    offer: ten_off
    steps:
      - {channel: in_room, title: 给你的券, body: "{offer|优惠}，现在用正好"}
"""
FREE = somebody("price_help", 1_000, inside=False, name="member-{}-lucky")
HELD = somebody("price_help", 1_000, inside=True)
OTHER_ID = "taobao-8842-of-the-same-person"
DEVICE, LENT = "device-11aa22bb33cc", "device-of-a-neighbor-99"
SAID = "这个多少钱呀-独特的话"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("shop")
    path = folder / "strategies.yaml"
    path.write_text(FILE, encoding="utf-8")
    with served(folder / "home", Settings(home=folder / "home", strategies=path)) as server:
        yield server


def send(shop: Served, *events: dict[str, Any]) -> None:
    rows = [{"room": "r1", **one} for one in events]
    headers = {"authorization": f"Bearer {shop.key}"}
    answer = httpx.post(
        f"{shop.url}/v1/events", json={"events": rows}, headers=headers, timeout=WAIT_S
    )
    assert answer.json()["accepted"] == len(rows), answer.text


def link(anonymous_id: str = "", **more: Any) -> dict[str, Any]:
    device = {"anonymous_id": anonymous_id} if anonymous_id else {}
    return {"type": "identity_linked", "viewer": FREE, **device, **more}


def asks_the_price(viewer: str) -> dict[str, Any]:
    return {"type": "comment_sent", "viewer": viewer, "text": SAID, "message_id": f"q-{viewer}"}


def decided(shop: Served) -> int:
    bodies = (message.body for message in shop.home.log.read(0))
    return sum(len(one.decisions) for one in bodies if isinstance(one, Decided))


def wait_for(is_so: Any) -> None:
    pause = threading.Event()
    for _ in range(10 * WAIT_S):
        if is_so():
            return
        pause.wait(0.1)
    raise AssertionError


@contextmanager
def owner_of(shop: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shop.url, timeout=WAIT_S) as owner:
        given = {"token": shop.first_token, "name": "老板", "password": "correct horse"}
        answer = owner.post("/api/first-account", json=given)
        owner.headers["x-csrf-token"] = answer.json()["csrf"]
        yield owner


def test_a_person_is_told_and_erased_by_any_of_their_ids(shop: Served) -> None:
    home = shop.home.settings.home
    send(
        shop,
        {"type": "room_entered", "anonymous_id": DEVICE},
        {"type": "room_entered", "anonymous_id": LENT},
        link(DEVICE),
        link(linked_viewer=OTHER_ID),
        link(LENT, message_id="lent"),
        {"type": "identity_unlinked", "viewer": FREE, "anonymous_id": LENT},
        {"type": "room_entered", "viewer": OTHER_ID},
        asks_the_price(FREE),
        asks_the_price(HELD),
    )
    wait_for(lambda: decided(shop) >= 2)
    with owner_of(shop) as owner:
        told = owner.get(f"/api/persons/{FREE}/export").json()
        assert set(told["viewers"]) == {FREE, OTHER_ID, f"?{DEVICE}"}, "a link that is over is not"
        for other in (OTHER_ID, f"%3F{DEVICE}"):
            again = owner.get(f"/api/persons/{other}/export").json()
            assert again["viewers"] == told["viewers"]
            assert again["decisions"] == told["decisions"]
        (one,) = told["decisions"]
        assert (one["strategy"], one["outcome"], one["title"]["zh"]) == (
            "price_help",
            "act",
            "问价送券",
        )
        words = {"title": "给你的券", "body": "立减十元，现在用正好", "why": "问价送券"}
        assert one["words"] == words
        assert (one["offer"]["title"], one["offer"]["rules"]) == ("立减十元", "每人一张")
        assert one["at"].startswith("20")
        assert "internal-reason" not in json.dumps(told)
        (held,) = owner.get(f"/api/persons/{HELD}/export").json()["decisions"]
        assert (held["outcome"], held["reason"], held["words"]) == ("held_out", "control", None)
        assert held["reason_words"]["zh"] == "您在这个策略的对照组"
        asked = owner.post("/api/persons/erasures", json={"viewer": OTHER_ID, "confirm": OTHER_ID})
        name = asked.json()["id"]

        def is_done() -> bool:
            found = owner.get("/api/persons/erasures").json()
            return any(one["id"] == name and one["step"] == "done" for one in found)

        wait_for(is_done)
        for secret in (FREE, OTHER_ID, DEVICE):
            assert in_home(home, secret) == [], secret
            assert owner.get(f"/api/persons/{secret}/export").status_code == 404
        assert in_home(home, LENT), "whose link is over is somebody else"
        mine = [one for one in every_decision(shop) if one.viewer not in (HELD, None)]
        assert [one.viewer.startswith("erased-") for one in mine if one.viewer] == [True]
    for viewer in (FREE, OTHER_ID):
        answer = httpx.post(
            f"{shop.url}/v1/events",
            json={"events": [{"type": "liked", "viewer": viewer, "room": "r1"}]},
            headers={"authorization": f"Bearer {shop.key}"},
            timeout=WAIT_S,
        ).json()
        assert [one["code"] for one in answer["rejected"]] == ["erased"]


def every_decision(shop: Served) -> list[Decision]:
    bodies = (message.body for message in shop.home.log.read(0))
    return [d for one in bodies if isinstance(one, Decided) for d in one.decisions]


def test_the_command_tells_the_same(tmp_path: Path) -> None:
    path = tmp_path / "strategies.yaml"
    path.write_text(FILE, encoding="utf-8")
    home = tmp_path / "home"
    with served(home, Settings(home=home, strategies=path)) as shop:
        send(shop, {"type": "room_entered", "viewer": FREE}, asks_the_price(FREE))
        wait_for(lambda: decided(shop) == 1)
        logged = every_decision(shop)
    old = PersonReader(home).old_decisions(frozenset({FREE}), before=1 << 60)
    assert list(old) == logged, "what the log forgets is told from history"
    assert list(PersonReader(home).old_decisions(frozenset({FREE}), before=0)) == []
    out = tmp_path / "me.json"
    assert run(["person", "export", FREE, "--home", str(home), "--out", str(out)]) == 0
    (one,) = json.loads(out.read_text("utf-8"))["decisions"]
    assert one["words"]["body"] == "立减十元，现在用正好"


def decision(name: str, **more: Any) -> Decision:
    given: dict[str, Any] = {
        "viewer": "v1",
        "room": "r1",
        "session": "s1",
        "strategy": "coupon",
        "version": 1,
    }
    given |= {"at": 1, "firing": "f", "outcome": "act"}
    return Decision(id=name, **(given | more))


def test_a_decision_is_told_with_what_held_when_it_was_made() -> None:
    old, new = offer("ten_off"), offer("ten_off", cost_minor=5)
    cream, dear = Product("p1", title="面霜"), Product("p1", title="贵面霜")
    found = DecisionsOf(frozenset({"v1"}))
    for body in (
        StrategiesChanged(Strategies((strategy(),), (old,))),
        Catalog((cream,)),
        Decided((decision("d1", offer="ten_off", key="p1"), decision("d2", viewer="v2"))),
        StrategiesChanged(Strategies((strategy(version=2),), (new,))),
        Catalog((dear,)),
        Settled(delivered=("d1", "d2")),
    ):
        found.take(body)
    (one,) = found.told(Strategies)
    assert (one.strategy, one.offer, one.product) == (strategy(), old, cream)
    assert one.end == "delivered"


def test_where_the_log_begins_later_the_rules_that_hold_now_are_asked() -> None:
    found = DecisionsOf(frozenset({"v1"}))
    found.add(decision("d1", offer="ten_off"))
    found.take(Decided((decision("d2", version=7),)))
    found.take(Settled(released=("d1",)))
    rules = Strategies((strategy(),), (offer(),))
    first, second = found.told(lambda: rules)
    assert (first.strategy, first.offer, first.end) == (strategy(), offer(), "released")
    assert second.strategy is None, "another version had other words"
