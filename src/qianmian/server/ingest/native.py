"""Qianmian's own events from the network: rows or columns as JSON, or an Arrow IPC stream.

* Rows: `{"events": [{...}, ...], "sent_at": ms}`, a bare list of events, or one event.
* Columns: `{"columns": {"type": [...], "viewer": [...], ...}, "sent_at": ms}`. A column is a list
  with one value per event, one value that holds for all, or `{"values": [...], "codes": [...]}`
  with code -1 (or null) for absent.
* Arrow: see `arrow_rows.py`; `sent_at` is in the metadata of the schema.

The shape of an event is the one of the event table (`vocabulary/decode.py`). Where `sent_at` says
what the device's clock showed, event times are corrected by it as Segment does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import msgspec

from qianmian.errors import InputError
from qianmian.server.ingest.arrow_rows import records_of_arrow, rows_of_records
from qianmian.server.ingest.decoding import (
    UNREADABLE,
    Decode,
    DecodeContext,
    Decoded,
    Row,
    Rows,
    too_large,
    unreadable,
    why_unreadable,
)
from qianmian.server.ingest.quick import QUICK, quick_first
from qianmian.vocabulary.values import MAX_INT

ROWS_ROUTE: Final = "events/rows"
COLUMNS_ROUTE: Final = "events/columns"
ARROW_ROUTE: Final = "events/arrow"
ROUTE_BY_CONTENT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "application/json": ROWS_ROUTE,
        "text/plain": ROWS_ROUTE,
        "": ROWS_ROUTE,
        "application/vnd.qianmian.columns+json": COLUMNS_ROUTE,
        "application/vnd.apache.arrow.stream": ARROW_ROUTE,
    }
)
"""The decoder of `POST /v1/events` by the content type, without its parameters."""

_VALUE = msgspec.json.Decoder()
_EVENT = msgspec.json.Decoder(dict[str, object])
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_EVENTS = msgspec.json.Decoder(list[msgspec.Raw])
_MAX_COLUMNS: Final = 256


def decode_rows(body: bytes, context: DecodeContext) -> Decoded:
    """Events as JSON objects, each bounded and read by itself."""
    try:
        raws, sent_at = _listed(body)
    except UNREADABLE as exc:
        return unreadable("bad_json", exc)
    problem = _count_problem(len(raws), context)
    if problem is not None:
        return problem
    rows = Rows(context)
    for index, raw in enumerate(raws):
        large = too_large(raw, context)
        if large is not None:
            rows.refuse(index, large, raw)
            continue
        try:
            event = _EVENT.decode(raw)
        except UNREADABLE as exc:
            rows.refuse(index, why_unreadable(exc), raw)
            continue
        rows.add(index, _corrected(event, sent_at, context.arrival), raw)
    return rows.decoded(ROWS_ROUTE, _wrap(sent_at))


def decode_columns(body: bytes, context: DecodeContext) -> Decoded:
    """Events as JSON columns."""
    try:
        document = _EVENT.decode(body)
    except UNREADABLE as exc:
        return unreadable("bad_json", exc)
    try:
        rows = _rows_of_columns(document.get("columns"), context.events)
    except InputError as exc:
        return unreadable("bad_json", exc.message)
    return _decoded_rows(rows, document.get("sent_at"), context)


def decode_arrow(body: bytes, context: DecodeContext) -> Decoded:
    """Events as an Arrow IPC stream."""
    try:
        records, sent_at = records_of_arrow(body, context.events)
        rows = rows_of_records(records)
    except InputError as exc:
        return unreadable("bad_arrow", exc.message)
    return _decoded_rows(rows, sent_at, context)


def _decoded_rows(rows: Sequence[Row], sent_at: object, context: DecodeContext) -> Decoded:
    problem = _count_problem(len(rows), context)
    if problem is not None:
        return problem
    collected = Rows(context)
    for index, row in enumerate(rows):
        corrected = _corrected(row, sent_at, context.arrival)
        before = len(collected.rejected)
        collected.add(index, corrected, b"")
        if len(collected.rejected) > before:
            collected.keep_raw(_json_of(row))
    return collected.decoded(ROWS_ROUTE, _wrap(sent_at))


def _json_of(row: Row) -> bytes:
    try:
        return msgspec.json.encode(row)
    except UNREADABLE:  # a lone surrogate, which no JSON can carry
        return b"{}"


def _listed(body: bytes) -> tuple[list[bytes], object]:
    """The raw events of a body, and its `sent_at`."""
    if body.lstrip()[:1] == b"[":
        return [bytes(raw) for raw in _EVENTS.decode(body)], None
    fields = _FIELDS.decode(body)
    if "events" not in fields:
        return ([body], None) if "type" in fields else ([], None)
    sent_at = _VALUE.decode(fields["sent_at"]) if "sent_at" in fields else None
    return [bytes(raw) for raw in _EVENTS.decode(fields["events"])], sent_at


def _count_problem(events: int, context: DecodeContext) -> Decoded | None:
    if not events:
        return unreadable("empty_batch", "the body has no events")
    if events > context.events:
        return unreadable("too_many_events", f"{events} events; the most is {context.events}")
    return None


def _corrected(event: Row, sent_at: object, arrival: int) -> Row:
    """The event with its time by our clock: arrival - (sent_at - event_time)."""
    given = event.get("event_time")
    if type(sent_at) is not int or type(given) is not int or not 0 <= sent_at <= MAX_INT:
        return event
    return event | {"event_time": max(arrival - (sent_at - given), 0)} if given >= 0 else event


def _wrap(sent_at: object) -> Any:
    kept = {"sent_at": sent_at} if type(sent_at) is int else {}

    def wrap(raws: Sequence[bytes]) -> bytes:
        return msgspec.json.encode(kept | {"events": [msgspec.Raw(raw) for raw in raws]})

    return wrap


def _rows_of_columns(columns: object, most: int) -> list[Row]:
    """One mapping per event.

    Raises: InputError when the columns do not fit together.
    """
    if not isinstance(columns, dict) or not columns:
        raise InputError("the body has no columns")
    if len(columns) > _MAX_COLUMNS:
        raise InputError(f"{len(columns)} columns; the most is {_MAX_COLUMNS}")
    lengths = {len(held) for held in map(_listing, columns.values()) if held is not None}
    if len(lengths) > 1:
        raise InputError(f"the columns have different lengths: {sorted(lengths)[:5]}")
    length = lengths.pop() if lengths else 1
    if length > most:
        return [{}] * length  # refused for their number before they are looked at
    rows: list[Row] = [{} for _ in range(length)]
    for name, column in columns.items():
        for row, value in zip(rows, _values(name, column, length), strict=True):
            if value is not None:
                row[name] = value
    return rows


def _listing(column: object) -> Sequence[object] | None:
    """The list that says how many events a column has; None for one value for all."""
    if isinstance(column, dict):
        codes = column.get("codes")
        return codes if isinstance(codes, list) else None
    return column if isinstance(column, list) else None


def _values(name: str, column: object, length: int) -> Sequence[object]:
    if isinstance(column, list):
        return column
    if not isinstance(column, dict) or "codes" not in column:
        return [column] * length
    values, codes = column.get("values"), column.get("codes")
    if not isinstance(values, list) or not isinstance(codes, list):
        raise InputError(f'the column "{name[:64]}" needs the lists values and codes')
    return [_coded(name, values, code) for code in codes]


def _coded(name: str, values: Sequence[object], code: object) -> object:
    if code is None or code == -1:
        return None
    if type(code) is not int or not 0 <= code < len(values):
        raise InputError(f'the column "{name[:64]}" has a code without a value')
    return values[code]


ONE_BY_ONE: Final[Mapping[str, Decode]] = MappingProxyType(
    {ROWS_ROUTE: decode_rows, COLUMNS_ROUTE: decode_columns, ARROW_ROUTE: decode_arrow}
)
"""The slow and obviously right decoders by route."""

DECODERS: Final[Mapping[str, Decode]] = MappingProxyType(
    {route: quick_first(QUICK[route.rpartition("/")[2]], ONE_BY_ONE[route]) for route in ONE_BY_ONE}
)
"""Decoders by route: by the column where every event is right, else one by one."""
