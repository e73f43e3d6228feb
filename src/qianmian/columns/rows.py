"""From rows (mappings with canonical names) to columns.

For files, vectors and tests: one dict per event. The network does not pass here; it decodes into
columns at once. Rows are trusted to be canonical: what is wrong with them is the caller's mistake
and raises; data from outside goes through `vocabulary.decode.canonical` first.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from qianmian.columns.column import MISSING, BatchColumns, Int64, ItemColumn, StringColumn
from qianmian.columns.fields import NUMBER_FIELDS, STRING_FIELDS
from qianmian.errors import InputError
from qianmian.vocabulary.events import LINKING, event_code
from qianmian.vocabulary.ids import anonymous

Row = Mapping[str, Any]

_PLAIN: Final = frozenset(STRING_FIELDS) | frozenset(NUMBER_FIELDS)
_OTHER: Final = frozenset({"clock", "event_time", "type", "anonymous_id", "items", "traits"})
_STRINGS: Final = frozenset(STRING_FIELDS)


def columns_of_rows(rows: Iterable[Row], *, first_message: int) -> BatchColumns:
    """The columns of these rows; see `EventBatch.from_rows`."""
    given = list(rows)
    _check_names(given)
    message = _message_numbers(given, first_message)
    clock = np.array([row["clock"] for row in given], np.int64)
    event_time = np.array([_event_time(row) for row in given], np.int64)
    _check_order(clock, message)
    order = np.lexsort((event_time, message))  # stable: equal keys keep their position
    ordered = [given[i] for i in order]
    return BatchColumns(
        clock=clock[order],
        event_time=event_time[order],
        type=np.array([event_code(row["type"]) for row in ordered], np.uint8),
        strings=_string_columns(ordered),
        numbers=_number_columns(ordered) | {"message": message[order]},
        items=_item_column(ordered),
        traits={
            i: dict(row["traits"]) for i, row in enumerate(ordered) if row.get("traits") is not None
        },
    )


def _check_names(rows: Sequence[Row]) -> None:
    for row in rows:
        for name in row:
            if name not in _PLAIN and name not in _OTHER:
                near = difflib.get_close_matches(name, _PLAIN | _OTHER, n=1, cutoff=0.6)
                hint = f' Did you mean "{near[0]}"?' if near else ""
                raise InputError(f'unknown field "{name}" in a row.{hint}', field=name)


def _message_numbers(rows: Sequence[Row], first: int) -> Int64:
    given = [row.get("message") for row in rows]
    if all(number is None for number in given):
        return np.arange(first, first + len(rows), dtype=np.int64)
    if any(number is None for number in given):
        raise InputError("either every row has a message number or none has one")
    return np.array(given, np.int64)


def _event_time(row: Row) -> int:
    given = row.get("event_time")
    return int(row["clock"] if given is None else given)


def _check_order(clock: Int64, message: Int64) -> None:
    clock_step, message_step = np.diff(clock), np.diff(message)
    if (clock_step < 0).any():
        raise InputError("the clocks of the rows go back; sort the rows by clock first")
    if (message_step < 0).any():
        raise InputError("the message numbers of the rows go back")
    if ((message_step == 0) & (clock_step != 0)).any():
        raise InputError("rows of one message have different clocks")


def _string_columns(rows: Sequence[Row]) -> dict[str, StringColumn]:
    present = {name for row in rows for name in row if name in _STRINGS}
    present |= {name for row in rows for name in _viewer_fields(row)}
    columns: dict[str, StringColumn] = {}
    for name in STRING_FIELDS:  # fixed order, so that equal rows give equal batches
        if name not in present:
            continue
        if name in ("viewer", "linked_viewer"):
            columns[name] = StringColumn.of(_viewer_fields(row).get(name) for row in rows)
        else:
            columns[name] = StringColumn.of(row.get(name) for row in rows)
    return columns


def _viewer_fields(row: Row) -> dict[str, str]:
    """The viewer and linked_viewer columns of a row, as far as it has them."""
    viewer, other = row.get("viewer"), row.get("anonymous_id")
    if row["type"] in LINKING and other is not None and viewer is not None:
        return {"viewer": anonymous(other), "linked_viewer": viewer}
    fields: dict[str, str] = {}
    if viewer is not None:
        fields["viewer"] = viewer
    elif other is not None:
        fields["viewer"] = anonymous(other)
    if row.get("linked_viewer") is not None:
        fields["linked_viewer"] = row["linked_viewer"]
    return fields


def _number_columns(rows: Sequence[Row]) -> dict[str, Int64]:
    present = {name for row in rows for name in row}
    return {
        name: np.array([_number(row.get(name)) for row in rows], np.int64)
        for name in NUMBER_FIELDS
        if name in present and name != "message"
    }


def _number(value: int | None) -> int:
    return MISSING if value is None else int(value)


def _item_column(rows: Sequence[Row]) -> ItemColumn | None:
    if all(row.get("items") is None for row in rows):
        return None
    lines = [row.get("items") or () for row in rows]
    flat = [line for lines_of_row in lines for line in lines_of_row]
    return ItemColumn(
        offsets=np.cumsum([0, *(len(lines_of_row) for lines_of_row in lines)], dtype=np.int64),
        product=StringColumn.of(line.get("product") for line in flat),
        category=StringColumn.of(line.get("category") for line in flat),
        quantity=np.array([int(line.get("quantity", 1)) for line in flat], np.int64),
        price=np.array([_number(line.get("price")) for line in flat], np.int64),
        amount=np.array([_number(line.get("amount")) for line in flat], np.int64),
    )
