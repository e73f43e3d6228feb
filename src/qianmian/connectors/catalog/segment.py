"""Segment calls as JSON lines: one call, or one body of `/v1/batch` with many, per line.

What a call becomes is in `connectors/segment_calls.py`. `messageId` is the id of an event; calls
without one that repeat as a whole are duplicates. Nobody leaves by silence: Segment has no
heartbeats.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec

from qianmian.connectors.files import identity_of, read_lines
from qianmian.connectors.format import Format, FormatOptions
from qianmian.connectors.segment_calls import Json, SegmentCalls
from qianmian.runtime.source import CHUNK_ROWS, Chunk

MAX_BATCH_CALLS = 2_500  # Segment's own limit
_DECODER = msgspec.json.Decoder(dict[str, object], float_hook=Decimal)


def read(path: Path, _options: FormatOptions) -> Iterator[Chunk]:
    """Every call of the file."""
    calls = SegmentCalls()
    chunk = Chunk()
    for line in read_lines(path):
        chunk.bytes_read = line.bytes_read
        if line.text is None:
            chunk.refuse(line.number, line.problem)
            continue
        try:
            body = _DECODER.decode(line.text)
        except (msgspec.MsgspecError, ArithmeticError, RecursionError) as exc:
            chunk.refuse(line.number, "bad_json", exc)
            continue
        _add_calls(chunk, calls, body, line.number)
        if len(chunk) >= CHUNK_ROWS:
            yield chunk
            chunk = Chunk()
    yield chunk


def _add_calls(chunk: Chunk, calls: SegmentCalls, body: Json, line: int) -> None:
    batch = body.get("batch")
    if batch is None:
        chunk.add(calls.translate(body, str(line)), line, _identity(body))
        return
    if not isinstance(batch, list) or len(batch) > MAX_BATCH_CALLS:
        chunk.refuse(line, "too_many", f"a batch is a list of at most {MAX_BATCH_CALLS} calls")
        return
    shared: Json = {
        name: body[name] for name in ("sentAt", "receivedAt", "context") if name in body
    }
    for position, call in enumerate(batch, 1):
        if not isinstance(call, dict):
            chunk.refuse(line, "not_an_object", f"call {position} of the batch")
            continue
        chunk.add(calls.translate(shared | call, f"{line}.{position}"), line, _identity(call))


def _identity(call: Json) -> bytes:
    if call.get("messageId"):
        return b""
    return identity_of(msgspec.json.encode(call, order="sorted").decode(errors="replace"))


DEFINITION = Format(
    name="segment",
    read=read,
    recognizes=lambda head: (
        head.lstrip().startswith(b"{")
        and any(
            word in head for word in (b'"messageId"', b'"anonymousId"', b'"userId"', b'"batch"')
        )
    ),
)
