"""How many hold each tag and segment, read once for everybody who asks within some seconds.

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

KEPT_MS: Final = 3_000


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
