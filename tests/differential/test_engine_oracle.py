"""The engine fires what the oracle fires, however the log is cut, dealt out and interrupted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from tests.differential.engine_runs import core, engine_firings, plain, random_cuts
from tests.oracle.generate import random_definitions, random_messages
from tests.oracle.run import Message, run
from tests.vectors.documents import FOLDER, definitions_of, expected_of, messages_of, names, read

SEEDS = range(25)
BESIDE_EVENTS = {"edit", "restart", "facts", "room_fact", "backfilled"}
WITHOUT_EDITS = [
    name
    for name in names()
    if all(item.get("do") not in BESIDE_EVENTS for item in read(name)["timeline"])
    and not read(name)["catalog"]
]


def world(seed: int) -> tuple[list[Definition], list[Message]]:
    rng = Random(seed)
    definitions = [parse_definition(*given) for given in random_definitions(rng, 8)]
    return definitions, random_messages(rng)


def compare(
    seed: int,
    *,
    changes: bool = False,
    shards: int = 1,
    cuts: int = 0,
    restores: int = 0,
    beside: Sequence[Definition] = (),
) -> None:
    definitions, messages = edited(seed) if changes else world(seed)
    definitions += beside
    end = messages[-1][0] + 10_000
    wanted = plain(run(definitions, messages, finish_at=end).firings)
    rng = Random(seed)
    got = engine_firings(
        definitions,
        messages,
        finish_at=end,
        shards=shards,
        cuts=random_cuts(rng, messages, cuts),
        restores=random_cuts(rng, messages, restores),
    )
    texts = {definition.key: definition.expr for definition in definitions}
    odd = sorted(set(wanted) ^ set(got), key=lambda f: f[0])
    assert got == wanted, (seed, odd[:5], [texts[f[3]] for f in odd[:2]])


@pytest.mark.parametrize("seed", SEEDS)
def test_engine_and_oracle_fire_the_same(seed: int) -> None:
    compare(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_any_grouping_into_calls(seed: int) -> None:
    compare(seed, cuts=20)


@pytest.mark.parametrize("shards", [3, 8])
@pytest.mark.parametrize("seed", SEEDS[:10])
def test_any_number_of_shards(seed: int, shards: int) -> None:
    compare(seed, shards=shards, cuts=5)


@pytest.mark.skipif(not hasattr(core.Core, "snapshot"), reason="the engine has no snapshot yet")
@pytest.mark.parametrize("seed", SEEDS[:10])
def test_any_snapshot_and_restore_point(seed: int) -> None:
    compare(seed, restores=3, shards=3)


READ_THE_ROOM = [
    parse_definition(*given)
    for given in (
        ("near", 'count(product_clicked) within 20s >= 1 and room.presenting != "p2"', "tag"),
        ("shown", 'product_viewed this visit and not room.presenting == "p2"', "segment"),
        ("near_m", "tag.near again after 1ms", "moment"),
        ("viewed_m", "tag.near and count(product_viewed) within 8s >= 1 again after 1ms", "moment"),
        ("far_m", "not tag.near and in segment.shown and idle for 2s again after 1ms", "moment"),
        ("shown_m", "not in segment.shown or tag.near again after 1ms", "moment"),
        ("added_m", "cart_added and tag.near again after 1ms", "moment"),
    )
]


@pytest.mark.parametrize("seed", SEEDS)
def test_tags_that_read_what_the_room_presents(seed: int) -> None:
    compare(seed, cuts=seed % 7, restores=seed % 3, shards=(1, 3)[seed % 2], beside=READ_THE_ROOM)


def edited(seed: int) -> tuple[list[Definition], list[Message]]:
    """A world in which two moments become others on the way, or take other numbers.

    Without merges, and without new traits: a row made after a profile came does not know it.
    """
    definitions, messages = world(seed)
    rng = Random(seed + 1_000_000)
    quiet = [message for message in messages if message[1] != "merge"]
    spots = set(rng.sample(range(2, len(quiet) - 2), 2))
    moments = [one for one in definitions if one.kind == "moment"]
    out: list[Message] = []
    for place, message in enumerate(quiet):
        out.append(message)
        if place in spots:
            old = rng.choice(moments)
            fresh = [parse_definition(*given) for given in random_definitions(rng, 8)]
            others = [o for o in fresh if o.kind == "moment" and "Trait" not in repr(o.expr)]
            new = replace(rng.choice(others), key=old.key, again_after_ms=None)
            out.append((message[0], "edit", new))
    return definitions, out


@pytest.mark.parametrize("seed", SEEDS)
def test_definitions_that_change_on_the_way(seed: int) -> None:
    compare(seed, changes=True, cuts=seed % 7, restores=seed % 3)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1_000, 1_100))
def test_many_more_changes(seed: int) -> None:
    compare(seed, changes=True, cuts=seed % 7, restores=seed % 3, shards=(1, 3, 8)[seed % 3])


@pytest.mark.long
def test_the_vectors_hold_with_the_interpreter_interpreted() -> None:
    """The kernels are a subset of Python: without the JIT they must say the same."""
    files = [str(FOLDER / f"{name}.json") for name in names()]
    ran = subprocess.run(
        [sys.executable, "-m", "qianmian.cli", "check-vectors", *files, "--json"],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = json.loads(ran.stdout)
    assert (said["failed"], said["passed"]) == (0, len(files)), said["failures"][:3]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 500))
def test_many_more_worlds(seed: int) -> None:
    compare(seed, cuts=seed % 7, shards=(1, 3, 8)[seed % 3])


@pytest.mark.parametrize("name", WITHOUT_EDITS)
def test_the_engine_does_what_the_vectors_say(name: str) -> None:
    """Without the runtime; `qianmian check-vectors` runs the others, too, and the evidence."""
    document = read(name)
    messages = messages_of(document)
    got = engine_firings(
        definitions_of(document),
        messages,
        finish_at=messages[-1][0],
        cuts=range(1, len(messages)),
        lateness_ms=document.get("lateness", 5_000),
    )
    assert got == plain(expected_of(document)), document["name"]
