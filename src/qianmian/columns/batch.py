"""A batch of events as a struct of arrays: what a log message holds and what the engine reads."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qianmian.columns.column import (
    MISSING,
    Int32,
    Int64,
    ItemColumn,
    StringColumn,
    Traits,
    UInt8,
    item_rows,
    joined_items,
    joined_strings,
)
from qianmian.columns.fields import NUMBER_FIELDS, STRING_FIELDS
from qianmian.columns.rows import columns_of_rows
from qianmian.errors import InputError
from qianmian.vocabulary.events import CATALOG

__all__ = [
    "MISSING",
    "EventBatch",
    "Int32",
    "Int64",
    "ItemColumn",
    "StringColumn",
    "UInt8",
]


@dataclass(slots=True)
class EventBatch:
    """Events in log order: clocks never go back; within one clock message order, then event time.

    `strings` and `numbers` hold the optional fields by canonical name; a name that is not there is
    absent for every row. Names: `STRING_FIELDS`, `NUMBER_FIELDS` in `columns/fields.py`.
    `traits` maps the row of a profile_updated or a link to its attributes. `message` numbers the
    log messages (non-decreasing), so that rows of one message are known to belong together.

    Shapes: all arrays [n_events].
    Units: clock and event_time in ms UTC.
    """

    clock: Int64
    event_time: Int64
    type: UInt8
    strings: dict[str, StringColumn] = field(default_factory=dict)
    numbers: dict[str, Int64] = field(default_factory=dict)
    items: ItemColumn | None = None
    traits: dict[int, Traits] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.clock)

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]], *, first_message: int = 0) -> EventBatch:
        """The batch of canonical rows, one mapping per event.

        Keys: `clock` and `type` (a name) always; `event_time` (default: clock), `viewer` or
        `anonymous_id`, `message`, `items` (a list of mappings), `traits`, and any field of
        `columns/fields.py`. None is absent. An anonymous id is stored as "?" + id; a row
        `identity_linked` with both ids has the anonymous one as viewer and the known one as
        `linked_viewer`.

        Rows of one message are put in order of (event_time, position); messages keep their order,
        also at the same clock. Without `message` keys every row is a message of its own, numbered
        from `first_message`.

        Raises: InputError for an unknown field, a clock or message number that goes back, or one
            message with two clocks; UnknownName for an unknown type.
        """
        return cls(*columns_of_rows(rows, first_message=first_message))

    def to_rows(self) -> list[dict[str, Any]]:
        """One mapping per event, without what is absent: the opposite of `from_rows`.

        Cost: Python objects for everything; for reports and tests.
        """
        rows = []
        for i in range(len(self)):
            row: dict[str, Any] = {
                "clock": int(self.clock[i]),
                "event_time": int(self.event_time[i]),
                "type": CATALOG[self.type[i]].name,
            }
            texts = {name: column.get(i) for name, column in self.strings.items()}
            row |= {name: text for name, text in texts.items() if text is not None}
            numbers = {name: int(column[i]) for name, column in self.numbers.items()}
            row |= {name: number for name, number in numbers.items() if number != MISSING}
            lines = [] if self.items is None else item_rows(self.items, i)
            if lines:
                row["items"] = lines
            if i in self.traits:
                row["traits"] = dict(self.traits[i])
            rows.append(row)
        return rows

    def slice(self, start: int, stop: int) -> EventBatch:
        """Events start to stop, 0 <= start <= stop <= n_events; shares memory with this batch."""
        if not 0 <= start <= stop <= len(self):
            raise InputError(f"no events {start} to {stop} in a batch of {len(self)}")
        return EventBatch(
            self.clock[start:stop],
            self.event_time[start:stop],
            self.type[start:stop],
            {name: column.slice(start, stop) for name, column in self.strings.items()},
            {name: column[start:stop] for name, column in self.numbers.items()},
            None if self.items is None else self.items.slice(start, stop),
            {row - start: traits for row, traits in self.traits.items() if start <= row < stop},
        )

    def take(self, rows: Int64) -> EventBatch:
        """These events; `rows` must not go back, so that the log order is kept.

        Shapes: int64[n_taken]
        Raises: InputError when `rows` go back or out of the batch.
        """
        rows = np.asarray(rows, np.int64)
        if len(rows) and (rows[0] < 0 or rows[-1] >= len(self) or (np.diff(rows) < 0).any()):
            raise InputError("the rows to take go back, or lie outside the batch")
        return EventBatch(
            self.clock[rows],
            self.event_time[rows],
            self.type[rows],
            {name: column.take(rows) for name, column in self.strings.items()},
            {name: column[rows] for name, column in self.numbers.items()},
            None if self.items is None else self.items.take(rows),
            dict(self._traits_of(rows)),
        )

    def _traits_of(self, rows: Int64) -> Iterator[tuple[int, Traits]]:
        """The traits of rows that are taken, by their new places; rows without cost nothing."""
        old = sorted(self.traits)
        first, last = (np.searchsorted(rows, old, side).tolist() for side in ("left", "right"))
        for row, start, stop in zip(old, first, last, strict=True):
            yield from ((new, self.traits[row]) for new in range(start, stop))


def concat(batches: Sequence[EventBatch]) -> EventBatch:
    """One batch after the other; message numbers stay as they are.

    Two batches that are parts of one message end and begin with its number; batches of different
    messages need different numbers (`first_message` of `from_rows`).

    Raises: InputError when a clock or message number goes back from one batch to the next, or
        batches of one message have different clocks.
    """
    given = [batch for batch in batches if len(batch)]
    if len(given) <= 1:
        return given[0] if given else _empty()
    for before, after in itertools.pairwise(given):
        _check_seam(before, after)
    starts = np.cumsum([0, *(len(batch) for batch in given)])
    return EventBatch(
        np.concatenate([batch.clock for batch in given]),
        np.concatenate([batch.event_time for batch in given]),
        np.concatenate([batch.type for batch in given]),
        {
            name: joined_strings([_strings_of(batch, name) for batch in given])
            for name in STRING_FIELDS
            if any(name in batch.strings for batch in given)
        },
        {
            name: np.concatenate([_numbers_of(batch, name) for batch in given])
            for name in NUMBER_FIELDS
            if any(name in batch.numbers for batch in given)
        },
        _joined_items(given),
        {
            int(start) + row: traits
            for start, batch in zip(starts, given, strict=False)
            for row, traits in batch.traits.items()
        },
    )


def _empty() -> EventBatch:
    none = np.zeros(0, np.int64)
    return EventBatch(none, none, np.zeros(0, np.uint8), numbers={"message": none})


def _check_seam(before: EventBatch, after: EventBatch) -> None:
    clocks = int(before.clock[-1]), int(after.clock[0])
    if clocks[1] < clocks[0]:
        raise InputError(f"the clock goes back from {clocks[0]} to {clocks[1]} between batches")
    if "message" not in before.numbers or "message" not in after.numbers:
        return
    messages = int(before.numbers["message"][-1]), int(after.numbers["message"][0])
    if messages[1] < messages[0]:
        raise InputError(
            f"the message number goes back from {messages[0]} to {messages[1]} between batches;"
            " number the second batch from `first_message`"
        )
    if messages[0] == messages[1] and clocks[0] != clocks[1]:
        raise InputError(f"message {messages[0]} has two clocks in two batches")


def _strings_of(batch: EventBatch, name: str) -> StringColumn:
    return batch.strings.get(name) or StringColumn.absent(len(batch))


def _numbers_of(batch: EventBatch, name: str) -> Int64:
    column = batch.numbers.get(name)
    return np.full(len(batch), MISSING, np.int64) if column is None else column


def _joined_items(batches: Sequence[EventBatch]) -> ItemColumn | None:
    if all(batch.items is None for batch in batches):
        return None
    return joined_items([batch.items or ItemColumn.absent(len(batch)) for batch in batches])
