"""What definitions read from the facts of history, by name: the nightly build computes just that.

A window longer than the live limit is `facts(B) + live since B`: whole days before the boundary and
what has arrived since. Only `count` and `sum` without a key can be put together like that. So is
`ever`, as far as facts carry it; without them it is what the row has seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final, TypeGuard

from qianmian.errors import LimitExceeded
from qianmian.language.ast import Count, InSegment, Node, PreviousVisit, Score, Sum, Trait, walk
from qianmian.language.room_events import is_of_room
from qianmian.language.text import show
from qianmian.language.values import LIVE_LIMIT_MS, MAX_SPAN_MS
from qianmian.vocabulary.time import DAY_MS, format_duration

EVER_DAYS: Final = MAX_SPAN_MS // DAY_MS + 1
"""Of `ever`: the last of these "days" is everything that is older than the longest window."""


@dataclass(frozen=True, slots=True)
class FactColumn:
    """One column of daily values: its name is the question without its window."""

    name: str
    days: int


def list_column(key: str) -> str:
    """Under which name a list stands among the segments of facts.

    No definition can have this key, so a list and a segment of one name are two things.
    """
    return f"list.{key}"


@dataclass(frozen=True, slots=True)
class FactNeeds:
    """Everything that a set of definitions reads from facts, sorted by name.

    `columns` carry the longest window that any definition asks of them. `traits` may come live,
    too; `last_seen` is read by `previous visit`.
    """

    columns: tuple[FactColumn, ...]
    traits: tuple[str, ...]
    scores: tuple[str, ...]
    segments: tuple[str, ...]
    last_seen: bool


def is_long(node: Node) -> bool:
    """Whether the node is a count or sum over a window that only facts can fill."""
    if not isinstance(node, Count | Sum):
        return False
    return isinstance(node.within, int) and node.within > LIVE_LIMIT_MS


def adds_facts(node: Node) -> TypeGuard[Count | Sum]:
    """Whether facts stand before what is live: a long window, or `ever` without a key."""
    if not isinstance(node, Count | Sum) or is_of_room(node.of):
        return False
    is_keyless = isinstance(node, Sum) or node.same is None
    return is_long(node) or (node.within == "ever" and is_keyless)


def column_of(node: Count | Sum) -> FactColumn:
    """The column that a long window or `ever` reads.

    Raises: LimitExceeded when the window is not of whole days, or the count has a key.
    """
    within = node.within
    if within == "ever":
        return FactColumn(column_name(node), EVER_DAYS)
    if not isinstance(within, int) or within % DAY_MS:
        shown = within if isinstance(within, str) else format_duration(within)
        raise LimitExceeded(
            f"a window of {shown} is not of whole days; facts are kept by the day: write for"
            " example within 30d"
        )
    if isinstance(node, Count) and node.same is not None:
        raise LimitExceeded(
            f"a count on same {node.same} is live only; use at most "
            f"{format_duration(LIVE_LIMIT_MS)}, or leave the key out"
        )
    return FactColumn(column_name(node), within // DAY_MS)


def column_name(node: Count | Sum) -> str:
    """The text of the question without window and comparison, e.g. `count(order_paid)`."""
    whole = show(replace(node, within="ever", cmp=">=", value=2))
    return whole.rpartition(" ever ")[0]


def needs_of(nodes: Iterable[Node], daily: Collection[str] = ()) -> FactNeeds:
    """What these expressions read; of the segments those that are `daily`."""
    days: dict[str, int] = {}
    traits, scores, segments = set(), set(), set()
    last_seen = False
    for node in nodes:
        for part in walk(node):
            if adds_facts(part):
                column = column_of(part)
                days[column.name] = max(column.days, days.get(column.name, 0))
            elif isinstance(part, Trait):
                traits.add(part.name)
            elif isinstance(part, Score):
                scores.add(part.key)
            elif isinstance(part, InSegment) and part.key in daily:
                segments.add(part.key)
            last_seen = last_seen or isinstance(part, PreviousVisit)
    return FactNeeds(
        tuple(FactColumn(name, days[name]) for name in sorted(days)),
        tuple(sorted(traits)),
        tuple(sorted(scores)),
        tuple(sorted(segments)),
        last_seen,
    )
