"""A snapshot: everything the core has to remember, as bytes; restoring gives the same core.

A NumPy archive (no pickles) of the shards' arrays plus one JSON document: definitions, names,
sessions and counters. Recovery is the newest snapshot and the log after it; there is no other way.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from qianmian.columns.facts import Facts
from qianmian.engine import words as w
from qianmian.engine.backfill import Counting
from qianmian.engine.board import Boards
from qianmian.engine.facts import restore as restore_facts
from qianmian.engine.layout import signature
from qianmian.engine.moves import Moves
from qianmian.engine.prepare import Names, Preparer
from qianmian.engine.programs import Plan
from qianmian.engine.room import RoomStage
from qianmian.engine.room_facts import RoomLog
from qianmian.engine.shard import Shard
from qianmian.engine.state import SCRATCH, State, aligned_words, row_block
from qianmian.engine.withheld import Withheld
from qianmian.errors import SnapshotProblem
from qianmian.language.codec import definition_document, read_definition
from qianmian.vocabulary.product import Product

VERSION = 6
MAGIC = "qianmian-core"


class Snapshottable(Protocol):
    """What a snapshot reads from a core and puts back into it (see `Core`)."""

    plan: Plan
    products: tuple[Product, ...]
    names: Names
    clock: int
    sessions: dict[int, str]
    room_clock: dict[int, int]
    announced: set[int]
    linked: set[int]
    merged: int
    merges_refused: int
    refused: int
    superseded: int
    viewers: int
    preparer: Preparer
    namespace: str
    room: RoomStage
    boards: Boards
    second: int | None
    room_log: RoomLog
    counting: dict[str, Counting]
    fresh: set[str]
    moves: Moves
    withheld: Withheld
    shards: list[Shard]

    @property
    def settings(self) -> dict[str, Any]:
        """The settings it was made with."""
        ...

    def renumber(self, numbers: Sequence[int], since: Sequence[int]) -> None:
        """Use these lasting numbers and ages of the definitions."""

    def begin(self, clock_ms: int) -> None:
        """Make the shards."""

    def reserve(self) -> None:
        """Make room for every name."""

    def shards_of(self, viewers: npt.NDArray[np.int64]) -> npt.NDArray[np.int16]:
        """The numbers of the shards of viewers."""
        ...


C = TypeVar("C", bound=Snapshottable)


def dump(core: Snapshottable) -> bytes:
    """The snapshot of a core.

    Cost: O(state); the rows are copied once.
    """
    document: dict[str, Any] = {
        "format": MAGIC,
        "version": VERSION,
        "layout": _fingerprint(core),
        "definitions": [definition_document(one) for one in core.plan.definitions],
        "numbers": core.plan.numbers,
        "since": core.plan.since,
        "settings": core.settings,
        "products": [asdict(product) for product in core.products],
        "names": core.names.snapshot(),
        "clock": core.clock,
        "sessions": sorted(core.sessions.items()),
        "room_clock": sorted(core.room_clock.items()),
        "announced": sorted(core.announced),
        "linked": sorted(core.linked),
        "counts": [core.merged, core.merges_refused, core.refused, core.superseded],
        "preparer": core.preparer.snapshot(),
        "withheld": core.withheld.snapshot(),
        "room": core.room.snapshot(),
        "boards": core.boards.snapshot(),
        "second": core.second,
        "room_log": core.room_log.snapshot(),
        "counting": sorted([key, *since] for key, since in core.counting.items()),
        "fresh": sorted(core.fresh),
        "facts": None if core.preparer.facts is None else core.preparer.facts.hash,
        "shards": len(core.shards),
    }
    arrays: dict[str, Any] = {}
    if core.moves.names:
        document["moves"] = core.moves.snapshot(arrays)
    arrays["document"] = np.frombuffer(json.dumps(document).encode(), np.uint8)
    for number, shard in enumerate(core.shards):
        shard.drain()
        used = {"I": int(shard.state.G[w.G_ROWS]), "AR": int(shard.state.G[w.G_ARENA])}
        for name, array in shard.state._asdict().items():
            if name not in SCRATCH:
                arrays[f"{number}/{name}"] = array[: used.get(name)]
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def load(data: bytes, make: Callable[..., C], facts: Facts | None = None) -> C:
    """The core that a snapshot was taken of, made by `make` as `Core` is, with its facts.

    Raises: SnapshotProblem when the bytes are not a snapshot, or one of another version.
    """
    try:
        archive = np.load(io.BytesIO(data), allow_pickle=False)
        document = json.loads(archive["document"].tobytes())
    except (ValueError, KeyError, OSError, EOFError) as problem:
        raise SnapshotProblem("these bytes are not a snapshot") from problem
    if document.get("format") != MAGIC or document.get("version") != VERSION:
        raise SnapshotProblem(
            f"the snapshot is of version {document.get('version')}; this program reads version"
            f" {VERSION}. Replay the log from its beginning, or use the program that wrote it"
        )
    settings = {"viewers": 0} | document["settings"]
    core = make(
        [read_definition(one) for one in document["definitions"]],
        products=[_product(one) for one in document["products"]],
        **(settings | {"viewers": 0}),  # the stored arrays are as large as they were
    )
    core.names.restore(document["names"])
    core.renumber(document["numbers"], document["since"])
    if _fingerprint(core) != document["layout"]:
        raise SnapshotProblem(
            "the snapshot was laid out by another version of the compiler; replay the log instead"
        )
    core.clock = document["clock"]
    core.sessions = {int(room): name for room, name in document["sessions"]}
    core.room_clock = {int(room): clock for room, clock in document["room_clock"]}
    core.announced = set(document["announced"])
    core.linked = set(document["linked"])
    core.merged, core.merges_refused, core.refused, core.superseded = document["counts"]
    core.preparer.restore(document["preparer"])
    core.withheld.restore(document["withheld"])
    core.room.restore(document["room"])
    core.boards.restore(document["boards"])
    core.second = document["second"]
    core.room_log.restore(document["room_log"])
    core.counting = {key: Counting(since, filled) for key, since, filled in document["counting"]}
    core.fresh = set(document["fresh"])
    if "moves" in document:
        core.moves.restore(document["moves"], archive, document["shards"])
    if document["shards"]:
        core.begin(0)
        core.reserve()
        for number, shard in enumerate(core.shards):
            _fill(
                shard,
                {
                    name: archive[f"{number}/{name}"]
                    for name in State._fields
                    if name not in SCRATCH
                },
            )
    core.viewers = settings["viewers"]
    if document["facts"] is not None:
        if facts is None or facts.hash != document["facts"]:
            raise SnapshotProblem(
                f"the snapshot was taken with the facts {document['facts']}; read that file and"
                " give it to `restore`"
            )
        restore_facts(core, facts)
    return core


def _fill(shard: Shard, arrays: dict[str, Any]) -> None:
    """Put stored arrays in the place of the empty ones."""
    rows = arrays.pop("I")
    block = row_block(len(arrays["DUE"]), rows.shape[1])
    block[: len(rows)] = rows
    arena = arrays["AR"]
    arrays["AR"] = aligned_words(2 * len(arena) + int(shard.tables.M[9]))
    arrays["AR"][: len(arena)] = arena
    found = np.empty(len(block), np.int32)
    shard.state = shard.state._replace(I=block, Q=block.view(np.uint64), FOUND=found, **arrays)


def _fingerprint(core: Snapshottable) -> list[Any]:
    """What must be equal for stored rows to mean the same."""
    layout = core.plan.layout
    slots = [[repr(signature(slot)), slot.need] for slot in layout.program.slots]
    bits = [[int(atom.kind), layout.bit_of[atom.bit]] for atom in layout.program.atoms]
    return [layout.row_words, layout.bit_words, w.HEADER, slots, bits]


def _product(stored: dict[str, Any]) -> Product:
    tuples = {"category", "selling_points", "related"}
    values: dict[str, Any] = {k: tuple(v) if k in tuples else v for k, v in stored.items()}
    return Product(**values)
