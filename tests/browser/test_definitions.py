"""An operator makes a segment out of words, sees what it means, and sees a viewer enter it."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Shop
from tests.browser.test_console import RULES


def row(page: Page, name: str) -> str:
    return f'tr:has(a:text-is("{name}"))'


def test_a_segment_from_words_to_the_first_viewer(shop: Shop, visits: Open) -> None:
    page = visits("/segments").page
    page.get_by_role("button", name="新建人群").click()
    page.get_by_label("名称", exact=True).fill("加购 没付")
    sentence = page.locator("[data-part=sentence]")
    expect(sentence).to_contain_text("还没有条件")
    add = page.get_by_role("button", name="条件", exact=True)
    add.click()
    expect(sentence).to_contain_text("加入购物车")
    add.click()
    page.get_by_label("怎么比").nth(1).click()
    page.get_by_title("没做过").last.click()
    page.get_by_label("行为").nth(1).click()
    page.keyboard.type("支付")
    page.keyboard.press("Enter")
    expect(sentence).to_contain_text("支付")
    before = sentence.inner_text()
    page.get_by_label("撤销").click()
    expect(sentence).not_to_have_text(before)
    page.get_by_label("重做").click()
    expect(sentence).to_have_text(before)
    expect(page.get_by_role("status")).to_have_text("草稿已自动保存")
    page.get_by_label("为什么").fill("今晚要盯住他们")
    page.get_by_role("button", name="启用", exact=True).click()
    listed = page.locator(row(page, "加购 没付"))
    expect(listed).to_contain_text("启用中")
    shop.send({"type": "cart_added", "viewer": "wang", "product": "p1"})
    expect(listed.locator("td.num").first).to_have_text("1")
    page.get_by_role("link", name="加购 没付").click()
    expect(page.locator("[data-part=history]")).to_contain_text("今晚要盯住他们")


def test_text_that_is_wrong_is_pointed_at(visits: Open) -> None:
    page = visits("/tags/new").page
    page.get_by_label("名称", exact=True).fill("看得多")
    page.get_by_text("文字", exact=True).click()
    page.get_by_label("条件语言").fill("count(product_viewd) within 10m >= 3")
    expect(page.get_by_role("alert")).to_contain_text("product_viewed")
    expect(page.locator(".condition-wrong mark")).to_have_text("p")
    expect(page.get_by_role("button", name="启用", exact=True)).to_be_disabled()
    page.get_by_label("条件语言").fill("count(product_viewed) within 10m >= 3")
    expect(page.locator("[data-part=sentence]")).to_contain_text("10 分钟")
    expect(page.get_by_role("button", name="启用", exact=True)).to_be_enabled()
    page.get_by_text("条件", exact=True).first.click()
    expect(page.get_by_label("次数")).to_have_value("3")


@pytest.mark.parametrize("path", ["/tags", "/segments", "/segments/new", "/tags/sharer"])
@pytest.mark.parametrize(("theme", "locale"), [("light", "zh-CN"), ("dark", "en-US")])
def test_pages_are_clean_and_our_own(visits: Open, path: str, theme: str, locale: str) -> None:
    page = visits(path, theme=theme, locale=locale).page
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    found = Axe().run(page, options=RULES).response["violations"]
    assert [one["id"] for one in found] == [], found
