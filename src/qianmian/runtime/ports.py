"""What the runtime asks of the engine and of the log, so that both can be replaced and faked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from qianmian.columns.batch import EventBatch, UInt8
from qianmian.columns.facts import Facts
from qianmian.engine.board import RoomBoard
from qianmian.engine.room_facts import RoomFact
from qianmian.engine.statistics import Statistics
from qianmian.errors import QianmianError
from qianmian.language.definition import Definition
from qianmian.runtime.messages import Body, Message
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.product import Product
from qianmian.vocabulary.values import Scalar

ACCEPTED, DUPLICATE, LATE, REFUSED = range(4)
"""What became of a row: the values of `Engine.outcomes`."""


class Engine(Protocol):
    """The pure core: events and clocks in, firings out."""

    @property
    def outcomes(self) -> UInt8:
        """What became of each row of the last batch."""

    def run(self, batch: EventBatch) -> Sequence[Firing]:
        """Apply the events in the order of their clocks."""

    def advance(self, clock_ms: int) -> Sequence[Firing]:
        """A tick: the clock has come to this instant."""

    def finish(self, clock_ms: int) -> Sequence[Firing]:
        """The end of a file: whatever is due by this clock fires."""

    def change(self, definitions: Sequence[Definition], clock_ms: int) -> Sequence[Firing] | None:
        """Replace the definitions."""

    def take_facts(self, facts: Facts, clock_ms: int) -> Sequence[Firing]:
        """What history knows is known from this clock on."""

    def backfill(
        self, tail: EventBatch, outcomes: UInt8, *, since_ms: int, clock_ms: int
    ) -> Sequence[Firing]:
        """New definitions count as if they had been there since the beginning of the tail."""

    @property
    def room_facts(self) -> list[RoomFact]:
        """What the last call found about rooms, for the log."""

    def read_room_facts(self, facts: Iterable[RoomFact]) -> None:
        """What was logged about rooms, before it is computed again."""

    def snapshot(self) -> bytes:
        """All of the state."""

    def statistics(self) -> Statistics:
        """Counts since the start."""


class KnowsTraits(Protocol):
    """An engine that tells what it knows of a person."""

    def traits_of(self, viewer: str) -> dict[str, Scalar]:
        """What counts of the traits of a viewer, of facts and told live."""


class EngineMaker(Protocol):
    """Makes an engine, new or from a snapshot."""

    def new(
        self,
        definitions: Sequence[Definition],
        *,
        products: Sequence[Product] = (),
        lateness_ms: int = 5_000,
        shards: int = 1,
        presence: bool = True,
        session_timeout: bool = True,
        daily: Sequence[str] = (),
        viewers: int = 0,
    ) -> Engine:
        """An empty engine with memory for so many viewers."""

    def restored(self, snapshot: bytes, facts: Facts | None = None) -> Engine:
        """The engine that a snapshot was taken of, with the facts that it names."""


class Log(Protocol):
    """The truth: messages with offsets 0, 1, 2, … and clocks that never go back.

    One thread appends and commits; any thread may read and ask at the same time.
    """

    @property
    def first_offset(self) -> int:
        """The oldest message that is still kept."""

    @property
    def next_offset(self) -> int:
        """The offset that the next message will get; what is below it may not be durable yet."""

    @property
    def durable_offset(self) -> int:
        """Everything below it survives a power cut."""

    @property
    def last_clock(self) -> int:
        """The clock of the last message; -1 before the first."""

    def append(self, clock_ms: int, bodies: Sequence[Body]) -> int:
        """Write messages of one clock, all or none; the offset of the first one.

        Nothing may be acknowledged before `commit` has returned.

        Raises: InputError when the clock goes back, or rows of events have another clock;
            LogUnavailable when it cannot be written now, and then nothing of this call is kept
            (and where finishing a segment failed, nothing from `durable_offset` on).
        """

    def commit(self) -> None:
        """Make durable what was appended.

        Raises: LogUnavailable when that fails: everything from `durable_offset` on is then taken
            back, `next_offset` is `durable_offset` again, and its senders must send it again.
        """

    def read(self, from_offset: int, *, until: int | None = None) -> Iterator[Message]:
        """Messages from_offset <= offset < until, as far as they were durable at the call.

        Raises: InputError when `from_offset` is not in the log any more or not yet;
            LogProblem when a record is damaged.
        """

    def close(self) -> None:
        """Commit, and let another process have the log."""


class History(Protocol):
    """What the log held and brought, kept for reading; filled again by a replay where it lacks."""

    problem: QianmianError | None
    """Why it has stopped; None while it works."""

    @property
    def next_offset(self) -> int:
        """Messages below it are told again one by one after a restart."""

    def tell(
        self,
        message: Message,
        *,
        outcomes: UInt8 | None = None,
        firings: Sequence[Firing] = (),
        boards: Sequence[RoomBoard] = (),
        may_wait: bool = False,
    ) -> None:
        """What a message held and brought, in the order of the log; waits only if it may."""

    def quiet(self) -> AbstractContextManager[None]:
        """Until the block ends nothing is read of what was told: names of firings may change."""

    def close(self) -> None:
        """Write what was told, and stop.

        Raises: LogUnavailable when it cannot be written; a replay brings it back.
        """


Advance = Callable[[int, int], None]
"""Told (done, total) while something long goes on."""


def ignored(_done: int, _total: int) -> None:
    """An `Advance` for those who do not watch."""
