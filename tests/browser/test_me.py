"""The page of a person in a real browser: what it shows, what it changes, and what it keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from qianmian.server.viewer_tokens import ViewerTokens
from tests.browser.conftest import WAIT_MS, Visit
from tests.required import program
from tests.serving import WAIT_S, Served, now_ms, served
from tools.chromium import FLAGS, NAMES

WHO = "member-1001"


@pytest.fixture(scope="module")
def plain() -> Iterator[Browser]:
    """A browser without the console: this page needs none."""
    executable = program("chromium", *NAMES)
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("home")) as server:
        traits = {"gender": "female", "city": "杭州", "age": 28, "is_member": True}
        rows = [
            {"type": "room_entered", "viewer": WHO, "room": "r1"},
            {"type": "profile_updated", "viewer": WHO, "room": "r1", "traits": traits},
            {"type": "coupon_claimed", "viewer": WHO, "room": "r1", "coupon_id": "c1"},
        ]
        headers = {"authorization": f"Bearer {server.key}"}
        answer = httpx.post(
            f"{server.url}/v1/events", json={"events": rows}, headers=headers, timeout=WAIT_S
        )
        assert answer.json()["accepted"] == len(rows), answer.text
        yield server


def opened(browser: Browser, shop: Served, *, locale: str = "zh-CN", width: int = 900) -> Visit:
    token = ViewerTokens(shop.home.secret, now_ms).mint(WHO, namespace="default")[0]
    context = browser.new_context(locale=locale, viewport={"width": width, "height": 1_200})
    visit = Visit(context.new_page())
    visit.listen(shop.url)
    visit.page.goto(f"{shop.url}/me#token={token}")
    return visit


def is_without_scroll(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_person_reads_changes_and_takes_away(
    plain: Browser, mine: Served, tmp_path: Path
) -> None:
    visit = opened(plain, mine)
    page = visit.page
    expect(page.get_by_role("heading", name="我的数据", exact=True)).to_be_visible()
    expect(page.get_by_text("杭州")).to_be_visible()
    expect(page.locator("#basic")).to_contain_text("女性")
    assert "token" not in page.url
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.evaluate("document.cookie") == ""
    switch = page.get_by_role("switch", name="个性化推荐和优惠")
    expect(switch).to_be_checked()
    switch.click()
    expect(page.get_by_role("status")).to_have_text("已保存，立即生效。")
    expect(switch).not_to_be_checked()
    expect(page.get_by_role("switch", name="短信")).to_be_disabled()
    page.get_by_role("button", name="去掉 性别").click()
    expect(page.get_by_role("status")).to_contain_text("不会再回来")
    expect(page.get_by_role("button", name="去掉 性别")).to_have_count(0)
    page.get_by_role("button", name="恢复 性别").click()
    expect(page.get_by_role("button", name="去掉 性别")).to_be_visible()
    page.get_by_role("button", name="去掉 性别").click()
    expect(page.locator("#taken")).to_have_text("性别恢复")
    with page.expect_download() as saved:
        page.get_by_role("button", name="下载").click()
    saved.value.save_as(tmp_path / "me.json")
    assert json.loads((tmp_path / "me.json").read_text("utf-8"))["viewers"] == [WHO]
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Erase my data")).to_be_visible()
    visit.check()
    page.get_by_label("Type the id with which you opened this page").fill("somebody")
    page.get_by_role("button", name="Erase", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("That is not the id.")
    page.context.close()


@pytest.mark.parametrize(("locale", "width"), [("zh-CN", 390), ("en-US", 390), ("en-US", 1_440)])
def test_the_page_fits(plain: Browser, mine: Served, locale: str, width: int) -> None:
    visit = opened(plain, mine, locale=locale, width=width)
    expect(visit.page.get_by_text(WHO)).to_be_visible()
    assert is_without_scroll(visit.page)
    visit.check()
    visit.page.context.close()


def test_without_a_pass_it_says_where_to_get_one(plain: Browser, mine: Served) -> None:
    page = plain.new_page(locale="zh-CN")
    page.goto(f"{mine.url}/me")
    expect(page.get_by_role("alert")).to_contain_text("从店铺重新打开")
    expect(page.get_by_role("heading", name="删除我的数据")).to_be_hidden()
    page.close()
