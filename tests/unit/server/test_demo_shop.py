"""The demonstration's shop: its visitors, what decides for them, and nobody else's token."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources
from itertools import product
from pathlib import Path

import httpx
import pytest

from qianmian.bootstrap import active_definitions, load_classifier
from qianmian.bootstrap.demo import ROOM, demo_sources, demo_strategies
from qianmian.bootstrap.parts import simulate
from qianmian.runtime.strategy_file import read_strategies
from qianmian.server.demo_shop.app import COOKIE, SHOP_PATH, DemoShop
from qianmian.server.demo_shop.visitors import HELD_OUT_OF, Visitors, arm_of, is_visitor
from qianmian.server.viewer_tokens import ViewerTokens
from qianmian.settings import Settings
from qianmian.simulation.plan import SimulationPlan
from tests.serving import WAIT_S, Served, now_ms, served

DOUBT = 1
"""The bit of that class."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("home")
    settings = Settings(home=folder / "var", strategies=demo_strategies(folder), currency="CNY")
    with served(
        folder,
        settings,
        more=lambda home: {SHOP_PATH[1:]: DemoShop(home, demo_sources(home), now_ms)},
    ) as server:
        yield server


@pytest.fixture
def page(demo: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=demo.url, timeout=WAIT_S, headers={"Origin": demo.url}) as client:
        yield client


def drawn() -> Iterator[str]:
    return (f"{number:016x}" for number in range(10_000))


def test_what_decides_in_the_demonstration_runs_and_leaves_controls(tmp_path: Path) -> None:
    found = read_strategies(demo_strategies(tmp_path), active_definitions(), "strict")
    assert {one.moment for one in found.strategies} == {"price_question", "hesitation"}
    assert all(one.mode == "full" and one.control and one.offer for one in found.strategies)
    assert found.guardrails.holdout


def test_the_coupon_of_the_demonstration_makes_nothing_free(tmp_path: Path) -> None:
    """Some of what is sold there costs less than the coupon takes off."""
    found = read_strategies(demo_strategies(tmp_path), active_definitions(), "strict")
    products = simulate(SimulationPlan(1, 1, 1)).products
    cheapest = min(one.price_minor for one in products if one.price_minor is not None)
    for offer in found.offers:
        assert offer.amount_minor > cheapest
        assert offer.least_order_minor > offer.amount_minor
        assert f"满 {offer.least_order_minor // 100} 元" in offer.rules


def test_in_the_demonstration_nothing_is_shown_as_a_doubt_that_is_meant_otherwise() -> None:
    script = json.loads(
        resources.files("qianmian.simulation").joinpath("data", "script.json").read_bytes()
    )
    slots = script["slots"] | {"noun": [one["noun"] for one in script["categories"]]}
    said = [
        f"{''.join(parts)}{tail}"
        for meant, templates in script["comments"].items()
        if meant != "doubt"
        for template in templates
        for parts in product(*_pieces(template, slots))
        for tail in {*script["tails"]}
    ]
    masks = load_classifier().classify_many(said)
    doubted = [text for text, mask in zip(said, masks, strict=True) if mask & DOUBT]
    assert len(said) > 1_000
    assert doubted == []


def _pieces(template: str, slots: dict[str, list[str]]) -> list[list[str]]:
    """Of each part of a template what may stand there."""
    parts = re.split(r"\{(\w+)\}", template)
    return [slots[part] if at % 2 else [part] for at, part in enumerate(parts)]


def test_every_third_visitor_is_held_out_by_the_hash_and_the_others_by_nothing(
    tmp_path: Path,
) -> None:
    found = read_strategies(demo_strategies(tmp_path), active_definitions(), "strict")
    ids = drawn()
    visitors = Visitors(lambda: next(ids), lambda one: arm_of(found, "default", one))
    made = [visitors.new() for _ in range(3 * HELD_OUT_OF)]
    assert [arm_of(found, "default", one) for one in made] == ["", "", "holdout"] * 3
    assert len(set(made)) == len(made)
    assert all(map(is_visitor, made))
    arms = {arm_of(found, "default", f"guest-{one}") for one in drawn()}
    assert arms == {"", "holdout", "control"}


def test_a_shop_that_holds_nobody_out_still_gets_visitors() -> None:
    ids = drawn()
    visitors = Visitors(lambda: next(ids), lambda _: "")
    assert len({visitors.new() for _ in range(HELD_OUT_OF)}) == HELD_OUT_OF


def test_a_browser_stays_who_it_is_until_it_asks_to_be_somebody_else(
    demo: Served, page: httpx.Client
) -> None:
    first = page.post("/shop/visitor")
    assert "HttpOnly" in first.headers["set-cookie"]
    assert "SameSite=Strict" in first.headers["set-cookie"]
    told = first.json()
    claims = ViewerTokens(demo.home.secret, now_ms).read(told["token"])
    assert claims is not None
    assert (claims.viewer, claims.room) == (told["viewer"], ROOM)
    assert page.post("/shop/visitor").json()["viewer"] == told["viewer"]
    assert page.post("/shop/visitor/new").json()["viewer"] != told["viewer"]


@pytest.mark.parametrize("stolen", ["member-1001", "guest-1", "guest-" + "g" * 16, "a:guest-x"])
def test_nobody_gets_the_token_of_a_viewer_of_the_room(page: httpx.Client, stolen: str) -> None:
    page.cookies.set(COOKIE, stolen, path="/shop")
    assert is_visitor(page.post("/shop/visitor").json()["viewer"])


def test_a_page_of_another_site_gets_no_token(demo: Served) -> None:
    for headers in ({"Origin": "https://evil.example"}, {}):
        answer = httpx.post(f"{demo.url}/shop/visitor", headers=headers, timeout=WAIT_S)
        assert (answer.status_code, answer.content) == (403, b"")


def test_it_runs_nothing_of_others_and_has_no_other_addresses(page: httpx.Client) -> None:
    shown = page.get("/shop")
    assert "default-src 'self'" in shown.headers["content-security-policy"]
    assert "<script>" not in shown.text
    texts = page.get("/shop/texts.json").json()
    assert set(texts["zh"]) == set(texts["en"])
    assert page.get("/shop/room.json").json()["room"] == ROOM
    assert page.get("/shop/..%2Fsecret").status_code == 404
    assert page.get("/shop/page.py").status_code == 404
    assert page.put("/shop").status_code == 405


def test_a_server_that_is_no_demonstration_has_no_shop(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        origin = {"Origin": server.url}
        answer = httpx.post(f"{server.url}/shop/visitor", headers=origin, timeout=WAIT_S)
        assert answer.status_code == 405
        assert "token" not in answer.text
