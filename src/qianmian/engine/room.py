"""The room stage: moments that count distinct viewers, evaluated at each whole second.

At second s an event counts if its clock lies in (s - W, s]; a moment fires at s for a key when it
holds at s and did not hold at s - 1 s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from qianmian.columns.dictionary import Dictionary
from qianmian.engine import words as w
from qianmian.engine.prepare import Names
from qianmian.engine.room_facts import RoomFact, RoomLog
from qianmian.engine.shard import Events
from qianmian.errors import TypeProblem
from qianmian.language import ast
from qianmian.language.definition import Definition
from qianmian.vocabulary.events import CODE_BY_NAME
from qianmian.vocabulary.firing import Firing

SECOND_MS = 1_000


class RoomMoment:
    """One `distinct(… .viewer) within W >= k [on same product]` and its recent events."""

    def __init__(self, definition: Definition) -> None:
        parts = (
            definition.expr.parts if isinstance(definition.expr, ast.And) else (definition.expr,)
        )
        self.guards = [part for part in parts if isinstance(part, ast.RoomFact)]
        counted = [part for part in parts if not isinstance(part, ast.RoomFact)]
        expr = counted[0] if len(counted) == 1 else definition.expr
        if not isinstance(expr, ast.Distinct) or not isinstance(expr.within, int):
            raise TypeProblem(
                f"moment {definition.key}: a moment of the room is one count of distinct viewers "
                "within a window, e.g. distinct(comment_sent.viewer) within 60s >= 3"
            )
        self.definition = definition
        self.name = f"moment.{definition.key}"
        self.of = expr.of
        self.key = expr.same
        self.within_ms = expr.within
        self.threshold = expr.value + (expr.cmp == ">")
        self.codes = np.array([CODE_BY_NAME[name] for name in expr.of.types], np.uint8)
        self.events: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self.seconds: set[tuple[int, int, int]] = set()
        self.fired: dict[tuple[int, int], int] = {}

    def holds(self, place: tuple[int, int], second: int) -> bool:
        """Whether enough distinct viewers acted in (second - W, second]."""
        recent = {
            viewer
            for clock, viewer in self.events.get(place, ())
            if second - self.within_ms < clock <= second
        }
        return len(recent) >= self.threshold

    def forget(self, place: tuple[int, int], second: int) -> None:
        """Drop events that no later second can count."""
        kept = [e for e in self.events[place] if e[0] > second - self.within_ms - SECOND_MS]
        self.events[place] = kept


class RoomStage:
    """All moments of rooms, over every shard's accepted events in clock order."""

    def __init__(
        self, definitions: Sequence[Definition], names: Names, filters: Sequence[ast.Node]
    ) -> None:
        self.moments = [RoomMoment(one) for one in definitions]
        self.names = names
        self.sessions: dict[int, str] = {}
        self.filters = filters
        self.log = RoomLog()
        self.guard: Callable[[ast.RoomFact, int, int], bool] = lambda fact, room, key: False  # noqa: ARG005

    def snapshot(self) -> list[Any]:
        """What is kept, as JSON, one entry per moment."""
        return [
            {
                "key": moment.definition.key,
                "events": [[*place, entries] for place, entries in sorted(moment.events.items())],
                "seconds": sorted(moment.seconds),
                "fired": [[*place, at] for place, at in sorted(moment.fired.items())],
                "sessions": sorted(self.sessions.items()),
            }
            for moment in self.moments
        ]

    def restore(self, stored: Sequence[Any]) -> None:
        """The opposite of `snapshot`; of moments that are gone nothing is kept."""
        by_key = {one["key"]: one for one in stored}
        for moment in self.moments:
            one = by_key.get(moment.definition.key)
            if one is None:
                continue
            moment.events = {
                (r, k): [(c, v) for c, v in entries] for r, k, entries in one["events"]
            }
            moment.seconds = {(s, r, k) for s, r, k in one["seconds"]}
            moment.fired = {(r, k): at for r, k, at in one["fired"]}
            self.sessions = {int(room): name for room, name in one["sessions"]}

    def add(
        self, events: Events, first: int, last: int, sessions: dict[int, str], out: list[Firing]
    ) -> None:
        """Note accepted events; seconds that their clocks have passed are evaluated on the way."""
        if not self.moments:
            return
        self.sessions = dict(sessions)
        for moment in self.moments:
            rows = np.flatnonzero(np.isin(events.TYPE[first:last], moment.codes)) + first
            for row in rows.tolist():
                if events.OUTCOME[row] != w.ACCEPTED or events.ROOM[row] < 0:
                    continue
                if events.REPEATED[row] == w.HINT:
                    continue
                if moment.of.where is not None and not self._passes(events, row, moment.of.where):
                    continue
                key = {"product": events.PRODUCT, "category": events.CATEGORY}.get(moment.key or "")
                place = (int(events.ROOM[row]), -1 if key is None else int(key[row]))
                if key is not None and place[1] < 0:
                    continue
                clock = int(events.CLOCK[row])
                self._pass(moment, clock, out)
                moment.events.setdefault(place, []).append((clock, int(events.VIEWER[row])))
                second = -(-clock // SECOND_MS) * SECOND_MS
                moment.seconds.add((second, *place))

    def _passes(self, events: Events, row: int, where: ast.Node) -> bool:
        number = list(self.filters).index(where)
        return bool(int(events.FILTER[row, number >> 6]) >> (number & 63) & 1)

    def pass_to(self, clock_ms: int, out: list[Firing]) -> None:
        """The clock has reached `clock_ms`: evaluate every whole second before it."""
        for moment in self.moments:
            self._pass(moment, clock_ms, out)

    def _pass(self, moment: RoomMoment, clock_ms: int, out: list[Firing]) -> None:
        due = {entry for entry in moment.seconds if entry[0] < clock_ms}
        keys = self._keys_of(moment)
        for at, where, _, what in self.log.waiting(moment.name, clock_ms):
            code = -1 if what is None else keys.intern(what)
            due.add((at, self.names.rooms.intern(where), code))
        for second, room, key in sorted(due):
            moment.seconds.discard((second, room, key))
            place = (room, key)
            rises = moment.holds(place, second) and not moment.holds(place, second - SECOND_MS)
            name = str(self.names.rooms.value(room))
            told = RoomFact(second, name, moment.name, 1, keys.value(key))
            if self.log.became_true(told, computed=rises):
                if all(self.guard(fact, room, key) for fact in moment.guards):
                    self._fire(moment, place, second, out)
            if place in moment.events:
                moment.forget(place, second)

    def _keys_of(self, moment: RoomMoment) -> Dictionary:
        return self.names.categories if moment.key == "category" else self.names.products

    def _fire(
        self, moment: RoomMoment, place: tuple[int, int], second: int, out: list[Firing]
    ) -> None:
        again = moment.definition.again_after_ms
        last = moment.fired.get(place)
        if last is not None and (again is None or second - last < again):
            return
        moment.fired[place] = second
        names = self._keys_of(moment)
        out.append(
            Firing(
                at=second,
                viewer=None,
                room=str(self.names.rooms.value(place[0])),
                session=self.sessions.get(place[0], ""),
                moment=moment.definition.key,
                version=moment.definition.version,
                key=names.value(place[1]),
            )
        )

    def end(self, room: int, now_ms: int, out: list[Firing]) -> None:
        """The session of a room is over: what was counted for it goes."""
        self.pass_to(now_ms, out)
        for moment in self.moments:
            for places in (moment.events, moment.fired):
                for place in [place for place in places if place[0] == room]:
                    del places[place]
            moment.seconds = {entry for entry in moment.seconds if entry[1] != room}
