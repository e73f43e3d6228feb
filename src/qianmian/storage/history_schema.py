"""The columns of history: what the Parquet files of events, firings, rooms and decisions hold.

Instants are int64 ms UTC, money is int64 in minor units, what is absent is null. `offset` is the
message of the log that a row comes from. Documented in docs/history.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qianmian.columns.arrow import to_arrow
from qianmian.columns.batch import EventBatch, UInt8
from qianmian.columns.erasure import ECHO_FIELDS, ID_FIELDS, without_ids
from qianmian.columns.fields import NUMBER_FIELDS, PERSONAL_TEXT_FIELDS, STRING_FIELDS
from qianmian.engine.board import FUNNEL, RoomBoard
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.events import CATALOG
from qianmian.vocabulary.firing import Firing

T = TypeVar("T")
Placed = tuple[int, int, T]
"""Offset and clock of a message, and what it brought."""

EVENTS, FIRINGS, ROOMS, DECISIONS = "events", "firings", "rooms", "decisions"
OUTCOMES: Final = ("accepted", "duplicate", "late", "refused")

_WORD: Final = pa.dictionary(pa.int32(), pa.string())
_ITEM: Final = pa.struct(
    [
        ("product", pa.string()),
        ("category", pa.string()),
        ("quantity", pa.int64()),
        ("price", pa.int64()),
        ("amount", pa.int64()),
    ]
)
_PLACE: Final = [("offset", pa.int64()), ("clock", pa.int64())]
SCHEMAS: Final[dict[str, pa.Schema]] = {
    EVENTS: pa.schema(
        [
            *_PLACE,
            ("event_time", pa.int64()),
            ("type", _WORD),
            ("outcome", _WORD),
            *((name, _WORD) for name in STRING_FIELDS),
            *((name, pa.int64()) for name in NUMBER_FIELDS if name != "message"),
            ("items", pa.list_(_ITEM)),
            ("traits", pa.string()),
        ]
    ),
    FIRINGS: pa.schema(
        [
            *_PLACE,
            ("at", pa.int64()),
            ("id", pa.string()),
            ("moment", _WORD),
            ("version", pa.int64()),
            ("viewer", _WORD),
            ("room", _WORD),
            ("session", _WORD),
            ("key", _WORD),
        ]
    ),
    ROOMS: pa.schema(
        [
            *_PLACE,
            ("at", pa.int64()),
            ("room", _WORD),
            ("session", _WORD),
            *((name, pa.int64()) for name in ("online", *FUNNEL)),
            ("orders", pa.int64()),
            ("orders_per_min", pa.int64()),
            ("gmv_minor", pa.int64()),
            ("refunds_minor", pa.int64()),
        ]
    ),
    DECISIONS: pa.schema(
        [
            *_PLACE,
            ("at", pa.int64()),
            ("id", pa.string()),
            *((name, _WORD) for name in ("strategy", "moment", "viewer", "room", "session", "key")),
            ("version", pa.int64()),
            ("firing", pa.string()),
            *((name, _WORD) for name in ("outcome", "reason", "about", "offer", "channels")),
            ("cost_minor", pa.int64()),
            ("not_before", pa.int64()),
            ("deadline_at", pa.int64()),
            ("is_rehearsal", pa.bool_()),
            ("step", pa.int64()),
            ("after", pa.string()),
            ("scheduled_at", pa.int64()),
        ]
    ),
}

_FIRING: Final = ("at", "id", "moment", "version", "viewer", "room", "session", "key")
_BOARD: Final = (
    *("at", "room", "session", "online", "orders", "orders_per_min", "gmv_minor"),
    "refunds_minor",
)


def event_table(batch: EventBatch, outcomes: UInt8) -> pa.Table:
    """The rows of events, with the message of each and what became of it."""
    record = to_arrow(batch)
    columns: dict[str, pa.Array] = dict(zip(record.schema.names, record.columns, strict=True))
    columns["offset"] = pa.array(batch.numbers["message"])
    columns["type"] = _coded(batch.type, [event.name for event in CATALOG])
    columns["outcome"] = _coded(outcomes, OUTCOMES)
    if "items" in columns:  # absent, whether or not a neighbor has some
        items = columns["items"]
        columns["items"] = pc.if_else(pc.greater(pc.list_value_length(items), 0), items, None)
    return _table(EVENTS, columns, len(batch))


def firing_table(rows: Sequence[Placed[Sequence[Firing]]]) -> pa.Table:
    """The rows of firings, each with the message that brought it."""
    told = [one for _, _, several in rows for one in several]
    columns: dict[str, list[Any]] = {name: [getattr(one, name) for one in told] for name in _FIRING}
    return _of_lists(FIRINGS, rows, columns)


def room_table(rows: Sequence[Placed[Sequence[RoomBoard]]]) -> pa.Table:
    """The rows of rooms as they were when a message had been applied."""
    told = [one for _, _, several in rows for one in several]
    columns: dict[str, list[Any]] = {name: [getattr(one, name) for one in told] for name in _BOARD}
    columns |= {name: [one.funnel.get(name) for one in told] for name in FUNNEL}
    return _of_lists(ROOMS, rows, columns)


def decision_table(rows: Sequence[Placed[Sequence[Decision]]]) -> pa.Table:
    """The rows of decisions; channels are written with a space between them."""
    told = [one for _, _, several in rows for one in several]
    names = [one for one in SCHEMAS[DECISIONS].names if one not in ("offset", "clock", "channels")]
    columns: dict[str, list[Any]] = {name: [getattr(one, name) for one in told] for name in names}
    columns["channels"] = [" ".join(one.channels) for one in told]
    return _of_lists(DECISIONS, rows, columns)


def _of_lists(
    kind: str, rows: Sequence[Placed[Sequence[Any]]], columns: Mapping[str, list[Any]]
) -> pa.Table:
    """The table of what several messages brought; a list for each field but those of the message.

    Cost: 0.1 µs per value; a row as a dictionary would cost ten times as much.
    """
    counts = [len(several) for _, _, several in rows]
    arrays = {
        name: pa.array(values, _plain(SCHEMAS[kind].field(name).type))
        for name, values in columns.items()
    }
    for place, name in enumerate(("offset", "clock")):
        arrays[name] = pa.array(np.repeat(np.array([row[place] for row in rows]), counts))
    return _table(kind, arrays, sum(counts))


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _coded(codes: UInt8, names: Sequence[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(codes.astype(np.int32), pa.array(names))


def _table(kind: str, columns: dict[str, pa.Array], length: int) -> pa.Table:
    """The columns in the order and with the types of the schema; what is not there is null."""
    schema = SCHEMAS[kind]
    arrays = [
        columns[field.name].cast(field.type)
        if field.name in columns
        else pa.nulls(length, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def erased_table(
    kind: str, table: pa.Table, tombstone_by_viewer: Mapping[str, str], *, namespace: str
) -> pa.Table | None:
    """The rows without the persons; None when none of them is in it.

    Ids become tombstones, personal text and traits become null; the id of a firing becomes that
    which a replay of the erased log gives.
    """
    ids = [name for name in ID_FIELDS if name in table.schema.names]
    wanted = pa.array(list(tombstone_by_viewer), pa.string())
    mine = np.zeros(len(table), np.bool_)
    for name in ids:
        held = pc.is_in(table.column(name).cast(pa.string()), value_set=wanted)
        mine |= held.to_numpy().astype(np.bool_)
    if not mine.any():
        return None
    for name in ids:
        values = table.column(name).cast(pa.string()).to_pylist()
        named = [None if one is None else tombstone_by_viewer.get(one, one) for one in values]
        table = _with(table, name, pa.array(named, pa.string()))
    for name in ECHO_FIELDS:
        if name in table.schema.names:
            held = table.column(name).cast(pa.string())
            mentioned = pc.unique(pc.filter(held, pa.array(mine))).drop_null().to_pylist()
            hidden = {one: without_ids(one, tombstone_by_viewer) for one in mentioned}
            if any(one != other for one, other in hidden.items()):
                told = [
                    hidden.get(one, one) if is_mine else one
                    for one, is_mine in zip(held.to_pylist(), mine.tolist(), strict=True)
                ]
                table = _with(table, name, pa.array(told, pa.string()))
    for name in (*PERSONAL_TEXT_FIELDS, "traits"):
        if name in table.schema.names:
            values = table.column(name).cast(pa.string())
            kept = pc.if_else(pa.array(mine), pa.scalar(None, pa.string()), values)
            table = _with(table, name, kept)
    return table if kind != FIRINGS else _with_ids(table, mine, namespace)


def without_text(table: pa.Table) -> pa.Table | None:
    """The rows without what people wrote; None when nobody wrote anything."""
    if "text" not in table.schema.names or table.column("text").null_count == len(table):
        return None
    return _with(table, "text", pa.nulls(len(table), pa.string()))


def _with_ids(table: pa.Table, mine: npt.NDArray[np.bool_], namespace: str) -> pa.Table:
    """The firings with the ids that they have by their content."""
    ids = table.column("id").to_pylist()
    for row in np.flatnonzero(mine).tolist():
        told = {name: table.column(name)[row].as_py() for name in _FIRING if name != "id"}
        ids[row] = Firing(**told, namespace=namespace).id
    return _with(table, "id", pa.array(ids, pa.string()))


def _with(table: pa.Table, name: str, values: Any) -> pa.Table:
    """The table with another column of the same name and type, and no value that is not used."""
    place = table.schema.get_field_index(name)
    field = table.schema.field(place)
    return table.set_column(place, field, values.cast(field.type))
