"""An edit of definitions, made ready beside the running core, so that the core stops for a moment.

Rows are laid out anew in a block of their own while the core goes on; what changes meanwhile is
laid out again, and with the change the blocks are swapped. The result is that of laying out every
row at the change: an untouched row only differs by what has become due under the new definitions,
and the due times of its copy say when that is.

Levels that are true at the change become true silently: no moment fires from it. Instances and
states that are already past a new, shorter T do not fire either; the instances are counted as
superseded.
Nothing is compiled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from qianmian.engine import facts as history
from qianmian.engine import words as w
from qianmian.engine.backfill import Counting, note_edits
from qianmian.engine.change import compare_again, moves_of, new_bits, room_slots
from qianmian.engine.instances import refit
from qianmian.engine.prepare import Names, Preparer
from qianmian.engine.programs import Plan, plan_of
from qianmian.engine.room import RoomStage
from qianmian.engine.rows import adopt, give_back, lay_out, settle_template
from qianmian.engine.shard import Shard, no_events
from qianmian.engine.state import PULSE_BUFFER, State, grown, row_block
from qianmian.engine.superseding import retimed
from qianmian.engine.told import told, write_times, write_told
from qianmian.errors import InputError
from qianmian.language.definition import Definition

Rows = npt.NDArray[np.int64]


class Editable(Protocol):
    """What an edit concerns (see `Core`)."""

    plan: Plan
    names: Names
    preparer: Preparer
    shards: list[Shard]
    namespace: str
    daily: tuple[str, ...]
    room: RoomStage
    superseded: int
    clock: int
    counting: dict[str, Counting]
    fresh: set[str]
    edit: Edit | None

    def use(self, plan: Plan) -> None:
        """Prepare batches for this plan from now on."""

    def room_stage(self) -> RoomStage:
        """What judges the moments of rooms of its plan."""
        ...

    def shards_of(self, viewers: npt.NDArray[np.int64]) -> npt.NDArray[np.int16]:
        """The numbers of the shards of viewers."""
        ...


class Edit:
    """Definitions that a core may change to, and how far its rows are ready for them.

    Made by `Core.prepare`; nobody else's, and only until the core changes otherwise.

    Raises: DefinitionError when a definition cannot be compiled.
    """

    def __init__(self, core: Editable, definitions: Sequence[Definition]) -> None:
        self._core = core
        self._before = core.plan
        self.plan = plan_of(definitions, core.names, core.plan, core.daily)
        self._parts: list[_Part] | None = None

    def step(self, rows: int = 10_000) -> int:
        """Make so many more rows of each shard ready; how many are not.

        Cost: about 1 µs per row, and 1 µs per trait newly asked for of who told any.
        """
        left = 0
        for part in self._ready():
            left += part.step(rows, self._core.clock)
        return left

    def check(self) -> None:
        """Refuse an edit that the core no longer expects.

        Raises: InputError.
        """
        if self._core.edit is not self or self._core.plan is not self._before:
            raise InputError(
                "this edit was made ready for definitions that have changed since; prepare it again"
            )

    def apply(self, clock_ms: int) -> None:
        """Swap: from now on the core has these definitions.

        Cost: 1 µs per row that is not ready; per list that nobody uses any more 10 ns per row.
        """
        core, parts = self._core, self._ready()
        note_edits(core, self.plan, clock_ms)
        core.use(self.plan)
        for part in parts:
            core.superseded += part.swap(clock_ms)
        rooms = [
            one for one in core.room.snapshot() if one["key"] in self.plan.kept_from(self._before)
        ]
        core.room = core.room_stage()
        core.room.restore(rooms)
        history.refresh(core)
        core.edit = None

    def _ready(self) -> list[_Part]:
        if self._parts is None or len(self._parts) != len(self._core.shards):
            preparer = self._core.preparer
            pair = self._before, self.plan
            self._parts = [_Part(shard, *pair, preparer) for shard in self._core.shards]
        return self._parts


class _Part:
    """The rows of one shard.

    `spent` keeps the block that was replaced until the edit itself goes: giving so much memory back
    takes longer than everything else in a swap.
    """

    def __init__(self, shard: Shard, before: Plan, plan: Plan, preparer: Preparer) -> None:
        self.shard = shard
        self.preparer = preparer
        self.before, self.layout = before.layout, plan.layout
        self.tables = plan.fresh_tables()
        self.moves = moves_of(before.layout, plan.layout)
        self.retimed = retimed(before, plan)
        fresh = self.fresh = new_bits(before.layout, plan.layout)
        known = before.layout.attribute_words
        words = plan.layout.attribute_words
        self.asked = {name: word for name, word in words.items() if name not in known}
        self.questions = [
            question
            for question in plan.attribute_bits
            if fresh[question[0] >> 6] >> np.uint64(question[0] & 63) & np.uint64(1)
        ]
        self.block = row_block(len(shard.state.I), int(self.tables.M[8]))
        self.due = np.full(len(self.block), w.FAR, np.int32)
        self.past = np.zeros(len(self.block), np.int32)
        self.pulses = np.zeros((PULSE_BUFFER + len(self.tables.TRIG), 2), np.int64)
        self.woken = np.zeros(int(self.tables.M[3]) + 1, np.uint64)
        self.spent: Any = None
        settle_template(self.tables, self._state())
        shard.touched = None
        shard.touched = np.ones(len(shard.state.I), bool)

    def _state(self) -> State:
        """The state of the shard with the rows of the edit; its counters stay as they are."""
        state = self.shard.state
        if len(self.block) < len(state.I):
            block = row_block(len(state.I), self.block.shape[1])
            block[: len(self.block)] = self.block
            self.block = block
            self.due = grown(self.due, len(block), w.FAR)
            self.past = grown(self.past, len(block), 0)
        return state._replace(
            I=self.block,
            Q=self.block.view(np.uint64),
            DUE=self.due,
            TREE=np.full_like(state.TREE, -w.FAR),  # worked out from DUE at the swap
            TOP=np.full_like(state.TOP, -w.FAR),
            PB=self.pulses,
            D=self.woken,
            G=state.G.copy(),
        )

    def _waiting(self) -> npt.NDArray[np.bool_]:
        """Which rows are not ready."""
        shard, used = self.shard, int(self.shard.state.G[w.G_ROWS])
        assert shard.touched is not None  # noqa: S101 — while the core expects this edit
        if len(shard.touched) < used:
            shard.touched = grown(shard.touched, len(shard.state.I), 1)
        return shard.touched[:used]

    def step(self, most: int, clock_ms: int) -> int:
        """Make so many more rows ready as of a clock; how many are not."""
        waiting = self._waiting()
        rows = np.flatnonzero(waiting)
        chosen = rows[:most]
        if len(chosen):
            state = self._state()
            self._lay_out(state, chosen)
            now = clock_ms - self.shard.base_ms
            adopt(self.tables, state, chosen, now, self.retimed, self.fresh, self.past)
            waiting[chosen] = False
        return len(rows) - len(chosen)

    def swap(self, clock_ms: int) -> int:
        """Make the rest ready and take the place of the rows; how many instances never fire."""
        shard, old = self.shard, self.shard.state
        now, used = clock_ms - shard.base_ms, int(old.G[w.G_ROWS])
        state = self._state()._replace(G=old.G)
        again = self._waiting() | (self.due[:used] < now)
        for one in self.moves.refits:
            again |= (old.I[:used, one.before[0] + 1] & w.ENTRIES) > 0
        rows = np.flatnonzero(again)
        self._lay_out(state, rows)
        state = self._refit(state, used)
        for off in self.moves.dropped:
            give_back(state, old.I, used, off)
        adopt(self.tables, state, rows, now, self.retimed, self.fresh, self.past)
        self.spent = old.I
        shard.touched = None
        shard.layout, shard.tables = self.layout, self.tables
        shard.quiet = no_events(int(self.tables.M[6]) // 64)
        tree = state.DUE.reshape(-1, 16).min(axis=1)
        shard.state = state._replace(
            TREE=tree,
            TOP=tree.reshape(-1, 16).min(axis=1),
            RT=room_slots(old.RT, self.before, self.layout),
            ATTS=np.zeros((len(old.ATTS), 4 * int(self.tables.M[6]) // 64), np.uint64),
            FV=np.zeros((len(old.ATTS), len(self.tables.TOTALS)), np.int64),
        )
        return int(self.past[:used].sum())

    def _lay_out(self, state: State, rows: Rows) -> None:
        old = self.shard.state
        state.DUE[rows] = old.DUE[rows]
        moves = self.moves
        lay_out(self.tables, state, old.I, old.Q, moves.runs, moves.places, rows)
        compare_again(state.I, rows, moves.compared)
        self._answer(state, rows)

    def _refit(self, state: State, used: int) -> State:
        rows = self.shard.state.I
        for before, after, places in self.moves.refits:
            at = 0
            while at < used:
                at = refit(state, rows, at, used, before, after, places)
                if at < used:
                    self.shard.grow(w.NEED_ARENA)
                    state = state._replace(AR=self.shard.state.AR)
        return state

    def _answer(self, state: State, rows: Rows) -> None:
        """Write what traits told live decide about the fresh atoms.

        What facts decide is written to all rows together (see `engine/facts.py`).
        """
        if self.questions:
            traits = told(self.preparer, state.I[rows, w.VIEWER], rows)
            write_told(state, self.layout.bits_at // 2, self.questions, self.preparer, traits)
            write_times(state, self.shard.base_ms, self.asked, traits)
