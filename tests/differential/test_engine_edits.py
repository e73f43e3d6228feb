"""An edit made ready beside the running core ends as one that lays out every row at the change.

Merges, withdrawals, ends of sessions, long pauses, shards and new traits come between the first row
made ready and the change; what is ready when, is random.
"""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from qianmian.columns.batch import EventBatch
from qianmian.engine import words as w
from qianmian.engine.core import Core
from qianmian.errors import InputError
from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from qianmian.vocabulary.firing import Firing
from tests.differential.engine_runs import Plain, plain, rows_of
from tests.oracle.generate import random_definitions, random_messages, with_other_times
from tests.oracle.run import Message, run

SEEDS = range(24)
Rows = list[dict[str, Any]]


def world(seed: int) -> tuple[list[Definition], list[Definition], list[Message]]:
    """Definitions before and after: some stay, some go, some take other numbers, some are new."""
    rng = Random(seed)
    texts = random_definitions(rng, 8)
    before = [parse_definition(*given) for given in texts]
    after = []
    for given, one in zip(texts, before, strict=True):
        draw = rng.random()
        if one.kind != "moment" or draw < 0.4:
            after.append(one)
        elif draw < 0.7:
            after.append(parse_definition(given[0], with_other_times(rng, given[1])))
    fresh = [parse_definition(*given) for given in random_definitions(Random(seed + 500), 8)]
    keys = {one.key for one in after}
    after += [one for one in fresh if one.kind == "moment" and one.key not in keys][:3]
    return before, after, random_messages(rng)


def apply(core: Core, clock: int, rows: Rows) -> list[Firing]:
    fired = core.run(EventBatch.from_rows(rows)) if rows else []
    return fired + core.advance(clock)


def played(seed: int, *, shards: int, is_ready: bool) -> tuple[list[Plain], Core, int]:
    """Firings, the core, and how many rows had been made ready before the change."""
    before, after, messages = world(seed)
    rng = Random(seed)
    core = Core(before, shards=shards)
    start = rng.randrange(10, 50)
    change = start + rng.randrange(1, 25)
    fired: list[Firing] = []
    edit, ready = None, 0
    for place, (message, rows) in enumerate(zip(messages, rows_of(messages), strict=True)):
        fired += apply(core, message[0], rows)
        if place == start and is_ready:
            edit = core.prepare(after)
        if edit is not None and place < change:
            used = sum(int(shard.state.G[w.G_ROWS]) for shard in core.shards)
            ready = max(ready, used - edit.step(rng.choice((0, 1, 2, 100))))
        if place == change:
            fired += core.change(edit or after, message[0])
    return plain(fired + core.finish(messages[-1][0] + 10_000)), core, ready


def truth(core: Core) -> list[list[Any]]:
    """What every row says of its viewer: header, due times and bits; blocks may lie elsewhere.

    Codes are said as the names that they stand for: an edit made ready gives the products of its
    definitions theirs earlier.
    """
    names, found = core.names, []
    tables: dict[int, Any] = {w.VIEWER: names.viewers, w.ROOM: names.rooms}
    tables |= dict.fromkeys((w.VISIT_ID, w.VIEW_1_PAGE, w.VIEW_2_PAGE), names.texts)
    tables |= dict.fromkeys((w.VIEW_1, w.VIEW_2), names.products)
    for shard in core.shards:
        words = 2 * shard.layout.bit_words + shard.layout.bits_at
        rows = shard.state.I[: int(shard.state.G[w.G_ROWS])]
        live = rows[rows[:, w.VIEWER] >= 0]
        assert (shard.state.DUE[: len(rows)][rows[:, w.VIEWER] >= 0] == live[:, w.ROW_DUE]).all()
        for row in live[:, :words].tolist():
            for word, table in tables.items():
                row[word] = "" if row[word] < 0 else str(table.value(row[word]))
            found.append(row)
    return sorted(found)


def compare(seed: int, shards: int) -> int:
    wanted, direct, _ = played(seed, shards=shards, is_ready=False)
    got, staged, ready = played(seed, shards=shards, is_ready=True)
    assert got == wanted, seed
    assert truth(staged) == truth(direct), seed
    assert staged.superseded == direct.superseded, seed
    return ready


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_ready_when_does_not_matter(seed: int) -> None:
    compare(seed, shards=(1, 3)[seed % 2])


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 300))
def test_many_more_edits(seed: int) -> None:
    compare(seed, shards=(1, 3)[seed % 2])


