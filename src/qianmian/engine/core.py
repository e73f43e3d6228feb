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
from qianmian.engine import words as w
from qianmian.engine.backfill import Counting, check_range, fill, note_edits
from qianmian.engine.board import Boards, RoomBoard
from qianmian.engine.change import relay
from qianmian.engine.cutting import SESSION_MS, parts_of
from qianmian.engine.merge import Told, merge_viewers
from qianmian.engine.predicates import COMPARE
from qianmian.engine.prepare import NOTHING, Names, Preparer, room_message
from qianmian.engine.programs import Plan, plan_of, planned
from qianmian.engine.room import RoomStage
from qianmian.engine.room_facts import FIRST_NUMBER, NUMBER_NAMES, RoomFact, RoomLog
from qianmian.engine.room_slots import note_in_slots
from qianmian.engine.shard import Events, Shard
from qianmian.engine.snapshot import dump, load
from qianmian.engine.statistics import Statistics, statistics_of
from qianmian.errors import UnknownName
from qianmian.language import ast
from qianmian.language.definition import Definition
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.ids import shard_of
from qianmian.vocabulary.product import Product, ProductCatalog

SECOND_MS = 1_000
MINUTE_MS = 60_000
LINKED = CODE_BY_NAME["identity_linked"]
ROOM_CODES = frozenset(code for code, event in enumerate(CATALOG) if event.scope == "room")
CONTROL = np.array([code in ROOM_CODES or code == LINKED for code in range(len(CATALOG))])
PRESENTING, PRESENTING_CATEGORY, STAGE = 0, 1, 2


