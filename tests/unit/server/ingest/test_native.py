"""Our own events: rows, columns and Arrow say the same, and none can break the door."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from qianmian.columns.arrow import to_arrow
from qianmian.columns.batch import EventBatch
from qianmian.server.ingest.native import ROUTE_BY_CONTENT
from tests.ingesting import BROWSER, NOW, SERVER, Ingest, Reply

COLUMNS = "application/vnd.qianmian.columns+json"
ARROW = "application/vnd.apache.arrow.stream"

EVENTS: list[dict[str, Any]] = [
    {"type": "product_viewed", "viewer": "u1", "product": "p1", "event_time": NOW - 3_000},
    {"type": "liked", "viewer": "u2", "quantity": 3, "event_time": NOW - 2_000, "room": "r2"},
    {"type": "comment_sent", "anonymous_id": "a1", "text": "贵吗?", "event_time": NOW - 1_000},
    {
        "type": "order_paid",
        "viewer": "u1",
        "order_id": "o1",
        "items": [{"product": "p1", "quantity": 2, "price": 500}, {"product": "p2", "amount": 7}],
        "currency": "CNY",
        "event_time": NOW,
    },
    {"type": "profile_updated", "viewer": "u1", "traits": {"vip": True, "n": 3}, "event_time": NOW},
    {"type": "heartbeat", "viewer": "u1", "visible": True, "idle_ms": 0, "event_time": NOW},
]
EVENTS = [event | {"message_id": f"m{n}"} for n, event in enumerate(EVENTS)]


def columns_of(events: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for event in events for name in event)
    return {name: [event.get(name) for event in events] for name in names}


def stream_of(
    columns: dict[str, Any],
    *,
    metadata: dict[str, str] | None = None,
    compression: str | None = None,
) -> bytes:
    """An Arrow IPC stream; traits as JSON text."""
    columns = dict(columns)
    if "traits" in columns:
        texts = [None if one is None else json.dumps(one) for one in columns["traits"]]
        columns["traits"] = texts
    table = pa.table(columns).replace_schema_metadata(metadata)
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def send(ingest: Ingest, content: str, body: object, key: str = SERVER) -> Reply:
    return ingest.post("/v1/events", body, key=key, headers={"content-type": content})


def test_the_three_forms_of_the_same_events_give_the_same_batch() -> None:
    forms: dict[str, object] = {
        "application/json": {"events": EVENTS},
        "application/json; charset=utf-8": EVENTS,
        COLUMNS: {"columns": columns_of(EVENTS)},
        ARROW: stream_of(columns_of(EVENTS)),
    }
    batches = []
    for content, body in forms.items():
        ingest = Ingest()
        reply = send(ingest, content, body)
        assert reply.body == {"success": True, "accepted": len(EVENTS), "rejected": []}, content
        batches.append(ingest.log.batches[0])
    rows = [to_arrow(batch).to_pylist() for batch in batches]
    assert rows[1:] == rows[:1] * 3
    assert batches[0].to_rows()[3]["amount"] == 1_007
    assert batches[0].numbers["classes"].tolist() == [0, 0, 1, 0, 0, 0]


def test_a_batch_of_ours_as_arrow_goes_in_again() -> None:
    rows = [{"clock": NOW, "type": "liked", "viewer": "u1", "room": "r1", "quantity": 2}]
    record = to_arrow(EventBatch.from_rows(rows)).select(
        ["event_time", "type", "viewer", "room", "quantity"]
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, record.schema) as writer:
        writer.write_batch(record)
    ingest = Ingest()
    assert send(ingest, ARROW, bytes(sink.getvalue())).body["accepted"] == 1
    assert ingest.log.rows[0]["quantity"] == 2


def test_one_event_is_a_body_too() -> None:
    assert Ingest().post("/v1/events", {"type": "liked", "viewer": "u"}).body["accepted"] == 1


def test_columns_may_be_one_value_for_all_or_a_dictionary() -> None:
    ingest = Ingest()
    columns = {
        "type": "liked",
        "viewer": {"values": ["u1", "u2"], "codes": [1, 0, 1]},
        "product": {"values": ["p1"], "codes": [-1, 0, None]},
        "quantity": [1, 2, 3],
    }
    assert send(ingest, COLUMNS, {"columns": columns}).body["accepted"] == 3
    assert [(row["viewer"], row.get("product")) for row in ingest.log.rows] == [
        ("u2", None),
        ("u1", "p1"),
        ("u2", None),
    ]


@pytest.mark.parametrize("content", [COLUMNS, ARROW])
def test_bad_rows_of_columns_are_told_by_their_place_and_kept_as_rows(content: str) -> None:
    ingest = Ingest()
    events = [EVENTS[0], EVENTS[0] | {"product": None}, EVENTS[0] | {"event_time": -5}]
    columns = columns_of(events)
    body = {"columns": columns} if content == COLUMNS else stream_of(columns)
    reply = send(ingest, content, body)
    assert [(one["index"], one["message_id"], one["code"]) for one in reply.body["rejected"]] == [
        (1, "m0", "missing_field"),
        (2, "m0", "negative"),
    ]
    letters = ingest.letters.newest()
    assert [letter.route for letter in letters] == ["events/rows"] * 2
    assert json.loads(letters[1].body)["events"][0]["viewer"] == "u1"


def test_sent_at_corrects_the_clock_in_every_form() -> None:
    event = {"type": "liked", "viewer": "u", "event_time": 1_000}
    columns = columns_of([event])
    for content, body in (
        ("application/json", {"events": [event], "sent_at": 4_000}),
        (COLUMNS, {"columns": columns, "sent_at": 4_000}),
        (ARROW, stream_of(columns, metadata={"sent_at": "4000"})),
    ):
        ingest = Ingest()
        send(ingest, content, body)
        assert ingest.log.rows[0]["event_time"] == NOW - 3_000, content


@pytest.mark.parametrize(
    "columns",
    [
        None,
        {},
        [],
        {"type": ["liked"], "viewer": ["a", "b"]},
        {"type": {"values": ["liked"], "codes": [1]}, "viewer": ["a"]},
        {"type": {"values": ["liked"], "codes": [True]}, "viewer": ["a"]},
        {"type": {"values": ["liked"]}, "viewer": ["a"], "product": {"codes": [0]}},
        {"type": {"values": "liked", "codes": [0]}},
        {f"c{n}": [1] for n in range(300)},
    ],
    ids=lambda columns: str(columns)[:50],
)
def test_columns_that_do_not_fit_together_are_refused(columns: object) -> None:
    reply = send(Ingest(), COLUMNS, {"columns": columns})
    assert reply.status == 400, reply


def test_one_value_for_all_cannot_make_many_events() -> None:
    reply = send(Ingest(), COLUMNS, {"columns": {"type": "liked", "viewer": ["u"] * 30_000}})
    assert reply.body["code"] == "too_many_events"


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_compressed_arrow_is_refused_before_it_is_unfolded(compression: str) -> None:
    columns = {"type": ["liked"] * 5, "viewer": ["u" * 100_000] * 5}
    body = stream_of(columns, compression=compression)
    assert len(body) < 100_000
    reply = send(Ingest(), ARROW, body)
    assert reply.body["code"] == "bad_arrow"
    assert "compressed" in reply.body["message"]


def test_compressed_dictionaries_are_refused_too() -> None:
    viewers = pa.array(["u" * 100_000]).dictionary_encode()
    body = stream_of({"type": ["liked"], "viewer": viewers}, compression="zstd")
    assert send(Ingest(), ARROW, body).body["code"] == "bad_arrow"


def test_arrow_of_types_that_no_event_has_is_refused() -> None:
    for column in (
        pa.nulls(5),
        pa.array([b"x"] * 5),
        pa.array([[["x"]]] * 5),
        pa.array([{"a": 1}] * 5),
        pa.array([1.5] * 5, pa.float32()),
    ):
        body = stream_of({"type": ["liked"] * 5, "viewer": column})
        assert send(Ingest(), ARROW, body).body["code"] == "bad_arrow", column.type


def test_arrow_with_more_events_than_allowed_is_refused_by_its_header() -> None:
    body = stream_of(
        {"type": pa.array(["liked"] * 20_001).dictionary_encode(), "seq": [1] * 20_001}
    )
    assert "20000" in send(Ingest(), ARROW, body).body["message"]


def test_arrow_that_is_none_or_changed_by_a_byte_is_never_our_fault() -> None:
    whole = stream_of(columns_of(EVENTS))
    assert send(Ingest(), ARROW, b"").status == 400
    assert send(Ingest(), ARROW, b"ARROW1").status == 400
    for place in range(0, len(whole), 41):
        changed = bytearray(whole)
        changed[place] ^= 0xFF
        assert send(Ingest(), ARROW, bytes(changed)).status in (200, 400)
    for length in range(0, len(whole), 97):
        assert send(Ingest(), ARROW, whole[:length]).status in (200, 400)


def test_types_may_be_codes_and_times_timestamps() -> None:
    times = pa.array([(NOW - 1_000) * 1_000], pa.timestamp("us", tz="UTC"))
    columns = {"type": pa.array([17], pa.uint8()), "viewer": ["u"], "event_time": times}
    ingest = Ingest()
    assert send(ingest, ARROW, stream_of(columns)).body["accepted"] == 1
    assert (ingest.log.rows[0]["type"], ingest.log.rows[0]["event_time"]) == ("liked", NOW - 1_000)
    unknown = {"type": pa.array([250], pa.uint8()), "viewer": ["u"]}
    assert send(Ingest(), ARROW, stream_of(unknown)).body["rejected"][0]["code"] == "wrong_type"


def test_a_browser_sends_no_arrow() -> None:
    reply = send(Ingest(), ARROW, stream_of({"type": ["liked"]}), key=BROWSER)
    assert (reply.status, reply.body["code"]) == (403, "wrong_class")


def test_another_content_type_is_refused_by_name() -> None:
    reply = send(Ingest(), "application/x-protobuf", b"x")
    assert (reply.status, reply.body["code"]) == (415, "unknown_content")
    assert all(kind in reply.body["message"] for kind in ROUTE_BY_CONTENT)
