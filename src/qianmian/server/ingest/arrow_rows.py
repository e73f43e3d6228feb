"""Rows of an Arrow IPC stream from the network, with every bound checked before memory is taken.

Columns have the names of the event table. `type` is a name, or the catalogue's code as an integer;
`event_time` an integer (ms UTC) or a timestamp; strings plain or as dictionaries; `traits` and
`properties` JSON text; `items` a list of structs. `sent_at` (ms) may stand in the metadata of the
schema. Compressed buffers are refused: a few bytes of them unfold to any size.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import pyarrow as pa

from qianmian.errors import InputError
from qianmian.vocabulary.events import CATALOG

Row = dict[str, Any]

_JSON_COLUMNS: Final = frozenset({"traits", "properties"})
_MAX_COLUMNS: Final = 256
_SPARE_BYTES: Final = 1 << 16  # of padding and of bitmaps, which an honest stream may leave out
_RECORD_BATCH, _DICTIONARY_BATCH = 3, 2  # MessageHeader of Arrow's Message.fbs
_HEADER_TYPE, _HEADER = 1, 2  # fields of Message
_COMPRESSION, _DATA = 3, 1  # fields of RecordBatch and of DictionaryBatch
_UNREADABLE: Final = (
    pa.ArrowException,
    msgspec.MsgspecError,
    ValueError,
    TypeError,
    OverflowError,
    OSError,
    RecursionError,
    struct.error,
)


def records_of_arrow(body: bytes, most: int) -> tuple[list[pa.RecordBatch], int | None]:
    """The record batches of a stream, checked, and when it was sent by the sender's clock.

    Raises: InputError when it is no Arrow stream, is compressed, has columns that no event can
        have, or more than `most` events.
    """
    try:
        _refuse_compression(body)
        return _read(body, most)
    except _UNREADABLE as exc:
        raise InputError(f"the Arrow stream cannot be read: {str(exc)[:120]}") from exc


def rows_of_records(records: Sequence[pa.RecordBatch]) -> list[Row]:
    """One mapping per event.

    Raises: InputError for values that cannot be read.
    """
    try:
        return [row for record in records for row in _rows(record)]
    except _UNREADABLE as exc:
        raise InputError(f"the Arrow stream cannot be read: {str(exc)[:120]}") from exc


def _read(body: bytes, most: int) -> tuple[list[pa.RecordBatch], int | None]:
    records: list[pa.RecordBatch] = []
    n = 0
    with pa.ipc.open_stream(pa.BufferReader(body)) as reader:
        _check_schema(reader.schema)
        while True:
            try:
                record = reader.read_next_batch()
            except StopIteration:
                break
            n += record.num_rows
            if n > most:  # told by a header: nothing is unfolded yet
                raise InputError(f"more than {most} events")
            record.validate(full=True)
            if record.nbytes > 4 * len(body) + _SPARE_BYTES:
                raise InputError("its columns share their memory with each other")
            records.append(record)
        sent = (reader.schema.metadata or {}).get(b"sent_at", b"")
    return records, int(sent) if sent.isdigit() and len(sent) < 16 else None


def _check_schema(schema: pa.Schema) -> None:
    if len(schema.names) > _MAX_COLUMNS or len(set(schema.names)) != len(schema.names):
        raise InputError("two columns have one name, or there are too many")
    for column in schema:
        if not _is_usable(column.type):
            raise InputError(f'the column "{column.name[:64]}" has the type {column.type}'[:160])


def _is_usable(kind: pa.DataType, *, nested: bool = True) -> bool:
    types = pa.types
    if types.is_dictionary(kind):
        return bool(types.is_integer(kind.index_type) and _is_text(kind.value_type))
    if nested and (types.is_list(kind) or types.is_large_list(kind)):
        lines = kind.value_type
        return types.is_struct(lines) and all(_is_usable(f.type, nested=False) for f in lines)
    return bool(
        _is_text(kind)
        or types.is_integer(kind)
        or types.is_boolean(kind)
        or types.is_float64(kind)
        or types.is_timestamp(kind)
    )


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _rows(record: pa.RecordBatch) -> list[Row]:
    rows: list[Row] = [{} for _ in range(record.num_rows)]
    for name, column in zip(record.schema.names, record.columns, strict=True):
        for row, value in zip(rows, _values(name, column), strict=True):
            if value is not None:
                row[name] = value
    return rows


def _values(name: str, column: pa.Array) -> Sequence[object]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        known = column.dictionary.to_pylist()  # once: rows share the strings
        codes = column.indices.to_pylist()
        values: list[object] = [None if code is None else known[code] for code in codes]
    elif pa.types.is_timestamp(kind):
        values = column.cast(pa.timestamp("ms", tz=kind.tz)).cast(pa.int64()).to_pylist()
    else:
        values = column.to_pylist()
    if name == "type" and pa.types.is_integer(kind):
        return [_type_name(code) for code in values]
    if name in _JSON_COLUMNS:
        return [None if text is None else msgspec.json.decode(str(text)) for text in values]
    if name == "items":
        return [_lines(lines) for lines in values]
    return values


def _type_name(code: object) -> object:
    """The name of a type code; what is none stays, and the event table says so."""
    return CATALOG[code].name if isinstance(code, int) and 0 <= code < len(CATALOG) else code


def _lines(lines: object) -> object:
    """Order lines without what is absent; null means that there are none."""
    if not isinstance(lines, list):
        return None
    return [
        {key: value for key, value in line.items() if value is not None}
        for line in lines
        if line is not None
    ]


def _refuse_compression(body: bytes) -> None:
    """Look at the header of each message; nothing is inflated.

    Sources: Apache Arrow, format/Message.fbs and "Encapsulated message format".
    """
    reader = pa.ipc.MessageReader.open_stream(pa.BufferReader(body))
    while True:
        try:
            message = reader.read_next_message()
        except StopIteration:
            return
        if _is_compressed(message.metadata.to_pybytes()):
            raise InputError("its buffers are compressed; send it without")


def _is_compressed(metadata: bytes) -> bool:
    """Whether the flatbuffer of a message names a compression of its buffers."""
    message = struct.unpack_from("<I", metadata, 0)[0]
    kind_at = _field(metadata, message, _HEADER_TYPE)
    header_at = _field(metadata, message, _HEADER)
    if kind_at is None or header_at is None or header_at < 0:
        return False
    kind, table = metadata[kind_at], header_at + struct.unpack_from("<I", metadata, header_at)[0]
    if kind == _DICTIONARY_BATCH:
        data_at = _field(metadata, table, _DATA)
        if data_at is None:
            return False
        table, kind = data_at + struct.unpack_from("<I", metadata, data_at)[0], _RECORD_BATCH
    return kind == _RECORD_BATCH and _field(metadata, table, _COMPRESSION) is not None


def _field(buffer: bytes, table: int, number: int) -> int | None:
    """Where a field of a flatbuffer table lies; None when it is absent."""
    vtable = table - struct.unpack_from("<i", buffer, table)[0]
    size = struct.unpack_from("<H", buffer, vtable)[0]
    entry = 4 + 2 * number
    if entry + 2 > size:
        return None
    offset = struct.unpack_from("<H", buffer, vtable + entry)[0]
    return table + offset if offset else None
