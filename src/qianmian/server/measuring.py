"""What strategies changed and how tags stand, asked of history on a thread of their own.

A report asks about everybody several times; whoever writes a definition must not wait for it, so
it has a reader and a thread beside those of previews. What was told is told again for a while: so
all pages show the same numbers, and ten people who look at one report cost one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from qianmian.bootstrap.measured import levels_asked, levels_near
from qianmian.errors import NotInHistory, Overloaded, QianmianError
from qianmian.experiments.harms import Harm
from qianmian.experiments.strategy_effect import StrategyEffect
from qianmian.language.ast import Node
from qianmian.language.definition import FIRING_KINDS, SCHEDULE, Definition
from qianmian.language.settle import settled_node
from qianmian.storage.history_reader.answers import Definitions, TagAsked
from qianmian.storage.history_reader.lazily import LazyReader
from qianmian.strategies.strategy import Strategy
from qianmian.tags.health import TagStanding
from qianmian.vocabulary.ids import DEFAULT_NAMESPACE
from qianmian.vocabulary.product import Product

FRESH_MS: Final = 10_000  # writing what history was told makes a small file
TAGS_FRESH_MS: Final = 300_000
MOST_WAITING: Final = 32
MOST_NEAR: Final = 6
"""Tags and segments by which an effect is told that nobody asked for."""
MOST_TRIED: Final = 12
"""So many are asked for; of those that leave two groups to compare the nearest are told."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Told:
    """An answer, what it was asked about, and when it was given (ms UTC)."""

    about: tuple[Strategy, Mapping[str, Node]]
    found: StrategyEffect
    at: int


