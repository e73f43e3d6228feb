"""Customer service at the desk: two claim one viewer at once, words are copied, keys work."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from qianmian.storage.sql.audit import SYSTEM, Actor
from qianmian.strategies.strategy import Guardrails, Step, Strategy
from tests.browser.conftest import PASSWORD, WAIT_MS, Open, Shop
from tests.browser.test_console import RULES
from tests.strategy_shop import somebody

COLLEAGUE = "小波"


@pytest.fixture(scope="module")
def colleague(shop: Shop) -> list[Any]:
    """The cookies of a second person, of customer service; and a strategy that makes tasks."""
    held = {"channel": "follow_up", "title": "亲，还在看吗", "body": "{product|这款}还有货"}
    step = msgspec.convert(held, Step)
    title: Any = {"zh": "问价跟进", "en": "asks the price"}
    told = Strategy("write", (step,), "price_question", title=title, ramp=10_000)
    store = shop.server.home.strategy_store
    rules = store.read().guardrails or Guardrails()
    awake = msgspec.structs.replace(rules, quiet_from=0, quiet_until=0)  # whatever the hour is here
    store.put_guardrails(awake, SYSTEM, before=rules)
    store.save_draft(told, SYSTEM)
    store.take("write", 1, "ask", SYSTEM)
    store.take("write", 1, "approve", Actor("command", "1", "主管"))
    follow = shop.server.site.strategies.follow()
    asyncio.run_coroutine_threadsafe(follow, shop.server.loop).result(30)
    own = {one["name"]: one["value"] for one in shop.cookies}
    url, wait_s = f"{shop.server.url}/api", WAIT_MS / 1_000
    with httpx.Client(base_url=url, cookies=own, timeout=wait_s) as owner:
        owner.headers["x-csrf-token"] = owner.get("/session").json()["csrf"]
        link = owner.post("/accounts/invitations", json={"role": "service"}).json()
    with httpx.Client(base_url=url, timeout=wait_s) as joins:
        given = {"token": link["token"], "name": COLLEAGUE, "password": PASSWORD}
        assert joins.post("/join", json=given).status_code == 200
        (cookie,) = joins.cookies.jar
    return [{**shop.cookies[0], "name": cookie.name, "value": cookie.value}]


def asks(shop: Shop, name: str) -> str:
    """Somebody asks the price and is not held out."""
    viewer = somebody("write", 1_000, inside=False, name=name)
    shop.send({"type": "comment_sent", "viewer": viewer, "text": "这个多少钱", "product": "p1"})
    return viewer


def row(page: Page, part: str, viewer: str) -> Any:
    return page.locator(f"[data-part=follow-{part}]").get_by_role("button", name=viewer)


def test_of_two_who_claim_at_once_one_has_it_and_the_other_is_told(
    shop: Shop, visits: Open, colleague: list[Any]
) -> None:
    mine, theirs = visits("/follow-ups"), visits("/follow-ups", cookies=colleague)
    viewer = asks(shop, "a{}")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    for n, one in enumerate((mine, theirs), 1):
        row(one.page, "open", viewer).click()
        expect(one.page.locator("[data-part=follow-card]")).to_contain_text("亲，还在看吗")
        expect(one.page.locator("[data-part=follow-evidence]")).to_contain_text("这个多少钱")
        one.page.route("**/api/follow-ups/*", hold)
        one.page.get_by_role("button", name="领取").click()
        while len(held) < n:
            one.page.evaluate("0")  # what the browser tells is heard meanwhile
    for route in held:  # both have asked before either is answered
        route.continue_()
    first = mine.page.locator("[data-part=follow-mine]").get_by_role("button")
    other = theirs.page.locator("[data-part=follow-mine]").get_by_role("button")
    expect(first.or_(mine.page.get_by_role("alert")).first).to_be_visible()
    won, lost = (mine, theirs) if first.count() else (theirs, mine)
    expect(row(won.page, "mine", viewer)).to_be_visible()
    expect(lost.page.get_by_role("alert")).to_contain_text("已被别人领走")
    expect(row(lost.page, "taken", viewer)).to_contain_text("在跟进")
    expect(lost.page.get_by_role("button", name="领取")).to_have_count(0)
    assert (won is theirs) == bool(other.count())
    assert [one.split()[0] for one in lost.failed] == ["409"]
    lost.failed.clear()
    lost.complaints.clear()  # the browser itself reports the 409
    won.page.unroute("**/api/follow-ups/*")
    won.page.keyboard.press("d")
    expect(won.page.locator("[data-part=follow-mine]")).to_contain_text("手上没有跟进")


def test_keys_do_everything_and_the_drawer_has_them_while_it_is_open(
    shop: Shop, visits: Open, colleague: list[Any]
) -> None:
    visit = visits("/follow-ups", cookies=colleague)
    page = visit.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    viewer = asks(shop, "b{}")
    card = page.locator("[data-part=follow-card]")
    expect(card).to_contain_text(viewer)
    expect(card).to_contain_text(re.compile(r"(9:\d\d|10:00)"))
    page.keyboard.press("c")
    page.wait_for_function("navigator.clipboard.readText().then(t => t.includes('还有货'))")
    page.keyboard.press("Enter")
    expect(row(page, "mine", viewer)).to_be_visible()
    page.get_by_role("button", name="查看观众").click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("这个多少钱")
    page.keyboard.press("d")
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(row(page, "mine", viewer)).to_be_visible()
    page.keyboard.press("b")
    row(page, "open", viewer).click()
    page.keyboard.press("Enter")
    expect(row(page, "mine", viewer)).to_be_visible()
    page.keyboard.press("s")
    expect(page.locator("[data-part=follow-open]")).to_contain_text("都跟进完了")


@pytest.mark.parametrize(("theme", "locale"), [("light", "zh-CN"), ("dark", "en-US")])
def test_the_desk_with_tasks_is_accessible(
    shop: Shop, visits: Open, colleague: list[Any], theme: str, locale: str
) -> None:
    viewer = asks(shop, f"{theme}{{}}")
    page = visits("/follow-ups", theme=theme, locale=locale, cookies=colleague).page
    row(page, "open", viewer).click()
    expect(page.locator("[data-part=follow-evidence]")).to_be_visible()
    found = Axe().run(page, options=RULES)
    assert found.response["passes"], "the check itself ran"
    assert found.response["violations"] == [], found.generate_report()
