"""Puts a server together over a deployment, and runs it until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import uvicorn

from qianmian.runtime.board import Board
from qianmian.runtime.deployment import Deployment, Hooks
from qianmian.runtime.live import Live
from qianmian.runtime.movements import Movements
from qianmian.server.api.application import management
from qianmian.server.api.roles import may
from qianmian.server.api.who import COOKIE
from qianmian.server.app import NO_MORE, Server
from qianmian.server.asgi import App
from qianmian.server.hub import Hub
from qianmian.server.site import Site
from qianmian.server.ws import ConsoleSocket
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.minors import MinorsMode

T = TypeVar("T")
STOP_S = 2  # what open connections get to end
MAX_SOCKET_BYTES = 65_536


@dataclass
class Running:
    """The parts that need the event loop, between the engine's thread and the routes."""

    deployment: Deployment
    now: Callable[[], int]
    fired: Counter[str] = field(default_factory=Counter)
    is_ready: bool = False
    minors: MinorsMode = "off"

    def __post_init__(self) -> None:
        self.movements = Movements(self.minors)
        self.hub = Hub(self._read, self._is_segment, self.movements.watch)
        self._loop = asyncio.get_running_loop()

    async def _read(self, room: str) -> Board | None:
        return await self.deployment.ask(lambda live: live.views.board(room))

    async def _is_segment(self, key: str) -> bool:
        wanted = ("segment", key)
        return await self.deployment.ask(
            lambda live: any((one.kind, one.key) == wanted for one in live.definitions)
        )

    def on_second(self, live: Live) -> None:
        """On the engine's thread: boards that somebody watches go to the event loop."""
        lag_ms = self.deployment.lag_ms
        for room in self.hub.watched:
            board = live.views.board(room)
            if board is not None:
                self._later(self.hub.publish, _with_lag(board, lag_ms))
        for movement in self.movements.second(live):
            self._later(self.hub.publish_segment, movement)

    def on_firings(self, firings: Sequence[Firing]) -> None:
        """On the engine's thread: counts for the metrics."""
        self.fired.update(firing.moment for firing in firings)

    def _later(self, call: Callable[[T], None], told: T) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody watches any more
            self._loop.call_soon_threadsafe(call, told)


def _with_lag(board: Board, lag_ms: int) -> Board:
    values = {name: getattr(board, name) for name in Board.__struct_fields__}
    return Board(**{**values, "lag_ms": lag_ms})


@contextlib.asynccontextmanager
async def running(
    deployment: Deployment,
    *,
    now: Callable[[], int],
    on_firings: Callable[[Sequence[Firing]], None] = lambda _: None,
    minors: MinorsMode = "off",
) -> AsyncIterator[Running]:
    """The deployment at work, on this event loop, until the block ends.

    Args:
        minors: who is named where segments tell who enters and leaves.
    """
    parts = Running(deployment, now, minors=minors)

    def fired(firings: Sequence[Firing]) -> None:
        parts.on_firings(firings)
        on_firings(firings)

    deployment.start(Hooks(on_firings=fired, on_second=parts.on_second))
    parts.is_ready = True
    try:
        yield parts
    finally:
        parts.is_ready = False
        await asyncio.to_thread(deployment.stop)


def server_of(
    site: Site,
    parts: Running,
    *,
    ingest: App,
    live: App,
    console: App,
    more: Mapping[str, App] = NO_MORE,
) -> Server:
    """All routes of a site."""

    def is_signed_in(session: str | None) -> bool:
        found = None if session is None else site.accounts.session(session)
        return found is not None and may(found.account.role, "rooms.read")

    def note_refused(code: str) -> None:
        site.refused[code] += 1

    return Server(
        site,
        ingest=ingest,
        management=management(site),
        socket=ConsoleSocket(
            parts.hub,
            is_signed_in=is_signed_in,
            cookie_name=COOKIE,
            now=site.now,
            refused=note_refused,
        ),
        live=live,
        console=console,
        ready=lambda: parts.is_ready,
        more=more,
    )


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one.

    Its protocol is named, since asyncio sends small answers at once (TCP_NODELAY) only where it is:
    else the second part of an answer waits 40 ms for the other side to confirm the first.

    Raises: OSError when the address is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


class _Server(uvicorn.Server):
    """Tells when it listens, and leaves the rest of the stop to us.

    uvicorn raises a signal that it obeyed once more when its sockets are closed; the process would
    end by it before the engine has stopped and the log is closed.
    """

    on_listening: Callable[[], Awaitable[None]] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, without raising again."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self.on_listening is not None:
            await self.on_listening()


async def serve(
    app: App,
    bound: socket.socket,
    *,
    until: asyncio.Event | None = None,
    on_listening: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Answer on a socket until SIGTERM, SIGINT, or `until` is set."""
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="websockets-sansio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_S,
        timeout_keep_alive=65,
        ws_max_size=MAX_SOCKET_BYTES,
        ws_per_message_deflate=False,
    )
    server = _Server(config)
    server.on_listening = on_listening
    work = asyncio.create_task(server.serve(sockets=[bound]))
    if until is not None:
        stopping = asyncio.create_task(until.wait())
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        stopping.cancel()
    await work
