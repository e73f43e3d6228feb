"""The live board in a browser: one message, one truth, and rows that do not run away."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from qianmian.server.identity_following import IdentityFollowing
from tests.browser.conftest import WAIT_MS, Open, Shop

# All of one instant: the page cannot change while this runs.
NUMBERS = """() => {
  const digits = (text) => Number(text.replace(/[^0-9]/g, ''))
  const board = document.querySelector('.board')
  const card = board.querySelector('[data-number=hesitating] .key-value').textContent
  const note = board.querySelector('[data-part=hesitating] [data-count]')
  const reasons = [...board.querySelectorAll('[data-part=hesitating] .ant-segmented-item-label')]
  return {
    seq: Number(board.dataset.seq),
    card: digits(card),
    note: digits(note.textContent.split('人')[0]),
    table: board.querySelectorAll('[data-part=hesitating] .ant-table-row').length,
    reasons: reasons.slice(1).reduce((sum, one) => sum + digits(one.textContent), 0),
    entered: digits(board.querySelector('[data-part=funnel] .funnel-count').textContent),
  }
}"""


def hesitating(page: Page, count: int) -> None:
    expect(page.locator("[data-number=hesitating] .key-value")).to_have_text(str(count))


def live(page: Page) -> Page:
    """The page, when its board shows what is now."""
    expect(page.locator(".board")).to_have_attribute("data-freshness", "live")
    return page


@pytest.fixture(scope="module")
def room(shop: Shop) -> Shop:
    """Five viewers who look at something."""
    shop.send({"type": "session_started"}, {"type": "product_presented", "product": "p1"})
    shop.looks("v1", "v2", "v3")
    shop.looks("v4", "v5", product="p2")
    return shop


def test_card_table_and_filter_are_of_one_message(room: Shop, visits: Open) -> None:
    page = visits("/rooms/r1").page
    hesitating(page, 5)
    seen = set()
    for number in range(4):
        room.looks(f"a{number}")
        hesitating(page, 6 + number)
        now = page.evaluate(NUMBERS)
        assert now["card"] == now["note"] == now["table"], now
        assert now["reasons"] in (0, now["card"]), "the filter is there for two reasons or more"
        seen.add(now["seq"])
    assert len(seen) == 4, "four messages were looked at"


def test_two_tabs_on_one_message_show_the_same(room: Shop, visits: Open) -> None:
    tabs = [live(visits("/rooms/r1", theme=theme).page) for theme in ("light", "dark")]
    shown = [page.evaluate(NUMBERS) for page in tabs]
    for name in ("card", "table", "entered"):
        assert shown[0][name] == shown[1][name]


def test_rows_stay_under_the_pointer_while_the_card_goes_on(room: Shop, visits: Open) -> None:
    page = live(visits("/rooms/r1", size=(1920, 1080)).page)
    table = page.locator("[data-part=hesitating]")
    before = page.evaluate(NUMBERS)["card"]
    expect(table.locator(".ant-table-row")).to_have_count(before)
    names = table.locator(".ant-table-row td:first-child, .ant-table-row > div:first-child")
    order = names.all_inner_texts()
    assert len(order) == before
    table.locator(".ant-table-row").first.hover()
    expect(table).to_contain_text("排序已暂停，0 人")
    room.looks("newcomer")
    room.send({"type": "order_paid", "viewer": "v1", "order_id": "o1", "product": "p1"})
    expect(table).to_contain_text("排序已暂停，1 人")
    expect(table).to_contain_text("已不在犹豫")
    assert names.all_inner_texts() == order, "nobody moved, nobody vanished"
    hesitating(page, before)  # one came, one went
    page.mouse.move(5, 5)
    expect(table).to_contain_text("newcomer")
    expect(table).not_to_contain_text("v1")


def test_the_viewer_shows_why_and_the_address_leads_back(room: Shop, visits: Open) -> None:
    room.send({"type": "comment_sent", "viewer": "v2", "text": "这个多少钱", "message_id": "c2"})
    page = visits("/rooms/r1").page
    row = page.locator("[data-part=hesitating] .ant-table-row", has_text="v2")
    row.get_by_role("button", name="查看").first.click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("观众 v2")
    expect(drawer).to_contain_text("问价")
    expect(drawer.locator(".timeline .is-evidence", has_text="这个多少钱")).to_be_visible()
    assert "viewer=v2" in page.url
    page.reload()
    expect(page.get_by_role("dialog")).to_contain_text("观众 v2")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert "viewer=" not in page.url


def test_the_viewer_is_shown_in_four_dimensions_and_a_tag_shows_its_evidence(
    room: Shop, visits: Open
) -> None:
    goods = {"product": "p1", "category": "serum", "price": 29_900}
    looks = [
        {"type": "product_viewed", "viewer": "v6", **goods, "message_id": f"l{n}"} for n in range(5)
    ]
    told = {"type": "profile_updated", "viewer": "v6", "traits": {"gender": "female"}}
    cart = {"type": "cart_added", "viewer": "v6", **goods, "message_id": "cart6"}
    shared = {"type": "shared", "viewer": "v6", "message_id": "shared6"}
    room.send(*looks, {**told, "message_id": "who6"}, cart, shared)
    page = visits("/rooms/r1?viewer=v6").page
    drawer = page.get_by_role("dialog")
    expect(drawer.locator("[data-part=basic]")).to_contain_text("女性")
    expect(drawer.locator("[data-part=basic]")).to_contain_text("可信度 90%")
    expect(drawer.locator("[data-part=life]")).to_contain_text("新客")
    expect(drawer.locator("[data-part=behavior]")).to_contain_text("5 次")
    expect(drawer.locator("[data-part=preference]")).to_contain_text("200–500 元 100%（6 次）")
    expect(drawer.locator("[data-part=tags]")).to_contain_text("证据不足：")
    expect(drawer.locator("[data-part=waiting]")).to_contain_text("后触发")
    expect(drawer.locator("[data-part=segments]")).to_contain_text("加购未付款")
    tag = drawer.locator("[data-part=tags] li", has_text="爱分享")
    expect(drawer.locator(".timeline li", has_text="分享")).to_be_visible()
    expect(drawer.locator(".timeline .is-evidence", has_text="分享")).to_have_count(0)
    tag.get_by_role("button", name="依据 1 条").click()
    expect(drawer.locator(".timeline .is-evidence", has_text="分享")).to_be_visible()
    page.keyboard.press("Escape")


def test_the_viewer_shows_linked_ids_and_what_happened_in_all_rooms(
    room: Shop, visits: Open
) -> None:
    device = {"type": "identity_linked", "viewer": "v7", "anonymous_id": "pad-7"}
    room.send(
        {"type": "product_viewed", "anonymous_id": "pad-7", "product": "p1", "message_id": "p7"},
        {**device, "message_id": "link7"},
        {"type": "identity_linked", "viewer": "v7", "linked_viewer": "v7-wechat",
         "message_id": "same7"},
        {"type": "shared", "viewer": "v7-wechat", "room": "r7", "message_id": "shared7"},
    )  # fmt: skip
    home = room.server.home
    home.deployment.engine.ask(lambda live: live.offset).result(WAIT_MS / 1_000)
    home.history.flush_before(home.log.durable_offset)
    IdentityFollowing(home.settings.home / "history", home.identities).read()
    page = visits("/rooms/r1?viewer=v7").page
    drawer = page.get_by_role("dialog")
    linked = drawer.locator("[data-part=linked]")
    expect(linked).to_contain_text("设备")
    expect(linked).to_contain_text("平台 v7-wechat")
    expect(drawer.locator("[data-part=rests-on]")).to_contain_text("以来的事件")
    page.get_by_role("button", name="全部直播间的记录").click()
    longer = drawer.locator("[data-part=long-history]")
    expect(longer).to_contain_text("分享")
    expect(longer).to_contain_text("查看商品")


def test_a_broken_connection_is_said_and_mended_without_a_reload(room: Shop, visits: Open) -> None:
    page = visits("/data").page  # any page of ours, to set the trap before the board opens
    sockets: list[WebSocketRoute] = []
    is_cut = [False]

    def route(socket: WebSocketRoute) -> None:
        if is_cut[0]:
            socket.close()
            return
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket("**/ws", route)
    page.goto(f"{room.server.url}/rooms/r1")
    board = page.locator(".board")
    expect(board).to_have_attribute("data-freshness", "live")
    before = page.evaluate(NUMBERS)
    is_cut[0] = True
    sockets[-1].close()
    expect(board).to_have_attribute("data-freshness", "down")
    expect(page.get_by_role("alert")).to_contain_text("连接中断")
    expect(page.get_by_role("button", name="立即重连")).to_be_visible()
    assert page.evaluate(NUMBERS)["card"] == before["card"], "the old numbers stay"
    room.looks("while-it-was-cut")
    is_cut[0] = False
    expect(board).to_have_attribute("data-freshness", "live")
    expect(page.get_by_role("alert")).to_have_count(0)
    hesitating(page, before["card"] + 1)


def test_the_left_column_is_filled_when_few_doubt(room: Shop, visits: Open) -> None:
    page = live(visits("/rooms/r1", size=(1920, 1080)).page)
    expect(page.locator(".funnel li")).to_have_count(6)
    gaps = page.evaluate(
        """() => {
          const bottom = (name) => document.querySelector(name).getBoundingClientRect().bottom
          return [
            bottom('.board-left') - bottom('[data-part=doubts]'),
            bottom('[data-part=funnel]') - bottom('.funnel li:last-child'),
            bottom('[data-part=doubts]') - bottom('[data-part=doubts] > :last-child'),
          ]
        }"""
    )
    assert gaps[0] < 2
    assert gaps[1] < 24, "the padding of its panel, and no more"
    assert gaps[2] < 100, "the least height of a panel, and no more"


def test_an_empty_room_is_said(visits: Open) -> None:
    page = visits("/rooms/nowhere").page
    expect(page.locator("main")).to_contain_text("没有直播间「nowhere」")


def test_the_wall_has_no_navigation_and_nothing_small(room: Shop, visits: Open) -> None:
    page = live(visits("/rooms/r1?wall=1", size=(1920, 1080)).page)
    expect(page.get_by_role("navigation")).to_have_count(0)
    smallest = page.evaluate(
        """() => Math.min(...[...document.querySelectorAll('.board *')]
          .filter((one) => [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
          .map((one) => parseFloat(getComputedStyle(one).fontSize)))"""
    )
    assert smallest >= 16
    is_whole = page.evaluate("() => document.documentElement.scrollHeight <= window.innerHeight")
    assert is_whole, "a wall has nobody to scroll it"
