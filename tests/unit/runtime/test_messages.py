"""Every body of a message comes back from its bytes as it went in."""

from __future__ import annotations

from typing import get_args

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.columns.batch import EventBatch
from qianmian.engine.room_facts import RoomFact
from qianmian.errors import InputError
from qianmian.language.definition import Definition
from qianmian.runtime import messages
from qianmian.runtime.messages import (
    Backfilled,
    Body,
    Catalog,
    Decided,
    DefinitionsChanged,
    Erased,
    Events,
    FactsNamed,
    RoomFacts,
    Settled,
    StrategiesChanged,
    Tick,
    decoded,
    encoded,
)
from qianmian.strategies.strategy import Guardrails, Strategies
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.product import Product
from tests.strategies import definitions
from tests.strategy_shop import offer, strategy

CLOCK = 1_700_000_000_000
ROWS: list[dict[str, object]] = [
    {"type": "product_viewed", "viewer": "v1", "room": "r", "product": "口红", "seq": 3},
    {"type": "comment_sent", "anonymous_id": "a", "room": "r", "text": "多少钱?", "classes": 2},
    {"type": "identity_linked", "anonymous_id": "a", "viewer": "v1", "traits": {"vip": True}},
    {
        "type": "order_paid",
        "viewer": "v1",
        "order_id": "o1",
        "amount": 9_990,
        "currency": "CNY",
        "items": [{"product": "口红", "quantity": 2, "price": 4_995, "amount": 9_990}],
    },
]
BODIES: list[Body] = [
    Tick(),
    Backfilled(CLOCK - 120_000, 3, 9),
    FactsNamed("ab" * 32),
    RoomFacts((RoomFact(CLOCK, "r", "online", 5), RoomFact(CLOCK, "r", "moment.x", 1, "口红"))),
    RoomFacts(()),
    DefinitionsChanged(()),
    Erased(("?erased-0f", "erased-1e")),
    StrategiesChanged(Strategies((strategy(whom=("keen",)),), (offer(stock=3),), Guardrails())),
    Decided(
        (Decision("d", CLOCK, "v1", "r", "s", "coupon", 1, "f", "act", channels=("in_room",)),)
    ),
    Settled(("d",), ()),
    Catalog((Product("p1", title="口红", category=("beauty", "lips"), price_minor=9_900),)),
]


def events(count: int, *, message: int) -> EventBatch:
    rows = [{"clock": CLOCK, "message": message} | ROWS[i % len(ROWS)] for i in range(count)]
    return EventBatch.from_rows(rows)


def test_every_kind_of_body_is_tried() -> None:
    tried = {type(body) for body in BODIES} | {Events, DefinitionsChanged}
    assert tried == set(get_args(Body))


@pytest.mark.parametrize("body", BODIES, ids=repr)
def test_a_body_without_events_comes_back(body: Body) -> None:
    assert decoded(*encoded(body)) == body


@given(given_definitions=st.lists(definitions(), max_size=3))
def test_definitions_come_back(given_definitions: list[Definition]) -> None:
    body = DefinitionsChanged(tuple(given_definitions))
    assert decoded(*encoded(body)) == body


@pytest.mark.parametrize("count", [0, 1, 4, 500])
def test_events_come_back_with_the_offset_as_the_number_of_their_message(count: int) -> None:
    batch = events(count, message=7)
    again = decoded(*encoded(Events(batch)), offset=41)
    assert isinstance(again, Events)
    assert again.batch.to_rows() == [row | {"message": 41} for row in batch.to_rows()]


def test_a_slice_of_a_large_batch_takes_only_its_own_strings_along() -> None:
    kind, data = encoded(Events(events(2_000, message=0).slice(0, 1)))
    assert kind == messages.EVENTS
    assert "o1" not in bytes(memoryview(data)).decode("utf-8", errors="ignore")


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (0, b""),
        (99, b"{}"),
        (messages.BACKFILLED, b'{"since_ms": "x"}'),
        (messages.BACKFILLED, b"\xff"),
        (messages.FACTS, b"{"),
        (messages.ROOM_FACTS, b"[[1]]"),
        (messages.EVENTS, b""),
        (messages.EVENTS, b"ARROW1 no more"),
        (messages.DEFINITIONS, b"3"),
    ],
)
def test_bytes_that_are_no_body_are_refused(kind: int, data: bytes) -> None:
    with pytest.raises(InputError):
        decoded(kind, data)


def test_a_record_batch_without_its_fixed_columns_is_refused() -> None:
    record = pa.RecordBatch.from_pydict({"clock": [1]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, record.schema) as writer:
        writer.write_batch(record)
    with pytest.raises(InputError, match="event_time"):
        decoded(messages.EVENTS, sink.getvalue())


def test_kinds_have_the_numbers_they_always_had() -> None:
    # they are in the segments of every installation
    assert [encoded(body)[0] for body in BODIES] == [2, 4, 5, 6, 6, 3, 8, 9, 10, 11, 7]
    assert encoded(Events(events(1, message=0)))[0] == 1


def test_room_facts_are_plain_lists_of_json() -> None:
    _, data = encoded(RoomFacts((RoomFact(1, "r", "gmv", 2),)))
    assert msgspec.json.decode(memoryview(data)) == [[1, "r", "gmv", 2, None]]
