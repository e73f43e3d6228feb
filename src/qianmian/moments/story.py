"""The story of an example, as the rows that the engine takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qianmian.errors import InputError
from qianmian.moments.definition import Example
from qianmian.vocabulary.events import event_type
from qianmian.vocabulary.time import parse_duration

START_MS = 1_790_000_000_000  # any day will do; a fixed one makes every run the same
VIEWER, ROOM = "v1", "r1"

Row = dict[str, Any]


def rows_of(example: Example, class_bits: Mapping[str, int]) -> list[Row]:
    """One row per line of the timeline.

    What a type needs and a story does not care about (order ids, texts) is filled in; `class=doubt`
    sets the bit of that text class, as decoding would.

    Raises: InputError when a line cannot be read; UnknownName for a type there is not.
    """
    return [_row(line, number, class_bits) for number, line in enumerate(example.timeline)]


def instants_of(example: Example) -> tuple[int, ...]:
    """When the moment must fire, in ms."""
    return tuple(START_MS + parse_duration(text) for text in example.fires)


def end_of(example: Example) -> int:
    """How far the clock runs, in ms."""
    return START_MS + parse_duration(example.until)


def _row(line: str, number: int, class_bits: Mapping[str, int]) -> Row:
    when, name, *given = line.split()
    event = event_type(name)
    row: Row = {
        "clock": START_MS + parse_duration(when),
        "type": name,
        "message_id": f"e{number}",
        "room": ROOM,
    }
    if event.scope != "room":
        row["viewer"] = VIEWER
    for needed in event.fields:
        if needed.required and needed.type in ("string", "text"):
            row[needed.name] = f"{needed.name}-{number}"
    if any(known.name == "items" for known in event.fields):
        row["verified"] = 1
    for part in given:
        field, equals, value = part.partition("=")
        if not equals:
            raise InputError(f'"{line}": "{part}" is not field=value')
        if field == "class":
            row["classes"] = 1 << class_bits[value]
        else:
            row[field] = _value(name, field, value)
    return row


def _value(name: str, field: str, text: str) -> str | int:
    known = event_type(name).field(field)
    if known is None:
        raise InputError(f"{name} has no field {field}")
    if known.type == "bool":
        return int(text == "true")
    return int(text) if known.type in ("int", "money") else text
