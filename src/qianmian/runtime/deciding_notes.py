"""What deciding hears from events beside firings and consents: receipts, awaited events, sessions.

In the order of the rows, so that messages one by one and a whole second of them say the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import numpy as np

from qianmian.columns.batch import EventBatch, UInt8
from qianmian.runtime.ports import DUPLICATE, REFUSED
from qianmian.strategies.deciding import Decider
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME

DELIVERED: Final = CODE_BY_NAME["message_delivered"]
SCHEDULED: Final = CODE_BY_NAME["session_scheduled"]
STARTED: Final = CODE_BY_NAME["session_started"]
ENDED: Final = CODE_BY_NAME["session_ended"]


class Note(NamedTuple):
    """A row that deciding hears of. Units: clock, starts_at in ms UTC."""

    row: int
    clock: int
    type: int
    viewer: str
    room: str
    session: str
    delivery: str
    starts_at: int = 0


def notes_in(batch: EventBatch, outcomes: UInt8, awaited: Iterable[str]) -> deque[Note]:
    """The rows that deciding hears of; those that came late count, duplicates do not.

    Args:
        awaited: types of events for which steps wait.

    Cost: one look at the types of a message; Python for the rows that are found.
    """
    known = (CODE_BY_NAME[one] for one in awaited if one in CODE_BY_NAME)
    types = [DELIVERED, SCHEDULED, STARTED, ENDED, *known]
    is_heard = np.isin(batch.type, types) & (outcomes != DUPLICATE) & (outcomes != REFUSED)

    def told(name: str, row: int) -> str:
        column = batch.strings.get(name)
        return "" if column is None else column.get(row) or ""

    starts = batch.numbers.get("starts_at")

    return deque(
        Note(
            row,
            int(batch.clock[row]),
            int(batch.type[row]),
            told("viewer", row),
            told("room", row),
            told("session", row),
            told("delivery_id", row),
            0 if starts is None or batch.type[row] != SCHEDULED else int(starts[row]),
        )
        for row in (np.flatnonzero(is_heard).tolist() if is_heard.any() else ())
    )


def hear(decider: Decider, note: Note, owner_of: Callable[[str], str]) -> None:
    """Tell deciding of a row; everything before its clock has been decided.

    Args:
        owner_of: whose an id is.
    """
    if note.type == DELIVERED:
        decider.settle((note.delivery,), (), note.clock)
    elif note.type == SCHEDULED:
        decider.agenda.announce(note.room, note.session, note.starts_at, note.clock)
    elif note.type in (STARTED, ENDED):
        session = note.session if note.type == STARTED else None
        if note.type == STARTED:
            decider.agenda.start(note.room, note.session, note.clock)
        decider.chains.end_session(note.room, session, note.clock)
    if note.viewer:
        decider.chains.happened(owner_of(note.viewer), CATALOG[note.type].name)
