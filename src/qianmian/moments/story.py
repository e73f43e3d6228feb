"""The story of an example, as the rows that the engine takes."""

from __future__ import annotations

from collections.abc import Mapping

from qianmian.language.story import START_MS, Row, rows_of_story
from qianmian.moments.definition import Example
from qianmian.vocabulary.time import parse_duration


def rows_of(example: Example, class_bits: Mapping[str, int]) -> list[Row]:
    """One row per line of the timeline (see `language/story.py`).

    Raises: InputError when a line cannot be read; UnknownName for a type there is not.
    """
    return rows_of_story(example.timeline, class_bits)


def instants_of(example: Example) -> tuple[int, ...]:
    """When the moment must fire, in ms."""
    return tuple(START_MS + parse_duration(text) for text in example.fires)


def end_of(example: Example) -> int:
    """How far the clock runs, in ms."""
    return START_MS + parse_duration(example.until)
