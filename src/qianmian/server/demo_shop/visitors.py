"""The visitors of the demonstration's shop: made-up members, some of whom are held out.

Who is held out is not chosen but found: the hash of an id decides, as for every viewer, so ids are
drawn until one falls where the next visitor should be.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from qianmian.strategies.assignment import is_in_share
from qianmian.strategies.deciding import HOLDOUT_SEED
from qianmian.strategies.strategy import Strategies

HELD_OUT_OF: Final = 3  # of so many new visitors the last is held out
MAX_DRAWS: Final = 5_000  # a holdout of 5 % needs 20; a shop without one would draw for ever
_VISITOR: Final = re.compile(r"guest-[0-9a-f]{16}")


def is_visitor(viewer: str) -> bool:
    """Whether it is an id of one of them: nobody else gets a token here."""
    return _VISITOR.fullmatch(viewer) is not None


def arm_of(rules: Strategies, shop: str, viewer: str) -> str:
    """`holdout`, `control` of a strategy that runs, or "" for who gets what is decided.

    It holds for an id that is linked with no other.
    """
    if is_in_share(f"{HOLDOUT_SEED}{shop}", viewer, rules.guardrails.holdout):
        return "holdout"
    running = (one for one in rules.strategies if one.is_running)
    is_control = any(is_in_share(one.key, viewer, one.control) for one in running)
    return "control" if is_control else ""


class Visitors:
    """Makes them.

    Args:
        draw: 16 hexadecimal digits that nobody can guess, new ones each time.
        arm: of an id, as `arm_of`.
    """

    def __init__(self, draw: Callable[[], str], arm: Callable[[str], str]) -> None:
        self._draw = draw
        self._arm = arm
        self._made = 0

    def new(self) -> str:
        """The id of a new one; every third is in the shop's holdout, the others in no control."""
        self._made += 1
        wanted = "" if self._made % HELD_OUT_OF else "holdout"
        drawn = (f"guest-{self._draw()}" for _ in range(MAX_DRAWS))
        return next((one for one in drawn if self._arm(one) == wanted), f"guest-{self._draw()}")
