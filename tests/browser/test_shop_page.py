"""The demonstration's shop in a real browser: a question, a card, its receipts, and the way out."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

import hatch_build
from qianmian.bootstrap.demo import ROOM, demo_sources, demo_strategies
from qianmian.runtime.messages import Decided, Events
from qianmian.server.demo_shop.app import SHOP_PATH, DemoShop
from qianmian.settings import Settings
from tests.browser.conftest import WAIT_MS, Visit
from tests.browser.test_console import RULES
from tests.required import absent, program
from tests.serving import WAIT_S, Served, now_ms, served
from tools.chromium import FLAGS, NAMES
from tools.lints.walk import ROOT

CARD = "您问的价格有惊喜"
# A network that lets no socket through.
NO_SOCKETS = """
window.WebSocket = class {
  constructor() { setTimeout(() => this.onclose({ code: 1006 })) }
  close() {}
}
"""
PRODUCTS = [
    {"id": "p1", "title": "气垫粉底", "link_number": 1, "price_minor": 15_900},
    {"id": "p2", "title": "精华水", "link_number": 2, "price_minor": 26_900},
    {"id": "sold_out", "title": "卖完的", "price_minor": 100, "stock": 0},
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser without the console: this page needs the client only."""
    if not hatch_build.is_built(ROOT, hatch_build.CLIENT):
        absent("node", "the client is not built from these sources: make console")
    executable = program("chromium", *NAMES)
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with the demonstration's shop and strategies, and a broadcast on air."""
    folder = tmp_path_factory.mktemp("home")
    products = folder / "products.jsonl"
    products.write_text("\n".join(map(json.dumps, PRODUCTS)), encoding="utf-8")
    settings = Settings(
        home=folder / "var", products=products, strategies=demo_strategies(folder), currency="CNY"
    )
    with served(
        folder,
        settings,
        more=lambda home: {SHOP_PATH[1:]: DemoShop(home, demo_sources(home), now_ms)},
    ) as server:
        rows = [
            {"type": "session_started", "room": ROOM},
            {"type": "comment_sent", "room": ROOM, "viewer": "first", "text": "多少钱"},
        ]
        headers = {"authorization": f"Bearer {server.key}"}
        answer = httpx.post(
            f"{server.url}/v1/events", json={"events": rows}, headers=headers, timeout=WAIT_S
        )
        assert answer.json()["accepted"] == 2, answer.text
        # The first of all tests compiles the engine; no page waits so long for a card.
        for _ in range(WAIT_S * 20):
            if decided_about(server, "first"):
                break
            threading.Event().wait(0.05)
        yield server


