"""The browser client as pages of other origins get it."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest

from qianmian.server.sdk import SDK_PATH, sdk_files

PROGRAM = b"var Qianmian = {};\n"

Headers = dict[bytes, bytes]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("qianmian.js", "qianmian.mjs"):
        (tmp_path / name).write_bytes(PROGRAM)
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(PROGRAM))
    (tmp_path / ".stamp").write_text("secret", encoding="utf-8")
    return tmp_path


def asked(
    folder: Path, name: str, method: str = "GET", **headers: str
) -> tuple[int, Headers, bytes]:
    named = [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()]
    sent: list[Any] = []

    async def send(event: Any) -> None:
        sent.append(event)

    async def receive() -> Any:
        raise AssertionError("nothing is read of the request")

    scope = {"type": "http", "path": SDK_PATH + name, "method": method, "headers": named}

    async def ask() -> None:
        await sdk_files(folder)(scope, receive, send)

    asyncio.run(ask())
    start, body = sent
    return start["status"], dict(start["headers"]), body["body"]


@pytest.mark.parametrize("name", ["qianmian.js", "qianmian.mjs"])
def test_any_page_may_load_it_and_asks_by_its_tag_whether_it_changed(
    folder: Path, name: str
) -> None:
    status, headers, body = asked(folder, name)
    assert (status, body) == (200, PROGRAM)
    assert headers[b"access-control-allow-origin"] == b"*"
    assert headers[b"content-type"].startswith(b"text/javascript")
    assert b"max-age" in headers[b"cache-control"]
    tag = headers[b"etag"].decode()
    assert asked(folder, name, if_none_match=tag)[::2] == (304, b"")
    (folder / name).write_bytes(b"another")
    assert asked(folder, name, if_none_match=tag)[::2] == (200, b"another")


def test_it_is_sent_small_where_that_is_understood(folder: Path) -> None:
    _, headers, body = asked(folder, "qianmian.js", accept_encoding="gzip, br")
    assert headers[b"content-encoding"] == b"gzip"
    assert headers[b"vary"] == b"accept-encoding"
    assert gzip.decompress(body) == PROGRAM
    assert headers[b"etag"] != asked(folder, "qianmian.js")[1][b"etag"]
    assert asked(folder, "qianmian.js", method="HEAD")[::2] == (200, b"")


@pytest.mark.parametrize("name", ["", ".stamp", "../secret", "qianmian.js.gz", "other.js"])
def test_nothing_else_is_there(folder: Path, name: str) -> None:
    assert asked(folder, name)[0] == 404


def test_what_was_not_built_is_told(tmp_path: Path) -> None:
    status, headers, body = asked(tmp_path, "qianmian.js")
    assert (status, headers[b"cache-control"]) == (404, b"no-store")
    assert b"make console" in body
    assert asked(tmp_path, "qianmian.js", method="POST")[0] == 405
