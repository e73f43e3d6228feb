"""A real browser before a real server: the Chromium of the system, our pages, our engine.

Everything that a page asks for or complains about is noted, and a test fails for it at its end:
requests to another host, errors on the console, answers that failed.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect, sync_playwright

import hatch_build
from qianmian.settings import Settings
from tests.required import absent, program
from tests.serving import Served, served
from tools.chromium import FLAGS, NAMES
from tools.lints.walk import ROOT

WAIT_MS = 30_000
DESK = (1440, 900)
NAME, PASSWORD = "掌柜", "correct horse battery"
# Two minutes on a page would make the tests wait for them.
DEFINITIONS = "builtin: true\nparameters:\n  hesitation: {dwell: 1s}\n"


@dataclass
class Visit:
    """One tab, and what it should not have done."""

    page: Page
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def listen(self, url: str) -> None:
        """Begin to note."""
        own = (url, url.replace("http://", "ws://"))

        def asked(address: str) -> None:
            if not address.startswith(own):
                self.foreign.append(address)

        def answered(response: Response) -> None:
            if response.status >= 400:
                self.failed.append(f"{response.status} {response.url}")

        self.page.on("request", lambda request: asked(request.url))
        self.page.on("websocket", lambda socket: asked(socket.url))
        self.page.on("response", answered)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda said: (
                self.complaints.append(said.text) if said.type in ("error", "warning") else None
            ),
        )

    def check(self) -> None:
        """Nothing was wrong."""
        assert self.foreign == []
        assert self.failed == []
        assert self.complaints == []


Open = Callable[..., Visit]


@dataclass
class Shop:
    """A server with an account and a room of its own."""

    server: Served
    cookies: list[Any]

    def send(self, *events: dict[str, Any], key: str = "") -> httpx.Response:
        """Events as the shop's own server sends them."""
        basic = base64.b64encode(f"{key or self.server.key}:".encode()).decode()
        return httpx.post(
            f"{self.server.url}/v1/events",
            json={"events": list(events)},
            headers={"authorization": f"Basic {basic}"},
            timeout=WAIT_MS / 1_000,
        )

    def looks(self, *viewers: str, product: str = "p1") -> None:
        """Viewers open the page of a product, and begin to hesitate a second later."""
        events = [{"type": "product_viewed", "viewer": one, "product": product} for one in viewers]
        assert self.send(*events).status_code == 200


@pytest.fixture(scope="session")
def pages() -> Path:
    """The pages, built from these very sources."""
    if not hatch_build.is_built(ROOT):
        absent("node", "the console is not built from these sources: make console")
    return ROOT / hatch_build.PAGES


@pytest.fixture(scope="module")
def chromium(pages: Path) -> Iterator[Browser]:
    """One browser for the tests of a module."""
    executable = program("chromium", *NAMES)
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield browser
        browser.close()


@contextlib.contextmanager
def at_work(folder: Path) -> Iterator[Served]:
    """A server without an account, whose viewers hesitate soon."""
    definitions = folder / "definitions.yaml"
    definitions.write_text(DEFINITIONS, encoding="utf-8")
    with served(folder, Settings(home=folder / "var", definitions=definitions)) as server:
        yield server


def first_account(server: Served) -> list[Any]:
    """The cookies of the first account, made without a page."""
    given = {"token": server.first_token, "name": NAME, "password": PASSWORD}
    with httpx.Client(base_url=server.url, timeout=WAIT_MS / 1_000) as client:
        assert client.post("/api/first-account", json=given).status_code == 200
        cookie = client.cookies["qianmian_session"]
    return [{"name": "qianmian_session", "value": cookie, "url": server.url}]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A server with an account."""
    with at_work(tmp_path_factory.mktemp("home")) as server:
        yield Shop(server, first_account(server))


@pytest.fixture
def visits(chromium: Browser, shop: Shop) -> Iterator[Open]:
    """Opens signed-in tabs; each is checked when the test ends."""
    made: list[tuple[BrowserContext, Visit]] = []

    def visit(
        path: str,
        *,
        size: tuple[int, int] = DESK,
        theme: str = "light",
        locale: str = "zh-CN",
        signed_in: bool = True,
        cookies: list[Any] | None = None,
    ) -> Visit:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=theme,  # type: ignore[arg-type]  # light or dark
            locale=locale,
            timezone_id="Asia/Shanghai",
        )
        context.set_default_timeout(WAIT_MS)
        if signed_in:
            context.add_cookies(shop.cookies if cookies is None else cookies)
        opened = Visit(context.new_page())
        opened.listen(shop.server.url)
        opened.page.goto(shop.server.url + path)
        made.append((context, opened))
        return opened

    yield visit
    for context, opened in made:
        opened.check()
        context.close()
