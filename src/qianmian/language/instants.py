"""The instants at which a pulse is true, with their keys and the events that name them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from qianmian.language.ast import (
    And,
    Count,
    Distinct,
    Happened,
    Node,
    Or,
    Select,
    Then,
    Viewing,
    VisitStarted,
    Without,
)
from qianmian.language.comparing import NEEDED_MORE
from qianmian.language.instances import absences, views
from qianmian.language.rows import Known, Row, is_selected, keys_of
from qianmian.language.snapshot import Snapshot, at_instant, in_event
from qianmian.language.truth import distinct_products, truth_of
from qianmian.language.types import sort_of


@dataclass(frozen=True, slots=True)
class Instant:
    """A pulse was true at `at` for `key`, because of these events.

    `row` is the row whose evaluation it belongs to; None for a timer.
    """

    at: int
    key: str | None
    because: tuple[str, ...]
    row: Row | None = None


def instants_of(node: Node, rows: Sequence[Row], until: int, known: Known) -> list[Instant]:
    """The instants of a pulse up to `until`, in order."""
    reader = _READERS.get(type(node))
    if reader is None:
        return []
    found = reader(node, rows, until, known)
    return sorted(
        (one for one in found if one.at <= until), key=lambda one: (one.at, one.key or "")
    )


def _happened(node: Happened, rows: Sequence[Row], _: int, __: Known) -> Iterator[Instant]:
    for row in rows:
        if is_selected(row, node.of):
            for key in keys_of(row, node.same):
                yield Instant(row.clock, key, (row.message_id,), row)


def _keyed(
    of: Select, same: str | None, rows: Sequence[Row], known: Known
) -> Iterator[tuple[Row, str | None, Snapshot]]:
    for row in rows:
        if is_selected(row, of):
            for key in keys_of(row, same):
                yield row, key, in_event(rows, row, known)


def _count(node: Count, rows: Sequence[Row], _: int, known: Known) -> Iterator[Instant]:
    needed = node.value + NEEDED_MORE[node.cmp]
    for row, key, snapshot in _keyed(node.of, node.same, rows, known):
        counted = snapshot.windowed(node.of, node.within, key, node.same)
        if len(counted) >= needed:
            yield Instant(row.clock, key, _ids(counted[:needed]), row)


def _distinct(node: Distinct, rows: Sequence[Row], _: int, known: Known) -> Iterator[Instant]:
    needed = node.value + NEEDED_MORE[node.cmp]
    for row, key, snapshot in _keyed(node.of, node.same, rows, known):
        inside = snapshot.windowed(node.of, node.within, key, node.same)
        counted = distinct_products(inside, key)
        if len(counted) >= needed:
            yield Instant(row.clock, key, _ids(counted[:needed]), row)


def _then(node: Then, rows: Sequence[Row], _: int, known: Known) -> Iterator[Instant]:
    same = None if node.same == "visit" else node.same
    for row, key, snapshot in _keyed(node.second, same, rows, known):
        before = [one for one in snapshot.selected(node.first, key, same) if one.order < row.order]
        if not before or row.event_time - before[0].event_time > node.within_ms:
            continue
        if node.same == "visit" and not _is_one_visit(before[0], row, snapshot):
            continue
        yield Instant(row.clock, key, _ids([before[0], row]), row)


def _is_one_visit(first: Row, second: Row, snapshot: Snapshot) -> bool:
    """Whether no visit began, and none ended, between the two."""
    starts = [visit.start for visit in snapshot.visits]
    ends = [visit.ended_at for visit in snapshot.visits if visit.ended_at is not None]
    low, high = first.event_time, second.event_time
    return not any(low < start <= high for start in starts) and not any(
        low <= end < high for end in ends
    )


def _without(node: Without, rows: Sequence[Row], until: int, known: Known) -> Iterator[Instant]:
    for one in absences(node, at_instant(rows, until, known)):
        if one.has_fired:
            yield Instant(one.turn, one.key, (one.row.message_id,))


def _visit_started(
    _: VisitStarted, rows: Sequence[Row], until: int, known: Known
) -> Iterator[Instant]:
    for visit in at_instant(rows, until, known).visits:
        yield Instant(visit.first.clock, None, (visit.first.message_id,), visit.first)


def _or(node: Or, rows: Sequence[Row], until: int, known: Known) -> Iterator[Instant]:
    found: dict[tuple[int, str | None, int], Instant] = {}
    for part in node.parts:
        for one in instants_of(part, rows, until, known):
            evaluation = -1 if one.row is None else one.row.arrival_order
            other = found.get((one.at, one.key, evaluation))
            ids = {*one.because, *(other.because if other else ())}
            union = Instant(one.at, one.key, tuple(sorted(ids)), one.row)
            found[one.at, one.key, evaluation] = union
    yield from found.values()


def _and(node: And, rows: Sequence[Row], until: int, known: Known) -> Iterator[Instant]:
    pulses = [part for part in node.parts if sort_of(part) == "pulse"]
    guards = [part for part in node.parts if part not in pulses]
    for pulse in pulses:
        for one in instants_of(pulse, rows, until, known):
            snapshot = snapshot_of(one, rows, known)
            for key in _keys_at(one, guards, snapshot):
                truths = [truth_of(guard, snapshot, key) for guard in guards]
                if all(truth.holds for truth in truths):
                    ids = {*one.because, *(held for truth in truths for held in truth.because)}
                    yield Instant(one.at, key, tuple(sorted(ids)), one.row)


def _keys_at(one: Instant, guards: Sequence[Node], snapshot: Snapshot) -> Sequence[str | None]:
    """The key of an instant; one without a key takes those of a view that guards it."""
    keyed = [guard for guard in guards if isinstance(guard, Viewing) and guard.same]
    if one.key is not None or len(keyed) != 1:
        return (one.key,)
    return tuple(dict.fromkeys(view.key for view in views(keyed[0], snapshot)))


def snapshot_of(instant: Instant, rows: Sequence[Row], known: Known) -> Snapshot:
    """The evaluation to which an instant belongs: that of its event, or the end of the instant."""
    if instant.row is not None:
        return in_event(rows, instant.row, known)
    return at_instant(rows, instant.at, known)


def _ids(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(sorted({row.message_id for row in rows}))


_READERS: Final[dict[type[Node], Callable[..., Iterator[Instant]]]] = {
    Happened: _happened,
    Count: _count,
    Distinct: _distinct,
    Then: _then,
    Without: _without,
    VisitStarted: _visit_started,
    Or: _or,
    And: _and,
}
