from __future__ import annotations

from typing import Any

import numpy as np

from qianmian.language.parse import parse_definition
from qianmian.runtime.evidence import Explainer
from qianmian.runtime.recorded import Recorder
from qianmian.runtime.replay import ReplayOptions, replay
from qianmian.runtime.report import Report, report_of
from tests.fakes.engine import FakeEngine
from tests.fakes.recording import FakeRecording

DEFINITIONS = [
    parse_definition("first_visit", "visit_started and not previous visit"),
    parse_definition("just_ordered", "order_paid"),
    parse_definition("doubt", "comment_sent"),
]


def report(rows: list[dict[str, Any]]) -> Report:
    recorder = Recorder(lambda texts: np.zeros(len(list(texts)), np.uint32))
    replayed = replay(FakeRecording(rows), recorder, FakeEngine(), DEFINITIONS, ReplayOptions())
    return report_of(replayed, DEFINITIONS, Explainer(presence=False))


def view(at: int, viewer: str, product: str = "p", category: str = "c") -> dict[str, Any]:
    return {
        "type": "product_viewed",
        "event_time": at,
        "viewer": viewer,
        "product": product,
        "category": category,
    }


ORDER = {
    "type": "order_paid",
    "event_time": 50,
    "viewer": "a",
    "order_id": "o",
    "items": [{"product": "p", "price": 5, "quantity": 2}, {"product": "q", "price": 7}],
    "currency": "CNY",
}
ROWS = [view(10, "a"), view(20, "b"), view(30, "a", "q"), ORDER, view(60, "a", "r"), view(70, "c")]


def test_the_funnel_counts_viewers_of_each_step() -> None:
    funnel = {step.key: (step.viewers, round(step.share, 3)) for step in report(ROWS).funnel}
    assert funnel == {"viewed": (3, 1.0), "carted": (0, 0.0), "paid": (1, 0.333)}


def test_hot_products_count_viewers_and_the_lines_of_orders() -> None:
    hottest = report(ROWS).hot_products
    assert [(p.product, p.viewers, p.orders, p.gmv_minor) for p in hottest] == [
        ("p", 3, 1, 10),
        ("q", 1, 1, 7),
        ("r", 1, 0, None),
    ]
    assert hottest[0].category == "c"


def test_examples_have_the_events_that_made_them_and_what_came_next() -> None:
    moments = {moment.key: moment for moment in report(ROWS).moments}
    assert [(m.key, m.firings, m.viewers) for m in moments.values()] == [
        ("doubt", 0, 0),
        ("first_visit", 3, 3),
        ("just_ordered", 1, 1),
    ]
    (ordered,) = moments["just_ordered"].examples
    assert [(event.at_ms, event.type, event.product) for event in ordered.because] == [
        (50, "order_paid", "p")
    ]
    assert ordered.next_event is not None
    assert (ordered.next_event.at_ms, ordered.next_event.product) == (60, "r")
    last = moments["first_visit"].examples[-1]
    assert (last.firing.viewer, last.next_event) == ("c", None)


def test_examples_are_of_different_viewers_and_spread_over_the_file() -> None:
    rows = [view(10 * i, f"v{i}") for i in range(1, 10)]
    examples = next(m for m in report(rows).moments if m.key == "first_visit").examples
    assert [example.firing.viewer for example in examples] == ["v1", "v5", "v9"]


def test_an_empty_file_has_an_empty_report() -> None:
    empty = report([])
    assert [step.viewers for step in empty.funnel] == [0, 0, 0]
    assert empty.hot_products == ()
    assert all(moment.examples == () for moment in empty.moments)
