"""Bodies of posts to batches: events as JSON rows, as JSON columns, or as an Arrow stream.

All three say the same events (docs/formats.md): rows are the plainest, columns are several times
quicker to read and shorter, Arrow is for senders that have columns anyway. A body is read as a
whole; an event in it that is not right is rejected alone, with its place and a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from qianmian.columns.batch import MISSING, StringColumn
from qianmian.columns.strings import Strings
from qianmian.connectors.settling import (
    NESTED,
    PLAIN,
    TEXTS,
    Column,
    Decoded,
    Gathered,
    Int64,
    Post,
    RejectedEvent,
    column_of,
    rows_decoded,
    settled,
)
from qianmian.errors import InputError
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME, ENVELOPE, EventField, EventType
from qianmian.vocabulary.values import MAX_INT

_ARROW_TYPES: Final = {
    name: pa.string() if name in TEXTS else pa.bool_() if kind == "bool" else pa.int64()
    for name, kind in PLAIN.items()
}
_SHORT: Final = 1_000
_TYPED: Final[dict[str, Any]] = {"int": int, "money": int, "bool": bool, "string": str, "text": str}


def _struct_of(event: EventType) -> Any:
    """What msgspec reads an event of this type as; whatever else it is goes to `canonical`."""

    def member(one: EventField) -> Any:
        kind = _TYPED.get(one.type, object)
        return (one.name, kind) if one.required else (one.name, kind | None, None)

    fields = sorted((*event.fields, *ENVELOPE), key=lambda one: not one.required)
    return msgspec.defstruct(
        event.name,
        [member(one) for one in fields],
        tag_field="type",
        tag=event.name,
        forbid_unknown_fields=True,
        gc=False,
    )


_STRUCTS: Final = [_struct_of(event) for event in CATALOG]
_CODE_BY_STRUCT: Final = {struct: code for code, struct in enumerate(_STRUCTS)}
_GETTERS: Final = [attrgetter(*struct.__struct_fields__) for struct in _STRUCTS]


def _union() -> Any:
    union = _STRUCTS[0]
    for struct in _STRUCTS[1:]:
        union |= struct
    return union


_List: Final = list[_union()]  # type: ignore[misc]
_Events: Final = msgspec.defstruct("_Events", [("events", _List), ("sent_at", object, None)])
_WRAPPED: Final = msgspec.json.Decoder(_Events)
_ROWS: Final = msgspec.json.Decoder(_List)
_ANYTHING: Final = msgspec.json.Decoder()
_UNREADABLE: Final = (
    msgspec.MsgspecError, pa.ArrowException, ArithmeticError, RecursionError, ValueError, OSError,
)  # fmt: skip


def read_rows(body: bytes, post: Post) -> Decoded:
    """The events of a JSON array of objects, or of `{"events": [...], "sent_at": ms}`.

    Raises: InputError when it is neither.
    Cost: 1 µs per event; 20 µs per event of a body in which any has a field of another type or name
        than the catalog says, and per event with order lines.
    """
    decoded = settled_rows(body, post)
    if decoded is not None:
        return decoded
    try:
        given = _ANYTHING.decode(body)
        sent_at = given.get("sent_at") if isinstance(given, dict) else None
        raws = given.get("events") if isinstance(given, dict) else given
    except _UNREADABLE as problem:
        raise InputError(f"the body is no JSON array of events: {problem}") from problem
    if not isinstance(raws, list):
        raise InputError("the body is no JSON array of events, and has none")
    return rows_decoded(raws, _timed(post, sent_at))


def settled_rows(body: bytes, post: Post) -> Decoded | None:
    """The same if every event has the fields and types of the catalog, else None."""
    try:
        if body.lstrip()[:1] == b"[":
            return _by_type(_ROWS.decode(body), post)
        given: Any = _WRAPPED.decode(body)
        return _by_type(given.events, _timed(post, given.sent_at))
    except _UNREADABLE:
        return None


def _timed(post: Post, sent_at: object) -> Post:
    """The post with the sender's clock, where the body tells it."""
    if not isinstance(sent_at, int) or isinstance(sent_at, bool) or not 0 <= sent_at <= MAX_INT:
        return post
    return replace(post, sent_at_ms=sent_at)


def _by_type(events: list[Any], post: Post) -> Decoded:
    """Columns in order of type, so that each is joined from whole pieces."""
    n = len(events)
    kind = np.fromiter(map(_CODE_BY_STRUCT.__getitem__, map(type, events)), np.uint8, n)
    order = np.argsort(kind, kind="stable")
    gathered = Gathered()
    done = 0
    for code, count in enumerate(np.bincount(kind).tolist()):
        if not count:
            continue
        mine = [events[row] for row in order[done : done + count].tolist()]
        names = _STRUCTS[code].__struct_fields__
        told = zip(names, zip(*map(_GETTERS[code], mine), strict=True), strict=True)
        gathered.add(count, ((name, some) for name, some in told if some.count(None) < count))
        done += count
    columns = gathered.columns()
    plain = {name: column_of(name, columns[name]) for name in columns if name in PLAIN}
    nested: dict[str, list[object]] = {n: columns[n] for n in NESTED if n in columns}
    return settled(kind[order], plain, nested, post, order)


