"""Whether a tag is worth keeping: what it divides, whether that lasts, and who uses it.

A suggestion rests on fixed rules, and each reason for it is told, so that somebody can disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from qianmian.tags.definition import Freshness

Suggestion = Literal["keep", "fix", "retire", "not_enough"]
Reason = Literal[
    "few_people", "not_in_history", "nobody", "everybody", "little_evidence", "unstable", "unused"
]
ENOUGH: Final = 100
"""People of whom something is said at all."""
EVERYBODY: Final = 0.99
LITTLE: Final = 0.5
"""Share of people of whom nobody can say."""
UNSTABLE: Final = 0.5


@dataclass(frozen=True, slots=True)
class TagStanding:
    """A tag at an instant and a day before.

    Attributes:
        total: people; `yes`: for whom it holds, `unknown`: of whom there is too little evidence.
        either: of those who were known a day before, for whom it held then or holds now.
        both: of these, for whom it did both times.

    Units: as_of in ms UTC.
    """

    as_of: int
    total: int
    yes: int
    unknown: int
    either: int
    both: int

    @property
    def flips(self) -> float | None:
        """The share that changed within the day; None: it held for too few to say."""
        return 1 - self.both / self.either if self.either >= ENOUGH else None


@dataclass(frozen=True, slots=True)
class TagHealth:
    """What should become of a tag, and why.

    Attributes:
        standing: None: history cannot say it.
    """

    key: str
    standing: TagStanding | None
    suggestion: Suggestion
    reasons: tuple[Reason, ...]


def health_of(
    key: str, standing: TagStanding | None, freshness: Freshness | None, *, is_used: bool
) -> TagHealth:
    """What should become of a tag.

    What is live or of a session is meant to change within the hour: neither that it holds for
    nobody at one instant nor that it flips within a day says anything against it.

    Args:
        standing: None: history cannot say it.
        freshness: None: somebody in the shop wrote it.
    """
    unused: tuple[Reason, ...] = () if is_used else ("unused",)
    if standing is None:
        return TagHealth(key, None, "not_enough", ("not_in_history", *unused))
    if standing.total < ENOUGH:
        return TagHealth(key, standing, "not_enough", ("few_people", *unused))
    wrong = [] if freshness in ("live", "session") else _wrong(standing)
    if not wrong:
        return TagHealth(key, standing, "keep", unused)
    suggestion: Suggestion = "fix"
    if not is_used:
        suggestion = "not_enough" if "little_evidence" in wrong else "retire"
    return TagHealth(key, standing, suggestion, (*wrong, *unused))


def _wrong(standing: TagStanding) -> list[Reason]:
    found: list[Reason] = []
    if not standing.yes and standing.unknown <= LITTLE * standing.total:
        found.append("nobody")
    if standing.yes >= EVERYBODY * standing.total:
        found.append("everybody")
    if standing.unknown > LITTLE * standing.total:
        found.append("little_evidence")
    if standing.flips is not None and standing.flips > UNSTABLE:
        found.append("unstable")
    return found
