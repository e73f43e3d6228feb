"""One shard: the state of its viewers and the loop that grows it while the kernels run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qianmian.engine import words as w
from qianmian.engine.dedupe import MESSAGE_MS, refill_messages
from qianmian.engine.interpreter import due_rows, mend_tree, run
from qianmian.engine.layout import Layout, Tables
from qianmian.engine.once import WHO, refill
from qianmian.engine.room_facts import Shown, tell
from qianmian.engine.rows import end_room, rebase, settle_template, tell_tags, withdraw
from qianmian.engine.state import (
    empty_once,
    grown,
    new_state,
    sized,
    with_arena,
    with_rooms,
    with_rows,
    with_streams,
    with_viewers,
)

NO_ROWS = np.zeros(0, np.int32)
MINUTE_MS = 60_000
FAR_MS = 20 * 86_400_000  # a stretch of time that fits into 32 bits with every window on top


class Events(NamedTuple):
    """Prepared columns of a batch, in log order (see `engine/prepare.py`).

    Shapes: all [n]; FILTER uint64[n, filter_words]; KNOWN, VALUES uint64[n_profiles, bit_words];
    RANK int8[n_profiles].
    """

    VIEWER: npt.NDArray[np.int32]
    ROOM: npt.NDArray[np.int32]
    CLOCK: npt.NDArray[np.int64]
    TIME: npt.NDArray[np.int64]
    TYPE: npt.NDArray[np.uint8]
    MORE: npt.NDArray[np.int32]
    PRODUCT: npt.NDArray[np.int32]
    CATEGORY: npt.NDArray[np.int32]
    AMOUNT: npt.NDArray[np.int64]
    PRICE: npt.NDArray[np.int64]
    VISIT: npt.NDArray[np.int32]
    PAGE: npt.NDArray[np.int32]
    IDLE: npt.NDArray[np.int64]
    SHOWN: npt.NDArray[np.int8]
    FILTER: npt.NDArray[np.uint64]
    STREAM: npt.NDArray[np.uint64]
    SEQ: npt.NDArray[np.int64]
    MESSAGE: npt.NDArray[np.uint64]
    REPEATED: npt.NDArray[np.uint8]
    PROFILE: npt.NDArray[np.int32]
    KNOWN: npt.NDArray[np.uint64]
    VALUES: npt.NDArray[np.uint64]
    RANK: npt.NDArray[np.int8]
    OUTCOME: npt.NDArray[np.uint8]


def no_events(bit_words: int) -> Events:
    """The columns of a sweep: nothing happened, only time passed."""
    types: dict[str, type[np.generic]] = {
        "CLOCK": np.int64, "TIME": np.int64, "AMOUNT": np.int64, "PRICE": np.int64,
        "IDLE": np.int64, "SEQ": np.int64, "TYPE": np.uint8, "SHOWN": np.int8,
        "STREAM": np.uint64, "MESSAGE": np.uint64, "REPEATED": np.uint8, "OUTCOME": np.uint8,
        "RANK": np.int8,
    }  # fmt: skip
    columns: dict[str, npt.NDArray[Any]] = {
        name: np.zeros(0, types.get(name, np.int32)) for name in Events._fields
    }
    columns["FILTER"] = np.zeros((0, 1), np.uint64)
    columns["KNOWN"] = columns["VALUES"] = np.zeros((0, bit_words), np.uint64)
    return Events(**columns)


class Shard:
    """State and tables of one shard.

    `take` is called with (base, finished output), in no particular order, before its place is
    reused. `touched` marks rows that changed since an edit looked at them, while one is being made
    ready. `viewers` is how many to make room for: so many come without a pause for growing.
    """

    def __init__(
        self,
        layout: Layout,
        tables: Tables,
        *,
        base_ms: int,
        lateness_ms: int,
        presence: bool,
        viewers: int = 0,
        take: Callable[[tuple[int, npt.NDArray[np.int64]]], None],
    ) -> None:
        self.layout = layout
        self.tables = tables
        self.take = take
        self.state = new_state(
            tables,
            layout.room_shape,
            base_ms=base_ms,
            lateness_ms=lateness_ms,
            presence=presence,
        )
        if viewers:
            self.state = sized(self.state, viewers)
        settle_template(tables, self.state)
        self.quiet = no_events(int(tables.M[6]) // 64)
        self.touched: npt.NDArray[np.bool_] | None = None

    @property
    def base_ms(self) -> int:
        """What times in rows are relative to."""
        return int(self.state.G[w.G_BASE])

    @property
    def due_ms(self) -> int:
        """Before this instant nothing is due."""
        return self.base_ms + int(self.state.TOP.min(initial=w.FAR))

    def reserve(self, viewers: int, rooms: int) -> None:
        """Make room for so many viewers and rooms."""
        self.state = with_rooms(with_viewers(self.state, viewers), rooms)

    def apply(self, events: Events, first: int, last: int) -> None:
        """Apply events first..last."""
        at = first
        self.note_viewers(events.VIEWER[first:last])
        while at < last:
            at = run(self.tables, self.state, events, at, last, NO_ROWS, 0)
            self.grow(int(self.state.G[w.G_NEED]))
        self.note_viewers(events.VIEWER[first:last])

    def sweep(self, limit_ms: int) -> None:
        """Bring every row that is due before `limit_ms` (absolute) forward to it."""
        limit = min(limit_ms - self.base_ms, w.FAR)
        n = due_rows(self.state, limit)
        self.forward(self.state.FOUND[:n], limit)
        mend_tree(self.state, limit)

    def forward(self, rows: npt.NDArray[np.int32], limit: int) -> None:
        """Bring these rows forward to before `limit` (relative)."""
        at = 0
        self.note_rows(rows)
        while at < len(rows):
            at = run(self.tables, self.state, self.quiet, at, 0, rows, limit)
            self.grow(int(self.state.G[w.G_NEED]))

    # -- what an edit that is being made ready has to look at again (see `engine/edit.py`)

    def note_all(self) -> None:
        """Every row has changed; does nothing when nobody asked for it."""
        if self.touched is not None:
            self.touched = np.ones(len(self.state.I), bool)

    def note_rows(self, rows: npt.NDArray[Any]) -> None:
        """These rows change."""
        if self.touched is not None:
            if len(self.touched) < len(self.state.I):
                self.touched = grown(self.touched, len(self.state.I), 1)
            self.touched[rows] = True

    def note_viewers(self, viewers: npt.NDArray[Any]) -> None:
        """The rows of these viewers change; call it before and after, for rows that come and go."""
        if self.touched is not None:
            rows = self.state.PEOPLE[viewers[viewers >= 0], w.P_ROW]
            while len(rows := rows[rows >= 0]):
                self.note_rows(rows)
                rows = self.state.NEXT[rows]

    def note_room(self, room: int) -> None:
        """The rows of a room change."""
        if self.touched is not None:
            used = int(self.state.G[w.G_ROWS])
            self.note_rows(np.flatnonzero(self.state.I[:used, w.ROOM] == room))

    def rows_of(self, viewer: int) -> list[int]:
        """The live rows of a viewer, one for each room."""
        rows, row = [], int(self.state.PEOPLE[viewer, w.P_ROW])
        while row >= 0:
            rows.append(row)
            row = int(self.state.NEXT[row])
        return rows

    def drain(self) -> None:
        """Hand all output over."""
        n = int(self.state.G[w.G_OUT])
        if n:
            self.take((self.base_ms, self.state.OUT[:n].copy()))
            self.state.G[w.G_OUT] = 0

    def grow(self, need: int) -> None:
        """Make more of what a kernel ran short of."""
        state = self.state
        if need == w.NEED_OUT:
            self.drain()
        elif need == w.NEED_ROWS:
            self.state = with_rows(state)
        elif need == w.NEED_ONCE:
            self.regrow_once(2 * len(state.ONCE))
        elif need == w.NEED_STREAMS:
            self.state = with_streams(state)
        elif need == w.NEED_MESSAGES:
            self.regrow_messages()
        elif need == w.NEED_ARENA:
            self.state = with_arena(state)
        elif need == w.NEED_ATTRIBUTES:
            size = 2 * len(state.ATTS)
            self.state = state._replace(
                ATTS=grown(state.ATTS, size, 0), FV=grown(state.FV, size, 0)
            )

    def regrow_once(self, size: int, keep: npt.NDArray[np.bool_] | None = None) -> None:
        """Rebuild the once-set with the entries to keep (default: all)."""
        old = self.state
        kept = old.ONCE[:, WHO] != 0
        if keep is not None:
            kept &= keep
        entries = old.ONCE[kept]
        self.state = empty_once(old, size)
        refill(self.state, entries)

    def regrow_messages(self, least: int = 0) -> None:
        """Drop hashes older than an hour; double the table only if more than a quarter stays."""
        old = self.state
        newest = int(old.MT.max())
        young = (old.MK != 0) & (old.MT > newest - MESSAGE_MS)
        size = max(len(old.MK), least)
        while int(young.sum()) * 4 > size:
            size *= 2
        self.state = old._replace(MK=np.zeros(size, np.uint64), MT=np.zeros(size, np.int64))
        self.state.G[w.G_MESSAGES] = 0
        refill_messages(self.state, old.MK[young], old.MT[young])

    # -- rooms

    def end_room(self, room: int, time_ms: int, now_ms: int) -> None:
        """The session of a room is over: its rows go, and its once-set with them."""
        base = self.base_ms
        self.note_room(room)
        end_room(self.tables, self.state, room, time_ms - base, now_ms - base)
        self.drain()
        once = self.state.ONCE
        self.regrow_once(len(once), once[:, WHO] >> 32 != room)
        self.state.RS[room, :] = -1
        self.state.RT[room] = w.NO_ENTRY
        self.state.ONLINE[room] = 0

    def tell(self, room: int, kind: str, shown: Shown, clock_ms: int) -> None:
        """What an event says of a room is a fact of it from now on."""
        facts = self.state.RS[room]
        before = facts.tolist()
        tell(facts, kind, shown)
        if self.tables.M[10] and facts.tolist() != before:
            self.note_room(room)
            tell_tags(self.tables, self.state, room, clock_ms - self.base_ms)

    def withdraw(self, room: int, product: int, time_ms: int, clock_ms: int) -> None:
        """A product is taken down: what waits for it in this room is cancelled."""
        self.note_room(room)
        withdraw(
            self.tables, self.state, room, product, time_ms - self.base_ms, clock_ms - self.base_ms
        )

    def keep_within(self, clock_ms: int) -> None:
        """Move the zero of relative times, so that times near `clock_ms` fit into 32 bits.

        What was due before has happened by then; about every six days, and after long silences.
        """
        while clock_ms - self.base_ms > w.REBASE_AT:
            reach = min(clock_ms, self.base_ms + FAR_MS)
            self.sweep(reach)
            self.drain()
            shift = (reach - self.base_ms) // MINUTE_MS * MINUTE_MS - 10 * MINUTE_MS
            lists = self.layout.list_times()
            self.note_all()
            rebase(
                self.state,
                shift,
                np.array(self.layout.time_words(), np.int32),
                np.array([(off, width) for off, width, _ in lists] or [(0, 0)], np.int32),
                np.array(
                    [[int(k in t) for k in range(6)] for _, _, t in lists] or [[0] * 6], np.int32
                ),
            )
