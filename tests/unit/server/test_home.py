"""Today over the API: what each part of the shop says, to whoever may see it, with its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from qianmian.settings import Settings
from tests.measured_shop import FILE, HARMS, LASTS_MS, NOON, UNEVEN, write_evening
from tests.serving import WAIT_S, Served, served

AS_OF = NOON + LASTS_MS
OFFER = {
    "title": "立减十元",
    "rules": "每人一张",
    "amount_minor": 1000,
    "cost_minor": 1000,
    "stock": 0,
}


@dataclass
class Shop:
    """A server after an evening, and who asks it."""

    server: Served
    owner: httpx.Client

    def client(self, role: str) -> httpx.Client:
        """Somebody of a role."""
        made = self.owner.post("/api-keys", json={"name": role, "role": role}).json()
        headers = {"authorization": f"Bearer {made['secret']}"}
        return httpx.Client(base_url=f"{self.server.url}/api", headers=headers, timeout=WAIT_S)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "strategies.yaml").write_text(FILE, encoding="utf-8")
    settings = Settings(home=folder / "home", strategies=folder / "strategies.yaml")
    with (
        served(
            settings.home,
            settings,
            now=lambda: AS_OF,
            prepare=lambda home: write_evening(home, 1_000, hurts=True),
        ) as server,
        httpx.Client(base_url=f"{server.url}/api", timeout=WAIT_S) as client,
    ):
        given = {"token": server.first_token, "name": "老板", "password": "correct horse"}
        client.headers["x-csrf-token"] = client.post("/first-account", json=given).json()["csrf"]
        yield Shop(server, client)


def needs(client: httpx.Client) -> dict[str, list[dict[str, Any]]]:
    """By kind."""
    answer = client.get("/home")
    assert answer.is_success, answer.text
    assert answer.json()["problem"] is None
    found: dict[str, list[dict[str, Any]]] = {}
    for one in answer.json()["needs"]:
        found.setdefault(one["kind"], []).append(one)
    return found


def test_the_strategy_that_harms_is_told_with_the_numbers_of_its_page(shop: Shop) -> None:
    (harms,) = needs(shop.owner)["harms"]
    assert (harms["key"], harms["names"]["en"]) == (HARMS, "a pushy word")
    assert harms["effect"]["effect"]["primary"]["absolute"]["value"] == pytest.approx(-0.3)
    assert harms["effect"] == shop.owner.get(f"/strategies/{HARMS}/effect").json()
    listed = {one["key"]: one["found"] for one in shop.owner.get("/effects").json()}
    assert harms["effect"] == listed[HARMS]
    (uneven,) = needs(shop.owner)["not_as_drawn"]
    assert (uneven["key"], uneven["effect"]["effect"]["primary"]) == (UNEVEN, None)


def test_what_waits_and_what_ends_is_told_until_somebody_has_seen_to_it(shop: Shop) -> None:
    owner, operator = shop.owner, shop.client("operator")
    draft = {
        "moment": "price_question",
        "title": {"zh": "新策略", "en": "a new one"},
        "steps": [{"channel": "in_room", "title": "券", "body": "{offer|优惠}"}],
        "offer": "ten_off",
    }
    assert owner.put("/offers/ten_off", json=OFFER).is_success
    assert needs(owner).keys().isdisjoint({"waiting", "offer_ends", "stopped"})
    assert operator.put("/strategies/fresh/draft", json=draft).is_success
    asked = operator.post("/strategies/fresh/versions/1/step", json={"step": "ask", "why": ""})
    assert asked.is_success, asked.text
    assert [one["key"] for one in needs(owner)["waiting"]] == ["fresh"]
    approved = {"step": "approve", "why": "ok"}
    assert owner.post("/strategies/fresh/versions/1/approval", json=approved).is_success
    found = needs(owner)
    assert "waiting" not in found
    (ends,) = found["offer_ends"]
    assert (ends["key"], ends["n"], ends["names"]["zh"]) == ("ten_off", 0, "立减十元")
    assert owner.put("/switch", json={"is_stopped": True, "why": "test"}).is_success
    assert owner.get("/home").json()["needs"][0]["kind"] == "stopped"
    assert owner.put("/switch", json={"is_stopped": False, "why": "test"}).is_success
    operator.close()


def test_letters_and_silence_are_told_to_those_who_may_see_them(shop: Shop) -> None:
    basic = httpx.BasicAuth(shop.server.key, "")
    bad = {"events": [{"type": "order_payed", "viewer": "v1"}]}
    answer = httpx.post(f"{shop.server.url}/v1/events", json=bad, auth=basic, timeout=WAIT_S)
    assert answer.status_code == 400
    shop.server.home.dead_letters.flush()
    assert needs(shop.owner)["dead_letters"][0]["n"] == 1
    with shop.client("service") as service:
        assert "dead_letters" not in needs(service)
        assert "harms" in needs(service)
