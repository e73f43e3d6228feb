"""The quick way in: bodies whose every event is right are decoded by the column.

It has no say in what is right: a body with anything to refuse is left to the decoders that call
this one first. So both ways give the same batch, and only the other one ever rejects. Where a body
is so small that columns cost more than they save, it is left to them too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa

from qianmian.columns.batch import EventBatch, StringColumn
from qianmian.connectors.bodies import read_columns, read_table, settled_rows
from qianmian.connectors.segment_columns import settled_calls
from qianmian.connectors.settling import Columns, Post
from qianmian.connectors.settling import Decoded as Settled
from qianmian.errors import InputError
from qianmian.runtime.text_marks import mark_texts
from qianmian.server.ingest.arrow_rows import records_of_arrow
from qianmian.server.ingest.decoding import UNREADABLE, Decode, DecodeContext, Decoded
from qianmian.server.ingest.identity import settle_identities
from qianmian.vocabulary.values import MAX_INT

Quick = Callable[[bytes, DecodeContext], EventBatch | None]

SMALL_BYTES: Final = 600
"""What is shorter is decoded by the row: some 4 events, for which columns only begin to pay."""

_EVENTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_WRAPPED: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def quick_rows(body: bytes, context: DecodeContext) -> EventBatch | None:
    """The batch of JSON rows if all of them are plainly right, else None."""
    if _may_be_too_large(body, context, "events"):
        return None
    return _finished(partial(settled_rows, body), context)


def quick_columns(body: bytes, context: DecodeContext) -> EventBatch | None:
    """The batch of JSON columns if all events are plainly right, else None."""
    return _finished(partial(read_columns, body), context)


def quick_calls(body: bytes, context: DecodeContext) -> EventBatch | None:
    """The batch of Segment's calls if all are plainly events and right, else None."""
    if _may_be_too_large(body, context, "batch"):
        return None

    def read(post: Post) -> Settled | None:
        return settled_calls(body, post, linked=context.linked, most=context.events)

    return _finished(read, context)


def quick_arrow(body: bytes, context: DecodeContext) -> EventBatch | None:
    """The batch of an Arrow stream if all events are plainly right, else None."""
    if context.source.key_class == "browser":
        return None
    try:
        records, sent_at = records_of_arrow(body, context.events)
    except InputError:
        return None
    if not records:
        return None
    return _finished(
        lambda post: read_table(pa.Table.from_batches(records), post), context, sent_at
    )


QUICK: Final[Mapping[str, Quick]] = MappingProxyType(
    {"rows": quick_rows, "columns": quick_columns, "arrow": quick_arrow, "batch": quick_calls}
)
"""By the way in which a body is written."""


def quick_first(quick: Quick, decode: Decode) -> Decode:
    """The decoder that asks the quick way before `decode`."""

    def decoded(body: bytes, context: DecodeContext) -> Decoded:
        batch = quick(body, context) if len(body) > SMALL_BYTES else None
        if batch is not None and context.erased is not None and context.erased.in_batch(batch):
            batch = None
        return decode(body, context) if batch is None else Decoded(batch, len(batch))

    return decoded


def _may_be_too_large(body: bytes, context: DecodeContext, name: str) -> bool:
    """Whether one event of the list of that name may be larger than an event can be."""
    if len(body) <= context.event_bytes:
        return False
    try:
        listed = body if body.lstrip()[:1] == b"[" else _WRAPPED.decode(body).get(name, b"[]")
        sizes = [len(bytes(raw)) for raw in _EVENTS.decode(listed)]
    except UNREADABLE:
        return True
    return max(sizes, default=0) > context.event_bytes


def _finished(
    read: Callable[[Post], Settled | None], context: DecodeContext, sent_at: int | None = None
) -> EventBatch | None:
    source = context.source

    def whose(columns: Columns, events: int) -> Columns:
        return settle_identities(columns, events, source, context.claims, context.anonymous_ids)

    known = sent_at if sent_at is not None and 0 <= sent_at <= MAX_INT else None
    post = Post(
        context.arrival,
        source.key_class,
        source.default_room,
        request=context.request,
        sent_at_ms=known,
        whose=whose if source.key_class == "browser" or source.prefix else None,
    )
    try:
        decoded = read(post)
    except (InputError, pa.ArrowException, *UNREADABLE):
        return None
    if decoded is None or decoded.rejected or not 0 < len(decoded.batch) <= context.events:
        return None
    batch, n = decoded.batch, len(decoded.batch)
    batch.strings["source"] = StringColumn(np.zeros(n, np.int32), [source.name])
    if not source.presence:
        batch.numbers["presence_none"] = np.ones(n, np.int64)
    mark_texts(batch, context.classify)
    return batch
