"""Clocks that move when somebody sleeps."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Generator

import httpx

QUIET_TURNS = 5  # of the event loop: a task that was just made has begun its request by then


class Turn:
    """Awaited, it lets every other task of the event loop go on once."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class SimPace:
    """Sleeping costs no time; whoever sleeps moves the clock, and everybody else may work."""

    def __init__(self, now_ms: int = 1_767_268_800_000) -> None:
        self._start_ms = now_ms
        self._elapsed_ms = 0.0
        self.slept_ms: list[float] = []

    def now_ms(self) -> int:
        return self._start_ms + int(self._elapsed_ms)

    def elapsed_ms(self) -> float:
        return self._elapsed_ms

    async def sleep(self, duration_ms: float) -> None:
        self.slept_ms.append(duration_ms)
        self._elapsed_ms += duration_ms
        await Turn()


class CountingTransport(httpx.AsyncHTTPTransport):
    """Real connections, and how many requests are on them."""

    in_flight = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.in_flight += 1
        try:
            return await super().handle_async_request(request)
        finally:
            self.in_flight -= 1


class WaitingPace(SimPace):
    """Its clock stands while a request is under way: answers take no time, only sleeping does.

    Sleepers wake one by one, in the order of their instants.
    """

    def __init__(self, transport: CountingTransport, *, oversleeps_ms: float = 0.0) -> None:
        super().__init__()
        self._transport = transport
        self._oversleeps_ms = oversleeps_ms
        self._numbers = itertools.count()
        self._sleepers: list[tuple[float, int]] = []

    async def sleep(self, duration_ms: float) -> None:
        me = (self._elapsed_ms + duration_ms + self._oversleeps_ms, next(self._numbers))
        heapq.heappush(self._sleepers, me)
        quiet = 0
        while quiet < QUIET_TURNS or self._sleepers[0] != me:
            await Turn()
            quiet = 0 if self._transport.in_flight else quiet + 1
        heapq.heappop(self._sleepers)
        self._elapsed_ms = max(self._elapsed_ms, me[0])
