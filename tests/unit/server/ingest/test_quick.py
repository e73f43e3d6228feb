"""The quick way gives what the other gives, and nothing where there is something to refuse."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.runtime.sources import Source
from qianmian.server.ingest import native
from qianmian.server.ingest.decoding import DecodeContext, Decoded
from qianmian.server.ingest.quick import QUICK
from qianmian.server.viewer_tokens import AnonymousIds, ViewerClaims
from qianmian.vocabulary.events import Sender
from tests.fakes.ingest import classify

NOW = 1_795_000_000_000
GOOD: list[dict[str, Any]] = [
    {"type": "liked", "viewer": "u", "event_time": NOW - 3, "message_id": "m"},
    {"type": "comment_sent", "anonymous_id": "a", "text": "多少钱", "room": "r2"},
    {"type": "profile_updated", "viewer": "u", "traits": {"level": 2}},
    {"type": "heartbeat", "viewer": "u", "visible": True, "idle_ms": 5, "source": "forged"},
    {
        "type": "order_paid",
        "viewer": "u",
        "order_id": "o",
        "items": [{"product": "p", "amount": 2}],
    },
]
BAD: list[Any] = [
    {"type": "liked", "viewer": "?u"},
    {"type": "liked"},
    {"type": "likd", "viewer": "u"},
    {"type": "liked", "viewer": "u", "seq": -1},
    {"type": "liked", "viewer": "u", "properties": {"k": "x" * 40_000}},
]


LONG: dict[str, Any] = {"type": "liked", "viewer": "u" * 100}
"""Too long where the prefix of a namespace comes before it."""
OWN = "anonymous-id-of-a-client"
TOKEN = ViewerClaims("default", "u", None, NOW)
TOKEN_OF_ROOM = ViewerClaims("default", "u", "r1", NOW)
SENT_BY_PAGES: list[dict[str, Any]] = [
    {"type": "liked", "viewer": "u", "anonymous_id": OWN, "session": "forged"},
    {"type": "comment_sent", "anonymous_id": OWN, "text": "多少钱", "room": "r1"},
    {"type": "order_paid", "anonymous_id": OWN, "order_id": "o", "viewer": ""},
    {"type": "heartbeat", "anonymous_id": OWN + "2", "visible": False, "source": "forged"},
]
REFUSED_OF_PAGES: list[dict[str, Any]] = [
    {"type": "liked", "anonymous_id": "short"},
    {"type": "liked", "anonymous_id": OWN, "viewer": "w", "room": "r2"},
    {"type": "profile_updated", "anonymous_id": OWN, "traits": {"level": 2}},
]


def context(
    key_class: Sender = "server",
    *,
    presence: bool = False,
    claims: ViewerClaims | None = None,
    linked: frozenset[str] = frozenset(),
    accepts_own: bool = True,
    prefix: str = "",
) -> DecodeContext:
    source = Source(
        "shop",
        key_class,
        default_room="r1",
        presence=presence,
        accept_own_anonymous_ids=accepts_own,
        prefix=prefix,
    )
    ids = AnonymousIds(b"s" * 32)
    return DecodeContext(source, NOW, "q", classify, ids, claims, linked, events=50)


def told(decoded: Decoded) -> tuple[Any, int, list[tuple[int, str]], Any]:
    rows = None if decoded.batch is None else decoded.batch.to_rows()
    return rows, decoded.accepted, [(r.index, r.code) for r in decoded.rejected], decoded.problem


def written(events: list[Any], sent_at: int | None) -> dict[str, bytes]:
    """The body of every route that can say these events."""
    time = {} if sent_at is None else {"sent_at": sent_at}
    names = sorted({name for event in events for name in event})
    columns = {name: [event.get(name) for event in events] for name in names}
    arrays = {
        name: pa.array([None if v is None else json.dumps(v) for v in values])
        if name in ("traits", "properties")
        else pa.array(values)
        for name, values in columns.items()
    }
    record = pa.RecordBatch.from_pydict(arrays)
    metadata = {} if sent_at is None else {"sent_at": str(sent_at)}
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, record.schema.with_metadata(metadata)) as writer:
        writer.write_batch(record.replace_schema_metadata(metadata))
    return {
        native.ROWS_ROUTE: json.dumps({"events": events, **time}).encode(),
        native.COLUMNS_ROUTE: json.dumps({"columns": columns, **time}).encode(),
        native.ARROW_ROUTE: sink.getvalue().to_pybytes(),
    }


@given(
    st.lists(st.sampled_from([*GOOD, *GOOD, LONG, *SENT_BY_PAGES, *BAD]), min_size=1, max_size=8)
    | st.lists(st.sampled_from(GOOD), min_size=1, max_size=20)
    | st.lists(st.sampled_from([*SENT_BY_PAGES, *REFUSED_OF_PAGES]), min_size=1, max_size=8)
    | st.lists(st.sampled_from(SENT_BY_PAGES), min_size=5, max_size=20),
    st.sampled_from([None, NOW - 60_000, NOW + 5_000]),
    st.sampled_from(["server", "connector", "browser"]),
    st.booleans(),
    st.sampled_from([None, None, TOKEN, TOKEN_OF_ROOM]),
    st.sampled_from(["", "", "@taobao/", "@" + "n" * 62 + "/"]),
)
def test_both_ways_give_the_same(
    events: list[Any],
    sent_at: int | None,
    key_class: Sender,
    presence: bool,
    claims: ViewerClaims | None,
    prefix: str,
) -> None:
    for route, body in written(events, sent_at).items():
        given_context = context(key_class, presence=presence, claims=claims, prefix=prefix)
        both = native.DECODERS[route](body, given_context)
        assert told(both) == told(native.ONE_BY_ONE[route](body, given_context))


@pytest.mark.parametrize("way", ["rows", "columns"])
@pytest.mark.parametrize("claims", [None, TOKEN])
def test_good_bodies_of_pages_take_the_quick_way_and_others_never(
    way: str, claims: ViewerClaims | None
) -> None:
    given_context = context("browser", claims=claims)
    batch = QUICK[way](written(SENT_BY_PAGES, None)[f"events/{way}"], given_context)
    assert batch is not None
    assert set(batch.strings["viewer"].values) == ({f"?{OWN}", f"?{OWN}2"} if not claims else {"u"})
    short, of_another, not_allowed = REFUSED_OF_PAGES
    for bad in (of_another if claims else short, not_allowed):
        body = written([*SENT_BY_PAGES, bad], None)[f"events/{way}"]
        assert QUICK[way](body, given_context) is None
    body = written(SENT_BY_PAGES, None)[f"events/{way}"]
    refusing = context("browser", accepts_own=False)
    assert QUICK[way](body, refusing) is None
    decode = native.DECODERS[f"events/{way}"]
    assert {one.code for one in decode(body, refusing).rejected} == {"not_issued"}


@pytest.mark.parametrize("way", ["rows", "columns", "arrow"])
def test_good_bodies_of_servers_take_the_quick_way_and_others_never(way: str) -> None:
    body = written(GOOD, None)[f"events/{way}"]
    batch = QUICK[way](body, context())
    assert batch is not None
    assert len(batch) == len(GOOD)
    assert QUICK[way](body, context("browser")) is None
    for bad in BAD:
        assert QUICK[way](written([*GOOD, bad], None)[f"events/{way}"], context()) is None
    assert QUICK[way](b"no", context()) is None


KINDS: list[tuple[str, pa.Array]] = [
    ("seq", pa.array([True, False])),
    ("seq", pa.array([1.0, 2.0])),
    ("seq", pa.array([1.5, 2.0])),
    ("seq", pa.array(["1", "2"])),
    ("seq", pa.array([1, 1 << 63], pa.uint64())),
    ("seq", pa.array([1, None], pa.int8())),
    ("visible", pa.array([1, 0])),
    ("message_id", pa.array([1, 2])),
    ("message_id", pa.array([True, None])),
    ("message_id", pa.array(["a", "b"], pa.large_string())),
    ("message_id", pa.DictionaryArray.from_arrays([0, 1], pa.array(["a", "a"]))),
    ("message_id", pa.DictionaryArray.from_arrays([0, 1], pa.array(["a", None]))),
    ("event_time", pa.array([(NOW - 9) * 1_000, None], pa.timestamp("us", tz="Asia/Shanghai"))),
    ("event_time", pa.array([NOW * 1_000 + 1, None], pa.timestamp("us"))),
    ("type", pa.array([0, 2], pa.int64())),
    ("type", pa.array([2, 200], pa.int64())),
]


@pytest.mark.parametrize(("name", "array"), KINDS)
def test_a_column_of_another_kind_is_judged_as_one_by_one(name: str, array: pa.Array) -> None:
    base = {"type": pa.array(["heartbeat"] * 2), "viewer": pa.array(["u", "v"])}
    record = pa.RecordBatch.from_pydict(base | {name: array})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, record.schema) as writer:
        writer.write_batch(record)
    body = sink.getvalue().to_pybytes()
    route = native.ARROW_ROUTE
    both, one_by_one = (way[route](body, context()) for way in (native.DECODERS, native.ONE_BY_ONE))
    assert told(both) == told(one_by_one)


@pytest.mark.parametrize(
    ("name", "values"),
    [("seq", [True, 1]), ("seq", [1.0, 2]), ("visible", [1, 0]), ("message_id", [1, "a"]),
     ("seq", 3), ("visible", True), ("message_id", ""), ("room", None),
     ("message_id", {"values": ["a", "a"], "codes": [1, -1]}),
     ("message_id", {"values": ["a"], "codes": [0, -2]})],
)  # fmt: skip
def test_a_json_column_of_another_kind_is_judged_as_one_by_one(name: str, values: object) -> None:
    columns = {"type": "heartbeat", "viewer": ["u", "v"], name: values}
    body = json.dumps({"columns": columns}).encode()
    route = native.COLUMNS_ROUTE
    both, one_by_one = (way[route](body, context()) for way in (native.DECODERS, native.ONE_BY_ONE))
    assert told(both) == told(one_by_one)


def test_an_event_that_is_too_large_is_refused_though_its_fields_are_small() -> None:
    body = b'[{"type":"liked","viewer":"u"},{"type":"liked",' + b" " * 40_000 + b'"viewer":"u"}]'
    decoded = native.DECODERS[native.ROWS_ROUTE](body, context())
    assert told(decoded)[1:3] == (1, [(1, "too_large")])


@pytest.mark.parametrize("way", ["rows", "columns", "arrow"])
def test_ids_of_another_namespace_take_the_quick_way_too(way: str) -> None:
    sent = written(GOOD + GOOD, None)[f"events/{way}"]
    batch = QUICK[way](sent, context(prefix="@taobao/"))
    assert batch is not None
    assert set(batch.strings["viewer"].values) == {"@taobao/u", "?@taobao/a"}
