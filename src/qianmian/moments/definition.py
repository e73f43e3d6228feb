"""What a moment of the catalog is: a text of the condition language with named numbers.

A catalog file holds `DEFINITION = Moment(...)`. Its numbers are data: `{dwell}` in the text stands
for `parameters["dwell"]`, and a shop that sees it differently gives another value, not another
text. Its examples are its tests. Title and meaning are in `locales/<locale>/moments.json` under the
same key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from qianmian.errors import InputError
from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from qianmian.language.story import check_parameters, filled
from qianmian.vocabulary.events import event_type
from qianmian.vocabulary.time import parse_duration


@dataclass(frozen=True, slots=True)
class Example:
    """A short story and the instants at which the moment fires in it.

    `timeline` has one line per event: when, type, then `field=value`, for instance
    `"90s cart_added product=p1"`. The clock runs on to `until` after the last event. An empty
    `fires` says that it must stay silent. With `presence`, a viewer without heartbeats leaves
    after 45 s; without, nobody leaves by silence. Events are of viewer `v1` and room `r1` unless
    they say otherwise.

    Units: every instant is a duration since the start of the story, as in the language ("2m").
    """

    name: str
    timeline: tuple[str, ...]
    until: str
    fires: tuple[str, ...] = ()
    presence: bool = False


@dataclass(frozen=True, slots=True)
class Lingers:
    """How long after its firing the moment still describes the viewer, for the room's board.

    It ends when the viewer leaves, at an event of `until` about the same product (about any, where
    the moment has none), when another product page is opened if it is `on_page`, and in any case
    `at_most` after the firing.

    Units: at_most is a duration as in the language ("10m").
    """

    until: tuple[str, ...] = ("order_created", "order_paid")
    on_page: bool = False
    at_most: str = "10m"


@dataclass(frozen=True, slots=True)
class Moment:
    """One built-in moment.

    `version` is part of every firing's identity; it grows when the meaning of the text changes.
    `lingers` is given where the moment says that the viewer hesitates.
    """

    key: str
    text: str
    examples: tuple[Example, ...]
    parameters: Mapping[str, str | int] = field(default_factory=dict)
    version: int = 1
    lingers: Lingers | None = None

    def written(self, changed: Mapping[str, str | int] | None = None) -> str:
        """The text with its numbers filled in; `changed` replaces some of them.

        Raises: UnknownName for a number the moment does not have.
        """
        return filled(self.key, self.text, self.parameters, changed)

    def definition(self, changed: Mapping[str, str | int] | None = None) -> Definition:
        """The checked definition.

        Raises: DefinitionError when a changed number makes no sense at its place.
        """
        return parse_definition(self.key, self.written(changed), "moment", self.version)


def check_moment(moment: Moment) -> None:
    """Refuse a catalog entry that could not be shown, changed or tested.

    Raises: InputError naming the moment and what is wrong with it; UnknownName for an event type
        that there is not.
    """
    check_parameters(f"moment {moment.key}", [moment.text], moment.parameters)
    if moment.lingers is not None:
        parse_duration(moment.lingers.at_most)
        for name in moment.lingers.until:
            event_type(name)
    if not any(example.fires for example in moment.examples):
        raise InputError(f"moment {moment.key}: no example in which it fires")
    if all(example.fires for example in moment.examples):
        raise InputError(f"moment {moment.key}: no example in which it stays silent")