def retimed(seed: int) -> tuple[list[Definition], list[Definition], list[Message]]:
    """Definitions before and after, with other numbers only, and a world without merges."""
    rng = Random(seed)
    texts = random_definitions(rng, 8)
    texts += [(f"w{k}", text, "moment") for k, text in enumerate(LASTING)]
    after = [
        parse_definition(key, with_other_times(rng, text) if kind == "moment" else text, kind)
        for key, text, kind in texts
    ]
    messages = [one for one in random_messages(rng) if one[1] != "merge"]
    return [parse_definition(*one) for one in texts], after, messages


LASTING = (
    "product_viewed for 20s on same product",
    "product_viewed for 8s without cart_added on same product wait 2s",
    "(cart_added or liked) without order_paid within 20s wait 5s",
    "product_clicked without cart_added within 20s on same product",
)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_oracle_counts_as_many_superseded(seed: int) -> None:
    before, after, messages = retimed(seed)
    place = Random(seed).randrange(20, 60)
    clock = messages[place][0]
    edits = [(clock, "edit", new) for old, new in zip(before, after, strict=True) if old != new]
    wanted = run(before, [*messages[: place + 1], *edits])
    core = Core(before)
    for message, rows in zip(messages[: place + 1], rows_of(messages[: place + 1]), strict=True):
        apply(core, message[0], rows)
    core.change(after, clock)
    assert core.superseded == wanted.counts.get("superseded", 0)


def test_rows_are_ready_before_the_change_and_some_instances_are_superseded() -> None:
    ready = superseded = 0
    for seed in SEEDS:
        _, core, count = played(seed, shards=1, is_ready=True)
        ready += count > 1
        superseded += core.superseded > 0
    assert ready > 12
    assert superseded > 0


def test_names_that_an_edit_made_ready_has_coded_first_mean_the_same() -> None:
    before = parse_definition("m", "product_viewed for 5s on same product")
    after = parse_definition("n", 'liked and room.presenting == "named by the edit"')
    ends = []
    for is_ready in (True, False):
        core = Core([before])
        viewed = {"type": "product_viewed", "viewer": "v", "room": "r"}
        apply(core, 1, [{**viewed, "clock": 1, "product": "seen before"}])
        edit = core.prepare([before, after])
        if is_ready:
            edit.step()
        apply(core, 2, [{**viewed, "clock": 2, "product": "seen since"}])
        core.change(edit, 3)
        ends.append(core)
    codes = [core.shards[0].state.I[0, w.VIEW_1] for core in ends]
    assert codes[0] != codes[1]
    assert truth(ends[0]) == truth(ends[1])


def test_a_step_says_how_many_rows_are_left_and_what_happens_makes_more() -> None:
    first, second = (
        parse_definition(key, f"count({key}) within 60s >= 2") for key in ("liked", "shared")
    )
    core = Core([first])
    assert core.prepare([first, second]).step() == 0  # nobody is here
    rows = [{"clock": 1, "type": "liked", "viewer": f"v{k}", "room": "r"} for k in range(5)]
    core.run(EventBatch.from_rows(rows))
    edit = core.prepare([first, second])
    assert [edit.step(2), edit.step(2), edit.step(2), edit.step(2)] == [3, 1, 0, 0]
    core.run(EventBatch.from_rows([{**rows[0], "clock": 2, "viewer": v} for v in ("v1", "new")]))
    assert edit.step(0) == 2
    core.run(
        EventBatch.from_rows([{**rows[0], "clock": 3, "type": "session_ended", "viewer": None}])
    )
    assert edit.step(0) == 6


def test_only_the_newest_edit_may_become_the_change() -> None:
    one, two = (
        parse_definition(key, f"count({key}) within 60s >= 2") for key in ("liked", "shared")
    )
    core = Core([one])
    core.run(EventBatch.from_rows([{"clock": 1, "type": "liked", "viewer": "v", "room": "r"}]))
    old, new = core.prepare([two]), core.prepare([one, two])
    with pytest.raises(InputError, match="prepare it again"):
        core.change(old, 2)
    assert list(core.plan.definitions) == [one]
    core.change(new, 2)
    assert list(core.plan.definitions) == [one, two]
    for out_of_date in (old, new):
        with pytest.raises(InputError, match="prepare it again"):
            core.change(out_of_date, 3)
    assert np.array_equal(core.shards[0].state.DUE[:1], core.shards[0].state.I[:1, w.ROW_DUE])
