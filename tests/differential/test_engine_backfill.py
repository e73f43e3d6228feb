"""Backfill: after it, new definitions fire as if they had been there since the range began.

The oracle runs the log again with the edit moved to the beginning of the range. The engine must
equal it exactly when the range reaches back to the first message, and also in the middle of a log
for definitions over lists and sequences, which ask nothing of the time before the range.
"""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from qianmian.columns.batch import EventBatch, concat
from qianmian.engine.core import Core
from qianmian.engine.layout import signature
from qianmian.language.compile import compile_program
from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from qianmian.vocabulary.firing import Firing
from tests.differential.engine_runs import Plain, plain, rows_of
from tests.oracle.generate import random_definitions, random_messages
from tests.oracle.run import Message, run

SEEDS = range(76, 101)
OVER_LISTS = (
    "count(product_viewed) within 60s >= 4 again after 1s",
    "count(product_clicked) within 60s >= 17",
    "liked and count(cart_added or liked) within 60s < 4 again after 1ms",
    "distinct(cart_added.product) within 60s >= 3 again after 1s",
    "sum(gift_sent.amount) within 60s >= ¥40 again after 1s",
    "count(product_viewed) within 60s >= 2 on same product again after 1s",
    "product_clicked then cart_added within 20s on same category again after 1s",
    "liked and last(product_viewed.price) >= ¥20 again after 1ms",
    "liked and no product_viewed this session again after 1ms",
    "cart_added without order_paid within 8s on same product",
    "promo_started then (liked or comment_sent) within 20s again after 1ms",
    "distinct(liked.viewer) within 20s >= 2 again after 1s",
    "cart_added on same product",
)


def shares(old: list[Definition], new: Definition) -> bool:
    """Whether the new definition stands on slots that are there already."""

    def slots(definitions: list[Definition]) -> set[tuple[object, ...]]:
        return {signature(slot) for slot in compile_program(definitions).slots}

    own = slots([*tags(old), new]) - slots(tags(old))
    reads = any(word in repr(new.expr) for word in ("Tag(", "InSegment("))
    return reads or bool(own & slots(old))


def tags(definitions: list[Definition]) -> list[Definition]:
    return [one for one in definitions if one.kind != "moment"]


def played(
    definitions: list[Definition],
    messages: list[Message],
    *,
    shards: int = 1,
    restores: frozenset[int] = frozenset(),
) -> tuple[list[Plain], Core]:
    """Run the messages; a `backfilled` reads the tail and its outcomes as the log kept them."""
    core = Core(definitions, shards=shards)
    now = list(definitions)
    fired: list[Firing] = []
    tail: list[tuple[EventBatch, Any]] = []
    for place, (message, rows) in enumerate(zip(messages, rows_of(messages), strict=True)):
        if message[1] == "edit":
            now = [one for one in now if one.key != message[2].key] + [message[2]]
            fired += core.change(now, message[0])
        elif message[1] == "backfilled":
            kept = [one for one in tail if int(one[0].clock[0]) >= message[2]]
            batch = concat([batch for batch, _ in kept])
            outcomes = np.concatenate([np.zeros(0, np.uint8), *(told for _, told in kept)])
            fired += core.backfill(batch, outcomes, since_ms=message[2], clock_ms=message[0])
        elif rows:
            batch = EventBatch.from_rows(rows)
            fired += core.run(batch)
            tail.append((batch, core.outcomes.copy()))
        else:
            fired += core.advance(message[0])
        if place in restores:
            core = Core.restore(core.snapshot())
    return plain(fired + core.finish(messages[-1][0] + 10_000)), core


def world(
    seed: int, *, lists: bool, edits: int = 1
) -> tuple[list[Definition], list[Message], list[Definition]]:
    """A log in which a definition is new at some point and is filled a little later."""
    rng = Random(seed)
    old = [parse_definition(*given) for given in random_definitions(rng, 3)]
    messages = random_messages(rng, merges=False)
    new: list[Definition] = []
    while len(new) < edits:
        text = rng.choice(OVER_LISTS) if lists else random_definitions(rng, 1)[-1][1]
        one = parse_definition(f"new{len(new)}", text)
        if not shares([*old, *new], one) and "Trait" not in repr(one.expr):
            new.append(one)
    edit = rng.randrange(25, 55)
    fill = edit + rng.choice((1, 1, 2, 5, 10))
    since = messages[rng.randrange(5, edit) if lists else 0][0]
    log: list[Message] = [*messages[:edit]]
    log += [(messages[edit - 1][0], "edit", one) for one in new]
    log += [*messages[edit:fill], (messages[fill - 1][0], "backfilled", since), *messages[fill:]]
    return old, log, new


def compare(seed: int, *, lists: bool, shards: int = 1, restores: int = 0) -> None:
    old, log, _ = world(seed, lists=lists, edits=1 + seed % 2)
    wanted = plain(run(old, log, finish_at=log[-1][0] + 10_000).firings)
    rng = Random(seed)
    places = frozenset(rng.randrange(len(log)) for _ in range(restores))
    got, core = played(old, log, shards=shards, restores=places)
    assert got == wanted, seed
    assert all(one.backfilled for one in core.counting.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_range_back_to_the_first_message_makes_any_definition_as_if_always_there(
    seed: int,
) -> None:
    compare(seed, lists=False)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_range_in_the_middle_fills_lists_and_sequences(seed: int) -> None:
    compare(seed, lists=True)


@pytest.mark.parametrize("seed", SEEDS[:10])
def test_shards_and_restores_do_not_matter(seed: int) -> None:
    compare(seed, lists=bool(seed % 2), shards=3, restores=3)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 220))
def test_many_more_ranges(seed: int) -> None:
    compare(seed, lists=bool(seed % 3), shards=1 + seed % 2)


def test_backfill_is_not_vacuous() -> None:
    """It changes what fires after it, and fires nothing itself."""
    changed = 0
    for seed in SEEDS:
        old, log, new = world(seed, lists=True)
        keys = {one.key for one in new}
        (place,) = (k for k, message in enumerate(log) if message[1] == "backfilled")
        without, _ = played(old, [m for m in log if m[1] != "backfilled"])
        filled, _ = played(old, log)
        changed += filled != without
        assert [f for f in filled if f[3] not in keys] == [f for f in without if f[3] not in keys]
        before = [f for f in filled if f[0] < log[place][0]]
        assert before == [f for f in without if f[0] < log[place][0]]
    assert changed >= 3
