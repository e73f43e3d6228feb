"""Signing in, sources, data health; every page in both themes and languages, clean and our own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.conftest import NAME, PASSWORD, Open, Shop, at_work

PAGES = (
    "/",
    "/rooms/r1",
    "/rooms/r1?viewer=v1",
    "/rooms/r1?wall=1",
    "/rooms",
    "/effects",
    "/data",
    "/sources",
    "/products",
    "/host/r1",
    "/follow-ups",
    "/strategies",
    "/strategies?tab=offers",
    "/strategies?tab=limits",
    "/strategies/new",
    "/settings",
    "/settings?tab=keys",
    "/settings?tab=audit",
    "/settings?tab=channels",
    "/nothing-here",
)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]}


@pytest.fixture(scope="module")
def shop(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A server whose first account was made in the browser, by the one-time link."""
    with at_work(tmp_path_factory.mktemp("home")) as server:
        context = chromium.new_context(locale="zh-CN")
        page = context.new_page()
        page.goto(f"{server.url}/first#token={server.first_token}")
        page.get_by_label("用户名").fill(NAME)
        page.get_by_label("密码", exact=True).fill(PASSWORD)
        page.get_by_label("再输入一次密码").fill(PASSWORD)
        page.get_by_role("button", name="创建账号并登录").click()
        expect(page.get_by_role("heading", name="直播间")).to_be_visible()
        cookies = context.cookies()
        context.close()
        yield Shop(server, cookies)


@pytest.fixture(scope="module")
def room(shop: Shop) -> Shop:
    """Somebody is there."""
    shop.looks("v1", "v2")
    shop.send({"type": "comment_sent", "viewer": "v1", "text": "真的假的", "product": "p1"})
    return shop


def test_the_one_time_link_works_once_and_leaves_no_trace(shop: Shop, visits: Open) -> None:
    visit = visits(f"/first#token={shop.server.first_token}", signed_in=False)
    page = visit.page
    expect(page.get_by_role("heading", name="创建第一个账号")).to_be_visible()
    assert "token" not in page.url
    page.get_by_label("用户名").fill("somebody")
    page.get_by_label("密码", exact=True).fill("short")
    page.get_by_label("再输入一次密码").fill("different")
    page.get_by_role("button", name="创建账号并登录").click()
    expect(page.get_by_text("至少 10 个字符")).to_be_visible()
    expect(page.get_by_text("两次输入的密码不一样")).to_be_visible()
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_label("再输入一次密码").fill(PASSWORD)
    page.get_by_role("button", name="创建账号并登录").click()
    expect(page.get_by_role("alert")).to_contain_text("链接已失效")
    assert [one.split()[0] for one in visit.failed] == ["403"]
    visit.failed.clear()
    visit.complaints.clear()  # the browser itself reports the 403


def test_signing_in_wrong_and_right_and_out(shop: Shop, visits: Open) -> None:
    visit = visits("/data", signed_in=False)
    page = visit.page
    page.get_by_label("用户名").fill(NAME)
    page.get_by_label("密码").fill("a wrong guess")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_contain_text("用户名或密码不对")
    assert [one.split()[0] for one in visit.failed] == ["401"]
    visit.failed.clear()
    visit.complaints.clear()
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="数据健康")).to_be_visible()  # where they wanted to go
    page.get_by_role("button", name=NAME).click()
    page.get_by_role("menuitem", name="退出登录").click()
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    # What the page had asked while it was signing out is refused, and that is right.
    visit.failed[:] = [one for one in visit.failed if not one.startswith("401")]
    visit.complaints[:] = [one for one in visit.complaints if "401" not in one]


def test_a_new_source_shows_its_key_once_and_its_first_event_by_itself(
    shop: Shop, visits: Open
) -> None:
    page = visits("/sources").page
    page.get_by_role("button", name="新建来源").click()
    page.get_by_label("名称").fill("till-7")
    page.get_by_label("命名空间").fill("Till")
    expect(page.get_by_text("以字母或数字开头")).to_be_visible()
    page.get_by_label("命名空间").fill("till")
    page.get_by_role("button", name="新建并生成密钥").click()
    card = page.locator("[data-part=source-till-7]")
    expect(card).to_contain_text("等待第一个事件")
    expect(card).to_contain_text("命名空间 till")
    key = card.get_by_label("写入密钥").inner_text().strip()
    expect(card.locator("pre", has_text="curl")).to_contain_text(key)
    event = {"type": "liked", "viewer": "v1", "room": "r1"}
    assert shop.send(event, key=key).status_code == 200
    expect(card).to_contain_text("收到第一个事件")
    page.reload()
    expect(card).to_contain_text("收到第一个事件")
    expect(page.get_by_text(key)).to_have_count(0)


def test_what_was_refused_is_seen_read_and_discarded(shop: Shop, visits: Open) -> None:
    assert shop.send({"type": "order_payed", "viewer": "v1"}).status_code == 400
    shop.server.home.dead_letters.flush()
    page = visits("/data").page
    letters = page.locator("[data-part=dead-letters]")
    row = letters.locator("tr", has_text="order_payed").first
    expect(row).to_contain_text("没有这种事件")
    row.get_by_role("button").first.click()
    expect(letters.get_by_label("原文")).to_contain_text("order_payed")
    row.get_by_role("button", name="重新提交").click()
    expect(page.get_by_text("仍被拒绝")).to_be_visible()
    row = letters.locator("tr", has_text="order_payed").first
    row.get_by_role("button", name="丢弃").click()
    page.get_by_role("tooltip").get_by_role("button", name="丢弃").click()
    expect(letters).to_contain_text("没有死信")


def test_language_and_theme_are_kept(visits: Open) -> None:
    page = visits("/").page
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Switch to dark").click()
    expect(page.get_by_role("heading", name="Rooms")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Rooms")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en-US")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.long
@pytest.mark.parametrize(("theme", "locale"), [("light", "zh-CN"), ("dark", "en-US")])
def test_every_page_is_accessible_and_asks_nobody_else(
    room: Shop, visits: Open, theme: str, locale: str
) -> None:
    axe = Axe()
    page = visits(PAGES[0], theme=theme, locale=locale).page
    for path in PAGES:
        page.goto(room.server.url + path)
        page.wait_for_load_state("networkidle")
        expect(page.locator(".ant-skeleton")).to_have_count(0)
        found = axe.run(page, options=RULES)
        assert found.response["passes"], "the check itself ran"
        assert found.response["violations"] == [], f"{path}: {found.generate_report()}"


@pytest.mark.long
def test_pages_before_the_sign_in_are_accessible(visits: Open) -> None:
    for path in ("/", "/first#token=x", "/first", "/join"):
        for theme in ("light", "dark"):
            page = visits(path, theme=theme, signed_in=False).page
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            found = Axe().run(page, options=RULES)
            assert found.response["violations"] == [], f"{path}: {found.generate_report()}"


DEFINED = ("/tags", "/tags/new", "/segments", "/segments/new", "/moments", "/tags/city_tier_tier_2")


@pytest.mark.parametrize("locale", ["zh-CN", pytest.param("en-US", marks=pytest.mark.long)])
def test_no_page_is_wider_than_a_phone(room: Shop, visits: Open, locale: str) -> None:
    page = visits("/", size=(390, 844), locale=locale).page
    for path in (*PAGES[:3], *PAGES[4:-1], *DEFINED):  # a wall is no phone
        page.goto(room.server.url + path)
        expect(page.locator("h1").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") == 390, path
