"""The whole server as one ASGI application: which request goes where.

/v1/* /ingest/*     events, by write key
/api/*              the console's questions and changes, by session
/ws                 the console's socket, by session
/live /live/*       viewers' sockets and streams, by viewer token
/me /me/*           the page on which a person sees what is known of them
/rules/*            the public rules of offers
/unsubscribe/*      where the reader of a letter says no
/sdk/*              the browser client
/shop /shop/*       the demonstration's shop, and nothing without a demonstration
/metrics /healthz /readyz
everything else     the console's pages
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from qianmian.channels.unsubscribe import PATH as UNSUBSCRIBE_PATH
from qianmian.server.asgi import App, Receive, Scope, Send, respond
from qianmian.server.me.app import me_page
from qianmian.server.metrics import CONTENT_TYPE, Metrics
from qianmian.server.rules_page import RULES_PATH, rules_page
from qianmian.server.sdk import SDK_PATH, bundled_sdk, sdk_files
from qianmian.server.site import Site
from qianmian.server.unsubscribing import unsubscribe_page

Answer = Callable[[Scope, Receive, Send], Awaitable[None]]

NO_MORE: Final[Mapping[str, App]] = MappingProxyType({})

SECURITY: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"SAMEORIGIN"),
)


class Server:
    """Routes.

    Args:
        site: what is served.
        ingest, management, socket, live, console: the five applications.
        ready: whether events are taken.
        more: further applications, by the first part of their path.
    """

    def __init__(
        self,
        site: Site,
        *,
        ingest: App,
        management: App,
        socket: App,
        live: App,
        console: App,
        ready: Callable[[], bool],
        more: Mapping[str, App] = NO_MORE,
    ) -> None:
        self.site = site
        self.metrics = Metrics(site)
        self._ingest = ingest
        self._management = management
        self._sockets: Mapping[str, App] = {"/ws": socket, "/live": live}
        self._live = live
        self._console = console
        self._ready = ready
        self._more = more
        self._rules = rules_page(lambda: site.strategies.in_force.rules.offers, site.zone)
        self._unsubscribe = unsubscribe_page(site)
        self._sdk = sdk_files(bundled_sdk())
        self._own: Mapping[str, Answer] = {
            "/metrics": self._tell_metrics,
            "/healthz": self._tell_health,
            "/readyz": self._tell_ready,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        path: str = scope["path"]
        if scope["type"] == "websocket":
            await self._sockets.get(path, _no_socket)(scope, receive, send)
        elif path in self._own:
            await self._own[path](scope, receive, send)
        elif path.startswith(("/v1/", "/ingest/")):
            await self.metrics.measured(self._ingest, scope, receive, send)
        elif path.startswith("/live/"):
            await self._live(scope, receive, send)
        elif path == "/me" or path.startswith("/me/"):
            await me_page(scope, receive, _with_headers(send))
        elif path.startswith(RULES_PATH):
            await self._rules(scope, receive, send)
        elif path.startswith(UNSUBSCRIBE_PATH):
            await self._unsubscribe(scope, receive, send)
        elif path.startswith(SDK_PATH):
            await self._sdk(scope, receive, send)
        elif (first := path.lstrip("/").partition("/")[0]) in self._more:
            await self._more[first](scope, receive, _with_headers(send))
        elif path.startswith("/api/"):
            await self._management(scope, receive, _with_headers(send))
        else:
            await self._console(scope, receive, _with_headers(send))

    async def _tell_metrics(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await respond(send, 200, self.metrics.text(), CONTENT_TYPE)

    async def _tell_health(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Alive: the process answers; a broken engine is not alive."""
        broken = self.site.deployment.engine.problem
        told = {"status": "ok"} if broken is None else {"status": "failed", "why": str(broken)}
        await respond(send, 200 if broken is None else 500, _json(told), "application/json")

    async def _tell_ready(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Ready: events are taken and made durable."""
        problem = self.site.deployment.problem
        if problem is None and self._ready():
            await respond(send, 200, _json({"status": "ready"}), "application/json")
            return
        why = "it is starting or stopping" if problem is None else str(problem)
        await respond(send, 503, _json({"status": "not ready", "why": why}), "application/json")


def _with_headers(send: Send) -> Send:
    """The same, with the headers that every page of ours has."""

    async def sending(event: dict[str, object]) -> None:
        if event["type"] == "http.response.start":
            event["headers"] = [*event.get("headers", ()), *SECURITY]  # type: ignore[misc]  # pairs
        await send(event)

    return sending  # type: ignore[return-value]  # events are mappings


async def _no_socket(_scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 4404})


async def _lifespan(receive: Receive, send: Send) -> None:
    """Nothing is begun here: the process is warm before it listens."""
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return


def _json(value: Mapping[str, str]) -> bytes:
    return msgspec.json.encode(value)