@pytest.fixture
def visit(browser: Browser, demo: Served, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A browser that was never here; what it should not have done fails the test.

    Its parameter is a program that runs in it before those of the page.
    """
    context = browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 844})
    context.set_default_timeout(WAIT_MS)
    context.add_init_script(getattr(request, "param", ""))
    opened = Visit(context.new_page())
    opened.listen(demo.url)
    opened.page.goto(f"{demo.url}{SHOP_PATH}")
    expect(opened.page.locator("#line")).to_have_text("（已连接）")
    yield opened
    opened.check()
    context.close()


def rows_of(demo: Served, viewer: str) -> list[dict[str, Any]]:
    """What the log has of a viewer, oldest first."""
    return [
        row
        for message in demo.home.log.read(0)
        if isinstance(message.body, Events)
        for row in message.body.batch.to_rows()
        if row.get("viewer") == viewer
    ]


def decided_about(demo: Served, viewer: str) -> list[tuple[str, str]]:
    return [
        (one.outcome, one.reason)
        for message in demo.home.log.read(0)
        if isinstance(message.body, Decided)
        for one in message.body.decisions
        if one.viewer == viewer
    ]


def wait_for(page: Page, demo: Served, viewer: str, *types: str) -> list[dict[str, Any]]:
    """The viewer's events of these types, once the log has one of each; the page goes on."""
    for _ in range(WAIT_MS // 20):
        found = [row for row in rows_of(demo, viewer) if row["type"] in types]
        if {row["type"] for row in found} == set(types):
            return found
        page.wait_for_timeout(20)
    raise AssertionError(rows_of(demo, viewer))


def as_treated(page: Page) -> str:
    """Somebody who gets what is decided; who that is."""
    while "留白组" in page.locator("#arm").inner_text():
        another(page)
    return page.locator("#viewer").inner_text()


def another(page: Page) -> None:
    before = page.locator("#viewer").inner_text()
    page.get_by_role("button", name="换一位访客").click()
    expect(page.locator("#viewer")).not_to_have_text(before)
    expect(page.locator("#line")).to_have_text("（已连接）")


def card_after_a_question(page: Page) -> Locator:
    page.get_by_role("button", name="问价 气垫粉底").click()
    card = page.locator("section", has=page.get_by_role("heading", name=CARD))
    expect(card).to_be_visible()
    return card


def test_who_asks_the_price_gets_a_card_and_its_receipts_are_in_the_log(
    visit: Visit, demo: Served
) -> None:
    page = visit.page
    viewer = as_treated(page)
    expect(page.get_by_text("卖完的")).to_have_count(0)
    page.get_by_role("button", name="看 气垫粉底").click()
    card = card_after_a_question(page)
    expect(card).to_contain_text("广告")
    expect(card).to_contain_text("满五十减十元，本场有效")
    expect(card.get_by_role("timer")).to_have_text(re.compile(r"还剩 (1:00|0:[0-5]\d)"))
    shown = card.get_by_role("timer").inner_text()
    expect(card.get_by_role("timer")).not_to_have_text(shown)  # it counts
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert Axe().run(page, options=RULES).response["violations"] == [], theme
    wait_for(page, demo, viewer, "message_opened")
    card.get_by_role("button", name="关闭").click()
    expect(card).to_have_count(0)
    receipts = [f"message_{state}" for state in ("delivered", "opened", "dismissed")]
    told = wait_for(page, demo, viewer, *receipts)
    assert [row["type"] for row in told] == receipts
    assert len({row["delivery_id"] for row in told}) == 1
    page.reload()
    expect(page.locator("#line")).to_have_text("（已连接）")
    assert page.locator("#viewer").inner_text() == viewer, "the same browser is the same visitor"
    assert page.get_by_role("heading", name=CARD).count() == 0, "what was shown is not shown again"


def test_who_wants_no_more_is_told_when_it_holds(visit: Visit, demo: Served) -> None:
    page = visit.page
    viewer = as_treated(page)
    card = card_after_a_question(page)
    card.get_by_role("button", name="不再收到个性化推荐").click()
    expect(page.get_by_role("status").filter(has_text="已保存")).to_be_visible()
    expect(card).to_have_count(0)
    (said,) = wait_for(page, demo, viewer, "consent_changed")
    assert not said["granted"]


@pytest.mark.parametrize("visit", [NO_SOCKETS], indirect=True, ids=["no_sockets"])
def test_where_no_socket_gets_through_cards_receipts_and_the_way_out_go_by_a_stream(
    visit: Visit, demo: Served
) -> None:
    page = visit.page
    viewer = as_treated(page)
    card = card_after_a_question(page)
    wait_for(page, demo, viewer, "message_delivered", "message_opened")
    card.get_by_role("button", name="不再收到个性化推荐").click()
    expect(page.get_by_role("status").filter(has_text="已保存")).to_be_visible()
    (said,) = wait_for(page, demo, viewer, "consent_changed")
    assert not said["granted"]


def test_every_third_visitor_is_held_out_and_is_told_so(visit: Visit, demo: Served) -> None:
    page = visit.page
    for _ in range(3):
        if "留白组" in page.locator("#arm").inner_text():
            break
        another(page)
    expect(page.locator("#arm")).to_contain_text("任何个性化消息都不会发给您")
    viewer = page.locator("#viewer").inner_text()
    page.get_by_role("button", name="问价 精华水").click()
    for _ in range(WAIT_MS // 20):
        if decided_about(demo, viewer):
            break
        page.wait_for_timeout(20)
    assert decided_about(demo, viewer) == [("held_out", "global_holdout")]
    assert page.get_by_text(CARD).count() == 0


@pytest.fixture(scope="module")
def owner(demo: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{demo.url}/api", timeout=WAIT_S) as client:
        given = {"token": demo.first_token, "name": "掌柜", "password": "correct horse"}
        told = client.post("/first-account", json=given).raise_for_status().json()
        client.headers["x-csrf-token"] = told["csrf"]
        yield client


def test_a_list_is_a_line_that_opens_and_whoever_asks_is_answered(
    visit: Visit, demo: Served, owner: httpx.Client
) -> None:
    page = visit.page
    viewer = page.locator("#viewer").inner_text()
    chosen = {"is_hot_shown": False, "recommended": ["p2", "sold_out", "p1"]}
    told = owner.put(f"/rooms/{ROOM}/lists", json=chosen).raise_for_status().json()
    assert [one["id"] for one in told["listed"]] == ["p2", "p1"]
    listed = page.locator("section.list")
    listed.get_by_text("主播推荐").click()
    expect(listed.get_by_role("listitem")).to_have_count(2)
    expect(listed.get_by_role("listitem").first).to_contain_text("精华水")
    expect(listed.get_by_role("listitem").first).to_contain_text("269.00")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    answered = owner.post(f"/rooms/{ROOM}/viewers/{viewer}/reply", json={"text": "敏感肌可用"})
    assert answered.raise_for_status().json()["pages"] == 1
    reply = page.locator("section", has=page.get_by_role("heading", name="直播间助手"))
    expect(reply).to_contain_text("敏感肌可用")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert Axe().run(page, options=RULES).response["violations"] == [], theme
    listed.get_by_role("button", name="精华水").click()
    wait_for(page, demo, viewer, "product_viewed")
    page.reload()
    expect(page.locator("section.list")).to_contain_text("主播推荐")
    owner.put(f"/rooms/{ROOM}/lists", json={"is_hot_shown": False, "recommended": []})
    expect(page.locator("section.list")).to_have_count(0)
