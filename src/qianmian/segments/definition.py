"""What a segment of the catalog is: the viewers for whom a condition holds now.

A catalog file holds `DEFINITION = Segment(...)`. Numbers are data, as in tags and moments; examples
are its tests. Title and meaning are in `locales/<locale>/segments.json` under the same key. A
segment may name tags and other segments; circles are refused with their path.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from qianmian.errors import InputError
from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from qianmian.language.story import LevelExample, Numbers, check_parameters, filled


@dataclass(frozen=True, slots=True)
class Segment:
    """One ready-made segment; `version` grows when the meaning of the text changes."""

    key: str
    text: str
    examples: tuple[LevelExample, ...]
    parameters: Numbers = field(default_factory=dict)
    version: int = 1

    def definitions(self, changed: Numbers | None = None) -> tuple[Definition, ...]:
        """The checked level.

        Raises: UnknownName for a number that it does not have; DefinitionError when a changed
            number makes no sense at its place.
        """
        text = filled(f"segment {self.key}", self.text, self.parameters, changed)
        return (parse_definition(self.key, text, "segment", self.version),)


def check_segment(segment: Segment) -> None:
    """Refuse a catalog entry that could not be shown, changed or tested.

    Raises: InputError naming the segment and what is wrong with it; DefinitionError for a text that
        cannot be used.
    """
    noun = f"segment {segment.key}"
    check_parameters(noun, [segment.text], segment.parameters)
    segment.definitions()
    answers = [example.expect for example in segment.examples]
    if True not in answers:
        raise InputError(f"{noun}: no example of a viewer who belongs to it")
    if False not in answers:
        raise InputError(f"{noun}: no example of a viewer who does not")