class _Coded(msgspec.Struct, forbid_unknown_fields=True):
    """A column with few different values: `codes` are places in `values`; -1 or null is absent."""

    values: list[str]
    codes: list[int | None]

    def __len__(self) -> int:
        return len(self.codes)


def _column_type(kind: str) -> Any:
    if kind in ("string", "text"):
        return list[str | None] | _Coded | str | None
    typed = _TYPED.get(kind, object)
    return list[typed | None] | typed | None  # type: ignore[valid-type]


_Columns: Final = msgspec.defstruct(
    "_Columns",
    [
        ("type", list[str] | _Coded | str),
        *((name, _column_type(kind), None) for name, kind in PLAIN.items()),
        *((name, list[object] | None, None) for name in NESTED),
    ],
    forbid_unknown_fields=True,
)
_Body: Final = msgspec.defstruct("_Body", [("columns", _Columns), ("sent_at", object, None)])
_COLUMNS: Final = msgspec.json.Decoder(_Body)


def read_columns(body: bytes, post: Post) -> Decoded:
    """The events of `{"columns": {"type": [...], "viewer": [...], ...}, "sent_at": ms}`.

    A column is a list, one value for all, or, of strings, `{"values": [...], "codes": [...]}`. All
    lists are equally long.

    Raises: InputError when the body is no such object: columns cannot be told apart into good and
        bad events when their lengths or types are wrong.
    """
    try:
        document: Any = _COLUMNS.decode(body)
        given = {name: getattr(document.columns, name) for name in ("type", *PLAIN, *NESTED)}
        given = {name: column for name, column in given.items() if column is not None}
        n = max((len(c) for c in given.values() if isinstance(c, list | _Coded)), default=1)
        plain = {name: _column(name, given[name], n) for name in given if name not in NESTED}
    except _UNREADABLE as problem:
        raise InputError(f"the body is no columns of events: {problem}") from problem
    nested: dict[str, list[object]] = {n: given[n] for n in NESTED if n in given}
    return _columns_decoded(plain, nested, _timed(post, document.sent_at))


def read_arrow(body: bytes, post: Post) -> Decoded:
    """The events of an Arrow stream, all record batches of it.

    Columns have the names of the event table: strings plain or as dictionaries, whole numbers of
    any width or timestamps, `type` as the name or the code; `items` as lists of structs, `traits`
    and `properties` as JSON text.

    Raises: InputError when it is no such stream.
    """
    try:
        with pa.ipc.open_stream(body) as reader:
            table = reader.read_all()
        table.validate(full=True)
        return read_table(table, post)
    except _UNREADABLE as problem:
        raise InputError(f"the body is no Arrow stream of events: {problem}") from problem


def read_table(table: pa.Table, post: Post) -> Decoded:
    """The events of such columns; `table` is valid.

    Raises: InputError when they are no columns of events, pyarrow's errors when a cast fails.
    """
    if any(column.num_chunks > 1 for column in table.columns):
        table = table.unify_dictionaries().combine_chunks()
    if len(set(table.column_names)) != table.num_columns:
        raise InputError("the Arrow stream has two columns of one name")
    plain: dict[str, Column] = {}
    nested = {}
    for name in table.column_names:
        column = table.column(name)
        array = column.chunk(0) if column.num_chunks else pa.array([], column.type)
        if name in NESTED:
            nested[name] = [_object(value) for value in array.to_pylist()]
        elif name == "type" and pa.types.is_integer(array.type):
            known = pa.array([event.name for event in CATALOG])
            named = pa.DictionaryArray.from_arrays(array.cast(pa.int32()), known)
            plain[name] = _of_arrow(named)
        elif name != "type" and name not in PLAIN:
            raise InputError(f'the Arrow stream has an unknown column "{name}"', field=name)
        else:
            plain[name] = _of_arrow(_cast(array, _ARROW_TYPES.get(name, pa.string())))
    return _columns_decoded(plain, nested, post)


