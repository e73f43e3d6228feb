"""What a strategy must not bring about: that more of the treated than of the control do it.

Each harm is looked at again and again while the strategy runs, so its interval is the one that
holds at every look; and because any of them stops the strategy, each gets its part of the error.
Only worse counts: that fewer leave stops nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from qianmian.experiments.checks import MISMATCH, sample_ratio_p
from qianmian.experiments.effect import Bool, Outcome, Plan, compare
from qianmian.experiments.interval import ALPHA, Interval
from qianmian.experiments.sums import Float64

NEAR: Final = 0.75
"""Of the way from the value to the lower end of its interval."""
MISSED: Final = "missed"
"""The harm that fewer reach the goal of the strategy: of all the one that it exists for."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A harm that is watched.

    Attributes:
        event: of the viewer, within within_ms after the decision.
        tolerated: so many more of the treated may do it, as a share of people; of `MISSED` fewer.
    """

    name: str
    event: str
    within_ms: int
    tolerated: float


@dataclass(frozen=True, slots=True)
class Harm:
    """What is known of a harm.

    Attributes:
        more: worse per treated person than per person of the control; of `MISSED` fewer reach it.
        is_crossed: it is sure that this is more than is tolerated.
        is_near: it is not, but three quarters of what lies below the value tell so.
    """

    name: str
    treated: int
    control: int
    more: Interval
    tolerated: float
    is_crossed: bool
    is_near: bool


def harms_of(
    found: Iterable[tuple[Watched, Float64, Bool]], *, control_share: float
) -> tuple[Harm, ...]:
    """The harms of which there is anything to say, those that are crossed first.

    Nothing is told where an arm is empty, or where the arms are not as they were drawn: then
    nobody knows what was compared.

    Args:
        found: for each harm who did it in time, 0 or 1, and who was treated.
        control_share: the share of people who were drawn as control; 0: nobody.

    Shapes: float64[n_viewers], bool[n_viewers]
    Sources: as of `interval.confidence_sequence`; Bonferroni 1936 over the harms.
    """
    watched = list(found)
    alpha = ALPHA / max(len(watched), 1)
    told = (_harm(*one, share=control_share, alpha=alpha) for one in watched)
    return tuple(sorted((one for one in told if one), key=lambda one: not one.is_crossed))


def _harm(
    watched: Watched, did: Float64, is_treated: Bool, *, share: float, alpha: float
) -> Harm | None:
    treated = int(is_treated.sum())
    arms = (treated, len(is_treated) - treated)
    if not 0 < share < 1 or not min(arms) or sample_ratio_p(arms, (1 - share, share)) < MISMATCH:
        return None
    found = compare(Outcome(watched.name, did), is_treated, Plan(alpha=alpha))
    more = found.absolute
    if watched.name == MISSED:
        more = Interval(-more.value, -more.high, -more.low, more.p)
    is_crossed = found.is_enough and more.low > watched.tolerated
    beyond = more.value - watched.tolerated
    is_near = found.is_enough and not is_crossed and beyond >= NEAR * (more.value - more.low)
    return Harm(watched.name, *arms, more, watched.tolerated, is_crossed, is_near)
