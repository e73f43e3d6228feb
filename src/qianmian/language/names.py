"""The names that an expression may use: event types, their fields, facts of the room.

Everything is read from the event catalogue; nothing here lists event types.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from types import MappingProxyType
from typing import Final

from qianmian.errors import TypeProblem, UnknownName
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME

NAME: Final = re.compile(r"[A-Za-z_\u4e00-\u9fff][0-9A-Za-z_\u4e00-\u9fff]*")
MAX_NAME: Final = 64

COMMON_FIELDS: Final = MappingProxyType(
    {
        "product": "string",
        "category": "string",
        "brand": "string",
        "amount": "money",
        "price": "money",
        "quantity": "int",
        "text": "text",
        "class": "classes",
        "page": "string",
        "entry_source": "string",
    }
)
"""Fields that every `where` may test; an event without the field fails the test."""

FACTS: Final = MappingProxyType(
    {
        "presenting": "string",
        "product": "string",
        "stage": "string",
        "online": "int",
        "gmv": "money",
        "orders_per_min": "int",
    }
)
"""Known facts of a room and their types; other names are allowed and take any type."""

SESSION_FACTS: Final = frozenset({"stage"})
"""Facts written `session.NAME`; all others are written `room.NAME`."""

TAG_FACTS: Final = frozenset({"presenting", "product", "stage"})
"""The only facts that tags and segments may read."""

ROOM_EVENTS: Final = frozenset(event.name for event in CATALOG if event.scope == "room")
"""Events of a room reach all its viewers and are nobody's own.

A sequence may begin with one, and guards look back at them (`language/room_events.py`).
"""

RESERVED: Final = frozenset(
    "again after and contains ever false for has in no not on or same starts_with then this true"
    " wait where within without".split()
)
"""Words that must be quoted to be a value."""

_TESTABLE: Final = frozenset({"string", "text", "int", "bool", "money"})


@cache
def field_types() -> MappingProxyType[str, str]:
    """Type by name of every field that a `where` may test."""
    declared = {
        field.name: str(field.type)
        for event in CATALOG
        for field in event.fields
        if field.type in _TESTABLE
    }
    return MappingProxyType({**declared, **COMMON_FIELDS})


def field_type(name: str) -> str:
    """The type of a field.

    Raises: UnknownName, with what was probably meant.
    """
    known = field_types()
    if name not in known:
        raise UnknownName.of("field", name, known)
    return known[name]


def check_field_of(name: str, types: Iterable[str]) -> None:
    """Refuse a field that none of these event types has.

    Raises: TypeProblem naming the events that have it.
    """
    if name in COMMON_FIELDS or any(_declares(event, name) for event in types):
        return
    having = [event.name for event in CATALOG if _declares(event.name, name)]
    raise TypeProblem(
        f'{", ".join(types)} has no field "{name}"; it belongs to {", ".join(having[:5])}'
    )


def _declares(event: str, field: str) -> bool:
    return any(declared.name == field for declared in CATALOG[CODE_BY_NAME[event]].fields)


def check_event(name: str) -> None:
    """Refuse a name that is no event type.

    Raises: UnknownName, with what was probably meant.
    """
    if name not in CODE_BY_NAME:
        raise UnknownName.of("event", name, CODE_BY_NAME)


def check_viewer_events(types: Iterable[str], what: str) -> None:
    """Refuse an event of the room where only what a viewer does has a meaning.

    What a guard may ask of them is in `language/room_events.py`.

    Raises: TypeProblem that says where it may stand.
    """
    for name in types:
        if name in ROOM_EVENTS:
            raise TypeProblem(
                f"{name} is an event of the room and cannot {what}; write {name} then EVENT within "
                f"60s, or beside an event of the viewer count({name}) within 5m >= 1, "
                f"time_since({name}) < 5m or a fact of the room such as session.stage"
            )


def catalog_order(types: Iterable[str]) -> tuple[str, ...]:
    """These event types in catalogue order, each once."""
    return tuple(sorted(set(types), key=CODE_BY_NAME.__getitem__))
