"""One event as sent (Qianmian's JSON shape) to one canonical row, or why not.

A pure, total function over the event table: the obviously right way in. It is used for files,
single posts and tests; fast decoders give the same rows and are tested against it.

Rules: null and "" are absent; a name the type does not have is refused, with what was probably
meant (free data goes into `properties`); event_time never lies after arrival.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from qianmian.vocabulary.events import (
    CATALOG,
    CODE_BY_NAME,
    ENVELOPE,
    LINKING,
    EventField,
    EventType,
    FieldType,
    Sender,
)
from qianmian.vocabulary.money import MINOR_DIGITS
from qianmian.vocabulary.order import order_amount, order_items
from qianmian.vocabulary.rejected import Rejected
from qianmian.vocabulary.time import MINUTE_MS
from qianmian.vocabulary.trait_words import told_traits
from qianmian.vocabulary.values import (
    MAX_INT,
    check_anonymous,
    check_bool,
    check_int,
    check_properties,
    check_string,
    check_text,
    check_viewer,
    shown,
)

FUTURE_MS: Final = 2 * MINUTE_MS  # a clock that is further ahead is worth telling the sender

Row = dict[str, Any]
_Check = Callable[[object, str], Any]

_CHECK_BY_TYPE: Final[Mapping[FieldType, _Check]] = MappingProxyType(
    {
        "string": check_string,
        "text": check_text,
        "int": check_int,
        "bool": check_bool,
        "money": check_int,
        "items": order_items,
        "traits": told_traits,
        "properties": check_properties,
    }
)
_CHECK_BY_NAME: Final[Mapping[str, _Check]] = MappingProxyType(
    {"viewer": check_viewer, "linked_viewer": check_viewer, "anonymous_id": check_anonymous}
)


def canonical(
    raw: object,
    *,
    arrival: int,
    sender: Sender = "server",
    default_room: str | None = None,
) -> Row | Rejected:
    """The row of one event as `EventBatch.from_rows` takes it, with clock = arrival.

    Args:
        raw: the event: `type`, the fields of the envelope, the fields of the type.
        arrival: when it arrived, ms UTC.
        sender: the class of the write key.
        default_room: the room of the source, for behavior that names none.

    An order from a browser gets `verified` 0, another 1; an order without an amount gets the sum
    of its lines, if each has one; an event_time more than 2 minutes ahead gets `future` 1.
    """
    if not isinstance(raw, Mapping):
        return Rejected("not_an_object", f"an event is {shown(raw)}; it must be an object")
    event = _event_type_of(raw)
    if isinstance(event, Rejected):
        return event
    if sender not in event.senders:
        return Rejected("not_allowed", f"a {sender} key may not send {event.name}")
    row = _checked_fields(raw, event)
    if isinstance(row, Rejected):
        return row
    row["type"] = event.name
    row["clock"] = arrival
    problem = _place(row, event, default_room, sender)
    if problem is not None:
        return problem
    _stamp(row, arrival)
    if "items" in row:
        problem = _total(row)
        if problem is not None:
            return problem
    if _is_order(event):
        row["verified"] = int(sender != "browser")
    return row


def _event_type_of(raw: Mapping[Any, Any]) -> EventType | Rejected:
    name = raw.get("type")
    if name is None or name == "":
        return Rejected("missing_field", "an event has no type")
    if not isinstance(name, str):
        return Rejected("wrong_type", f"type is {shown(name)}; it must be a string")
    code = CODE_BY_NAME.get(name)
    if code is None:
        hint = _did_you_mean(name, CODE_BY_NAME)
        return Rejected("unknown_type", f"unknown event {shown(name)}.{hint}")
    return CATALOG[code]


def _checked_fields(raw: Mapping[Any, Any], event: EventType) -> Row | Rejected:
    fields = _FIELDS_BY_TYPE[event.name]
    row: Row = {}
    for name, value in raw.items():
        if name == "type":
            continue
        field = fields.get(name) if isinstance(name, str) else None
        if field is None:
            hint = _did_you_mean(name, fields) if isinstance(name, str) else ""
            return Rejected("unknown_field", f"{event.name} has no field {shown(name)}.{hint}")
        if value is None or value == "":
            continue
        check = _CHECK_BY_NAME.get(field.name) or _CHECK_BY_TYPE[field.type]
        checked = check(value, field.name)
        if isinstance(checked, Rejected):
            return checked
        row[field.name] = checked
    if row.get("currency", "CNY") not in MINOR_DIGITS:
        detail = f"currency is {shown(row['currency'])}; it must be a known ISO 4217 code"
        return Rejected("unknown_currency", detail)
    for field in event.fields:
        if field.required and field.name not in row:
            return Rejected("missing_field", f"{event.name} needs {field.name}")
    return row


def _place(row: Row, event: EventType, default_room: str | None, sender: Sender) -> Rejected | None:
    """Settle whose event it is, and where."""
    if event.scope == "room":
        row.pop("viewer", None)
        row.pop("anonymous_id", None)
    elif event.name in LINKING:
        if "viewer" not in row or ("anonymous_id" in row) == ("linked_viewer" in row):
            needs = "viewer and anonymous_id, or viewer and linked_viewer"
            return Rejected("missing_field", f"{event.name} needs {needs}")
        if "linked_viewer" in row and sender != "server":
            return Rejected("not_allowed", f"a {sender} key may not tell of two known viewers")
    elif "viewer" in row:
        row.pop("anonymous_id", None)
    elif "anonymous_id" not in row:
        return Rejected("no_viewer", f"{event.name} needs viewer or anonymous_id")
    if "room" not in row and not event.person_scoped:
        if default_room is None:
            return Rejected("no_room", f"{event.name} needs a room, and its source has no default")
        row["room"] = default_room
    return None


def _stamp(row: Row, arrival: int) -> None:
    """Event time: not after arrival; far ahead is told."""
    event_time = row.get("event_time", arrival)
    if event_time > arrival + FUTURE_MS:
        row["future"] = 1
    row["event_time"] = min(event_time, arrival)


def _total(row: Row) -> Rejected | None:
    """The amount of an order or checkout, where only its lines have one."""
    amount = order_amount(row["items"])
    if amount is not None and amount > MAX_INT:
        return Rejected("out_of_range", "the sum of the items is above 2^53")
    if amount is not None:
        row.setdefault("amount", amount)
    row["items"] = [item.as_row() for item in row["items"]]
    return None


def _is_order(event: EventType) -> bool:
    """An event that may move money: it cannot be without the order's id."""
    return any(field.name == "order_id" and field.required for field in event.fields)


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name[:64], list(known), n=1, cutoff=0.6)
    return f' Did you mean "{near[0]}"?' if near else ""


_FIELDS_BY_TYPE: Final[Mapping[str, Mapping[str, EventField]]] = MappingProxyType(
    {event.name: {field.name: field for field in (*ENVELOPE, *event.fields)} for event in CATALOG}
)
