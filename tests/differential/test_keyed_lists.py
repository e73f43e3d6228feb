"""Keyed lists that are full: engine and oracle fire the same, and count as many lost keys.

Worlds of one busy viewer, with more keys than are kept and more events of a key than its threshold
asks for; with what is late, doubled, of several lines, merged, edited, dealt out and restored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import Any

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.engine.core import Core
from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from tests.differential.engine_runs import engine_firings, plain, rows_of
from tests.oracle.run import Message, Result, run

SEEDS = range(10)
SINCE = ("within 2s", "within 20s", "this visit", "this session", "ever")


@dataclass(frozen=True)
class World:
    """What is counted, and a log that fills it."""

    definitions: list[Definition]
    messages: list[Message]

    @property
    def end(self) -> int:
        return int(self.messages[-1][0]) + 10_000

    def by_oracle(self) -> Result:
        return run(self.definitions, self.messages, finish_at=self.end)

    def by_engine(self, rng: Random, shards: int) -> list[Any]:
        places = [rng.randrange(1, len(self.messages)) for _ in range(6)]
        return engine_firings(
            self.definitions,
            self.messages,
            finish_at=self.end,
            shards=shards,
            cuts=places[:4],
            restores=places[4:],
        )


def definitions(rng: Random) -> list[Definition]:
    """A count by product, one by category and a distinct count, each of its own list."""
    least = rng.choice((2, 5, 40, 64))
    acted = "product_clicked or order_paid"
    texts = (
        f"count(product_clicked) {rng.choice(SINCE)} >= {least} on same product",
        f"count(cart_added) {rng.choice(SINCE)} > {rng.choice((1, 12, 63))} on same category",
        f"distinct(({acted}).product) {rng.choice(SINCE)} >= {rng.choice((2, 6))} on same category",
    )
    return [parse_definition(f"m{n}", f"{text} again after 1ms") for n, text in enumerate(texts)]


def world(seed: int, *, merges: bool = True, edits: bool = True) -> World:
    rng = Random(seed)
    categories, products = rng.choice(((3, 2), (12, 3), (6, 30)))
    messages: list[Message] = []
    clock = 0
    for number in range(420):
        clock += rng.choice((0, 1, 40))
        messages.append((clock, [event(rng, number, clock, categories, products)]))
    if merges:
        for place, who in ((150, "x1"), (300, "x2")):
            messages.insert(place, (messages[place - 1][0], "merge", who, "u"))
    asked = definitions(rng)
    if edits:
        for place in (120, 260):
            old = rng.choice(asked)
            other = definitions(rng)[asked.index(old)]
            messages.insert(place, (messages[place - 1][0], "edit", replace(other, key=old.key)))
    return World(asked, messages)


def event(rng: Random, number: int, clock: int, categories: int, products: int) -> dict[str, Any]:
    """An act of one person under three ids, sometimes late or told before."""
    given: dict[str, Any] = {"message_id": f"e{number - (rng.random() < 0.05)}", "room": "r"}
    given |= {"viewer": "u"} if rng.random() < 0.6 else {"anonymous_id": rng.choice(("x1", "x2"))}
    given["event_time"] = max(0, clock - (rng.randrange(4_000) if rng.random() < 0.2 else 0))
    kind = rng.choice(("product_clicked", "product_clicked", "cart_added", "order_paid"))
    if kind != "order_paid":
        return {"type": kind, **given, **product_of(rng, categories, products)}
    some = [product_of(rng, categories, products) for _ in range(rng.randrange(1, 9))]
    by_category = {one["category"]: one for one in some}
    lines = [{**one, "quantity": 1, "amount": 100} for one in by_category.values()]
    return {"type": kind, **given, "order_id": f"o{number}", "items": lines, "amount": 100}


def product_of(rng: Random, categories: int, products: int) -> dict[str, str]:
    category = rng.randrange(categories)
    return {"category": f"c{category}", "product": f"p{category}-{rng.randrange(products)}"}


def compare(seed: int) -> None:
    made, rng = world(seed), Random(seed)
    wanted = plain(made.by_oracle().firings)
    assert made.by_engine(rng, (1, 3)[seed % 2]) == wanted, seed


@pytest.mark.parametrize("seed", SEEDS)
def test_engine_and_oracle_fire_the_same_however_full_a_list_is(seed: int) -> None:
    compare(seed)


@cache
def unedited(seed: int) -> Result:
    """What the oracle says of a world without edits."""
    return world(seed, edits=False).by_oracle()


@pytest.mark.parametrize("seed", SEEDS)
def test_engine_and_oracle_count_as_many_keys_that_go(seed: int) -> None:
    """Without edits, after which the engine counts what a definition lost before it changed."""
    made = world(seed, edits=False)
    engine = Core(made.definitions, shards=(1, 3)[seed % 2])
    for message, rows in zip(made.messages, rows_of(made.messages), strict=True):
        if rows:
            engine.run(EventBatch.from_rows(rows))
        engine.advance(message[0])
        if message[1] == "merge":
            engine = Core.restore(engine.snapshot())
    assert engine.statistics().overflow == unedited(seed).overflow


def test_some_of_these_worlds_lose_keys_and_some_none_and_most_fire() -> None:
    results = [unedited(seed) for seed in SEEDS]
    assert {result.overflow > 0 for result in results} == {True, False}
    assert sum(len(result.firings) > 50 for result in results) > len(results) // 2


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 300))
def test_many_more(seed: int) -> None:
    compare(seed)
