"""Questions to history, one after the other on a thread of their own, so that nobody waits for it.

The reader is opened when somebody looks at definitions: it holds everybody in memory, which a
server that is never asked does not need, and reads for seconds, for which nobody should wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from qianmian.errors import NotInHistory, QianmianError
from qianmian.language.ast import Node, conditions_of
from qianmian.language.definition import FIRING_KINDS, SCHEDULE, Definition
from qianmian.language.settle import settled_node
from qianmian.storage.history_reader.answers import Definitions, Distribution, LeftOut, Preview
from qianmian.storage.history_reader.lazily import LazyReader
from qianmian.vocabulary.product import Product

OF_STRATEGIES: Final = (*FIRING_KINDS, SCHEDULE)
"""Kinds of which nobody asks history."""
FLUSH_EVERY_MS: Final = 10_000  # each time makes a small file


class Previewer:
    """Asks history about definitions.

    Args:
        folder: of the history.
        zone, products: of the shop; history knows the categories of these.
        now: ms UTC.
        flushed: writes what history was told and has not written, so that it can be read.
        lists: who is on each list; the same mapping until one is changed.
        named_if: whom it holds for may be named as a sample; None: everybody.
    """

    def __init__(
        self,
        folder: Path,
        zone: str,
        products: Iterable[Product],
        now: Callable[[], int],
        flushed: Callable[[], None],
        lists: Callable[[], Mapping[str, Sequence[str]]],
        named_if: Node | None = None,
    ) -> None:
        self._named_if = named_if
        self._reader = LazyReader(folder, zone=zone, products=products)
        self._zone = zone
        self._now = now
        self._flushed = flushed
        self._lists = lists
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="preview")
        self._flushed_at = -FLUSH_EVERY_MS
        self._has_begun = False

    def begin(self, definitions: Iterable[Definition]) -> None:
        """Somebody may ask soon: read what the tags and segments that there are ask for, once."""
        if self._has_begun:
            return
        self._has_begun = True
        levels = {
            (one.kind, one.key): one.expr for one in definitions if one.kind not in OF_STRATEGIES
        }

        def read() -> None:
            self._flush()
            known = Definitions(levels, self._lists())
            with suppress(QianmianError):  # whoever asks is told
                self._reader.hold([*levels.values(), *self._guard()], self._now(), known)

        self._pool.submit(read)

    async def preview(
        self,
        expr: Node,
        definitions: Iterable[Definition],
        overlap_with: Mapping[str, Node],
        *,
        tag: str | None = None,
    ) -> Preview:
        """How many it would be, and what each condition leaves.

        Args:
            definitions: the tags and segments that it may name.
            tag: whose level it is.

        Raises: NotInHistory for what history cannot say, with the `parts` because of which;
            DefinitionError; HistoryTooLarge.
        """
        held = [one for one in definitions if one.kind not in OF_STRATEGIES]
        levels = {(one.kind, one.key): one.expr for one in held}
        expr = settled_node(expr, self._zone, held)

        def ask() -> Preview:
            self._flush()
            known, now = Definitions(levels, self._lists()), self._now()
            with suppress(NotInHistory):
                self._reader.hold([expr, *overlap_with.values(), *self._guard()], now, known)
            others: dict[str, Node] = {}
            left_out: list[LeftOut] = []
            for key, other in overlap_with.items():
                try:
                    self._reader.check(other, now, known)
                except NotInHistory as problem:  # some can only be seen live
                    left_out.append(LeftOut(key, problem.reason))
                else:
                    others[key] = other
            self._refuse_unknown(expr, now, known)
            found = self._reader.preview(
                expr,
                now,
                definitions=known,
                overlap_with=others,
                tag=tag,
                named_if=self._named_if,
            )
            return replace(found, left_out=tuple(left_out))

        return await asyncio.get_running_loop().run_in_executor(self._pool, ask)

    async def distribution(
        self,
        expr: Node,
        perhaps: Node,
        definitions: Iterable[Definition],
        groups: Mapping[str, Node],
        *,
        tag: str | None = None,
    ) -> Distribution:
        """How a tag would divide everybody, and each of some groups.

        Args:
            perhaps: where it could hold if what is unknown were known.
            definitions: the tags and segments that it may name.
            tag: its key.

        Raises: as `preview`.
        """
        held = [one for one in definitions if one.kind not in OF_STRATEGIES]
        levels = {(one.kind, one.key): one.expr for one in held}
        expr, could = (settled_node(one, self._zone, held) for one in (expr, perhaps))

        def ask() -> Distribution:
            self._flush()
            known, now = Definitions(levels, self._lists()), self._now()
            return self._reader.distribution(
                expr, could, now, definitions=known, groups=groups, tag=tag
            )

        return await asyncio.get_running_loop().run_in_executor(self._pool, ask)

    def _refuse_unknown(self, expr: Node, now: int, known: Definitions) -> None:
        """Refuse what history cannot say, naming the parts because of which it cannot."""
        try:
            self._reader.check(expr, now, known)
        except NotInHistory as problem:
            unknown = [one for one in conditions_of(expr) if not self._says(one, now, known)]
            raise NotInHistory(problem.message, reason=problem.reason, parts=unknown) from problem

    def _says(self, expr: Node, now: int, known: Definitions) -> bool:
        try:
            self._reader.check(expr, now, known)
        except NotInHistory:
            return False
        return True

    def _guard(self) -> list[Node]:
        return [] if self._named_if is None else [self._named_if]

    def _flush(self) -> None:
        """Have what history was told in its files, if that is not done since just now."""
        if self._now() - self._flushed_at >= FLUSH_EVERY_MS:
            self._flushed()
            self._flushed_at = self._now()

    def close(self) -> None:
        """Let the memory go."""
        self._pool.shutdown()
        self._reader.close()
