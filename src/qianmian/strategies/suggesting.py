"""What the interval of an effect suggests about how far a strategy goes: nothing is done by it.

    ramp  it works: let it reach everybody       (widen, which an approver does)
          it harms, or is not worth it: stop     (end)
    full  it harms, or is not worth it: stop

Not worth it: so many people were compared that an effect of the smallest size that is worth knowing
would be told from 0, and none was.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from qianmian.experiments.effect import Effect
from qianmian.strategies.modes import Step
from qianmian.strategies.strategy import Mode

Why = Literal["works", "harms", "not_worth_it"]


class Suggestion(NamedTuple):
    """A step that somebody might take, and why."""

    step: Step
    why: Why


def suggested(mode: Mode, effect: Effect) -> Suggestion | None:
    """The step that is suggested for a version; None: leave it as it is, and wait.

    Cost: none.
    """
    if mode not in ("ramp", "full"):
        return None
    if effect.verdict == "harms":
        return Suggestion("end", "harms")
    if effect.verdict == "unsure" and effect.still_needed == 0:
        return Suggestion("end", "not_worth_it")
    if effect.verdict == "works" and mode == "ramp":
        return Suggestion("widen", "works")
    return None
