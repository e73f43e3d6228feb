from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qianmian.language.parse import parse_definition
from qianmian.runtime.recorded import Recorder
from qianmian.runtime.replay import Replayed, ReplayOptions, replay
from tests.fakes.engine import FakeEngine
from tests.fakes.recording import FakeRecording

DEFINITIONS = [
    parse_definition("first_visit", "visit_started and not previous visit"),
    parse_definition("just_ordered", "order_paid"),
    parse_definition("doubt", "comment_sent"),
    parse_definition("buyer", "order_paid this session", "tag"),
]


def classify(texts: Any) -> Any:
    return np.array([len(text) % 2 for text in texts], np.uint32)


def run(recording: FakeRecording, engine: FakeEngine | None = None, **options: Any) -> Replayed:
    return replay(
        recording,
        Recorder(classify),
        engine or FakeEngine(),
        DEFINITIONS,
        ReplayOptions(**options),
    )


def view(at: int, viewer: str = "a", **given: Any) -> dict[str, Any]:
    return {"type": "product_viewed", "event_time": at, "viewer": viewer, "product": "p"} | given


def paid(at: int, amount: int | None, viewer: str = "a", **given: Any) -> dict[str, Any]:
    return {
        "type": "order_paid",
        "event_time": at,
        "viewer": viewer,
        "order_id": f"o{at}",
        "amount": amount,
        "currency": "CNY",
    } | given


LOG = [
    view(5_000, visit="s1"),
    view(1_000, "b", visit=""),
    {"bad": "yesterday"},
    paid(9_000, 1250, visit="s1"),
    view(5_000, visit="s1"),  # the first row again
    paid(9_500, None),
    view(9_000, "b"),
    {"type": "comment_sent", "event_time": 9_700, "viewer": "c", "text": "?"},
    paid(9_800, 70, order_id="refused"),
]


@pytest.mark.parametrize("per_chunk", [1, 3, 100])
@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_the_counts_are_what_the_rules_say(per_chunk: int, batch_rows: int) -> None:
    replayed = run(FakeRecording(LOG, per_chunk=per_chunk), batch_rows=batch_rows)
    result = replayed.result
    assert result.events == result.accepted + result.duplicates + result.late + result.rejected == 9
    assert (result.accepted, result.duplicates, result.late, result.rejected) == (6, 1, 0, 2)
    assert result.by_type == {"product_viewed": 3, "order_paid": 2, "comment_sent": 1}
    assert (result.viewers, result.sessions, result.visits) == (3, 1, 4)
    assert (result.gmv_minor, result.currency) == (1250, "CNY")
    assert result.firings_by_moment == {"doubt": 0, "first_visit": 3, "just_ordered": 1}
    assert [(row.line, row.reason) for row in replayed.rejected] == [(3, "bad_time")]
    assert replayed.orders_without_amount == 1
    assert (replayed.clock_start_ms, replayed.clock_end_ms) == (1_000, 9_800)


def test_what_full_lists_made_the_engine_forget_is_told() -> None:
    engine = FakeEngine()
    engine.overflow = 3
    assert run(FakeRecording(LOG), engine).overflow == 3


def test_the_digest_does_not_depend_on_chunks_or_batches() -> None:
    digests = {
        run(FakeRecording(LOG, per_chunk=chunk), batch_rows=rows).result.digest
        for chunk in (1, 4)
        for rows in (1, 5)
    }
    assert len(digests) == 1


def test_rows_go_by_event_time_and_ties_by_row_order() -> None:
    log = [view(2_000, "late"), view(1_000, "x"), view(1_000, "y")]
    assert [f.viewer for f in run(FakeRecording(log)).firings] == ["x", "y", "late"]


def test_as_arrived_the_clock_is_the_running_maximum_and_rows_can_be_late() -> None:
    log = [view(10_000), view(4_000, "b"), view(6_000, "c"), view(20_000)]
    result = run(FakeRecording(log), as_arrived=True).result
    assert (result.accepted, result.late) == (3, 1)
    assert result.viewers == 2


@pytest.mark.parametrize(
    ("until", "events", "finished"),
    [
        (None, 3, 9_000),
        (9_000, 3, 9_000),
        (60_000, 3, 60_000),  # the clock runs on
        (5_000, 2, 5_000),  # at the instant itself it still counts
        (4_999, 1, 4_999),
    ],
)
def test_until_stops_or_runs_on(until: int | None, events: int, finished: int) -> None:
    engine = FakeEngine()
    log = [view(9_000), view(1_000), view(5_000)]
    replayed = run(FakeRecording(log), engine, until_ms=until)
    assert replayed.result.events == events
    assert engine.finished_at == replayed.clock_end_ms == finished


def test_rows_with_ids_of_their_own_are_left_to_the_engine() -> None:
    log = [view(1, message_id="m1"), view(1, message_id="m2"), view(2, message_id="m1")]
    result = run(FakeRecording(log, ids=True)).result
    assert (result.accepted, result.duplicates) == (2, 1)


def test_a_file_without_a_row_is_no_error() -> None:
    result = run(FakeRecording([], currency=None)).result
    assert (result.events, result.viewers, result.sessions, result.visits) == (0, 0, 0, 0)
    assert result.currency is None
    assert result.firings_by_moment == {"doubt": 0, "first_visit": 0, "just_ordered": 0}


def test_only_rejections_is_no_error_either() -> None:
    result = run(FakeRecording([{"bad": "x"}] * 5)).result
    assert (result.events, result.rejected) == (5, 5)


def test_amounts_of_another_currency_are_told_and_not_added() -> None:
    log = [paid(1, 10), paid(2, 20), paid(3, 5, currency="USD")]
    replayed = run(FakeRecording(log, currency=None))
    assert (replayed.result.gmv_minor, replayed.result.currency) == (30, "CNY")
    assert replayed.orders_in_other_currency == 1


def test_a_sum_beyond_64_bits_is_exact() -> None:
    log = [paid(i, 1 << 53) for i in range(1, 1_200)]
    assert run(FakeRecording(log, per_chunk=500)).result.gmv_minor == 1_199 << 53


def test_texts_are_classified_when_they_are_read() -> None:
    log = [{"type": "comment_sent", "event_time": 1, "viewer": "a", "text": t} for t in ("x", "yy")]
    recorded = run(FakeRecording([*log, view(3)])).recorded
    missing = -(1 << 63)
    assert recorded.number("classes").tolist() in ([1, 0, missing], [1, 0, 0])


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    replay(
        FakeRecording([view(i) for i in range(1, 6)]),
        Recorder(classify),
        FakeEngine(),
        DEFINITIONS,
        ReplayOptions(batch_rows=2),
        on_run=lambda done, total: told.append((done, total)),
    )
    assert told == [(2, 5), (4, 5), (5, 5)]
