from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from qianmian.bootstrap import simulate
from qianmian.connectors.segment_calls import SegmentCalls
from qianmian.connectors.sending.bodies import (
    can_be_segment,
    native_body,
    segment_body,
    segment_call,
)
from qianmian.simulation.plan import SimulationPlan, Trouble

PLAN = SimulationPlan(seed=8, viewers=150, minutes=10, trouble=Trouble.none())
DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def test_a_call_is_read_as_the_event_that_it_was_written_from() -> None:
    calls = SegmentCalls()
    kinds = set()
    for _, row in simulate(PLAN).events_between(PLAN.start_ms, PLAN.end_ms + 1):
        if not can_be_segment(row):
            continue
        kinds.add(row["type"])
        read = calls.translate(DECODER.decode(msgspec.json.encode(segment_call(row))), "1")
        assert isinstance(read, dict), (row, read)
        wanted = {k: v for k, v in row.items() if k not in ("stream", "seq")}
        assert {k: v for k, v in read.items() if v != ""} == wanted
    assert {"order_paid", "identity_linked", "heartbeat", "coupon_claimed"} <= kinds


def test_a_wrong_clock_stamps_the_event_and_the_sending_alike() -> None:
    row = {
        "type": "liked",
        "event_time": 1_000_000,
        "message_id": "1",
        "anonymous_id": "a",
        "room": "r",
    }
    native = DECODER.decode(native_body([row], 1_000_250, skew_ms=-9_000))
    assert native["sent_at"] - native["events"][0]["event_time"] == 250
    assert native["sent_at"] == 991_250
    segment = DECODER.decode(segment_body([row], 1_000_250, skew_ms=60_000))
    assert segment["sentAt"] == "1970-01-01T00:17:40.250Z"
    assert segment["batch"][0]["timestamp"] == "1970-01-01T00:17:40.000Z"
    received = {"receivedAt": "1970-01-01T00:16:40.250Z", "sentAt": segment["sentAt"]}
    read = SegmentCalls().translate(segment["batch"][0] | received, "1")
    assert isinstance(read, dict)
    assert read["event_time"] == 1_000_000


def test_an_event_of_the_room_has_no_call() -> None:
    assert not can_be_segment({"type": "product_presented", "room": "r"})
