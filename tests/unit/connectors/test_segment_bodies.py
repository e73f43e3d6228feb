"""Bodies of Segment's API give the events that its calls give one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from qianmian.connectors.segment_bodies import read_segment
from qianmian.connectors.segment_calls import MAX_BATCH_CALLS, SegmentCalls
from qianmian.connectors.settling import Post, objects_settled, rows_decoded
from qianmian.errors import InputError

ARRIVAL_MS = 1_767_225_600_000
POST = Post(ARRIVAL_MS, default_room="r", message=3)


def track(event: str, **more: Any) -> dict[str, Any]:
    return {"type": "track", "event": event, "userId": "u", "messageId": event, **more}


def test_a_batch_gives_an_event_or_a_rejection_per_call() -> None:
    calls = [
        track("Product Viewed", properties={"product_id": "p", "price": 1.25, "currency": "CNY"}),
        track("Products Searched"),
        7,
        {"type": "identify", "anonymousId": "a", "userId": "u", "traits": {"city": "x"}},
        track("Order Completed", properties={"order_id": "o", "products": [{"product_id": "p"}]}),
        track("liked", userId=9),
    ]
    body = json.dumps({"batch": calls}).encode()
    decoded = read_segment(body, POST, SegmentCalls())
    rows = {row["type"]: row for row in decoded.batch.to_rows()}
    assert set(rows) == {"product_viewed", "identity_linked", "order_paid"}
    assert (rows["product_viewed"]["price"], rows["product_viewed"]["room"]) == (125, "r")
    assert rows["order_paid"]["items"] == [{"product": "p", "quantity": 1}]
    assert [(one.index, one.reason_code) for one in decoded.rejected] == [
        (1, "no_counterpart"),
        (2, "not_an_object"),
        (5, "wrong_type"),
    ]
    assert {row["message"] for row in rows.values()} == {3}


def test_time_is_by_the_clock_of_the_gateway() -> None:
    sent = {"sentAt": "2030-01-01T00:00:10Z", "receivedAt": "1999-01-01T00:00:00Z"}
    call = track("liked", originalTimestamp="2030-01-01T00:00:04Z")
    decoded = read_segment(json.dumps({"batch": [call], **sent}).encode(), POST, SegmentCalls())
    assert decoded.batch.event_time.tolist() == [ARRIVAL_MS - 6_000]
    assert decoded.batch.clock.tolist() == [ARRIVAL_MS]


def test_a_body_may_be_one_call_and_repeats_itself_without_an_id() -> None:
    call = {"type": "track", "event": "liked", "anonymousId": "a"}
    decoded = read_segment(json.dumps(call).encode(), POST, SegmentCalls())
    (row,) = decoded.batch.to_rows()
    assert (row["viewer"], row["message_id"]) == ("?a", "3.0")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"batch": 1}', b'{"a": 1e999999999999999999999}'])
def test_what_is_no_call_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(InputError):
        read_segment(body, POST, SegmentCalls())


def test_a_batch_is_bounded() -> None:
    body = json.dumps({"batch": [1] * (MAX_BATCH_CALLS + 1)}).encode()
    with pytest.raises(InputError, match="at most"):
        read_segment(body, POST, SegmentCalls())


def test_objects_are_settled_as_they_are_one_by_one() -> None:
    good = {"type": "liked", "room": "r", "viewer": "a", "quantity": 2}
    for raws in ([good, good], [good, {**good, "quantity": "2"}], [good, {**good, "no": 1}], []):
        one, other = objects_settled(raws, POST), rows_decoded(raws, POST)
        assert (one.batch.to_rows(), one.rejected) == (other.batch.to_rows(), other.rejected)
