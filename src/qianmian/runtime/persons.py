"""A person who wants to know what is kept, or to be forgotten: what every store must be able to do.

Decision record 0027. A person is one known viewer and every anonymous id that was linked to it.
All stores that hold persons are listed in one place (`bootstrap/persons.py`); a test walks them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from qianmian.vocabulary.ids import is_anonymous

Link = tuple[str, str]
"""An anonymous id, and the known one that it was linked to."""


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

    def links(self) -> Iterable[Link]:
        """Every link there is, oldest first."""

    def export(self, viewers: frozenset[str]) -> dict[str, Any]:
        """Everything about these viewers, as JSON can hold it."""


def ids_of(viewer: str, links: Iterable[Link]) -> frozenset[str]:
    """Every id of the person with this one: of several links of an anonymous id the first holds."""
    known_by_anonymous: dict[str, str] = {}
    for anonymous, known in links:
        if is_anonymous(anonymous) and not is_anonymous(known):
            known_by_anonymous.setdefault(anonymous, known)
    known = known_by_anonymous.get(viewer, viewer)
    linked = {one for one, owner in known_by_anonymous.items() if owner == known}
    return frozenset({viewer, known, *linked})
