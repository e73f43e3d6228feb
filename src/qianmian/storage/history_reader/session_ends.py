"""When the sessions ended in which something was decided, for goals that count until then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow.compute as pc

from qianmian.experiments.population import OPEN, Int64
from qianmian.runtime.trial import Recorded
from qianmian.storage.history_reader.measured import Measured
from qianmian.storage.history_rows import rows_where
from qianmian.storage.history_schema import EVENTS
from qianmian.storage.recorded_sessions import SECOND_MS, recorded_sessions
from qianmian.vocabulary.time import MINUTE_MS

SILENT_MS: Final = 30 * MINUTE_MS
"""After it a session without a start of its own is over (SEMANTICS, SESSION)."""


def session_ends(measured: Measured, wanted: Int64) -> Int64:
    """When each place's session ended, by its number; OPEN where it has not.

    It ended with `session_ended`; else, where the room has another session after it or nothing has
    been told of it for half an hour, with the last that was told of it.

    Args:
        wanted: numbers of places that are asked for; the others are OPEN.

    Shapes: int64[n_places]
    Raises: LogProblem when a file cannot be read.
    Cost: three columns of every file of rooms, and the ends of sessions among the events.
    """
    found = np.full(len(measured.places), OPEN)
    asked = frozenset(wanted.tolist())
    places = {place: number for place, number in measured.places.items() if number in asked}
    if not places:
        return found
    sessions = recorded_sessions(measured.folder)
    said = _said(measured)
    for one in sessions:
        number = places.get((one.room, one.session))
        if number is not None:
            found[number] = _end(one, sessions, said.get(one.room, []), measured.clock)
    return found


def _said(measured: Measured) -> dict[str, list[int]]:
    """When the shop said that a session of a room ended."""
    where = pc.field("type") == "session_ended"
    rows = rows_where(measured.folder, EVENTS, ["room", "clock", "outcome"], where)
    rows = rows.filter(pc.equal(rows["outcome"], "accepted"))
    found: dict[str, list[int]] = {}
    for one in rows.to_pylist():
        found.setdefault(one["room"] or "", []).append(one["clock"])
    return found


def _end(one: Recorded, sessions: Sequence[Recorded], said: Sequence[int], clock: int) -> int:
    mine = [other.begins for other in sessions if other.room == one.room]
    following = min((begins for begins in mine if begins > one.begins), default=OPEN)
    told = [at for at in said if one.ends - SECOND_MS <= at <= min(one.ends + SILENT_MS, following)]
    if told:
        return min(told)
    is_over = following < OPEN or clock > one.ends + SILENT_MS
    return one.ends if is_over else OPEN
