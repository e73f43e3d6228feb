"""The few words of ASGI that the raw routes need."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def header(scope: Scope, name: str) -> str | None:
    """The first header of that name (lower case); None without it."""
    wanted = name.encode()
    for key, value in scope["headers"]:
        if key == wanted:
            return str(value.decode("latin-1"))
    return None


def cookie(scope: Scope, name: str) -> str | None:
    """The value of a cookie; None without it, or when the header cannot be read."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(header(scope, "cookie") or "")
    except CookieError:
        return None
    return jar[name].value if name in jar else None


def same_origin(scope: Scope) -> bool:
    """Whether the page that calls is one of ours: its Origin names the host that it calls."""
    origin, host = header(scope, "origin"), header(scope, "host")
    return origin is not None and host is not None and origin.split("://")[-1] == host


async def respond(
    send: Send,
    status: int,
    body: bytes = b"",
    content_type: str = "text/plain; charset=utf-8",
    headers: Iterable[tuple[bytes, bytes]] = (),
) -> None:
    """A whole answer."""
    fixed = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *headers]})
    await send({"type": "http.response.body", "body": body})
