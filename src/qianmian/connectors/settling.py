"""Events that came as columns, made canonical by the column; what is odd goes row by row.

`vocabulary.decode.canonical` says what is right. Here the same is asked of whole columns: a row
that passes every question is canonical; any other, for whatever reason, is given to `canonical`,
which accepts it or says why not. So the questions may be stricter than the rule, never laxer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qianmian.columns.batch import MISSING, EventBatch, StringColumn, concat
from qianmian.columns.column import Traits
from qianmian.columns.fields import NUMBER_FIELDS, STRING_FIELDS
from qianmian.columns.strings import Strings
from qianmian.vocabulary.decode import FUTURE_MS, canonical
from qianmian.vocabulary.events import CATALOG, ENVELOPE, Sender
from qianmian.vocabulary.ids import ANONYMOUS_PREFIX, MAX_ID_CHARS
from qianmian.vocabulary.money import MINOR_DIGITS
from qianmian.vocabulary.rejected import Rejected
from qianmian.vocabulary.values import (
    MAX_INT,
    MAX_STRING_CHARS,
    check_properties,
    check_traits,
)

Bool = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
UInt8 = npt.NDArray[np.uint8]
Nested = Mapping[str, Sequence[object]]

PLAIN: Final = {
    f.name: f.type
    for event in CATALOG
    for f in (*ENVELOPE, *event.fields)
    if f.type not in ("items", "traits", "properties")
}
"""The fields that are columns, and their types."""
ARROW_TYPES: Final = {
    name: pa.string() if k in ("string", "text") else pa.bool_() if k == "bool" else pa.int64()
    for name, k in PLAIN.items()
}
NESTED: Final = ("items", "traits", "properties")
IDS: Final = ("viewer", "anonymous_id")
_PLACES: Final = {name: place for place, name in enumerate((*PLAIN, *NESTED))}
_KNOWS, _NEEDS = np.zeros((2, len(CATALOG), len(_PLACES)), bool)
for _code, _event in enumerate(CATALOG):
    for _field in (*ENVELOPE, *_event.fields):
        _KNOWS[_code, _PLACES[_field.name]] = True
        _NEEDS[_code, _PLACES[_field.name]] = _field.required
_CHECKS: Final[Mapping[str, Callable[[object, str], Any]]] = MappingProxyType(
    {"traits": check_traits, "properties": check_properties}
)
_OF_ROOM: Final = np.array([event.scope == "room" for event in CATALOG])
_ROOMLESS: Final = np.array([event.person_scoped for event in CATALOG])
_LINKS: Final = np.array([event.name == "identity_linked" for event in CATALOG])
_ORDERS: Final = _NEEDS[:, _PLACES["order_id"]]
_MAY_SEND: Final = {
    sender: np.array([sender in event.senders for event in CATALOG])
    for sender in ("browser", "server", "connector")
}


@dataclass(frozen=True, slots=True)
class Post:
    """What is known of a message beside its body.

    Attributes:
        arrival_ms: when it arrived, ms UTC: the clock of all its events.
        sender: the class of the write key.
        default_room: the room of the source, for behavior that names none.
        message: its number in the log.
        request: names the events that have no message id, by their places; None leaves them.
        sent_at_ms: what the sender's clock showed when it was sent: event times are corrected by
            it, as arrival - (sent_at - event_time).
    """

    arrival_ms: int
    sender: Sender = "server"
    default_room: str | None = None
    message: int = 0
    request: str | None = None
    sent_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class RejectedEvent:
    """An event of a body that was not accepted: its place there, a reason code, what and why."""

    index: int
    reason_code: str
    detail: str


@dataclass(slots=True)
class Decoded:
    """The events of a body in the order of their message, and those that are none."""

    batch: EventBatch
    rejected: list[RejectedEvent] = field(default_factory=list)


def settled(
    kind: UInt8,
    columns: Mapping[str, pa.Array],
    nested: Nested,
    post: Post,
    places: npt.NDArray[np.int64] | None = None,
) -> Decoded:
    """The batch of events that are given by the column.

    Args:
        kind: codes of the catalog's types.
        columns: arrays of strings (plain or dictionaries), whole numbers or booleans, by the names
            of `PLAIN`; null is not given.
        nested: `items`, `traits`, `properties` as Python objects; None is not given.
        places: where each event stands in its body; default: as they are given.

    Shapes: all [n_events].
    Cost: some 30 array operations per column, and 20 µs per odd row: one with order
        lines, a link, or anything that `canonical` may refuse.
    """
    rows = _Rows(kind, post)
    rows.places = np.arange(len(kind)) if places is None else places
    for name, array in columns.items():
        rows.add(name, array)
    for name, values in nested.items():
        rows.add_nested(name, values)
    rows.place()
    return rows.decoded(columns, nested)


class _Rows:
    """The questions, column by column."""

    def __init__(self, kind: UInt8, post: Post) -> None:
        self.kind, self.post = kind, post
        self.odd: Bool = ~_MAY_SEND[post.sender][kind] | _LINKS[kind]
        self.strings: dict[str, StringColumn] = {}
        self.numbers: dict[str, npt.NDArray[np.int64]] = {}
        self.traits: dict[int, Traits] = {}
        self.asked: set[str] = set()
        self.places: npt.NDArray[np.int64] = np.zeros(0, np.int64)

    def add(self, name: str, array: pa.Array) -> None:
        """One column."""
        given = array.is_valid().to_numpy(zero_copy_only=False)
        self.odd |= given & ~_KNOWS[self.kind, _PLACES[name]]
        if PLAIN[name] in ("string", "text"):
            self.strings[name] = self._string(name, array)
            given = self.strings[name].codes >= 0
        else:
            values = array.cast(pa.int64()).fill_null(MISSING).to_numpy(zero_copy_only=False)
            self.numbers[name] = values
            self.odd |= given & ((values < 0) | (values > MAX_INT))
        self.odd |= ~given & _NEEDS[self.kind, _PLACES[name]]

    def add_nested(self, name: str, values: Sequence[object]) -> None:
        """One column of objects: traits and properties are checked here, items are odd."""
        given = np.fromiter((value is not None for value in values), bool, len(values))
        self.odd |= given & ~_KNOWS[self.kind, _PLACES[name]]
        self.odd |= ~given & _NEEDS[self.kind, _PLACES[name]]
        check = _CHECKS.get(name)
        self.asked.add(name)
        if check is None:
            self.odd |= given
            return
        texts: list[str | None] = [None] * len(values)
        for row in np.flatnonzero(given).tolist():
            checked = check(values[row], name)
            if isinstance(checked, Rejected):
                self.odd[row] = True
            elif isinstance(checked, str):
                texts[row] = checked
            else:
                self.traits[row] = checked
        if name == "properties":
            self.strings[name] = StringColumn.of(texts)

    def _string(self, name: str, array: pa.Array) -> StringColumn:
        array = _encoded(array)
        codes = array.indices.cast(pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False)
        values = Strings.of_arrow(array.dictionary.cast(pa.string()))
        sizes = np.diff(values.offsets)
        bad = sizes > (MAX_ID_CHARS if name in IDS else MAX_STRING_CHARS)
        bad[_owners(values, _control(values.data))] = True
        if name in IDS and len(values.data):
            first = np.append(values.data, np.uint8(0))[values.offsets[:-1]]
            bad |= first == ord(ANONYMOUS_PREFIX)
        if name == "currency":
            bad |= np.array([value not in MINOR_DIGITS for value in values], bool)
        self.odd |= np.append(bad, False)[codes]
        if (sizes == 0).any():  # "" is absent
            codes = np.where(np.append(sizes == 0, False)[codes], np.int32(-1), codes)
        return StringColumn(codes, values)

    def place(self) -> None:
        """Settle whose events they are, where and when."""
        kind, post, n = self.kind, self.post, len(self.kind)
        for name, place in _PLACES.items():
            if name not in self.strings and name not in self.numbers and name not in self.asked:
                self.odd |= _NEEDS[kind, place]
        viewer = self._viewer()
        self.odd |= (viewer.codes < 0) & ~_OF_ROOM[kind]
        self.strings["viewer"] = viewer
        room = self.strings.get("room") or StringColumn.absent(n)
        nowhere = (room.codes < 0) & ~_ROOMLESS[kind]
        if post.default_room is None:
            self.odd |= nowhere
        elif nowhere.any():
            room = _filled(room, nowhere, post.default_room)
        self.strings["room"] = room
        time = self.numbers.pop("event_time", np.full(n, MISSING))
        if post.sent_at_ms is not None:
            told = np.maximum(post.arrival_ms - (post.sent_at_ms - time), 0)
            self.odd |= (time != MISSING) & (told > MAX_INT)
            time = np.where(time == MISSING, MISSING, told)
        time = np.where(time == MISSING, post.arrival_ms, time)
        ahead = time > post.arrival_ms + FUTURE_MS
        if ahead.any():
            self.numbers["future"] = np.where(ahead, 1, MISSING)
        self.time = np.minimum(time, post.arrival_ms)
        if post.request is not None:
            self._name_messages(post.request)
        orders = _ORDERS[kind]
        if orders.any():
            self.numbers["verified"] = np.where(orders, int(post.sender != "browser"), MISSING)

    def _name_messages(self, request: str) -> None:
        given = self.strings.get("message_id") or StringColumn.absent(len(self.kind))
        without = np.flatnonzero(given.codes < 0)
        if len(without):
            codes = given.codes.copy()
            codes[without] = np.arange(len(without), dtype=np.int32) + np.int32(len(given.values))
            names = [f"{request}.{place}" for place in self.places[without].tolist()]
            given = StringColumn(codes, [*given.values, *names])
        self.strings["message_id"] = given

    def _viewer(self) -> StringColumn:
        """The one column of viewers: known, else anonymous with the prefix; none of a room."""
        n = len(self.kind)
        known = self.strings.pop("viewer", None) or StringColumn.absent(n)
        unknown = self.strings.pop("anonymous_id", None)
        codes, values = known.codes, known.values
        if unknown is not None:
            named = np.where(unknown.codes >= 0, unknown.codes + np.int32(len(values)), -1)
            codes = np.where(codes >= 0, codes, named).astype(np.int32)
            values = [*values, *(ANONYMOUS_PREFIX + value for value in unknown.values)]
        return StringColumn(np.where(_OF_ROOM[self.kind], np.int32(-1), codes), values)

    def decoded(self, columns: Mapping[str, pa.Array], nested: Nested) -> Decoded:
        """What is not odd as it is, the rest by `canonical`."""
        plain = np.flatnonzero(~self.odd)
        batch = self._batch(plain)
        rejected = []
        rows, places = [], []
        odd = np.flatnonzero(self.odd)
        for index in odd[np.argsort(self.places[odd])].tolist():
            raw = {"type": CATALOG[self.kind[index]].name}
            # in the order of the table, so that of two faults the same is named every time
            raw |= {name: columns[name][index].as_py() for name in PLAIN if name in columns}
            raw |= {name: nested[name][index] for name in NESTED if name in nested}
            raw = {name: value for name, value in raw.items() if value is not None}
            place = int(self.places[index])
            row = _canonical(raw, self.post, place)
            if isinstance(row, Rejected):
                rejected.append(RejectedEvent(place, row.reason_code, row.detail))
            else:
                rows.append(row)
                places.append(place)
        plain = self.places[plain]
        if rows:
            others = EventBatch.from_rows(rows)
            # as `from_rows` put them
            moved = np.argsort(np.array([row["event_time"] for row in rows]), kind="stable")
            batch = concat([batch, others]) if len(batch) else others
            plain = np.concatenate([plain, np.array(places, np.int64)[moved]])
        return Decoded(arranged(batch, np.lexsort((plain, batch.event_time))), rejected)

    def _batch(self, rows: npt.NDArray[np.int64]) -> EventBatch:
        post, n = self.post, len(rows)
        strings = {
            name: self.strings[name].take(rows).compacted()
            for name in STRING_FIELDS
            if name in self.strings
        }
        numbers = {name: self.numbers[name][rows] for name in NUMBER_FIELDS if name in self.numbers}
        return EventBatch(
            np.full(n, post.arrival_ms),
            self.time[rows],
            self.kind[rows],
            {name: column for name, column in strings.items() if (column.codes >= 0).any()},
            {name: column for name, column in numbers.items() if (column != MISSING).any()}
            | {"message": np.full(n, post.message)},
            traits={
                new: self.traits[old]
                for new, old in enumerate(rows.tolist() if self.traits else ())
                if old in self.traits
            },
        )


def rows_decoded(raws: Sequence[object], post: Post) -> Decoded:
    """The same for events as objects, one by one: the obviously right way, 20 µs each."""
    rows, rejected = [], []
    for index, raw in enumerate(raws):
        row = _canonical(raw, post, index)
        if isinstance(row, Rejected):
            rejected.append(RejectedEvent(index, row.reason_code, row.detail))
        else:
            rows.append(row)
    return Decoded(EventBatch.from_rows(rows, first_message=post.message), rejected)


def _canonical(raw: object, post: Post, place: int) -> dict[str, Any] | Rejected:
    row = canonical(
        _corrected(raw, post),
        arrival=post.arrival_ms,
        sender=post.sender,
        default_room=post.default_room,
    )
    if isinstance(row, Rejected):
        return row
    if post.request is not None:
        row.setdefault("message_id", f"{post.request}.{place}")
    return row | {"message": post.message}


def _corrected(raw: object, post: Post) -> object:
    given = raw.get("event_time") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or post.sent_at_ms is None:
        return raw
    if type(given) is not int or given < 0:
        return raw
    return raw | {"event_time": max(post.arrival_ms - (post.sent_at_ms - given), 0)}


def arranged(batch: EventBatch, order: npt.NDArray[np.int64]) -> EventBatch:
    """The events of one message in another order.

    Shapes: int64[n_events], every row once.
    """
    places = {old: new for new, old in enumerate(order.tolist())} if batch.traits else {}
    return EventBatch(
        batch.clock[order],
        batch.event_time[order],
        batch.type[order],
        {name: column.take(order) for name, column in batch.strings.items()},
        {name: column[order] for name, column in batch.numbers.items()},
        None if batch.items is None else batch.items.take(order),
        {places[row]: traits for row, traits in batch.traits.items()},
    )


def _encoded(array: pa.Array) -> pa.Array:
    """The column as a dictionary without repetition and without null in it."""
    if pa.types.is_dictionary(array.type):
        known = array.dictionary
        if not known.null_count and len(known.unique()) == len(known):
            return array
        array = array.cast(pa.string())
    return array.dictionary_encode()


def _control(data: UInt8) -> npt.NDArray[np.int64]:
    """Where control characters are: C0, DEL, and C1, which is two bytes of UTF-8."""
    low: Bool = (data < 0x20) | (data == 0x7F)
    low[:-1] |= (data[:-1] == 0xC2) & (data[1:] < 0xA0)
    return np.flatnonzero(low)


def _owners(values: Strings, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The strings in which these bytes are."""
    return np.searchsorted(values.offsets, places, "right") - 1


def _filled(column: StringColumn, rows: Bool, value: str) -> StringColumn:
    """The column with this value in these rows."""
    values = list(column.values)
    code = values.index(value) if value in values else len(values)
    codes = np.where(rows, np.int32(code), column.codes)
    return StringColumn(codes, values if code < len(values) else [*values, value])