class Core:
    """Definitions, state and loop.

    Args:
        definitions: tags, segments and moments; they may refer to each other.
        products: the shop's catalogue; gives products their category where events do not.
        lateness_ms: how late an event may be to count for the engine.
        shards: how many parts the viewers are dealt to; changes nothing but the layout.
        presence: whether silence means leaving (False for files of shops).
        session_timeout: whether 30 minutes without events end a room's session.
        daily: segments that are not defined here but come with facts.
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
        names: Names | None = None,
    ) -> None:
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
        self._use(self.plan)
        self.shards: list[Shard] = []
        self.clock = -1
        self.sessions: dict[int, str] = {}
        self.room_clock: dict[int, int] = {}
        self.announced: set[int] = set()
        self.linked: set[int] = set()
        self.merged = self.merges_refused = self.refused = self.superseded = 0
        self.outcomes: npt.NDArray[np.uint8] = np.zeros(0, np.uint8)
        self._shard_by_viewer = np.zeros(0, np.int16)
        self._raw: list[tuple[int, npt.NDArray[np.int64]]] = []
        self._out: list[Firing] = []
        self.boards = Boards(self.names)
        self.second: int | None = None
        self.room_log = RoomLog()
        self.counting: dict[str, Counting] = {}
        self.fresh: set[str] = set()
        self.room = self._room_stage()

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
        self._use(planned(self.plan.definitions, self.names, numbers, since, self.daily))
        self.room = self._room_stage()

    def change(self, definitions: Sequence[Definition], clock_ms: int) -> list[Firing]:
        """Definitions as of `clock_ms`: what stays keeps its state, what is new counts from now.

        No moment fires from a change. Raises: DefinitionError, and then nothing has changed.
        """
        old, plan = self.plan, plan_of(definitions, self.names, self.plan, self.daily)
        out = self.advance(clock_ms)
        note_edits(self, plan, clock_ms)
        self._use(plan)
        for shard in self.shards:
            answers = self.preparer.answers_of
            self.superseded += relay(shard, plan.layout, plan.fresh_tables(), clock_ms, answers)
        before, self.room = self.room, self._room_stage()
        self.room.restore([one for one in before.snapshot() if one["key"] in plan.kept_from(old)])
        history.refresh(self)
        return out

    def backfill(
        self, tail: EventBatch, outcomes: npt.NDArray[np.uint8], *, since_ms: int, clock_ms: int
    ) -> list[Firing]:
        """The message `backfilled`: new definitions count as if they had been there in the range.

        Args:
            tail: the events with a clock from `since_ms` to `clock_ms`, in log order.
            outcomes: what `outcomes` said of them at first arrival.

        No moment fires from it. Raises: InputError, and then nothing has changed.
        """
        check_range(self, tail, outcomes, since_ms, clock_ms)
        out = self.advance(clock_ms)
        fill(self, tail.take(np.flatnonzero(outcomes == w.ACCEPTED)), since_ms, Core)
        return out

    def take_facts(self, facts: Facts, clock_ms: int) -> list[Firing]:
        """The message `facts`: what history knows is known from `clock_ms` on.

        No moment fires from it. Raises: InputError, and then nothing has changed.
        """
        history.check_facts(self, facts, clock_ms)
        self.begin(clock_ms)
        out = self.advance(clock_ms)
        history.take(self, facts)
        return out

    def _room_stage(self) -> RoomStage:
        stage = RoomStage(self.plan.room_moments, self.names, self.plan.layout.program.filters)
        stage.guard, stage.log = self._room_holds, self.room_log
        return stage

    # -- the log

    def run(self, batch: EventBatch) -> list[Firing]:
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

    def advance(self, clock_ms: int) -> list[Firing]:
        """A tick: the clock passes to `clock_ms` without an event."""
        self.room_log.begin()
        if self.clock >= 0:
            self._pass_seconds(clock_ms)
            self._expire_sessions(clock_ms)
            self.clock = max(self.clock, clock_ms)
            self._sweep(self.clock)
        return self._take()

    def finish(self, clock_ms: int) -> list[Firing]:
        """The end of a file: everything due at or before `clock_ms` happens."""
        return self.advance(clock_ms) + self._ended(clock_ms)

    def _ended(self, clock_ms: int) -> list[Firing]:
        if self.clock >= 0:
            self._sweep(clock_ms + 1)
            self.room.pass_to(clock_ms + 1, self._out)
        return self._take()

    def _pass_seconds(self, clock_ms: int) -> None:
        """At each whole second before `clock_ms` numbers of rooms become facts, if read."""
        last = (clock_ms - 1) // SECOND_MS * SECOND_MS
        if not self.plan.reads_numbers or not self.sessions:
            self.second = last
            return
        before = last if self.second is None else self.second
        for second in range(before + SECOND_MS, last + 1, SECOND_MS):
            self._sweep(second + 1)
            for room in self.sessions:
                numbers = (
                    self._online(room),
                    self.boards.gmv_minor(room),
                    self.boards.orders_per_min(room, second),
                )
                name = str(self.names.rooms.value(room))
                for column, (what, number) in enumerate(
                    zip(NUMBER_NAMES, numbers, strict=True), FIRST_NUMBER
                ):
                    fact = RoomFact(second, name, what, number)
                    used = self.room_log.number(fact, int(self.shards[0].state.RS[room, column]))
                    for shard in self.shards:
                        shard.state.RS[room, column] = used
        self.second = last

    @property
    def room_facts(self) -> list[RoomFact]:
        """What the last call found about rooms, for the log, in the order of their seconds."""
        return sorted(self.room_log.found, key=lambda fact: (*fact[:3], fact.key or ""))

    def read_room_facts(self, facts: Iterable[RoomFact]) -> None:
        """The messages `room_fact` of a log that is replayed, before their seconds pass.

        They are used in place of what is computed again; see `room_log.mismatches`.
        """
        self.room_log.read(facts)

    def _online(self, room: int) -> int:
        return sum(int(shard.state.ONLINE[room]) for shard in self.shards)

    def board(self, room: str) -> RoomBoard:
        """What a room as a whole is doing, as of the last message.

        Raises: UnknownName when the room has never spoken.
        """
        code = self.names.rooms.code(room)
        if code < 0:
            raise UnknownName.of("room", room, self.names.rooms.snapshot()[:1_000])
        return self.boards.board(
            code,
            session=self.sessions.get(code, ""),
            at=self.clock,
            online=self._online(code) if self.shards else 0,
            products=ProductCatalog(self.products),
        )

    def begin(self, clock_ms: int) -> None:
        """Make the shards when the first clock is known."""
        if not self.shards:
            base = (clock_ms // MINUTE_MS - 10) * MINUTE_MS
            self.shards = [self._shard(base) for _ in range(self.n_shards)]

    def _shard(self, base_ms: int) -> Shard:
        return Shard(
            self.plan.layout,
            self.plan.fresh_tables(),
            base_ms=base_ms,
            lateness_ms=self.lateness_ms,
            presence=self.presence,
            take=self._raw.append,
        )

    def _use(self, plan: Plan) -> None:
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
            history.learn(self, range(known, n))

    def shard_of(self, viewer: int) -> Shard:
        """The shard of a viewer by its code."""
        return self.shards[int(self._shard_by_viewer[viewer])]

    def _shard_of(self, viewer: int) -> int:
        name = str(self.names.viewers.value(viewer))
        return shard_of(name, self.n_shards, namespace=self.namespace)

    def _walk(self, batch: EventBatch, events: Events) -> None:
        """Apply the events between the rows that concern more than one viewer, and those rows."""
        at, n = 0, len(events.TYPE)
        self._expire_sessions(int(events.CLOCK[0]))
        for stop in np.flatnonzero(CONTROL[events.TYPE]).tolist():
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
        self.room.add(events, first, last, self.sessions, self._out)
        verified = batch.numbers.get("verified")
        sure = np.ones(last - first, bool) if verified is None else verified[rows] != 0
        self.boards.add(events, first, last, sure)
        rooms = events.ROOM[first:last]
        if self.session_timeout and len(rooms):
            codes, back = np.unique(rooms[::-1], return_index=True)
            clocks = events.CLOCK[first:last][::-1]
            for code, place in zip(codes.tolist(), back.tolist(), strict=True):
                if code >= 0 and code not in self.announced:
                    self.room_clock[code] = int(clocks[place])

    # -- sessions and rooms

    def _open(self, events: Events, first: int, last: int, batch: EventBatch) -> None:
        """Rooms that speak for the first time since their session ended open a new one."""
        codes, places = np.unique(events.ROOM[first:last], return_index=True)
        for code, place in zip(codes.tolist(), places.tolist(), strict=True):
            if code >= 0 and code not in self.sessions:
                row = int(self.preparer.expanded[first + place])
                clock = int(events.CLOCK[first + place])
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
        self._name_output()
        self.room.end(room, now_ms, self._out)
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
        if kind == "session_ended":
            self._end_session(room, time, clock)
        elif kind == "product_withdrawn" and product >= 0:
            for shard in self.shards:
                shard.withdraw(room, product, time, clock)
        for shard in self.shards:
            facts = shard.state.RS[room]
            if kind == "product_presented":
                facts[PRESENTING], facts[PRESENTING_CATEGORY] = product, category
            elif kind == "product_withdrawn" and facts[PRESENTING] == product:
                facts[PRESENTING] = facts[PRESENTING_CATEGORY] = NOTHING
            elif kind in _STAGES:
                given = batch.strings.get("stage")
                stage = given.get(row) if given is not None else None
                facts[STAGE] = self.names.texts.intern(stage or _STAGES[kind])
        self.shards[0].state.G[w.G_ACCEPTED] += 1
        self.room.add(events, at, at + 1, self.sessions, self._out)

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
        told = self.preparer.told_of(known)
        self.preparer.settle_link(batch, row, events, at, known)
        link, number, clock = None, int(events.PROFILE[at]), int(events.CLOCK[at])
        if number >= 0:
            time = max(int(events.TIME[at]), clock - self.lateness_ms)
            link = Told(time, events.KNOWN[number], events.VALUES[number])
        merge_viewers(source, target, anonymous, known, clock, told, link)
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
        self.room.pass_to(clock_ms, self._out)

    def _name_output(self) -> None:
        """Turn raw output into firings while the sessions it belongs to are known."""
        for shard in self.shards:
            shard.drain()
        rooms = self.names.rooms.value
        named = [
            (
                one.key,
                one.version,
                self.names.categories if key == "category" else self.names.products,
            )
            for one, key in zip(self.plan.definitions, self.plan.key_of, strict=True)
        ]
        for base, block in self._raw:
            viewers = self.names.viewers.values(block[:, 0].tolist())
            for viewer, (room, definition, at, key) in zip(
                viewers, block[:, 1:].tolist(), strict=True
            ):
                moment, version, keys = named[definition]
                session, about = self.sessions.get(room, ""), keys.value(key)
                firing = (viewer, str(rooms(room)), session, moment, version, about)
                self._out.append(Firing(at + base, *firing, self.namespace))
        self._raw.clear()

    def _take(self) -> list[Firing]:
        self._name_output()
        out = sorted(self._out, key=lambda firing: firing.order)
        open_now = set(self.sessions.values())
        self.boards.fired([one for one in out if one.session in open_now])
        self._out.clear()
        return out

    def statistics(self) -> Statistics:
        """Counts since the start."""
        return statistics_of(self)


_BY_PROFILE = {"KNOWN", "VALUES"}
_STAGES: dict[str, str] = {
    "session_started": "live",
    "promo_started": "promo",
    "promo_ended": "live",
}
