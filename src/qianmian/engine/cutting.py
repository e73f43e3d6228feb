"""Where a batch must be cut, so that calls may be cut anywhere.

What decides how rows are prepared changes only at a cut: after each link and start of a session,
before each end by silence, at each whole second when numbers of rooms are read or a level is
followed. No part spans more than four days.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from qianmian.columns.batch import EventBatch
from qianmian.engine.moves import Moves
from qianmian.engine.prepare import LINKED, Names
from qianmian.engine.programs import Plan
from qianmian.vocabulary.events import CODE_BY_NAME

STARTED = CODE_BY_NAME["session_started"]
CUTS_AFTER = np.zeros(256, bool)
CUTS_AFTER[[LINKED, STARTED]] = True
SESSION_MS = 30 * 60_000
SECOND_MS = 1_000
PART_MS = 4 * 86_400_000


class Cut(Protocol):
    """What decides about the cuts (see `Core`)."""

    names: Names
    plan: Plan
    session_timeout: bool
    room_clock: dict[int, int]
    moves: Moves


def parts_of(core: Cut, batch: EventBatch) -> Iterator[EventBatch]:
    """The batch in parts, in order."""
    if not len(batch):
        return
    cuts = set((np.flatnonzero(CUTS_AFTER[batch.type]) + 1).tolist())
    if core.session_timeout:
        room = core.names.codes(batch.strings.get("room"), core.names.rooms, len(batch))
        cuts |= set(_gaps(core, room, batch.clock))
    if batch.clock[-1] - batch.clock[0] > PART_MS:
        steps = np.arange(int(batch.clock[0]), int(batch.clock[-1]), PART_MS)
        cuts |= set(np.searchsorted(batch.clock, steps).tolist())
    if core.plan.reads_numbers or core.moves.is_on:
        cuts |= set((np.flatnonzero(np.diff((batch.clock - 1) // SECOND_MS)) + 1).tolist())
    edges = sorted({0, len(batch), *cuts})
    if len(edges) == 2:
        yield batch
        return
    for start, stop in pairwise(edges):
        yield batch.slice(start, stop)


def _gaps(core: Cut, room: npt.NDArray[np.int32], clock: npt.NDArray[np.int64]) -> list[int]:
    """Rows before which some room's session may have ended by silence."""
    last_clock = int(clock[-1])
    spoken = dict(core.room_clock)
    earliest = min([*spoken.values(), int(clock[0])])
    if last_clock - earliest <= SESSION_MS:
        return []
    found: list[int] = []
    for code in set(np.unique(room).tolist()) | set(spoken):
        clocks = clock[room == code]
        if code in spoken:
            clocks = np.append(spoken[code], clocks)
        ends = clocks[np.append(np.diff(clocks), last_clock - clocks[-1]) > SESSION_MS]
        found += np.searchsorted(clock, ends + SESSION_MS, "right").tolist()
    return [row for row in found if row < len(clock)]
