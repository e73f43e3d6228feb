"""What the runtime asks of the engine, so that it can be driven, replaced and faked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from qianmian.columns.batch import EventBatch, UInt8
from qianmian.columns.facts import Facts
from qianmian.engine.room_facts import RoomFact
from qianmian.language.definition import Definition
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.product import Product

ACCEPTED, DUPLICATE, LATE, REFUSED = range(4)
"""What became of a row: the values of `Engine.outcomes`."""


class Engine(Protocol):
    """The pure core: events and clocks in, firings out."""

    @property
    def outcomes(self) -> UInt8:
        """What became of each row of the last batch."""

    def run(self, batch: EventBatch) -> list[Firing]:
        """Apply the events in the order of their clocks."""

    def advance(self, clock_ms: int) -> list[Firing]:
        """A tick: the clock has come to this instant."""

    def finish(self, clock_ms: int) -> list[Firing]:
        """The end of a file: whatever is due by this clock fires."""

    def change(self, definitions: Sequence[Definition], clock_ms: int) -> list[Firing] | None:
        """Replace the definitions."""

    def take_facts(self, facts: Facts, clock_ms: int) -> list[Firing]:
        """What history knows is known from this clock on."""

    def backfill(
        self, tail: EventBatch, outcomes: UInt8, *, since_ms: int, clock_ms: int
    ) -> list[Firing]:
        """New definitions count as if they had been there since the beginning of the tail."""

    @property
    def room_facts(self) -> list[RoomFact]:
        """What the last call found about rooms, for the log."""

    def read_room_facts(self, facts: Iterable[RoomFact]) -> None:
        """What was logged about rooms, before it is computed again."""

    def snapshot(self) -> bytes:
        """All of the state."""


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


Advance = Callable[[int, int], None]
"""Told (done, total) while something long goes on."""


def ignored(_done: int, _total: int) -> None:
    """An `Advance` for those who do not watch."""
