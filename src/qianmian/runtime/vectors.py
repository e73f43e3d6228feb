"""Vectors of the semantics: a definition, a timeline, and exactly what must come of it.

A vector is one JSON document (schema: `schemas/vectors.schema.json`):

    {"name", "lateness"?, "zone"?, "definitions": [{"key", "text"}], "catalog": [product],
     "daily"?: [segment], "timeline": [{"at", "event": {…}} | {"at", "do": "restart" | …}],
     "expected": [firing]}

`at` is the arrival, ms from 0; each item is a log message of its own. `expected` is compared as a
whole, in output order, with the evidence. A document that cannot be run is a failure that says why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from qianmian.columns.batch import EventBatch, UInt8, concat
from qianmian.columns.facts import Facts, ViewerFacts, facts_bytes
from qianmian.engine.room_facts import RoomFact
from qianmian.errors import InputError, QianmianError
from qianmian.language.ast import Field, Hour, Node
from qianmian.language.definition import Definition
from qianmian.language.settle import settled
from qianmian.learning.danmaku import CLASSES
from qianmian.runtime.definitions import Written
from qianmian.runtime.evidence import Explainer
from qianmian.runtime.ports import ACCEPTED, Engine, EngineMaker
from qianmian.vocabulary.decode import canonical
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.product import Product, product_of
from qianmian.vocabulary.rejected import Rejected

DEFAULT_LATENESS_MS = 5_000
FOUND = frozenset({"classes", "verified"})  # what an event of a vector may state beside its fields
Row = dict[str, Any]


class GivenViewer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What facts say of one viewer; `days` of a column by how many days before the boundary."""

    viewer: str
    first_seen: int | None = None
    last_seen: int | None = None
    traits: dict[str, str | int | float | bool] = {}
    scores: dict[str, float] = {}
    segments: list[str] = []
    days: dict[str, dict[int, int]] = {}

    def facts(self) -> ViewerFacts:
        """The same, as a file of facts takes it."""
        return ViewerFacts(
            self.viewer, self.first_seen, self.last_seen, self.traits, self.scores,
            frozenset(self.segments), self.days,
        )  # fmt: skip


class GivenFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A build of facts as a vector writes it."""

    boundary: int
    columns: list[str] = []
    viewers: list[GivenViewer] = []

    def facts(self) -> Facts:
        """The build, through its file.

        Raises: InputError.
        """
        viewers = [one.facts() for one in self.viewers]
        data = facts_bytes(
            viewers,
            boundary_ms=self.boundary,
            columns=self.columns,
            scores={key for one in viewers for key in one.scores},
            segments={key for one in viewers for key in one.segments},
        )
        return Facts(data)


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One item of a timeline."""

    at: int
    event: Row | None = None
    do: str | None = None
    room: str | None = None
    definition: Written | None = None
    anonymous_id: str | None = None
    viewer: str | None = None
    facts: GivenFacts | None = None
    since: int | None = None
    second: int | None = None
    name: str | None = None
    value: int | None = None
    key: str | None = None

    def room_fact(self) -> RoomFact:
        """The message `room_fact` of this item.

        Raises: InputError when a part of it is missing.
        """
        if self.second is None or self.room is None or self.name is None or self.value is None:
            raise InputError("a room_fact has a second, a room, a name and a value")
        return RoomFact(self.second, self.room, self.name, self.value, self.key)


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One firing as a vector writes it."""

    at: int
    viewer: str | None
    room: str
    moment: str
    because: list[str]
    key: str | None = None


class Vector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole document."""

    name: str
    definitions: list[Written]
    timeline: list[Step]
    expected: list[Expected]
    catalog: list[Row] = []
    daily: list[str] = []
    lateness_ms: int = msgspec.field(default=DEFAULT_LATENESS_MS, name="lateness")
    zone: str = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class VectorFailure:
    """Why a vector does not hold. `place` is the index of the first firing that differs."""

    file: str
    name: str
    reason: str
    place: int | None = None
    expected: object = None
    got: object = None


@dataclass(slots=True)
class VectorReport:
    """What a run over many vectors found."""

    passed: int = 0
    failures: list[VectorFailure] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class VectorBench:
    """What vectors are run with: engines, and the text classes of a comment."""

    engines: EngineMaker
    classify: Callable[[str], int]


