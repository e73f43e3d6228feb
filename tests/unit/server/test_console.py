"""The built pages over ASGI: what is kept, what is fresh, what is never a page."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from qianmian.locales.texts import LOCALES, Texts
from qianmian.server.asgi import Event
from qianmian.server.console import INTERFACES, ConsoleApp, bundled_console

INDEX = '<meta name="csp-nonce" content="__CSP_NONCE__"><script src="/assets/app-1a2b.js"></script>'


class Answer:
    """What came back, headers by lower-case name."""

    def __init__(self, messages: list[Event]) -> None:
        start, body = messages
        self.status: int = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}
        self.body: bytes = body["body"]


def ask(folder: Path, path: str, *, method: str = "GET", accept: str = "") -> Answer:
    async def run() -> list[Event]:
        messages: list[Event] = []

        async def send(message: Event) -> None:
            messages.append(message)

        async def receive() -> Event:
            raise AssertionError("a page needs no body")

        headers = [(b"accept-encoding", accept.encode())] if accept else []
        scope = {"type": "http", "method": method, "path": path, "headers": headers}
        await ConsoleApp(folder)(scope, receive, send)
        return messages

    return Answer(asyncio.run(run()))


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A build as the console's leaves it, with a secret beside it."""
    folder = tmp_path / "_console"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX, encoding="utf-8")
    (folder / "icon.svg").write_text("<svg/>", encoding="utf-8")
    (folder / ".stamp").write_text("hash", encoding="utf-8")
    for suffix in ("", ".gz", ".br"):
        (folder / "assets" / f"app-1a2b.js{suffix}").write_text(f"code{suffix}", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    return folder


def test_assets_are_kept_for_a_year_and_the_page_not_at_all(built: Path) -> None:
    asset = ask(built, "/assets/app-1a2b.js")
    assert (asset.status, asset.body) == (200, b"code")
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert asset.headers["content-type"].startswith("text/javascript")
    assert asset.headers["x-content-type-options"] == "nosniff"
    assert ask(built, "/").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("accept", "encoding", "body"),
    [
        ("gzip, deflate, br, zstd", "br", b"code.br"),
        ("gzip", "gzip", b"code.gz"),
        ("br;q=0, gzip;q=0.5", "gzip", b"code.gz"),
        ("identity", None, b"code"),
    ],
)
def test_the_smallest_form_that_the_browser_takes(
    built: Path, accept: str, encoding: str | None, body: bytes
) -> None:
    answer = ask(built, "/assets/app-1a2b.js", accept=accept)
    assert (answer.headers.get("content-encoding"), answer.body) == (encoding, body)
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.headers["content-length"] == str(len(body))


@pytest.mark.parametrize("path", ["/", "/first", "/rooms/a.b", "/rooms/直播间", "/data"])
def test_every_page_is_the_same_page(built: Path, path: str) -> None:
    answer = ask(built, path)
    assert answer.status == 200
    assert b"app-1a2b.js" in answer.body


def test_each_page_has_a_nonce_of_its_own_and_its_policy_names_it(built: Path) -> None:
    nonces = set()
    for _ in range(3):
        answer = ask(built, "/")
        found = re.search(rb'content="([\w-]{20,})"', answer.body)
        assert found
        nonce = found[1].decode()
        policy = answer.headers["content-security-policy"]
        assert f"style-src 'self' 'nonce-{nonce}'" in policy
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        nonces.add(nonce)
    assert len(nonces) == 3


@pytest.mark.parametrize("part", INTERFACES)
def test_what_an_interface_does_not_have_is_a_404_and_never_a_page(built: Path, part: str) -> None:
    for path in (f"/{part}", f"/{part}/nothing", f"/{part}/x.js"):
        answer = ask(built, path)
        assert answer.status == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert json.loads(answer.body)["detail"] == path


def test_a_room_may_be_called_like_an_interface(built: Path) -> None:
    assert ask(built, "/rooms/api").status == 200
    assert ask(built, "/liveroom").status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/assets/gone-9.js",
        "/assets/",
        "/assets",
        "/assets/../../secret.txt",
        "/assets/..",
        "/../secret.txt",
        "/.stamp",
        "/assets/.hidden.js",
        "/robots.txt",
    ],
)
def test_nothing_outside_the_build_and_no_page_in_place_of_a_file(built: Path, path: str) -> None:
    answer = ask(built, path)
    assert b"secret" not in answer.body
    assert b"hash" not in answer.body
    if answer.status != 404:  # an odd address may be a page, but then it is the page
        assert b"app-1a2b.js" in answer.body
        assert not path.startswith("/assets")


def test_only_reading_is_understood(built: Path) -> None:
    head = ask(built, "/", method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) > len(INDEX)
    refused = ask(built, "/", method="POST")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")


def test_a_missing_build_is_told_in_both_languages(tmp_path: Path) -> None:
    assert not ConsoleApp(tmp_path).is_built
    answer = ask(tmp_path, "/")
    assert answer.status == 503
    for locale in LOCALES:
        assert Texts(locale, "console")["missing.title"] in answer.body.decode()
    assert b"make console" in answer.body
    assert ask(tmp_path, "/api/x").status == 404


def test_a_build_that_appears_is_served_without_a_restart(tmp_path: Path) -> None:
    app = ConsoleApp(tmp_path)
    seen = [app.is_built]
    (tmp_path / "index.html").write_text(INDEX, encoding="utf-8")
    seen.append(app.is_built)
    assert seen == [False, True]
    assert ask(tmp_path, "/").status == 200


def test_the_folder_of_the_installation_is_inside_the_package() -> None:
    assert bundled_console().parent.name == "qianmian"
