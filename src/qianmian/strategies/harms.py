"""Which harms of a strategy are watched, by what it tolerates."""

from __future__ import annotations

from typing import Final

from qianmian.experiments.harms import MISSED, Watched
from qianmian.strategies.assignment import WHOLE
from qianmian.strategies.strategy import Strategy
from qianmian.vocabulary.time import HOUR_MS, MINUTE_MS

SOON_MS: Final = HOUR_MS
"""The goal is looked at after this time at most: a harm must be known within the evening."""
_EVENTS: Final = {
    "left": ("room_left", 5 * MINUTE_MS),
    "dismissed": ("message_dismissed", 5 * MINUTE_MS),
    "refunded": ("order_refunded", HOUR_MS),
    "unsubscribed": ("unsubscribed", HOUR_MS),
    "complained": ("complaint_made", HOUR_MS),
}
"""By what each is seen, and how long after the decision."""


def watched_harms(strategy: Strategy) -> tuple[Watched, ...]:
    """What is watched while it runs; nothing where it has no control."""
    if not strategy.control:
        return ()
    goal, tolerance = strategy.goal, strategy.tolerance
    events = {MISSED: (goal.event, min(goal.within_ms, SOON_MS)), **_EVENTS}
    told = ((name, *event, getattr(tolerance, name)) for name, event in events.items())
    return tuple(
        Watched(name, event, within_ms, tolerated / WHOLE)
        for name, event, within_ms, tolerated in told
        if tolerated is not None
    )
