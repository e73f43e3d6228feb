"""Any JSON webhook, by a mapping that says what its fields mean (`connectors/mapping.py`).

A body is one record, a list of records, or holds the list at the path `records`. A record is one
event or one rejection. Webhooks are sent again when an answer was slow: a record without an id of
its own is known by its content, so that it counts once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as Mappings
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import msgspec

from qianmian.connectors.mapping import Mapping, parse_mapping
from qianmian.errors import InputError, QianmianError
from qianmian.runtime.source import Row
from qianmian.server.ingest.decoding import (
    UNREADABLE,
    Decode,
    DecodeContext,
    Decoded,
    Rows,
    too_large,
    unreadable,
)
from qianmian.vocabulary.rejected import Rejected

ROUTE: Final = "webhook/body"
RECORDS_ROUTE: Final = "webhook/records"

TRIAL_CONTENT: Final = "application/vnd.qianmian.mapping-test+json"
"""The content type of a body that brings the mapping with it which is to be tried."""

_VALUE = msgspec.json.Decoder(float_hook=Decimal)
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_MAX_SCALE: Final = 20  # digits before or after the point that a plain number can have


def mapping_of(text: str) -> Mapping:
    """The mapping of a source, checked.

    Raises: InputError when there is none or it cannot be used.
    """
    if not text.strip():
        raise InputError("the source has no mapping yet; give it one")
    try:
        return _parsed(text)
    except InputError:
        raise
    except QianmianError as exc:  # a field or an event type there is not
        raise InputError(exc.message) from exc


@lru_cache(maxsize=64)
def _parsed(text: str) -> Mapping:
    is_json = text.lstrip().startswith("{")
    return parse_mapping(text.encode(), "the mapping", is_json=is_json, needs_time=False)


def decode_body(body: bytes, context: DecodeContext) -> Decoded:
    """The records of a body, as the mapping finds them."""
    return _decode(body, context, is_bare=False)


def decode_records(body: bytes, context: DecodeContext) -> Decoded:
    """A bare list of records, as a dead letter holds them."""
    return _decode(body, context, is_bare=True)


class _Trial(msgspec.Struct):
    body: msgspec.Raw
    mapping: str = ""


def trial_of(body: bytes) -> tuple[bytes, str]:
    """The body and the mapping of a trial; one that is none is a body that cannot be read."""
    try:
        trial = msgspec.json.decode(body, type=_Trial)
    except UNREADABLE:
        return b"", ""
    return bytes(trial.body), trial.mapping


def dry_run(body: bytes, mapping: str, context: DecodeContext) -> dict[str, object]:
    """What would become of each record: its canonical event, or why there is none.

    Cost: as decoding; nothing is kept, and nothing is asked that could change an answer.
    """
    try:
        found = _records(body, mapping_of(mapping), is_bare=False, most=context.events)
    except InputError as exc:
        return {"problem": exc.message, "records": []}
    records: list[dict[str, object]] = []
    for index, raw in enumerate(found):
        rows = Rows(context)
        _add(rows, raw, index, mapping_of(mapping), context)
        decoded = rows.decoded(RECORDS_ROUTE, _list_of)
        one: dict[str, object] = {"index": index}
        if decoded.batch is not None:
            one["event"] = decoded.batch.to_rows()[0]
        else:
            why = decoded.rejected[0]
            one |= {"code": why.code, "detail": why.detail}
        records.append(one)
    return {"problem": None, "records": records}


def _decode(body: bytes, context: DecodeContext, *, is_bare: bool) -> Decoded:
    try:
        mapping = mapping_of(context.source.mapping)
    except InputError as exc:
        return unreadable("bad_mapping", exc.message)
    try:
        found = _records(body, mapping, is_bare=is_bare, most=context.events)
    except InputError as exc:
        return unreadable(str(exc.params.get("code", "bad_json")), exc.message)
    rows = Rows(context)
    for index, raw in enumerate(found):
        _add(rows, raw, index, mapping, context)
    return rows.decoded(RECORDS_ROUTE, _list_of)


def _records(body: bytes, mapping: Mapping, *, is_bare: bool, most: int) -> list[bytes]:
    """The raw records of a body.

    Raises: InputError when it cannot be read or the path leads to no list.
    """
    try:
        raw = body
        for step in () if is_bare or not mapping.records else mapping.records.split("."):
            raw = bytes(msgspec.json.decode(raw, type=dict[str, msgspec.Raw])[step])
        is_list = raw.lstrip()[:1] == b"["
        records = [bytes(one) for one in _RAWS.decode(raw)] if is_list else [raw]
        if not is_list:
            _VALUE.decode(raw)  # whether it is JSON at all
    except KeyError as exc:
        raise InputError(f'the body has nothing at "{mapping.records[:64]}"') from exc
    except UNREADABLE as exc:
        raise InputError(str(exc)) from exc
    if not records:
        raise InputError("the body has no records", code="empty_batch")
    if len(records) > most:
        told = f"{len(records)} records; the most is {most}"
        raise InputError(told, code="too_many_events")
    return records


def _add(rows: Rows, raw: bytes, index: int, mapping: Mapping, context: DecodeContext) -> None:
    problem = too_large(raw, context)
    if problem is not None:
        rows.refuse(index, problem, raw)
        return
    try:
        record = _VALUE.decode(raw)
    except UNREADABLE as exc:
        rows.refuse(index, Rejected("bad_json", str(exc)), raw)
        return
    rows.add(index, _event(record, raw, mapping), raw)


def _event(record: object, raw: bytes, mapping: Mapping) -> Row | Rejected:
    if not isinstance(record, dict):
        return Rejected("not_an_object", "a record of a webhook must be an object")
    cells: list[str] = []
    for own, path in mapping.columns.items():
        cell = _text(_at(record, path), own)
        if isinstance(cell, Rejected):
            return cell
        cells.append(cell)
    name = hashlib.blake2b(raw, digest_size=16).hexdigest()
    row = mapping.translate(cells, name)
    if not isinstance(row, Rejected) and not row.get("message_id"):
        row["message_id"] = name
    return row


def _at(record: object, path: str) -> object:
    """The value at a path; None where it leads nowhere."""
    found = record
    for step in path.split("."):
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isdecimal() and len(step) < 6:
            found = found[int(step)] if int(step) < len(found) else None
        else:
            return None
    return found


def _text(value: object, own: str) -> str | Rejected:
    """A value as the text that a mapping reads."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        if abs(int(value.as_tuple().exponent)) > _MAX_SCALE:
            return Rejected("out_of_range", f"{own} has too many digits")
        return format(value, "f")
    if isinstance(value, str | int):
        return str(value)
    return Rejected("wrong_type", f"{own} is a list or an object; name one value in it")


def _list_of(raws: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(raws) + b"]"


DECODERS: Final[Mappings[str, Decode]] = MappingProxyType(
    {ROUTE: decode_body, RECORDS_ROUTE: decode_records}
)
"""Decoders by route."""
