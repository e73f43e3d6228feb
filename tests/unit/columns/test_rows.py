"""From rows to columns: names, ids, and the order of the rows of one message."""

from __future__ import annotations

from typing import Any

import pytest

from qianmian.columns.batch import MISSING, EventBatch
from qianmian.errors import InputError, UnknownName


def test_rows_become_columns() -> None:
    batch = EventBatch.from_rows(
        [
            {"clock": 5, "type": "heartbeat", "viewer": "u1", "visible": True, "idle_ms": 7},
            {"clock": 6, "event_time": 4, "type": "liked", "viewer": "u1", "room": "r1"},
        ]
    )
    assert len(batch) == 2
    assert batch.clock.tolist() == [5, 6]
    assert batch.event_time.tolist() == [5, 4]
    assert batch.type.tolist() == [2, 17]
    assert batch.strings["viewer"].codes.tolist() == [0, 0]
    assert batch.strings["room"].get(0) is None
    assert batch.strings["room"].get(1) == "r1"
    assert batch.numbers["visible"].tolist() == [1, MISSING]
    assert batch.numbers["idle_ms"].tolist() == [7, MISSING]
    assert "amount" not in batch.numbers
    assert batch.items is None


def test_rows_of_one_message_are_put_in_order_of_event_time_and_position() -> None:
    rows = [
        {"clock": 9, "event_time": time, "type": "liked", "message": message, "message_id": name}
        for time, message, name in [(7, 1, "c"), (5, 1, "a"), (7, 1, "d"), (5, 1, "b"), (1, 2, "e")]
    ]
    batch = EventBatch.from_rows(rows)
    column = batch.strings["message_id"]
    assert [column.get(row) for row in range(5)] == ["a", "b", "c", "d", "e"]
    assert batch.numbers["message"].tolist() == [1, 1, 1, 1, 2]


def test_messages_keep_their_order_at_the_same_clock() -> None:
    rows: list[dict[str, Any]] = [
        {"clock": 9, "event_time": 7, "type": "liked"},
        {"clock": 9, "event_time": 5, "type": "liked"},
    ]
    batch = EventBatch.from_rows(rows, first_message=40)
    assert batch.event_time.tolist() == [7, 5]
    assert batch.numbers["message"].tolist() == [40, 41]


def test_items_and_traits_stay_with_their_row_when_rows_move() -> None:
    rows: list[dict[str, Any]] = [
        {"clock": 9, "event_time": 8, "type": "profile_updated", "traits": {"age": 3}},
        {"clock": 9, "event_time": 7, "type": "order_paid", "items": [{"product": "p"}]},
        {"clock": 9, "event_time": 6, "type": "liked"},
    ]
    batch = EventBatch.from_rows(row | {"message": 0} for row in rows)
    assert batch.items is not None
    assert batch.items.offsets.tolist() == [0, 0, 1, 1]
    assert batch.items.quantity.tolist() == [1]
    assert batch.items.price.tolist() == [MISSING]
    assert batch.traits == {2: {"age": 3}}


def test_an_anonymous_viewer_is_marked() -> None:
    rows = [
        {"clock": 1, "type": "liked", "anonymous_id": "a"},
        {"clock": 2, "type": "liked", "anonymous_id": "?a"},
        {"clock": 3, "type": "liked", "anonymous_id": "a", "viewer": "u"},
        {"clock": 4, "type": "session_ended"},
    ]
    viewer = EventBatch.from_rows(rows).strings["viewer"]
    assert [viewer.get(row) for row in range(4)] == ["?a", "?a", "u", None]


def test_a_link_is_an_event_of_the_anonymous_viewer() -> None:
    batch = EventBatch.from_rows(
        [{"clock": 1, "type": "identity_linked", "anonymous_id": "a", "viewer": "u"}]
    )
    assert batch.strings["viewer"].get(0) == "?a"
    assert batch.strings["linked_viewer"].get(0) == "u"


def test_a_stored_link_is_read_back_as_it_is() -> None:
    rows = [{"clock": 1, "type": "identity_linked", "viewer": "?a", "linked_viewer": "u"}]
    assert EventBatch.from_rows(rows).to_rows() == [rows[0] | {"event_time": 1, "message": 0}]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [{"clock": 1, "type": "liked", "product_id": "p"}],
            'unknown field "product_id".*"product"',
        ),
        ([{"clock": 2, "type": "liked"}, {"clock": 1, "type": "liked"}], "clocks of the rows go"),
        (
            [{"clock": 1, "type": "liked", "message": n} for n in (2, 1)],
            "message numbers of the rows go back",
        ),
        (
            [{"clock": n, "type": "liked", "message": 1} for n in (1, 2)],
            "different clocks",
        ),
        (
            [{"clock": 1, "type": "liked", "message": 1}, {"clock": 1, "type": "liked"}],
            "either every row",
        ),
    ],
)
def test_rows_that_are_no_log_are_refused(rows: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        EventBatch.from_rows(rows)


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(UnknownName, match="likes"):
        EventBatch.from_rows([{"clock": 1, "type": "likes"}])


def test_no_rows_are_an_empty_batch() -> None:
    assert len(EventBatch.from_rows([])) == 0
