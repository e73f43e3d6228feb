"""From bodies as they arrive to what fires: four ways of writing the same events, and a partner.

The partner is what a competent team would write around the plain engine: msgspec to dictionaries,
names interned in dictionaries, predicates compiled to closures. Everybody but Segment fires the
same, checked by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from statistics import median
from time import process_time
from typing import Any

import msgspec
import pyarrow as pa

from benchmarks.plain_engine import PlainEngine
from benchmarks.plain_row import Event
from qianmian.bootstrap import load_classifier
from qianmian.columns.batch import MISSING, EventBatch
from qianmian.connectors.bodies import read_arrow, read_columns, read_rows
from qianmian.connectors.settling import Decoded, Post
from qianmian.engine.core import MINUTE_MS, Core
from qianmian.engine.predicates import compare
from qianmian.language import ast
from qianmian.language.definition import Definition
from qianmian.runtime.bench import BenchRow
from qianmian.runtime.sources import Source
from qianmian.server.ingest.decoding import DecodeContext
from qianmian.server.ingest.segment import BATCH_ROUTE, DECODERS
from qianmian.server.viewer_tokens import AnonymousIds
from qianmian.vocabulary.events import CODE_BY_NAME

COMPUTED = ("clock", "message", "classes")  # by the server, never sent
SENT_AT_ONCE = 2_500  # the most calls that Segment puts into a body
OTHER_WORDS = frozenset({"Segment bodies"})
"""Ways that say something else: an identify names no room, so it starts no visit."""
Row = dict[str, Any]
Fired = set[tuple[int, str, str, str, str | None]]
Test = Callable[[Row], bool]


def sent_rows(batch: EventBatch) -> list[Row]:
    """The events as a client sends them."""
    rows = []
    for row in batch.to_rows():
        sent = {name: value for name, value in row.items() if name not in COMPUTED}
        if "visible" in sent:
            sent["visible"] = bool(sent["visible"])
        if sent["type"] == "comment_sent":
            sent["text"] = "666"
        rows.append(sent)
    return rows


def columns_body(rows: list[Row]) -> bytes:
    """JSON columns: what repeats is sent once."""
    columns: dict[str, Any] = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row.get(name) for row in rows]
        known = dict.fromkeys(value for value in values if isinstance(value, str))
        if known and 2 * len(known) < len(rows):
            code_by_value: dict[Any, int] = {value: code for code, value in enumerate(known)}
            codes = [code_by_value.get(value) for value in values]
            columns[name] = {"values": list(known), "codes": codes}
        else:
            columns[name] = values
    return msgspec.json.encode({"columns": columns})


def arrow_body(rows: list[Row]) -> bytes:
    """An Arrow stream with dictionaries."""
    arrays = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row.get(name) for row in rows]
        if name == "traits":
            values = [None if v is None else msgspec.json.encode(v).decode() for v in values]
        array = pa.array(values)
        arrays[name] = array.dictionary_encode() if array.type == pa.string() else array
    record = pa.RecordBatch.from_pydict(arrays)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, record.schema) as writer:
        writer.write_batch(record)
    body: bytes = sink.getvalue().to_pybytes()
    return body


def segment_body(rows: list[Row]) -> bytes:
    """The calls that a Segment library would send."""
    calls = []
    for row in rows:
        properties = {k: v for k, v in row.items() if k in _PROPERTIES}
        if "amount" in row:
            properties |= {"amount": row["amount"] / 100, "currency": "CNY"}
        call = {
            "type": "track",
            "messageId": row.get("message_id") or f"{row['stream']}-{row['seq']}",
            "userId": row["viewer"],
            "context": {"room": row["room"], "library": {"name": "analytics.js", "version": "2"}},
        }
        if "event_time" in row:
            at = datetime.fromtimestamp(row["event_time"] / 1_000, UTC)
            call["timestamp"] = at.isoformat(timespec="milliseconds")
        if "traits" in row:
            calls.append(call | {"type": "identify", "traits": row["traits"]})
        else:
            calls.append(call | {"event": row["type"], "properties": properties})
    return msgspec.json.encode({"batch": calls})


_PROPERTIES = frozenset({"product", "category", "order_id", "visible", "text"})


class PlainReader:
    """JSON rows to the events of the plain engine."""

    def __init__(self, core: Core, base_ms: int) -> None:
        layout = core.plan.layout
        self.base_ms = base_ms
        self.viewers: dict[str, int] = {}
        self.rooms: dict[str, int] = {}
        self.products: dict[str, int] = {}
        self.categories: dict[str, int] = {}
        self.filters = [(1 << k, _test_of(where)) for k, where in enumerate(layout.program.filters)]
        by_place = {place: bit for bit, place in layout.bit_of.items()}
        self.attributes: dict[str, list[tuple[int, str, object]]] = {}
        for place, name, cmp, wanted in core.plan.attribute_bits:
            self.attributes.setdefault(name, []).append((1 << by_place[place], cmp, wanted))

    def read(self, body: bytes, arrival_ms: int) -> list[Event]:
        """The events of a body in the order of their times."""
        base, clock = self.base_ms, arrival_ms - self.base_ms
        viewers, rooms = self.viewers, self.rooms
        products, categories = self.products, self.categories
        events = []
        for row in msgspec.json.decode(body):
            get = row.get
            product, category, shown = get("product"), get("category"), get("visible")
            passes = known = values = 0
            for mask, test in self.filters:
                if test(row):
                    passes |= mask
            if "traits" in row:
                known, values = self._told(row["traits"])
            event = Event(
                viewers.setdefault(row["viewer"], len(viewers)),
                rooms.setdefault(row["room"], len(rooms)),
                clock,
                min(row["event_time"], arrival_ms) - base,
                CODE_BY_NAME[row["type"]],
                -1 if product is None else products.setdefault(product, len(products)),
                -1 if category is None else categories.setdefault(category, len(categories)),
                get("amount", MISSING),
                get("idle_ms", MISSING),
                -1 if shown is None else int(shown),
                passes,
                row["seq"],
                known,
                values,
            )
            events.append(event)
        events.sort(key=_time_of)
        return events

    def _told(self, traits: Row) -> tuple[int, int]:
        known = values = 0
        for name, value in traits.items():
            for mask, cmp, wanted in self.attributes.get(name, ()):
                known |= mask
                if compare(value, cmp, wanted):
                    values |= mask
        return known, values


def _time_of(event: Event) -> int:
    return event.time


def _test_of(where: ast.Node) -> Test:
    """A predicate as a closure; the classes of texts are not sent."""
    if isinstance(where, ast.And | ast.Or):
        every, parts = (
            all if isinstance(where, ast.And) else any,
            [_test_of(p) for p in where.parts],
        )
        return lambda row: every(part(row) for part in parts)
    if isinstance(where, ast.Not):
        inner = _test_of(where.part)
        return lambda row: not inner(row)
    assert isinstance(where, ast.Field)
    name, cmp, value = where.name, where.cmp, where.value
    if cmp == "==":
        return lambda row: row.get(name) == value
    return lambda row: name in row and compare(row[name], cmp, value)


def read_segment(body: bytes, post: Post) -> Decoded:
    """As the server reads it for a source that needs no tokens."""
    classify = load_classifier().classify_many
    context = DecodeContext(
        Source("bench", "server", presence=True),
        post.arrival_ms,
        str(post.message),
        classify,
        AnonymousIds(b"b" * 32),
    )
    batch = DECODERS[BATCH_ROUTE](body, context).batch
    return Decoded(EventBatch.from_rows([]) if batch is None else batch)


def read_and_run(
    definitions: Sequence[Definition], batch: EventBatch, rounds: int, size: int
) -> Iterator[BenchRow]:
    """Rates of every way in turn, over the same events in bodies of `size`.

    Raises: AssertionError when somebody fires differently.
    """
    parts = [batch.slice(at, min(at + size, len(batch))) for at in range(0, len(batch), size)]
    arrivals = [int(part.clock[-1]) for part in parts]
    rows = [sent_rows(part) for part in parts]
    writers: dict[str, tuple[Callable[[list[Row]], bytes], Callable[[bytes, Post], Decoded]]] = {
        "Arrow stream": (arrow_body, read_arrow),
        "JSON columns": (columns_body, read_columns),
        "JSON rows": (msgspec.json.encode, read_rows),
    }
    if size <= SENT_AT_ONCE:
        writers["Segment bodies"] = (segment_body, read_segment)
    bodies = {name: [write(some) for some in rows] for name, (write, _) in writers.items()}
    partner = "msgspec, dictionaries and plain Python on JSON rows"
    rates: dict[str, list[float]] = {name: [] for name in (*writers, partner)}
    for name, (_, read) in writers.items():  # what is compiled or made once
        _run_ours(definitions, bodies[name][:2], arrivals[:2], read)
    for _ in range(rounds):
        plain, seconds = _run_plain(definitions, bodies["JSON rows"], arrivals)
        rates[partner].append(len(batch) / seconds)
        for name, (_, read) in writers.items():
            fired, seconds = _run_ours(definitions, bodies[name], arrivals, read)
            rates[name].append(len(batch) / seconds)
            if fired != plain and name not in OTHER_WORDS:
                raise AssertionError(f"{name}: {len(fired ^ plain)} firings differ")
    for name in writers:
        ratios = [mine / theirs for mine, theirs in zip(rates[name], rates[partner], strict=True)]
        yield BenchRow(
            f"decode + engine, {name}, {len(definitions)} definitions, bodies of {size:,}",
            median(rates[name]),
            "ev/s",
            baseline=f"{partner}: {median(rates[partner]):,.0f} ev/s"
            + ("" if name in OTHER_WORDS else ", equal firings"),
            ratio=median(ratios),
            spread=(max(ratios) - min(ratios)) / median(ratios),
        )


def _run_ours(
    definitions: Sequence[Definition],
    bodies: list[bytes],
    arrivals: list[int],
    read: Callable[[bytes, Post], Decoded],
) -> tuple[Fired, float]:
    core = Core(definitions)
    found = []
    started = process_time()
    for number, (body, arrival) in enumerate(zip(bodies, arrivals, strict=True)):
        decoded = read(body, Post(arrival, message=number))
        found.append(core.run(decoded.batch))
    seconds = process_time() - started
    named = {
        (one.at, str(one.viewer), one.room, one.moment, one.key) for some in found for one in some
    }
    return named, seconds


def _run_plain(
    definitions: Sequence[Definition], bodies: list[bytes], arrivals: list[int]
) -> tuple[Fired, float]:
    core = Core(definitions)
    reader = PlainReader(core, (arrivals[0] // MINUTE_MS - 10) * MINUTE_MS)
    engine = PlainEngine(core.plan.layout.program)
    started = process_time()
    for body, arrival in zip(bodies, arrivals, strict=True):
        engine.run(reader.read(body, arrival), arrival - reader.base_ms)
    seconds = process_time() - started
    viewers, rooms = list(reader.viewers), list(reader.rooms)
    keys = [
        list(reader.categories if key == "category" else reader.products)
        for key in core.plan.key_of
    ]
    named = {
        (
            at + reader.base_ms,
            viewers[viewer],
            rooms[room],
            definitions[number].key,
            None if key < 0 else keys[number][key],
        )
        for viewer, room, number, at, key in engine.fired
    }
    return named, seconds
