"""Sends bodies that are made already, from a process of its own, and times the acknowledgements.

`python -m benchmarks.door_sender FILE` reads a `Sending` as JSON and prints what came of it. Plain
sockets, since a client library would be the bottleneck. Without a rate each connection sends when
it is answered; with one, posts are due at even instants, whether or not earlier ones are answered,
and wait counts from then.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import sys
import time
import urllib.request
from collections import deque
from itertools import count, cycle
from pathlib import Path

import msgspec
import numpy as np

MARK = b"00mark00"
WAIT_S = 60


class Sending(msgspec.Struct):
    """What to send. Units: posts per second; 0 is as fast as they are answered.

    `behind` is the address that says whether something is not decided yet: by these gauges of
    Prometheus, all of which become 0.
    """

    port: int
    route: str
    content: str
    key: str
    bodies: list[bytes]
    events: int
    seconds: float
    connections: int
    behind: str
    gauges: tuple[str, ...]
    rate: float = 0.0
    probe_rate: float = 0.0
    probe: bytes = b""


class Told(msgspec.Struct):
    """What came of it. `waits` are the percentiles 50 and 99, in ms; instants are monotonic."""

    posts: int
    refused: int
    began: float
    decided: float
    waits: tuple[float, float]
    probes: dict[str, float]


class Connection(asyncio.Protocol):
    """One post at a time."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.buffer = b""
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def send(self, post: bytes, due: float) -> None:
        self.due = due
        self.transport.write(post)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, mark, body = self.buffer.partition(b"\r\n\r\n")
        if not mark:
            return
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if len(body) < int(length):
            return
        self.buffer = b""
        self.sender.answered(self, b" 200 " in head[:15])


class Sender:
    """All connections of one sending."""

    def __init__(self, plan: Sending) -> None:
        self.plan = plan
        self.waits: list[float] = []
        self.refused = 0
        self.idle: list[Connection] = []
        self.queue: deque[tuple[bytes, float]] = deque()
        self.busy = 0
        self.is_over = False
        self.quiet = asyncio.Event()
        self.probes: dict[str, float] = {}
        self.marks = count(int(time.time() * 10))
        self.bodies = cycle(enumerate(plan.bodies))
        self.mark = b""

    def post(self) -> bytes:
        """The next body, with a mark that makes its events new."""
        place, body = next(self.bodies)
        if place == 0:
            self.mark = b"%08x" % (next(self.marks) & 0xFFFFFFFF)
        return self.head(len(body), self.plan.content) + body.replace(MARK, self.mark)

    def head(self, size: int, content: str) -> bytes:
        name = base64.b64encode(f"{self.plan.key}:".encode()).decode()
        return (
            f"POST {self.plan.route} HTTP/1.1\r\nhost: bench\r\nauthorization: Basic {name}\r\n"
            f"content-type: {content}\r\ncontent-length: {size}\r\n\r\n"
        ).encode()

    def answered(self, connection: Connection, is_good: bool) -> None:  # noqa: FBT001
        self.waits.append(time.monotonic() - connection.due)
        self.refused += not is_good
        self.busy -= 1
        if self.is_over and not self.busy and not self.queue:
            self.quiet.set()
        if self.queue:
            self.give(connection, *self.queue.popleft())
        elif self.plan.rate or self.is_over:
            self.idle.append(connection)
        else:
            self.give(connection, self.post(), time.monotonic())

    def give(self, connection: Connection, post: bytes, due: float) -> None:
        self.busy += 1
        connection.send(post, due)

    def put(self, post: bytes, due: float) -> None:
        if self.idle:
            self.give(self.idle.pop(), post, due)
        else:
            self.queue.append((post, due))

    async def run(self) -> float:
        """Send, and wait for every answer; when it began."""
        loop = asyncio.get_running_loop()
        for _ in range(self.plan.connections):
            _, connection = await loop.create_connection(
                lambda: Connection(self), "127.0.0.1", self.plan.port
            )
            self.idle.append(connection)
        began = time.monotonic()
        if self.plan.rate:
            await self._paced(began)
        else:
            for connection in [self.idle.pop() for _ in range(len(self.idle))]:
                self.give(connection, self.post(), time.monotonic())
            await asyncio.sleep(self.plan.seconds)
        self.is_over = True
        if not self.busy:
            self.quiet.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.quiet.wait(), WAIT_S)
        self.refused += self.busy + len(self.queue)  # no answer in all this time
        return began

    async def _paced(self, began: float) -> None:
        """Posts at even instants, and between them single events that fire at once."""
        plan = self.plan
        posts, probes = 0, 0
        while (now := time.monotonic()) < began + plan.seconds:
            while began + posts / plan.rate <= now:
                self.put(self.post(), began + posts / plan.rate)
                posts += 1
            while plan.probe_rate and began + probes / plan.probe_rate <= now:
                name = f"{probes:08d}"
                body = plan.probe.replace(MARK, name.encode())
                self.probes[name] = began + probes / plan.probe_rate
                self.put(self.head(len(body), "application/json") + body, self.probes[name])
                probes += 1
            due = [began + posts / plan.rate]
            due += [began + probes / plan.probe_rate] if plan.probe_rate else []
            await asyncio.sleep(max(min(due) - time.monotonic(), 0))


def is_behind(plan: Sending) -> bool:
    """Whether something is not decided yet."""
    with urllib.request.urlopen(f"http://127.0.0.1:{plan.port}{plan.behind}") as answer:
        page = answer.read().decode()
    values = dict(line.rsplit(" ", 1) for line in page.splitlines() if line[:1] != "#")
    return any(float(values[name]) > 0 for name in plan.gauges)


def main(path: Path) -> Told:
    plan = msgspec.msgpack.decode(path.read_bytes(), type=Sending)
    sender = Sender(plan)
    began = asyncio.run(sender.run())
    while is_behind(plan):
        time.sleep(0.002)
    decided = time.monotonic()
    p50, p99 = (np.percentile(sender.waits, (50, 99)) * 1_000).tolist()
    return Told(len(sender.waits), sender.refused, began, decided, (p50, p99), sender.probes)


if __name__ == "__main__":
    print(msgspec.json.encode(main(Path(sys.argv[1]))).decode())
