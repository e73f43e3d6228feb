"""How many hold each tag and segment, and how often each moment fired today, for open pages.

Both are read once for everybody who asks within some seconds.

At half a million viewers a reading takes the engine some tens of milliseconds, in which it decides
nothing: as many open pages as there are must not make more of them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from qianmian.engine.levels import Held
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.live import Live
from qianmian.storage.fired import Fired
from qianmian.storage.history_reader.days import day_begin

KEPT_MS: Final = 3_000
FIRED_KEPT_MS: Final = 10_000  # each reading writes a small file of history


class LevelCounts:
    """Counts of the viewers of all open rooms, by name as `tag.sharer`; at most `KEPT_MS` old."""

    def __init__(self, deployment: Deployment, now: Callable[[], int]) -> None:
        self._deployment = deployment
        self._now = now
        self._read_at = -KEPT_MS
        self._found: Mapping[str, Held] = {}
        self._reading = asyncio.Lock()

    async def now(self) -> Mapping[str, Held]:
        """The counts."""
        async with self._reading:
            if not 0 <= self._now() - self._read_at < KEPT_MS:
                self._found = await self._deployment.ask(_counted)
                self._read_at = self._now()
            return self._found


class FiredToday:
    """How often each moment fired in each room since the last midnight of the shop.

    Args:
        read: the counts since an instant; called on another thread.
    """

    def __init__(self, read: Callable[[int], Fired], zone: str, now: Callable[[], int]) -> None:
        self._read = read
        self._zone = zone
        self._now = now
        self._read_at = -FIRED_KEPT_MS
        self._found: Fired = {}
        self._reading = asyncio.Lock()

    async def now(self) -> Fired:
        """The counts, at most `FIRED_KEPT_MS` old.

        Raises: LogProblem when history cannot be read.
        """
        async with self._reading:
            now = self._now()
            if not 0 <= now - self._read_at < FIRED_KEPT_MS:
                self._found = await asyncio.to_thread(self._read, day_begin(now, self._zone))
                self._read_at = now
            return self._found


def _counted(live: Live) -> dict[str, Held]:
    engine = live.engine
    if engine is None:
        return {}
    present, alive = Counter[str](), Counter[str]()
    for room in engine.open_rooms():
        for name, held in engine.levels(room).by_name.items():
            present[name] += held.present
            alive[name] += held.live
    return {name: Held(count, alive[name]) for name, count in present.items()}
