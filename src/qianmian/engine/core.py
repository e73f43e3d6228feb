"""The core: a log of messages in, firings out. It has no clock, no randomness and no I/O.

All shards of one process together. `run` may be called with any grouping of messages; the firings
are the same, whatever the grouping, the number of shards, or the point of a restore.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qianmian.columns.batch import EventBatch
from qianmian.columns.facts import Facts
from qianmian.engine import facts as history
from qianmian.engine import withheld
from qianmian.engine import words as w
from qianmian.engine.backfill import Counting, check_range, fill
from qianmian.engine.board import Boards
from qianmian.engine.cutting import SESSION_MS, parts_of
from qianmian.engine.edit import Edit
from qianmian.engine.firings import Firings
from qianmian.engine.levels import levels_of
from qianmian.engine.merge import Told, merge_viewers
from qianmian.engine.moves import Moves
from qianmian.engine.output import Output
from qianmian.engine.predicates import COMPARE
from qianmian.engine.prepare import NOTHING, Names, Preparer, room_message
from qianmian.engine.programs import Plan, plan_of, planned
from qianmian.engine.readings import Readings
from qianmian.engine.room import RoomStage
from qianmian.engine.room_facts import RoomFact, RoomLog, Shown, stage_of
from qianmian.engine.room_slots import note_in_slots
from qianmian.engine.shard import Events, Shard
from qianmian.engine.snapshot import dump, load
from qianmian.engine.withheld import Withheld
from qianmian.language import ast
from qianmian.language.definition import Definition
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME
from qianmian.vocabulary.ids import shard_of
from qianmian.vocabulary.product import Product

SECOND_MS = 1_000
MINUTE_MS = 60_000
LINKED = CODE_BY_NAME["identity_linked"]
ROOM_CODES = frozenset(code for code, event in enumerate(CATALOG) if event.scope == "room")
CONTROL = np.array([code in ROOM_CODES or code == LINKED for code in range(len(CATALOG))])


class Core(Readings):
    """Definitions, state and loop.

    Args:
        definitions: tags, segments and moments; they may refer to each other.
        products: the shop's catalogue; gives products their category where events do not.
        lateness_ms: how late an event may be to count for the engine.
        shards: how many parts the viewers are dealt to; changes nothing but the layout.
        presence: whether silence means leaving (False for files of shops).
        session_timeout: whether 30 minutes without events end a room's session.
        daily: segments that are not defined here but come with facts.
        viewers: how many to expect; so many come without a pause for memory. Changes no firing.
        names: codes to share with another core (see `engine/backfill.py`).

    Raises: DefinitionError when a definition cannot be compiled.
    """

    def __init__(
        self,
        definitions: Sequence[Definition],
        *,
        products: Sequence[Product] = (),
        lateness_ms: int = 5_000,
        shards: int = 1,
        presence: bool = True,
        session_timeout: bool = True,
        namespace: str = "default",
        daily: Sequence[str] = (),
        viewers: int = 0,
        names: Names | None = None,
    ) -> None:
        self.viewers = viewers
        self.daily = tuple(daily)
        self.names = Names(products) if names is None else names
        self.products = tuple(products)
        self.lateness_ms = lateness_ms
        self.presence = presence
        self.session_timeout = session_timeout
        self.namespace = namespace
        self.n_shards = shards
        self.preparer = Preparer(self.names, lateness_ms=lateness_ms)
        self.plan: Plan = plan_of(definitions, self.names, None, self.daily)
        self.use(self.plan)
        self.shards: list[Shard] = []
        self.clock = -1
        self.sessions: dict[int, str] = {}
        self.room_clock: dict[int, int] = {}
        self.announced: set[int] = set()
        self.linked: set[int] = set()
        self.merged = self.merges_refused = self.refused = self.superseded = 0
        self.outcomes: npt.NDArray[np.uint8] = np.zeros(0, np.uint8)
        self._shard_by_viewer = np.zeros(0, np.int16)
        self.output = Output()
        self.boards = Boards(self.names)
        self.second: int | None = None
        self.room_log = RoomLog()
        self.moves = Moves()
        self.withheld = Withheld()
        self.counting: dict[str, Counting] = {}
        self.fresh: set[str] = set()
        self.edit: Edit | None = None
        self.room = self.room_stage()

    @property
    def settings(self) -> dict[str, Any]:
        """The settings it was made with."""
        return {
            "lateness_ms": self.lateness_ms,
            "shards": self.n_shards,
            "presence": self.presence,
            "session_timeout": self.session_timeout,
            "namespace": self.namespace,
            "daily": self.daily,
            "viewers": self.viewers,
        }

    def snapshot(self) -> bytes:
        """Everything it has to remember (see `engine/snapshot.py`)."""
        return dump(self)

    @classmethod
    def restore(cls, data: bytes, facts: Facts | None = None) -> Core:
        """The core a snapshot was taken of, with the facts that it names.

        Raises: SnapshotProblem, also when the facts are missing or others.
        """
        return load(data, cls, facts)

    def renumber(self, numbers: Sequence[int], since: Sequence[int]) -> None:
        """Use the lasting numbers and ages of a snapshot, under which it knows the definitions."""
        self.use(planned(self.plan.definitions, self.names, numbers, since, self.daily))
        self.room = self.room_stage()

    def prepare(self, definitions: Sequence[Definition]) -> Edit:
        """Definitions that are made ready beside the running core, for `change`; no effect so far.

        Only the newest counts. Raises: DefinitionError.
        """
        self.edit = Edit(self, definitions)
        return self.edit

    def change(self, definitions: Sequence[Definition] | Edit, clock_ms: int) -> Firings:
        """Definitions as of `clock_ms`: what stays keeps its state, what is new counts from now.

        No moment fires from a change. Raises: DefinitionError, and then nothing has changed;
        InputError when what was made ready is out of date.
        """
        edit = definitions if isinstance(definitions, Edit) else self.prepare(definitions)
        edit.check()
        out = self.advance(clock_ms)
        edit.apply(clock_ms)
        withheld.write_all(self)
        return out

    def backfill(
        self, tail: EventBatch, outcomes: npt.NDArray[np.uint8], *, since_ms: int, clock_ms: int
    ) -> Firings:
        """The message `backfilled`: new definitions count as if they had been there in the range.

        Args:
            tail: the events with a clock from `since_ms` to `clock_ms`, in log order.
            outcomes: what `outcomes` said of them at first arrival.

        No moment fires from it. Raises: InputError, and then nothing has changed.
        """
        check_range(self, tail, outcomes, since_ms, clock_ms)
        out = self.advance(clock_ms)
        fill(self, tail, outcomes, since_ms, Core)
        return out

    def take_facts(self, facts: Facts, clock_ms: int) -> Firings:
        """The message `facts`: what history knows is known from `clock_ms` on.

        No moment fires from it. Raises: InputError, and then nothing has changed.
        """
        history.check_facts(self, facts, clock_ms)
        self.begin(clock_ms)
        out = self.advance(clock_ms)
        history.take(self, facts)
        withheld.write_all(self)
        return out

    def stock(self, products: Sequence[Product], clock_ms: int) -> Firings:
        """The message `catalog`: what the shop sells from `clock_ms` on.

        Events that have come keep the category they came with.
        """
        out = self.advance(clock_ms)
        self.products = tuple(products)
        self.names.stock(products)
        return out

    def room_stage(self) -> RoomStage:
        """What judges the moments of rooms of its plan."""
        stage = RoomStage(self.plan.room_moments, self.names, self.plan.layout.program.filters)
        stage.guard, stage.log = self._room_holds, self.room_log
        return stage

    # -- the log

    def run(self, batch: EventBatch) -> Firings:
        """Apply messages; the firings that are certain now, in output order."""
        outcomes = []
        self.room_log.begin()
        for part in parts_of(self, batch):
            self.outcomes = np.zeros(len(part), np.uint8)
            self.begin(int(part.clock[0]))
            self._keep_within(int(part.clock[0]))
            self._pass_seconds(int(part.clock[0]))
            events = self.preparer.prepare(part)
            self.reserve()
            self._walk(part, events)
            self.clock = int(part.clock[-1])
            outcomes.append(self.outcomes)
        self.outcomes = np.concatenate(outcomes) if outcomes else np.zeros(0, np.uint8)
        if outcomes:
            self._sweep(self.clock)
        return self._take()

    def _keep_within(self, clock_ms: int) -> None:
        """Before a long step of the clock: what is due happens, while its sessions are known."""
        for shard in self.shards:
            if clock_ms - shard.base_ms > w.REBASE_AT:
                self._sweep(clock_ms)

    def advance(self, clock_ms: int) -> Firings:
        """A tick: the clock passes to `clock_ms` without an event."""
        self._advance(clock_ms)
        return self._take()

    def _advance(self, clock_ms: int) -> None:
        self.room_log.begin()
        if self.clock >= 0:
            self._pass_seconds(clock_ms)
            self._expire_sessions(clock_ms)
            self.clock = max(self.clock, clock_ms)
            self._sweep(self.clock)

    def finish(self, clock_ms: int) -> Firings:
        """The end of a file: everything due at or before `clock_ms` happens."""
        self._advance(clock_ms)
        if self.clock >= 0:
            self._sweep(clock_ms + 1)
            self.room.pass_to(clock_ms + 1, self.output.of_rooms)
        return self._take()

    def _pass_seconds(self, clock_ms: int) -> None:
        """At each whole second before `clock_ms` numbers of rooms become facts, if read.

        Who entered and left the levels that are followed is found at the same seconds.
        """
        last = (clock_ms - 1) // SECOND_MS * SECOND_MS
        reads = self.plan.reads_numbers and bool(self.sessions)
        if not reads and not self.moves.is_on:
            self.second = last
            return
        second = last if self.second is None else self.second
        second += SECOND_MS  # what the events before it have changed
        while second <= last:
            self._sweep(second + 1)
            for room in self.sessions if reads else ():
                numbers = (
                    self._online(room),
                    self.boards.gmv_minor(room),
                    self.boards.orders_per_min(room, second),
                )
                name = str(self.names.rooms.value(room))
                before = self.shards[0].state.RS[room].tolist()
                for column, used in self.room_log.numbers(second, name, numbers, before):
                    for shard in self.shards:
                        shard.state.RS[room, column] = used
            if self.moves.is_on:
                self.moves.compare(second, self.shards, levels_of(self.plan), self.names)
            second = self._next_second(second)
        self.second = last

    def _next_second(self, second: int) -> int:
        """The next second, or in a long silence the next one at which a number may change."""
        following = second + SECOND_MS
        log = self.room_log.through
        is_logged = log is not None and second < log
        rooms = self.sessions if self.plan.reads_numbers else ()
        if is_logged or any(self.boards.orders_per_min(room, second) for room in rooms):
            return following
        due = min((shard.due_ms for shard in self.shards), default=following)
        return max(following, -(-due // SECOND_MS) * SECOND_MS)

    @property
    def room_facts(self) -> list[RoomFact]:
        """What the last call found about rooms, for the log, in the order of their seconds."""
        return sorted(self.room_log.found, key=lambda fact: (*fact[:3], fact.key or ""))

    def read_room_facts(self, facts: Iterable[RoomFact]) -> None:
        """The messages `room_fact` of a log that is replayed, before their seconds pass.

        They are used in place of what is computed again; see `room_log.mismatches`.
        """
        self.room_log.read(facts)

    def begin(self, clock_ms: int) -> None:
        """Make the shards when the first clock is known."""
        if not self.shards:
            base = (clock_ms // MINUTE_MS - 10) * MINUTE_MS
            self.shards = [self._shard(base) for _ in range(self.n_shards)]
            for shard in self.shards:  # a viewer has a record in every shard, a row in one
                shard.reserve(self.viewers, 0)

    def _shard(self, base_ms: int) -> Shard:
        return Shard(
            self.plan.layout,
            self.plan.fresh_tables(),
            base_ms=base_ms,
            lateness_ms=self.lateness_ms,
            presence=self.presence,
            viewers=-(-self.viewers // self.n_shards),
            take=self.output.raw.append,
        )

    def use(self, plan: Plan) -> None:
        """Prepare batches for this plan from now on."""
        self.plan = plan
        self.preparer.filters = plan.layout.program.filters
        self.preparer.attribute_bits = plan.attribute_bits
        self.preparer.bit_words = plan.layout.bit_words

    def reserve(self) -> None:
        """Make room for every viewer and room that has a name."""
        n = len(self.names.viewers)
        for shard in self.shards:
            shard.reserve(n, len(self.names.rooms))
        known = len(self._shard_by_viewer)
        if n > known:
            if self.n_shards == 1:
                fresh = np.zeros(n - known, np.int16)
            else:
                fresh = np.array([self._shard_of(code) for code in range(known, n)], np.int16)
            self._shard_by_viewer = np.append(self._shard_by_viewer, fresh)
            history.learn(self, np.arange(known, n))

    def shards_of(self, viewers: npt.NDArray[np.int64]) -> npt.NDArray[np.int16]:
        """The numbers of the shards of viewers."""
        return self._shard_by_viewer[viewers]

    def _shard_of(self, viewer: int) -> int:
        name = str(self.names.viewers.value(viewer))
        return shard_of(name, self.n_shards, namespace=self.namespace)

    def _walk(self, batch: EventBatch, events: Events) -> None:
        """Apply the events between the rows that concern more than one viewer, and those rows."""
        at, n = 0, len(events.TYPE)
        self._expire_sessions(int(events.CLOCK[0]))
        for stop, word in withheld.stops_of(batch, self.preparer.expanded, CONTROL[events.TYPE]):
            if word is not None:
                self._apply(events, at, stop + 1, batch)
                at = stop + 1
                self._sweep(int(events.CLOCK[stop]))
                withheld.hear(self, events, stop, word)
                continue
            self._apply(events, at, stop, batch)
            self._open(events, stop, stop + 1, batch)
            self._control(batch, events, stop)
            at = stop + 1 + int(events.MORE[stop])
        self._apply(events, at, n, batch)

    def _apply(self, events: Events, first: int, last: int, batch: EventBatch) -> None:
        if last <= first:
            return
        self._open(events, first, last, batch)
        odd = (events.VIEWER[first:last] < 0) & (events.MORE[first:last] >= 0)
        if odd.any():
            self._refuse(events, first, odd)
        for number, shard in enumerate(self.shards):
            if self.n_shards == 1 and not odd.any():
                shard.apply(events, first, last)
                continue
            mine = self._shard_by_viewer[events.VIEWER[first:last]] == number
            mine &= ~odd
            rows = np.flatnonzero(mine) + first
            if len(rows):
                part = Events(
                    *(c if name in _BY_PROFILE else c[rows] for name, c in events._asdict().items())
                )
                shard.apply(part, 0, len(rows))
                events.OUTCOME[rows] = part.OUTCOME
        self._note(events, first, last, batch)

    def _refuse(self, events: Events, first: int, odd: npt.NDArray[np.bool_]) -> None:
        rows = np.flatnonzero(odd) + first
        events.OUTCOME[rows] = w.REFUSED
        self.refused += len(rows)

    def _note(self, events: Events, first: int, last: int, batch: EventBatch) -> None:
        """Remember outcomes by row of the batch, and tell the room stage what was accepted."""
        lost = (events.MORE[first:last] > 0) & (events.OUTCOME[first:last] != w.ACCEPTED)
        for row in (np.flatnonzero(lost) + first).tolist():  # the further lines of an order with it
            events.OUTCOME[row + 1 : row + 1 + events.MORE[row]] = events.OUTCOME[row]
        rows = self.preparer.expanded[first:last]
        self.outcomes[rows[::-1]] = events.OUTCOME[first:last][::-1]
        self.room.add(events, first, last, self.sessions, self.output.of_rooms)
        verified = batch.numbers.get("verified")
        sure = np.ones(last - first, bool) if verified is None else verified[rows] != 0
        self.boards.add(events, first, last, sure)
        if self.session_timeout:
            rooms = events.ROOM[first:last]
            clocks = np.full(len(self.names.rooms) + 1, -1)  # rows without a room go to the end
            clocks[rooms] = events.CLOCK[first:last]  # of several rows the last one stays
            for code in np.flatnonzero(clocks[:-1] >= 0).tolist():
                if code not in self.announced:
                    self.room_clock[code] = int(clocks[code])

    # -- sessions and rooms

    def _open(self, events: Events, first: int, last: int, batch: EventBatch) -> None:
        """Rooms that speak for the first time since their session ended open a new one."""
        rooms = events.ROOM[first:last]
        here = np.zeros(len(self.names.rooms) + 1, bool)  # rows without a room go to the end
        here[rooms] = True
        for code in np.flatnonzero(here[:-1]).tolist():
            if code not in self.sessions:
                place = first + int(np.argmax(rooms == code))
                row, clock = int(self.preparer.expanded[place]), int(events.CLOCK[place])
                self.sessions[code] = self._session_name(batch, row, code, clock)
                if code not in self.announced:
                    self.room_clock[code] = clock

    def _session_name(self, batch: EventBatch, row: int, room: int, clock: int) -> str:
        given = batch.strings.get("session")
        name = given.get(row) if given is not None else None
        return name or f"{self.names.rooms.value(room)}@{clock}"

    def _expire_sessions(self, clock_ms: int) -> None:
        """End the sessions of rooms that were silent for 30 minutes before `clock_ms`."""
        if not self.session_timeout:
            return
        silent = [
            (last + SESSION_MS, code)
            for code, last in self.room_clock.items()
            if code in self.sessions and clock_ms > last + SESSION_MS
        ]
        for ended, code in sorted(silent):
            self._sweep(ended + 1)
            self._end_session(code, ended, ended)
            self.preparer.presenting.pop(code, None)

    def _end_session(self, room: int, time_ms: int, now_ms: int) -> None:
        for shard in self.shards:
            shard.end_room(room, time_ms, now_ms)
        self._note_output()
        self.room.end(room, now_ms, self.output.of_rooms)
        self.boards.end(room)
        self.sessions.pop(room, None)
        self.announced.discard(room)
        self.room_clock.pop(room, None)

    def _control(self, batch: EventBatch, events: Events, at: int) -> None:
        """An event that concerns a whole room, or two viewers."""
        kind, clock, time = (
            CATALOG[events.TYPE[at]].name,
            int(events.CLOCK[at]),
            int(events.TIME[at]),
        )
        row = int(self.preparer.expanded[at])
        if kind == "identity_linked":
            self._link(batch, events, at, row)
            return
        room = int(events.ROOM[at])
        if room < 0 or self._seen(events, at) or time < clock - self.lateness_ms:
            self._settle_control(events, at, row, time < clock - self.lateness_ms, room)
            return
        self._sweep(clock)
        if kind == "session_started":  # before its own slots: they belong to the new session
            self._restart(batch, row, room, time, clock)
        product, category = int(events.PRODUCT[at]), int(events.CATEGORY[at])
        plan = self.plan
        note_in_slots(plan.room_slots, events, at, plan.layout.filter_number, self.shards)
        if room not in self.announced:
            self.room_clock[room] = clock
        given = batch.strings.get("stage")
        stage = stage_of(kind, None if given is None else given.get(row))
        now = Shown(product, category, self.names.texts.intern(stage) if stage else None)
        for shard in self.shards:  # facts first: what the event cancels is judged by them
            shard.tell(room, kind, now, clock)
            if kind == "product_withdrawn" and product >= 0:
                shard.withdraw(room, product, time, clock)
        if kind == "session_ended":
            self._end_session(room, time, clock)
        self.shards[0].state.G[w.G_ACCEPTED] += 1
        self.room.add(events, at, at + 1, self.sessions, self.output.of_rooms)

    def _seen(self, events: Events, at: int) -> bool:
        """Duplicates of room events, by message id (they have no viewer)."""
        key = int(events.MESSAGE[at])
        if not key:
            return False
        name = room_message(key)
        seen = self.preparer.orders_of(NOTHING)
        if name in seen:
            events.OUTCOME[at] = w.DUPLICATE
            return True
        seen[name] = True
        return False

    def _settle_control(self, events: Events, at: int, row: int, late: bool, room: int) -> None:
        if room < 0:
            outcome, counter = w.REFUSED, None
        elif events.OUTCOME[at] == w.DUPLICATE:
            outcome, counter = w.DUPLICATE, w.G_DUPLICATES
        else:
            outcome, counter = (w.LATE if late else w.ACCEPTED), w.G_LATE
        events.OUTCOME[at] = outcome
        self.outcomes[row] = outcome
        if counter is None:
            self.refused += 1
        else:
            self.shards[0].state.G[counter] += 1

    def _restart(self, batch: EventBatch, row: int, room: int, time: int, clock: int) -> None:
        """A session that starts while another is open ends it."""
        name = self._session_name(batch, row, room, clock)
        if self.sessions.get(room) != name:
            if room in self.sessions:
                self._end_session(room, time, clock)
                self.preparer.presenting.pop(room, None)
            self.sessions[room] = name
        self.announced.add(room)
        self.room_clock.pop(room, None)

    def _link(self, batch: EventBatch, events: Events, at: int, row: int) -> None:
        """An anonymous viewer turns out to be a known one."""
        column = batch.strings.get("linked_viewer")
        name = column.get(row) if column is not None else None
        anonymous = int(events.VIEWER[at])
        known = self.names.viewers.intern(name) if name else NOTHING
        self.reserve()
        spelled = str(self.names.viewers.value(anonymous)) if anonymous >= 0 else ""
        refused = anonymous < 0 or anonymous in self.linked or not spelled.startswith("?")
        if refused or known < 0 or (name or "").startswith("?"):
            self.shards[0].state.G[w.G_ACCEPTED] += 1
            self.merges_refused += 1
            return
        self._sweep(int(events.CLOCK[at]))
        source = self.shards[self._shard_by_viewer[anonymous]]
        target = self.shards[self._shard_by_viewer[known]]
        self.preparer.link(anonymous, known)
        withheld.link(self, anonymous, known)
        told = self.preparer.told_of(known)
        self.preparer.settle_link(batch, row, events, at, known)
        link, number, clock = None, int(events.PROFILE[at]), int(events.CLOCK[at])
        if number >= 0:
            time = max(int(events.TIME[at]), clock - self.lateness_ms)
            rank = int(events.RANK[number])
            link = Told(time, rank, events.KNOWN[number], events.VALUES[number])
        merge_viewers(source, target, anonymous, known, clock, told, link)
        self.boards.link(anonymous, known)
        self.linked.add(anonymous)
        self.merged += 1
        target.apply(events, at, at + 1)

    def _room_holds(self, fact: ast.RoomFact, room: int, key: int) -> bool:
        """Whether a fact of the room holds now, for a moment of the room."""
        column, comparison, value, is_key = self.plan.layout.room_fact(fact)
        now = int(self.shards[0].state.RS[room, column])
        if now < 0:
            return False
        return bool(list(COMPARE.values())[comparison](now, key if is_key else value))

    # -- output

    def _sweep(self, clock_ms: int) -> None:
        for shard in self.shards:
            shard.keep_within(clock_ms)
            shard.sweep(clock_ms)
        self.room.pass_to(clock_ms, self.output.of_rooms)

    def _note_output(self) -> None:
        for shard in self.shards:
            shard.drain()
        self.output.note_sessions(self.sessions)

    def _take(self) -> Firings:
        """Everything that fired since the last call, in output order."""
        self._note_output()
        firings = self.output.taken(self.plan, self.names, self.namespace)
        self.boards.fired(firings.columns, firings.legend, set(self.sessions.values()))
        return firings


_BY_PROFILE = {"KNOWN", "VALUES", "RANK"}
