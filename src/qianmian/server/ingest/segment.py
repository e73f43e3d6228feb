"""Segment calls from the network, one per post or many in a batch.

What a call means is in `connectors/segment_calls.py`. Here is what the wire adds: each call of a
batch is bounded and read by itself, so that one bad call costs only itself; `context` of the batch
is merged into each; time is ours (`sentAt` corrects the device's, `receivedAt` is not believed).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import msgspec

from qianmian.connectors.segment_calls import Json, SegmentCalls
from qianmian.runtime.source import Row
from qianmian.server.ingest.decoding import (
    UNREADABLE,
    Decode,
    DecodeContext,
    Decoded,
    Rows,
    too_large,
    unreadable,
    why_unreadable,
)
from qianmian.server.ingest.quick import QUICK, quick_first
from qianmian.vocabulary.rejected import Rejected

CALLS: Final = ("track", "identify", "page", "screen", "group", "alias")
BATCH_ROUTE: Final = "segment/batch"
_SHARED: Final = ("sentAt", "context")
_SECRET: Final = ("writeKey", "viewerToken")

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_CALLS = msgspec.json.Decoder(list[msgspec.Raw])
_CALL = msgspec.json.Decoder(dict[str, object], float_hook=Decimal)
_VALUE = msgspec.json.Decoder(float_hook=Decimal)


def decode_batch(body: bytes, context: DecodeContext) -> Decoded:
    """The calls of `{"batch": [...], "sentAt": ..., "context": ...}`."""
    try:
        fields = _FIELDS.decode(body)
        calls = _CALLS.decode(fields.get("batch", b"null"))
        around: Json = {name: _VALUE.decode(fields[name]) for name in _SHARED if name in fields}
    except UNREADABLE as exc:
        return unreadable("bad_json", exc)
    if not calls:
        return unreadable("empty_batch", "the batch has no calls")
    if len(calls) > context.events:
        return unreadable("too_many_events", f"{len(calls)} calls; the most is {context.events}")
    rows = Rows(context)
    translate = SegmentCalls(context.linked)
    for index, raw in enumerate(calls):
        _add(rows, translate, bytes(raw), around, index, context)
    kept = {name: fields[name] for name in _SHARED if name in fields}

    def wrap(raws: Sequence[bytes]) -> bytes:
        return msgspec.json.encode(kept | {"batch": [msgspec.Raw(raw) for raw in raws]})

    return rows.decoded(BATCH_ROUTE, wrap)


def _add(
    rows: Rows,
    translate: SegmentCalls,
    raw: bytes,
    around: Json,
    index: int,
    context: DecodeContext,
) -> None:
    problem = too_large(raw, context)
    if problem is not None:
        rows.refuse(index, problem, raw)
        return
    try:
        call = _CALL.decode(raw)
    except UNREADABLE as exc:
        rows.refuse(index, why_unreadable(exc), raw)
        return
    _add_call(rows, translate, _merged(around, call), raw, index, context)


def _merged(around: Json, call: Json) -> Json:
    shared, own = around.get("context"), call.get("context")
    merged = around | call
    if isinstance(shared, dict) and isinstance(own, dict):
        merged["context"] = shared | own
    return merged


def _add_call(
    rows: Rows,
    translate: SegmentCalls,
    call: Json,
    raw: bytes,
    index: int,
    context: DecodeContext,
) -> None:
    row = translate.translate(call, f"{context.request}.{index}", arrival=context.arrival)
    if isinstance(row, Rejected):
        rows.refuse(index, row, raw, call.get("messageId"))
        return
    if context.source.key_class == "browser" and call.get("anonymousId") is not None:
        row["anonymous_id"] = call["anonymousId"]  # a user id is not believed, this may be
    rows.add(index, row, raw, also=_traits_of_link(row))


def _traits_of_link(row: Row) -> Row | None:
    """The traits of a link once more, as a profile.

    An engine that has seen the link before (we may have been restarted since) refuses it, and
    would lose the traits with it. Told twice they say nothing new.
    """
    if row["type"] != "identity_linked" or not row.get("traits"):
        return None
    return {
        "type": "profile_updated",
        "viewer": row["viewer"],
        "traits": row["traits"],
        "event_time": row["event_time"],
        "message_id": f"{row['message_id']}~traits",
    }


def _decoder_of(kind: str) -> Decode:
    def decode(body: bytes, context: DecodeContext) -> Decoded:
        if too_large(body, context):
            return unreadable("body_too_large", f"a {kind} call has at most 32 KB")
        try:
            fields = _FIELDS.decode(body)
            call = _CALL.decode(body)
        except UNREADABLE as exc:
            return unreadable("bad_json", exc)
        call["type"] = kind
        fields["type"] = msgspec.Raw(msgspec.json.encode(kind))
        raw = msgspec.json.encode({k: v for k, v in fields.items() if k not in _SECRET})
        rows = Rows(context)
        _add_call(rows, SegmentCalls(context.linked), call, raw, 0, context)
        return rows.decoded(BATCH_ROUTE, _batch_of)

    return decode


def _batch_of(raws: Sequence[bytes]) -> bytes:
    return msgspec.json.encode({"batch": [msgspec.Raw(raw) for raw in raws]})


DECODERS: Final[Mapping[str, Decode]] = MappingProxyType(
    {f"segment/{kind}": _decoder_of(kind) for kind in CALLS}
    | {BATCH_ROUTE: quick_first(QUICK["batch"], decode_batch)}
)
"""Decoders by route: `segment/track` and so on; of batches by the column where all is right."""
