"""Who is who: ids that are one person's, since when, until when, and who said so.

An anonymous id (a device, a browser) is one known person's at a time: a second link is refused as
long as the first holds. Two known ids (a member on two platforms) may be one person's, too. A link
that is over stays in the graph with its end. All of it is a fold over what was said, in the order
of the log; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qianmian.vocabulary.events import LINKING
from qianmian.vocabulary.ids import is_anonymous


@dataclass(frozen=True, slots=True)
class Edge:
    """Two ids are one person's. Units: since and until in ms UTC; until None: it holds.

    Attributes:
        own: the anonymous id; of two known ones the greater.
        source: who said so.
    """

    own: str
    known: str
    since: int
    until: int | None
    source: str

    def holds_at(self, at: int) -> bool:
        """Whether it holds at an instant."""
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Saying:
    """Somebody says that two ids are one person's, or that they are not any more."""

    own: str
    known: str
    at: int
    ends: bool
    source: str

    @property
    def subject(self) -> tuple[str, str]:
        """What has one edge at a time: an anonymous id, or a pair of known ones."""
        return (self.own, "") if is_anonymous(self.own) else (self.own, self.known)


def sayings(rows: Iterable[Mapping[str, Any]]) -> Iterator[Saying]:
    """What rows of events say, as they lie in columns; what says nothing is left out."""
    for row in rows:
        own, known = row.get("viewer"), row.get("linked_viewer")
        if row["type"] in LINKING and own and known and own != known and not is_anonymous(known):
            if not is_anonymous(own):
                own, known = max(own, known), min(own, known)
            at, ends = int(row.get("event_time", row["clock"])), row["type"] == "identity_unlinked"
            yield Saying(own, known, at, ends, str(row.get("source") or ""))


def after(edges: Sequence[Edge], said: Saying) -> tuple[Edge, ...]:
    """The edges of a subject after one more saying.

    A link while another holds changes nothing, nor does one that was told before its own end: a
    sender may say again what it said.
    """
    held = next((one for one in edges if one.until is None), None)
    if said.ends:
        if held is None or held.known != said.known:
            return tuple(edges)
        ended = replace(held, until=max(said.at, held.since))
        return tuple(ended if one is held else one for one in edges)
    over = (one.until for one in edges if one.known == said.known and one.until is not None)
    if held is not None or any(said.at <= until for until in over):
        return tuple(edges)
    return (*edges, Edge(said.own, said.known, said.at, None, said.source))


def folded(said: Iterable[Saying]) -> list[Edge]:
    """The edges of everybody, from the beginning."""
    by_subject: dict[tuple[str, str], tuple[Edge, ...]] = {}
    for one in said:
        by_subject[one.subject] = after(by_subject.get(one.subject, ()), one)
    return [edge for edges in by_subject.values() for edge in edges]


def groups(edges: Iterable[Edge], at: int | None = None) -> dict[str, str]:
    """For each id of a link that holds, the one that stands for the person.

    That is the least known id of the group: it does not depend on the order of the links.

    Args:
        at: ms UTC; None: those that have no end.

    Cost: almost linear (union-find with halving).
    """
    parent: dict[str, str] = {}

    def root(one: str) -> str:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for edge in edges:
        if edge.until is None if at is None else edge.holds_at(at):
            ends = []
            for one in (edge.own, edge.known):
                parent.setdefault(one, one)
                ends.append(root(one))
            first, other = sorted(ends, key=lambda one: (is_anonymous(one), one))
            parent[other] = first
    return {one: root(one) for one in parent}


def person_around(edges: Iterable[Edge], viewer: str, at: int | None = None) -> frozenset[str]:
    """The ids of the person that an id belongs to, itself among them."""
    standing = groups(edges, at)
    mine = standing.get(viewer, viewer)
    return frozenset(one for one, other in standing.items() if other == mine) | {viewer}
