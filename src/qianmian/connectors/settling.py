"""Events that came as columns, made canonical by the column; what is odd goes row by row.

`vocabulary.decode.canonical` says what is right. Here the same is asked of whole columns: a row
that passes every question is canonical; any other, for whatever reason, is given to `canonical`,
which accepts it or says why not. So the questions may be stricter than the rule, never laxer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qianmian.columns.batch import MISSING, EventBatch, StringColumn, concat
from qianmian.columns.column import Traits
from qianmian.columns.fields import NUMBER_FIELDS, STRING_FIELDS
from qianmian.vocabulary.decode import FUTURE_MS, canonical
from qianmian.vocabulary.events import CATALOG, ENVELOPE, LINKING, Sender
from qianmian.vocabulary.ids import ANONYMOUS_PREFIX, MAX_ID_CHARS
from qianmian.vocabulary.money import MINOR_DIGITS
from qianmian.vocabulary.rejected import Rejected
from qianmian.vocabulary.trait_words import told_traits
from qianmian.vocabulary.values import (
    MAX_INT,
    MAX_STRING_CHARS,
    check_properties,
)

Bool = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]
UInt8 = npt.NDArray[np.uint8]
Column = StringColumn | Int64
"""Strings without repetition, or whole numbers and 0 and 1 with `MISSING`."""
Columns = Mapping[str, Column]
Nested = Mapping[str, Sequence[object]]

PLAIN: Final = {
    f.name: f.type
    for event in CATALOG
    for f in (*ENVELOPE, *event.fields)
    if f.type not in ("items", "traits", "properties")
}
"""The fields that are columns, and their types."""
TEXTS: Final = frozenset(name for name, kind in PLAIN.items() if kind in ("string", "text"))
"""Those of them that are columns of strings."""
NESTED: Final = ("items", "traits", "properties")
IDS: Final = ("viewer", "anonymous_id")
_PLACES: Final = {name: place for place, name in enumerate((*PLAIN, *NESTED))}
_ALIEN, _NEEDS = (
    np.ones((len(_PLACES), len(CATALOG)), bool),
    np.zeros((len(_PLACES), len(CATALOG)), bool),
)
for _code, _event in enumerate(CATALOG):
    for _field in (*ENVELOPE, *_event.fields):
        _ALIEN[_PLACES[_field.name], _code] = False
        _NEEDS[_PLACES[_field.name], _code] = _field.required
_CHECKS: Final[Mapping[str, Callable[[object, str], Any]]] = MappingProxyType(
    {"traits": told_traits, "properties": check_properties}
)
_OF_ROOM: Final = np.array([event.scope == "room" for event in CATALOG])
_ROOMLESS: Final = np.array([event.person_scoped for event in CATALOG])
_LINKS: Final = np.array([event.name in LINKING for event in CATALOG])
_ORDERS: Final = _NEEDS[_PLACES["order_id"]]
_NEEDED: Final = tuple((name, place) for name, place in _PLACES.items() if _NEEDS[place].any())
_FORBIDDEN: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_MAY_SEND: Final = {
    sender: np.array([sender in event.senders for event in CATALOG])
    for sender in ("browser", "server", "connector")
}


class Gathered:
    """Columns of rows that come one type after the other: what a type has not is None."""

    def __init__(self) -> None:
        self._columns: dict[str, list[Any]] = {}
        self._rows = 0

    def add(self, count: int, values_by_name: Iterable[tuple[str, Sequence[Any]]]) -> None:
        """So many more rows, with their values of some columns."""
        for name, values in values_by_name:
            column = self._columns.setdefault(name, [])
            column.extend([None] * (self._rows - len(column)))
            column.extend(values)
        self._rows += count

    def columns(self) -> dict[str, list[Any]]:
        """Every column, as long as there are rows."""
        for column in self._columns.values():
            column.extend([None] * (self._rows - len(column)))
        return self._columns


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
        whose: makes events that came as columns those of whom the sender may speak for; raises
            InputError where one is not.
    """

    arrival_ms: int
    sender: Sender = "server"
    default_room: str | None = None
    message: int = 0
    request: str | None = None
    sent_at_ms: int | None = None
    whose: Callable[[Columns, int], Columns] | None = None


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
    columns: Columns,
    nested: Nested,
    post: Post,
    places: Int64 | None = None,
) -> Decoded:
    """The batch of events that are given by the column.

    Args:
        kind: codes of the catalog's types.
        columns: by the names of `PLAIN`.
        nested: `items`, `traits`, `properties` as Python objects; None is not given.
        places: where each event stands in its body; default: as they are given.

    Shapes: all [n_events].
    Raises: what `post.whose` raises.
    Cost: some 10 array operations per column, and 20 µs per odd row: one with order
        lines, a link, or anything that `canonical` may refuse.
    """
    if post.whose is not None:
        columns = post.whose(columns, len(kind))
    rows = _Rows(kind, post)
    rows.places = np.arange(len(kind)) if places is None else places
    for name, column in columns.items():
        rows.add(name, column)
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
        self.numbers: dict[str, Int64] = {}
        self.traits: dict[int, Traits] = {}
        self.asked: set[str] = set()
        self.places: Int64 = np.zeros(0, np.int64)

    def add(self, name: str, column: Column) -> None:
        """One column."""
        if isinstance(column, StringColumn):
            self.strings[name] = checked = self._checked(name, column)
            given = checked.codes >= 0
            if checked is not column:  # a field that a type does not have may not be "" either
                self.odd |= (column.codes >= 0) & _ALIEN[_PLACES[name]][self.kind]
        else:
            self.numbers[name] = column
            given = column != MISSING
            # what is negative is a large one here
            self.odd |= given & (column.view(np.uint64) > MAX_INT)
        self._ask(name, given)

    def _ask(self, name: str, given: Bool) -> None:
        """Note the events that do not have this field, or lack it."""
        place = _PLACES[name]
        self.odd |= np.where(given, _ALIEN[place][self.kind], _NEEDS[place][self.kind])

    def add_nested(self, name: str, values: Sequence[object]) -> None:
        """One column of objects: traits and properties are checked here, items are odd."""
        given = np.fromiter((value is not None for value in values), bool, len(values))
        self._ask(name, given)
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

    def _checked(self, name: str, column: StringColumn) -> StringColumn:
        """The column without empty strings, which are absent; what is doubtful is odd."""
        bad = _doubtful(name, column.values)
        if bad:
            table = np.zeros(len(column.values) + 1, bool)  # code -1 reads the last entry
            table[bad] = True
            self.odd |= table[column.codes]
        if "" not in column.values:
            return column
        empty = column.values.index("")
        codes = np.where(column.codes == empty, np.int32(-1), column.codes)
        return StringColumn(codes, column.values).compacted()

    def place(self) -> None:
        """Settle whose events they are, where and when."""
        kind, post, n = self.kind, self.post, len(self.kind)
        for name, place in _NEEDED:
            if name not in self.strings and name not in self.numbers and name not in self.asked:
                self.odd |= _NEEDS[place][kind]
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
        of_room = _OF_ROOM[self.kind]
        if of_room.any():
            codes = np.where(of_room, np.int32(-1), codes)
        return StringColumn(codes, values).compacted()

    def decoded(self, columns: Columns, nested: Nested) -> Decoded:
        """What is not odd as it is, the rest by `canonical`."""
        if not self.odd.any():
            return Decoded(self._batch(np.lexsort((self.places, self.time))))
        plain = np.flatnonzero(~self.odd)
        batch = self._batch(plain)
        rejected = []
        rows, places = [], []
        odd = np.flatnonzero(self.odd)
        for index in odd[np.argsort(self.places[odd])].tolist():
            raw = {"type": CATALOG[self.kind[index]].name}
            # in the order of the table, so that of two faults the same is named every time
            raw |= {name: _raw(name, columns[name], index) for name in PLAIN if name in columns}
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

    def _batch(self, rows: Int64) -> EventBatch:
        """Some of the events, in this order."""
        post, n = self.post, len(rows)
        strings = {
            name: self.strings[name].take(rows) for name in STRING_FIELDS if name in self.strings
        }
        if n < len(self.kind):
            strings = {name: column.compacted() for name, column in strings.items()}
        numbers = {name: self.numbers[name][rows] for name in NUMBER_FIELDS if name in self.numbers}
        return EventBatch(
            np.full(n, post.arrival_ms),
            self.time[rows],
            self.kind[rows],
            {name: column for name, column in strings.items() if len(column.values)},
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


def _raw(name: str, column: Column, row: int) -> object:
    """One value as it was given."""
    if isinstance(column, StringColumn):
        return column.get(row)
    number = int(column[row])
    if number == MISSING:
        return None
    return bool(number) if PLAIN[name] == "bool" else number


def _doubtful(name: str, values: Sequence[str]) -> list[int]:
    """The places of strings that `canonical` has to look at.

    Cost: two passes over the text in C where there is none, as nearly always.
    """
    is_id = name in IDS
    most = MAX_ID_CHARS if is_id else MAX_STRING_CHARS
    joined = "".join(values)
    is_plain = joined.isprintable() or _FORBIDDEN.search(joined) is None
    is_short = len(joined) <= most or max(map(len, values)) <= most
    if name == "currency":
        return [place for place, value in enumerate(values) if value not in MINOR_DIGITS]
    if is_plain and is_short and not (is_id and ANONYMOUS_PREFIX in joined):
        return []
    return [
        place
        for place, value in enumerate(values)
        if len(value) > most
        or _FORBIDDEN.search(value) is not None
        or (is_id and value.startswith(ANONYMOUS_PREFIX))
    ]


def column_of(name: str, values: list[Any]) -> Column:
    """The column of values of the right type, or None.

    Raises: OverflowError for a number that no column holds.
    """
    return StringColumn.of(values) if name in TEXTS else _numbers(values)


def _numbers(values: list[int | None]) -> Int64:
    given = [MISSING if value is None else value for value in values] if None in values else values
    return np.array(given, np.int64)


def _filled(column: StringColumn, rows: Bool, value: str) -> StringColumn:
    """The column with this value in these rows, of which there is one at least."""
    values = list(column.values)
    code = values.index(value) if value in values else len(values)
    codes = np.where(rows, np.int32(code), column.codes)
    return StringColumn(codes, values if code < len(values) else [*values, value])
