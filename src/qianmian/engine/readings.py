"""What can be read from a core between two messages: rooms, viewers, counts. Nothing changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qianmian.columns.facts import Facts, ViewerFacts
from qianmian.engine import words as w
from qianmian.engine.board import Boards, RoomBoard
from qianmian.engine.levels import (
    PRESENT,
    SHOWN,
    RoomLevels,
    count_levels,
    held_by,
    holders,
    levels_of,
)
from qianmian.engine.moves import Move, Moves
from qianmian.engine.prepare import Names, Preparer
from qianmian.engine.programs import Plan
from qianmian.engine.room_facts import RoomLog
from qianmian.engine.shard import Shard
from qianmian.engine.statistics import Statistics, statistics_of
from qianmian.errors import UnknownName
from qianmian.language.definition import SCHEDULE, Definition
from qianmian.vocabulary.product import Product, ProductCatalog
from qianmian.vocabulary.values import Scalar


@dataclass(frozen=True, slots=True)
class ViewerNow:
    """What a live row says of a viewer in a room.

    `product` is the page in focus; `levels` names the tags and segments that hold (`tag.NAME`,
    `segment.NAME`); `past` is what the facts of history said at `past_at`.

    Units: instants in ms UTC; None where nothing is known.
    """

    present: bool
    visit_start: int | None
    last_seen: int | None
    product: str | None
    product_since: int | None
    levels: frozenset[str] = frozenset()
    past: ViewerFacts | None = None
    past_at: int | None = None


class Readings:
    """The part of a core that only reads (see `Core`)."""

    names: Names
    preparer: Preparer
    plan: Plan
    shards: list[Shard]
    boards: Boards
    products: tuple[Product, ...]
    sessions: dict[int, str]
    clock: int
    room_log: RoomLog
    merged: int
    merges_refused: int
    refused: int
    superseded: int
    moves: Moves
    _shard_by_viewer: npt.NDArray[np.int16]

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The active definitions."""
        return tuple(self.plan.definitions)

    def open_rooms(self) -> list[str]:
        """Rooms with an open session, by name."""
        return sorted(str(self.names.rooms.value(code)) for code in self.sessions)

    def session_of(self, room: str) -> str:
        """The open session of a room; "": it has none."""
        return self.sessions.get(self.names.rooms.code(room), "")

    @property
    def past(self) -> Facts | None:
        """The facts of history that are in force."""
        return self.preparer.facts

    def _online(self, room: int) -> int:
        return sum(int(shard.state.ONLINE[room]) for shard in self.shards)

    def board(self, room: str) -> RoomBoard:
        """What a room as a whole is doing, as of the last message.

        Raises: UnknownName when the room has never spoken.
        """
        code = self._room(room)
        return self.boards.board(
            code,
            session=self.sessions.get(code, ""),
            at=self.clock,
            online=self._online(code) if self.shards else 0,
            products=ProductCatalog(self.products),
        )

    def present(self, room: str, viewers: Sequence[str]) -> list[bool]:
        """Who of these viewers is in the room.

        Cost: about 1 µs per viewer.
        """
        code = self.names.rooms.code(room)
        places = [self._row(viewer, code) for viewer in self.names.viewers.codes(viewers).tolist()]
        return [place is not None and _is_present(*place) for place in places]

    def viewer_now(self, room: str, viewer: str) -> ViewerNow | None:
        """What the live row of a viewer in a room says; None when there is none."""
        place = self._row(self.names.viewers.code(viewer), self.names.rooms.code(room))
        if place is None:
            return None
        shard, row = place
        facts = self.preparer.facts
        words, base = shard.state.I[row], shard.base_ms

        def instant(word: int) -> int | None:
            return None if words[word] <= w.NEVER + 1 else int(words[word]) + base

        views = [
            (int(words[time]), int(words[product]))
            for product, time in ((w.VIEW_1, w.VIEW_1_TIME), (w.VIEW_2, w.VIEW_2_TIME))
            if words[time] > w.NEVER + 1 and words[product] >= 0
        ]
        since, product = max(views, default=(0, -1))
        return ViewerNow(
            present=_is_present(shard, row),
            visit_start=instant(w.VISIT_START),
            last_seen=instant(w.LAST_SEEN),
            product=None if product < 0 else self.names.products.value(product),
            product_since=None if product < 0 else since + base,
            levels=frozenset(held_by(shard, row, levels_of(self.plan))),
            past=None if facts is None else facts.of(viewer),
            past_at=None if facts is None else facts.boundary_ms,
        )

    def traits_of(self, viewer: str) -> dict[str, Scalar]:
        """What counts of the traits of a viewer: of those told live, and of those facts name."""
        facts = self.preparer.facts
        found = None if facts is None else facts.of(viewer)
        traits: dict[str, Scalar] = {} if found is None else dict(found.traits)
        code = self.names.viewers.code(viewer)
        for name, kept in self.preparer.attributes.get(code, {}).items():
            if not self.preparer.is_hidden(code, name, kept):
                traits[name] = kept[0]
        return traits

    def levels(self, room: str) -> RoomLevels:
        """How many viewers of a room hold each tag and segment, as of the last message.

        Raises: UnknownName when the room has never spoken.
        Cost: see `count_levels`.
        """
        levels = levels_of(self.plan)
        present, live, held = count_levels(self.shards, levels, self._room(room))
        by_name = {level.name: one for level, one in zip(levels, held, strict=True)}
        return RoomLevels(room, self.clock, present, live, by_name)

    def level_holders(
        self, room: str, name: str, *, limit: int = 20, present_only: bool = True
    ) -> list[str]:
        """At most `limit` viewers of a room who hold a level, those first seen first.

        Args:
            name: as the language says it: `tag.NAME` or `segment.NAME`; or `schedule.KEY`.

        Raises: UnknownName for a room or a level there is not.
        """
        by_name = {level.name: level for level in levels_of(self.plan, (*SHOWN, SCHEDULE))}
        if name not in by_name:
            raise UnknownName.of("tag or segment", name, by_name)
        code = self._room(room)
        found = holders(self.shards, by_name[name], code, limit=limit, present_only=present_only)
        return [str(self.names.viewers.value(viewer)) for viewer in found]

    def viewer_levels(self, room: str, viewer: str) -> frozenset[str] | None:
        """Names of the levels that hold of a viewer in a room; None without a live row."""
        place = self._row(self.names.viewers.code(viewer), self.names.rooms.code(room))
        if place is None:
            return None
        return frozenset(held_by(*place, levels_of(self.plan)))

    def follow(self, names: Sequence[str]) -> None:
        """Find at each whole second from now on who enters and leaves these tags and segments.

        Raises: UnknownName for a level there is not.
        """
        self._check_levels(names)
        self.moves.follow(names)

    def turn_to(self, names: Sequence[str]) -> None:
        """As `follow` from the next whole second on, of whoever holds one of them not before then.

        Raises: UnknownName for a level there is not.
        """
        self._check_levels(names)
        self.moves.turn_to(names)

    def _check_levels(self, names: Sequence[str]) -> None:
        known = [level.name for level in levels_of(self.plan)]
        for name in names:
            if name not in known:
                raise UnknownName.of("tag or segment", name, known)

    def take_moves(self) -> list[Move]:
        """Who entered and left since the last call; see `engine/moves.py`."""
        return self.moves.taken()

    def _room(self, room: str) -> int:
        """The code of a room. Raises: UnknownName when it has never spoken."""
        code = self.names.rooms.code(room)
        if code < 0:
            raise UnknownName.of("room", room, self.names.rooms.snapshot()[:1_000])
        return code

    def _row(self, viewer: int, room: int) -> tuple[Shard, int] | None:
        """Where the live row of a viewer in a room is, both by their codes."""
        if viewer < 0 or viewer >= len(self._shard_by_viewer):
            return None
        shard = self.shards[int(self._shard_by_viewer[viewer])]
        row = int(shard.state.PEOPLE[viewer, w.P_ROW])
        while row >= 0 and int(shard.state.I[row, w.ROOM]) != room:
            row = int(shard.state.NEXT[row])
        return None if row < 0 else (shard, row)

    def statistics(self) -> Statistics:
        """Counts since the start."""
        return statistics_of(self)


def _is_present(shard: Shard, row: int) -> bool:
    word: Any = shard.state.Q[row, int(shard.tables.M[0])]
    return bool(int(word) >> PRESENT & 1)
