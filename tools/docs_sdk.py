"""The types of the events that a page may send, for `sdk/js`: written by `python -m tools.docs`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qianmian.vocabulary.events import CATALOG, ENVELOPE, EventField, FieldType
from qianmian.vocabulary.order import ITEM_FIELDS
from tools.docs_events import meanings_of

PATH = "sdk/js/src/events.ts"
BY_TYPE: dict[FieldType, str] = {
    "string": "string",
    "text": "string",
    "int": "number",
    "bool": "boolean",
    "money": "number",
    "items": "readonly OrderItem[]",
    "traits": "Scalars",
    "properties": "Scalars",
}
# The client fills in the rest of the envelope: who, when, and which place in its order.
OF_THE_PAGE = ("visit", "properties")


def pages() -> dict[str, str]:
    """The types."""
    return {PATH: "\n".join(_types())}


def _types() -> Iterator[str]:
    meanings = meanings_of("en-US")
    yield "// Generated from the event table by `make docs`; not to be edited."
    yield ""
    yield "/** Values of `properties` by name. */"
    yield "export type Scalars = Readonly<Record<string, string | number | boolean | null>>"
    yield ""
    yield "/** One line of an order; money in minor units. */"
    yield "export interface OrderItem {"
    for name in ITEM_FIELDS:
        kind = "string" if name in ("product", "category") else "number"
        yield f"  {name}{'' if name == 'product' else '?'}: {kind}"
    yield "}"
    yield ""
    yield "/** What every event may carry beside its own fields. */"
    yield "export interface Common {"
    for field in ENVELOPE:
        if field.name in OF_THE_PAGE:
            yield from _field(field, meanings["envelope"])
    yield "}"
    yield ""
    yield "/** Every event that a browser key may send, with its fields. */"
    yield "export interface BrowserEvents {"
    for event in CATALOG:
        if "browser" in event.senders:
            yield f"  /** {meanings[event.name]['title']} */"
            if not event.fields:
                yield f"  {event.name}: Common"
                continue
            yield f"  {event.name}: Common & {{"
            for field in event.fields:
                yield from (f"  {line}" for line in _field(field, meanings[event.name]))
            yield "  }"
    yield "}"


def _field(field: EventField, meaning: dict[str, Any]) -> Iterator[str]:
    unit = f" ({field.unit})" if field.unit else ""
    yield f"  /** {meaning['fields'][field.name]}{unit} */"
    yield f"  {field.name}{'' if field.required else '?'}: {BY_TYPE[field.type]}"
