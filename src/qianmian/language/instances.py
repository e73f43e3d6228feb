"""Instances of absences and page views: armed by an event, cancelled by others, due at an instant.

The bounds of the engine (8 instances and 8 keys of each) are not repeated here: an explanation is
asked for what has happened, not for what was given up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from qianmian.language.ast import And, Node, Select, Viewing, Without
from qianmian.language.rows import Row, is_canceller, is_selected, keys_of
from qianmian.language.snapshot import Snapshot

VIEWED: Final = "product_viewed"
VIEWS: Final = Select((VIEWED,))


@dataclass(frozen=True, slots=True)
class Instance:
    """One armed pattern. `cancels` are (event time, clock) of what ends it, in order of the clock.

    Units: all in ms; `due` is event time + T, `turn` the instant at which it is decided.
    """

    row: Row
    key: str | None
    due: int
    turn: int
    cancels: tuple[tuple[int, int], ...]

    @property
    def has_fired(self) -> bool:
        """Whether, at its turn, nothing that happened by `due` had cancelled it."""
        return not any(time <= self.due and clock <= self.turn for time, clock in self.cancels)


def open_view(node: Node) -> Viewing | None:
    """The one keyed view that guards a pulse: an instant without a key takes that view's key."""
    parts = node.parts if isinstance(node, And) else ()
    found = [part for part in parts if isinstance(part, Viewing) and part.same]
    return found[0] if len(found) == 1 else None


def absences(node: Without, snapshot: Snapshot) -> list[Instance]:
    """The instances of an absence, oldest first."""
    same = node.same if node.same != "visit" else None

    def ends(other: Row, _: Row, key: str | None) -> str | None:
        is_second = is_canceller(other, node.second) and key in keys_of(other, same)
        return "second" if is_second else None

    return [
        _instance(row, key, node.within_ms, node.wait_ms, ends, snapshot)
        for row, key in _armed(node.first, same, snapshot)
    ]


def views(node: Viewing, snapshot: Snapshot) -> list[Instance]:
    """The instances of a page view, oldest first; without correlation the key is None."""
    newest = _newest_views(snapshot)

    def ends(other: Row, armed: Row, key: str | None) -> str | None:
        without = node.without
        is_second = without is not None and is_canceller(other, without)
        if is_second and key in keys_of(other, node.same):
            return "second"
        if other.type == "product_left":
            return "left page" if armed.products and armed.products[0] in other.products else None
        is_same_page = other.fields.get("page_id") == armed.fields.get("page_id")
        if other.type != VIEWED or not is_same_page or other.products == armed.products:
            return None
        was_kept = other.arrival_order > armed.arrival_order or other in newest(armed)
        return "other page" if was_kept else None

    return [
        _instance(row, key, node.for_ms, node.wait_ms, ends, snapshot)
        for row, key in _armed(VIEWS, node.same, snapshot)
    ]


def _newest_views(snapshot: Snapshot) -> Callable[[Row], list[Row]]:
    """The newest views of two different products that had arrived before a row."""

    def newest(armed: Row) -> list[Row]:
        by_product: dict[str, Row] = {}
        for row in snapshot.selected(VIEWS):
            if row.arrival_order < armed.arrival_order and row.products:
                by_product.setdefault(row.products[0], row)
        return list(by_product.values())[:2]

    return newest


def _armed(of: Select, same: str | None, snapshot: Snapshot) -> Iterator[tuple[Row, str | None]]:
    for row in snapshot.rows:
        if is_selected(row, of):
            for key in keys_of(row, same):
                yield row, key


def _instance(
    row: Row,
    key: str | None,
    for_ms: int,
    wait_ms: int,
    ends: Callable[[Row, Row, str | None], str | None],
    snapshot: Snapshot,
) -> Instance:
    """One instance with what ends it.

    Of what arrived before its own event only the greatest event time of each sort was kept.
    """
    ended: list[tuple[int, int]] = []
    kept: dict[str, tuple[int, int]] = {}
    for other in snapshot.rows:
        sort = ends(other, row, key) or _ends_all(other, row, key)
        if sort is None:
            continue
        end = (other.event_time, other.clock)
        if other.arrival_order > row.arrival_order:
            ended += [end] * (other.order > row.order)
        elif sort in KEPT_SORTS:
            sort = f"{sort} {other.products}" if sort == "other page" else sort
            kept[sort] = max(kept.get(sort, end), end)
    ended += [end for end in kept.values() if end[0] > row.event_time]
    ended += _leavings(row, snapshot)
    due = row.event_time + for_ms
    turn = max(due + wait_ms, row.clock)
    return Instance(row, key, due, turn, tuple(sorted(ended, key=lambda end: end[1])))


KEPT_SORTS: Final = frozenset({"second", "left page", "other page", "left room"})


def _ends_all(row: Row, armed: Row, key: str | None) -> str | None:
    if row.type == "room_left":
        return "left room"
    if row.type == "session_ended":
        return row.type
    concerned = armed.products if key is None else (key,)
    is_withdrawn = row.type == "product_withdrawn" and any(one in row.products for one in concerned)
    return row.type if is_withdrawn else None


def _leavings(row: Row, snapshot: Snapshot) -> list[tuple[int, int]]:
    """Ends of visits by silence or by another visit; leaving and endings are rows themselves."""
    return [
        (visit.ended_at, visit.decided_at)
        for visit in snapshot.visits
        if visit.ended_at is not None
        and visit.decided_at is not None
        and visit.ended_at >= row.event_time
        and (visit.decided_at, visit.decided_by) > (row.clock, row.arrival_order)
    ]
