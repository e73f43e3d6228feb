"""The quick way in: bodies whose every event is right are decoded by the column.

It has no say in what is right: a body with anything to refuse, and every body of a browser, whose
events are settled one by one, is left to the decoders that call this one first. So both ways give
the same batch, and only the other one ever rejects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa

from qianmian.columns.batch import EventBatch, StringColumn
from qianmian.connectors.bodies import read_columns, read_table, settled_rows
from qianmian.connectors.settling import Decoded as Settled
from qianmian.connectors.settling import Post
from qianmian.errors import InputError
from qianmian.runtime.text_marks import mark_texts
from qianmian.server.ingest.arrow_rows import records_of_arrow
from qianmian.server.ingest.decoding import UNREADABLE, Decode, DecodeContext, Decoded
from qianmian.vocabulary.values import MAX_INT

Quick = Callable[[bytes, DecodeContext], EventBatch | None]

_EVENTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_WRAPPED: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def quick_rows(body: bytes, context: DecodeContext) -> EventBatch | None:
    """The batch of JSON rows if all of them are plainly right, else None."""
    if context.source.key_class == "browser" or _may_be_too_large(body, context):
        return None
    return _finished(lambda post: settled_rows(body, post), context)


def quick_columns(body: bytes, context: DecodeContext) -> EventBatch | None:
    """The batch of JSON columns if all events are plainly right, else None."""
    if context.source.key_class == "browser":
        return None
    return _finished(lambda post: read_columns(body, post), context)


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
    {"rows": quick_rows, "columns": quick_columns, "arrow": quick_arrow}
)
"""By the way in which a body is written."""


def quick_first(quick: Quick, decode: Decode) -> Decode:
    """The decoder that asks the quick way before `decode`."""

    def decoded(body: bytes, context: DecodeContext) -> Decoded:
        batch = quick(body, context)
        return decode(body, context) if batch is None else Decoded(batch, len(batch))

    return decoded


def _may_be_too_large(body: bytes, context: DecodeContext) -> bool:
    """Whether one event may be larger than an event can be."""
    if len(body) <= context.event_bytes:
        return False
    try:
        listed = body if body.lstrip()[:1] == b"[" else _WRAPPED.decode(body).get("events", b"[]")
        sizes = [len(bytes(raw)) for raw in _EVENTS.decode(listed)]
    except UNREADABLE:
        return True
    return max(sizes, default=0) > context.event_bytes


def _finished(
    read: Callable[[Post], Settled | None], context: DecodeContext, sent_at: int | None = None
) -> EventBatch | None:
    source = context.source
    known = sent_at if sent_at is not None and 0 <= sent_at <= MAX_INT else None
    post = Post(
        context.arrival,
        source.key_class,
        source.default_room,
        request=context.request,
        sent_at_ms=known,
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
