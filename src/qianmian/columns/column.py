"""The columns of which an event batch is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qianmian.columns.strings import taken

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
UInt8 = npt.NDArray[np.uint8]
UInt64 = npt.NDArray[np.uint64]

Traits = Mapping[str, int | float | str | bool]

MISSING = -(1 << 63)
"""An absent number (the least int64)."""


@dataclass(slots=True)
class StringColumn:
    """Strings as codes into a small list; code -1 is an absent value.

    Shapes: codes int32[n_events]; values any length, without repetition.
    """

    codes: Int32
    values: Sequence[str]

    @classmethod
    def of(cls, values: Iterable[str | None]) -> StringColumn:
        """The column of these strings; codes are in order of first appearance."""
        given = values if isinstance(values, list | tuple) else list(values)
        code_by_value: dict[str | None, int] = dict.fromkeys(given, -1)
        known: list[str] = [value for value in code_by_value if value is not None]
        code_by_value.update(zip(known, range(len(known)), strict=True))
        codes = np.fromiter(map(code_by_value.__getitem__, given), np.int32, len(given))
        return cls(codes, known)

    @classmethod
    def absent(cls, length: int) -> StringColumn:
        """A column without any value."""
        return cls(np.full(length, -1, np.int32), [])

    def get(self, row: int) -> str | None:
        """The string of one row."""
        code = int(self.codes[row])
        return None if code < 0 else self.values[code]

    def slice(self, start: int, stop: int) -> StringColumn:
        """Rows start to stop; shares memory, including values that no row uses any more."""
        return StringColumn(self.codes[start:stop], self.values)

    def take(self, rows: Int64) -> StringColumn:
        """These rows in this order; shares the values."""
        return StringColumn(self.codes[rows], self.values)

    def compacted(self) -> StringColumn:
        """The same strings without values that no row uses; itself if all are used.

        Cost: a small slice of a large batch pays for its rows, not for the values of the batch.
        """
        if len(self.values) > len(self.codes):
            used_codes = np.unique(self.codes[self.codes >= 0])
            new = np.searchsorted(used_codes, self.codes).astype(np.int32)
            new[self.codes < 0] = -1
            return StringColumn(new, taken(self.values, used_codes))
        used = np.zeros(len(self.values), np.bool_)
        used[self.codes[self.codes >= 0]] = True
        if used.all():
            return self
        new_code = np.cumsum(used, dtype=np.int32) - 1
        values = taken(self.values, np.flatnonzero(used))
        return StringColumn(recoded(self.codes, new_code.astype(np.int32)), values)


@dataclass(slots=True)
class ItemColumn:
    """Order lines: the items of event i are offsets[i]:offsets[i+1].

    Shapes: offsets int64[n_events + 1]; product, quantity, price and amount [n_items].
    Units: price and amount in minor units.
    """

    offsets: Int64
    product: StringColumn
    category: StringColumn
    quantity: Int64
    price: Int64
    amount: Int64

    @classmethod
    def absent(cls, length: int) -> ItemColumn:
        """No line for any of `length` events."""
        none = np.zeros(0, np.int64)
        text = StringColumn.absent(0)
        return cls(np.zeros(length + 1, np.int64), text, text, none, none, none)

    def slice(self, start: int, stop: int) -> ItemColumn:
        """The lines of events start to stop; shares all memory but the offsets."""
        first, last = int(self.offsets[start]), int(self.offsets[stop])
        return ItemColumn(
            self.offsets[start : stop + 1] - first,
            self.product.slice(first, last),
            self.category.slice(first, last),
            self.quantity[first:last],
            self.price[first:last],
            self.amount[first:last],
        )

    def take(self, rows: Int64) -> ItemColumn:
        """The lines of these events in this order."""
        starts = self.offsets[rows]
        counts = self.offsets[rows + 1] - starts
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(counts, out=offsets[1:])
        lines = np.arange(offsets[-1], dtype=np.int64) + np.repeat(starts - offsets[:-1], counts)
        return ItemColumn(
            offsets,
            self.product.take(lines),
            self.category.take(lines),
            self.quantity[lines],
            self.price[lines],
            self.amount[lines],
        )


class BatchColumns(NamedTuple):
    """The parts of an event batch, in the order of its fields."""

    clock: Int64
    event_time: Int64
    type: UInt8
    strings: dict[str, StringColumn]
    numbers: dict[str, Int64]
    items: ItemColumn | None
    traits: dict[int, Traits]


def recoded(codes: Int32, new_code: Int32) -> Int32:
    """The codes through a table of new codes; absent stays absent.

    Shapes: int32[n_events], int32[n_values] -> int32[n_events]
    """
    table = np.append(new_code, np.int32(-1))  # code -1 reads the last entry
    result: Int32 = table[codes]
    return result


def joined_strings(columns: Sequence[StringColumn]) -> StringColumn:
    """One column after the other, with one list of values.

    Cost: O(n_events) without a Python loop, and one dictionary look-up per value of each column.
    """
    first = columns[0].values
    if all(column.values is first for column in columns):
        return StringColumn(np.concatenate([column.codes for column in columns]), first)
    code_by_value: dict[str, int] = {}
    new: list[int] = []
    begins = []
    for column in columns:  # some have a handful of events: nothing here is an array operation
        begins.append(len(new))
        new += [code_by_value.setdefault(value, len(code_by_value)) for value in column.values]
    old = np.concatenate([column.codes for column in columns])
    begin = np.repeat(begins, [len(column.codes) for column in columns])
    codes = recoded(np.where(old < 0, -1, old + begin), np.array(new, np.int32))
    return StringColumn(codes, list(code_by_value))


def joined_items(columns: Sequence[ItemColumn]) -> ItemColumn:
    """The lines of one batch after those of the other."""
    counts = [np.diff(column.offsets) for column in columns]
    offsets = np.concatenate([np.zeros(1, np.int64), *counts])
    return ItemColumn(
        np.cumsum(offsets),
        joined_strings([column.product for column in columns]),
        joined_strings([column.category for column in columns]),
        np.concatenate([column.quantity for column in columns]),
        np.concatenate([column.price for column in columns]),
        np.concatenate([column.amount for column in columns]),
    )


def item_rows(items: ItemColumn, event: int) -> list[dict[str, Any]]:
    """The lines of one event as `EventBatch.from_rows` takes them."""
    rows = []
    for line in range(int(items.offsets[event]), int(items.offsets[event + 1])):
        row: dict[str, Any] = {
            "product": items.product.get(line),
            "category": items.category.get(line),
        }
        for name in ("quantity", "price", "amount"):
            value = int(getattr(items, name)[line])
            row[name] = None if value == MISSING else value
        rows.append({name: value for name, value in row.items() if value is not None})
    return rows
