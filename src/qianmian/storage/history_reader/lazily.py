"""Reading history for a server that may never be asked: what finds answers loads when it is asked.

DuckDB and SQLGlot take a third of a second, which a start need not wait for.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from qianmian.experiments.harms import Harm
from qianmian.experiments.strategy_effect import StrategyEffect
from qianmian.language.ast import Node
from qianmian.storage.history_reader.answers import (
    NOTHING,
    Definitions,
    Distribution,
    Preview,
    TagAsked,
)
from qianmian.storage.history_reader.harms import harms_in_history
from qianmian.storage.history_reader.measured import Measured
from qianmian.strategies.strategy import Strategy
from qianmian.tags.health import TagStanding
from qianmian.vocabulary.ids import DEFAULT_NAMESPACE
from qianmian.vocabulary.product import Product

_HERE = __package__


class LazyReader:
    """A `HistoryReader` that is opened by the first question; used by one thread at a time.

    Args:
        folder, zone, products, shop: as of `HistoryReader`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        zone: str,
        products: Iterable[Product] = (),
        shop: str = DEFAULT_NAMESPACE,
    ) -> None:
        self._opening = (folder, zone, tuple(products), shop)
        self._reader: Any = None
        self._measured = Measured(folder.resolve())

    def preview(
        self,
        expr: Node,
        now_ms: int,
        *,
        definitions: Definitions = NOTHING,
        overlap_with: Mapping[str, Node] | None = None,
        tag: str | None = None,
        named_if: Node | None = None,
    ) -> Preview:
        """The numbers of a level at an instant; arguments and errors as of `preview.preview`."""
        asked = importlib.import_module(f"{_HERE}.preview")
        found: Preview = asked.preview(
            self._opened(),
            expr,
            now_ms,
            definitions=definitions,
            overlap_with=overlap_with,
            tag=tag,
            named_if=named_if,
        )
        return found

    def distribution(
        self,
        expr: Node,
        perhaps: Node,
        now_ms: int,
        *,
        definitions: Definitions = NOTHING,
        groups: Mapping[str, Node] | None = None,
        tag: str | None = None,
    ) -> Distribution:
        """How a tag divides everybody; arguments and errors as of `distribution.distribution`."""
        asked = importlib.import_module(f"{_HERE}.distribution")
        found: Distribution = asked.distribution(
            self._opened(), expr, perhaps, now_ms, definitions=definitions, groups=groups, tag=tag
        )
        return found

    def effect(
        self,
        strategy: Strategy,
        currency: str,
        *,
        by: Mapping[str, Node],
        definitions: Definitions = NOTHING,
    ) -> StrategyEffect:
        """What a strategy changed; arguments and errors as of `effects.effect_in_history`."""
        asked = importlib.import_module(f"{_HERE}.effects")
        found: StrategyEffect = asked.effect_in_history(
            self._opened(), strategy, currency, by=by, definitions=definitions
        )
        return found

    def harms(self, strategy: Strategy, *, since: int) -> tuple[Harm, ...]:
        """What it does that it must not; as of `harms.harms_in_history`, and without DuckDB."""
        return harms_in_history(self._measured, strategy, since=since)

    def tag_standings(
        self, tags: Mapping[str, TagAsked], *, definitions: Definitions = NOTHING
    ) -> dict[str, TagStanding | None]:
        """How tags stand; arguments and errors as of `tag_standing.tag_standings`."""
        asked = importlib.import_module(f"{_HERE}.tag_standing")
        found: dict[str, TagStanding | None] = asked.tag_standings(
            self._opened(), tags, definitions=definitions
        )
        return found

    def hold(self, exprs: Sequence[Node], now_ms: int, definitions: Definitions = NOTHING) -> None:
        """Read what these ask for in one go: each new field would read all files again."""
        self._opened().asking(list(exprs), now_ms, definitions=definitions)

    def check(self, expr: Node, now_ms: int, definitions: Definitions = NOTHING) -> None:
        """Refuse what history cannot say; raises as `HistoryReader.viewers_of`."""
        self._opened().asking([expr], now_ms, definitions=definitions).truth(expr)

    def close(self) -> None:
        """Let the memory go, if any was taken."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _opened(self) -> Any:
        if self._reader is None:
            folder, zone, products, shop = self._opening
            module = importlib.import_module(f"{_HERE}.reader")
            self._reader = module.HistoryReader(
                folder, zone=zone, products=products, measured=self._measured, shop=shop
            )
        return self._reader
