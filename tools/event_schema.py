"""The JSON Schema of an event as sent, from the event table and the bounds of its checks."""

from __future__ import annotations

from typing import Any, Final

from qianmian.vocabulary.events import CATALOG, ENVELOPE, LINKING, EventField, EventType, FieldType
from qianmian.vocabulary.ids import MAX_ID_CHARS
from qianmian.vocabulary.money import MINOR_DIGITS
from qianmian.vocabulary.order import MAX_ITEMS
from qianmian.vocabulary.values import (
    MAX_INT,
    MAX_NAME_CHARS,
    MAX_PROPERTIES_CHARS,
    MAX_STRING_CHARS,
    MAX_TEXT_CHARS,
    MAX_TRAITS,
)

Schema = dict[str, Any]

# `(?![\s\S])` is the end in every dialect of regular expressions; `$` also matches before "\n".
_LINE: Final = r"^[^\u0000-\u001f\u007f-\u009f\ud800-\udfff]*(?![\s\S])"
_LINES: Final = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ud800-\udfff]*(?![\s\S])"
_ID: Final = r"^(?!\?)[^\u0000-\u001f\u007f-\u009f\ud800-\udfff]*(?![\s\S])"

_WHOLE: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": MAX_INT}
_STRING: Final[Schema] = {"type": "string", "maxLength": MAX_STRING_CHARS, "pattern": _LINE}
_SCALARS: Final[Schema] = {
    "type": "object",
    "maxProperties": MAX_TRAITS,
    "propertyNames": {"minLength": 1, "maxLength": MAX_NAME_CHARS, "pattern": _LINE},
    "additionalProperties": {
        "anyOf": [
            _STRING,
            {"type": "number", "minimum": -MAX_INT, "maximum": MAX_INT},
            {"type": ["boolean", "null"]},
        ]
    },
}
_ITEMS: Final[Schema] = {
    "type": "array",
    "maxItems": MAX_ITEMS,
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["product"],
        "properties": {
            "product": _STRING | {"minLength": 1},
            "category": {"anyOf": [_STRING, {"type": "null"}]},
            "quantity": {"type": ["integer", "null"], "minimum": 1, "maximum": MAX_INT},
            "price": {"type": ["integer", "null"], "minimum": 0, "maximum": MAX_INT},
            "amount": {"type": ["integer", "null"], "minimum": 0, "maximum": MAX_INT},
        },
    },
}
_BY_TYPE: Final[dict[FieldType, Schema]] = {
    "string": _STRING,
    "text": {"type": "string", "maxLength": MAX_TEXT_CHARS, "pattern": _LINES},
    "int": _WHOLE,
    "bool": {"type": "boolean"},
    "money": _WHOLE,
    "items": _ITEMS,
    "traits": _SCALARS,
    "properties": _SCALARS
    | {"$comment": f"at most {MAX_PROPERTIES_CHARS} characters as canonical JSON text"},
}
_BY_NAME: Final[dict[str, Schema]] = {
    "viewer": {"type": "string", "maxLength": MAX_ID_CHARS, "pattern": _ID},
    "linked_viewer": {"type": "string", "maxLength": MAX_ID_CHARS, "pattern": _ID},
    "anonymous_id": {"type": "string", "maxLength": MAX_ID_CHARS, "pattern": _ID},
    "currency": {"enum": sorted(MINOR_DIGITS)},
}
_WHO: Final = ("viewer", "anonymous_id")


def event_schema(meanings: dict[str, Any]) -> Schema:
    """The schema; `meanings` is a locale's `events.json`."""
    kinds = {str(name): base for name, base in (_BY_TYPE | _BY_NAME).items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:qianmian:schema:event:1",
        "title": "Qianmian event",
        "description": (
            "One event as sent. Null and the empty string are absent. Behavior and room events"
            " need a room unless their source has a default one. x-senders: the classes of write"
            " key that may send the type."
        ),
        "oneOf": [{"$ref": f"#/$defs/{event.name}"} for event in CATALOG],
        "$defs": {event.name: _event(event, meanings) for event in CATALOG}
        | {f"field.{field.name}": _described(field, meanings["envelope"]) for field in ENVELOPE}
        | {f"required.{name}": _given(base) for name, base in kinds.items()}
        | {f"optional.{name}": _or_absent(base) for name, base in kinds.items()},
    }


def _event(event: EventType, meanings: dict[str, Any]) -> Schema:
    meaning = meanings[event.name]
    schema: Schema = {
        "description": meaning["help"],
        "x-senders": sorted(event.senders),
        "type": "object",
        "additionalProperties": False,
        "required": ["type", *(field.name for field in event.fields if field.required)],
        "properties": {"type": {"const": event.name}}
        | {field.name: {"$ref": f"#/$defs/field.{field.name}"} for field in ENVELOPE}
        | {field.name: _described(field, meaning) for field in event.fields},
    }
    given = [
        {"required": [name], "properties": {name: {"$ref": f"#/$defs/required.{name}"}}}
        for name in (*_WHO, "linked_viewer")
    ]
    viewer, anonymous, linked = given
    if event.name in LINKING:
        schema["allOf"] = [viewer, {"oneOf": [anonymous, linked]}]
    elif event.scope != "room":
        schema["anyOf"] = [viewer, anonymous]
    return schema


def _described(field: EventField, meaning: dict[str, Any]) -> Schema:
    kind = field.name if field.name in _BY_NAME else field.type
    unit = f" ({field.unit})" if field.unit else ""
    return {
        "$ref": f"#/$defs/{'required' if field.required else 'optional'}.{kind}",
        "description": meaning["fields"][field.name] + unit,
    }


def _given(base: Schema) -> Schema:
    return base | {"minLength": 1} if base.get("type") == "string" else base


def _or_absent(base: Schema) -> Schema:
    """Null or "" instead of the value."""
    if base.get("type") == "string":
        return base | {"type": ["string", "null"]}
    return {"anyOf": [base, {"enum": [None, ""]}]}
