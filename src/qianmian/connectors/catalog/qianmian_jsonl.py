"""Qianmian's own events as JSON lines: canonical names, ms, minor units; one event per line.

`message_id` is the id of an event; events without one that repeat as a whole are duplicates.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from qianmian.connectors.files import identity_of, read_lines
from qianmian.connectors.format import Format, FormatOptions
from qianmian.runtime.source import CHUNK_ROWS, Chunk, Row

_DECODER = msgspec.json.Decoder(dict[str, object])


def read(path: Path, _options: FormatOptions) -> Iterator[Chunk]:
    """Every event of the file."""
    chunk = Chunk()
    for line in read_lines(path):
        chunk.bytes_read = line.bytes_read
        if line.text is None:
            chunk.refuse(line.number, line.problem)
        else:
            _add(chunk, line.text, line.number)
        if len(chunk) >= CHUNK_ROWS:
            yield chunk
            chunk = Chunk()
    yield chunk


def _add(chunk: Chunk, text: str, line: int) -> None:
    try:
        row: Row = _DECODER.decode(text)
    except (msgspec.MsgspecError, RecursionError) as exc:
        chunk.refuse(line, "bad_json", exc)
        return
    if row.get("message_id") is not None:
        chunk.add(row, line, b"")
    else:
        chunk.add(row | {"message_id": str(line)}, line, identity_of(text))


DEFINITION = Format(
    name="qianmian_jsonl",
    read=read,
    presence=True,
    recognizes=lambda head: (
        head.lstrip().startswith(b"{") and b'"type"' in head and b'"event_time"' in head
    ),
)
