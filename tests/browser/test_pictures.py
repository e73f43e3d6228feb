"""The pictures of the READMEs: the board of one fixed simulated room, taken from the real pages.

A picture carries the words that the board showed when it was taken. They are compared, not the
pixels: fonts are those of the machine. `make pictures` takes them anew.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from qianmian.bootstrap.demo import demo_sources
from qianmian.bootstrap.installation import Installation
from qianmian.bootstrap.parts import load_classifier, simulate
from qianmian.runtime.messages import Catalog, DefinitionsChanged
from qianmian.runtime.past import write_past
from qianmian.runtime.ports import ignored
from qianmian.settings import Settings
from qianmian.simulation.plan import SimulationPlan
from qianmian.vocabulary.time import MINUTE_MS
from tests.browser.conftest import DESK, WAIT_MS, Shop, first_account
from tests.serving import served
from tools.lints.walk import ROOT

PICTURES = {
    "zh-CN": (ROOT / "docs/pictures/board.png", ROOT / "README.zh-CN.md"),
    "en-US": (ROOT / "docs/pictures/board.en.png", ROOT / "README.md"),
}
IS_WRITING = os.environ.get("QIANMIAN_PICTURES") == "write"
MOST_BYTES = 400_000
KEYWORD = b"Description"
PLAN = SimulationPlan(11, 1_000, 60)
UNTIL_MS = PLAN.start_ms + 16 * MINUTE_MS
TITLE = "晚八点 Prime Time"
WORDS = """() => [...document.querySelectorAll(
  '.board :is(h1, h2, .key-label, .key-value, .funnel li, .hot li, .doubts li)'
)].map((one) => one.innerText.replaceAll(/\\s+/g, ' ').trim()).join('\\n')"""


def chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of each chunk of a PNG."""
    place = 8
    while place < len(picture):
        (length,) = struct.unpack_from(">I", picture, place)
        yield picture[place + 4 : place + 8], picture[place + 8 : place + 8 + length]
        place += length + 12


def with_words(picture: bytes, words: str) -> bytes:
    """A PNG with a text inside, as its standard has it: an iTXt chunk before the end."""
    content = b"iTXt" + KEYWORD + b"\0\0\0\0\0" + words.encode()
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    end = picture.rindex(b"IEND") - 4
    return picture[:end] + chunk + picture[end:]


def words_of(picture: bytes) -> str:
    told = [content for name, content in chunks(picture) if name == b"iTXt"]
    return told[0].removeprefix(KEYWORD + b"\0\0\0\0\0").decode() if told else ""


@pytest.mark.skipif(IS_WRITING, reason="they are being taken")
@pytest.mark.parametrize("locale", PICTURES)
def test_a_picture_is_there_and_of_the_size(locale: str) -> None:
    path, readme = PICTURES[locale]
    picture = path.read_bytes()
    name, header = next(chunks(picture))
    assert (name, struct.unpack(">II", header[:8])) == (b"IHDR", DESK)
    assert len(picture) < MOST_BYTES
    assert f"]({path.relative_to(ROOT).as_posix()})" in readme.read_text("utf-8")


@pytest.fixture(scope="module")
def on_air(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A server whose clock stands still in the middle of the evening."""
    settings = Settings(home=tmp_path_factory.mktemp("home"), currency="CNY")
    with served(settings.home, settings, now=lambda: UNTIL_MS, prepare=broadcast) as server:
        yield Shop(server, first_account(server))


@pytest.mark.long
@pytest.mark.parametrize("locale", PICTURES)
def test_a_picture_shows_the_board_of_today(chromium: Browser, on_air: Shop, locale: str) -> None:
    context = chromium.new_context(
        viewport={"width": DESK[0], "height": DESK[1]},
        locale=locale,
        timezone_id="Asia/Shanghai",
        color_scheme="light" if locale == "zh-CN" else "dark",
    )
    context.set_default_timeout(WAIT_MS)
    context.add_cookies(on_air.cookies)
    page = context.new_page()
    page.goto(f"{on_air.server.url}/rooms/{PLAN.room}")
    words, picture = taken(page)
    context.close()
    path, _ = PICTURES[locale]
    if IS_WRITING:
        path.write_bytes(with_words(picture, words))
    assert words_of(path.read_bytes()) == words, "make pictures takes them anew"


def taken(page: Page) -> tuple[str, bytes]:
    """The words of the board, and its picture while it is live."""
    board = page.locator(".board")
    expect(board).to_have_attribute("data-freshness", "live")
    expect(page.locator("[data-part=trend] canvas")).to_have_count(1)
    page.wait_for_load_state("networkidle")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 300)))")
    picture = page.screenshot(animations="disabled")
    return page.evaluate(WORDS), picture


def broadcast(home: Installation) -> None:
    """The evening up to now, as the log of a shop."""
    simulation = simulate(PLAN)
    sources = demo_sources(home)

    def told() -> Iterator[tuple[int, Mapping[str, Any]]]:
        for at, row in simulation.events_between(PLAN.start_ms, UNTIL_MS):
            is_first = row["type"] == "session_started"
            yield at, row | {"properties": {"title": TITLE}} if is_first else row

    write_past(
        home.log,
        told(),
        sources.of,
        load_classifier().classify_many,
        first=(Catalog(simulation.products), DefinitionsChanged(home.definitions)),
        from_ms=PLAN.start_ms,
        until_ms=UNTIL_MS,
        advance=ignored,
    )
