"""The plan says the same as the plain reading of the semantics, for random levels and random logs.

The evaluator below reads the relational tree alone, over dictionaries, as a database would. What
it is compared with (`language/truth.py`, `language/instants.py`) reads the expression alone.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Sequence
from typing import Any, Final

import pytest
from hypothesis import given, settings

from qianmian.language.ast import Idle, InRoom, Node, PreviousVisit, Viewing, walk
from qianmian.language.instants import instants_of
from qianmian.language.parse import parse
from qianmian.language.plan import plan, plan_json
from qianmian.language.relations import (
    AsOf,
    Complement,
    CountWindow,
    DistinctWindow,
    Elapsed,
    Instants,
    Intersect,
    Match,
    Relation,
    Scan,
    SumWindow,
    Union,
    is_instant,
)
from qianmian.language.rows import Known, Row
from qianmian.language.snapshot import at_instant
from qianmian.language.truth import truth_of
from qianmian.language.types import check
from tests.strategies import expressions, viewer_rows

Event = dict[str, Any]

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


def holds(relation: Relation, events: Sequence[Event], now: int) -> bool:
    """Whether the viewer whose events these are is in the set."""
    match relation:
        case Intersect(parts):
            return all(holds(part, events, now) for part in parts)
        case Union(parts):
            return any(holds(part, events, now) for part in parts)
        case Complement(part):
            return not holds(part, events, now)
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


LEVELS = expressions(short=True, attributes=False, rooms=False, only="level").filter(is_counted)


@given(LEVELS, viewer_rows())
@settings(max_examples=300, deadline=None)
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


@given(expressions(short=True))
@settings(max_examples=200, deadline=None)
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
    ],
)
def test_the_relation_of_an_expression(text: str, relation: str) -> None:
    assert type(plan(parse(text))).__name__ == relation
