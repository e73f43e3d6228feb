"""Segment's own clients, unmodified, against a real server."""

from __future__ import annotations

import functools
import http.server
import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from segment.analytics.client import Client

from qianmian.errors import Overloaded
from tests.ingesting import BROWSER, SERVER, Ingest
from tests.required import CLIENTS, node_package, program
from tests.serving_app import served

WAIT_SECONDS = 30


@pytest.fixture
def ingest() -> Ingest:
    return Ingest(now=int(time.time() * 1_000))


@contextmanager
def python_client(host: str, **options: object) -> Iterator[Client]:
    problems: list[object] = []
    client = Client(
        SERVER,
        host=f"http://{host}",
        on_error=lambda error, _items: problems.append(error),
        **options,
    )
    yield client
    client.flush()
    client.join()
    assert problems == []


@pytest.mark.parametrize("gzip", [False, True])
def test_the_python_client_delivers_every_call(ingest: Ingest, *, gzip: bool) -> None:
    with served(ingest.app) as host, python_client(host, gzip=gzip) as client:
        client.identify("u1", {"city": "杭州"}, anonymous_id="a1")
        client.track("u1", "Product Viewed", {"product_id": "p1"})
        order = {"order_id": "o1", "total": 12.5, "currency": "CNY"}
        client.track("u1", "Order Completed", order)
        client.page("u1", "shop", "room")
        client.screen("u1", "app", "room")
        client.alias("a2", "u1")
    rows = ingest.log.rows
    assert sorted(row["type"] for row in rows) == [
        "heartbeat",
        "heartbeat",
        "identity_linked",
        "identity_linked",
        "order_paid",
        "product_viewed",
        "profile_updated",
    ]
    paid = next(row for row in rows if row["type"] == "order_paid")
    assert (paid["amount"], paid["currency"], paid["verified"]) == (1_250, "CNY", 1)
    assert all(0 <= row["clock"] - row["event_time"] < 60_000 for row in rows)


def test_the_python_client_delivers_what_was_refused_at_first_exactly_once(
    ingest: Ingest,
) -> None:
    ingest.log.failures = [Overloaded(retry_after_ms=1), Overloaded(retry_after_ms=1)]
    with served(ingest.app) as host, python_client(host) as client:
        for number in range(150):  # more than one batch of its
            client.track("u1", "Liked", {}, message_id=f"m{number}")
    assert ingest.log.failures == []
    assert sorted(row["message_id"] for row in ingest.log.rows) == sorted(
        f"m{number}" for number in range(150)
    )


def test_the_python_client_is_told_why_an_event_is_none(ingest: Ingest) -> None:
    told: list[Exception] = []
    with served(ingest.app) as host:
        client = Client(SERVER, host=f"http://{host}", on_error=lambda error, _: told.append(error))
        client.track("u1", "No such event", {})
        client.flush()
        client.join()
    assert "nothing_accepted" in str(told[0])
    assert ingest.letters.count() == 1


def test_the_node_client_delivers_every_call(ingest: Ingest) -> None:
    node = program("node", "node", "nodejs")
    node_package("@segment/analytics-node")
    ingest.log.failures = [Overloaded(retry_after_ms=1)]
    with served(ingest.app) as host:
        done = subprocess.run(
            [node, str(CLIENTS / "send.mjs"), f"http://{host}", SERVER],
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
            check=True,
        )
    assert json.loads(done.stdout) == {"problems": []}
    assert sorted(row["type"] for row in ingest.log.rows) == [
        "heartbeat",
        "heartbeat",
        "identity_linked",
        "order_paid",
        "product_viewed",
        "profile_updated",
    ]


@contextmanager
def static_site(folder: Path) -> Iterator[str]:
    """A site of another origin: the page and the client's file."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{site.server_address[1]}"
        site.shutdown()


def test_analytics_js_in_a_browser_delivers_from_another_origin(
    ingest: Ingest, tmp_path: Path
) -> None:
    chromium = program("chromium", "chromium", "chromium-browser", "google-chrome")
    bundle = node_package("@segment/analytics-next") / "dist" / "umd"
    site = tmp_path / "site"
    site.mkdir()
    for file in bundle.glob("*.js"):
        name = "analytics.js" if file.name == "index.js" else file.name
        (site / name).write_bytes(file.read_bytes())
    (site / "page.html").write_bytes((CLIENTS / "page.html").read_bytes())
    with served(ingest.app) as host, static_site(site) as origin:
        query = urlencode({"host": host, "key": BROWSER})
        done = subprocess.run(
            [
                chromium,
                *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
                *("--no-first-run", "--disable-background-networking"),
                f"--user-data-dir={tmp_path / 'profile'}",
                "--virtual-time-budget=20000",
                "--dump-dom",
                f"http://{origin}/page.html?{query}",
            ],
            capture_output=True,
            text=True,
            timeout=2 * WAIT_SECONDS,
            check=True,
        )
    shown = re.search(r'<p id="done">([0-9a-f-]+)</p></body>', done.stdout)
    assert shown, done.stdout + done.stderr
    rows = ingest.log.rows
    assert sorted(row["type"] for row in rows) == ["heartbeat", "product_viewed"]
    assert {row["viewer"] for row in rows} == {f"?{shown[1]}"}, "member-7 is not believed"
    told = ingest.app.statistics()[0].rejected_by_code
    assert told == {"not_allowed": 1}, "a browser may not link or describe a person"
