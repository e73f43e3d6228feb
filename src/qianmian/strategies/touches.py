"""What a person was sent, or would have been: caps, cooldown and re-entry over all rooms.

SEMANTICS, LIMITS and POPULATION: who is held out consumes them as if it had been sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from qianmian.strategies.assignment import is_in_share
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
    """Under which id a person was first assigned, when (ms UTC), and to what.

    `is_out`: in the group that gets nothing. None: no arm is kept, the share of today says which;
    so it is for ramps, which widen, and for what snapshots of older releases hold.
    """

    at: int
    viewer: str
    is_out: bool | None = None


@dataclass(slots=True)
class Person:
    """What deciding remembers of a person.

    Attributes:
        touches: the newest, in order of time.
        assigned: by seed of the hash: the arm stays that of the first time, whatever the id and
            the share are later.
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

    def is_in(self, seed: str, viewer: str, share: int) -> bool:
        """Whether they are in a share (of ten thousand) of a seed.

        The arm of the first time holds; where none is kept, the hash of the id of that time.
        """
        first = self.assigned.get(seed)
        if first is None:
            return is_in_share(seed, viewer, share)
        return is_in_share(seed, first.viewer, share) if first.is_out is None else first.is_out

    def assign(self, seed: str, viewer: str, at: int, *, is_out: bool | None = None) -> None:
        """This id, and this arm, hold from now on, if none does yet."""
        first = self.assigned.setdefault(seed, Assigned(at, viewer, is_out))
        if first.is_out is None:
            self.assigned[seed] = first._replace(is_out=is_out)


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
        assigned[seed] = min(assigned.get(seed, theirs), theirs, key=_first)
    return Person(
        sorted([*one.touches, *other.touches])[-MAX_TOUCHES:],
        assigned,
        sorted([*one.rehearsed, *other.rehearsed])[-MAX_TOUCHES:],
    )


def _first(one: Assigned) -> tuple[int, str]:
    return one.at, one.viewer


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
