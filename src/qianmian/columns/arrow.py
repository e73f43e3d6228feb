"""Event batches as Arrow record batches and back, without loss.

Columns of the record batch, by their canonical names: `clock`, `event_time` (int64), `type`
(uint8, the catalogue's code), strings as dictionaries, numbers as int64 where null is absent,
`items` as a list of structs, `traits` as JSON text. Numbers without an absent value share memory
both ways; such arrays are read-only.
"""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from qianmian.columns.batch import EventBatch
from qianmian.columns.column import (
    MISSING,
    Int64,
    ItemColumn,
    StringColumn,
    Traits,
    recoded,
)
from qianmian.columns.fields import NUMBER_FIELDS, STRING_FIELDS
from qianmian.columns.strings import Strings
from qianmian.errors import InputError
from qianmian.vocabulary.events import CATALOG

_TRAITS: Final = msgspec.json.Decoder()
_FIXED: Final = ("clock", "event_time", "type")
_ITEM_NUMBERS: Final = ("quantity", "price", "amount")


def to_arrow(batch: EventBatch) -> pa.RecordBatch:
    """The batch as Arrow; strings that no row uses are left out."""
    columns: dict[str, pa.Array] = {
        "clock": pa.array(batch.clock),
        "event_time": pa.array(batch.event_time),
        "type": pa.array(batch.type),
    }
    columns |= {name: _string_array(column) for name, column in batch.strings.items()}
    columns |= {name: _number_array(column) for name, column in batch.numbers.items()}
    if batch.items is not None:
        columns["items"] = _item_array(batch.items)
    if batch.traits:
        columns["traits"] = _traits_array(batch.traits, len(batch))
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def from_arrow(record: pa.RecordBatch) -> EventBatch:
    """The batch of an Arrow record batch, from `to_arrow` or any writer that keeps its names.

    String columns may be plain or dictionaries of any index type; integer columns of any width.

    Raises: InputError for an unknown or unreadable column, a missing fixed column, or codes of
        types that the catalogue does not have.
    """
    try:
        record.validate(full=True)
        return _batch(record)
    except (pa.ArrowException, ValueError, RecursionError) as error:
        raise InputError(f"the Arrow batch cannot be read: {error}") from error


def _batch(record: pa.RecordBatch) -> EventBatch:
    columns = dict(zip(record.schema.names, record.columns, strict=True))
    missing = [name for name in _FIXED if name not in columns]
    if missing or len(columns) != record.num_columns:
        raise InputError(f"the Arrow batch has no or two columns {missing or record.schema.names}")
    strings, numbers = {}, {}
    for name, column in columns.items():
        if name in STRING_FIELDS:
            strings[name] = _strings(column)
        elif name in NUMBER_FIELDS:
            numbers[name] = _numbers(column)
        elif name not in (*_FIXED, "items", "traits"):
            raise InputError(f'the Arrow batch has an unknown column "{name}"', field=name)
    clock, event_time, types = (_whole(columns[name], name) for name in _FIXED)
    if len(types) and not 0 <= types.min() <= types.max() < len(CATALOG):
        raise InputError("the Arrow batch has event types that the catalogue does not know")
    return EventBatch(
        clock,
        event_time,
        types.astype(np.uint8),
        strings,
        numbers,
        _items(columns["items"]) if "items" in columns else None,
        _traits(columns["traits"]) if "traits" in columns else {},
    )


def _string_array(column: StringColumn) -> pa.Array:
    column = column.compacted()
    absent = column.codes < 0
    codes = pa.array(column.codes, mask=absent if absent.any() else None)
    return pa.DictionaryArray.from_arrays(codes, Strings.of(column.values).arrow())


def _number_array(column: Int64) -> pa.Array:
    absent = column == MISSING
    return pa.array(column, mask=absent if absent.any() else None)


def _item_array(items: ItemColumn) -> pa.Array:
    lines = pa.StructArray.from_arrays(
        [
            _string_array(items.product),
            _string_array(items.category),
            *(_number_array(getattr(items, name)) for name in _ITEM_NUMBERS),
        ],
        names=["product", "category", *_ITEM_NUMBERS],
    )
    return pa.ListArray.from_arrays(pa.array(items.offsets.astype(np.int32)), lines)


def _traits_array(traits: dict[int, Traits], length: int) -> pa.Array:
    texts: list[str | None] = [None] * length
    for row, values in traits.items():
        texts[row] = json.dumps(dict(values), ensure_ascii=False, separators=(",", ":"))
    return pa.array(texts, pa.string())


def _strings(column: pa.Array) -> StringColumn:
    if not pa.types.is_dictionary(column.type):
        column = _cast(column, pa.string()).dictionary_encode()
    indices = _cast(column.indices, pa.int32())
    if indices.null_count:
        indices = indices.fill_null(-1)
    codes = indices.to_numpy(zero_copy_only=False)
    dictionary = _cast(column.dictionary, pa.string())
    if not dictionary.null_count and len(dictionary.unique()) == len(dictionary):
        return StringColumn(codes, Strings.of_arrow(dictionary))
    values = dictionary.to_pylist()
    code_by_value: dict[str, int] = {}
    new = [
        -1 if value is None else code_by_value.setdefault(value, len(code_by_value))
        for value in values
    ]
    return StringColumn(recoded(codes, np.array(new, np.int32)), list(code_by_value))


def _numbers(column: pa.Array) -> Int64:
    if column.null_count:
        column = _cast(column, pa.int64()).fill_null(MISSING)
    return _whole(column, "number")


def _whole(column: pa.Array, name: str) -> Int64:
    if column.null_count:
        raise InputError(f'the Arrow column "{name}" has nulls')
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    result: Int64 = _cast(column, pa.int64()).to_numpy(zero_copy_only=False)
    return result


def _cast(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    """The column in this type; a cast to the type it has would cost 15 µs."""
    return column if column.type == wanted else column.cast(wanted)


def _items(column: pa.Array) -> ItemColumn:
    if not pa.types.is_list(column.type) and not pa.types.is_large_list(column.type):
        raise InputError('the Arrow column "items" is not a list')
    counts = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    offsets = np.zeros(len(column) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    lines = column.flatten()  # the lines of these rows only, whatever was sliced away
    if not pa.types.is_struct(lines.type):
        raise InputError('the lines of the Arrow column "items" are not structs')
    present = {field.name for field in lines.type}
    product, category = (
        _strings(lines.field(name)) if name in present else StringColumn.absent(len(lines))
        for name in ("product", "category")
    )
    numbers = [
        _numbers(lines.field(name)) if name in present else np.full(len(lines), MISSING, np.int64)
        for name in _ITEM_NUMBERS
    ]
    return ItemColumn(offsets, product, category, *numbers)


def _traits(column: pa.Array) -> dict[int, Traits]:
    found: dict[int, Traits] = {}
    rows = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False)).tolist()
    for row, text in zip(rows, column.drop_null().to_pylist(), strict=True):
        try:
            value: Any = _TRAITS.decode(text)
        except msgspec.MsgspecError:  # what only the other reads: numbers that are not finite
            value = json.loads(text)
        if not isinstance(value, dict):
            raise InputError(f"the traits of row {row} are not an object")
        found[row] = value
    return found
