"""Qianmian's own events as Parquet: one column per field, absent values null.

Times are ms UTC, or timestamps of any unit (UTC where they name no zone). `items` is a list of
structs; `traits` and `properties` are JSON texts or structs. A "line" of a report is the number of
the row, from 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from qianmian.connectors.files import identity_of, unreadable
from qianmian.connectors.format import Format, FormatOptions
from qianmian.errors import InputError
from qianmian.runtime.source import CHUNK_ROWS, Chunk, Row

REQUIRED = ("type", "event_time")
JSON_FIELDS = ("traits", "properties", "items")


def read(path: Path, _options: FormatOptions) -> Iterator[Chunk]:
    """Every row of the file.

    Raises: InputError when it is no Parquet file.
    """
    try:
        with pq.ParquetFile(path) as file:
            _check_columns(path, file.schema_arrow)
            size, total = path.stat().st_size, max(1, file.metadata.num_rows)
            done = 0
            for batch in file.iter_batches(CHUNK_ROWS):
                chunk = Chunk(bytes_read=size * (done + batch.num_rows) // total)
                for given in _in_ms(batch).to_pylist():
                    done += 1
                    _add(chunk, given, done)
                yield chunk
    except (OSError, pa.ArrowInvalid) as exc:
        raise unreadable(path, exc) from exc


def _check_columns(path: Path, schema: pa.Schema) -> None:
    missing = [name for name in REQUIRED if name not in schema.names]
    if missing:
        raise InputError(
            f"{path.name} has no column {', '.join(missing)}; its columns are "
            f"{', '.join(schema.names[:12])}. Name them as in docs/reference/events.md",
            path=str(path),
        )


def _in_ms(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with instants as ms UTC, whatever unit their column has."""
    for place, column in enumerate(batch.schema):
        if pa.types.is_timestamp(column.type):
            instants = batch.column(place).cast(pa.timestamp("ms", column.type.tz), safe=False)
            batch = batch.set_column(place, column.name, instants.cast(pa.int64()))
    return batch


def _add(chunk: Chunk, given: Row, number: int) -> None:
    row = {name: value for name, value in given.items() if value is not None}
    for name in JSON_FIELDS:
        text = row.get(name)
        if isinstance(text, str):
            try:
                row[name] = msgspec.json.decode(text)
            except msgspec.MsgspecError as exc:
                chunk.refuse(number, "bad_json", f"{name}: {exc}")
                return
    if row.get("message_id") is not None:
        chunk.add(row, number, b"")
    else:
        chunk.add(row | {"message_id": str(number)}, number, identity_of(repr(sorted(row.items()))))


DEFINITION = Format(
    name="qianmian_parquet",
    read=read,
    presence=True,
    recognizes=lambda head: head.startswith(b"PAR1"),
)
