"""Effects from the first page to the strategy: what hurts, why, for whom, and stopping it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from qianmian.settings import Settings
from tests.browser.conftest import WAIT_MS, Open, Shop, first_account
from tests.browser.test_console import RULES
from tests.measured_shop import (
    FILE,
    HARMS,
    LASTS_MS,
    NOON,
    SILENT,
    UNEVEN,
    WORKS,
    write_evening,
)
from tests.serving import served


@pytest.fixture(scope="module")
def shop(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A server whose clock stands still after a broadcast."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "strategies.yaml").write_text(FILE, encoding="utf-8")
    settings = Settings(home=folder / "home", strategies=folder / "strategies.yaml")
    with served(
        settings.home,
        settings,
        now=lambda: NOON + LASTS_MS,
        prepare=lambda home: write_evening(home, 1_000, hurts=True),
    ) as server:
        yield Shop(server, first_account(server))


@pytest.mark.parametrize(
    ("locale", "verdict", "lift", "naive"),
    [
        ("zh-CN", "确认有效", "+30.00 个百分点", "选择效应，不是效果"),
        ("en-US", "It works", "+30.00 pp", "Selection, not an effect"),
    ],
)
def test_the_verdict_comes_first_and_the_naive_ratio_last(
    visits: Open, locale: str, verdict: str, lift: str, naive: str
) -> None:
    theme = "light" if locale == "zh-CN" else "dark"
    page = visits(f"/strategies/{WORKS}", locale=locale, theme=theme).page
    panel = page.locator("[data-part=effect]")
    expect(panel.locator("[data-verdict=works]")).to_contain_text(verdict)
    expect(panel).to_contain_text(lift)
    expect(panel.locator("svg")).to_be_visible()
    said = panel.inner_text()
    assert said.index(verdict) < said.index("500") < said.index(naive)
    assert said.rstrip().endswith(panel.locator("[data-part=naive-ratio]").inner_text())
    found = Axe().run(page, context="[data-part=effect]", options=RULES)
    assert found.violations_count == 0, found.generate_report()
    if "QIANMIAN_SCREENS" in os.environ:
        panel.screenshot(path=Path(os.environ["QIANMIAN_SCREENS"]) / f"effect-{locale}.png")


def test_arms_that_are_not_as_drawn_show_no_number(visits: Open) -> None:
    panel = visits(f"/strategies/{UNEVEN}").page.locator("[data-part=effect]")
    expect(panel.locator("[data-verdict=hidden]")).to_contain_text("分组异常")
    expect(panel.locator("svg")).to_have_count(0)
    assert "%" not in panel.inner_text()


def test_before_it_has_decided_there_is_nothing_to_compare(visits: Open) -> None:
    panel = visits(f"/strategies/{SILENT}").page.locator("[data-part=effect]")
    expect(panel).to_contain_text("还没有可以比较的数据")


def test_the_page_of_effects_leads_from_the_list_to_why(visits: Open) -> None:
    """The same numbers on the list, on the report, and on the page of the strategy."""
    page = visits("/effects").page
    works = page.locator(f"tr[data-row-key={WORKS}]")
    expect(works.locator("[data-verdict=works]")).to_have_text("确认有效")
    expect(works).to_contain_text("+30.00")
    expect(works).to_contain_text("500")
    uneven = page.locator(f"tr[data-row-key={UNEVEN}]")
    expect(uneven.locator("[data-verdict=hidden]")).to_be_visible()
    assert "%" not in uneven.inner_text()
    interval = works.locator(".quiet.num").first.inner_text().strip("[]").split(", ")
    as_of = works.locator("td").last.inner_text()
    works.get_by_role("link").click()
    sentence = page.locator("[data-part=sentence]")
    expect(sentence).to_contain_text("+30.00 个百分点")
    for end in interval:
        expect(sentence).to_contain_text(f"{end} 个百分点")
    expect(page.locator(".page-head")).to_contain_text(as_of)
    expect(page.locator("[data-advice=keep]")).to_be_visible()
    page.get_by_role("link", name="去策略页").click()
    panel = page.locator("[data-part=effect]")
    for end in interval:
        expect(panel.locator("[data-part=verdict]")).to_contain_text(end)
    page.goto(f"{page.url.rpartition('/strategies')[0]}/effects/{UNEVEN}")
    expect(page.locator("[data-advice=sample_ratio]")).to_be_visible()
    expect(sentence).to_contain_text("分组异常")
    whole = page.locator("[data-part=effect-page]")
    expect(whole.locator("svg.group-forest, svg.effect-band")).to_have_count(0)
    assert "%" not in whole.inner_text()


@pytest.mark.parametrize(("locale", "theme"), [("zh-CN", "light"), ("en-US", "dark")])
def test_a_report_draws_its_intervals_and_ends_with_the_naive_ratio(
    visits: Open, locale: str, theme: str
) -> None:
    page = visits(f"/effects/{WORKS}", locale=locale, theme=theme).page
    whole = page.locator("[data-part=effect-page]")
    expect(page.locator("[data-part=band] circle")).to_have_count(9)
    expect(page.locator("[data-part=forest] svg text").first).to_be_visible()
    rows = page.locator("[data-part=groups] tr[data-row-key]")
    expect(rows).to_have_count(3)  # everybody, those with something in their cart, the others
    expect(rows.first).to_contain_text("500")
    harms = page.locator("[data-part=harms]")
    expect(harms.locator("svg [data-harm]")).to_have_count(1)  # the time of the others is not over
    missed = harms.locator("tr[data-row-key=missed] td").all_inner_texts()
    assert missed[1:3] == ["500", "500"]
    assert missed[3].startswith("−30.00 [−4")
    assert missed[4] == "0"
    said = whole.inner_text()
    assert said.rstrip().endswith(page.locator("[data-part=naive-ratio]").inner_text())
    assert whole.locator(".verdict").first.inner_text() in ("确认有效", "It works")
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    if "QIANMIAN_SCREENS" in os.environ:
        folder = Path(os.environ["QIANMIAN_SCREENS"])
        page.screenshot(path=folder / f"effects-{locale}.png", full_page=True)
    page.goto(f"{page.url}?by=highly_engaged")
    expect(rows).to_have_count(1)  # nobody had done much, so it divides nobody
    expect(page.locator("[data-part=groups]")).to_contain_text(
        "高频互动" if locale == "zh-CN" else "Highly engaged"
    )


def test_today_leads_to_the_strategy_that_hurts_and_it_is_stopped(visits: Open) -> None:
    """One story: the first page, why, the strategy; the same interval on each; then it is gone."""
    page = visits("/").page
    need = page.locator("[data-need=harms]")
    expect(need).to_have_count(1)
    expect(need).to_contain_text("有负面影响")
    expect(need).to_contain_text("干预 500 人，对照 500 人；数据截至 09-21 12:01")
    interval = need.locator(".num").inner_text()
    low, high = "−39.64", "−20.36"
    assert low in interval
    assert high in interval
    expect(page.locator("[data-need=not_as_drawn]")).to_have_count(1)
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    if "QIANMIAN_SCREENS" in os.environ:
        page.screenshot(path=Path(os.environ["QIANMIAN_SCREENS"]) / "home.png", full_page=True)
    need.get_by_role("link").click()
    sentence = page.locator("[data-part=sentence]")
    expect(sentence.locator("[data-verdict=harms]")).to_be_visible()
    expect(sentence).to_contain_text(low)
    expect(sentence).to_contain_text(high)
    expect(page.locator("[data-advice=stop]")).to_be_visible()
    harms = page.locator("[data-part=harms]")
    expect(harms.locator("tr[data-row-key]")).to_have_count(0)  # nobody came after it was changed
    page.get_by_role("link", name="去策略页").click()
    expect(page.locator("[data-part=effect] [data-part=verdict]")).to_contain_text(low)
    page.get_by_role("button", name="暂停", exact=True).click()
    expect(page.locator("[data-version='1'] [data-mode=paused]")).to_be_visible()
    page.get_by_role("link", name="今日").click()
    expect(page.locator("[data-need=not_as_drawn]")).to_have_count(1)
    expect(need).to_have_count(0)
    page.goto(page.url.rpartition("/")[0] + f"/effects/{HARMS}")
    expect(page.locator("h1 [data-mode=paused]")).to_be_visible()


def test_a_tag_says_whether_it_is_worth_keeping(visits: Open) -> None:
    """The same suggestion in the list and on its page, with people, and the effects by it."""
    page = visits("/tags").page
    row = page.locator("tr[data-row-key='tag bought_this_session']")
    suggested = row.locator("[data-suggestion=keep]")
    expect(suggested).to_have_text("保留", timeout=4 * WAIT_MS)  # fifty tags are asked about
    row.get_by_role("link", name="本场已购").click()
    panel = page.locator("[data-part=tag-health]")
    expect(panel.locator("[data-suggestion=keep]")).to_be_visible()
    expect(panel).to_contain_text("覆盖：350 人成立（35.0%），0 人说不清，共 1,000 人")
    expect(panel).to_contain_text("数据截至 09-21 12:01")
    effect = panel.locator(f"[data-effect={WORKS}]")
    expect(effect).to_contain_text("不成立：+30.00", timeout=4 * WAIT_MS)
    expect(effect).to_contain_text("干预 500 人，对照 500 人")
    found = Axe().run(page, context="[data-part=tag-health]", options=RULES)
    assert found.violations_count == 0, found.generate_report()


def test_an_evening_is_gone_through_with_a_cursor(visits: Open) -> None:
    """From the list of rooms; the state then, and a click in the table that goes there."""
    page = visits("/rooms").page
    page.locator("[data-part=sessions]").get_by_role("link", name="复盘").click()
    expect(page.locator("[data-part=time-line] svg circle").first).to_be_visible()
    then = page.locator("[data-part=then]")
    expect(then).to_contain_text("12:00:01：在线 1,000 人")
    rows = page.locator("[data-part=review-table] tr[data-row-key]")
    held = rows.filter(has_text="留作对照").filter(has_text="500")
    expect(held.first).to_be_visible()
    rows.first.get_by_role("button").click()
    expect(then).to_contain_text("11:59:59：")
    expect(then).to_contain_text("首次到访 × 1,000")
    page.get_by_role("slider").press("ArrowRight")
    expect(then).not_to_contain_text("11:59:59：")
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    if "QIANMIAN_SCREENS" in os.environ:
        page.screenshot(path=Path(os.environ["QIANMIAN_SCREENS"]) / "review.png", full_page=True)
