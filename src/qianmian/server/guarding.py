"""Strategies that do harm stop by themselves.

Once a minute every strategy that acts is looked at in history, as its effect is (decision 0053).
One that crosses what it tolerates is paused as a person would pause it: the change is in the
database, in the audit and in the log, so both arms stop at one place of the log and a restart
changes nothing. Whoever lets it go on is believed: what came before is not counted again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import ClassVar, Final

from qianmian.errors import InputError, NotThere
from qianmian.experiments.harms import Harm
from qianmian.locales.texts import LOCALES, document
from qianmian.runtime.following import Following
from qianmian.server.measuring import Measurer
from qianmian.server.strategy_desk import StrategyDesk, StrategyEntry
from qianmian.storage.sql.audit import Actor
from qianmian.strategies.strategy import Strategy

GUARDRAIL: Final = Actor("system", "guardrail", "guardrail")
ACTING: Final = ("ramp", "full")


class Guarding(Following):
    """Looks at the harms of every strategy that acts."""

    look_s: ClassVar[float] = 60.0

    def __init__(self, strategies: StrategyDesk, measurer: Measurer) -> None:
        self._strategies = strategies
        self._measurer = measurer

    async def keep_following(self) -> None:
        """Not at once: a server that starts has other work."""
        await self.rest()
        await super().keep_following()

    async def follow(self) -> None:
        """Pause whatever crosses what it tolerates.

        Raises: QianmianError when history or the database cannot be used.
        """
        for strategy, since in map(acting, await self._strategies.entries()):
            if strategy is None:
                continue
            harms = await self._measurer.harms(strategy, since=since)
            crossed = [one for one in harms if one.is_crossed]
            if crossed:
                with suppress(InputError, NotThere):  # somebody was faster
                    await self._strategies.pause(strategy, GUARDRAIL, why=told(crossed))


def acting(entry: StrategyEntry) -> tuple[Strategy | None, int]:
    """What acts of a strategy, and since when nobody has changed how far it goes, ms UTC."""
    kept = entry.in_force
    if kept is not None:
        return (kept.strategy, kept.changed_at) if kept.mode in ACTING else (None, 0)
    of_file = entry.of_file
    is_acting = of_file is not None and of_file.mode in ACTING and entry.version("ended") is None
    return (of_file, 0) if is_acting else (None, 0)


def told(crossed: Sequence[Harm]) -> str:
    """Why, in the languages of the console: for the audit and the page of the strategy."""
    return " / ".join("; ".join(_words(one, locale) for one in crossed) for locale in LOCALES)


def _words(one: Harm, locale: str) -> str:
    texts = document(locale, "harms")
    low, high, tolerated = (100 * each for each in (one.more.low, one.more.high, one.tolerated))
    return str(texts["sentence"]).format(
        what=texts[one.name],
        more=f"{100 * one.more.value:+.1f} [{low:+.1f}, {high:+.1f}]",
        tolerated=f"{tolerated:g}",
        treated=one.treated,
        control=one.control,
    )
