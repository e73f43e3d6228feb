"""Bodies of Segment's HTTP API to batches: one call, or `{"batch": [...]}` with many.

What a call becomes is in `connectors/segment_calls.py`. The time of arrival is the gateway's:
a `receivedAt` in the body is somebody else's and is not used.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from qianmian.connectors.segment_calls import MAX_BATCH_CALLS, Json, SegmentCalls
from qianmian.connectors.settling import Decoded, Post, RejectedEvent, objects_settled
from qianmian.errors import InputError
from qianmian.vocabulary.rejected import Rejected

_DECODER: Final = msgspec.json.Decoder(dict[str, object], float_hook=Decimal)
_SHARED: Final = ("sentAt", "context")


def read_segment(body: bytes, post: Post, calls: SegmentCalls) -> Decoded:
    """The events of a body; `calls` knows which ids its source has linked before.

    Raises: InputError when it is no call and no batch.
    Cost: about 10 µs per call, most of it translation.
    """
    try:
        given = _DECODER.decode(body)
    except (msgspec.MsgspecError, ArithmeticError, RecursionError, ValueError) as problem:
        raise InputError(f"the body is no Segment call: {problem}") from problem
    batch = given.get("batch", [given])
    if not isinstance(batch, list) or len(batch) > MAX_BATCH_CALLS:
        raise InputError(f"a batch is a list of at most {MAX_BATCH_CALLS} calls")
    arrival = datetime.fromtimestamp(post.arrival_ms / 1_000, UTC).isoformat(
        timespec="milliseconds"
    )
    shared: Json = {name: given[name] for name in _SHARED if name in given}
    raws: list[dict[str, Any]] = []
    places: list[int] = []
    rejected = []
    for index, call in enumerate(batch):
        row: dict[str, Any] | Rejected = Rejected("not_an_object", f"call {index}")
        if isinstance(call, dict):
            told = {**shared, **call, "receivedAt": arrival}
            row = calls.translate(told, f"{post.message}.{index}")
        if isinstance(row, Rejected):
            rejected.append(RejectedEvent(index, row.reason_code, row.detail))
        else:
            raws.append(row)
            places.append(index)
    decoded = objects_settled(raws, post)
    rejected += [
        RejectedEvent(places[one.index], one.reason_code, one.detail) for one in decoded.rejected
    ]
    decoded.rejected = sorted(rejected, key=lambda one: one.index)
    return decoded
