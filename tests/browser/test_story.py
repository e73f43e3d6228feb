"""One evening: an operator copies a playbook, a lead approves it, she who hesitates gets a coupon.

Her twin did the same and is held out by the strategy's own draw: nothing comes, and every page
that somebody would ask says why. Nothing is faked: the shop's page and its browser client, the
console of two people, one server, whose clock is put on by an hour when the evening is told.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from qianmian.bootstrap.demo import ROOM, demo_sources
from qianmian.bootstrap.installation import Installation
from qianmian.locales.texts import document
from qianmian.server.demo_shop.app import COOKIE, SHOP_PATH, DemoShop
from qianmian.settings import Settings
from qianmian.storage.sql.audit import SYSTEM
from qianmian.strategies.assignment import is_in_share
from qianmian.strategies.catalog.hesitation_help import DEFINITION as PLAYBOOK
from qianmian.strategies.deciding import HOLDOUT_SEED, RAMP_SEED
from qianmian.vocabulary.time import HOUR_MS
from tests.browser.conftest import DEFINITIONS, PASSWORD, WAIT_MS, Open, Shop
from tests.browser.test_definitions import Hand
from tests.serving import now_ms, served

MOST_CLICKS = 4
"""Of the operator, from the first page to a strategy that waits for approval."""
LEAD_CLICKS = 2
CONTROL, RAMP, HOLDOUT = 1_000, 1_000, 500
PHONE = (390, 844)
IDLER = "idler"
PRODUCTS = [
    {"id": "p1", "title": "气垫粉底", "link_number": 1, "price_minor": 15_900},
    {"id": "p2", "title": "精华水", "link_number": 2, "price_minor": 26_900},
]


@dataclass
class Clock:
    """That of the server; it can be put on."""

    ahead_ms: int = 0

    def __call__(self) -> int:
        return now_ms() + self.ahead_ms


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def shop(
    chromium: Browser, clock: Clock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """A shop on air with the page of the demonstration, and an offer that its owner has made."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "definitions.yaml").write_text(DEFINITIONS, encoding="utf-8")
    (folder / "products.jsonl").write_text("\n".join(map(json.dumps, PRODUCTS)), encoding="utf-8")
    settings = Settings(
        home=folder / "var",
        definitions=folder / "definitions.yaml",
        products=folder / "products.jsonl",
    )
    with served(
        folder,
        settings,
        now=clock,
        prepare=_make_offer,
        more=lambda home: {SHOP_PATH[1:]: DemoShop(home, demo_sources(home), clock)},
    ) as server:
        made = Shop(server, [])
        came = {"type": "room_entered", "viewer": IDLER, "room": ROOM}
        assert made.send({"type": "session_started", "room": ROOM}, came).status_code == 200
        yield made


def _make_offer(home: Installation) -> None:
    told = {name: document(name, "playbooks")[PLAYBOOK.key] for name in ("zh-CN", "en-US")}
    offer = PLAYBOOK.offered(told, "zh-CN", "CNY")
    assert offer is not None
    home.strategy_store.put_offer(offer, SYSTEM)


def desk_of(shop: Shop, visits: Open, name: str, role: str, path: str) -> Page:
    """The console of somebody of the shop."""
    shop.server.home.accounts.create(name, role, PASSWORD)
    given = {"name": name, "password": PASSWORD}
    with httpx.Client(base_url=shop.server.url, timeout=WAIT_MS / 1_000) as client:
        client.post("/api/session", json=given).raise_for_status()
        cookie = client.cookies["qianmian_session"]
    told = {"name": "qianmian_session", "value": cookie, "url": shop.server.url}
    return visits(path, cookies=[told]).page


def guest(key: str, *, is_held: bool) -> str:
    """A visitor of the shop whom the ramp reaches, in the arm of the strategy that is wanted."""
    return next(
        one
        for one in (f"guest-{n:016x}" for n in range(100_000))
        if is_in_share(f"{RAMP_SEED}{key}", one, RAMP)
        and is_in_share(key, one, CONTROL) is is_held
        and not is_in_share(f"{HOLDOUT_SEED}default", one, HOLDOUT)
    )


def phone_of(shop: Shop, visits: Open, viewer: str) -> Page:
    """Their phone with the page of the shop, connected."""
    cookie = {"name": COOKIE, "value": viewer, "url": f"{shop.server.url}{SHOP_PATH}"}
    page = visits(SHOP_PATH, cookies=[cookie], size=PHONE).page
    expect(page.locator("#viewer")).to_have_text(viewer)
    expect(page.locator("#line")).to_have_text("（已连接）")
    return page


