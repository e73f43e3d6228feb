"""The partner of the door's figures: what a competent team writes in plain Python.

The same server (uvicorn, httptools, raw ASGI), JSON rows by msgspec into dictionaries, a file that
is written and synced per group while the next group gathers, and behind it the plain engine with
the same moments. Not: other formats, limits, keys, checks of values, dead letters, snapshots.

`python -m benchmarks.door_rival FILE` prints its port; `GET /waiting` says what is not decided yet.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.bodies import PlainReader
from benchmarks.definitions import mix
from benchmarks.plain_engine import PlainEngine
from benchmarks.plain_row import Event
from qianmian.engine.core import MINUTE_MS, Core
from qianmian.server.asgi import Receive, Scope, Send
from qianmian.server.start import listening, serve

MOMENTS = 13
"""The built-in moments but the one of the room stage, which the plain engine has not."""


class Reader(PlainReader):
    """Rows without times and numbers: they are of now, and known by their message ids."""

    def __init__(self, core: Core, base_ms: int) -> None:
        super().__init__(core, base_ms)
        self.ids: set[str] = set()
        self.counts: dict[str, int] = {}

    def read(self, body: bytes, arrival_ms: int) -> list[Event]:
        """The events of a body that have not come before."""
        rows = []
        for row in msgspec.json.decode(body)["events"]:
            if row["message_id"] in self.ids:
                continue
            self.ids.add(row["message_id"])
            number = self.counts[row["viewer"]] = self.counts.get(row["viewer"], -1) + 1
            rows.append(row | {"seq": number, "event_time": arrival_ms})
        return super().read(msgspec.json.encode(rows), arrival_ms) if rows else []


class Rival:
    """Takes posts, makes them durable in groups, and decides."""

    def __init__(self, path: Path) -> None:
        core = Core(mix(MOMENTS))
        now = time.time_ns() // 1_000_000
        self.base_ms = (now // MINUTE_MS - 10) * MINUTE_MS
        self.reader = Reader(core, self.base_ms)
        self.engine = PlainEngine(core.plan.layout.program)
        self.file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self.waiting: deque[tuple[bytes, asyncio.Future[None]]] = deque()
        self.undecided = 0
        self.changed = threading.Condition()
        self.loop = asyncio.get_running_loop()
        threading.Thread(target=self._write, daemon=True).start()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/waiting":
            await answer(send, b"waiting %d\n" % self.undecided)
            return
        body = b""
        more = True
        while more:
            message: Any = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        durable = self.loop.create_future()
        events = len(msgspec.json.decode(body)["events"])
        with self.changed:
            self.undecided += 1
            self.waiting.append((body, durable))
            self.changed.notify()
        await durable
        await answer(send, msgspec.json.encode({"success": True, "accepted": events}))

    def _write(self) -> None:
        while True:
            with self.changed:
                while not self.waiting:
                    self.changed.wait()
                group = list(self.waiting)
                self.waiting.clear()
            os.writev(self.file, [body for body, _ in group][:1_000])
            os.fdatasync(self.file)
            now = time.time_ns() // 1_000_000
            self.loop.call_soon_threadsafe(_done, [durable for _, durable in group])
            for body, _ in group:
                self.engine.run(self.reader.read(body, now), now - self.base_ms)
            with self.changed:
                self.undecided -= len(group)


def _done(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


async def answer(send: Send, raw: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(raw))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": raw})


async def main(path: Path) -> None:
    bound = listening("127.0.0.1", 0)
    rival = Rival(path)

    async def ready() -> None:
        print(bound.getsockname()[1], flush=True)

    await serve(rival, bound, on_listening=ready)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
