"""A board of five thousand rows: what the page holds is bounded, and a message is one drawing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESK, WAIT_MS
from tools.board_feed import Evening, Feed

ROWS = 5_000
MESSAGES = 12

# What changed on the board in one go, as the browser reports it after each: which parts, and
# whether the number of the message was among it.
WATCH = """() => {
  window.drawn = []
  const board = document.querySelector('.board')
  new MutationObserver((changes) => {
    const parts = new Set()
    let isMessage = false
    for (const { target, type } of changes) {
      if (target === board) isMessage ||= type === 'attributes'
      const element = target.closest ? target : target.parentElement
      const part = element.closest('[data-number], [data-part]')
      if (part) parts.add(part.dataset.number ?? part.dataset.part)
    }
    window.drawn.push({ seq: Number(board.dataset.seq), isMessage, parts: [...parts] })
  }).observe(board, {
    subtree: true, childList: true, characterData: true, attributeFilter: ['data-seq'],
  })
}"""


@pytest.fixture
def feed(pages: Path) -> Iterator[Feed]:
    made = Feed(pages, Evening(rows=ROWS))
    with made.served():
        yield made


@pytest.fixture
def page(chromium: Browser, feed: Feed) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": DESK[0], "height": DESK[1]}, locale="zh-CN")
    context.set_default_timeout(WAIT_MS)
    made = context.new_page()
    made.goto(feed.room_url)
    expect(made.locator(".board")).to_have_attribute("data-freshness", "live")
    yield made
    context.close()


def test_only_rows_in_sight_are_in_the_page(feed: Feed, page: Page) -> None:
    table = page.locator("[data-part=hesitating]")
    expect(table).to_contain_text("5,000 人")
    rows = table.locator(".ant-table-row")
    in_sight = page.evaluate(
        "() => document.querySelector('[data-part=hesitating] .fills').clientHeight / 30"
    )
    for _ in range(3):
        shown = str(feed.push())
        expect(page.locator(".board")).to_have_attribute("data-seq", shown)
        assert 5 < rows.count() < 2 * in_sight
    assert page.evaluate("() => document.querySelectorAll('*').length") < 2_500
    page.locator("[data-part=hesitating] .ant-table-tbody-virtual-holder").hover()
    page.mouse.wheel(0, 60_000)
    last = f"v{feed.evening.count * feed.evening.changed + 1_000}"
    expect(table).not_to_contain_text(last)
    assert 5 < rows.count() < 2 * in_sight


def test_a_message_is_one_drawing_of_every_part(feed: Feed, page: Page) -> None:
    page.evaluate(WATCH)
    seqs = []
    for _ in range(MESSAGES):
        seqs.append(feed.push())
        expect(page.locator(".board")).to_have_attribute("data-seq", str(seqs[-1]))
    drawn = page.evaluate("() => window.drawn")
    assert [one["seq"] for one in drawn if one["isMessage"]] == seqs, "each once, in order"
    for one in drawn:
        if one["isMessage"]:
            assert {"online", "gmv", "funnel", "hesitating", "firings"} <= set(one["parts"])
        else:
            assert one["parts"] == [], "a part that changed without the others"
