"""Pages of viewers on one process: `python -m benchmarks.hub`.

Two servers in turn, each a process of its own on loopback: the product's viewers' side (token,
limits, kept messages, receipts), and a plain loop that sends to every socket in a list. The pages
are a third process; each notes when it has a message whose text says when it was sent. *behind* is
how long after that; all wall-clock, and the three share the cores. Memory is what the server grew
by while the pages connected, with everything that uvicorn and the kernel's buffers keep in it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final, cast

import msgspec
import numpy as np
import uvicorn

from benchmarks.machine import machine_row
from qianmian.runtime.refusals import Refusals
from qianmian.server.garbage import collect_seldom
from qianmian.server.start import listening
from qianmian.server.viewer_tokens import AnonymousIds, ViewerTokens
from qianmian.server.viewers.app import SWEEP_S
from qianmian.server.viewers.desk import ViewersDesk
from qianmian.server.viewers.door import ViewersDoor
from qianmian.server.viewers.hub import HubLimits, ViewersHub
from qianmian.server.viewers.socket import LiveSocket
from qianmian.vocabulary.room_message import RoomMessage

SECRET: Final = b"b" * 32
ROOM: Final = "r1"
LIFE_MS: Final = 2_000
SECONDS: Final = 10.0
PLANS: Final = ((5_000, 5.0), (10_000, 1.0))
AT_ONCE: Final = 200
ROUNDS: Final = 3
LIMITS: Final = HubLimits(per_viewer=10, per_address=20_000, lines=20_000)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def resident_bytes() -> int:
    """What this process has in memory."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


# -- the servers


class Plain:
    """Everybody who says hello is sent everything."""

    def __init__(self) -> None:
        self._sends: list[Any] = []

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        await send({"type": "websocket.send", "text": '{"type":"welcome"}'})
        self._sends.append(send)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        self._sends.remove(send)

    async def publish(self, message: RoomMessage) -> None:
        text = msgspec.json.encode(message).decode()
        for send in list(self._sends):
            await send({"type": "websocket.send", "text": text})


class Ours:
    """The product's viewers' side, without a log behind it."""

    def __init__(self) -> None:
        tokens, ids = ViewerTokens(SECRET, now_ms), AnonymousIds(SECRET)
        erased = Refusals(SECRET, "default")
        self._hub = ViewersHub(now_ms, LIMITS)
        desk = ViewersDesk(_nowhere, now_ms, erased, self._hub.forget)
        door = ViewersDoor(tokens, ids, lambda: {"default": ""}, erased=erased, origins=())
        self._socket = LiveSocket(self._hub, door, desk, now=now_ms)
        self._sweeping: asyncio.Task[None] | None = None

    async def _sweep(self) -> None:
        while True:
            self._hub.sweep()
            await asyncio.sleep(SWEEP_S)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._socket(scope, receive, send)

    async def publish(self, message: RoomMessage) -> None:
        if self._sweeping is None:
            self._sweeping = asyncio.create_task(self._sweep())
        self._hub.publish(message)


async def _nowhere(_batch: Any) -> None:
    """No receipts come."""


