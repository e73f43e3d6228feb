"""What strategies decided: today's counts for open pages, and decisions with their reasons."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import Final

from qianmian.storage.decided import Told, decided_since, decisions_of
from qianmian.storage.history import History
from qianmian.storage.history_reader.days import day_begin
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.time import DAY_MS

KEPT_MS: Final = 5_000  # each reading writes a small file of history
MOST_HEARD: Final = 20_000
BACK_MS: Final = 2 * DAY_MS
"""How far back single decisions are shown."""


class DecidedLately:
    """Reads decisions from history; the newest from memory, so that they are there at once.

    Args:
        flushed: writes what history was told and has not written; called on another thread.
        erased: who is not shown any more, though memory may still hold them for a while.
    """

    def __init__(
        self,
        history: History,
        flushed: Callable[[], None],
        zone: str,
        now: Callable[[], int],
        erased: Callable[[str], bool],
    ) -> None:
        self._history = history
        self._flushed = flushed
        self._zone = zone
        self._now = now
        self._erased = erased
        self._flushed_at = -KEPT_MS
        self._read_at = -KEPT_MS
        self._found: Told = {}
        self._reading = asyncio.Lock()
        self._heard: deque[Decision] = deque(maxlen=MOST_HEARD)

    def hear(self, decisions: Sequence[Decision]) -> None:
        """These are in the log; called by the engine's thread."""
        self._heard.extend(decisions)

    async def today(self) -> Told:
        """The counts since the last midnight of the shop, at most `KEPT_MS` old.

        Raises: LogProblem when history cannot be read.
        """
        async with self._reading:
            now = self._now()
            if not 0 <= now - self._read_at < KEPT_MS:
                since = day_begin(now, self._zone)
                self._found = await asyncio.to_thread(self._counted, since)
                self._read_at = now
            return self._found

    async def newest(
        self,
        *,
        viewers: Collection[str] | None = None,
        strategy: str | None = None,
        room: str | None = None,
        most: int,
    ) -> list[Decision]:
        """The newest decisions of the last two days, newest first.

        Raises: LogProblem when history cannot be read.
        """

        def is_meant(one: Decision) -> bool:
            return (
                (viewers is None or one.viewer in viewers)
                and strategy in (None, one.strategy)
                and room in (None, one.room)
                and (one.viewer is None or not self._erased(one.viewer))
            )

        def read() -> list[Decision]:
            heard = self._heard.copy()
            since = self._now() - BACK_MS
            self._write()
            found = decisions_of(
                self._history, since, viewers=viewers, strategy=strategy, room=room, most=most
            )
            by_id = {one.id: one for one in (*found, *filter(is_meant, heard))}
            newest = sorted(by_id.values(), key=lambda one: (one.at, one.id), reverse=True)
            return newest[:most]

        async with self._reading:
            return await asyncio.to_thread(read)

    def _counted(self, since: int) -> Told:
        self._write()
        return decided_since(self._history, since)

    def _write(self) -> None:
        if self._now() - self._flushed_at >= KEPT_MS:
            self._flushed()
            self._flushed_at = self._now()
