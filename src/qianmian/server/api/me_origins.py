"""Pages of the shop may ask what concerns their viewer (`/api/me`); pages of others may not.

A page of ours needs nothing of this. Who may is what `/live` lets in: our own origin and
`live_origins`. No cookie is looked at, so a foreign page gains nothing by calling.
"""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response

from qianmian.server.api.problems import MEDIA_TYPE
from qianmian.server.asgi import App, Event, Receive, Scope, Send, header
from qianmian.server.site import Site

PREFIX: Final = "/api/me"
_METHODS: Final = "GET, POST, PUT, DELETE"
_HEADERS: Final = "content-type, x-viewer-token, x-anonymous-id"


class MeOrigins:
    """An ASGI application around the management API."""

    def __init__(self, app: App, owner: FastAPI) -> None:
        self._app = app
        self._owner = owner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not (path == PREFIX or path.startswith(f"{PREFIX}/")):
            await self._app(scope, receive, send)
            return
        site: Site = self._owner.state.site
        if not site.viewers.door.lets_in(scope):
            site.viewers.hub.refuse("foreign_origin")
            told = {"status": 403, "title": "Forbidden", "code": "viewer.refused"}
            body = told | {"detail": "foreign_origin"}
            await JSONResponse(body, 403, media_type=MEDIA_TYPE)(scope, receive, send)
            return
        origin = header(scope, "origin")
        if scope["method"] == "OPTIONS":
            allowed = {"access-control-allow-methods": _METHODS, "access-control-max-age": "7200"}
            allowed["access-control-allow-headers"] = _HEADERS
            answer = Response(status_code=204, headers=allowed)
            await answer(scope, receive, _readable_by(origin, send))
            return
        await self._app(scope, receive, _readable_by(origin, send))


def _readable_by(origin: str | None, send: Send) -> Send:
    """The answer may be read by a page of this origin, and is kept by nobody."""
    more = [(b"cache-control", b"no-store"), (b"vary", b"origin")]
    if origin is not None:
        more.append((b"access-control-allow-origin", origin.encode("latin-1")))
        more.append((b"access-control-expose-headers", b"retry-after"))

    async def sending(event: Event) -> None:
        if event["type"] == "http.response.start":
            event["headers"] = [*event.get("headers", ()), *more]
        await send(event)

    return sending