async def serve(kind: str, pages: int, rate: float) -> None:
    """Take the pages; when a line says that all are here, publish; then tell the memory of one."""
    collect_seldom()
    app = Ours() if kind == "ours" else Plain()
    bound = listening("127.0.0.1", 0)
    bound.listen(4_096)
    config = uvicorn.Config(
        app, log_level="error", lifespan="off", ws_per_message_deflate=False, backlog=4_096
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    before = resident_bytes()
    print(bound.getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    grown = (resident_bytes() - before) / pages
    begun = time.monotonic()
    for number in range(int(SECONDS * rate)):
        await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
        at = now_ms()
        await app.publish(
            RoomMessage(
                id=f"m{number}",
                room=ROOM,
                viewer=None,
                kind="notice",
                at=at,
                expires_at=at + LIFE_MS,
                title="x" * 40,
            )
        )
    await asyncio.sleep(LIFE_MS / 1_000)
    print(f"{grown:.0f}", flush=True)
    server.should_exit = True
    await serving


# -- the pages


class Page(asyncio.Protocol):
    """A socket that reads frames as a server sends them: short, whole, not masked."""

    def __init__(self, hello: bytes, behind: list[int]) -> None:
        loop = asyncio.get_running_loop()
        self.welcomed: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._hello = hello
        self._behind = behind
        self._held = b""
        self._is_open = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(
            b"GET /live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        held = self._held + data
        if not self._is_open:
            end = held.find(b"\r\n\r\n")
            if end < 0:
                self._held = held
                return
            self._is_open, held = True, held[end + 4 :]
            self._transport.write(_masked(self._hello))
        while len(held) >= 4:
            size, begin = held[1], 2
            if size == 126:
                size, begin = int.from_bytes(held[2:4], "big"), 4
            if len(held) < begin + size:
                break
            self._take(held[begin : begin + size])
            held = held[begin + size :]
        self._held = held

    def _take(self, text: bytes) -> None:
        place = text.find(b'"at":')
        if place >= 0:
            self._behind.append(now_ms() - int(text[place + 5 : place + 18]))
        elif not self.welcomed.done():
            self.welcomed.set_result(None)

    def connection_lost(self, _problem: Exception | None) -> None:
        if not self.welcomed.done():
            self.welcomed.set_exception(ConnectionError("the server closed the socket"))
        self.closed.set_result(None)


def _masked(text: bytes) -> bytes:
    """A text frame of a client, with a mask of zeros."""
    size = len(text)
    head = bytes([0x81, 0x80 | size]) if size < 126 else bytes([0x81, 0xFE]) + size.to_bytes(2)
    return head + bytes(4) + text


async def visit(port: int, pages: int, here: IO[str]) -> list[int]:
    """How far behind every message was at every page, until the server closes."""
    tokens = ViewerTokens(SECRET, now_ms)
    behind: list[int] = []
    room = asyncio.Semaphore(AT_ONCE)
    loop = asyncio.get_running_loop()

    async def one(number: int) -> Page:
        token, _ = tokens.mint(f"v{number}", namespace="default", room=ROOM)
        hello = msgspec.json.encode({"type": "hello", "v": 1, "token": token, "room": ROOM})
        async with room:
            _, page = await loop.create_connection(lambda: Page(hello, behind), "127.0.0.1", port)
            await page.welcomed
        return page

    open_pages = await asyncio.gather(*(one(number) for number in range(pages)))
    here.write("\n")
    here.flush()
    await asyncio.gather(*(page.closed for page in open_pages))
    return behind


def measure(kind: str, pages: int, rate: float) -> tuple[np.ndarray, float]:
    """How far behind, in ms, and bytes of a page."""
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.hub", kind, str(pages), str(rate)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    told, here = cast(IO[str], server.stdout), cast(IO[str], server.stdin)
    with told, here:
        port = int(told.readline())
        behind = asyncio.run(visit(port, pages, here))
        grown = float(told.readline())
        server.wait()
    return np.array(behind), grown


def main(arguments: Sequence[str]) -> None:
    """Serve as one of the two, or print the figures of both."""
    if arguments:
        asyncio.run(serve(arguments[0], int(arguments[1]), float(arguments[2])))
        return
    print(machine_row().name)
    for pages, rate in PLANS:
        for number in range(ROUNDS):
            for kind in ("ours", "plain"):
                behind, grown = measure(kind, pages, rate)
                p50, p99 = np.percentile(behind, (50, 99))
                share = len(behind) / (pages * int(SECONDS * rate))
                print(
                    f"{pages:,} pages at {rate:g} Hz, round {number + 1}, {kind}: behind p50"
                    f" {p50:.0f} ms, p99 {p99:.0f} ms; {share:.1%} came; {grown / 1_024:.1f} KiB"
                    " a page"
                )


if __name__ == "__main__":
    main(sys.argv[1:])