def find_vectors(paths: Sequence[Path]) -> list[Path]:
    """The files named, and those in the folders named, in order.

    Raises: InputError when a path is not there or a folder holds none.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.rglob("*.json"))
            if not inside:
                raise InputError(f"there is no vector (*.json) in {path}", path=str(path))
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise InputError(f"there is no file {path}; check the path", path=str(path))
    return found


def check_vector(path: Path, bench: VectorBench) -> VectorFailure | None:
    """Run one vector; None when it holds."""
    try:
        vector = msgspec.json.decode(path.read_bytes(), type=Vector)
    except (OSError, msgspec.MsgspecError) as exc:
        return VectorFailure(path.name, path.stem, f"not a vector: {exc}")
    try:
        got = run_vector(vector, bench)
    except QianmianError as exc:
        return VectorFailure(path.name, vector.name, f"cannot be run: {exc.message}")
    return _difference(path.name, vector, got)


def run_vector(vector: Vector, bench: VectorBench) -> list[Expected]:
    """What the engine makes of a timeline.

    Raises: QianmianError when a definition, a product or an event cannot be used.
    """
    run = _Run(vector, bench)
    for place, step in enumerate(vector.timeline):
        run.take(place, step)
    return run.finish()


class _Run:
    """One vector on its way through the engine."""

    def __init__(self, vector: Vector, bench: VectorBench) -> None:
        self._bench = bench
        self._zone = vector.zone
        self._written = {one.key: one for one in vector.definitions}
        self._definitions = self._settled()
        lateness_ms = vector.lateness_ms
        products = [_product(raw) for raw in vector.catalog]
        self._engine: Engine = bench.engines.new(
            list(self._definitions.values()),
            products=products,
            lateness_ms=lateness_ms,
            daily=vector.daily,
        )
        steps = [step for step in vector.timeline if step.do == "room_fact"]
        self._engine.read_room_facts([step.room_fact() for step in steps])
        self._room_facts: list[RoomFact] = []
        self._tail: list[tuple[EventBatch, UInt8]] = []
        self._facts: Facts | None = None
        self._explainer = Explainer(products=products, lateness_ms=lateness_ms)
        self._rows: list[Row] = []
        self._found: list[tuple[Firing, tuple[str, ...]]] = []
        self._clock = 0
        self._counted_from: dict[str, int] = {}

    def take(self, place: int, step: Step) -> None:
        """Apply one item of the timeline."""
        if step.at < self._clock:
            raise InputError(f"timeline[{place}]: at goes back from {self._clock} to {step.at}")
        self._clock = step.at
        if step.event is not None:
            self._run(place, step.event)
        elif step.do in ("tick", "room_fact"):
            self._note(self._engine.advance(step.at))
        elif step.do == "restart":
            snapshot = self._engine.snapshot()
            self._engine = self._bench.engines.restored(snapshot, self._facts)
        elif step.do == "facts" and step.facts is not None:
            facts = step.facts.facts()
            self._note(self._engine.take_facts(facts, step.at))
            self._facts = facts
        elif step.do == "session_end":
            self._run(place, {"type": "session_ended", "room": step.room})
        elif step.do == "merge":
            link = {"anonymous_id": step.anonymous_id, "viewer": step.viewer}
            self._run(place, {"type": "identity_linked", **link})
        elif step.do == "backfilled" and step.since is not None:
            self._note(self._backfill(step.since, step.at))
        elif step.do == "edit" and step.definition is not None:
            self._edit(step.definition)
            definitions = list(self._definitions.values())
            self._note(self._engine.change(definitions, step.at) or [])
        else:
            raise InputError(f"timeline[{place}] is neither an event nor something to do")

    def finish(self) -> list[Expected]:
        """Everything that fired, in output order."""
        self._note(self._engine.finish(self._clock))
        self._found.sort(key=lambda pair: pair[0].order)
        return [
            Expected(f.at, f.viewer, f.room, f.moment, list(because), f.key)
            for f, because in self._found
        ]

    def _settled(self) -> dict[str, Definition]:
        found = settled([one.definition() for one in self._written.values()], self._zone)
        return {one.key: one for one in found}

    def _edit(self, written: Written) -> None:
        """With a tag whose number others compare, these change, too."""
        self._written[written.key] = written
        before, self._definitions = self._definitions, self._settled()
        for key, changed in self._definitions.items():
            old = before.get(key)
            if old is not None and not differ_in_numbers_only(old.expr, changed.expr):
                self._counted_from[key] = self._clock

    def _run(self, place: int, event: Row) -> None:
        row = self._canonical(place, event)
        batch = EventBatch.from_rows([row], first_message=place)
        firings = self._engine.run(batch)
        self._tail.append((batch, self._engine.outcomes.copy()))
        if self._engine.outcomes[0] == ACCEPTED:
            self._rows.append(row)
        self._note(firings)

    def _backfill(self, since: int, at: int) -> Sequence[Firing]:
        """The tail as the log kept it, with what became of each row."""
        kept = [one for one in self._tail if one[0].clock[0] >= since]
        outcomes = np.array([int(told[0]) for _, told in kept], np.uint8)
        batch = concat([batch for batch, _ in kept])
        firings = self._engine.backfill(batch, outcomes, since_ms=since, clock_ms=at)
        self._counted_from = {key: min(since, edited) for key, edited in self._counted_from.items()}
        return firings

    def _canonical(self, place: int, event: Row) -> Row:
        """The row of an event; its text classes are those it names, else those of its text."""
        given = {name: value for name, value in event.items() if name not in FOUND}
        row = canonical(given, arrival=self._clock)
        if isinstance(row, Rejected):
            raise InputError(f"timeline[{place}]: {row.detail}")
        if "classes" in event:
            row["classes"] = sum(1 << CLASSES[name] for name in event["classes"])
        elif "text" in row:
            row["classes"] = self._bench.classify(row["text"])
        if "verified" in event:
            row["verified"] = event["verified"]
        return row

    def _note(self, firings: Sequence[Firing]) -> None:
        self._room_facts += self._engine.room_facts
        for firing in firings:
            because = self._explainer.evidence(
                firing,
                self._definitions,
                self._rows,
                counted_from=self._counted_from.get(firing.moment, 0),
                facts=self._facts,
                room_facts=self._room_facts,
            )
            self._found.append((firing, because))


def differ_in_numbers_only(one: Node, other: Node) -> bool:
    """Whether two expressions keep the same lists; a number in `where` decides what was kept."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Field | Hour):
        return one == other
    for name in (known.name for known in fields(one)):
        left, right = getattr(one, name), getattr(other, name)
        if isinstance(left, Node) and isinstance(right, Node):
            if not differ_in_numbers_only(left, right):
                return False
        elif isinstance(left, tuple) and any(isinstance(part, Node) for part in left):
            if len(left) != len(right) or not all(map(differ_in_numbers_only, left, right)):
                return False
        elif type(left) is not type(right) or (not isinstance(left, int) and left != right):
            return False
    return True


