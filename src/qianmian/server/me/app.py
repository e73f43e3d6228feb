"""Serves `/me`: one page, its style, its program and its texts, all from the package.

The shop links to `/me#token=…`. What follows `#` is sent to nobody; the page reads it, takes it out
of the address, and asks `/api/me` with it. Nothing is kept in the browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

import msgspec

from qianmian.locales.texts import document
from qianmian.server.asgi import Receive, Scope, Send, respond
from qianmian.server.console import content_policy

PATHS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "/me": ("page.html", "text/html; charset=utf-8"),
        "/me/page.css": ("page.css", "text/css; charset=utf-8"),
        "/me/page.js": ("page.js", "text/javascript; charset=utf-8"),
        "/me/icon.svg": ("icon.svg", "image/svg+xml"),
        "/me/texts.json": ("", "application/json"),
    }
)
LOCALES: Final = (("zh", "zh-CN"), ("en", "en-US"))


async def me_page(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer one request below `/me`; only GET and HEAD are understood."""
    headers = [
        (b"content-security-policy", content_policy(None).encode()),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cache-control", b"no-cache"),
    ]
    found = PATHS.get(scope["path"])
    if found is None:
        await respond(send, 404, b"not found", headers=headers)
    elif scope["method"] not in ("GET", "HEAD"):
        await respond(send, 405, headers=[*headers, (b"allow", b"GET, HEAD")])
    else:
        name, kind = found
        body = _texts() if not name else _file(name)
        await respond(send, 200, body if scope["method"] == "GET" else b"", kind, headers)


@cache
def _file(name: str) -> bytes:
    return resources.files("qianmian.server.me").joinpath("pages", name).read_bytes()


@cache
def _texts() -> bytes:
    return msgspec.json.encode({name: _texts_of(locale) for name, locale in LOCALES})


def _texts_of(locale: str) -> dict[str, str]:
    """Those of the page, and values as people call them."""
    values = {f"value.{name}": str(text) for name, text in document(locale, "values").items()}
    return {name: str(text) for name, text in document(locale, "me").items()} | values
