"""Whatever is posted: an answer, never a fault of ours, and what it says is what the log has."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from typing import Any

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from qianmian.server.ingest.app import SEGMENT_ROUTES
from qianmian.server.ingest.native import ROUTE_BY_CONTENT
from qianmian.vocabulary.events import CATALOG, ENVELOPE
from tests.ingesting import BROWSER, CONNECTOR, NOW, SERVER, UUID, Ingest, Reply, track

FINE = {200, 204, 400, 401, 403, 404, 405, 408, 413, 415, 429}
NAMES = sorted({f.name for event in CATALOG for f in (*ENVELOPE, *event.fields)})
WORDS = [event.name for event in CATALOG] + ["Product Viewed", "Order Completed", "u1", UUID, "CNY"]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**80), 2**80),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from([*WORDS, "2026-11-18T11:06:00Z", "9999-12-31T23:59:59Z", "1e400", "-1"]),
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8) | st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=12,
)
call_fields = st.sampled_from(
    [
        *("type", "event", "userId", "anonymousId", "messageId", "timestamp", "sentAt", "traits"),
        *("originalTimestamp", "receivedAt", "properties", "context", "previousId", "name"),
    ]
)
calls = st.builds(
    lambda base, more: base | more,
    st.sampled_from([track(), {"type": "identify", "userId": "u", "anonymousId": UUID}, {}]),
    st.dictionaries(call_fields, values, max_size=4),
)
events = st.builds(
    lambda kind, more: {"type": kind, "viewer": "u1", "anonymous_id": UUID} | more,
    st.sampled_from([event.name for event in CATALOG]),
    st.dictionaries(st.sampled_from(NAMES), values, max_size=6),
)
bodies = st.one_of(
    st.binary(max_size=200),
    values.map(lambda value: json.dumps(value).encode()),
    calls.map(lambda call: json.dumps(call).encode()),
    st.builds(
        lambda batch, more: json.dumps({"batch": batch} | more).encode(),
        st.lists(calls, max_size=4),
        st.dictionaries(call_fields | st.just("batch"), values, max_size=2),
    ),
    st.builds(
        lambda rows, sent: json.dumps({"events": rows, "sent_at": sent}).encode(),
        st.lists(events, max_size=4),
        scalars,
    ),
    st.dictionaries(
        st.sampled_from(NAMES), st.lists(scalars, min_size=2, max_size=2) | values, max_size=5
    ).map(lambda columns: json.dumps({"columns": columns | {"type": "liked"}}).encode()),
)
paths = st.sampled_from(
    [*SEGMENT_ROUTES, "/v1/events", "/v1/m", "/v1/viewer-tokens", "/v1/anonymous"]
) | st.text(max_size=20).map(lambda text: f"/v1/{text}")
header_texts = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=30)


def check(ingest: Ingest, reply: Reply) -> None:
    """The answer is one that we give, in JSON, and counts what the log took."""
    assert reply.status in FINE, reply
    if reply.status == 204:
        return
    told = reply.body
    assert isinstance(told, dict)
    if reply.status == 200 and "accepted" in told:
        assert told["accepted"] > 0
        rows = ingest.log.rows
        assert told["accepted"] <= len(rows) <= 2 * told["accepted"]
        assert all(row["clock"] == NOW and 0 <= row["event_time"] <= NOW for row in rows)
    elif reply.status != 200:
        assert told["code"]
        assert told["message"] is not None
        assert not ingest.log.batches
    if "rejected" in told and ingest.log.batches:
        assert len({one["index"] for one in told["rejected"]}) == len(told["rejected"])


@given(
    path=paths,
    body=bodies,
    key=st.sampled_from([BROWSER, SERVER, CONNECTOR]),
    content=st.sampled_from([*ROUTE_BY_CONTENT, "text/html"]),
    zipped=st.booleans(),
)
@example("/v1/batch", b'{"batch":[{"type":"page","userId":"u","context":[]}]}', SERVER, "", False)
def test_no_body_is_our_fault(path: str, body: bytes, key: str, content: str, zipped: bool) -> None:
    ingest = Ingest()
    headers = {"content-type": content} | ({"content-encoding": "gzip"} if zipped else {})
    sent = gzip.compress(body) if zipped else body
    check(ingest, ingest.post(path, sent, key=key, headers=headers))
    for letter in ingest.letters.newest():
        ingest.replay(letter.id)


@given(
    method=st.sampled_from(["GET", "POST", "OPTIONS", "PUT", "DELETE", "HEAD", "X"]),
    path=paths | st.text(max_size=30),
    headers=st.dictionaries(
        st.sampled_from(
            [
                *("authorization", "content-encoding", "content-type", "content-length"),
                *("origin", "host", "x-viewer-token", "x-write-key", "x-retry-count"),
            ]
        ),
        header_texts
        | header_texts.map(lambda text: f"Basic {text}")
        | st.sampled_from(["gzip", "9" * 40, f"Bearer {SERVER}", SERVER, BROWSER]),
    ),
    query=st.text(st.characters(codec="utf-8"), max_size=30),
    address=st.text(max_size=20) | st.ip_addresses().map(str),
)
def test_no_request_is_our_fault(
    method: str, path: str, headers: dict[str, str], query: str, address: str
) -> None:
    ingest = Ingest()
    body = json.dumps(track()).encode()
    reply = ingest.send(method, path, body, headers=headers, query=query, address=address)
    check(ingest, reply)


@given(
    st.dictionaries(
        st.sampled_from(NAMES),
        st.sampled_from(
            [
                pa.array(["a", None, ""]),
                pa.array([1, None, -1]),
                pa.array([True, False, None]),
                pa.array([1.5, float("nan"), float("inf")]),
                pa.array(["x", "y", "x"]).dictionary_encode(),
                pa.array([2**62, 1, 2]),
                pa.array([[{"product": "p"}], None, [{"quantity": 1}]]),
                pa.array(["{", "[1]", '{"a":1}']),
            ]
        ),
        max_size=6,
    ),
    st.sampled_from(["liked", "order_paid", "profile_updated", "identity_linked", "comment_sent"]),
)
def test_no_arrow_of_usual_types_is_our_fault(columns: dict[str, Any], kind: str) -> None:
    table = pa.table(columns | {"type": [kind] * 3})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    ingest = Ingest()
    content = {"content-type": "application/vnd.apache.arrow.stream"}
    check(ingest, ingest.post("/v1/events", bytes(sink.getvalue()), headers=content))


@given(st.binary(max_size=400))
def test_bytes_that_are_called_arrow_are_not_our_fault(body: bytes) -> None:
    ingest = Ingest()
    content = {"content-type": "application/vnd.apache.arrow.stream"}
    check(ingest, ingest.post("/v1/events", body, headers=content))


def test_the_worst_bodies_take_little_memory() -> None:
    worst = {
        "bomb": gzip.compress(b" " * 200_000_000),
        "bombs in a row": gzip.compress(b"x" * 1_000_000) * 200,
        "lists": gzip.compress(b'{"batch":[' + b"[" * 400_000),
        "small calls": gzip.compress(b'{"batch":[' + b"{}," * 160_000 + b"{}]}"),
        "keys": gzip.compress(
            b'{"batch":[{' + b",".join(b'"k%d":1' % n for n in range(40_000)) + b"}]}"
        ),
        "one key": b'{"batch":[{"type":"' + b"x" * 500_000 + b'"}]}',
    }
    for name, body in worst.items():
        ingest = Ingest()
        encoding = {"content-encoding": "gzip"} if body[:2] == b"\x1f\x8b" else {}
        tracemalloc.start()
        reply = ingest.post("/v1/batch", body, headers=encoding)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert reply.status in (400, 413), name
        assert peak < 24_000_000, (name, peak)
