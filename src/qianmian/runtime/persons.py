"""A person who wants to know what is kept, or to be forgotten: what every store must be able to do.

Decision record 0027. A person is every id, known or anonymous, that links which hold join to one
(decision record 0029). All stores that hold persons are listed in one place
(`bootstrap/persons.py`); a test walks them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from qianmian.profiles.identity import Saying, folded, person_around


@dataclass(frozen=True, slots=True)
class Erasure:
    """What the stores are told.

    Attributes:
        tombstone_by_viewer: every id of the person, and what takes its place.
        before: the log is to be written again below this offset.
        facts: builds of facts that were written again: new names by old ones.
    """

    tombstone_by_viewer: Mapping[str, str]
    before: int
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class Forgets(Protocol):
    """A store that holds persons."""

    @property
    def name(self) -> str:
        """For reports, such as `log`."""

    def forget(self, erasure: Erasure) -> int:
        """Take a person out, durably; how many places were changed.

        May be done again after a failure, with the same erasure.

        Raises: QianmianError, OSError.
        """


class Tells(Protocol):
    """Where what is known of a person can be read."""

    def links(self) -> Iterable[Saying]:
        """What was said of who is who, oldest first, each once."""

    def export(self, viewers: frozenset[str]) -> dict[str, Any]:
        """Everything about these viewers, as JSON can hold it."""


def ids_of(viewer: str, links: Iterable[Saying]) -> frozenset[str]:
    """Every id of the person with this one, over links that hold.

    Cost: memory for every link.
    """
    return person_around(folded(links), viewer)
