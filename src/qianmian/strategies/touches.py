"""What a person was sent, or would have been: caps, cooldown and re-entry over all rooms.

SEMANTICS, LIMITS and POPULATION: who is held out consumes them as if it had been sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from qianmian.strategies.day import day_of
from qianmian.strategies.strategy import Guardrails, Limits
from qianmian.vocabulary.time import DAY_MS

MAX_TOUCHES: Final = 64
KEPT_MS: Final = 2 * DAY_MS


class Touch(NamedTuple):
    """A person was reached once. Units: at in ms UTC.

    `is_later`: by a later step of an intervention; limits of a strategy count interventions.
    """

    at: int
    room: str
    session: str
    strategy: str
    is_later: bool = False


class Assigned(NamedTuple):
    """Under which id a person was first assigned, and when (ms UTC)."""

    at: int
    viewer: str


@dataclass(slots=True)
class Person:
    """What deciding remembers of a person.

    Attributes:
        touches: the newest, in order of time.
        assigned: by seed of the hash: the arm stays that of the first time, whatever the id then.
        rehearsed: touches of strategies in dry run, which count for themselves alone.
    """

    touches: list[Touch] = field(default_factory=list)
    assigned: dict[str, Assigned] = field(default_factory=dict)
    rehearsed: list[Touch] = field(default_factory=list)

    def touch(self, touch: Touch, *, is_rehearsal: bool) -> None:
        """Remember one more."""
        kept = self.rehearsed if is_rehearsal else self.touches
        kept.append(touch)
        least = touch.at - KEPT_MS
        if len(kept) > MAX_TOUCHES or kept[0].at < least:
            kept[:] = [one for one in kept if one.at >= least][-MAX_TOUCHES:]

    def id_for(self, seed: str, viewer: str) -> str:
        """The id whose hash decides: that of the first time, else the one that they have now."""
        first = self.assigned.get(seed)
        return viewer if first is None else first.viewer

    def assign(self, seed: str, viewer: str, at: int) -> None:
        """The hash of this id decides from now on, if none does yet."""
        self.assigned.setdefault(seed, Assigned(at, viewer))


def refusal(
    person: Person, now: Touch, limits: Limits, shop: Guardrails, zone: str, *, is_rehearsal: bool
) -> tuple[str, str] | None:
    """Why a person may not be touched now: a reason and what it is about; None: they may."""
    touches: Sequence[Touch] = person.touches
    if is_rehearsal:
        touches = [*touches, *(one for one in person.rehearsed if one.strategy == now.strategy)]
    own = [one for one in touches if one.strategy == now.strategy and not one.is_later]
    if not now.is_later:
        if limits.per_session is not None and _in_session(own, now) >= limits.per_session:
            return "strategy_per_session", now.strategy
        if limits.per_day is not None and _on_day(own, now, zone) >= limits.per_day:
            return "strategy_per_day", now.strategy
    if _in_session(touches, now) >= shop.per_session:
        return "per_session", ""
    last = max((one.at for one in touches), default=None)
    if last is not None and now.at - last < shop.apart_ms:
        return "apart", ""
    if _on_day(touches, now, zone) >= shop.per_day:
        return "per_day", ""
    return None


def _in_session(touches: Sequence[Touch], now: Touch) -> int:
    if not now.room:
        return 0  # who is in no room is in no session
    return sum((one.room, one.session) == (now.room, now.session) for one in touches)


def _on_day(touches: Sequence[Touch], now: Touch, zone: str) -> int:
    today = day_of(now.at, zone)
    return sum(day_of(one.at, zone) == today for one in touches)


def merged(one: Person, other: Person) -> Person:
    """What is remembered of a person who was known by two ids; the earliest assignment wins."""
    assigned = dict(one.assigned)
    for seed, theirs in other.assigned.items():
        assigned[seed] = min(assigned.get(seed, theirs), theirs)
    return Person(
        sorted([*one.touches, *other.touches])[-MAX_TOUCHES:],
        assigned,
        sorted([*one.rehearsed, *other.rehearsed])[-MAX_TOUCHES:],
    )


def stored(person: Person) -> dict[str, Any]:
    """As JSON."""
    return {
        "touches": person.touches,
        "assigned": sorted((seed, *one) for seed, one in person.assigned.items()),
        "rehearsed": person.rehearsed,
    }


def restored(document: Mapping[str, Any]) -> Person:
    """The opposite of `stored`."""
    return Person(
        [Touch(*one) for one in document["touches"]],
        {seed: Assigned(*one) for seed, *one in document["assigned"]},
        [Touch(*one) for one in document["rehearsed"]],
    )
