"""The effect of a strategy version, with everything that must stand beside it to be believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from qianmian.experiments.effect import Bool, Effect, Plan, Verdict, effect_of
from qianmian.experiments.groups import Groups, by_group
from qianmian.experiments.over_time import Standing, over_time
from qianmian.experiments.population import Int64, Population
from qianmian.experiments.switchback import Switchback
from qianmian.experiments.told import (
    document_of,
    groups_document,
    standing_document,
    switchback_document,
)


@dataclass(frozen=True, slots=True)
class Naive:
    """What is usually told: the treated beside whoever was there and was not treated.

    It is selection, not an effect: a strategy picks people who are about to buy.

    Attributes:
        treated, others: people; of others everybody who was seen between the first decision and
            the end of the last window.
        treated_reached, others_reached: of them, who reached the goal.
    """

    treated: int
    treated_reached: int
    others: int
    others_reached: int

    @property
    def ratio(self) -> float | None:
        """How many times as often the treated reach the goal; None where nobody else does."""
        if not self.treated or not self.others_reached:
            return None
        return (self.treated_reached / self.treated) / (self.others_reached / self.others)


@dataclass(frozen=True, slots=True)
class Beside:
    """What is not in the comparison and stands beside it; counts as of `StrategyEffect`."""

    naive: Naive
    unattributable: int = 0
    other_currency: int = 0


@dataclass(frozen=True, slots=True)
class StrategyEffect:
    """What is known of the effect of one version of a strategy.

    Attributes:
        goal: event by which it is measured, within window_ms after the decision; 0: until the
            session ends.
        as_of: what is known at; 0: nothing is.
        waiting, in_holdout, placeless_refunds: as of `Population`.
        naive: None: hidden with the verdict.
        unattributable: verified orders in the time of people whom no room has seen: if they watched
            under another id, both arms lack them.
        other_currency: orders of the people whose amount counts for nothing.
        offers_minor: what the offers of the treated cost, at most.
        sessions: by the session of the first decision; None: hidden with the verdict.
        by: by tags and segments that were asked for: "no" and "yes"; empty when hidden.
        over_time: what was known of the goal before, the newest last; empty when hidden.
        slices: the effect on whole rooms; None: it is about people.

    Units: window_ms in ms, as_of in ms UTC, offers_minor in minor units of the shop's currency.
    """

    strategy: str
    version: int
    goal: str
    window_ms: int
    as_of: int
    effect: Effect
    waiting: int
    in_holdout: int
    placeless_refunds: int
    naive: Naive | None
    unattributable: int
    other_currency: int
    offers_minor: int
    sessions: Groups | None
    by: Mapping[str, Groups]
    over_time: tuple[Standing, ...] = ()
    slices: Switchback | None = None

    @property
    def has_decided(self) -> bool:
        """Whether anybody, or any slice, was treated or held out by it."""
        arms = self.effect.treated or self.effect.control
        return bool(arms or self.waiting or self.in_holdout or self.slices)

    @property
    def verdict(self) -> Verdict | None:
        """What is said of people, or of slices."""
        return self.effect.verdict if self.slices is None else self.slices.verdict


def strategy_effect(
    of: tuple[str, int],
    goal: str,
    people: Population,
    plan: Plan,
    *,
    window_ms: int,
    as_of: int,
    beside: Beside,
    session_names: Sequence[str],
    holds: Mapping[str, Bool],
    is_drawn: Bool | None = None,
) -> StrategyEffect:
    """Put together what was found.

    Args:
        of: strategy and version.
        session_names: by the numbers of `Population.place`.
        holds: for each tag or segment, of whom it held.
        is_drawn: as of `effect_of`.
    """
    outcomes = people.outcomes()
    crossed = people.crossed
    effect = effect_of(outcomes, people.is_treated, plan, crossed=crossed, is_drawn=is_drawn)
    is_told = effect.primary is not None

    def grouped(places: Int64, names: Sequence[str]) -> Groups:
        return by_group(outcomes[0], people.is_treated, places, names, plan)

    return StrategyEffect(
        *of,
        goal=goal,
        window_ms=window_ms,
        as_of=as_of,
        effect=effect,
        waiting=people.waiting,
        in_holdout=people.in_holdout,
        placeless_refunds=people.placeless_refunds,
        naive=beside.naive if is_told else None,
        unattributable=beside.unattributable,
        other_currency=beside.other_currency,
        offers_minor=int(people.cost.sum()),
        sessions=grouped(people.place, session_names) if is_told else None,
        by={
            key: grouped(mine.astype(np.int64), ("no", "yes"))
            for key, mine in (holds.items() if is_told else ())
        },
        over_time=over_time(outcomes[0], people.is_treated, people.until, plan) if is_told else (),
    )


def effect_by_slices(
    of: tuple[str, int], goal: str, slices: Switchback, *, window_ms: int, as_of: int
) -> StrategyEffect:
    """The effect of something that whole rooms hear; of people there is nothing to compare."""
    return StrategyEffect(
        *of,
        goal=goal,
        window_ms=window_ms,
        as_of=as_of,
        effect=Effect.of_nobody("by_slices"),
        waiting=0,
        in_holdout=0,
        placeless_refunds=0,
        naive=None,
        unattributable=0,
        other_currency=0,
        offers_minor=0,
        sessions=None,
        by={},
        slices=slices,
    )


def strategy_document(found: StrategyEffect) -> dict[str, Any]:
    """The effect of a strategy as JSON."""
    naive = found.naive
    names = ("strategy", "version", "goal", "window_ms", "as_of", "waiting", "in_holdout")
    more = ("placeless_refunds", "unattributable", "other_currency", "offers_minor")
    return {
        **{name: getattr(found, name) for name in (*names, *more)},
        "effect": document_of(found.effect),
        "sessions": None if found.sessions is None else groups_document(found.sessions),
        "by": {key: groups_document(one) for key, one in found.by.items()},
        "over_time": [standing_document(one) for one in found.over_time],
        "slices": None if found.slices is None else switchback_document(found.slices),
        "naive": None if naive is None else {**asdict(naive), "ratio": naive.ratio},
    }
