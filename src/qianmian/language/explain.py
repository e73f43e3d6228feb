"""Why: which part of an expression holds, since when, and because of which events.

Pure functions over the applied rows of one viewer (room events among them) and what is known of the
viewer beside them. They read `docs/semantics.md` plainly and slowly, one viewer at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qianmian.language.ast import (
    And,
    Count,
    Node,
    Not,
    Number,
    Or,
    Score,
    Sum,
    TagNumber,
    Trait,
    walk,
)
from qianmian.language.definition import Definition
from qianmian.language.fact_columns import column_of, is_long
from qianmian.language.instants import Instant, instants_of
from qianmian.language.presence import SILENCE_MS
from qianmian.language.rows import Known, Row
from qianmian.language.snapshot import Snapshot, at_instant, in_event
from qianmian.language.text import show
from qianmian.language.truth import truth_of
from qianmian.language.types import sort_of

_SPANS = ("within", "within_ms", "for_ms", "ago_ms", "value_ms")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an expression at an instant.

    Attributes:
        text: the part as text.
        holds: whether it holds; a pulse holds at its instant only.
        since: since when without interruption, in ms; None when it does not hold, or always has.
        because: ids of the events that make it hold, ascending.
        is_unknown: it does not hold because nothing is known: insufficient evidence.
        parts: of and, or, not.
    """

    text: str
    holds: bool
    since: int | None
    because: tuple[str, ...]
    parts: tuple[Part, ...] = ()
    is_unknown: bool = False


def because(
    what: Definition | Node,
    rows: Sequence[Row],
    at: int,
    key: str | None = None,
    known: Known | None = None,
) -> tuple[str, ...]:
    """The ids of the events that made a moment true at `at` for `key`; () when nothing did."""
    node = what.expr if isinstance(what, Definition) else what
    held = known or Known()
    if sort_of(node) == "pulse":
        found = [
            instant
            for instant in instants_of(node, rows, at, held)
            if instant.at == at and key in (None, instant.key)
        ]
        return tuple(sorted({one for instant in _first_of(found) for one in instant.because}))
    for snapshot in _evaluations_at(rows, at, held):
        truth = truth_of(node, snapshot, key)
        if truth.holds:
            return truth.because
    return ()


def _first_of(instants: Sequence[Instant]) -> list[Instant]:
    """Those of the first evaluation among several of one instant: events in order, then timers."""
    events = [one.row.arrival_order for one in instants if one.row is not None]
    if not events:
        return list(instants)
    return [one for one in instants if one.row and one.row.arrival_order == min(events)]


def _evaluations_at(rows: Sequence[Row], at: int, known: Known) -> list[Snapshot]:
    """The evaluations of one instant: of each of its events, then its end."""
    events = sorted((row for row in rows if row.clock == at), key=lambda row: row.arrival_order)
    return [*(in_event(rows, row, known) for row in events), at_instant(rows, at, known)]


def explain(
    node: Node,
    rows: Sequence[Row],
    now: int,
    known: Known | None = None,
    key: str | None = None,
) -> Part:
    """The tree of parts at the end of the instant `now`.

    Cost: O(rows²) per part in the worst case; meant for one viewer and a person who asks.
    """
    return _explained(node, [row for row in rows if row.clock <= now], now, known or Known(), key)


def _explained(node: Node, rows: Sequence[Row], now: int, known: Known, key: str | None) -> Part:
    parts: tuple[Part, ...] = ()
    if isinstance(node, And | Or):
        parts = tuple(_explained(part, rows, now, known, key) for part in node.parts)
    elif isinstance(node, Not):
        parts = (_explained(node.part, rows, now, known, key),)
    text = show(node)
    if sort_of(node) == "pulse":
        ids = because(node, rows, now, key, known)
        return Part(text, bool(ids), now if ids else None, ids, parts)
    truth = truth_of(node, at_instant(rows, now, known), key)
    since = _since(node, rows, now, known, key) if truth.holds else None
    return Part(text, truth.holds, since, truth.because, parts, _is_unknown(node, known))


def _is_unknown(node: Node, known: Known) -> bool:
    """Whether it asks for something that neither events nor facts have told."""
    match node:
        case Trait(name):
            return name not in known.traits
        case Score(key):
            return key not in known.scores
        case Number(of):
            return _is_unknown(of, known)
        case TagNumber(key):
            return key not in known.tags
        case Count() | Sum() if is_long(node):
            return not known.carries(column_of(node).name)
    return False


def _since(node: Node, rows: Sequence[Row], now: int, known: Known, key: str | None) -> int | None:
    """The earliest instant from which it has held without interruption; None: always."""
    held_since = now
    for instant in sorted(_turning_points(node, rows, now), reverse=True):
        if not truth_of(node, at_instant(rows, instant, known), key).holds:
            return held_since
        held_since = instant
    return None if _holds_without_rows(node, known, key) else held_since


def _holds_without_rows(node: Node, known: Known, key: str | None) -> bool:
    return truth_of(node, at_instant((), 0, known), key).holds


def _turning_points(node: Node, rows: Sequence[Row], now: int) -> set[int]:
    """Every instant up to now at which the truth of a level can change."""
    spans = {0, SILENCE_MS}
    for below in walk(node):
        for name in _SPANS:
            ms = getattr(below, name, None)
            if isinstance(ms, int):
                wait_ms = getattr(below, "wait_ms", 0)
                spans |= {ms, ms + 1, ms + wait_ms}
    points = {row.clock for row in rows}
    for row in rows:
        idle_ms = row.fields.get("idle_ms")
        starts = [row.event_time]
        if isinstance(idle_ms, int):
            starts.append(row.event_time - idle_ms)
        points |= {start + span for start in starts for span in spans}
    first = min((row.clock for row in rows), default=now)
    return {point for point in points if first <= point <= now}