def _of_arrow(array: pa.Array) -> Column:
    """The column of an array of strings (plain or a dictionary), whole numbers or booleans.

    Cost: short arrays go through Python strings: a call of pyarrow costs as much as a hundred.
    """
    types = pa.types
    if not types.is_dictionary(array.type) and not types.is_string(array.type):
        numbers: Int64 = _whole(array.cast(pa.int64()), MISSING)
        return numbers
    is_short = len(array) <= _SHORT
    if types.is_dictionary(array.type):
        known = array.dictionary
        is_short = is_short and len(known) <= _SHORT
        values = known.to_pylist() if is_short else known.unique()
        if known.null_count or (len(set(values)) if is_short else len(values)) < len(known):
            array = array.cast(pa.string())
        elif is_short:
            return StringColumn(_whole(array.indices.cast(pa.int32()), -1), values).compacted()
    if is_short and types.is_string(array.type):
        return StringColumn.of(array.to_pylist())
    array = array.dictionary_encode()
    places = _whole(array.indices.cast(pa.int32()), -1)
    return StringColumn(places, Strings.of_arrow(array.dictionary.cast(pa.string()))).compacted()


def _whole(array: pa.Array, absent: int) -> Any:
    """Whole numbers, with a value for null. pyarrow's own way costs ten times as much."""
    if not array.null_count:
        return array.to_numpy(zero_copy_only=False)
    kind = array.type.to_pandas_dtype()
    size = np.dtype(kind).itemsize
    held = np.frombuffer(array.buffers()[1], kind, len(array), array.offset * size)
    return np.where(array.is_valid().to_numpy(zero_copy_only=False), held, kind(absent))


def _object(value: Any) -> Any:
    """Nested values: JSON text is read, what is null inside structs is not given."""
    if isinstance(value, str):
        return msgspec.json.decode(value)
    if isinstance(value, list):
        return [{k: v for k, v in line.items() if v is not None} for line in value]
    return value


def _cast(array: pa.Array, wanted: pa.DataType) -> pa.Array:
    """The column in the type of its field; what is of another kind is no value of it.

    Raises: InputError, or pyarrow's error for a number that is not whole or above 2^63.
    """
    kind, types = array.type, pa.types
    if types.is_dictionary(kind):
        if types.is_string(wanted) and types.is_string(kind.value_type):
            return array
        return _cast(array.cast(kind.value_type), wanted)
    if types.is_timestamp(kind) and wanted == pa.int64():
        return array.cast(pa.timestamp("ms", tz=kind.tz)).cast(wanted)
    fits = {
        pa.string(): types.is_string(kind) or types.is_large_string(kind),
        pa.int64(): types.is_integer(kind) or types.is_floating(kind),
        pa.bool_(): types.is_boolean(kind),
    }
    if not fits[wanted] and not types.is_null(kind):
        raise InputError(f"a column of {wanted} is {kind}")
    return array.cast(wanted)


def _column(name: str, given: Any, n: int) -> Column:
    if isinstance(given, _Coded):
        return _coded(given)
    if isinstance(given, list):
        return StringColumn.of(given) if name == "type" else column_of(name, given)
    if isinstance(given, str):  # one value for all
        return StringColumn(np.zeros(n, np.int32), [given])
    return np.full(n, given, np.int64)


def _coded(given: _Coded) -> StringColumn:
    """The column of codes and values, which may repeat or not be used.

    Raises: InputError for a code without a value.
    """
    codes = np.array([-1 if code is None else code for code in given.codes], np.int32)
    if len(codes) and not -1 <= codes.min() <= codes.max() < len(given.values):
        raise InputError("a column has a code without a value")
    values = StringColumn.of(given.values)
    if len(values.values) < len(given.values):
        codes = np.append(values.codes, np.int32(-1))[codes]
    return StringColumn(codes, values.values).compacted()


def _columns_decoded(
    columns: dict[str, Column], nested: Mapping[str, list[object]], post: Post
) -> Decoded:
    """What is common to columns from JSON and from Arrow: the types are names."""
    types = columns.pop("type", None)
    sizes = {*map(_length, columns.values()), *map(len, nested.values())}
    if not isinstance(types, StringColumn) or sizes - {len(types.codes)}:
        raise InputError("columns of events need a type, and must all be equally long")
    codes = np.array([*(CODE_BY_NAME.get(name, -1) for name in types.values), -1], np.int16)
    kind = codes[types.codes]
    known = np.flatnonzero(kind >= 0)
    if len(known) == len(kind):
        return settled(kind.astype(np.uint8), columns, nested, post)
    taken = {name: _taken(column, known) for name, column in columns.items()}
    kept = {name: [values[row] for row in known.tolist()] for name, values in nested.items()}
    decoded = settled(kind[known].astype(np.uint8), taken, kept, post, known)
    for row in np.flatnonzero(kind < 0).tolist():
        refused = rows_decoded([{"type": types.get(row)}], post).rejected[0]
        decoded.rejected.append(RejectedEvent(row, refused.reason_code, refused.detail))
    decoded.rejected.sort(key=lambda one: one.index)
    return decoded


def _length(column: Column) -> int:
    return len(column.codes if isinstance(column, StringColumn) else column)


def _taken(column: Column, rows: Int64) -> Column:
    if isinstance(column, StringColumn):
        return column.take(rows).compacted()
    taken: Int64 = column[rows]
    return taken
