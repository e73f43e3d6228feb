"""Short stories: how examples of definitions are written, and the rows that the engine takes.

A story has one line per event: when, type, then `field=value`, for instance
`"90s cart_added product=p1"`; an instant is written as a duration, too. `trait.NAME=value` tells a
trait of a profile. Events are of viewer `v1` and room `r1` unless they say otherwise.

Units: every instant is a duration since the start of the story, as in the language ("2m").
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qianmian.errors import InputError, UnknownName
from qianmian.vocabulary.events import event_type
from qianmian.vocabulary.time import parse_duration

START_MS = 1_790_000_000_000  # any day will do; a fixed one makes every run the same
DAY_BEGIN_MS = 1_789_920_000_000  # of the start, in Shanghai: the boundary of the facts before it
VIEWER, ROOM = "v1", "r1"
TRAIT = "trait."

Row = dict[str, Any]
Numbers = Mapping[str, str | int]
Answer = bool | str | int | float | None
"""What a tag says of a viewer: yes or no, one of its values, its number (of minor units where it is
money), or None: insufficient evidence."""


@dataclass(frozen=True, slots=True)
class LevelExample:
    """A story, and what a tag or segment says of the viewer at its end.

    The clock runs on to `until` after the last event. With `presence`, a viewer without heartbeats
    leaves after 45 s; without, nobody leaves by silence. `days` are facts that are there before
    the story: of each level with a long window (by its key) what it counted so many days before.
    """

    name: str
    timeline: tuple[str, ...]
    until: str
    expect: Answer
    presence: bool = False
    days: Mapping[str, Mapping[int, int]] | None = None

    @property
    def end_ms(self) -> int:
        """The instant at which it is asked, ms UTC."""
        return START_MS + parse_duration(self.until)

    def rows(self, class_bits: Mapping[str, int]) -> list[Row]:
        """One row per line (see `rows_of_story`)."""
        return rows_of_story(self.timeline, class_bits)


def rows_of_story(timeline: Sequence[str], class_bits: Mapping[str, int]) -> list[Row]:
    """One row per line.

    What a type needs and a story does not care about (order ids, texts) is filled in; `class=doubt`
    sets the bit of that text class, as decoding would.

    Raises: InputError when a line cannot be read; UnknownName for a type there is not.
    """
    return [_row(line, number, class_bits) for number, line in enumerate(timeline)]


def filled(noun: str, text: str, parameters: Numbers, changed: Numbers | None) -> str:
    """A text with its numbers filled in; `changed` replaces some of them.

    Args:
        noun: what it is, for messages, e.g. "tag commenter".

    Raises: UnknownName for a number that it does not have.
    """
    for name in changed or {}:
        if name not in parameters:
            raise UnknownName.of(f"parameter of {noun}", name, parameters)
    return text.format(**{**parameters, **(changed or {})})


def check_parameters(noun: str, texts: Sequence[str], parameters: Numbers) -> None:
    """Refuse texts whose places are not the parameters.

    Raises: InputError naming what is too many or too few.
    """
    places = {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}
    if places != set(parameters):
        odd = ", ".join(sorted(places ^ set(parameters)))
        raise InputError(f"{noun}: text and parameters differ in {odd}")


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
        elif field.startswith(TRAIT):
            row.setdefault("traits", {})[field.removeprefix(TRAIT)] = _trait(value)
        else:
            row[field] = _value(name, field, value)
    return row


def _value(name: str, field: str, text: str) -> str | int:
    known = event_type(name).field(field)
    if known is None:
        raise InputError(f"{name} has no field {field}")
    if known.type == "bool":
        return int(text == "true")
    if known.unit == "ms UTC" and not text.isdigit():
        return START_MS + parse_duration(text)
    return int(text) if known.type in ("int", "money") else text


def _trait(text: str) -> str | int | bool:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.removeprefix("-").isdigit() else text
