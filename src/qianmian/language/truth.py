"""The truth of a level at an instant, and the events that make it true.

The plain reading of `docs/semantics.md`: everything is computed from the rows, nothing is kept. A
level that does not hold has no events; one that holds because nothing happened has none either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from qianmian.language.ast import (
    And,
    Count,
    Distinct,
    First,
    Hidden,
    Idle,
    InList,
    InRoom,
    InSegment,
    Last,
    Node,
    Not,
    Number,
    Or,
    PreviousVisit,
    RoomFact,
    Score,
    Sum,
    Tag,
    TagNumber,
    TimeSince,
    Trait,
    Viewing,
)
from qianmian.language.comparing import NEEDED_MORE
from qianmian.language.fact_columns import adds_facts, column_of, is_long, list_column
from qianmian.language.instances import Instance, views
from qianmian.language.numbers import meaning
from qianmian.language.rows import Row, compares, field_compares, orders, products_in
from qianmian.language.snapshot import Snapshot, is_operation

LIST_BOUND: Final = 64
_MIN_PANE_MS: Final = 100


@dataclass(frozen=True, slots=True)
class Truth:
    """Whether a level holds, and because of which events."""

    holds: bool
    because: tuple[str, ...] = ()


def truth_of(node: Node, snapshot: Snapshot, key: str | None = None) -> Truth:
    """The truth of a level; `key` is the key of the whole where it has one."""
    reader = _READERS.get(type(node))
    if reader is None:  # an instant is no state
        return Truth(False)
    return reader(node, snapshot, key)


def _made(holds: bool, rows: Sequence[Row | None] = ()) -> Truth:  # noqa: FBT001
    ids = {row.message_id for row in rows if row is not None} if holds else set()
    return Truth(holds, tuple(sorted(ids)))


def _and(node: And, snapshot: Snapshot, key: str | None) -> Truth:
    return _united([truth_of(part, snapshot, key) for part in node.parts], all)


def _or(node: Or, snapshot: Snapshot, key: str | None) -> Truth:
    return _united([truth_of(part, snapshot, key) for part in node.parts], any)


def _united(parts: list[Truth], rule: Callable[[list[bool]], bool]) -> Truth:
    holds = rule([part.holds for part in parts])
    ids = {one for part in parts if part.holds for one in part.because}
    return Truth(holds, tuple(sorted(ids)) if holds else ())


def _not(node: Not, snapshot: Snapshot, key: str | None) -> Truth:
    return Truth(not truth_of(node.part, snapshot, key).holds)


def _count(node: Count, snapshot: Snapshot, key: str | None) -> Truth:
    if node.same is not None:  # over events of the room, for the key of the whole
        return _thresholded(
            snapshot.windowed(node.of, node.within, key, node.same), node.cmp, node.value
        )
    if adds_facts(node):
        return _with_facts(node, snapshot)
    needed = node.value + NEEDED_MORE[node.cmp]
    if needed > LIST_BOUND and isinstance(node.within, int):
        rows = in_panes(node, node.within, snapshot)
    else:
        rows = snapshot.windowed(node.of, node.within)
    return _thresholded(rows, node.cmp, node.value)


def _with_facts(node: Count | Sum, snapshot: Snapshot) -> Truth:
    """Whole days before the boundary and what is live since; the newest that reach it on top."""
    known, column = snapshot.known, column_of(node)
    if is_long(node) and not known.carries(column.name):
        return Truth(False)  # insufficient evidence
    before = known.before(column.name, column.days)
    values = [(row, added(node, row)) for row in known.since(snapshot.selected(node.of))]
    holds = orders(before + sum(value for _, value in values), node.cmp, node.value)
    reached, evidence = before, []
    for row, value in values:
        if node.cmp not in (">=", ">", "==") or reached >= node.value + (node.cmp == ">"):
            break
        evidence.append(row)
        reached += value
    return _made(holds, evidence)


def added(node: Count | Sum, row: Row) -> int:
    """What one event adds to a count or sum."""
    amount = 1 if isinstance(node, Count) else row.fields.get(node.field)
    return amount if isinstance(amount, int) else 0


def in_panes(node: Count, within_ms: int, snapshot: Snapshot) -> list[Row]:
    """The rows of panes that end after the start of the window."""
    pane_ms = max(_MIN_PANE_MS, -(-within_ms // 60))
    start = snapshot.now - within_ms
    return [
        row
        for row in snapshot.selected(node.of)
        if (row.event_time // pane_ms + 1) * pane_ms > start
    ]


def _thresholded(newest: list[Row], cmp: str, value: int) -> Truth:
    """A comparison of a number of rows; the newest that reach it are the evidence.

    Of fewer than, and of any other number than, nothing is.
    """
    holds = orders(len(newest), cmp, value)
    if cmp in ("<", "<=", "!="):
        return Truth(holds)
    needed = value if cmp in (">=", "==") else value + 1
    return _made(holds, newest[:needed] if len(newest) >= needed else ())


def _distinct(node: Distinct, snapshot: Snapshot, key: str | None) -> Truth:
    if node.field == "viewer":
        return _viewers(node, snapshot, key)
    newest: dict[str, Row] = {}
    for row in snapshot.windowed(node.of, node.within):
        for held in row.products if node.field == "product" else row.categories:
            newest.setdefault(held, row)
    return _thresholded(list(newest.values()), node.cmp, node.value)


def _viewers(node: Distinct, snapshot: Snapshot, key: str | None) -> Truth:
    """Distinct viewers, about one product or category where correlated, by the clock."""
    newest: dict[object, Row] = {}
    for row in snapshot.selected(node.of, key, node.same):
        viewer = row.fields.get("viewer")
        is_recent = not isinstance(node.within, int) or row.clock > snapshot.now - node.within
        if viewer is not None and is_recent:
            newest.setdefault(viewer, row)
    return _thresholded(list(newest.values()), node.cmp, node.value)


def distinct_products(rows: list[Row], category: str | None) -> list[Row]:
    """The newest row of each product of a category, newest first."""
    newest: dict[str, Row] = {}
    for row in rows:
        for product in products_in(row, category):
            newest.setdefault(product, row)
    return list(newest.values())


def _sum(node: Sum, snapshot: Snapshot, _: str | None) -> Truth:
    if adds_facts(node):
        return _with_facts(node, snapshot)
    least = snapshot.since(node.within)
    amounts = [
        (row, amount)
        for row in snapshot.selected(node.of)
        if isinstance(amount := row.fields.get(node.field), int)
    ][:LIST_BOUND]
    inside = [one for one in amounts if least is None or one[0].event_time >= least]
    holds = orders(sum(amount for _, amount in inside), node.cmp, node.value)
    if node.cmp in ("<", "<="):
        return Truth(holds)
    reached, evidence = 0, []
    for row, amount in inside:
        evidence.append(row)
        reached += amount
        if orders(reached, node.cmp, node.value):
            break
    return _made(holds, evidence)


def _first(node: First, snapshot: Snapshot, _: str | None) -> Truth:
    return _edge(node, snapshot, -1)


def _last(node: Last, snapshot: Snapshot, _: str | None) -> Truth:
    return _edge(node, snapshot, 0)


def _edge(node: First | Last, snapshot: Snapshot, place: int) -> Truth:
    rows = snapshot.selected(node.of)
    if not rows:
        return Truth(False)
    return _made(field_compares(rows[place], node.field, node.cmp, node.value), [rows[place]])


def _time_since(node: TimeSince, snapshot: Snapshot, _: str | None) -> Truth:
    rows = snapshot.selected(node.of)
    if not rows:
        return Truth(False)
    elapsed_ms = snapshot.now - rows[0].event_time
    return _made(orders(elapsed_ms, node.cmp, node.value_ms), rows[:1])


def _viewing(node: Viewing, snapshot: Snapshot, key: str | None) -> Truth:
    viewed = [
        one
        for one in views(node, snapshot)
        if (node.same is None or key in (None, one.key)) and _is_viewed(one, snapshot)
    ]
    if node.same is not None:  # the one that has just fired, else the newest
        viewed = [one for one in viewed if one.turn == snapshot.now] or viewed[-1:]
    return _made(bool(viewed), [one.row for one in viewed])


def _is_viewed(one: Instance, snapshot: Snapshot) -> bool:
    """Whether a view has fired and lasts; at its turn also when its end is known by then."""
    if not snapshot.is_due(one.turn) or not one.has_fired:
        return False
    return not one.cancels or one.turn == snapshot.now


def _idle(node: Idle, snapshot: Snapshot, _: str | None) -> Truth:
    visit = snapshot.present()
    if visit is None or _hidden_by(snapshot) is not None:
        return Truth(False)
    touches = [(touched, row) for row in snapshot.rows if (touched := _touched(row)) is not None]
    if not touches:
        return Truth(False)
    last, row = max(touches, key=lambda touch: touch[0])
    begun = [row.clock, visit.first.clock, _shown_at(snapshot)]
    if node.on_product_page:
        opened = [one.row.clock for one in _open_views(snapshot)]
        if not opened:
            return Truth(False)
        begun.append(min(opened))
    return _made(snapshot.is_due(max(last + node.for_ms, *begun)), [row])


def _touched(row: Row) -> int | None:
    """The time of the last operation that this row tells of."""
    if is_operation(row):
        return row.event_time
    idle_ms = row.fields.get("idle_ms")
    if row.type == "heartbeat" and isinstance(idle_ms, int):
        return row.event_time - idle_ms
    return None


def _open_views(snapshot: Snapshot) -> list[Instance]:
    return [one for one in views(Viewing(1, None, "product"), snapshot) if not one.cancels]


def _shown_at(snapshot: Snapshot) -> int:
    """The clock at which the page was found visible again; 0 when it always was."""
    shown, was_hidden = 0, False
    for place, row in enumerate(snapshot.rows):
        is_hidden = _last_hidden(snapshot.rows[: place + 1]) is not None
        if was_hidden and not is_hidden:
            shown = row.clock
        was_hidden = is_hidden
    return shown


def _hidden_by(snapshot: Snapshot) -> Row | None:
    """The first hiding report after the last showing one; None while the page is visible."""
    return _last_hidden(snapshot.rows)


def _last_hidden(rows: Sequence[Row]) -> Row | None:
    hidden: Row | None = None
    for row in sorted(rows, key=lambda row: row.order):
        visible = row.fields.get("visible") if row.type == "heartbeat" else None
        if is_operation(row) or visible is True:
            hidden = None
        elif visible is False and hidden is None:
            hidden = row
    return hidden


def _hidden(node: Hidden, snapshot: Snapshot, _: str | None) -> Truth:
    row = _hidden_by(snapshot)
    visit = snapshot.present()
    if row is None or visit is None:
        return Truth(False)
    due = max(row.event_time + node.for_ms, row.clock, visit.first.clock)
    return _made(snapshot.is_due(due), [row])


def _in_room(node: InRoom, snapshot: Snapshot, _: str | None) -> Truth:
    visit = snapshot.present()
    if visit is None:
        return Truth(False)
    due = min(max(row.event_time + node.for_ms, row.clock) for row in visit.rows)
    return _made(snapshot.is_due(due), [visit.earliest])


def _previous_visit(node: PreviousVisit, snapshot: Snapshot, _: str | None) -> Truth:
    known = snapshot.known.previous_visit_end
    earlier = [visit.last_seen for visit in snapshot.visits[:-1]]
    end = max(earlier, default=known)
    if end is None:
        return Truth(False)
    return Truth(node.ago_ms is None or end + node.ago_ms <= snapshot.now)


def _trait(node: Trait, snapshot: Snapshot, _: str | None) -> Truth:
    held = snapshot.known.traits.get(node.name)
    return Truth(held is not None and compares(held, node.cmp, node.value))


def _score(node: Score, snapshot: Snapshot, _: str | None) -> Truth:
    held = snapshot.known.scores.get(node.key)
    return Truth(held is not None and orders(held, node.cmp, node.value))


def _tag(node: Tag, snapshot: Snapshot, _: str | None) -> Truth:
    return Truth(node.key in snapshot.known.tags)


def _meaning(node: TagNumber | Number, snapshot: Snapshot, key: str | None) -> Truth:
    return truth_of(meaning(node), snapshot, key)


def _in_segment(node: InSegment, snapshot: Snapshot, _: str | None) -> Truth:
    return Truth(node.key in snapshot.known.segments)


def _in_list(node: InList, snapshot: Snapshot, _: str | None) -> Truth:
    return Truth(list_column(node.key) in snapshot.known.segments)


def _room_fact(node: RoomFact, snapshot: Snapshot, key: str | None) -> Truth:
    held = snapshot.known.facts.get(node.name)
    value = key if node.value is None else node.value
    return Truth(held is not None and value is not None and compares(held, node.cmp, value))


_READERS: Final[dict[type[Node], Callable[..., Truth]]] = {
    And: _and,
    Or: _or,
    Not: _not,
    Count: _count,
    Distinct: _distinct,
    Sum: _sum,
    First: _first,
    Last: _last,
    TimeSince: _time_since,
    Viewing: _viewing,
    Idle: _idle,
    Hidden: _hidden,
    InRoom: _in_room,
    PreviousVisit: _previous_visit,
    Trait: _trait,
    Score: _score,
    Tag: _tag,
    TagNumber: _meaning,
    Number: _meaning,
    InSegment: _in_segment,
    InList: _in_list,
    RoomFact: _room_fact,
}
