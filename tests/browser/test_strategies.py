"""An operator writes a strategy, a lead lets it run, a viewer gets a card, the twin does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import expect

from qianmian.storage.sql.audit import SYSTEM, Actor
from qianmian.storage.sql.room_lists import ChosenLists
from qianmian.strategies.strategy import Goal, Limits, Schedule, Step, Strategy
from qianmian.vocabulary.offer import Offer
from qianmian.vocabulary.product import Product
from tests.acceptance.test_strategies import next_of, page_of
from tests.browser.conftest import NAME, Open, Shop
from tests.browser.test_definitions import Hand
from tests.strategy_shop import somebody

MOST_S = 180
"""From the first click to a running strategy (the issue: three minutes)."""


def test_from_a_form_to_a_card_and_back_by_the_red_switch(
    shop: Shop, visits: Open, record_property: Callable[[str, object], None]
) -> None:
    begun = time.monotonic()
    page = visits("/strategies?tab=offers").page
    hand = Hand(page)
    hand.button("新增优惠", exact=False)
    page.get_by_label("名称", exact=True).fill("满 200 减 30")
    page.get_by_label("规则", exact=True).fill("每人一张，今晚有效")
    page.get_by_label("每份成本").fill("30")
    page.get_by_label("总份数").fill("100")
    hand.button("保存")
    expect(page.locator("[data-part=offers]")).to_contain_text("0 / 100")

    hand.click(page.get_by_role("tab", name="频控与留白"))
    hand.click(page.get_by_role("switch", name="单人店铺"))
    expect(page.get_by_role("switch", name="单人店铺")).to_be_checked()

    hand.button("新建策略", exact=False)
    page.get_by_label("名称", exact=True).fill("问价送券")
    page.get_by_label("卡片标题").fill("给你的券")
    hand.click(page.get_by_role("combobox", name="什么时候", exact=True))
    page.keyboard.type("问价")
    page.keyboard.press("Enter")
    page.get_by_label("卡片内容").fill("现在用正好：")
    hand.button("+ 优惠")
    hand.click(page.get_by_role("combobox", name="附带优惠"))
    hand.click(page.locator(".ant-select-item-option-content:visible", has_text="满 200 减 30"))
    expect(page.locator("[data-part=card]")).to_contain_text("满 200 减 30")
    expect(page.locator("[data-part=sentence]")).to_contain_text("价")
    page.get_by_role("combobox", name="目标算到什么时候").click()
    page.locator(".ant-select-item-option-content:visible", has_text="到本场结束").click()
    expect(page.get_by_label("多少分钟内达成才算")).to_have_count(0)
    hand.button("保存草稿")
    hand.button("提请审批")
    expect(page.locator("[data-part=difference]")).to_contain_text("给你的券")
    hand.button("批准")
    hand.button("放到全量")
    expect(page.locator("[data-version='1'] [data-mode=full]")).to_be_visible()
    seconds = time.monotonic() - begun
    record_property("story", f"{hand.clicks} clicks, {seconds:.0f} s")
    assert hand.clicks <= 20
    assert seconds <= MOST_S

    key = page.url.rpartition("/")[2]
    assert _kept(shop, key).goal == Goal(within="session")
    free = somebody(key, 1_000, inside=False)
    held = somebody(key, 1_000, inside=True)
    with ThreadPoolExecutor(1) as beside:  # this thread has the loop of the browser
        card = beside.submit(asyncio.run, _asks(shop, free, held)).result()
    assert (card["title"], card["body"]) == ("给你的券", "现在用正好：满 200 减 30")
    told = page.locator("[data-part=decisions]")
    expect(told).to_contain_text("发出")
    expect(told).to_contain_text("对照组")

    page.reload()  # the session has been recorded since
    hand.button("试一试")
    expect(page.locator("[data-part=trial-result]")).to_contain_text("会发出")

    _stops_and_lets_go_on(shop, hand, somebody(key, 1_000, inside=False, name="late{}"))


def _kept(shop: Shop, key: str) -> Strategy:
    versions = shop.server.home.strategy_store.read().versions
    return next(one.strategy for one in versions if one.key == key)


def _stops_and_lets_go_on(shop: Shop, hand: Hand, late: str) -> None:
    """The red switch: whoever comes while it is on gets nothing, and the page says why."""
    page, told = hand.page, hand.page.locator("[data-part=decisions]")
    hand.button("全部暂停", exact=False)
    page.get_by_role("dialog").get_by_label("原因").fill("价格写错了")
    page.get_by_role("dialog").get_by_role("button", name="全部暂停").click()
    expect(page.get_by_role("button", name="策略已全部暂停")).to_be_visible()
    shop.send({"type": "comment_sent", "viewer": late, "text": "多少钱"})
    expect(told).to_contain_text("红色开关")
    page.get_by_role("button", name="策略已全部暂停").click()
    page.get_by_role("dialog").get_by_role("button", name="恢复").click()
    expect(page.get_by_role("button", name="全部暂停", exact=False)).to_be_visible()


def test_a_schedule_a_deadline_and_a_second_step_are_written_in_the_form(
    shop: Shop, visits: Open
) -> None:
    page = visits("/strategies/new").page
    hand = Hand(page)
    page.get_by_label("名称", exact=True).fill("两步")
    hand.click(page.get_by_role("combobox", name="由什么开始"))
    hand.click(page.locator(".ant-select-item-option-content:visible", has_text="每天"))
    page.get_by_label("几点").fill("20:30")
    hand.click(page.get_by_role("combobox", name="对谁"))
    hand.click(page.locator(".ant-select-item-option-content:visible", has_text="沉默用户"))
    page.keyboard.press("Escape")
    expect(page.locator("[data-part=sentence]")).to_contain_text("每天 20:30")
    page.get_by_label("卡片标题").fill("给你的券")
    page.get_by_label("多少秒内没送到就作罢", exact=True).fill("900")
    page.get_by_label("整个策略的期限（分钟）").fill("30")
    page.get_by_label("第 1 步：按钮文字").fill("去看看")
    page.get_by_label("第 1 步：按钮链接").fill("/p/1")
    expect(page.locator("[data-part=card]")).to_contain_text("去看看 /p/1")
    page.get_by_label("每个直播间每场最多").fill("40")
    page.get_by_label("同一直播间两次至少隔（秒）").fill("90")
    page.get_by_label("多少分钟内达成才算").fill("60")
    hand.button("加一步")
    page.get_by_label("等多少秒").fill("600")
    hand.click(page.get_by_role("combobox", name="什么情况走下一步"))
    hand.click(page.locator(".ant-select-item-option-content:visible", has_text="支付"))
    page.get_by_label("第 2 步：标题").fill("说一句")
    shown = page.locator("[data-card='2']")
    expect(shown).to_contain_text("第 2 步：请主播来讲")
    expect(shown).to_contain_text("10:00 后， 观众还没有：支付")
    expect(shown.locator(".viewer-card")).to_have_text("说一句卡片内容")  # no ad
    expect(page.locator("[data-card='1']")).to_contain_text("广告")
    hand.button("加一步")
    hand.button("去掉最后一步")
    expect(page.locator("[data-step]")).to_have_count(1)
    hand.button("保存草稿")
    expect(page.locator("[data-version='1'] [data-mode=draft]")).to_be_visible()
    key = page.url.rpartition("/")[2]
    kept = _kept(shop, key)
    assert kept.steps == (
        Step("in_room", "给你的券", "", "去看看", "/p/1", 900_000, 600_000, "order_paid"),
        Step("host", title="说一句"),
    )
    assert (kept.moment, kept.schedule) == ("", Schedule(daily="20:30"))
    assert kept.deadline_ms == 1_800_000
    assert kept.limits == Limits(per_room_session=40, room_apart_ms=90_000)
    assert kept.goal == Goal(within_ms=3_600_000)
    page.goto(f"{shop.server.url}/strategies")
    row = page.get_by_role("row").filter(has_text="两步")
    expect(row).to_contain_text("每天 20:30")


def test_what_waits_is_sent_back_with_a_reason_and_nobody_approves_their_own(
    shop: Shop, visits: Open
) -> None:
    """Of what somebody asked for all that changes of the version in force is told, and no more."""
    store = shop.server.home.strategy_store
    store.put_alone(SYSTEM, is_alone=False, why="two people")
    lead = Actor("command", "1", "主管")
    step = Step("in_room", title="给你的券", body="现在用")
    for key, title, by in (("theirs", "别人的", lead), ("mine", "我的", Actor("user", "0", NAME))):
        made = Strategy(key, (step,), "price_question", title={"zh": title})
        store.save_draft(made, by)
        store.take(key, 1, "ask", by)
        if by is lead:
            store.take(key, 1, "approve", SYSTEM)
            store.save_draft(msgspec.structs.replace(made, ramp=500), by)
            store.take(key, 2, "ask", by)
    page = visits("/strategies").page
    page.locator("[data-part=waiting]").get_by_role("link", name="2 个策略等待审批").click()
    mine = page.locator("[data-part=waiting]", has_text="我的")
    expect(mine.locator("[data-part=own]")).to_contain_text("要由别人批准")
    expect(mine.get_by_role("button", name="批准")).to_have_count(0)
    theirs = page.locator("[data-part=waiting]", has_text="别人的")
    expect(theirs).to_contain_text("主管 于")
    expect(theirs.locator("[data-part=difference] tr")).to_have_count(1)
    expect(theirs.locator("[data-part=difference]")).to_contain_text("小流量10%5%")
    expect(theirs.get_by_role("button", name="退回")).to_be_disabled()  # it needs a reason
    theirs.get_by_label("原因").fill("先放一成")
    theirs.get_by_role("button", name="退回").click()
    expect(theirs).to_have_count(0)
    (draft,) = (one for one in store.read().versions if (one.key, one.mode) == ("theirs", "draft"))
    assert (draft.why, draft.changed_by) == ("先放一成", NAME)
    store.take("mine", 1, "end", SYSTEM, why="the test is over")


@pytest.mark.parametrize(("is_set", "ways"), [(False, 3), (True, 4)])
def test_a_webhook_can_be_chosen_where_the_shop_has_set_one(
    visits: Open, is_set: bool, ways: int
) -> None:
    visit = visits("/")
    told = {"channel": "webhook", "is_on": is_set, "target": "", "states": {}}
    visit.page.route("**/api/channels", lambda route: route.fulfill(json=[told]))
    with visit.page.expect_response("**/api/channels"):
        visit.page.goto(f"{visit.page.url}strategies/new")
    Hand(visit.page).click(visit.page.get_by_role("combobox", name="由谁"))
    expect(visit.page.locator(".ant-select-item-option-content:visible")).to_have_count(ways)


def test_the_host_answers_a_card_by_a_key(shop: Shop, visits: Open) -> None:
    held = {"channel": "host", "title": "讲一下价格", "body": "{product|这款}现在多少钱"}
    steps = (msgspec.convert(held, Step),)
    always: dict[str, Any] = {"ramp": 10_000, "control": 0, "why_no_control": "a test"}
    told = Strategy("tell_price", steps, "price_question", priority=90, **always)
    store = shop.server.home.strategy_store
    store.save_draft(told, SYSTEM)
    store.take("tell_price", 1, "ask", SYSTEM)
    store.take("tell_price", 1, "approve", Actor("command", "1", "主管"))
    follow = shop.server.site.strategies.follow()
    asyncio.run_coroutine_threadsafe(follow, shop.server.loop).result(30)
    page = visits("/host/r1").page
    expect(page.locator("[data-part=host]")).to_contain_text("现在没有要讲的")
    for key, names in (("Space", ("k{}", "j{}")), ("ArrowRight", ("i{}",))):
        for name in names:
            asks = somebody("tell_price", 1_000, inside=False, name=name)
            shop.send({"type": "comment_sent", "viewer": asks, "text": "多少钱"})
        card = page.locator("[data-part=prompt]")
        expect(card).to_contain_text("这款现在多少钱")
        if len(names) > 1:
            expect(card).to_contain_text("2 人")
        page.keyboard.press(key)
        expect(page.locator("[data-part=host]")).to_contain_text("现在没有要讲的")


def test_codes_are_tried_taken_and_seen_by_four_characters(
    shop: Shop, visits: Open, tmp_path: Path
) -> None:
    shop.server.home.strategy_store.put_offer(Offer("spring", "春日券", "每人一张"), SYSTEM)
    follow = shop.server.site.strategies.follow()
    asyncio.run_coroutine_threadsafe(follow, shop.server.loop).result(30)
    file = tmp_path / "券码.csv"
    codes = ("SPRING-AAAA1111", "SPRING-BBBB2222")
    file.write_bytes("\n".join(["券码", codes[0], "太短", codes[1], codes[0]]).encode("gb18030"))
    page = visits("/strategies?tab=offers").page
    row = page.locator("[data-part=offers]").get_by_role("row").filter(has_text="春日券")
    row.get_by_role("button", name="上传").click()
    drawer = page.get_by_role("dialog", name="券码")
    drawer.locator("input[type=file]").set_input_files(str(file))
    expect(drawer.get_by_role("alert")).to_contain_text("新增 2 个，共 2 个；2 行不能用")
    bad = drawer.locator("tbody tr.ant-table-row")
    expect(bad).to_have_count(2)
    expect(bad.first).to_contain_text("3")  # the line of the table
    assert shop.server.home.codes.newest("spring", 9) == [], "it was a trial"
    drawer.get_by_role("button", name="加入 2 个券码").click()
    expect(drawer.get_by_text("还剩 2 个，共 2 个")).to_be_visible()
    for code in codes:
        expect(drawer.get_by_text(f"···{code[-4:]}")).to_be_visible()
        assert code not in page.content()
    drawer.get_by_role("button", name="完成").click()
    expect(row).to_contain_text("2 / 2")


def test_the_host_picks_what_viewers_are_listed(shop: Shop, visits: Open) -> None:
    said = ("不沾杯", "敏感肌可用")
    shop.server.home.catalog.put(Product("p7", "口红", 7, selling_points=said), by=SYSTEM)
    shop.server.home.catalog.put(Product("p8", "唇釉", 8, stock=0), by=SYSTEM)
    shop.server.home.catalog.put(Product("p9", "眼影", 9), by=SYSTEM)
    page = visits("/host/r1").page
    stage = page.locator("[data-part=stage]")
    expect(stage).to_contain_text("接下来：7 号链接 口红")
    shop.send({"type": "product_presented", "product": "p7", "room": "r1"})
    expect(stage).to_contain_text("正在讲：7 号链接 口红")
    expect(stage.get_by_role("listitem")).to_have_text(said)
    expect(stage).to_contain_text("接下来：9 号链接 眼影")  # of the eighth none is left
    shop.send({"type": "stock_changed", "product": "p7", "stock": 0, "room": "r1"})
    expect(stage).to_contain_text("口红，已经卖完")
    expect(stage.get_by_role("listitem")).to_have_count(0)
    lists = page.locator("[data-part=room-lists]")
    hot = lists.get_by_role("switch", name="显示热销榜")
    hot.focus()
    page.keyboard.press("Space")  # which answers a card elsewhere on this page
    expect(hot).to_be_checked()
    lists.get_by_role("combobox").fill("口红")
    page.locator(".ant-select-item-option", has_text="口红").click()
    expect(lists.locator(".ant-select-selection-item")).to_contain_text("口红")
    page.reload()
    expect(lists.locator(".ant-select-selection-item")).to_contain_text("口红")
    expect(hot).to_be_checked()
    assert shop.server.home.room_lists.of("r1") == ChosenLists("r1", True, ("p7",))


async def _asks(shop: Shop, free: str, held: str) -> dict[str, Any]:
    """Both ask the price; the card of the one, while the other gets nothing."""
    mine, theirs = await page_of(shop.server, free), await page_of(shop.server, held)
    events = [{"type": "comment_sent", "viewer": one, "text": "多少钱"} for one in (free, held)]
    assert (await asyncio.to_thread(shop.send, *events)).status_code == 200
    card = await next_of(mine, "message")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await theirs.recv()
    await mine.close()
    await theirs.close()
    return card


def test_where_codes_come_from_is_chosen_in_the_form_and_a_shut_channel_is_opened(
    shop: Shop, visits: Open
) -> None:
    page = visits("/strategies?tab=offers").page
    page.get_by_role("button", name="新增优惠").click()
    kinds = page.get_by_role("radiogroup", name="券码")
    expect(kinds.get_by_role("radio", name="由店铺的券系统发放")).to_be_disabled()
    expect(page.get_by_text("还没有接入券系统")).to_be_visible()
    page.get_by_label("名称", exact=True).fill("立减五元")
    page.get_by_label("规则", exact=True).fill("每人一张")
    kinds.get_by_role("radio", name="上传券码表").check()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("一行一个券码")).to_be_visible()

    shop.server.home.gates.shut("webhook", "http_410")
    page = visits("/settings?tab=channels").page
    shut = page.locator("[data-channel=webhook] [data-part=shut]")
    expect(shut).to_contain_text("410")
    shut.get_by_role("button", name="重新启用").click()
    expect(shut).to_have_count(0)
    assert not shop.server.home.gates.is_shut("webhook")
