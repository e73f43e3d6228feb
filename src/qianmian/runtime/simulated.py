"""A simulated broadcast as files: the log that `replay` reads, and the truth beside it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from qianmian.errors import InputError
from qianmian.runtime.ports import Advance
from qianmian.simulation.marginals import Distances, Measured
from qianmian.simulation.told import Fact, in_order, told
from qianmian.simulation.world import LATE_MS, Sent, Simulation
from qianmian.vocabulary.time import MINUTE_MS

LOG_NAME = "events.jsonl"
TRUTH_NAME = "truth.json"


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    `digest` is the sha-256 of the log; `intentions` and `facts` count the truth by kind: what
    viewers meant, and what the messages show.
    """

    log: Path
    truth: Path
    events: int
    digest: str
    by_type: dict[str, int]
    lost: int
    late: int
    duplicated: int
    intentions: dict[str, int]
    facts: dict[str, int]
    distances: Distances


def write_simulation(simulation: Simulation, folder: Path, advance: Advance) -> Written:
    """Write a whole broadcast into a folder; `advance` is told minutes.

    Raises: InputError when the folder cannot be written.
    Guarantees: files of an earlier run are replaced only when the new ones are complete.
    """
    log, truth = folder / LOG_NAME, folder / TRUTH_NAME
    parts = [path.with_name(path.name + ".part") for path in (log, truth)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with parts[0].open("wb") as file:
            writer = _Writer(file)
            facts = told(in_order(writer.written(_told_minutes(simulation, advance)), LATE_MS[1]))
        parts[1].write_bytes(msgspec.json.encode(_truth(simulation, facts, writer)) + b"\n")
        for part, path in zip(parts, (log, truth), strict=True):
            part.replace(path)
    except OSError as exc:
        raise InputError(
            f"the simulation cannot be written to {folder}: {exc.strerror or exc}", path=str(folder)
        ) from exc
    kept = simulation.truth
    return Written(
        log=log,
        truth=truth,
        events=writer.types.total(),
        digest=writer.digest,
        by_type=dict(sorted(writer.types.items())),
        lost=len(kept.lost),
        late=len(kept.late),
        duplicated=len(kept.duplicated),
        intentions=_counted(one.what for one in kept.intentions),
        facts=_counted(fact.what for fact in facts),
        distances=writer.measured.distances(),
    )


def _told_minutes(simulation: Simulation, advance: Advance) -> Iterator[Sent]:
    plan = simulation.plan
    for minute in range(plan.minutes):
        start = plan.start_ms + minute * MINUTE_MS
        yield from simulation.events_between(start, start + MINUTE_MS)
        advance(minute + 1, plan.minutes)
    yield from simulation.events_between(plan.end_ms, plan.end_ms + 1)


class _Writer:
    """Writes rows as they pass."""

    def __init__(self, file: BinaryIO) -> None:
        self.types: Counter[str] = Counter()
        self.measured = Measured()
        self._file = file
        self._hash = hashlib.sha256()
        self._encode = msgspec.json.Encoder().encode

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def written(self, sent: Iterable[Sent]) -> Iterator[Sent]:
        for one in sent:
            row = one[1]
            line = self._encode(row) + b"\n"
            self._file.write(line)
            self._hash.update(line)
            self.types[row["type"]] += 1
            self.measured.add((row,))
            yield one


def _truth(simulation: Simulation, facts: dict[Fact, int], writer: _Writer) -> dict[str, Any]:
    """The document beside the log; instants in ms UTC."""
    truth = simulation.truth
    return {
        "plan": asdict(simulation.plan),
        "log": {"name": LOG_NAME, "events": writer.types.total(), "sha256": writer.digest},
        "intentions": [one._asdict() for one in truth.intentions],
        "messages": [
            {"at": at, **fact._asdict()}
            for fact, at in sorted(facts.items(), key=lambda item: (item[1], str(item[0])))
        ],
        "known_id_by_anonymous": truth.known_id_by_anonymous,
        "skew_ms_by_stream": truth.skew_ms_by_stream,
        "lost": truth.lost,
        "late": truth.late,
        "duplicated": truth.duplicated,
        "products": [
            {
                "product": one.id,
                "title": one.title,
                "category": one.narrowest_category,
                "brand": one.brand,
                "price_minor": one.price_minor,
                "link_number": one.link_number,
            }
            for one in simulation.products
        ],
    }


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
