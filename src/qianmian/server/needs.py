"""What needs a person now: found in what the parts of a server say, the most urgent first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from qianmian.experiments.harms import Harm
from qianmian.experiments.strategy_effect import StrategyEffect
from qianmian.strategies.strategy import Mode
from qianmian.vocabulary.time import DAY_MS, MINUTE_MS

Kind = Literal[
    "stopped",
    "harms",
    "near_harm",
    "not_as_drawn",
    "cannot_run",
    "silent",
    "offer_ends",
    "follow_ups",
    "dead_letters",
    "waiting",
    "next_session",
]
REACHING: Final[frozenset[Mode]] = frozenset({"ramp", "full"})
"""Modes in which people are reached."""
SILENT_MS: Final = MINUTE_MS
"""While a room is live; as on the page of data health."""
USED_MS: Final = DAY_MS
"""A source that was not heard for so long is not used any more, and is not silent."""
EXPIRES_MS: Final = 10 * MINUTE_MS
FEW: Final = 0.1
"""Share of an offer that is left when it is said to end."""


@dataclass(frozen=True, slots=True)
class Need:
    """One sentence for a person.

    Attributes:
        key: the strategy, source, offer or room it is about; "": none.
        n: how many, where something is counted.
        effect, harm: what is known of the strategy's effect or harm, where that is the reason.

    Units: at in ms UTC.
    """

    kind: Kind
    key: str = ""
    n: int = 0
    at: int | None = None
    effect: StrategyEffect | None = None
    harm: Harm | None = None


@dataclass(frozen=True, slots=True)
class Stock:
    """How much of an offer is left, of how many; only of offers that some strategy gives."""

    key: str
    left: int
    total: int


def of_effects(found: Iterable[tuple[Mode, StrategyEffect]]) -> list[Need]:
    """Strategies that reach people and harm, and those of which nobody can say."""
    told = [one for mode, one in found if mode in REACHING]
    harms = [Need("harms", one.strategy, effect=one) for one in told
             if one.verdict == "harms"]  # fmt: skip
    uneven = [Need("not_as_drawn", one.strategy, effect=one) for one in told
              if one.effect.why_hidden == "sample_ratio"]  # fmt: skip
    return harms + uneven


def of_harms(found: Mapping[str, Iterable[Harm]]) -> list[Need]:
    """Strategies that act and are near a bound at which they stop, each with the first such harm.

    Args:
        found: the harms of each, by key.
    """
    near = {key: next((one for one in harms if one.is_near), None) for key, harms in found.items()}
    return [Need("near_harm", key, harm=one) for key, one in near.items() if one is not None]


def of_sources(heard: Mapping[str, int], *, is_live: bool, now: int) -> list[Need]:
    """Sources that say nothing while a room is live.

    Args:
        heard: when each was heard last, ms UTC.
    """
    if not is_live:
        return []
    return [
        Need("silent", name, at=last)
        for name, last in sorted(heard.items())
        if SILENT_MS < now - last <= USED_MS
    ]


def of_offers(stocks: Iterable[Stock]) -> list[Need]:
    """Offers of which at most a tenth is left."""
    return [Need("offer_ends", one.key, one.left) for one in stocks if one.left <= FEW * one.total]


def of_follow_ups(deadlines: Collection[int], now: int) -> list[Need]:
    """Open follow-ups that end within ten minutes, all together."""
    soon = [one for one in deadlines if now < one <= now + EXPIRES_MS]
    return [Need("follow_ups", n=len(soon), at=min(soon))] if soon else []


def of_sessions(starts: Mapping[str, int], now: int) -> list[Need]:
    """The announced session that comes next.

    Args:
        starts: by room, ms UTC.
    """
    coming = [(at, room) for room, at in starts.items() if at > now]
    return [Need("next_session", room, at=at) for at, room in sorted(coming)[:1]]


def by_urgency(found: Sequence[Need]) -> list[Need]:
    """In the order of `Kind`; within a kind as they were found."""
    order = get_args(Kind)
    return sorted(found, key=lambda one: order.index(one.kind))