def test_a_playbook_a_coupon_a_twin_without_one_and_why(
    shop: Shop, visits: Open, clock: Clock, record_property: Callable[[str, object], None]
) -> None:
    begun = time.monotonic()
    writing = Hand(desk_of(shop, visits, "小运", "operator", "/strategies"))
    writing.button("新建策略", exact=False)
    writing.button("犹豫：给一个决定的理由", exact=False)
    expect(writing.page.locator("[data-part=card]")).to_contain_text("限时券，15 分钟内有效")
    writing.button("保存草稿")
    writing.button("提请审批")
    asked = writing.page.locator("[data-version='1']")
    expect(asked.locator("[data-mode=approval]")).to_be_visible()
    key = writing.page.url.rpartition("/")[2]

    leading = Hand(desk_of(shop, visits, "主管", "lead", "/"))
    _approves(leading)
    writing.page.reload()
    expect(asked.locator("[data-mode=ramp]")).to_be_visible()
    seconds = time.monotonic() - begun
    record_property("story", f"{writing.clicks} + {leading.clicks} clicks, {seconds:.0f} s")
    assert writing.clicks <= MOST_CLICKS
    assert leading.clicks <= LEAD_CLICKS

    free, held = guest(key, is_held=False), guest(key, is_held=True)
    theirs = _one_gets_a_coupon(shop, visits, free, held)
    _everybody_sees_why(shop, writing.page, free, held)
    expect(theirs.get_by_role("heading", name="很久了")).to_have_count(0)
    theirs.close()  # its token would not outlive the hour
    _her_order_counts(shop, writing.page, clock, key)


def _approves(leading: Hand) -> None:
    """What waits is on the first page; who asked, and all that it does, is beside the button."""
    leading.click(leading.page.locator("[data-need=waiting]").get_by_role("link"))
    waiting = leading.page.locator("[data-part=waiting]")
    expect(waiting).to_contain_text("小运 于")
    expect(waiting.locator("[data-part=difference]")).to_contain_text("限时券")
    leading.button("批准")
    expect(leading.page.locator("[data-part=approvals]")).to_contain_text("没有等待审批的策略")


def _one_gets_a_coupon(shop: Shop, visits: Open, free: str, held: str) -> Page:
    hers, theirs = phone_of(shop, visits, free), phone_of(shop, visits, held)
    expect(theirs.locator("#arm")).to_have_class("held")
    for page in (theirs, hers):  # the twin first: what comes to her would have come to them
        page.get_by_role("button", name="看 气垫粉底").click()
    card = hers.locator("section", has=hers.get_by_role("heading", name="看气垫粉底很久了"))
    expect(card).to_contain_text("限时券，15 分钟内有效")
    timer = card.get_by_role("timer")
    expect(timer).to_have_text(re.compile(r"还剩 (1:00|0:[0-5]\d)"))
    shown = timer.inner_text()
    expect(timer).not_to_have_text(shown)  # it counts
    hers.get_by_role("button", name="下单 气垫粉底").click()
    paid: dict[str, Any] = {"type": "order_paid", "viewer": free, "room": ROOM, "product": "p1"}
    paid |= {"order_id": "o1", "amount": 15_900, "currency": "CNY"}
    assert shop.send(paid).status_code == 200
    hers.close()
    return theirs


def _everybody_sees_why(shop: Shop, page: Page, free: str, held: str) -> None:
    """The log of the strategy, the drawers of both."""
    log = page.locator("[data-part=decisions]").get_by_role("listitem")
    expect(log.filter(has_text=free)).to_contain_text("发出")
    expect(log.filter(has_text=held)).to_contain_text("对照组")
    page.goto(f"{shop.server.url}/rooms/{ROOM}")
    page.locator("[data-part=firings]").get_by_text("策略决定").click()
    told = page.locator("[data-part=strategy-log]").get_by_role("listitem")
    expect(told.filter(has_text=held)).to_contain_text("对照组")
    told.get_by_role("button", name=free).click()
    why = page.get_by_role("dialog").locator("[data-part=decided]")
    expect(why.locator("[data-verdict=decided]")).to_contain_text("发出")
    page.goto(f"{shop.server.url}/rooms/{ROOM}?viewer={held}")
    expect(why.locator("[data-verdict=decided]")).to_contain_text("对照组")
    page.goto(f"{shop.server.url}/rooms/{ROOM}?viewer={IDLER}")
    expect(why.locator("[data-verdict=not_fired]")).to_contain_text("时机还没有发生")


def _her_order_counts(shop: Shop, page: Page, clock: Clock, key: str) -> None:
    """An hour later the time of both is over: one of one bought, and none of one."""
    clock.ahead_ms += HOUR_MS + 60_000
    assert shop.send({"type": "room_entered", "viewer": "late", "room": ROOM}).status_code == 200
    told = f"{shop.server.url}/api/effects/{key}"
    while page.request.get(told).json()["found"]["waiting"]:  # until history has heard of it
        page.wait_for_timeout(200)
    page.goto(f"{shop.server.url}/effects/{key}")
    row = page.locator("[data-part=groups] tr[data-row-key=all]")
    expect(row).to_contain_text("100.0%")
    assert row.locator("td").all_inner_texts()[1:5] == ["1", "1", "100.0%", "0.0%"]
