"""Bodies of posts, however they are written, give what `canonical` gives event by event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.connectors.bodies import read_arrow, read_columns, read_rows
from qianmian.connectors.settling import NESTED, PLAIN, Decoded, Post, rows_decoded
from qianmian.errors import InputError
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME, ENVELOPE, EventField, EventType

ARRIVAL_MS = 1_767_225_600_000
POSTS = (
    Post(ARRIVAL_MS, message=7),
    Post(ARRIVAL_MS, message=7, request="q", sent_at_ms=ARRIVAL_MS - 1_000),
    Post(ARRIVAL_MS, "browser", "lobby", 8),
    Post(ARRIVAL_MS, "connector", "r1"),
)
STRINGS = (
    "a",
    "b",
    "",
    "?x",
    "千面",
    "CNY",
    "x" * 130,
    "y" * 513,
    "tab\t",
    "del\x7f",
    "c1\x85",
    "é",
)
NUMBERS = (0, 1, 59, ARRIVAL_MS - 3, ARRIVAL_MS + 200_000, 1 << 53, (1 << 53) + 1, -1)
NESTED_VALUES: dict[str, tuple[object, ...]] = {
    "items": ([{"product": "p", "quantity": 2, "price": 5, "amount": 10}], [], [{"product": ""}]),
    "traits": ({"level": 3}, {}, {"x": [1]}, {"": 1}),
    "properties": ({"k": 1}, {}, {"k": None}, {"k": {}}),
}


def value_of(one: EventField) -> st.SearchStrategy[object]:
    if one.type in ("string", "text"):
        return st.sampled_from(STRINGS)
    if one.type == "bool":
        return st.booleans()
    return st.sampled_from(NESTED_VALUES.get(one.type, NUMBERS))


FIELDS = {f.name: f for event in CATALOG for f in (*ENVELOPE, *event.fields)}
WHO = [
    {"viewer": "a"},
    {"viewer": "b"},
    {"anonymous_id": "b"},
    {"viewer": "a", "anonymous_id": "b"},
]


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """Mostly good events, some with a field too many, too few, or of a value that is refused."""
    event: EventType = draw(st.sampled_from(CATALOG))
    known = {f.name: f for f in (*ENVELOPE, *event.fields)}
    needed = [f.name for f in event.fields if f.required]
    more = draw(st.lists(st.sampled_from(sorted(known)), max_size=4, unique=True))
    if draw(st.integers(0, 5)) == 0:
        more.append(draw(st.sampled_from(sorted(FIELDS))))
    raw: dict[str, Any] = {"type": event.name, "room": "r1", **draw(st.sampled_from(WHO))}
    if draw(st.integers(0, 9)) == 0:
        raw.pop("room")
    raw |= {name: draw(value_of(FIELDS[name])) for name in (*needed, *more)}
    return {name: raw[name] for name in ("type", *PLAIN, *NESTED) if name in raw}


def told(decoded: Decoded) -> tuple[list[dict[str, Any]], list[tuple[int, str, str]]]:
    rejected = [(one.index, one.reason_code, one.detail) for one in decoded.rejected]
    return decoded.batch.to_rows(), rejected


def columns_of(raws: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = {name for raw in raws for name in raw}
    return {name: [raw.get(name) for raw in raws] for name in sorted(names)}


@given(st.lists(events(), max_size=12), st.sampled_from(POSTS))
def test_rows_are_read_as_canonical_reads_them(raws: list[dict[str, Any]], post: Post) -> None:
    assert told(read_rows(json.dumps(raws).encode(), post)) == told(rows_decoded(raws, post))


@given(st.lists(events(), min_size=1, max_size=12), st.sampled_from(POSTS), st.booleans())
def test_columns_are_read_as_canonical_reads_them(
    raws: list[dict[str, Any]], post: Post, coded: bool
) -> None:
    columns: dict[str, Any] = columns_of(raws)
    for name in [*columns] if coded else []:
        if PLAIN.get(name) in ("string", "text") or name == "type":
            values = list(dict.fromkeys(v for v in columns[name] if v is not None))
            codes = [None if v is None else values.index(v) for v in columns[name]]
            columns[name] = {"values": values, "codes": codes}
    body = json.dumps({"columns": columns}).encode()
    assert told(read_columns(body, post)) == told(rows_decoded(raws, post))


@given(st.lists(events(), min_size=1, max_size=12), st.sampled_from(POSTS), st.booleans())
def test_an_arrow_stream_is_read_as_canonical_reads_it(
    raws: list[dict[str, Any]], post: Post, coded: bool
) -> None:
    arrays = {}
    for name, values in columns_of(raws).items():
        if name in ("traits", "properties"):
            array = pa.array([None if v is None else json.dumps(v) for v in values])
        else:
            array = pa.array(values)
        arrays[name] = array.dictionary_encode() if coded and name not in NESTED else array
    record = pa.RecordBatch.from_pydict(arrays)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, record.schema) as writer:
        writer.write_batch(record)
    decoded = read_arrow(sink.getvalue().to_pybytes(), post)
    assert told(decoded) == told(rows_decoded(raws, post))


def test_events_that_the_types_do_not_fit_are_rejected_alone() -> None:
    good = {"type": "liked", "room": "r", "viewer": "a"}
    raws: list[object] = [
        good,
        {**good, "seq": "1"},
        {**good, "seq": 1 << 64},
        {**good, "seq": 3.0, "stream": "s"},
        {**good, "likes": 1},
        {**good, "type": "likd"},
        [1],
        None,
    ]
    for some in ([*raws], [good, raws[2]]):
        post = Post(ARRIVAL_MS)
        assert told(read_rows(json.dumps(some).encode(), post)) == told(rows_decoded(some, post))


def test_a_column_of_types_may_name_what_is_unknown() -> None:
    body = msgspec.json.encode(
        {"columns": {"type": ["likd", "liked", None], "room": ["r"] * 3, "viewer": ["a"] * 3}} | {}
    )
    decoded = read_columns(body.replace(b",null", b',""'), Post(ARRIVAL_MS))
    assert [(one.index, one.reason_code) for one in decoded.rejected] == [
        (0, "unknown_type"),
        (2, "missing_field"),
    ]
    assert len(decoded.batch) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"columns":{}}', b'{"columns":{"type":["liked"],"viewer":["a","b"]}}',
     b'{"columns":{"type":["liked"],"seq":["1"]}}', b'{"columns":{"type":["liked"],"no":[1]}}',
     b'{"columns":{"type":["liked"],"viewer":{"values":["a"],"codes":[1]}}}',
     b'{"columns":{"type":["liked"],"viewer":{"values":["a"],"codes":[-2]}}}'],
)  # fmt: skip
def test_what_is_no_columns_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(InputError, match="column"):
        read_columns(body, Post(ARRIVAL_MS))


@pytest.mark.parametrize("body", [b"", b"{}", b"[", b"[" * 100_000, b"\xff", b'["\\ud800"]'])
def test_what_is_no_array_of_events_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(InputError, match="JSON array"):
        read_rows(body, Post(ARRIVAL_MS))


def test_what_is_no_stream_is_refused_as_a_whole() -> None:
    with pytest.raises(InputError, match="Arrow"):
        read_arrow(b"no", Post(ARRIVAL_MS))


def test_what_holds_for_all_is_said_once() -> None:
    columns = {"type": "liked", "room": "r", "viewer": {"values": ["a", "a"], "codes": [0, 1]}}
    body = {"columns": {**columns, "seq": [1, 2], "stream": "s"}, "sent_at": ARRIVAL_MS - 5}
    decoded = read_columns(json.dumps(body).encode(), Post(ARRIVAL_MS))
    raws = [
        {"type": "liked", "room": "r", "viewer": "a", "stream": "s", "seq": seq} for seq in (1, 2)
    ]
    assert told(decoded) == told(rows_decoded(raws, Post(ARRIVAL_MS)))
    assert list(decoded.batch.strings["viewer"].values) == ["a"]


def test_types_of_an_arrow_stream_may_be_codes_of_the_catalog() -> None:
    def body(codes: list[int]) -> bytes:
        names = {"room": ["r"] * len(codes), "viewer": ["a"] * len(codes)}
        record = pa.RecordBatch.from_pydict({"type": pa.array(codes, pa.uint8()), **names})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, record.schema) as writer:
            writer.write_batch(record)
        data: bytes = sink.getvalue().to_pybytes()
        return data

    liked = CODE_BY_NAME["liked"]
    assert read_arrow(body([liked, liked]), Post(ARRIVAL_MS)).batch.type.tolist() == [liked, liked]
    with pytest.raises(InputError, match="Arrow"):
        read_arrow(body([liked, len(CATALOG)]), Post(ARRIVAL_MS))


def test_time_is_corrected_by_the_clock_of_the_sender() -> None:
    event = {"type": "liked", "room": "r", "viewer": "a", "event_time": 7_000}
    for more in ({}, {"no": 1}):
        body = json.dumps({"events": [event, event | more], "sent_at": 10_000}).encode()
        decoded = read_rows(body, Post(ARRIVAL_MS))
        assert decoded.batch.event_time.tolist() == [ARRIVAL_MS - 3_000] * (2 - len(more))


@pytest.mark.parametrize("page", ["docs/formats.md", "docs/zh/formats.md"])
def test_the_examples_of_the_page_are_read_without_a_rejection(page: str) -> None:
    text = (Path(__file__).parents[3] / page).read_text(encoding="utf-8")
    rows, columns = (part.split("```")[0] for part in text.split("```json\n")[1:])
    for decoded in (read_rows(rows.encode(), POSTS[0]), read_columns(columns.encode(), POSTS[0])):
        assert (len(decoded.batch), decoded.rejected) == (2, [])


def test_a_field_that_a_type_does_not_have_may_not_be_empty_either() -> None:
    raws = [
        {"type": "room_entered", "room": "r", "viewer": "a", "brand": ""},
        {"type": "product_viewed", "room": "r", "viewer": "a", "product": "p", "brand": ""},
    ]
    body = json.dumps({"columns": columns_of(raws)}).encode()
    decoded = read_columns(body, Post(ARRIVAL_MS))
    assert told(decoded) == told(rows_decoded(raws, Post(ARRIVAL_MS)))
    assert [one.reason_code for one in decoded.rejected] == ["unknown_field"]