def _product(raw: Row) -> Product:
    product = product_of(raw)
    if isinstance(product, Rejected):
        raise InputError(f"catalog: {product.detail}")
    return product


def _difference(file: str, vector: Vector, got: list[Expected]) -> VectorFailure | None:
    """The first firing that differs."""
    for place, (wanted, found) in enumerate(zip(vector.expected, got, strict=False)):
        if wanted != found:
            names = [name for name in wanted.__struct_fields__ if _differ(name, wanted, found)]
            reason = f"firing {place} differs in {', '.join(names)}"
            return VectorFailure(file, vector.name, reason, place, _plain(wanted), _plain(found))
    place = min(len(vector.expected), len(got))
    if len(got) > place:
        return VectorFailure(
            file,
            vector.name,
            f"{len(got) - place} firing(s) too many",
            place,
            None,
            _plain(got[place]),
        )
    if len(vector.expected) > place:
        missing = len(vector.expected) - place
        return VectorFailure(
            file,
            vector.name,
            f"{missing} firing(s) missing",
            place,
            _plain(vector.expected[place]),
        )
    return None


def _differ(name: str, wanted: Expected, found: Expected) -> bool:
    return bool(getattr(wanted, name) != getattr(found, name))


def _plain(firing: Expected) -> object:
    return msgspec.to_builtins(firing)
