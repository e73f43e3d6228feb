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


def all_are(tabs: list[Page], freshness: str) -> None:
    for tab in tabs:
        expect(tab.locator(".board")).to_have_attribute("data-freshness", freshness)


@pytest.mark.long
def test_twelve_tabs_let_the_server_go_and_find_it_again(chromium: Browser, tmp_path: Path) -> None:
    port = free_port()
    context = chromium.new_context()
    with serving(tmp_path, port) as (process, link):
        cookie = begun(link, tmp_path)
        url = f"http://127.0.0.1:{port}"
        context.add_cookies([{"name": "qianmian_session", "value": cookie, "url": url}])
        tabs = [context.new_page() for _ in range(TABS)]
        for tab in tabs:
            tab.goto(f"{url}/rooms/r1")
        all_are(tabs, "live")
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_S) == 0, "open sockets do not keep it"
        all_are(tabs, "down")
    with serving(tmp_path, port):
        all_are(tabs, "live")
    context.close()
