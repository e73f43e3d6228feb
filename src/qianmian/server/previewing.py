"""Questions to history, one after the other on a thread of their own, so that nobody waits for it.

The reader is opened by the first question: it holds everybody in memory, which a server that is
never asked does not need.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from qianmian.errors import NotInHistory
from qianmian.language.ast import Node
from qianmian.language.definition import Definition
from qianmian.storage.history_reader.levels import Definitions
from qianmian.storage.history_reader.preview import Preview, preview
from qianmian.storage.history_reader.reader import HistoryReader

FLUSH_EVERY_MS: Final = 10_000  # each time makes a small file


class Previewer:
    """Asks history about definitions.

    Args:
        folder: of the history.
        zone: of the shop.
        now: ms UTC.
        flushed: writes what history was told and has not written, so that it can be read.
    """

    def __init__(
        self, folder: Path, zone: str, now: Callable[[], int], flushed: Callable[[], None]
    ) -> None:
        self._folder = folder
        self._zone = zone
        self._now = now
        self._flushed = flushed
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="preview")
        self._reader: HistoryReader | None = None
        self._flushed_at = -FLUSH_EVERY_MS

    async def preview(
        self, expr: Node, definitions: Iterable[Definition], overlap_with: Mapping[str, Node]
    ) -> Preview:
        """How many it would be, and what each condition leaves.

        Args:
            definitions: the tags and segments that it may name.

        Raises: NotInHistory for what history cannot say; DefinitionError; HistoryTooLarge.
        """
        levels = {(one.kind, one.key): one.expr for one in definitions if one.kind != "moment"}

        def ask() -> Preview:
            if self._now() - self._flushed_at >= FLUSH_EVERY_MS:
                self._flushed()
                self._flushed_at = self._now()
            if self._reader is None:
                self._reader = HistoryReader(self._folder, zone=self._zone)
            known, now = Definitions(levels), self._now()
            others = {
                key: other
                for key, other in overlap_with.items()
                if _can_ask(self._reader, other, now, known)
            }
            return preview(self._reader, expr, now, definitions=known, overlap_with=others)

        return await asyncio.get_running_loop().run_in_executor(self._pool, ask)

    def close(self) -> None:
        """Let the memory go."""
        self._pool.shutdown()
        if self._reader is not None:
            self._reader.close()


def _can_ask(reader: HistoryReader, expr: Node, now_ms: int, known: Definitions) -> bool:
    """Whether history can say who is in a segment; some can only be seen live."""
    try:
        reader.asking([expr], now_ms, definitions=known).truth(expr)
    except NotInHistory:
        return False
    return True
