"""The consents of everybody, as of the last message: a projection of the log beside the engine.

What decides reads it at the same message as the engine's state, so a switch holds for whatever is
decided by the next one. The ledger keeps what proves each change; here is only what holds now.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from qianmian.columns.batch import EventBatch, UInt8
from qianmian.runtime.ports import DUPLICATE, REFUSED
from qianmian.vocabulary.consent import (
    EVERY_CHANNEL,
    MARKETING,
    NOTHING_SAID,
    Consent,
    Consents,
    Thing,
    merged,
    told,
)
from qianmian.vocabulary.events import CODE_BY_NAME
from qianmian.vocabulary.ids import is_anonymous

CHANGED: Final = CODE_BY_NAME["consent_changed"]
UNSUBSCRIBED: Final = CODE_BY_NAME["unsubscribed"]
LINKED: Final = CODE_BY_NAME["identity_linked"]
_READ: Final = np.array([CHANGED, UNSUBSCRIBED, LINKED])


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """One change, with what proves it.

    Attributes:
        offset, place: of the message, and among the changes of that message.
        viewer: as the event names it.
        text_version: of the text that was agreed to.
        evidence: where and how, in words.

    Units: event_time, at (clock) in ms UTC.
    """

    offset: int
    place: int
    viewer: str
    purpose: str
    channel: str
    granted: bool
    event_time: int
    at: int
    source: str
    text_version: str
    evidence: str


class ConsentBook:
    """Who agreed to what.

    Cost: one look at the types of a message; Python for the rows of consents and links. Memory:
    an entry for each thing that somebody said something about.
    """

    def __init__(self) -> None:
        self._said: dict[str, dict[Thing, Consent]] = {}
        self._known: dict[str, str] = {}

    def of(self, viewer: str) -> Consents:
        """What this viewer, or who it is linked to, said."""
        return self._said.get(self._known.get(viewer, viewer), NOTHING_SAID)

    def owner_of(self, viewer: str) -> str:
        """Whose an id is: that of the known viewer it was linked to, or its own."""
        return self._known.get(viewer, viewer)

    def observe(
        self,
        batch: EventBatch,
        outcomes: UInt8,
        before: Callable[[int, int], None] = lambda _clock, _row: None,
        linked: Callable[[str, str], None] = lambda _anonymous, _known: None,
    ) -> None:
        """Take in a message; late consents count, duplicates do not.

        Args:
            before: called with the clock and the row of each change before it is known.
            linked: told which anonymous id is which known person, after both are one.
        """
        for row in rows_in(batch, outcomes):
            before(int(batch.clock[row]), row)
            if batch.type[row] == LINKED:
                link = self._link(batch, row)
                if link is not None:
                    linked(*link)
                continue
            viewer = _string(batch, "viewer", row)
            owner = self._known.get(viewer, viewer)
            thing, granted = said_in(batch, row)
            new = Consent(int(batch.event_time[row]), int(batch.clock[row]), granted)
            self._said[owner] = told(self._said.get(owner, NOTHING_SAID), thing, new)

    def _link(self, batch: EventBatch, row: int) -> tuple[str, str] | None:
        anonymous, known = _string(batch, "viewer", row), _string(batch, "linked_viewer", row)
        is_link = is_anonymous(anonymous) and bool(known) and not is_anonymous(known)
        if not is_link or anonymous in self._known:
            return None
        self._known[anonymous] = known
        theirs = self._said.pop(anonymous, None)
        if theirs:
            self._said[known] = merged(self._said.get(known, NOTHING_SAID), theirs)
        return anonymous, known

    # -- a person is erased

    def forget(self, viewers: Collection[str]) -> None:
        """Know nothing of these viewers, by whatever name they go."""
        for viewer in viewers:
            self._said.pop(viewer, None)
        gone = frozenset(viewers)
        self._known = {a: k for a, k in self._known.items() if not gone & {a, k}}

    # -- snapshot

    def snapshot(self) -> dict[str, Any]:
        """Everything, as JSON."""
        return {
            "said": [[viewer, _stored(said)] for viewer, said in sorted(self._said.items())],
            "known": sorted(self._known.items()),
        }

    def restore(self, stored: Mapping[str, Any]) -> None:
        """The opposite of `snapshot`."""
        self._known = dict(stored["known"])
        self._said = {
            viewer: {(p, c): Consent(at, arrival, granted) for p, c, at, arrival, granted in said}
            for viewer, said in stored["said"]
        }


def _stored(said: Consents) -> list[list[Any]]:
    return [[*thing, one.at, one.arrival, one.granted] for thing, one in sorted(said.items())]


def changes_in(batch: EventBatch, outcomes: UInt8, offset: int) -> Iterator[ConsentChange]:
    """The changes of a message, or of several that were applied as one."""
    numbers, places = batch.numbers.get("message"), dict[int, int]()
    for row in rows_in(batch, outcomes):
        if batch.type[row] == LINKED:
            continue
        (purpose, channel), granted = said_in(batch, row)
        at = offset if numbers is None else int(numbers[row])
        properties = _properties(batch, row)
        yield ConsentChange(
            offset=at,
            place=places.setdefault(at, 0),
            viewer=_string(batch, "viewer", row),
            purpose=purpose,
            channel=channel,
            granted=granted,
            event_time=int(batch.event_time[row]),
            at=int(batch.clock[row]),
            source=_string(batch, "source", row),
            text_version=str(properties.get("text_version", "")),
            evidence=str(properties.get("evidence", "")),
        )
        places[at] += 1


def rows_in(batch: EventBatch, outcomes: UInt8) -> Sequence[int]:
    """The rows of consents and links that count."""
    found = np.isin(batch.type, _READ) & (outcomes != DUPLICATE) & (outcomes != REFUSED)
    rows: list[int] = np.flatnonzero(found).tolist() if found.any() else []
    return [row for row in rows if _string(batch, "viewer", row)]


def said_in(batch: EventBatch, row: int) -> tuple[Thing, bool]:
    """What a row says: about which thing, and whether yes."""
    channel = _string(batch, "channel", row) or EVERY_CHANNEL
    if batch.type[row] == UNSUBSCRIBED:
        return (MARKETING, channel), False
    granted = batch.numbers.get("granted")
    return (_string(batch, "purpose", row), channel), granted is not None and int(granted[row]) == 1


def _string(batch: EventBatch, name: str, row: int) -> str:
    column = batch.strings.get(name)
    return "" if column is None else column.get(row) or ""


def _properties(batch: EventBatch, row: int) -> dict[str, Any]:
    text = _string(batch, "properties", row)
    found: dict[str, Any] = json.loads(text) if text else {}
    return found
