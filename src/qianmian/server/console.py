"""Serves the built console: its assets for ever, its page fresh, and a word when it is missing.

* `/assets/*` carry a hash in their name, so a browser may keep them for a year.
* Every other path is a page of the console and answers `index.html`, each time with a new nonce:
  the content policy then lets in the styles that the page makes itself, and no others.
* Paths of the interfaces are never answered with a page: a program that asks for something that
  does not exist must get a 404, not HTML.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import secrets
from importlib import resources
from pathlib import Path
from typing import Final

from qianmian.locales.texts import LOCALES, Texts
from qianmian.server.asgi import Receive, Scope, Send

INTERFACES: Final = ("api", "v1", "ingest", "ws", "live", "metrics", "healthz", "readyz")
"""First parts of paths that are not pages."""

NONCE_PLACE: Final = b"__CSP_NONCE__"
_FILE = re.compile(r"/(?:assets/)?[A-Za-z0-9_-][A-Za-z0-9._-]*\.[A-Za-z0-9]+")
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
# Smaller copies that the build may have left, best first.
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_AN_HOUR = "public, max-age=3600"

Headers = dict[str, str]


def bundled_console() -> Path:
    """The folder of the pages that came with this installation; it may not exist."""
    return Path(str(resources.files("qianmian"))) / "_console"


class ConsoleApp:
    """An ASGI application over one folder of built pages.

    Cost: a file is read per request, off the event loop; nothing is kept in memory, so a new build
    is served without a restart.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def is_built(self) -> bool:
        """There is a page to serve."""
        return (self._folder / "index.html").is_file()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request; only GET and HEAD are understood."""
        if scope["type"] != "http":
            raise ValueError(f"ConsoleApp answers http, not {scope['type']}")
        path: str = scope["path"]
        method: str = scope["method"]
        if _first_part(path) in INTERFACES:
            status, headers, body = _not_found(path)
        elif method not in ("GET", "HEAD"):
            status, headers, body = 405, {"allow": "GET, HEAD"}, b""
        else:
            accepted = accepted_encodings(scope)
            status, headers, body = await asyncio.to_thread(self._answer, path, accepted)
        await _send(send, status, headers, body, is_head=method == "HEAD")

    def _answer(self, path: str, accepted: frozenset[str]) -> tuple[int, Headers, bytes]:
        is_asset = _first_part(path) == "assets"
        if is_asset or _FILE.fullmatch(path):
            found = self._file(path, accepted)
            if found is not None:
                return found
            # A page would be run as a script by a browser that kept an older index.html.
            return 404, {"content-type": _TYPES[".txt"], "cache-control": "no-cache"}, b"not found"
        try:
            page = (self._folder / "index.html").read_bytes()
        except FileNotFoundError:
            return 503, _page_headers(None), _missing_page()
        nonce = secrets.token_urlsafe(16)
        return 200, _page_headers(nonce), page.replace(NONCE_PLACE, nonce.encode())

    def _file(self, path: str, accepted: frozenset[str]) -> tuple[int, Headers, bytes] | None:
        """A file of the build in the smallest form the browser takes; None if there is none."""
        if not _FILE.fullmatch(path) or path == "/index.html":
            return None
        plain = self._folder / path[1:]
        if not plain.is_file():
            return None
        headers = {
            "content-type": _TYPES.get(plain.suffix, "application/octet-stream"),
            "cache-control": _FOR_EVER if path.startswith("/assets/") else _FOR_AN_HOUR,
            "vary": "accept-encoding",
            "x-content-type-options": "nosniff",
        }
        for encoding, suffix in _ENCODINGS:
            packed = plain.with_name(plain.name + suffix)
            if encoding in accepted and packed.is_file():
                return 200, headers | {"content-encoding": encoding}, packed.read_bytes()
        return 200, headers, plain.read_bytes()


def content_policy(nonce: str | None) -> str:
    """What a page may load: its own origin, and styles that carry the nonce."""
    styles = "'self'" if nonce is None else f"'self' 'nonce-{nonce}'"
    return (
        f"default-src 'self'; style-src {styles}; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )


def _page_headers(nonce: str | None) -> Headers:
    return {
        "content-type": _TYPES[".html"],
        # A nonce is for one answer; keeping the page would keep an old list of assets, too.
        "cache-control": "no-store" if nonce else "no-cache",
        "content-security-policy": content_policy(nonce),
        "cross-origin-opener-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }


def _first_part(path: str) -> str:
    return path.lstrip("/").partition("/")[0]


def _not_found(path: str) -> tuple[int, Headers, bytes]:
    problem = {"code": "not_found", "title": "Not found", "status": 404, "detail": path}
    headers = {"content-type": "application/problem+json", "cache-control": "no-store"}
    return 404, headers, json.dumps(problem, ensure_ascii=False).encode()


def _missing_page() -> bytes:
    """A page without styles or scripts, in both languages."""
    parts = []
    for locale in LOCALES:
        texts = Texts(locale, "console")
        lines = "".join(
            f"<li>{html.escape(texts[f'missing.{name}'])}</li>"
            for name in ("checkout", "release", "interfaces")
        )
        title = html.escape(texts["missing.title"])
        parts.append(f'<section lang="{locale}"><h1>{title}</h1><ul>{lines}</ul></section>')
    return f'<!doctype html><meta charset="utf-8"><title>Qianmian</title>{"".join(parts)}'.encode()


def accepted_encodings(scope: Scope) -> frozenset[str]:
    """What `Accept-Encoding` allows; an encoding with q=0 is refused."""
    accepted = set()
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            for item in value.decode("latin-1").lower().split(","):
                encoding, _, weight = item.partition(";")
                if not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight):
                    accepted.add(encoding.strip())
    return frozenset(accepted)


async def _send(send: Send, status: int, headers: Headers, body: bytes, *, is_head: bool) -> None:
    headers = headers | {"content-length": str(len(body))}
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": b"" if is_head else body})
