"""State as a function of the log: messages in, firings and boards out, snapshots, recovery.

There is one way to a state: apply the messages in their order. A running server and a server that
starts again differ only in where the messages come from.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, cast

import numpy as np

from qianmian.columns.batch import EventBatch, UInt8, concat
from qianmian.columns.facts import Facts
from qianmian.engine.backfill import Counting
from qianmian.engine.board import RoomBoard
from qianmian.engine.facts import Reader, check_facts
from qianmian.engine.forgetting import Forgetful, evict, rename
from qianmian.engine.levels import RoomLevels
from qianmian.engine.moves import Move
from qianmian.engine.readings import ViewerNow
from qianmian.engine.room_facts import RoomFact
from qianmian.errors import InputError, SnapshotProblem
from qianmian.language.definition import Definition
from qianmian.runtime.beginning import Anew, unknown_beginning
from qianmian.runtime.consent_book import ConsentBook
from qianmian.runtime.deciding_notes import Note, hear, notes_in
from qianmian.runtime.hesitating import Lingering
from qianmian.runtime.messages import (
    Backfilled,
    Body,
    Catalog,
    Decided,
    DefinitionsChanged,
    Erased,
    Events,
    FactsNamed,
    Message,
    RoomFacts,
    Settled,
    StrategiesChanged,
    Tick,
)
from qianmian.runtime.ports import Engine, KnowsTraits, Log
from qianmian.runtime.room_view import Rooms, RoomViews
from qianmian.runtime.scheduling import SLICE, Reading, begin_turns, take_slice
from qianmian.runtime.source_view import SourceViews
from qianmian.runtime.tail import Tail
from qianmian.strategies.compiling import split
from qianmian.strategies.deciding import Decider
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.product import Product

REPLAY_ROWS = 131_072
"""Messages of one second are joined up to so many rows when the log is replayed."""
SECOND_MS = 1_000


class LiveEngine(Engine, Reading, Rooms, KnowsTraits, Protocol):
    """An engine of which the rooms can be read."""

    products: tuple[Product, ...]
    fresh: set[str]
    counting: dict[str, Counting]

    def prepare(self, definitions: Sequence[Definition]) -> Any:
        """Definitions that are made ready beside it, step by step, for `change`."""

    def stock(self, products: Sequence[Product], clock_ms: int) -> Sequence[Firing]:
        """What the shop sells from `clock_ms` on."""

    def backfill(
        self, tail: EventBatch, outcomes: UInt8, *, since_ms: int, clock_ms: int
    ) -> Sequence[Firing]:
        """New definitions count as if they had been there in the range."""

    def board(self, room: str) -> RoomBoard:
        """The numbers of a room."""

    def levels(self, room: str) -> RoomLevels:
        """How many viewers of a room hold each tag and segment."""

    def turn_to(self, names: Sequence[str]) -> None:
        """Find who enters and leaves these tags and segments, and no others, from now on."""

    def take_moves(self) -> list[Move]:
        """Who entered and left since the last call."""

    def viewer_now(self, room: str, viewer: str) -> ViewerNow | None:
        """What the live row of a viewer says."""


class LiveMaker(Protocol):
    """Makes engines that can be read."""

    def new(
        self,
        definitions: Sequence[Definition],
        *,
        products: Sequence[Product] = (),
        lateness_ms: int = 5_000,
        shards: int = 1,
        viewers: int = 0,
    ) -> LiveEngine:
        """An empty engine with memory for so many viewers."""

    def restored(self, snapshot: bytes, facts: Facts | None = None) -> LiveEngine:
        """The engine that a snapshot was taken of."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot: the state after every message before `offset`.

    Units: clock in ms UTC.
    """

    offset: int
    clock: int
    views: bytes
    engine: bytes


class Snapshots(Protocol):
    """Where snapshots are kept."""

    def save(self, kept: Kept) -> None:
        """Keep it, durably, and forget what is older than the one before."""

    def newest(self) -> Kept | None:
        """The newest that can be read; None when there is none."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What one message brought.

    Attributes:
        found: facts of rooms that are not in the log yet.
        outcomes: of its events, if it holds any; valid until the next message is applied.
        boards: of the open rooms when the second before this message ended, if one did.
        decisions: what was decided and is not in the log yet.
    """

    firings: Sequence[Firing]
    found: tuple[RoomFact, ...] = ()
    outcomes: UInt8 | None = None
    boards: tuple[RoomBoard, ...] = ()
    decisions: tuple[Decision, ...] = ()

    @property
    def unlogged(self) -> list[Body]:
        """What must be appended to the log because of it."""
        bodies: list[Body] = [RoomFacts(self.found)] if self.found else []
        return [*bodies, Decided(self.decisions)] if self.decisions else bodies


Tell = Callable[[Message, Applied], None]
"""Told what each message brought, in the order of the log."""


def nobody(_message: Message, _applied: Applied) -> None:
    """A `Tell` for when nobody wants to know."""


@dataclass(slots=True)
class Live:
    """The state after the message before `offset`.

    Args:
        maker: makes the engine when the first definitions are known.
        lingering: of moments by key, for the board.
        facts: reads a file of facts by its hash.
        lateness_ms: see the semantics.
        shards: how many parts the viewers are dealt to.
        viewers: for how many to take memory at the start.
        turns_per_second: how many viewers have their turn in a schedule at once.
    """

    maker: LiveMaker
    lingering: Callable[[Sequence[Definition]], Mapping[str, Lingering]]
    facts: Callable[[str], Facts]
    lateness_ms: int = 5_000
    shards: int = 1
    viewers: int = 0
    currency: str = "CNY"
    turns_per_second: int = SLICE
    engine: LiveEngine | None = None
    views: RoomViews = field(default_factory=lambda: RoomViews({}))
    sources: SourceViews = field(default_factory=SourceViews)
    definitions: tuple[Definition, ...] = ()
    products: tuple[Product, ...] = ()
    offset: int = 0
    clock: int = -1
    logged_through: int = -1
    facts_hash: str | None = None
    tail: Tail = field(default_factory=Tail)
    consents: ConsentBook = field(default_factory=ConsentBook)
    decider: Decider = field(default_factory=Decider)
    log: Log | None = None
    unread: SnapshotProblem | None = None
    _edit: tuple[tuple[Definition, ...], Any] | None = None
    _read: list[Message] = field(default_factory=list)

    # -- one message

    def apply(self, message: Message) -> Applied:
        """Apply the next message of the log.

        Raises: InputError when it is not the next one, or cannot be applied where it stands.
        """
        if message.offset != self.offset:
            raise InputError(
                f"message {message.offset} comes where {self.offset} is the next; the log has a"
                " gap: restore the missing segment"
            )
        boards = self._second_over(message.clock)
        before = self._turns(message.clock)
        firings, batch, outcomes = self._applied(message)
        self.offset, self.clock = message.offset + 1, max(self.clock, message.clock)
        if isinstance(message.body, RoomFacts | Decided):
            # The engine has not come to this clock: what fires before it is not known yet, and to
            # call it decided would lose it in a restart from here.
            applied = Applied(firings, boards=boards)
        elif isinstance(message.body, Catalog):
            firings, matched = split(firings)
            applied = Applied(firings, boards=boards, decisions=self._decided(None, None, matched))
        else:
            applied = self._seen(batch, outcomes, firings, boards)
        self._answered(message.body)
        return _together(before, applied)

    def _answered(self, body: Body) -> None:
        """What changes deciding does so after everything before its clock is decided."""
        match body:
            case StrategiesChanged(strategies):
                self.decider.change(strategies)
            case Settled(delivered, released, unseen):
                self.decider.settle(delivered, released, self.clock, unseen)
            case Erased(tombstones):
                self.decider.forget(tombstones)

    def _second_over(self, clock_ms: int) -> tuple[RoomBoard, ...]:
        """The boards at the end of a second; so live and replayed, the same ones are told."""
        if self.engine is None or clock_ms // SECOND_MS <= self.clock // SECOND_MS:
            return ()
        boards = tuple(map(self.engine.board, self.engine.open_rooms()))
        self.views.look(boards, self.clock, self.engine)
        return boards

    def _turns(self, clock_ms: int) -> list[Applied]:
        """Schedules have their turns before the first message of a second."""
        engine, found = self.engine, list[Applied]()
        if engine is None or clock_ms // SECOND_MS <= self.clock // SECOND_MS:
            return found
        second = clock_ms // SECOND_MS * SECOND_MS

        def come_to(at: int) -> None:
            found.append(self._seen(None, None, engine.advance(at), ()))

        begin_turns(engine, self.decider, second, come_to)
        take_slice(
            engine, self.decider, second, self.consents.of, self._resting, self.turns_per_second
        )
        return found

    def _resting(self, definitions: Sequence[Definition]) -> LiveEngine:
        return self.maker.new(definitions, lateness_ms=self.lateness_ms)

    def _applied(
        self, message: Message
    ) -> tuple[Sequence[Firing], EventBatch | None, UInt8 | None]:
        match message.body:
            case Events(batch):
                engine = self._engine()
                firings = engine.run(batch)
                self.tail.note(message.offset, message.clock, engine.outcomes)
                return firings, batch, engine.outcomes
            case Tick() | StrategiesChanged() | Settled():
                return self._tick(message.clock), None, None
            case DefinitionsChanged(definitions):
                return self._change(definitions, message.clock), None, None
            case Catalog(products):
                return self._stock(products, message.clock), None, None
            case FactsNamed(digest):
                facts = self.facts(digest)
                self.facts_hash = digest
                return self._engine().take_facts(facts, message.clock), None, None
            case RoomFacts() | Decided():  # known before: see `recover`
                return [], None, None
            case Backfilled(since_ms, first, last):
                return self._backfill(since_ms, first, last, message.clock), None, None
            case Erased(tombstones):
                firings = evict(cast(Forgetful, self._engine()), tombstones, message.clock)
                self.views.forget(tombstones)
                self.consents.forget(tombstones)
                return firings, None, None
            case other:
                raise InputError(f"nothing is known of messages of {type(other).__name__}")

    def _seen(
        self,
        batch: EventBatch | None,
        outcomes: UInt8 | None,
        firings: Sequence[Firing],
        boards: tuple[RoomBoard, ...],
    ) -> Applied:
        if self.engine is None:
            return Applied(firings)
        seen = np.zeros(0, np.uint8) if outcomes is None else outcomes
        firings, matched = split(firings)
        decisions = self._decided(batch, seen, matched)
        if batch is not None:
            self.sources.observe(batch, seen)
        self.views.observe(batch, seen, firings)
        sessions = {room: self.engine.session_of(room) for room in self.engine.open_rooms()}
        self.decider.agenda.look(sessions, self.clock)
        found = [fact for fact in self.engine.room_facts if fact.second > self.logged_through]
        return Applied(firings, tuple(found), outcomes, boards, decisions)

    def _decided(
        self, batch: EventBatch | None, seen: UInt8 | None, matched: Sequence[Firing]
    ) -> tuple[Decision, ...]:
        """What is decided now that the clock has come so far; consents count from their clock."""
        self.decider.note(matched)
        found: list[Decision] = []
        notes = deque[Note]()
        if batch is not None and seen is not None:
            notes = notes_in(batch, seen, self.decider.awaited)

        def decide(until: int, row: int | None = None) -> None:
            while notes and (row is None or notes[0].row < row):
                note = notes.popleft()
                found.extend(self.decider.decide(note.clock, self.consents.of))
                hear(self.decider, note, self.consents.owner_of)
            found.extend(self.decider.decide(until, self.consents.of))

        if batch is not None and seen is not None:
            self.consents.observe(batch, seen, decide, self.decider.link)
        decide(self.clock)
        return tuple(found)

    def _engine(self) -> LiveEngine:
        if self.engine is None:
            raise InputError("the log begins without definitions; it was not written by a server")
        return self.engine

    def _tick(self, clock_ms: int) -> Sequence[Firing]:
        return [] if self.engine is None else self.engine.advance(clock_ms)

    def _change(self, definitions: Sequence[Definition], clock_ms: int) -> Sequence[Firing]:
        self.definitions = tuple(definitions)
        ready, self._edit = self._edit, None
        if self.engine is None:
            self.engine = self.maker.new(
                definitions,
                products=self.products,
                lateness_ms=self.lateness_ms,
                shards=self.shards,
                viewers=self.viewers,
            )
            self._make_views()
            return []
        self.views.use(self.lingering(definitions))
        is_ready = ready is not None and ready[0] == self.definitions
        return self.engine.change(ready[1] if ready and is_ready else definitions, clock_ms) or []

    def _stock(self, products: Sequence[Product], clock_ms: int) -> Sequence[Firing]:
        self.products = tuple(products)
        if self.engine is None:
            return []
        self.views.stock(products)
        return self.engine.stock(products, clock_ms)

    def _backfill(self, since_ms: int, first: int, last: int, clock_ms: int) -> Sequence[Firing]:
        if self.log is None:
            raise InputError("a backfill reads the log again, and there is none here")
        read, self._read = self._read, []
        if read and read[0].offset != first:
            read = []
        begin = read[-1].offset + 1 if read else first
        messages = [*read, *self.log.read(begin, until=last + 1)]
        tail, outcomes = self.tail.read(messages, since_ms)
        return self._engine().backfill(tail, outcomes, since_ms=since_ms, clock_ms=clock_ms)

    # -- a person is erased

    def rename(self, tombstone_by_viewer: Mapping[str, str]) -> None:
        """Call erased viewers by their tombstones, as a replay of the erased log would.

        Changes no firing. Everything that names them must have been applied.
        """
        if self.engine is not None:
            rename(cast(Forgetful, self.engine), tombstone_by_viewer)
        self.views.rename(tombstone_by_viewer)
        self.consents.forget(tombstone_by_viewer)
        self.decider.forget(tombstone_by_viewer)

    # -- a change that comes: nothing of this has an effect by itself

    def check_facts(self, facts: Facts) -> None:
        """Refuse facts that could not be taken: written to the log, they would stop everything.

        Raises: InputError.
        """
        check_facts(cast(Reader, self._engine()), facts, self.clock)  # a core is one

    def prepare(self, definitions: Sequence[Definition]) -> None:
        """Lay out the rows for definitions that will be changed to, beside the running engine.

        Raises: DefinitionError when one of them cannot be used.
        """
        chosen = tuple(definitions)
        self._edit = chosen, self._engine().prepare(chosen)

    def step(self, rows: int) -> int:
        """Lay out so many more of them; how many are left."""
        return 0 if self._edit is None else int(self._edit[1].step(rows))

    def read_ahead(self, messages: Sequence[Message]) -> None:
        """Messages that the next backfill will read, so that it need not wait for the disk."""
        self._read = list(messages)

    def _make_views(self) -> None:
        self.views = RoomViews(
            self.lingering(self.definitions), products=self.products, currency=self.currency
        )

    # -- start again

    def recover(
        self,
        log: Log,
        snapshots: Snapshots,
        *,
        tell: Tell = nobody,
        alone_below: int = 0,
        advance: Callable[[int, int], None] = lambda _done, _total: None,
        anew: Anew | None = None,
    ) -> list[Body]:
        """The state after the last message of the log: the newest snapshot and a replay.

        A snapshot of another version of the program is passed over, if the log is whole.

        Args:
            tell: told what was applied. Messages of events of one second may be told as one, with
                the offset of the last of them and the number of its own message in each row.
            alone_below: messages below this offset are applied one by one.
            anew: what holds at the first message that is kept, where no state is known there.

        Returns: what the replay found about rooms or decided and the log does not have, to be
            appended.
        Raises: InputError when log and snapshot do not fit together.
        """
        self.log = log
        kept = snapshots.newest()
        if kept is not None:
            try:
                self._restore(kept, log)
            except SnapshotProblem as problem:
                self.unread, self.facts_hash = problem, None
        if self.engine is None and log.first_offset > self.offset:
            if anew is None:
                raise unknown_beginning(log.first_offset, self.unread)
            self.offset, self.products = log.first_offset, tuple(anew.products)
            self._change(anew.definitions, self.clock)
        return self.follow(tell=tell, alone_below=alone_below, advance=advance)

    def follow(
        self,
        *,
        tell: Tell = nobody,
        alone_below: int = 0,
        advance: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> list[Body]:
        """Apply what the log has beyond this state; see `recover`."""
        assert self.log is not None  # noqa: S101 — `recover` came first
        log, first = self.log, self.offset
        logged: list[RoomFact] = []
        decided: list[Decision] = []
        for message in log.read(first):
            if isinstance(message.body, RoomFacts):
                logged += [fact for fact in message.body.facts if fact.second >= self.clock]
            elif isinstance(message.body, Decided):
                decided += message.body.decisions
        self.decider.read(decided)
        self.logged_through = max((fact.second for fact in logged), default=-1)
        found: list[Body] = []
        pending: list[Message] = []
        is_told = self.engine is None
        if self.engine is not None:
            self.engine.read_room_facts(logged)
        for message in log.read(first):
            is_alone = message.offset < alone_below
            if isinstance(message.body, Events) and _fits(pending, message) and not is_alone:
                pending.append(message)
                continue
            found += self._replayed(pending, tell)
            pending = [message] if isinstance(message.body, Events) and not is_alone else []
            if not pending:
                applied = self.apply(message)
                tell(message, applied)
                found += applied.unlogged
            if is_told and self.engine is not None:
                self.engine.read_room_facts(logged)
                is_told = False
            advance(message.offset - first, log.next_offset - first)
        found += self._replayed(pending, tell)
        advance(1, 1)
        return found

    def _replayed(self, messages: Sequence[Message], tell: Tell) -> list[Body]:
        """Several messages of events in one call."""
        if not messages:
            return []
        if messages[0].offset != self.offset:
            raise InputError(f"the log has no message {self.offset}")
        engine, last = self._engine(), messages[-1]
        boards = self._second_over(last.clock)
        before = self._turns(last.clock)
        batch = concat([one.body.batch for one in messages if isinstance(one.body, Events)])
        firings = engine.run(batch)
        begin = 0
        for one in messages:
            end = begin + len(one.body.batch) if isinstance(one.body, Events) else begin
            self.tail.note(one.offset, one.clock, engine.outcomes[begin:end])
            begin = end
        self.offset, self.clock = last.offset + 1, max(self.clock, last.clock)
        applied = _together(before, self._seen(batch, engine.outcomes, firings, boards))
        tell(Message(last.offset, last.clock, Events(batch)), applied)
        return applied.unlogged

    def _restore(self, kept: Kept, log: Log) -> None:
        if not log.first_offset <= kept.offset <= log.next_offset:
            raise InputError(
                f"the newest snapshot is of offset {kept.offset}, but the log has"
                f" {log.first_offset} to {log.next_offset}: they are not of one installation"
            )
        document: dict[str, Any] = json.loads(kept.views)
        self.facts_hash = document["facts"]
        facts = None if self.facts_hash is None else self.facts(self.facts_hash)
        self.engine = self.maker.restored(kept.engine, facts)
        self.definitions = tuple(self.engine.definitions)
        self.products = tuple(self.engine.products)
        self._make_views()
        self.views.restore(document["rooms"])
        self.views.show(map(self.engine.board, self.engine.open_rooms()))
        self.sources.restore(document["sources"])
        self.tail = Tail.restored(document.get("tail", ()))  # older ones have none
        if "consents" in document:
            self.consents.restore(document["consents"])
        if "deciding" in document:
            self.decider.restore(document["deciding"])
        self.offset, self.clock = kept.offset, kept.clock

    def snapshot(self) -> Kept | None:
        """Everything, as of now; None before there is anything.

        Cost: O(state); events wait while it is taken.
        """
        if self.engine is None:
            return None
        document = {
            "facts": self.facts_hash,
            "rooms": self.views.snapshot(),
            "sources": self.sources.snapshot(),
            "tail": self.tail.snapshot(),
            "consents": self.consents.snapshot(),
            "deciding": self.decider.snapshot(),
        }
        views = json.dumps(document, ensure_ascii=False).encode()
        return Kept(self.offset, self.clock, views, self.engine.snapshot())


def _together(before: Sequence[Applied], last: Applied) -> Applied:
    """What a message brought, with what came before it at the begin of its second."""
    if not before:
        return last
    told = [*before, last]
    return replace(
        last,
        firings=[firing for one in told for firing in one.firings],
        found=tuple(fact for one in told for fact in one.found),
        decisions=tuple(decision for one in told for decision in one.decisions),
    )


def _fits(pending: Sequence[Message], message: Message) -> bool:
    """Whether a message can be applied in one call with these: the firings are the same."""
    if not pending:
        return True
    rows = sum(len(one.body.batch) for one in pending if isinstance(one.body, Events))
    is_near = message.clock // SECOND_MS == pending[0].clock // SECOND_MS
    return is_near and isinstance(message.body, Events) and rows < REPLAY_ROWS
