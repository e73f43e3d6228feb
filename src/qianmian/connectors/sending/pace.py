"""The clock of a sender, and its waiting: passed in, so that tests need not wait."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Pace(Protocol):
    """Time as a sender sees it."""

    def now_ms(self) -> int:
        """Of the wall clock, ms UTC."""

    def elapsed_ms(self) -> float:
        """Since some fixed instant, never going back; for measuring."""

    async def sleep(self, duration_ms: float) -> None:
        """Let this much time pass."""


class WallPace:
    """The real clock."""

    def now_ms(self) -> int:
        """Of the wall clock, ms UTC."""
        return time.time_ns() // 1_000_000

    def elapsed_ms(self) -> float:
        """Since the start of the machine or so."""
        return time.perf_counter() * 1_000

    async def sleep(self, duration_ms: float) -> None:
        """Let this much time pass, for everybody else to work."""
        await asyncio.sleep(max(duration_ms, 0) / 1_000)
