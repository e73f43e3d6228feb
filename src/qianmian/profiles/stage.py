"""The life stage of a viewer with the shop, as a state machine over days.

    new → active → churn_risk → dormant → returned → active …

A first visit begins `new`. Coming on a second day, or paying, makes `active`. `QUIET_DAYS` without
a visit make `churn_risk`, `DORMANT_DAYS` make `dormant`. A visit ends `churn_risk` (active again)
and `dormant` (returned); another day or a payment after a return makes `active`.

What is kept are the days on which the viewer came and paid. Days join as sets, so the order of
batches does not matter; the stages and when they began are found from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

Stage = Literal["new", "active", "churn_risk", "dormant", "returned"]

QUIET_DAYS: Final = 14
DORMANT_DAYS: Final = 30
KEPT_DAYS: Final = 180


class Change(NamedTuple):
    """A stage and the day on which it began, counted since 1970 in the shop's zone."""

    stage: Stage
    day: int


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a viewer, counted since 1970 in the shop's zone.

    `first` is the first day ever; `came` and `paid` hold the newest `KEPT_DAYS` days.
    """

    first: int | None = None
    came: frozenset[int] = field(default_factory=frozenset)
    paid: frozenset[int] = field(default_factory=frozenset)

    def plus(self, other: Days) -> Days:
        """The days of both."""
        firsts = [first for first in (self.first, other.first) if first is not None]
        came = self.came | other.came
        oldest = max(came, default=0) - KEPT_DAYS
        return Days(
            min(firsts, default=None),
            frozenset(day for day in came if day > oldest),
            frozenset(day for day in self.paid | other.paid if day > oldest),
        )


def day_of(at: int, offset_ms: int) -> int:
    """The day of an instant in a zone that is `offset_ms` ahead of UTC."""
    return (at + offset_ms) // 86_400_000


def on_day(day: int, *, paid: bool) -> Days:
    """One day on which the viewer came."""
    one = frozenset((day,))
    return Days(day, one, one if paid else frozenset())


def stages(days: Days, today: int) -> list[Change]:
    """Every stage up to today with the day on which it began, oldest first.

    Where the first day is older than what is kept, it begins with the oldest day kept: as returned
    (active, if paid) where no other day lies close enough before it, else as active.
    """
    came = sorted(day for day in days.came if day <= today)
    if not came or days.first is None:
        return []
    is_whole = days.first == came[0]
    found = [Change("new" if is_whole else "active", came[0])]
    if is_whole and came[0] in days.paid:
        found[0] = Change("active", came[0])
    was_away = came[0] - (max(days.came) - KEPT_DAYS) >= DORMANT_DAYS
    if not is_whole and was_away and came[0] not in days.paid:
        found[0] = Change("returned", came[0])
    for last, day in zip(came, [*came[1:], today], strict=True):
        found += _quiet(last, day)
        if day != last and day in days.came:
            found += _came(found[-1].stage, day, paid=day in days.paid)
    return found


def _quiet(last: int, day: int) -> Iterator[Change]:
    """What silence makes of any stage between two days."""
    if day - last >= QUIET_DAYS:
        yield Change("churn_risk", last + QUIET_DAYS)
    if day - last >= DORMANT_DAYS:
        yield Change("dormant", last + DORMANT_DAYS)


def _came(stage: Stage, day: int, *, paid: bool) -> Iterator[Change]:
    """What a visit makes of a stage."""
    if stage == "dormant" and not paid:
        yield Change("returned", day)
    elif stage != "active":
        yield Change("active", day)
