"""Whether what was decided may still be carried out: asked again when it is about to happen.

A strategy may have been paused, ended or replaced since, the red switch turned, the viewer may have
said no. The answer is read on the engine's thread, from the state of the log.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from qianmian.runtime.live import Live
from qianmian.strategies.consenting import may_reach
from qianmian.strategies.strategy import IN_SESSION
from qianmian.vocabulary.decision import Decision


class Ordered(Protocol):
    """Something that a version of a strategy wants to be done about a viewer."""

    @property
    def id(self) -> str:
        """Of the decision."""

    @property
    def viewer(self) -> str | None:
        """Whom it is about; None: the whole room, which nobody can refuse."""

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
        and (one.viewer is None or may_reach(channel, live.consents.of(one.viewer)))
    }


def holding_of(live: Live, channel: str, decisions: Collection[Decision]) -> set[str]:
    """The ids of those that may still go out over a channel, whichever it is."""
    still = still_shown if channel in IN_SESSION else still_holding
    return still(live, channel, decisions)


def still_shown(live: Live, channel: str, decisions: Collection[Decision]) -> set[str]:
    """As `still_holding`, of a channel that is seen in the room: their session lasts, too.

    And what they are about can be bought: nobody is sent to a shelf that is empty.
    """
    if live.engine is None:
        return set()
    sessions = {room: live.engine.session_of(room) for room in {one.room for one in decisions}}
    lasting = [
        one
        for one in decisions
        if one.session
        and one.session == sessions[one.room]
        and not live.views.is_sold_out(one.room, one.key)
    ]
    return still_holding(live, channel, lasting)
