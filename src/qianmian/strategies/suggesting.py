"""What the interval of an effect suggests, the most urgent first: nothing is done by it.

    arms not as drawn, no control, too early    nothing may be said
    it harms                                    stop it            (end)
    net sales after offers are surely lower     a smaller offer, or none
    it works, on a ramp                         let it reach all   (widen, which an approver does)
    it works                                    keep it, with its control
    not sure, and enough people                 change it, or stop it (end)
    not sure                                    wait

Enough: so many people were compared that an effect of the smallest size that is worth knowing
would be told from 0, and none was. Beside it stands what makes the number doubtful or too coarse.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, Protocol

from qianmian.experiments.effect import Comparison, Effect
from qianmian.experiments.groups import Groups
from qianmian.strategies.modes import Step
from qianmian.strategies.strategy import Mode

Advice = Literal[
    "sample_ratio",
    "no_control",
    "too_early",
    "stop",
    "costs_more",
    "widen",
    "keep",
    "change",
    "wait",
    "crossed",
    "differ",
]
Why = Literal["works", "harms", "not_worth_it"]
AFTER_OFFERS: Final = "net_after_offers"


class Suggestion(NamedTuple):
    """A step that somebody might take, and why."""

    step: Step
    why: Why


class Found(Protocol):
    """What is known of the effect of a version, as of `experiments.strategy_effect`."""

    @property
    def effect(self) -> Effect:
        """On everybody."""

    @property
    def waiting(self) -> int:
        """People whose time is not over."""

    @property
    def by(self) -> Mapping[str, Groups]:
        """By tags and segments."""


_STEPS: Final[Mapping[Advice, Suggestion]] = MappingProxyType(
    {
        "stop": Suggestion("end", "harms"),
        "change": Suggestion("end", "not_worth_it"),
        "widen": Suggestion("widen", "works"),
    }
)


def advice(mode: Mode, found: Found) -> tuple[Advice, ...]:
    """What to do next: one thing first, and what else is to be known behind it.

    Args:
        mode: of the version.

    Cost: none.
    """
    effect = found.effect
    if effect.verdict is None:
        if effect.why_hidden == "sample_ratio":
            return ("sample_ratio",)
        return ("too_early" if found.waiting else "no_control",)
    told = [_first(mode, effect)]
    if effect.is_crossed:
        told.append("crossed")
    if any(groups.differ for groups in found.by.values()):
        told.append("differ")
    return tuple(told)


def suggested(mode: Mode, found: Found) -> Suggestion | None:
    """The step that is suggested for a version; None: leave it as it is."""
    return _STEPS.get(advice(mode, found)[0]) if mode in ("ramp", "full") else None


def _first(mode: Mode, effect: Effect) -> Advice:
    if effect.verdict == "harms":
        return "stop"
    if any(one.name == AFTER_OFFERS and _is_lower(one) for one in effect.secondary):
        return "costs_more"
    if effect.verdict == "works":
        return "widen" if mode == "ramp" else "keep"
    return "change" if effect.still_needed == 0 else "wait"


def _is_lower(one: Comparison) -> bool:
    return one.is_enough and one.absolute.high < 0
