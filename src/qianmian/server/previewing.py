"""Questions to history, one after the other on a thread of their own, so that nobody waits for it.

The reader is opened by the first question: it holds everybody in memory, which a server that is
never asked does not need.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final

from qianmian.errors import NotInHistory
from qianmian.language.ast import Node
from qianmian.language.definition import Definition
from qianmian.storage.history_reader.answers import Definitions, Preview
from qianmian.storage.history_reader.lazily import LazyReader
from qianmian.vocabulary.product import Product

FLUSH_EVERY_MS: Final = 10_000  # each time makes a small file


class Previewer:
    """Asks history about definitions.

    Args:
        folder: of the history.
        zone, products: of the shop; history knows the categories of these.
        now: ms UTC.
        flushed: writes what history was told and has not written, so that it can be read.
        lists: who is on each list; the same mapping until one is changed.
    """

    def __init__(
        self,
        folder: Path,
        zone: str,
        products: Iterable[Product],
        now: Callable[[], int],
        flushed: Callable[[], None],
        lists: Callable[[], Mapping[str, Sequence[str]]],
    ) -> None:
        self._reader = LazyReader(folder, zone=zone, products=products)
        self._now = now
        self._flushed = flushed
        self._lists = lists
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="preview")
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
            known, now = Definitions(levels, self._lists()), self._now()
            with suppress(NotInHistory):
                self._reader.hold([expr, *overlap_with.values()], now, known)
            others = {
                key: other
                for key, other in overlap_with.items()
                if _can_ask(self._reader, other, now, known)
            }
            return self._reader.preview(expr, now, definitions=known, overlap_with=others)

        return await asyncio.get_running_loop().run_in_executor(self._pool, ask)

    def close(self) -> None:
        """Let the memory go."""
        self._pool.shutdown()
        self._reader.close()


def _can_ask(reader: LazyReader, expr: Node, now_ms: int, known: Definitions) -> bool:
    """Whether history can say who is in a segment; some can only be seen live."""
    try:
        reader.check(expr, now_ms, known)
    except NotInHistory:
        return False
    return True
