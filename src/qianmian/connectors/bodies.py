"""Bodies of posts to batches: events as JSON rows, as JSON columns, or as an Arrow stream.

All three say the same events (docs/formats.md): rows are the plainest, columns are several times
quicker to read and shorter, Arrow is for senders that have columns anyway. A body is read as a
whole; an event in it that is not right is rejected alone, with its place and a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from qianmian.connectors.settling import (
    ARROW_TYPES,
    NESTED,
    PLAIN,
    Decoded,
    Post,
    RejectedEvent,
    rows_decoded,
    settled,
)
from qianmian.errors import InputError
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME, ENVELOPE, EventField, EventType

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


_ROWS: Final = msgspec.json.Decoder(list[_union()])  # type: ignore[misc]
_ANYTHING: Final = msgspec.json.Decoder(list[object])


_UNREADABLE: Final = (
    msgspec.MsgspecError, pa.ArrowException, RecursionError, ValueError, OverflowError, OSError,
)  # fmt: skip


def read_rows(body: bytes, post: Post) -> Decoded:
    """The events of a JSON array of objects.

    Raises: InputError when it is none.
    Cost: 1 µs per event; 20 µs per event of a body in which any has a field of another type or name
        than the catalog says, and per event with items, traits or properties.
    """
    try:
        events = _ROWS.decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return _one_by_one(body, post)
    try:
        return _by_type(events, post)
    except (pa.ArrowException, OverflowError, UnicodeError):  # a lone surrogate, 2^64
        return _one_by_one(body, post)


def _one_by_one(body: bytes, post: Post) -> Decoded:
    try:
        raws = _ANYTHING.decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError) as problem:
        raise InputError(f"the body is no JSON array of events: {problem}") from problem
    return rows_decoded(raws, post)


def _by_type(events: list[Any], post: Post) -> Decoded:
    """Columns in order of type, so that each is joined from whole pieces."""
    n = len(events)
    kind = np.fromiter(map(_CODE_BY_STRUCT.__getitem__, map(type, events)), np.uint8, n)
    order = np.argsort(kind, kind="stable")
    columns: dict[str, list[object]] = {}
    done = 0
    for code, count in enumerate(np.bincount(kind).tolist()):
        if not count:
            continue
        mine = [events[row] for row in order[done : done + count].tolist()]
        names = _STRUCTS[code].__struct_fields__
        for name, values in zip(names, zip(*map(_GETTERS[code], mine), strict=True), strict=True):
            if values.count(None) < count:
                column = columns.setdefault(name, [])
                column.extend([None] * (done - len(column)))
                column.extend(values)
        done += count
    for column in columns.values():
        column.extend([None] * (n - len(column)))
    arrays = {
        name: pa.array(values, ARROW_TYPES[name])
        for name, values in columns.items()
        if name in PLAIN
    }
    nested: dict[str, list[object]] = {n: columns[n] for n in NESTED if n in columns}
    return settled(kind[order], arrays, nested, post, order)


class _Coded(msgspec.Struct, forbid_unknown_fields=True):
    """A column with few different values: `codes` are places in `values`; null is absent."""

    values: list[str]
    codes: list[int | None]


def _column_type(kind: str) -> Any:
    if kind in ("string", "text"):
        return list[str | None] | _Coded | None
    typed = _TYPED.get(kind, object)
    return list[typed | None] | None  # type: ignore[valid-type]


_Columns: Final = msgspec.defstruct(
    "_Columns",
    [
        ("type", list[str] | _Coded),
        *((name, _column_type(kind), None) for name, kind in PLAIN.items()),
        *((name, list[object] | None, None) for name in NESTED),
    ],
    forbid_unknown_fields=True,
)
_Body: Final = msgspec.defstruct("_Body", [("columns", _Columns)], forbid_unknown_fields=True)
_COLUMNS: Final = msgspec.json.Decoder(_Body)


def read_columns(body: bytes, post: Post) -> Decoded:
    """The events of a JSON object `{"columns": {"type": [...], "viewer": [...], ...}}`.

    A column of strings may be `{"values": [...], "codes": [...]}`. All columns are equally long.

    Raises: InputError when the body is no such object: columns cannot be told apart into good and
        bad events when their lengths or types are wrong.
    """
    try:
        given: Any = attrgetter("columns")(_COLUMNS.decode(body))
        names = [name for name in given.__struct_fields__ if getattr(given, name) is not None]
        arrays = {
            name: _array(getattr(given, name), ARROW_TYPES.get(name, pa.string()))
            for name in names
            if name not in NESTED
        }
    except _UNREADABLE as problem:
        raise InputError(f"the body is no columns of events: {problem}") from problem
    nested = {name: getattr(given, name) for name in names if name in NESTED}
    return _columns_decoded(arrays, nested, post)


def read_arrow(body: bytes, post: Post) -> Decoded:
    """The events of an Arrow stream, all record batches of it.

    Columns have the names of the event table: strings plain or as dictionaries, whole numbers of
    any width, `type` as the name; `items` as lists of structs, `traits` and `properties` as JSON
    text.

    Raises: InputError when it is no such stream.
    """
    try:
        with pa.ipc.open_stream(body) as reader:
            table = reader.read_all()
        table.validate(full=True)
        table = table.unify_dictionaries().combine_chunks()
        arrays, nested = {}, {}
        for name in table.column_names:
            column = table.column(name)
            array = column.chunk(0) if column.num_chunks else pa.array([], column.type)
            if name in NESTED:
                nested[name] = [_object(value) for value in array.to_pylist()]
            elif name != "type" and name not in PLAIN:
                raise InputError(f'the Arrow stream has an unknown column "{name}"', field=name)
            else:
                arrays[name] = _cast(array, ARROW_TYPES.get(name, pa.string()))
        if len(arrays) + len(nested) != table.num_columns:
            raise InputError("the Arrow stream has two columns of one name")
    except _UNREADABLE as problem:
        raise InputError(f"the body is no Arrow stream of events: {problem}") from problem
    return _columns_decoded(arrays, nested, post)


def _object(value: Any) -> Any:
    """Nested values: JSON text is read, what is null inside structs is not given."""
    if isinstance(value, str):
        return msgspec.json.decode(value)
    if isinstance(value, list):
        return [{k: v for k, v in line.items() if v is not None} for line in value]
    return value


def _cast(array: pa.Array, wanted: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(array.type):
        kind = pa.dictionary(array.type.index_type, wanted)
        return array if array.type == kind else array.cast(wanted)
    return array.cast(wanted)


def _array(given: Any, kind: pa.DataType) -> pa.Array:
    if isinstance(given, _Coded):
        codes = pa.array(given.codes, pa.int32())
        return pa.DictionaryArray.from_arrays(codes, pa.array(given.values, pa.string()))
    return pa.array(given, kind)


def _columns_decoded(
    arrays: dict[str, pa.Array], nested: Mapping[str, list[object]], post: Post
) -> Decoded:
    """What is common to columns from JSON and from Arrow: the types are names."""
    types = arrays.pop("type", None)
    sizes = {len(column) for column in (*arrays.values(), *nested.values())}
    if types is None or sizes - {len(types)}:
        raise InputError("columns of events need a type, and must all be equally long")
    types = types if pa.types.is_dictionary(types.type) else types.dictionary_encode()
    names = types.dictionary.to_pylist()
    codes = np.array([*(CODE_BY_NAME.get(str(name), -1) for name in names), -1], np.int16)
    kind = codes[types.indices.fill_null(len(names)).to_numpy(zero_copy_only=False)]
    known = np.flatnonzero(kind >= 0)
    if len(known) == len(kind):
        return settled(kind.astype(np.uint8), arrays, nested, post)
    taken = {name: array.take(pa.array(known)) for name, array in arrays.items()}
    kept = {name: [values[row] for row in known.tolist()] for name, values in nested.items()}
    decoded = settled(kind[known].astype(np.uint8), taken, kept, post, known)
    for row in np.flatnonzero(kind < 0).tolist():
        refused = rows_decoded([{"type": types[row].as_py()}], post).rejected[0]
        decoded.rejected.append(RejectedEvent(row, refused.reason_code, refused.detail))
    decoded.rejected.sort(key=lambda one: one.index)
    return decoded
