"""Output on its way: from what shards and the room stage say to firings in order."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from qianmian.engine.firings import Fired, Firings, Legend, in_order, ranks_of
from qianmian.engine.prepare import NOTHING, Names
from qianmian.engine.programs import Plan
from qianmian.vocabulary.firing import Firing


class Output:
    """What fired since the last call.

    Attributes:
        raw: what shards hand over: the zero of their times, and rows of viewer, room, definition,
            time and key.
        of_rooms: what the room stage found.
    """

    def __init__(self) -> None:
        self.raw: list[tuple[int, npt.NDArray[np.int64]]] = []
        self.of_rooms: list[Firing] = []
        self._fired: list[Fired] = []
        self._sessions: list[str] = []
        self._plan: Plan | None = None
        self._legend: Legend | None = None

    def note_sessions(self, sessions: Mapping[int, str]) -> None:
        """Give raw output its sessions, by room, while they are known."""
        for base, block in self.raw:
            room = block[:, 1].astype(np.int32)
            counts = np.bincount(room)
            numbers = np.zeros(len(counts), np.int32)
            for code in np.flatnonzero(counts).tolist():
                numbers[code] = self._number(sessions.get(code, ""))
            viewer, definition, key = (block[:, k].astype(np.int32) for k in (0, 2, 4))
            at = block[:, 3] + base
            self._fired.append(Fired(at, viewer, room, numbers[room], definition, key))
        self.raw.clear()

    def _number(self, session: str) -> int:
        if not self._sessions or self._sessions[-1] != session:
            self._sessions.append(session)
        return len(self._sessions) - 1

    def taken(self, plan: Plan, names: Names, namespace: str) -> Firings:
        """Everything in output order; nothing is left."""
        if self._legend is None or self._plan is not plan:
            self._plan = plan
            self._legend = Legend(
                viewers=names.viewers,
                rooms=names.rooms,
                sessions=(),
                moments=[(one.key, one.version) for one in plan.definitions],
                keys=[names.categories if k == "category" else names.products for k in plan.key_of],
                ranks=ranks_of([one.key for one in plan.definitions]),
                namespace=namespace,
            )
        legend = self._legend._replace(sessions=self._sessions)
        if self.of_rooms:
            self._fired.append(self._rooms(legend))
        fired = self._fired
        whole = Fired.joined(fired) if len(fired) != 1 else fired[0]
        self.of_rooms, self._fired, self._sessions = [], [], []
        return Firings(in_order(whole, legend), legend)

    def _rooms(self, legend: Legend) -> Fired:
        numbers = {key: number for number, (key, _) in enumerate(legend.moments)}
        rows = []
        for one in self.of_rooms:
            number = numbers[one.moment]
            key = NOTHING if one.key is None else legend.keys[number].code(one.key)
            room, session = legend.rooms.code(one.room), self._number(one.session)
            rows.append((one.at, NOTHING, room, session, number, key))
        at, *others = np.array(rows, np.int64).T
        viewer, room, session, definition, key = (column.astype(np.int32) for column in others)
        return Fired(at, viewer, room, session, definition, key)
