"""An operator makes a segment out of words, sees what it means, and sees a viewer enter it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NAME, PASSWORD, Open, Shop
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


@dataclass
class Hand:
    """Somebody at a page: what they click is counted, what they type is not."""

    page: Page
    clicks: int = 0

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1

    def button(self, name: str, *, exact: bool = True) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=exact))

    def choose(self, label: str, row: int, typed: str) -> None:
        """Open the list of a row, type until it is found, and take it."""
        self.click(self.page.get_by_label(label, exact=True).nth(row))
        self.page.keyboard.type(typed)
        found = self.page.locator(".ant-select-item-option-content:visible")
        self.click(found.filter(has_text=re.compile(f"^{typed}")).first)

    def pick(self, label: str, row: int, title: str) -> None:
        """Open the list of a row, and take one with the pointer."""
        self.click(self.page.get_by_label(label, exact=True).nth(row))
        self.click(self.page.locator(f'.ant-select-item[title="{title}"]:visible'))

    def activate(self) -> None:
        self.button("启用")

    def makes_a_tag(self, name: str) -> None:
        """On the page of the tags: of who put something into the cart."""
        page = self.page
        self.button("新建标签", exact=False)
        page.get_by_label("名称", exact=True).fill(name)
        page.get_by_label("一句话说明").fill("放进过购物车")
        self.button("下一步")
        self.button("条件")
        expect(page.locator("[data-part=sentence]")).to_contain_text("加入购物车")
        expect(page.locator("[data-part=share-yes] b")).to_have_text(re.compile("[1-9]"))
        self.button("下一步")
        self.activate()
        expect(page.locator(row(page, name))).to_contain_text("启用中")


MOST_CLICKS = 42
"""From the sign-in to the reason why somebody is in the segment; its row about goods takes four."""
MOST_S = 180  # the issue: three minutes
DEAR_SERUM = {"product": "p1", "category": "serum", "price": 29_900}
SHE = {"gender": "female", "age": 25, "city_tier": "tier_1"}


def she_comes(shop: Shop, who: str) -> None:
    """She looks at something dear and puts it into the cart."""
    shop.send({"type": "room_entered", "viewer": who})
    shop.send({"type": "profile_updated", "viewer": who, "traits": SHE})
    shop.send({"type": "cart_added", "viewer": who, "product": "p1"})
    shop.send({"type": "product_clicked", "viewer": who, **DEAR_SERUM})


def looks_at_the_sample(page: Page) -> None:
    """Who it would be, by keys alone."""
    sample = page.locator("[data-part=samples]").get_by_role("link")
    sample.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text(sample.inner_text())
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_an_operators_evening_from_the_sign_in_to_why_somebody_is_in(
    shop: Shop, visits: Open, record_property: Callable[[str, object], None]
) -> None:
    she_comes(shop, "earlier")
    begun = time.monotonic()
    page = visits("/", signed_in=False).page
    hand = Hand(page)
    page.get_by_label("用户名").fill(NAME)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    hand.button("登录")

    hand.click(page.get_by_role("link", name="标签", exact=True))
    hand.makes_a_tag("想 要")

    hand.click(page.get_by_role("link", name="人群", exact=True))
    hand.button("新建人群", exact=False)
    page.get_by_label("名称", exact=True).fill("一线年轻女生加购没付")
    for number, name in enumerate(("女性", "25–30岁", "一线城市", "想 要")):
        hand.button("条件")
        hand.pick("看什么", number, "标签")
        hand.choose("选择标签", number, name)
        chosen = page.locator(".condition").nth(number)
        expect(chosen.locator(".named-value")).to_have_text(name)
    hand.button("条件")
    hand.pick("怎么比", 4, "没做过")
    hand.choose("行为", 0, "支付")
    hand.button("条件")
    hand.pick("看什么", 5, "对某类商品做过")
    hand.click(page.get_by_label("品类", exact=True))
    page.keyboard.type("serum，coat，")
    page.get_by_label("最低价", exact=True).fill("200")
    page.get_by_label("最高价", exact=True).fill("500")
    sentence = page.locator("[data-part=sentence]")
    for said in ("女性", "25–30岁", "一线城市", "想 要", "支付", "serum", "200", "500"):
        expect(sentence).to_contain_text(said)
    expect(page.locator(".preview-count b").first).to_have_text("1")
    expect(page.locator("[data-part=reach]")).to_contain_text("短信")
    looks_at_the_sample(page)
    expect(sentence).to_contain_text("支付")  # what was being written is still there
    hand.activate()
    hand.click(page.get_by_role("link", name="一线年轻女生加购没付"))

    size = page.locator("[data-part=size]")
    expect(size).to_have_text(re.compile("[1-9]"))
    before = int(size.inner_text())  # the engine counts rows; others of this shop may be among them
    she_comes(shop, "lin")
    expect(size).to_have_text(str(before + 1))
    hand.click(page.locator("[data-part=moves]").get_by_role("link", name="lin"))

    segments = page.locator("[data-part=segments]")
    expect(segments).to_contain_text("一线年轻女生加购没付")
    expect(page.locator("[data-part=tags]")).to_contain_text("想 要")
    wanted = page.locator("[data-part=tags] li", has_text="想 要")
    hand.click(wanted.get_by_role("button", name="依据"))
    seconds = time.monotonic() - begun
    record_property("story", f"{hand.clicks} clicks, {seconds:.0f} s")
    assert hand.clicks <= MOST_CLICKS
    assert seconds <= MOST_S


def test_a_tag_in_three_steps_with_who_would_have_it(shop: Shop, visits: Open) -> None:
    cities = ("tier_1", "tier_1", "tier_2", "tier_2")
    for number, city in enumerate(cities):
        who = f"city{number}"
        shop.send({"type": "room_entered", "viewer": who})
        shop.send({"type": "profile_updated", "viewer": who, "traits": {"city_tier": city}})
    page = visits("/tags/new").page
    page.get_by_label("名称", exact=True).fill("二线的人")
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("button", name="条件", exact=True).click()
    page.get_by_label("看什么").click()
    page.locator('.ant-select-item[title="属性"]:visible').click()
    page.get_by_label("属性名").click()
    page.locator('.ant-select-item[title="城市等级"]:visible').click()
    page.get_by_label("值", exact=True).click()
    page.locator('.ant-select-item[title="二线城市"]:visible').click()
    expect(page.locator("[data-part=sentence]")).to_contain_text("属性“城市等级”是二线城市")
    by_city = page.locator("[data-part=by-city_tier]")
    expect(by_city).to_contain_text("二线城市")
    rows = by_city.locator("li")
    expect(rows.filter(has_text="二线城市")).to_contain_text("100.0%")
    expect(rows.filter(has_text="一线城市").first).to_contain_text("0.0%")
    bar = by_city.get_by_role("img", name=re.compile("^二线城市：有 2，没有 0，证据不足 0"))
    expect(bar).to_be_visible()
    known = page.locator("[data-part=share-yes] b")
    expect(known).to_have_text("2")
    expect(page.locator("[data-part=share-unknown] b")).to_have_text(re.compile(r"^\d+$"))
    page.get_by_role("button", name="下一步").click()
    page.get_by_label("为什么").fill("看看二线")
    page.get_by_role("button", name="启用", exact=True).click()
    listed = page.locator(row(page, "二线的人"))
    expect(listed).to_contain_text("启用中")
    expect(listed.locator("td.num").first).to_have_text("2")


def test_somebody_is_found_by_their_id_without_a_room(shop: Shop, visits: Open) -> None:
    shop.send({"type": "profile_updated", "viewer": "mei-7", "traits": {"city_tier": "tier_1"}})
    visit = visits("/")
    page = visit.page
    page.get_by_role("link", name="观众", exact=True).click()
    search = page.get_by_label("会员编号，或以 ? 开头的设备编号")
    search.fill(" mei-7 ")
    page.keyboard.press("Enter")
    person = page.locator("[data-part=person]")
    expect(person.locator("[data-part=basic]")).to_contain_text("一线城市")
    expect(person).to_contain_text("mei-7")
    expect(page).to_have_url(re.compile(r"/viewers\?viewer=mei-7$"))
    search.fill("nobody-9")
    page.get_by_role("button", name="查找").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(person).to_have_count(0)
    assert [one.split()[0] for one in visit.failed] == ["404"]
    visit.failed.clear()
    visit.complaints.clear()  # the browser itself reports the 404


def test_text_that_is_wrong_is_pointed_at(visits: Open) -> None:
    page = visits("/tags/new").page
    forward = page.get_by_role("button", name="下一步", exact=True)
    expect(forward).to_be_disabled()
    page.get_by_label("名称", exact=True).fill("看得多")
    forward.click()
    page.get_by_text("文字", exact=True).click()
    page.get_by_label("条件语言").fill("count(product_viewd) within 10m >= 3")
    wrong = page.get_by_role("alert")
    expect(wrong).to_contain_text("没有叫“product_viewd”的事件，是不是“product_viewed”？")
    expect(wrong).not_to_contain_text("unknown")
    page.get_by_label("条件语言").fill("count(product_viewed within 10m >= 3")
    expect(wrong).to_contain_text("要闭合 count(，应当写“)”；这里写的是“within”")
    expect(wrong.locator("details")).to_have_count(0)
    page.get_by_label("条件语言").fill("count(product_viewd) within 10m >= 3")
    expect(page.locator(".condition-wrong mark")).to_have_text("p")
    expect(forward).to_be_disabled()
    page.get_by_label("条件语言").fill("count(product_viewed) within 10m < 1")
    expect(page.get_by_role("alert")).to_contain_text("对什么都没做过的人也成立")
    page.get_by_label("条件语言").fill("count(product_viewed) within 10m >= 3")
    expect(page.locator("[data-part=sentence]")).to_contain_text("10 分钟")
    expect(forward).to_be_enabled()
    page.get_by_text("条件", exact=True).first.click()
    expect(page.get_by_label("次数")).to_have_value("3")


def test_a_tag_is_a_number_and_a_segment_compares_it(shop: Shop, visits: Open) -> None:
    page = visits("/tags").page
    hand = Hand(page)
    hand.button("新建标签", exact=False)
    page.get_by_label("名称", exact=True).fill("打赏 总额")
    hand.button("下一步")
    page.get_by_text("数值", exact=True).click()
    sentence = page.locator("[data-part=sentence]")
    expect(sentence).to_contain_text("加入购物车的次数")
    hand.pick("这个标签是什么数", 0, "金额合计")
    hand.choose("行为", 0, "送礼物")
    expect(sentence).to_contain_text("送礼物的金额合计是多少")
    hand.button("下一步")
    hand.activate()
    expect(page.locator(row(page, "打赏 总额"))).to_contain_text("启用中")

    hand.click(page.get_by_role("link", name="人群", exact=True))
    hand.button("新建人群", exact=False)
    page.get_by_label("名称", exact=True).fill("大方的人")
    hand.button("条件")
    hand.pick("看什么", 0, "标签数值")
    hand.choose("选择数值标签", 0, "打赏 总额")
    page.get_by_label("金额", exact=True).fill("50.5")
    expect(sentence).to_contain_text("标签“打赏 总额”的数值不少于 ¥50.5")
    hand.activate()
    listed = page.locator(row(page, "大方的人"))
    expect(listed).to_contain_text("启用中")
    shop.send({"type": "gift_sent", "viewer": "giver", "amount": 5_050})
    expect(listed.locator("td.num").first).to_have_text("1")

    page = visits("/segments/%E5%A4%A7%E6%96%B9%E7%9A%84%E4%BA%BA", locale="en-US").page
    expect(page.locator("[data-part=sentence]")).to_contain_text(
        'number of the tag "打赏 总额" is at least ¥50.50'
    )
    expect(page.get_by_label("Amount", exact=True)).to_have_value("50.50")
    expect(page.locator(".condition")).to_contain_text("Number of a tag")
    page = visits("/tags/%E6%89%93%E8%B5%8F_%E6%80%BB%E9%A2%9D", locale="en-US").page
    expect(page.locator("[data-part=number]")).to_contain_text("Sum of amounts")


def test_a_time_of_day_has_a_row_of_its_own(visits: Open) -> None:
    page = visits("/segments/new").page
    page.get_by_label("名称", exact=True).fill("半夜看")
    page.get_by_text("文字", exact=True).click()
    text = "count(product_viewed where hour between 23:00 and 02:00) within 30d >= 4"
    page.get_by_label("条件语言").fill(text)
    sentence = page.locator("[data-part=sentence]")
    expect(sentence).to_contain_text("发生在 23:00 到次日 02:00 之间")
    page.get_by_text("条件", exact=True).first.click()
    expect(page.get_by_label("次数")).to_have_value("4")
    expect(page.locator(".hour-value")).to_have_text(["23:00", "02:00"])
    page.get_by_label("几点开始").click()
    page.keyboard.type("22:30")
    page.keyboard.press("Enter")
    expect(sentence).to_contain_text("发生在 22:30 到次日 02:00 之间")
    expect(page.locator("[data-part=left-out]")).to_contain_text("潜在高价值")
    expect(page.locator("[data-part=left-out]")).to_contain_text("只在直播中看得到")


DEFINED = (
    *("/tags", "/segments", "/moments"),
    *("/segments/new", "/segments/active_users", "/tags/sharer", "/viewers"),
)


@pytest.mark.parametrize(("theme", "locale"), [("light", "zh-CN"), ("dark", "en-US")])
def test_pages_are_clean_and_our_own(shop: Shop, visits: Open, theme: str, locale: str) -> None:
    page = visits(DEFINED[0], theme=theme, locale=locale).page
    for path in DEFINED:
        page.goto(shop.server.url + path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
        found = Axe().run(page, options=RULES).response["violations"]
        assert [one["id"] for one in found] == [], f"{path}: {found}"
