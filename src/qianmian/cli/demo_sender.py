"""The viewers of `qianmian demo`, in a process of their own as real ones are.

In the server's process they would take the time of the event loop that the server needs, and a room
of 20,000 would show how slow its own simulation is. The parent talks to the child in lines of JSON:
what to simulate, then where to send it; the child answers with its statistics, once a second and
when it is done. A closed pipe ends it, so it never outlives the server.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import BinaryIO, Final, Self, cast

import httpx
import msgspec

from qianmian.bootstrap.demo import demo_simulation
from qianmian.connectors.sending.live import LiveSender
from qianmian.connectors.sending.pace import WallPace
from qianmian.connectors.sending.poster import Poster, SendingStatistics
from qianmian.errors import InputError, OperationalError
from qianmian.simulation.world import Simulation

TIMEOUT_S: Final = 30.0
STATUS_S: Final = 1.0


class World(msgspec.Struct, frozen=True):
    """What `demo_simulation` takes. Units: ms UTC."""

    seed: int
    viewers: int
    now_ms: int


class Order(msgspec.Struct, frozen=True):
    """Where to send the world, and which part. Units: ms UTC; s, None to its end."""

    url: str
    browser_key: str
    server_key: str
    from_ms: int
    seconds: float | None


class Told(msgspec.Struct, frozen=True):
    """How far it is; `problem` is why it could not go on."""

    sent: SendingStatistics | None = None
    is_done: bool = False
    problem: str | None = None


class SenderProcess:
    """The child, seen from the server's process; it simulates what is past from the start on."""

    def __init__(self, world: World) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "qianmian.cli.demo_sender"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the server, which ends this one in order
        )
        self._asked = cast(BinaryIO, self._process.stdin)
        self._answers = cast(BinaryIO, self._process.stdout)
        self.last = Told()
        self._say(world)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End it, whatever it does."""
        with suppress(BrokenPipeError):  # it ended by itself with something unread
            self._asked.close()
        self._process.wait()
        self._answers.close()

    async def send(self, order: Order) -> SendingStatistics:
        """Send until all is sent.

        Raises: InputError when the server refuses the key or the address; OperationalError when the
            process ended by itself.
        """
        self._say(order)
        while line := await asyncio.to_thread(self._answers.readline):
            self.last = msgspec.json.decode(line, type=Told)
            if self.last.problem is not None:
                raise InputError(self.last.problem)
            if self.last.is_done and self.last.sent is not None:
                return self.last.sent
        raise OperationalError("the process that simulates the viewers has ended; start again")

    def _say(self, what: World | Order) -> None:
        with suppress(BrokenPipeError):  # it ended: the end of its answers says so
            self._asked.write(msgspec.json.encode(what) + b"\n")
            self._asked.flush()


# -- the child


def main(asked: BinaryIO, answers: BinaryIO) -> None:
    """Simulate and send as asked, until all is sent or the parent has gone."""
    world = msgspec.json.decode(asked.readline(), type=World)
    simulation = demo_simulation(world.seed, world.viewers, world.now_ms)
    for _ in simulation.events_between(world.now_ms, world.now_ms):
        pass  # what is past is on record; simulating it takes as long as recording it
    line = asked.readline()
    if not line:
        return
    order = msgspec.json.decode(line, type=Order)
    threading.Thread(target=_end_with, args=(asked,), daemon=True).start()
    asyncio.run(_send(simulation, order, answers))


def _end_with(asked: BinaryIO) -> None:
    """The parent says nothing more: a line that ends means that it has gone, or wants no more."""
    while os.read(asked.fileno(), 1):  # unbuffered: a lock on the buffer would outlive the end
        pass
    os._exit(0)


async def _send(simulation: Simulation, order: Order, answers: BinaryIO) -> None:
    pace = WallPace()
    end_ms = simulation.plan.end_ms
    if order.seconds is not None:
        end_ms = min(end_ms, pace.now_ms() + int(order.seconds * 1_000))
    async with httpx.AsyncClient(base_url=order.url, timeout=TIMEOUT_S) as client:
        poster = Poster(client, pace)
        sender = LiveSender(
            poster, pace, browser_key=order.browser_key, server_key=order.server_key
        )
        try:
            async with _telling(poster, answers):
                await sender.run(simulation, order.from_ms, end_ms)
        except InputError as problem:
            _tell(answers, Told(poster.statistics(), problem=str(problem)))
        else:
            _tell(answers, Told(poster.statistics(), is_done=True))


@asynccontextmanager
async def _telling(poster: Poster, answers: BinaryIO) -> AsyncIterator[None]:
    """Says once a second how far it is."""

    async def tell() -> None:
        while True:
            _tell(answers, Told(poster.statistics()))
            await asyncio.sleep(STATUS_S)

    task = asyncio.create_task(tell())
    try:
        yield
    finally:
        task.cancel()


def _tell(answers: BinaryIO, told: Told) -> None:
    answers.write(msgspec.json.encode(told) + b"\n")
    answers.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
