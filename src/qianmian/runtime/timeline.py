"""What one viewer did, read from the log: the rows behind every flag and every firing.

The engine keeps no events; who asks about one viewer reads the newest part of the log again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from qianmian.columns.batch import EventBatch
from qianmian.runtime.messages import Events
from qianmian.runtime.ports import Log
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME
from qianmian.vocabulary.ids import is_anonymous

READ_ROWS: Final = 300_000
FIRST_MESSAGES: Final = 256  # then twice as many, because each reading begins in a segment anew
MOST_MESSAGES: Final = 4_096
LISTED: Final = 500
LINKED: Final = CODE_BY_NAME["identity_linked"]
ROOM_SCOPE: Final = np.array([event.scope == "room" for event in CATALOG])

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The rows of a viewer and of the room, oldest first.

    `since` is how far back was read, ms UTC; `is_whole` when that was the beginning of the log.
    """

    rows: list[Row]
    since: int
    is_whole: bool


def timeline_of(
    log: Log, viewer: str, room: str, *, since_ms: int, read_rows: int = READ_ROWS
) -> Timeline:
    """Read the log backwards until `since_ms`, or until so many rows or `MOST_MESSAGES` were read.

    Rows of anonymous ids that were linked to the viewer in what was read are among them.

    Cost: O(rows read), array operations; Python only for what is found.
    """
    ids = {viewer}
    parts: list[list[Row]] = []
    read, reached, stop = 0, None, log.durable_offset
    step, least = FIRST_MESSAGES, max(log.first_offset, stop - MOST_MESSAGES)
    while stop > least and read < read_rows:
        start, step = max(least, stop - step), 2 * step
        messages = list(log.read(start, until=stop))
        for message in reversed(messages):
            if isinstance(message.body, Events):
                read += len(message.body.batch)
                parts.append(_of(message.body.batch, ids, room))
        stop, reached = start, messages[0].clock if messages else reached
        if reached is not None and reached <= since_ms:
            break
    rows = [row for part in reversed(parts) for row in part]
    return Timeline(rows, reached or since_ms, stop <= log.first_offset)


@dataclass(frozen=True, slots=True)
class Newest:
    """The rows of a person at the end of the log, oldest first.

    `ids` are those that were asked for, and those that were linked to them there; `is_whole` when
    everything from the wanted message on was read.
    """

    rows: list[Row]
    ids: frozenset[str]
    is_whole: bool


def newest_rows(
    log: Log, viewers: Collection[str], from_offset: int, *, read_rows: int = READ_ROWS
) -> Newest:
    """What these ids did from a message of the log on; at most so many rows are read, as above.

    Cost: O(rows read), array operations; Python only for what is found.
    """
    ids = set(viewers)
    parts: list[list[Row]] = []
    read, stop = 0, log.durable_offset
    step, least = FIRST_MESSAGES, max(log.first_offset, from_offset, stop - MOST_MESSAGES)
    while stop > least and read < read_rows:
        start, step = max(least, stop - step), 2 * step
        for message in reversed(list(log.read(start, until=stop))):
            if isinstance(message.body, Events):
                read += len(message.body.batch)
                rows = _of(message.body.batch, ids, None)
                parts.append([row | {"message": message.offset} for row in rows])
        stop = start
    rows = [row for part in reversed(parts) for row in part]
    return Newest(rows, frozenset(ids), stop <= max(from_offset, log.first_offset))


def _of(batch: EventBatch, ids: set[str], room: str | None) -> list[Row]:
    """The rows of these ids, and those of the room; grows `ids` by what is linked to them."""
    linked = batch.strings.get("linked_viewer")
    if linked is not None:
        for row in np.flatnonzero((linked.codes >= 0) & (batch.type == LINKED)).tolist():
            other = batch.strings["viewer"].get(row)
            if linked.get(row) in ids and other is not None and is_anonymous(other):
                ids.add(other)
    is_theirs = np.zeros(len(batch), np.bool_)
    viewers = batch.strings.get("viewer")
    if viewers is not None:
        known = [code for code, value in enumerate(viewers.values) if value in ids]
        is_theirs |= np.isin(viewers.codes, known)
    rooms = batch.strings.get("room")
    if rooms is not None and room is not None:
        here = [code for code, value in enumerate(rooms.values) if value == room]
        is_theirs |= np.isin(rooms.codes, here) & ROOM_SCOPE[batch.type]
    return batch.take(np.flatnonzero(is_theirs)).to_rows()