class Measurer:
    """Asks history what strategies changed; used on the event loop.

    Args:
        folder: of the history.
        zone, products: of the shop; history knows the categories of these.
        now: ms UTC.
        flushed: writes what history was told and has not written, so that it can be read.
        lists: who is on each list; the same mapping until one is changed.
        shop: its name.
    """

    def __init__(
        self,
        folder: Path,
        zone: str,
        products: Iterable[Product],
        now: Callable[[], int],
        flushed: Callable[[], None],
        lists: Callable[[], Mapping[str, Sequence[str]]],
        shop: str = DEFAULT_NAMESPACE,
    ) -> None:
        self._reader = LazyReader(folder, zone=zone, products=products, shop=shop)
        self._zone = zone
        self._now = now
        self._flushed = flushed
        self._lists = lists
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="measure")
        self._waiting = 0
        self._flushed_at = -FRESH_MS
        self._told: dict[tuple[str, int, tuple[str, ...]], _Told] = {}
        self._harmed: dict[str, tuple[tuple[Strategy, int], int, tuple[Harm, ...]]] = {}
        self._stood: tuple[dict[str, TagAsked], int, dict[str, TagStanding | None]] = ({}, 0, {})

    async def effect(
        self,
        strategy: Strategy,
        currency: str,
        by: Sequence[str] = (),
        definitions: Iterable[Definition] = (),
    ) -> StrategyEffect:
        """What a version of a strategy changed, as far as history has been told.

        Args:
            by: keys of tags and segments, by which it is told, too.
            definitions: the tags and segments that there are.

        Raises: LogProblem when history cannot be read; HistoryTooLarge; as `levels_asked`;
            NotInHistory for a tag or segment that history cannot say; Overloaded.
        """
        held = [one for one in definitions if one.kind not in FIRING_KINDS]
        asked = {key: settled_node(one, self._zone, held) for key, one in
                 levels_asked(by, held).items()}  # fmt: skip
        return await self._ask(lambda: self._effect(strategy, currency, asked, self._known(held)))

    async def effect_near(
        self, strategy: Strategy, currency: str, definitions: Sequence[Definition]
    ) -> StrategyEffect:
        """The same, by the nearest tags and segments that divide the people of the strategy.

        Raises: as `effect`; what history cannot say is left out.
        """
        held = [one for one in definitions if one.kind not in FIRING_KINDS]
        near = levels_near(strategy, definitions)

        def ask() -> StrategyEffect:
            known = self._known(held)
            nodes = {(one.kind, one.key): one.expr for one in held if one.kind != SCHEDULE}
            with suppress(QianmianError):  # each that cannot be said is left out below
                self._reader.hold([*nodes.values()], self._now(), known)
            asked: dict[str, Node] = {}
            for key, node in levels_asked(near, held).items():
                settled = settled_node(node, self._zone, held)
                with suppress(NotInHistory):
                    self._reader.check(settled, self._now(), known)
                    asked[key] = settled
                if len(asked) == MOST_TRIED:
                    break
            found = self._effect(strategy, currency, asked, known)
            divides = [key for key, groups in found.by.items() if len(groups.found) > 1]
            return replace(found, by={key: found.by[key] for key in divides[:MOST_NEAR]})

        return await self._ask(ask)

    async def effects(self, strategies: Sequence[Strategy], currency: str) -> list[StrategyEffect]:
        """What each of these changed, by nothing; raises as `effect`."""
        known = self._known(())

        def ask() -> list[StrategyEffect]:
            return [self._effect(one, currency, {}, known) for one in strategies]

        return await self._ask(ask)

    async def harms(
        self, strategy: Strategy, *, since: int, within_ms: int = 0
    ) -> tuple[Harm, ...]:
        """What a version does that it must not, as far as history has been told.

        Args:
            since: of whom the first decision came before it (ms UTC), they are not looked at.
            within_ms: what was told so lately is told again.

        Raises: LogProblem when history cannot be read; Overloaded.
        """

        def ask() -> tuple[Harm, ...]:
            now, about = self._now(), (strategy, since)
            before, at, found = self._harmed.get(strategy.key, (about, 0, ()))
            if before == about and now - at < within_ms:
                return found
            self._flush()
            found = self._reader.harms(strategy, since=since)
            self._harmed[strategy.key] = about, now, found
            return found

        return await self._ask(ask)

    async def tag_standings(
        self, tags: Mapping[str, TagAsked], definitions: Iterable[Definition]
    ) -> dict[str, TagStanding | None]:
        """How tags stand in history; what was told is told again for five minutes.

        Raises: as `effect`.
        """
        held = [one for one in definitions if one.kind not in FIRING_KINDS]

        def ask() -> dict[str, TagStanding | None]:
            before, at, found = self._stood
            if before == tags and self._now() - at < TAGS_FRESH_MS:
                return found
            self._flush()
            found = self._reader.tag_standings(tags, definitions=self._known(held))
            self._stood = (dict(tags), self._now(), found)
            return found

        return await self._ask(ask)

    def close(self) -> None:
        """Let the memory go."""
        self._pool.shutdown(cancel_futures=True)
        self._reader.close()

    async def _ask(self, ask: Callable[[], T]) -> T:
        if self._waiting >= MOST_WAITING:
            raise Overloaded("so many reports are waiting already; try again in a moment")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, ask)
        finally:
            self._waiting -= 1

    def _known(self, held: Iterable[Definition]) -> Definitions:
        return Definitions({(one.kind, one.key): one.expr for one in held}, self._lists())

    def _effect(
        self, strategy: Strategy, currency: str, by: Mapping[str, Node], known: Definitions
    ) -> StrategyEffect:
        """On the thread: what was told lately, else what history says now."""
        now, name = self._now(), (strategy.key, strategy.version, tuple(by))
        told = self._told.get(name)
        if told is not None and told.about == (strategy, by) and now - told.at < FRESH_MS:
            return told.found
        self._flush()
        found = self._reader.effect(strategy, currency, by=by, definitions=known)
        self._told = {key: one for key, one in self._told.items() if now - one.at < FRESH_MS}
        self._told[name] = _Told((strategy, by), found, now)
        return found

    def _flush(self) -> None:
        """Have what history was told in its files, if that is not done since just now."""
        if self._now() - self._flushed_at >= FRESH_MS:
            self._flushed()
            self._flushed_at = self._now()
