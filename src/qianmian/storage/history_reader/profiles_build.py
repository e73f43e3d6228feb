"""Builds of profiles: what history says of everybody before a day boundary, within 400 bytes each.

The events are read once, into the tables of `found.py`; then range after range of viewers is put
together, so that memory is taken for one of 64.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from qianmian.columns.dictionary import hash64_many
from qianmian.columns.facts import RANGES
from qianmian.errors import InputError
from qianmian.profiles.preference import HALF_LIFE_MS, Preference, Weight
from qianmian.profiles.profile import Done, Profile, profile_of
from qianmian.profiles.stage import KEPT_DAYS, Days
from qianmian.profiles.stored import stored
from qianmian.storage.history_reader.days import day_begin
from qianmian.storage.history_reader.found import COLUMNS, PART, offset_of
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.storage.profile_file import Built, Row, write_profiles
from qianmian.vocabulary.events import CATALOG
from qianmian.vocabulary.ids import DEFAULT_NAMESPACE, check_namespace

_DONE: Final = "SELECT * FROM done WHERE viewer IN (SELECT unnest($ids))"
_LIKING: Final = """
SELECT viewer, dimension, value, n, last, CAST(points AS DOUBLE) FROM liking
WHERE viewer IN (SELECT unnest($ids))
"""
_DAY: Final = """
SELECT viewer, min(day), list(day), coalesce(list(day) FILTER (paid), [])
FROM day WHERE viewer IN (SELECT unnest($ids)) GROUP BY viewer
"""
_TOLD: Final = """
SELECT viewer, event_time, traits, says FROM told
WHERE viewer IN (SELECT unnest($ids)) AND event_time < $boundary ORDER BY ord
"""


def build_profiles(
    reader: HistoryReader, boundary_ms: int, folder: Path, *, namespace: str = DEFAULT_NAMESPACE
) -> Path:
    """Write the profiles of everybody as of a day boundary of the shop's zone.

    Args:
        reader: one that keeps who told a trait (`origins`).

    Guarantees: the same history gives the same bytes.
    Raises: InputError when no day of the shop begins there; LogProblem; HistoryTooLarge; OSError
        when the file cannot be written.
    Cost: one pass over the events, and about 0.3 ms per viewer.
    """
    if day_begin(boundary_ms, reader.zone) != boundary_ms:
        raise InputError(
            f"no day begins at {boundary_ms} in {reader.zone}; give the first ms of one"
        )
    reader.warm.refresh()
    reader.warm.need(COLUMNS, ())
    built = Built(
        boundary_ms, reader.warm.stop, check_namespace(namespace),
        offset_of(reader.zone, boundary_ms),
    )  # fmt: skip
    reader.found.make_all(boundary_ms)
    try:
        return write_profiles(folder, _ranges(reader, built), built)
    finally:
        reader.found.drop_all()


def _ranges(reader: HistoryReader, built: Built) -> Iterator[list[Row]]:
    people = reader.database.run("SELECT id, name FROM person")
    names = [str(name) for _, name in people]
    hashes = hash64_many([f"{built.namespace}\x1f{name}" for name in names])
    order = np.lexsort((hashes, hashes % RANGES))
    edges = np.searchsorted((hashes % RANGES)[order], np.arange(RANGES + 1, dtype=np.uint64))
    for k in range(RANGES):
        mine = order[edges[k] : edges[k + 1]].tolist()
        profiles = _profiles(reader, [people[one][0] for one in mine], built.boundary_ms)
        yield [
            (int(hashes[one]), names[one], stored(profiles[people[one][0]]))
            for one in mine
            if people[one][0] in profiles
        ]


def _profiles(reader: HistoryReader, ids: list[int], boundary_ms: int) -> dict[int, Profile]:
    """The profiles of some viewers, by number; of whom nothing is known is left out."""
    run, asked = reader.database.run, {"ids": ids}
    found: dict[int, Profile] = defaultdict(Profile)
    if not ids:
        return found
    told: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for viewer, at, traits, says in run(_TOLD, {**asked, "boundary": boundary_ms}):
        row = {"type": "profile_updated", "clock": at, "traits": json.loads(traits)}
        told[viewer].append(row if says is None else {**row, "properties": says})
    for viewer, rows in told.items():
        found[viewer] = profile_of(rows)
    done: dict[int, dict[str, Done]] = defaultdict(dict)
    for viewer, code, n, last, amount in run(_DONE, asked):
        done[viewer][CATALOG[code].name] = Done(n, last, int(amount))
    for viewer, behavior in done.items():
        found[viewer] = replace(found[viewer], behavior=behavior)
    for viewer, preference in _preferences(run(_LIKING, asked), boundary_ms).items():
        found[viewer] = replace(found[viewer], preference=preference)
    for viewer, first, came, paid in run(_DAY, asked):
        oldest = max(came) - KEPT_DAYS
        days = (frozenset(one for one in several if one > oldest) for several in (came, paid))
        found[viewer] = replace(found[viewer], days=Days(first, *days))
    return found


def _preferences(rows: list[tuple[Any, ...]], boundary_ms: int) -> dict[int, Preference]:
    """Weights as of each viewer's newest act, so that those of long ago are not rounded away."""
    newest: dict[int, int] = defaultdict(int)
    for viewer, _, _, _, last, _ in rows:
        newest[viewer] = max(newest[viewer], last)
    weights: dict[int, dict[str, dict[str, Weight]]] = defaultdict(lambda: defaultdict(dict))
    for viewer, dimension, value, n, _, parts in sorted(rows):
        at = newest[viewer]
        points = parts / PART * 2 ** ((boundary_ms - at) / HALF_LIFE_MS)
        weights[viewer][dimension][value] = Weight(n, points, at)
    return {viewer: Preference(dict(held)) for viewer, held in weights.items()}
