"""Dead letters of one person: which they are, and what of them is the person's own.

A letter holds what a source sent, as it spelled it: an id of another namespace stands there without
its prefix, and equal ids of two namespaces are two people. To be deleted it is enough that an id
stands anywhere in a letter; told is only what is surely the person's: an event may stand beside
those of others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from qianmian.columns.erasure import spellings
from qianmian.runtime.dead_letters import DeadLetter
from qianmian.runtime.persons import Erasure
from qianmian.storage.dead_letters import DeadLetterFile
from qianmian.vocabulary.ids import parts_of

_LISTS: Final = ("events", "batch")

PrefixOf = Callable[[str], str]
"""What the viewer ids of a source, by its name, begin with."""


@dataclass(frozen=True, slots=True)
class LettersForget:
    """Dead letters: those that hold an id of the person anywhere are deleted."""

    letters: DeadLetterFile
    prefix_of: PrefixOf
    name: str = "dead_letters"

    def forget(self, erasure: Erasure) -> int:
        """Delete them; how many. Raises: OperationalError."""
        found = _of(self.letters, erasure.tombstone_by_viewer.keys(), self.prefix_of)
        return self.letters.drop([one.id for one, _ in found])


def told_of(
    letters: DeadLetterFile, viewers: Collection[str], prefix_of: PrefixOf
) -> list[dict[str, object]]:
    """What of the letters is surely of these viewers. Raises: OperationalError."""
    told = []
    for letter, spelled in _of(letters, viewers, prefix_of):
        mine = list(_events_of(letter, spelled))
        if mine:
            body = json.dumps(mine, ensure_ascii=False)
            told.append({"at": letter.at, "code": letter.code, "body": body})
    return told


def _of(
    letters: DeadLetterFile, viewers: Collection[str], prefix_of: PrefixOf
) -> Iterator[tuple[DeadLetter, frozenset[str]]]:
    """The letters in which an id stands, as the source of each spells it; and those spellings."""
    every = sorted({way for viewer in viewers for way in spellings(viewer)})
    for letter in letters.of(every):
        prefix = prefix_of(letter.source)
        spelled = frozenset(way for viewer in viewers for way in _spelled(viewer, prefix))
        if letters.holds(letter, spelled):
            yield letter, spelled


def _spelled(viewer: str, prefix: str) -> tuple[str, ...]:
    """How a source with this prefix writes an id; not at all where it is of another namespace."""
    own, bare = parts_of(viewer)
    if prefix:
        return (bare,) if own == prefix else ()
    return tuple(way for way in spellings(viewer) if not own or way != bare)


def _events_of(letter: DeadLetter, spelled: frozenset[str]) -> Iterator[Any]:
    """The events of a letter that name one of these ids, or all that a page sent as this viewer."""
    try:
        body = json.loads(letter.body)
    except (ValueError, RecursionError):
        return
    if isinstance(body, dict):
        listed = next((body[name] for name in _LISTS if isinstance(body.get(name), list)), [body])
    else:
        listed = body if isinstance(body, list) else []
    yield from (one for one in listed if letter.viewer in spelled or _names(one, spelled))


def _names(value: Any, spelled: frozenset[str]) -> bool:
    """Whether an id is a value anywhere."""
    if isinstance(value, dict):
        return any(_names(one, spelled) for one in value.values())
    if isinstance(value, list):
        return any(_names(one, spelled) for one in value)
    return isinstance(value, str | int) and str(value) in spelled
