"""The harms of a strategy version, read from decisions and events of history."""

from __future__ import annotations

import msgspec

from qianmian.experiments.effect import Bool
from qianmian.experiments.harms import Harm, Watched, harms_of
from qianmian.experiments.sums import Float64
from qianmian.storage.history_reader.asked import Asked
from qianmian.storage.history_reader.measured import Measured
from qianmian.strategies.assignment import WHOLE
from qianmian.strategies.harms import watched_harms
from qianmian.strategies.strategy import Goal, Strategy


def harms_in_history(measured: Measured, strategy: Strategy, *, since: int = 0) -> tuple[Harm, ...]:
    """What a version does that it must not, as far as history knows it.

    Args:
        since: people whose first decision came before it (ms UTC) are not looked at: somebody has
            seen what came of those, and let it go on.

    Raises: LogProblem when a file cannot be read.
    Cost: what history has new, for each harm.
    """
    found = [(one, *_who_did(measured, strategy, one, since)) for one in watched_harms(strategy)]
    return harms_of(found, control_share=strategy.control / WHOLE)


def _who_did(
    measured: Measured, strategy: Strategy, watched: Watched, since: int
) -> tuple[Float64, Bool]:
    """Of the people whose time is over, who did it and who was treated."""
    measured.refresh(watched.event)
    goal = Goal(watched.event, watched.within_ms)
    people = Asked(measured, msgspec.structs.replace(strategy, goal=goal), "").people()
    people = people.where(people.at >= since)
    found = people.compared(as_of=measured.clock)
    return found.reached, found.is_treated
