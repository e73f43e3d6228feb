"""A recorded file in memory as columns, in file order, from which batches are cut in any order.

Cost: about 0.5 KB per event of a shop's log at the peak, when the parts are joined.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from qianmian.columns.batch import (
    MISSING,
    EventBatch,
    Int32,
    Int64,
    ItemColumn,
    StringColumn,
    UInt8,
)
from qianmian.runtime.source import Chunk
from qianmian.runtime.text_marks import Classify, mark_texts
from qianmian.vocabulary.events import CATALOG

UInt64 = npt.NDArray[np.uint64]
Bool = npt.NDArray[np.bool_]

_UNSHARED = frozenset({"message_id", "order_id", "refund_id"})  # sharing these would save nothing


class _Strings:
    """One string column that grows; equal strings have equal codes if it is shared."""

    def __init__(self, rows: int, *, shared: bool) -> None:
        self._parts: list[Int32] = [np.full(rows, -1, np.int32)] if rows else []
        self._code_by_value: dict[str, int] | None = {} if shared else None
        self.values: list[str] = []
        self.rows = rows

    def extend(self, column: StringColumn | None, rows: int) -> None:
        self.rows += rows
        if column is None:
            self._parts.append(np.full(rows, -1, np.int32))
            return
        if self._code_by_value is None:
            codes = np.arange(len(column.values) + 1, dtype=np.int32) + len(self.values)
            self.values.extend(column.values)
        else:
            known = self._code_by_value
            self.values.extend(value for value in column.values if value not in known)
            codes = np.array(
                [known.setdefault(v, len(known)) for v in column.values] + [-1], np.int32
            )
        codes[-1] = -1  # where an absent value looks
        self._parts.append(codes[column.codes])

    def joined(self) -> StringColumn:
        return StringColumn(_joined(self._parts, np.int32), self.values)


class _Numbers:
    """One number column that grows."""

    def __init__(self, rows: int) -> None:
        self._parts: list[Int64] = [np.full(rows, MISSING, np.int64)] if rows else []
        self.rows = rows

    def extend(self, column: Int64 | None, rows: int) -> None:
        self.rows += rows
        self._parts.append(np.full(rows, MISSING, np.int64) if column is None else column)

    def joined(self) -> Int64:
        return _joined(self._parts, np.int64)


class Recorder:
    """Collects chunks; `recorded` gives the whole."""

    def __init__(self, classify: Classify) -> None:
        self._classify = classify
        self._rows = 0
        self._event_times: list[Int64] = []
        self._types: list[UInt8] = []
        self._lines: list[Int64] = []
        self._identities: list[bytes] = []
        self._strings: dict[str, _Strings] = {}
        self._numbers: dict[str, _Numbers] = {}
        self._item_counts: list[Int64] = []
        self._item_strings = {name: _Strings(0, shared=True) for name in ("product", "category")}
        self._item_numbers = {name: _Numbers(0) for name in ("quantity", "price", "amount")}
        self._traits: dict[int, Any] = {}

    def add(self, chunk: Chunk) -> None:
        """Append the events of a chunk."""
        if not chunk.rows:
            return
        # One clock for all: the real ones are known when the order is.
        batch = EventBatch.from_rows({**row, "clock": 0} for row in chunk.rows)
        rows = len(batch)
        self._event_times.append(batch.event_time)
        self._types.append(batch.type)
        self._lines.append(np.array(chunk.lines, np.int64))
        self._identities.append(b"".join(i.ljust(16, b"\0") for i in chunk.identities))
        mark_texts(batch, self._classify)
        for name in {*self._strings, *batch.strings}:
            column = self._strings.setdefault(
                name, _Strings(self._rows, shared=name not in _UNSHARED)
            )
            column.extend(batch.strings.get(name), rows)
        for name in {*self._numbers, *batch.numbers} - {"message"}:
            self._numbers.setdefault(name, _Numbers(self._rows)).extend(
                batch.numbers.get(name), rows
            )
        self._add_items(batch.items, rows)
        self._traits |= {self._rows + row: traits for row, traits in batch.traits.items()}
        self._rows += rows

    def _add_items(self, items: ItemColumn | None, rows: int) -> None:
        if items is None:
            self._item_counts.append(np.zeros(rows, np.int64))
            return
        count = len(items.quantity)
        self._item_counts.append(np.diff(items.offsets))
        self._item_strings["product"].extend(items.product, count)
        self._item_strings["category"].extend(items.category, count)
        for name, column in self._item_numbers.items():
            column.extend(getattr(items, name), count)

    def recorded(self) -> Recorded:
        """Everything that was added."""
        identities = np.frombuffer(b"".join(self._identities), "<u8").reshape(-1, 2)
        return Recorded(
            event_time=_joined(self._event_times, np.int64),
            type=_joined(self._types, np.uint8),
            line=_joined(self._lines, np.int64),
            identity=identities,
            strings={name: column.joined() for name, column in self._strings.items()},
            numbers={name: column.joined() for name, column in self._numbers.items()},
            items=ItemColumn(
                offsets=np.concatenate(
                    [np.zeros(1, np.int64), np.cumsum(_joined(self._item_counts, np.int64))]
                ),
                product=self._item_strings["product"].joined(),
                category=self._item_strings["category"].joined(),
                **{name: column.joined() for name, column in self._item_numbers.items()},
            ),
            traits=self._traits,
        )


class Recorded:
    """All events of a file, in file order.

    Shapes: event_time, type, line [n_events]; identity uint64[n_events, 2], zeros where the row has
        a message id of its own.
    """

    def __init__(
        self,
        *,
        event_time: Int64,
        type: UInt8,
        line: Int64,
        identity: UInt64,
        strings: dict[str, StringColumn],
        numbers: dict[str, Int64],
        items: ItemColumn,
        traits: dict[int, Any],
    ) -> None:
        self.event_time = event_time
        self.type = type
        self.line = line
        self.identity = identity
        self.strings = strings
        self.numbers = numbers
        self.items = items
        self.traits = traits

    def __len__(self) -> int:
        return len(self.event_time)

    def string(self, name: str) -> StringColumn:
        """A string column, absent everywhere if the file has none."""
        return self.strings.get(name) or StringColumn(np.full(len(self), -1, np.int32), [])

    def number(self, name: str) -> Int64:
        """A number column, missing everywhere if the file has none."""
        known = self.numbers.get(name)
        return np.full(len(self), MISSING, np.int64) if known is None else known

    def row(self, row: int, clock: int) -> dict[str, Any]:
        """One event as a mapping, absent fields left out."""
        found: dict[str, Any] = {
            "clock": clock,
            "event_time": int(self.event_time[row]),
            "type": CATALOG[self.type[row]].name,
        }
        for name, strings in self.strings.items():
            text = strings.get(row)
            if text is not None:
                found[name] = text
        for name, numbers in self.numbers.items():
            if numbers[row] != MISSING:
                found[name] = int(numbers[row])
        lines = range(int(self.items.offsets[row]), int(self.items.offsets[row + 1]))
        if lines:
            found["items"] = [self._item(line) for line in lines]
        if row in self.traits:
            found["traits"] = self.traits[row]
        return found

    def _item(self, line: int) -> dict[str, Any]:
        item: dict[str, Any] = {
            name: int(getattr(self.items, name)[line]) for name in ("quantity", "price", "amount")
        }
        item |= {"product": self.items.product.get(line), "category": self.items.category.get(line)}
        return {name: value for name, value in item.items() if value not in (None, MISSING)}

    def repeats(self, rows: Int64) -> Bool:
        """Which of these rows repeat, as whole rows, an earlier one of them."""
        identity = self.identity[rows]
        order = np.lexsort((np.arange(len(rows)), identity[:, 1], identity[:, 0]))
        ordered = identity[order]
        same = (ordered[1:] == ordered[:-1]).all(axis=1) & ordered[1:].any(axis=1)
        repeats = np.zeros(len(rows), np.bool_)
        repeats[order[1:]] = same
        return repeats

    def batch(self, rows: Int64, clock: Int64, *, first_message: int) -> EventBatch:
        """These rows as a batch, each a message of its own, with these clocks."""
        numbers = {name: column[rows] for name, column in self.numbers.items()}
        numbers["message"] = np.arange(first_message, first_message + len(rows), dtype=np.int64)
        place_by_row = {int(row): place for place, row in enumerate(rows)} if self.traits else {}
        return EventBatch(
            clock=clock,
            event_time=self.event_time[rows],
            type=self.type[rows],
            strings={name: _cut(column, rows) for name, column in self.strings.items()},
            numbers=numbers,
            items=self._items(rows) if len(self.items.quantity) else None,
            traits={
                place_by_row[row]: traits
                for row, traits in self.traits.items()
                if row in place_by_row
            },
        )

    def _items(self, rows: Int64) -> ItemColumn:
        start, end = self.items.offsets[rows], self.items.offsets[rows + 1]
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(end - start)])
        lines = np.repeat(start - offsets[:-1], end - start) + np.arange(offsets[-1])
        return ItemColumn(
            offsets=offsets,
            product=_cut(self.items.product, lines),
            category=_cut(self.items.category, lines),
            quantity=self.items.quantity[lines],
            price=self.items.price[lines],
            amount=self.items.amount[lines],
        )


def _cut(column: StringColumn, rows: Int64) -> StringColumn:
    """Some rows of a column, with only the values that they use."""
    used, inverse = np.unique(column.codes[rows], return_inverse=True)
    code_by_value: dict[str, int] = {}
    codes = np.array(
        [
            -1 if code < 0 else code_by_value.setdefault(column.values[code], len(code_by_value))
            for code in used
        ],
        np.int32,
    )
    return StringColumn(codes[inverse].astype(np.int32), list(code_by_value))


def _joined(parts: list[npt.NDArray[Any]], dtype: type[np.generic]) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, dtype)
