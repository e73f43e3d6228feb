"""Wiring: the only place that knows concrete classes and hands them to those that need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import qianmian.connectors.catalog
from qianmian.bootstrap.catalogs import active_definitions, builtin_definitions, load_moments
from qianmian.columns.facts import Facts
from qianmian.connectors.format import Format, FormatOptions, OpenedFile, open_file
from qianmian.engine.core import Core
from qianmian.errors import DefinitionError
from qianmian.language.definition import Definition
from qianmian.language.fact_columns import FactNeeds, needs_of
from qianmian.learning.danmaku import TextClassifier
from qianmian.learning.lexicon import Lexicon
from qianmian.registry import Registry, load_catalog
from qianmian.runtime.definitions import DefinitionFile, checked_definitions
from qianmian.runtime.flips import Sample, counted, flips_per_minute, sample_of
from qianmian.runtime.hesitating import Lingering, lingering_of
from qianmian.runtime.ports import Advance, ignored
from qianmian.runtime.recorded import Recorder
from qianmian.runtime.replay import Replayed, ReplayOptions, replay
from qianmian.runtime.vectors import VectorBench, VectorReport, check_vector
from qianmian.runtime.warming import warm
from qianmian.simulation.plan import SimulationPlan
from qianmian.simulation.script import Script
from qianmian.simulation.world import Simulation
from qianmian.vocabulary.ids import DEFAULT_NAMESPACE
from qianmian.vocabulary.product import Product
from qianmian.vocabulary.time import parse_duration


def load_formats() -> Registry[Format]:
    """The file formats that replay reads."""
    return load_catalog(qianmian.connectors.catalog, Format, noun="format")


def lingering_of_moments(definitions: Sequence[Definition]) -> dict[str, Lingering]:
    """Of these definitions, the built-in moments that say that a viewer hesitates."""
    moments = load_moments()
    found = {}
    for definition in definitions:
        moment = moments.get(definition.key)
        if moment is not None and moment.lingers is not None:
            found[definition.key] = lingering_of(
                definition,
                moment.lingers.until,
                on_page=moment.lingers.on_page,
                at_most_ms=parse_duration(moment.lingers.at_most),
            )
    return found


def load_classifier() -> TextClassifier:
    """The text classes of danmaku, by the lexicon that comes with the product."""
    file = resources.files("qianmian.learning").joinpath("data", "danmaku_lexicon.json")
    return TextClassifier(Lexicon.from_json(file.read_bytes()))


def simulate(plan: SimulationPlan) -> Simulation:
    """A simulated broadcast with the products and the texts that come with the product."""
    file = resources.files("qianmian.simulation").joinpath("data", "script.json")
    return Simulation(plan, Script.from_json(file.read_bytes()))


def demo_file() -> Path:
    """The recorded sessions that come with the product (OTTO, MIT; SOURCE.md is beside them)."""
    return Path(str(resources.files("qianmian.connectors").joinpath("data", "demo", "train.jsonl")))


def open_recording(path: Path, name: str | None, *, mapping: Path | None = None) -> OpenedFile:
    """A file to replay, in the named format or in the one that its first bytes give away.

    Raises: InputError when it cannot be read; UnknownName for a format there is not.
    """
    return open_file(path, load_formats(), name, FormatOptions(mapping=mapping))


@dataclass(frozen=True, slots=True)
class Cores:
    """Makes engines: the `EngineMaker` of the product.

    Attributes:
        namespace: of viewer ids; part of the identity of every firing.
    """

    namespace: str = DEFAULT_NAMESPACE

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
    ) -> Core:
        """An empty engine with memory for so many viewers."""
        return Core(
            definitions,
            products=products,
            lateness_ms=lateness_ms,
            shards=shards,
            presence=presence,
            session_timeout=session_timeout,
            daily=daily,
            viewers=viewers,
            namespace=self.namespace,
        )

    def restored(self, snapshot: bytes, facts: Facts | None = None) -> Core:
        """The engine that a snapshot was taken of, with the facts that it names."""
        return Core.restore(snapshot, facts)


def replay_file(
    recording: OpenedFile,
    definitions: Sequence[Definition],
    options: ReplayOptions,
    *,
    shards: int,
    on_read: Advance,
    on_run: Advance,
) -> Replayed:
    """Replay a file through a new engine.

    Raises: InputError when the file cannot be read.
    """
    engine = Cores().new(
        definitions, shards=shards, presence=recording.presence, session_timeout=False
    )
    recorder = Recorder(load_classifier().classify_many)
    return replay(recording, recorder, engine, definitions, options, on_read=on_read, on_run=on_run)


def warm_up(definitions: Sequence[Definition]) -> None:
    """Run the packaged sessions and one of everything else: all that is compiled is then cached."""
    warm(Cores(), definitions)
    replay_file(
        open_recording(demo_file(), None),
        definitions,
        ReplayOptions(),
        shards=1,
        on_read=ignored,
        on_run=ignored,
    )


def check_vectors(paths: Sequence[Path], advance: Advance) -> VectorReport:
    """Run vectors of the semantics through the engine."""
    classifier = load_classifier()
    bench = VectorBench(Cores(), classifier.classify)
    report = VectorReport()
    for done, path in enumerate(paths, 1):
        failure = check_vector(path, bench)
        if failure is None:
            report.passed += 1
        else:
            report.failures.append(failure)
        advance(done, len(paths))
    return report


def check_definition_file(file: DefinitionFile) -> tuple[list[Definition], list[DefinitionError]]:
    """Every definition of a file that can be used, and the problems of the others."""
    good, problems = checked_definitions(file.definitions)
    for key, numbers in file.parameters.items():
        try:
            good += builtin_definitions({key: numbers})[key]
        except DefinitionError as exc:
            exc.params["key"] = key
            problems.append(exc)
    if good and not problems:
        try:
            held = active_definitions(file)  # they may name each other, and built-in ones
            Core(held)
            by_place = {(one.kind, one.key): one for one in held}
            good = [by_place.get((one.kind, one.key), one) for one in good]
        except DefinitionError as exc:
            problems.append(exc)
    return good, problems


@dataclass(frozen=True, slots=True)
class Cost:
    """What definitions cost: bytes of a viewer's row, instructions and look-ups, facts to build."""

    bytes_per_viewer: int
    instructions: int
    facts: FactNeeds


def cost_of(definitions: Sequence[Definition]) -> Cost:
    """The cost of these definitions together; parts that they share count once."""
    tables = Core(definitions).plan.fresh_tables()
    needs = needs_of(one.expr for one in definitions)
    return Cost(tables.TEMPLATE.nbytes, len(tables.INS) + len(tables.NODE), needs)


@dataclass(frozen=True, slots=True)
class MeasuredFlips:
    """Flips a minute of each definition, in their order, and the log they were measured on."""

    sample: Sample
    per_minute: tuple[float | None, ...]


def measure_flips(
    definitions: Sequence[Definition],
    path: Path | None,
    format_name: str | None = None,
    mapping: Path | None = None,
) -> MeasuredFlips:
    """Replay a log, by default the packaged sessions, and count how often definitions flip.

    Raises: InputError when the log cannot be read.
    """
    file = demo_file() if path is None else path
    replayed = replay_file(
        open_recording(file, format_name, mapping=mapping),
        counted(definitions),
        ReplayOptions(),
        shards=1,
        on_read=ignored,
        on_run=ignored,
    )
    sample = sample_of(replayed, file.name)
    return MeasuredFlips(sample, tuple(flips_per_minute(definitions, replayed, sample)))
