"""Log messages and their bytes: everything that the state of the engine is a function of.

A message has an offset (its number in the log, without gaps), a clock and a body. Bodies that are
not events are JSON; events are one Arrow IPC stream with one record batch. The kinds are
append-only: their numbers are in the segments of every installation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from qianmian.columns.arrow import from_arrow, to_arrow
from qianmian.columns.batch import EventBatch
from qianmian.engine.room_facts import RoomFact
from qianmian.errors import InputError
from qianmian.language.codec import definition_document, read_definition
from qianmian.language.definition import Definition
from qianmian.strategies.strategy import Strategies
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.product import Product

NUMBER_FIELD: Final = "message"
"""The column of an event batch that holds the offset of the message."""


@dataclass(frozen=True, slots=True)
class Events:
    """Canonical events that arrived together; the clock of each row is that of the message."""

    batch: EventBatch


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing happened until this clock: silence is in the log, too."""


@dataclass(frozen=True, slots=True)
class DefinitionsChanged:
    """All definitions that hold from this clock on."""

    definitions: tuple[Definition, ...]


@dataclass(frozen=True, slots=True)
class Backfilled:
    """New definitions count since `since_ms`: they read the events of a range of offsets.

    Units: since_ms in ms UTC; both offsets belong to the range.
    """

    since_ms: int
    first_offset: int
    last_offset: int


@dataclass(frozen=True, slots=True)
class FactsNamed:
    """The build of facts with this digest is known from this clock on."""

    digest: str


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """What the seconds that have passed found about rooms."""

    facts: tuple[RoomFact, ...]


@dataclass(frozen=True, slots=True)
class Catalog:
    """What the shop sells, as of this clock."""

    products: tuple[Product, ...]


@dataclass(frozen=True, slots=True)
class Erased:
    """Persons have been erased: whoever bears these tombstones leaves every room."""

    tombstones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StrategiesChanged:
    """Everything that decides from this clock on."""

    strategies: Strategies


@dataclass(frozen=True, slots=True)
class Decided:
    """What the shop decided: nothing is sent before this is durable."""

    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of decisions that held something: spent for good, or given back.

    Attributes:
        unseen: of those given back, whose code was shown to nobody.
    """

    delivered: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


Body = (
    Events
    | Tick
    | DefinitionsChanged
    | Backfilled
    | FactsNamed
    | RoomFacts
    | Catalog
    | Erased
    | StrategiesChanged
    | Decided
    | Settled
)


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the log.

    Units: clock in ms UTC.
    """

    offset: int
    clock: int
    body: Body


EVENTS, TICK, DEFINITIONS, BACKFILLED, FACTS, ROOM_FACTS, CATALOG, ERASED = range(1, 9)
STRATEGIES, DECIDED, SETTLED = range(9, 12)

_DOCUMENTS: Final[dict[int, Any]] = {
    BACKFILLED: Backfilled,
    FACTS: FactsNamed,
    CATALOG: Catalog,
    ERASED: Erased,
    STRATEGIES: StrategiesChanged,
    DECIDED: Decided,
    SETTLED: Settled,
}
_KINDS: Final[dict[type, int]] = {body: kind for kind, body in _DOCUMENTS.items()}


def encoded(body: Body) -> tuple[int, bytes | pa.Buffer]:
    """The kind and the bytes of a body.

    The numbers of the messages are left out of the events: a message knows its offset.

    Cost: for events O(n) in Arrow, and one Python object per distinct string.
    """
    match body:
        case Events(batch):
            return EVENTS, _event_bytes(batch)
        case Tick():
            return TICK, b""
        case DefinitionsChanged(definitions):
            documents = [definition_document(one) for one in definitions]
            return DEFINITIONS, msgspec.json.encode(documents)
        case RoomFacts(facts):
            return ROOM_FACTS, msgspec.json.encode(facts)
        case document:
            return _KINDS[type(document)], msgspec.json.encode(document)


def decoded(kind: int, data: bytes | pa.Buffer, *, offset: int = 0) -> Body:
    """The body of these bytes; rows of events get `offset` as the number of their message.

    The arrays of events may share memory with `data` and are then read-only.

    Raises: InputError for a kind that this release does not know, or bytes that are not its form;
        DefinitionError for a definition that it cannot read.
    """
    if kind == TICK:
        return Tick()
    try:
        if kind == EVENTS:
            return Events(_event_batch(data, offset))
        if kind == DEFINITIONS:
            documents = msgspec.json.decode(memoryview(data))
            return DefinitionsChanged(tuple(read_definition(one) for one in documents))
        if kind == ROOM_FACTS:
            facts = msgspec.json.decode(memoryview(data), type=tuple[RoomFact, ...])
            return RoomFacts(facts)
        if kind in _DOCUMENTS:
            body: Body = msgspec.json.decode(memoryview(data), type=_DOCUMENTS[kind])
            return body
    except (pa.ArrowException, OSError, msgspec.MsgspecError, TypeError) as problem:
        raise InputError(f"the body of a message cannot be read: {problem}") from problem
    raise InputError(f"there is no kind {kind} of message; was it written by a newer release?")


def _event_bytes(batch: EventBatch) -> pa.Buffer:
    numbers = {name: column for name, column in batch.numbers.items() if name != NUMBER_FIELD}
    record = to_arrow(
        EventBatch(
            batch.clock,
            batch.event_time,
            batch.type,
            batch.strings,
            numbers,
            batch.items,
            batch.traits,
        )
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, record.schema) as writer:
        writer.write_batch(record)
    return sink.getvalue()


def _event_batch(data: bytes | pa.Buffer, offset: int) -> EventBatch:
    with pa.ipc.open_stream(data) as reader:
        batch = from_arrow(reader.read_next_batch())
    batch.numbers[NUMBER_FIELD] = np.full(len(batch), offset, np.int64)
    return batch
