"""The effect of a strategy on its page: one sentence, the checks, the naive ratio last."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from qianmian.settings import Settings
from tests.browser.conftest import NAME, PASSWORD, WAIT_MS, Open, Shop
from tests.browser.test_console import RULES
from tests.measured_shop import FILE, LASTS_MS, NOON, SILENT, UNEVEN, WORKS, write_evening
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
        prepare=lambda home: write_evening(home, 1_000),
    ) as server:
        given = {"token": server.first_token, "name": NAME, "password": PASSWORD}
        with httpx.Client(base_url=server.url, timeout=WAIT_MS / 1_000) as client:
            assert client.post("/api/first-account", json=given).status_code == 200
            cookie = client.cookies["qianmian_session"]
        yield Shop(server, [{"name": "qianmian_session", "value": cookie, "url": server.url}])


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
