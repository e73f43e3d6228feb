"""Whether what was decided may still be carried out: asked again when it is about to happen.

A strategy may have been paused, ended or replaced since, the red switch turned, the viewer may have
said no. The answer is read on the engine's thread, from the state of the log.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from qianmian.runtime.live import Live
from qianmian.strategies.consenting import may_reach


class Ordered(Protocol):
    """Something that a version of a strategy wants to be done about a viewer."""

    @property
    def id(self) -> str:
        """Of the decision."""

    @property
    def viewer(self) -> str:
        """Whom it is about."""

    @property
    def strategy(self) -> str:
        """Its key."""

    @property
    def version(self) -> int:
        """Of the strategy."""


def still_holding(live: Live, channel: str, orders: Iterable[Ordered]) -> set[str]:
    """The ids of those that may still be carried out."""
    rules = live.decider.rules
    if rules.guardrails.is_stopped:
        return set()
    running = {(one.key, one.version) for one in rules.strategies if one.is_running}
    return {
        one.id
        for one in orders
        if (one.strategy, one.version) in running
        and may_reach(channel, live.consents.of(one.viewer))
    }
