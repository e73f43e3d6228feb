"""Serves the browser client, `/sdk/qianmian.js` and `/sdk/qianmian.mjs`, to the pages of any shop.

The names stay when the content changes, so a browser asks again after an hour, by its ETag.
"""

from __future__ import annotations

import asyncio
import hashlib
from importlib import resources
from pathlib import Path
from typing import Final

from qianmian.server.asgi import App, Receive, Scope, Send, header, respond
from qianmian.server.console import accepted_encodings

SDK_PATH: Final = "/sdk/"
NAMES: Final = ("qianmian.js", "qianmian.mjs")
_TYPE: Final = "text/javascript; charset=utf-8"
_HEADERS: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-content-type-options", b"nosniff"),
)
_FOR_AN_HOUR: Final = (b"cache-control", b"public, max-age=3600")


def bundled_sdk() -> Path:
    """The folder of the client that came with this installation; it may not exist."""
    return Path(str(resources.files("qianmian"))) / "_sdk"


def sdk_files(folder: Path) -> App:
    """The application that answers below `SDK_PATH`.

    Cost: a file of 25 KB is read per request, off the event loop.
    """

    async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
        name, method = str(scope["path"]).removeprefix(SDK_PATH), scope["method"]
        if method not in ("GET", "HEAD"):
            await respond(send, 405, headers=[*_HEADERS, (b"allow", b"GET, HEAD")])
            return
        is_packed = "gzip" in accepted_encodings(scope)
        body = await asyncio.to_thread(_file, folder, name, is_packed=is_packed)
        if body is None:
            missing = b"not found; in a checkout `make console` builds it\n"
            await respond(send, 404, missing, headers=[*_HEADERS, (b"cache-control", b"no-store")])
            return
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = [*_HEADERS, _FOR_AN_HOUR, (b"vary", b"accept-encoding"), (b"etag", tag.encode())]
        if is_packed:
            headers.append((b"content-encoding", b"gzip"))
        if tag in (header(scope, "if-none-match") or ""):
            await respond(send, 304, headers=headers, content_type=_TYPE)
        else:
            await respond(send, 200, body if method == "GET" else b"", _TYPE, headers)

    return answer


def _file(folder: Path, name: str, *, is_packed: bool) -> bytes | None:
    """A file of the client as it is sent; None for what is none, or was not built."""
    path = folder / (f"{name}.gz" if is_packed else name)
    return path.read_bytes() if name in NAMES and path.is_file() else None
