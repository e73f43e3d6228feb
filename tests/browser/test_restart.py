"""Twelve tabs and a server that goes and comes back: `qianmian serve` as people run it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PASSWORD

TABS = 12  # more than a browser's six connections to one host: sockets do not count among them
WAIT_S = 300
RESTARTS = 1012  # the code by which a server says that it will be back
# What a tab shows by the number of the message, and how its sockets were closed.
NOTE = """() => {
  window.shown = {}; window.codes = []
  const Plain = window.WebSocket
  window.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given)
      this.addEventListener('close', (event) => window.codes.push(event.code))
    }
  }
  new MutationObserver(() => {
    const board = document.querySelector('.board[data-seq]')
    if (!board) return
    const numbers = [...board.querySelectorAll('.key-value, .funnel-count')]
    window.shown[board.dataset.seq] = numbers.map((one) => one.textContent)
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true })
}"""


@contextlib.contextmanager
def serving(home: Path, port: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server process that listens, and the address or one-time link that it printed last."""
    command = [sys.executable, "-m", "qianmian.cli", "serve", "--home", str(home)]
    environment = os.environ | {"QIANMIAN_LOCALE": "en-US", "COLUMNS": "200"}
    with subprocess.Popen(
        [*command, "--port", str(port)], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout
        link = ""
        has_accounts = (home / "has-accounts").exists()
        for line in process.stdout:
            found = re.search(r"http://\S+", line)
            link = found[0] if found else link
            if "#token=" in link or (link and has_accounts):
                break
        try:
            yield process, link
        finally:
            if process.poll() is None:
                process.kill()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def begun(link: str, home: Path) -> str:
    """The session of the first account of an installation in which somebody is in room r1."""
    url, _, token = link.partition("/first#token=")
    given = {"token": token, "name": "owner", "password": PASSWORD}
    source = {"name": "shop", "key_class": "server", "default_room": "r1"}
    events = {"events": [{"type": "product_viewed", "viewer": "v1", "product": "p1"}]}
    with httpx.Client(base_url=url, timeout=30) as client:
        told = client.post("/api/first-account", json=given).json()
        (home / "has-accounts").touch()
        headers = {"x-csrf-token": told["csrf"]}
        key = client.post("/api/sources", json=source, headers=headers).json()["write_key"]
        assert client.post("/v1/events", json=events, auth=(key, "")).status_code == 200
        return client.cookies["qianmian_session"]


def all_show_the_same(tabs: list[Page]) -> None:
    """Once each has shown one message: the same numbers for the same message."""
    seq = max(int(tab.locator(".board").get_attribute("data-seq") or 0) for tab in tabs) + 1
    for tab in tabs:
        tab.wait_for_function(f"() => {seq} in window.shown")
    shown = [tab.evaluate(f"() => window.shown[{seq}]") for tab in tabs]
    assert len(shown[0]) == 12, "six numbers and six stages"
    assert all(one == shown[0] for one in shown)


def all_are(tabs: list[Page], freshness: str) -> None:
    for tab in tabs:
        expect(tab.locator(".board")).to_have_attribute("data-freshness", freshness)


@pytest.mark.long
def test_twelve_tabs_let_the_server_go_and_find_it_again(chromium: Browser, tmp_path: Path) -> None:
    port = free_port()
    context = chromium.new_context()
    context.add_init_script(f"({NOTE})()")
    with serving(tmp_path, port) as (process, link):
        cookie = begun(link, tmp_path)
        url = f"http://127.0.0.1:{port}"
        context.add_cookies([{"name": "qianmian_session", "value": cookie, "url": url}])
        tabs = [context.new_page() for _ in range(TABS)]
        for tab in tabs:
            tab.goto(f"{url}/rooms/r1")
        all_are(tabs, "live")
        all_show_the_same(tabs)
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_S) == 0, "open sockets do not keep it"
        all_are(tabs, "down")
        codes = [tab.evaluate("() => window.codes[0]") for tab in tabs]
        assert codes == [RESTARTS] * TABS, "they were told, not cut off"
    with serving(tmp_path, port):
        all_are(tabs, "live")
        all_show_the_same(tabs)
    context.close()
