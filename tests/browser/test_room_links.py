"""A floor manager makes links, the host answers by one, the stream shows by the other, both end."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from qianmian.storage.sql.audit import SYSTEM, Actor
from qianmian.storage.sql.room_lists import ChosenLists
from qianmian.strategies.strategy import Step, Strategy
from qianmian.vocabulary.product import Product
from tests.browser.conftest import Open, Shop, Visit
from tests.browser.test_console import RULES
from tests.strategy_shop import somebody

PHONE, STREAM = (390, 844), (1920, 1080)


@pytest.fixture(scope="module")
def room(shop: Shop) -> Shop:
    """Who asks the price gets a card and the host a prompt; rising doubt is answered to all."""
    whole: dict[str, Any] = {"control": 0, "why_no_control": "a test", "ramp": 10_000}
    told = (
        ("tell", "price_question", {"channel": "host", "title": "讲一下价格"}),
        ("own", "doubt", {"channel": "in_room", "title": "只给你的券"}),
        ("all", "doubt_rising", {"channel": "in_room", "title": "正品保证", "body": "假一赔十"}),
    )
    store, server = shop.server.home.strategy_store, shop.server
    for key, moment, given in told:
        step = {**given, "deadline_ms": 600_000}
        steps = (msgspec.convert(step, Step),)
        made = Strategy(key, steps, moment, title={"zh": "问价的人"}, **whole)
        store.save_draft(made, SYSTEM)
        store.take(key, 1, "ask", SYSTEM)
        store.take(key, 1, "approve", Actor("command", "1", "主管"))
    follow = server.site.strategies.follow()
    asyncio.run_coroutine_threadsafe(follow, server.loop).result(30)
    server.home.catalog.put(Product("p7", "口红", 7, price_minor=9_950), by=SYSTEM)
    stocking = server.site.stocking.follow()
    asyncio.run_coroutine_threadsafe(stocking, server.loop).result(30)
    return shop


def link(floor: Page, kind: str) -> str:
    """The address of a new link, as the page shows it once."""
    floor.get_by_role("button", name=re.compile(f"新建 ?{kind}")).click()
    shown = floor.locator("[data-part=made-link]").get_by_label(kind)
    expect(shown).to_be_visible()
    return shown.inner_text().partition("/")[2].partition("/")[2].partition("/")[2]


def ended(visit: Visit) -> None:
    """What a revoked link makes the browser complain of, and nothing else."""
    assert {one.split()[0] for one in visit.failed} == {"401"}
    visit.failed.clear()
    visit.complaints.clear()


def test_a_host_and_a_stream_have_links_of_their_own(room: Shop, visits: Open) -> None:
    floor = visits("/host/r1").page
    expect(floor.locator("[data-part=room-links]")).to_contain_text("还没有有效的链接")
    host = visits(f"/{link(floor, '主播链接')}", signed_in=False, size=PHONE)
    expect(host.page.locator("[data-part=host]")).to_contain_text("现在没有要讲的")
    assert host.page.url == f"{room.server.url}/h"
    overlay = link(floor, "OBS 叠加层").replace("#", "?debug=1#")
    stream = visits("/icon.svg", signed_in=False, size=STREAM)
    stream.page.route("**/api/link", lambda route: route.abort(), times=1)
    stream.page.goto(f"{room.server.url}/{overlay}")
    expect(stream.page.locator("main")).to_have_text("连不上服务器")
    expect(stream.page.locator("main")).to_have_text("叠加层已连上")
    asks = somebody("tell", 1_000, inside=False, name="a{}")
    doubts = [somebody("own", 1_000, inside=False, name=f"d{n}-{{}}") for n in range(3)]
    room.send(
        {"type": "comment_sent", "viewer": asks, "text": "多少钱"},
        *(
            {"type": "comment_sent", "viewer": one, "text": "真的假的", "product": "p7"}
            for one in doubts
        ),
    )

    card = stream.page.locator("[data-part=overlay-card]")
    expect(card).to_have_text("广告正品保证假一赔十")
    words = host.page.locator("[data-part=prompt]")
    expect(words).to_contain_text("讲一下价格")
    expect(host.page.locator("[data-part=online]")).to_have_text("4 人在线")
    _is_large_and_fits(host.page)
    while room.server.site.viewers.hub.statistics().queued < 4:
        stream.page.evaluate("0")  # three have a card of their own beside what all may see
    chosen = ChosenLists("r1", recommended=("p7",))
    room.server.home.room_lists.put(chosen, SYSTEM)
    lists = room.server.site.room_lists.follow()
    asyncio.run_coroutine_threadsafe(lists, room.server.loop).result(30)
    expect(stream.page.locator("[data-part=overlay-list]")).to_have_text("主播推荐7号 口红¥99.50")
    _is_all_that_may_be_shown(stream.page, asks, *doubts)

    stream.page.context.set_offline(True)
    expect(stream.page.locator("main")).to_contain_text("连不上服务器")
    expect(card).to_be_visible()  # what was shown stays until its end
    stream.page.context.set_offline(False)
    expect(stream.page.locator("main")).to_contain_text("叠加层已连上")

    host.page.keyboard.press("PageDown")
    expect(host.page.locator("[data-part=host]")).to_contain_text("现在没有要讲的")
    expect(floor.locator("[data-part=host]")).to_contain_text("现在没有要讲的")
    host.page.reload()  # the address has no secret any more; the cookie goes on
    expect(host.page.locator("[data-part=host]")).to_contain_text("现在没有要讲的")

    for part in ("link-host", "link-overlay"):
        floor.locator(f"[data-part={part}]").get_by_role("button", name="吊销").click()
        floor.locator(".ant-popover:visible").get_by_role("button", name="吊销").click()
        expect(floor.locator(f"[data-part={part}]")).to_have_count(0)
    expect(host.page.get_by_role("status")).to_have_text("链接已失效，请找场控要一个新的")
    expect(stream.page.locator("main")).to_have_text("链接已失效")
    ended(host)
    ended(stream)


def _is_large_and_fits(page: Page) -> None:
    large = "document.querySelector('[data-part=prompt] .host-words')"
    assert page.evaluate(f"parseFloat(getComputedStyle({large}).fontSize)") >= 64
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0
    found = Axe().run(page, options=RULES)
    assert found.response["violations"] == [], found.generate_report()


def _is_all_that_may_be_shown(page: Page, *viewers: str) -> None:
    shown = page.locator("body").inner_text()
    assert not any(one in shown for one in ("只给你", "讲一下", "问价的人", *viewers))
    clear = "['html', 'body'].map(e => getComputedStyle(document.querySelector(e)).backgroundColor)"
    assert set(page.evaluate(clear)) == {"rgba(0, 0, 0, 0)"}
    box = page.locator("[data-part=overlay-card]").bounding_box()
    assert box is not None
    assert box["x"] >= STREAM[0] * 0.05
    assert box["y"] + box["height"] <= STREAM[1] * 0.95
