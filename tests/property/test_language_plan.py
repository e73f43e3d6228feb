"""The plan says the same as the plain reading of the semantics, for random levels and random logs.

The evaluator below reads the relational tree alone, over dictionaries, as a database would. What
it is compared with (`language/truth.py`, `language/instants.py`) reads the expression alone.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qianmian.language.ast import (
    Idle,
    InRoom,
    Node,
    PreviousVisit,
    TagNumber,
    Then,
    Viewing,
    Without,
    walk,
)
from qianmian.language.instants import instants_of
from qianmian.language.names import ROOM_EVENTS
from qianmian.language.normalize import normalize
from qianmian.language.parse import parse
from qianmian.language.plan import plan, plan_json
from qianmian.language.relations import (
    AntiJoin,
    AsOf,
    ClockTime,
    Complement,
    CountWindow,
    DistinctWindow,
    Elapsed,
    Instants,
    Intersect,
    Match,
    Relation,
    RoomWide,
    Scan,
    SemiJoin,
    SumWindow,
    Union,
    is_instant,
)
from qianmian.language.rows import Known, Row
from qianmian.language.snapshot import at_instant
from qianmian.language.truth import truth_of
from qianmian.language.types import check
from tests.strategies import expressions, joined_pairs, room_guards, viewer_rows

Event = dict[str, Any]

QUIET: Final = Known(presence_none=True)
"""Nobody leaves by silence."""

COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "contains": lambda held, value: value in held,
    "starts_with": lambda held, value: held.startswith(value),
    "has": operator.eq,
    "in": lambda held, value: held in value,
}


def event_of(row: Row) -> Event:
    """A row as a line of a table: absent fields are absent keys, several values are lists."""
    event: Event = {"type": row.type, "time": row.event_time, "order": row.order, **row.fields}
    event |= {"product": list(row.products), "category": list(dict.fromkeys(row.categories))}
    return event


def passes(test: Relation | None, event: Event) -> bool:
    match test:
        case None:
            return True
        case Intersect(parts):
            return all(passes(part, event) for part in parts)
        case Union(parts):
            return any(passes(part, event) for part in parts)
        case Complement(part):
            return not passes(part, event)
        case ClockTime(begin, end, zone):
            at = datetime.fromtimestamp(event["time"] / 1_000, ZoneInfo(zone or "Asia/Shanghai"))
            time = (at.hour * 60 + at.minute) * 60_000
            return begin <= time < end if begin < end else time >= begin or time < end
        case Match(field, cmp, value):
            held = event.get(field, [])
            many = list(held) if isinstance(held, list | tuple) else [held]
            rule = all if cmp == "!=" else any
            return bool(many) and rule(COMPARE[cmp](one, value) for one in many)
    raise AssertionError(test)


def scanned(scan: Scan, events: Sequence[Event], now: int) -> list[Event]:
    least = now - scan.since if isinstance(scan.since, int) else -1
    return [
        event
        for event in events
        if event["type"] in scan.types and event["time"] > least and passes(scan.where, event)
    ]


def holds(relation: Relation, events: Sequence[Event], now: int, key: str | None = None) -> bool:
    """Whether the viewer whose events these are is in the set; `key` is that of what fires."""
    match relation:
        case Intersect(parts):
            return all(holds(part, events, now, key) for part in parts)
        case Union(parts):
            return any(holds(part, events, now, key) for part in parts)
        case Complement(part):
            return not holds(part, events, now, key)
        case CountWindow(rows, cmp, value):
            return COMPARE[cmp](len(scanned(rows, events, now)), value)
        case DistinctWindow(rows, field, cmp, value):
            found = {one for event in scanned(rows, events, now) for one in event[field]}
            return COMPARE[cmp](len(found), value)
        case SumWindow(rows, field, cmp, value):
            return COMPARE[cmp](sum(e.get(field, 0) for e in scanned(rows, events, now)), value)
        case AsOf(rows, edge, field, cmp, value):
            ordered = sorted(scanned(rows, events, now), key=lambda event: event["order"])
            place = 0 if edge == "first" else -1
            return bool(ordered) and passes(Match(field, cmp, value), ordered[place])
        case Elapsed(rows, cmp, ms):
            times = [event["time"] for event in scanned(rows, events, now)]
            return bool(times) and COMPARE[cmp](now - max(times), ms)
        case RoomWide(test, asked):
            of_room = [event for event in events if event["type"] in ROOM_EVENTS]
            if asked is not None:
                of_room = [event for event in of_room if key in event[asked]]
            return holds(test, of_room, now)
    raise AssertionError(relation)


def is_counted(node: Node) -> bool:
    """Whether the plan needs nothing but rows: no states, no present visit."""
    states = (Idle, InRoom, PreviousVisit, Viewing)
    names = {type(below).__name__ for below in walk(node)}
    visits = any(getattr(below, "within", None) == "visit" for below in walk(node))
    return (
        not visits
        and "Hidden" not in names
        and not isinstance(node, states)
        and not (names & {state.__name__ for state in states})
    )


def is_settled(node: Node) -> bool:
    """Whether nothing in it waits for what a tag measures."""
    return not any(isinstance(part, TagNumber) for part in walk(node))


LEVELS = expressions(short=True, attributes=False, rooms=False, only="level").filter(is_counted)


@given(LEVELS, viewer_rows())
@settings(max_examples=max(75, settings().max_examples))
def test_the_plan_of_a_level_holds_when_the_level_holds(node: Node, rows: list[Row]) -> None:
    last = rows[-1].clock if rows else 0
    for now in (last, last + 1_000, last + 2_500, last + 13_001):
        arrived = [event_of(row) for row in rows if row.clock <= now]
        expected = truth_of(node, at_instant(rows, now, Known())).holds
        assert holds(plan(node), arrived, now) == expected


def test_the_comparison_sees_both_answers() -> None:
    answers: set[bool] = set()

    @given(LEVELS, viewer_rows())
    @settings(max_examples=60, deadline=None, database=None, derandomize=True)
    def collect(node: Node, rows: list[Row]) -> None:
        now = rows[-1].clock if rows else 0
        answers.add(holds(plan(node), [event_of(row) for row in rows], now))

    collect()
    assert answers == {True, False}


GUARDS = room_guards(short=True).map(normalize).filter(is_counted)


@given(GUARDS, viewer_rows(), st.sampled_from(("p1", "p2", "cream")))
@settings(max_examples=max(50, settings().max_examples))
def test_the_plan_of_a_look_back_at_the_room_holds_when_it_does(
    node: Node, rows: list[Row], key: str
) -> None:
    now = (rows[-1].clock if rows else 0) + 1_000
    expected = truth_of(node, at_instant(rows, now, Known()), key).holds
    assert holds(plan(node), [event_of(row) for row in rows], now, key) == expected


@given(expressions(short=True).filter(is_settled))
@settings(max_examples=max(50, settings().max_examples))
def test_every_expression_has_a_plan_of_its_sort(node: Node) -> None:
    found = plan(node)
    assert is_instant(found) == (check(node).sort == "pulse")
    assert json.loads(json.dumps(plan_json(found)))["relation"] == type(found).__name__


@given(viewer_rows())
@settings(max_examples=50, deadline=None)
def test_the_plan_of_an_event_is_its_instants(rows: list[Row]) -> None:
    node = parse('(cart_added or liked) where not category == "phone"')
    found = plan(node)
    assert isinstance(found, Instants)
    until = rows[-1].clock if rows else 0
    events = scanned(found.rows, [event_of(row) for row in rows], until)
    assert len(instants_of(node, rows, until, Known())) == len(events)


def keys_in(event: Event, key: str | None) -> list[Any]:
    return [None] if key is None else event[key]


def instants(relation: Relation, events: Sequence[Event]) -> list[tuple[int, Any]]:
    """The instants of a sequence or an absence in a history without ties, leaving or silence."""
    assert isinstance(relation, SemiJoin | AntiJoin)
    firsts = scanned(relation.first, events, 0)
    seconds = scanned(relation.second, events, 0)
    found: list[tuple[int, Any]] = []
    if isinstance(relation, SemiJoin):
        for second in seconds:
            for key in keys_in(second, relation.key):
                earlier = [
                    first["time"]
                    for first in firsts
                    if first["time"] < second["time"] and key in keys_in(first, relation.key)
                ]
                if earlier and second["time"] - max(earlier) <= relation.within_ms:
                    found.append((second["time"], key))
        return sorted(found, key=str)
    for first in firsts:
        end = first["time"] + relation.within_ms
        followed = [s for s in seconds if first["time"] < s["time"] <= end]
        found += [
            (end + relation.wait_ms, key)
            for key in keys_in(first, relation.key)
            if not any(key in keys_in(second, relation.key) for second in followed)
        ]
    return sorted(found, key=str)


def quiet_history(rows: list[Row]) -> list[Row]:
    """At most seven of the acts, one after the other: nobody leaves, and no bound is reached."""
    leaving = ("product_left", "room_left", "heartbeat")
    acts = [row for row in rows if row.type not in leaving][:7]
    times = [row.clock + place for place, row in enumerate(acts)]
    return [
        replace(row, clock=at, event_time=at, products=row.products[:1])
        for row, at in zip(acts, times, strict=True)
    ]


PAIRS = joined_pairs().filter(lambda node: node.same != "visit")
HISTORIES = viewer_rows().map(quiet_history)


@given(PAIRS, HISTORIES)
@settings(max_examples=max(100, settings().max_examples))
def test_the_plan_of_a_sequence_or_an_absence_is_its_instants(
    node: Then | Without, rows: list[Row]
) -> None:
    until = (rows[-1].clock if rows else 0) + 60_000
    expected = [(one.at, one.key) for one in instants_of(node, rows, until, QUIET)]
    assert instants(plan(node), [event_of(row) for row in rows]) == sorted(expected, key=str)


def test_the_comparison_of_instants_sees_both_sorts_with_and_without_any() -> None:
    seen: set[tuple[str, bool]] = set()

    @given(PAIRS, HISTORIES)
    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    def collect(node: Then | Without, rows: list[Row]) -> None:
        found = instants(plan(node), [event_of(row) for row in rows])
        seen.add((type(node).__name__, bool(found)))

    collect()
    assert seen == {(name, any_) for name in ("Then", "Without") for any_ in (True, False)}


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("liked then shared within 5s on same product", "SemiJoin"),
        ("liked without shared within 5s", "AntiJoin"),
        ("count(liked) within 5s >= 2 on same product", "Completions"),
        ("visit_started and tag.x", "Guarded"),
        ("visit_started or liked", "Union"),
        ("idle for 5s", "State"),
        ("product_viewed for 2m on same product", "OpenView"),
        ("previous visit", "EarlierVisit"),
        ("score.x > 0.5", "Attribute"),
        ("in segment.x", "Member"),
        ("room.online > 5", "FactOfRoom"),
        ("time_since(session_started) < 10m", "RoomWide"),
    ],
)
def test_the_relation_of_an_expression(text: str, relation: str) -> None:
    assert type(plan(parse(text))).__name__ == relation
