"""Slices of time: how a strategy that reaches a whole room is held out, so that it can be measured.

Whatever the host says everybody hears, so there is nobody who could be the control. Instead the
strategy is silent for slices of time. Two slices of five minutes are a pair, and a hash draws which
of the two acts; so both arms are equally long, and a rush in the middle of the evening is in both.

SEMANTICS, ASSIGNMENT; decision 0061.
"""

from __future__ import annotations

from typing import Final

from qianmian.strategies.assignment import WHOLE, is_in_share
from qianmian.strategies.strategy import Strategy
from qianmian.vocabulary.time import MINUTE_MS

SLICE_MS: Final = 5 * MINUTE_MS
"""Slices begin at multiples of it, so that nobody has to know when a session began."""
PAIR_MS: Final = 2 * SLICE_MS
LEFT_OUT_MS: Final = MINUTE_MS
"""What is seen so soon after a slice began may still come from the one before."""
SLICE: Final = "slice"
"""The reason of a decision that was held out because its slice is silent."""


def is_room_wide(strategy: Strategy, viewer: str | None) -> bool:
    """Whether what it does reaches everybody in the room, whomever it is about.

    Args:
        viewer: of the firing; None: it is of the whole room.
    """
    return viewer is None or all(step.channel == "host" for step in strategy.steps)


def acts_first(shop: str, strategy: str, room: str, session: str, pair: int) -> bool:
    """Whether it is the first of two slices that acts.

    Args:
        strategy: its key; all versions share the order.
        pair: `at // PAIR_MS` of the instants that lie in it.
    """
    return is_in_share(f"slices:{shop}:{strategy}", f"{room}:{session}:{pair}", WHOLE // 2)


def is_acting(shop: str, strategy: str, room: str, session: str, at: int) -> bool:
    """Whether the slice of an instant (ms UTC) acts.

    Cost: a hash, some 10 µs.
    """
    is_first = at % PAIR_MS < SLICE_MS
    return is_first == acts_first(shop, strategy, room, session, at // PAIR_MS)
