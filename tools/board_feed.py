"""A board of five thousand rows that changes as often as one likes, for the pages to show.

The real pages, the real socket and the real deltas, over a room that is made up: what is measured
and tested with it is the page, not the engine.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import uvicorn

from qianmian.engine.board import FUNNEL
from qianmian.runtime.board import (
    HESITATING_LIMIT,
    TREND_POINTS,
    TREND_STEP_MS,
    Board,
    Comment,
    Doubts,
    Fired,
    Hesitating,
    HesitatingRow,
    Hot,
    Presented,
    Presenting,
    Stage,
    TrendPoint,
)
from qianmian.server.asgi import Receive, Scope, Send, respond
from qianmian.server.console import ConsoleApp
from qianmian.server.hub import Hub
from qianmian.server.ws import ConsoleSocket

ROOM: Final = "feed"
START_MS: Final = 1_780_000_000_000
REASONS: Final = ("hesitation", "cart_abandonment", "comparison", "price_question")
PRODUCTS: Final = 40
WAIT_S: Final = 30

_SESSION: Final = {
    "account": {"id": "1", "name": "feed", "role": "owner", "may": ["rooms.read"]},
    "first_run": False,
    "csrf": "none",
}
_META: Final = {
    "version": "0",
    "zone": "Asia/Shanghai",
    "currency": "CNY",
    "lateness_ms": 5_000,
    "moments": [],
    "events": {},
}


@dataclass
class Evening:
    """Boards one after another; the same count gives the same board.

    Attributes:
        rows: how many hesitate; up to the 5,000 that a board holds.
        changed: how many of them are others on the next board.
    """

    rows: int = HESITATING_LIMIT
    changed: int = 60
    count: int = 0

    def board(self) -> Board:
        """The board now."""
        now = START_MS + self.count * 200
        newest = self.count * self.changed + self.rows
        viewers = range(newest - 1, newest - self.rows - 1, -1)
        online, entered = 50_000 + self.count % 700, 186_300 + 32 * self.count
        return Board(
            room=ROOM,
            title="晚八点专场",
            session="s1",
            started_at=START_MS - 3_600_000,
            as_of=now,
            online=online,
            online_peak=61_820,
            entered=entered,
            gmv_minor=128_000_000 + self.count * 1_200_000,
            refunds_minor=990_000,
            currency="CNY",
            orders=5_600 + self.count,
            orders_per_min=48,
            conversion_bp=221,
            gpm_minor=689_100,
            stage=None,
            presenting=Presenting("p1", "轻薄气垫", 1),
            funnel=tuple(Stage(one, entered >> at) for at, one in enumerate(FUNNEL)),
            trend=self._trend(now, online),
            presented=(Presented("p1", "轻薄气垫", START_MS - 600_000, None),),
            hesitating=Hesitating(self.rows, tuple(_row(one, self.changed) for one in viewers)),
            doubts=tuple(_doubt(one, self.count) for one in range(6)),
            hot=tuple(Hot(f"p{one}", f"商品 {one}", 900 - 90 * one) for one in range(8)),
            firings_by_moment=dict.fromkeys(REASONS, 900 + self.count),
            firings=tuple(
                Fired(now, REASONS[0], f"v{newest - 1 - at}", "p1", f"f{newest - at}")
                for at in range(50)
            ),
        )

    def step(self) -> Board:
        """The next board."""
        self.count += 1
        return self.board()

    def _trend(self, now: int, online: int) -> tuple[TrendPoint, ...]:
        last = now // TREND_STEP_MS * TREND_STEP_MS
        instants = (last - TREND_STEP_MS * ago for ago in range(TREND_POINTS - 1, -1, -1))
        return tuple(
            TrendPoint(at, online - at // TREND_STEP_MS % 900, 3_000_000 + at // 50 % 90_000, 48)
            for at in instants
        )


def _row(number: int, changed: int) -> HesitatingRow:
    product = number % PRODUCTS
    since = START_MS + number // max(1, changed) * 200 - 240_000
    return HesitatingRow(
        viewer=f"v{number}",
        product=f"p{product}",
        category=None,
        title=f"商品 {product}",
        reason=REASONS[number % len(REASONS)],
        since=since,
        at=since + number % max(1, changed),
        moments=(REASONS[number % len(REASONS)],),
    )


def _doubt(number: int, count: int) -> Doubts:
    said = (Comment("真的不脱妆吗", START_MS + count * 200), Comment("比上次贵了", START_MS))
    return Doubts(f"p{number}", f"商品 {number}", 140 - 20 * number, said, rising=number == 0)


@dataclass
class Feed:
    """A server of one made-up room. `push` sends the next board to everybody who watches."""

    pages: Path
    evening: Evening = field(default_factory=Evening)
    url: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self._hub = Hub(self._read)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pages = ConsoleApp(self.pages)
        self._socket = ConsoleSocket(
            self._hub,
            is_signed_in=lambda _: True,
            cookie_name="none",
            now=lambda: START_MS,
        )
        self._answers = {
            "/api/session": json.dumps(_SESSION).encode(),
            "/api/meta": json.dumps(_META).encode(),
        }

    @property
    def room_url(self) -> str:
        """The address of the board."""
        return f"{self.url}/rooms/{ROOM}"

    def push(self) -> int:
        """The next board; its seq. Called from another thread than the server's."""
        assert self._loop is not None, "it is not served"  # noqa: S101 - a tool's own order
        done: Future[int] = asyncio.run_coroutine_threadsafe(self._publish(), self._loop)
        return done.result(WAIT_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        path = scope["path"]
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif path in self._answers:
            await respond(send, 200, self._answers[path], "application/json")
        else:
            await self._pages(scope, receive, send)

    async def _read(self, room: str) -> Board | None:
        return self.evening.board() if room == ROOM else None

    async def _publish(self) -> int:
        self._hub.publish(self.evening.step())
        return self._hub.seq_of(ROOM)

    @contextmanager
    def served(self) -> Iterator[None]:
        """Answer on a free port until the block ends."""
        bound = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            self, lifespan="off", log_level="error", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)

        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await server.serve([bound])

        thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        try:
            yield
        finally:
            server.should_exit = True
            thread.join(WAIT_S)
            bound.close()
