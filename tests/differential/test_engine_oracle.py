"""The engine fires what the oracle fires, however the log is cut, dealt out and interrupted."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from tests.differential.engine_runs import core, engine_firings, plain, random_cuts
from tests.oracle.generate import random_definitions, random_messages
from tests.oracle.run import Message, run
from tests.vectors.documents import definitions_of, expected_of, messages_of, names, read

SEEDS = range(25)
MORE_SEEDS = range(100, 500)
WITHOUT_EDITS = [
    name
    for name in names()
    if all(item.get("do") not in ("edit", "restart") for item in read(name)["timeline"])
    and not read(name)["catalog"]
]


def world(seed: int) -> tuple[list[Definition], list[Message]]:
    rng = Random(seed)
    definitions = [parse_definition(*given) for given in random_definitions(rng, 8)]
    messages = random_messages(rng)
    if any(message[1] == "merge" for message in messages):
        definitions = [replace(one, again_after_ms=None) for one in definitions]
    return definitions, messages


def compare(seed: int, *, shards: int = 1, cuts: int = 0, restores: int = 0) -> None:
    definitions, messages = world(seed)
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


@pytest.mark.long
@pytest.mark.parametrize("seed", MORE_SEEDS)
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
