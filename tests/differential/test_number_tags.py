"""Comparisons with tags that are numbers: in the engine, in history and by the plain number.

The oracle finds the number and compares it, and fails when what settling has made of the comparison
says something else.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from qianmian.language.definition import Definition
from qianmian.language.parse import parse, parse_definition
from qianmian.language.settle import settled, settled_node
from qianmian.storage.history_reader.reader import HistoryReader
from tests.differential.engine_runs import engine_firings, plain, random_cuts
from tests.differential.history_worlds import (
    PRODUCTS,
    definitions_of,
    engine_holds,
    oracle_holds,
    probed,
    world,
)
from tests.oracle import generate
from tests.oracle.generate import ROOMS, random_messages
from tests.oracle.run import Message, run

SEEDS = range(16)
CMP = (">=", ">", "==", "!=", "<", "<=")
FIRING = "again after 1ms"


def measure(rng: Random) -> str:
    """The text of a number."""
    of, window = generate._events(rng), rng.choice(("within 5s", "within 20s", "this session"))
    return rng.choice(
        (
            f"count({of}) {window}",
            f"count({of}) {window}",
            f"distinct({generate._of(of, 'product')}) {window}",
            f"distinct({generate._of(of, 'category')}) {window}",
            f"sum((gift_sent or order_paid).amount) {window}",
            "trait.level",
        )
    )


def comparison(rng: Random, key: str, of: str) -> str:
    if of.startswith("sum"):
        return f"tag.{key} {rng.choice(CMP)} ¥{rng.choice((0, 10, 30))}".replace("< ¥0", "<= ¥0")
    least = rng.choice((0, 1, 1, 2, 3))
    return f"tag.{key} {rng.choice(CMP)} {least}".replace("< 0", "<= 0")


def written(rng: Random) -> list[Definition]:
    """Tags that are numbers, and who compares them: by itself, as a guard, through a segment."""
    found = []
    for number in range(3):
        key, of = f"n{number}", measure(rng)
        found.append(parse_definition(key, f"number {of}", "tag"))
        said = [comparison(rng, key, of) for _ in range(4)]
        found.append(parse_definition(f"s{number}", f"not {said[0]}", "segment"))
        texts = [said[1], f"liked and {said[2]}", f"not {said[3]}"]
        texts.append(f"cart_added and in segment.s{number}")
        found += [
            parse_definition(f"m{number}{place}", f"{text} {FIRING}")
            for place, text in enumerate(texts)
        ]
    return found


def edited(
    rng: Random, before: list[Definition], messages: list[Message]
) -> tuple[list[Message], int]:
    """One of the tags measures something else of its kind; who compares it changes with it."""
    tag = rng.choice([one for one in before if one.kind == "tag"])
    place = rng.randrange(20, 60)
    while True:
        other = parse_definition(tag.key, f"number {measure(rng)}", "tag")
        if type(other.expr.of) is type(tag.expr.of):  # type: ignore[attr-defined]  # numbers
            break
    changed = [other if one.key == tag.key else one for one in before]
    differing = [one for one in settled(changed) if one not in settled(before)]
    edits: list[Message] = [(messages[place - 1][0], "edit", one) for one in differing]
    return [*messages[:place], *edits, *messages[place:]], len(edits)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_engine_fires_what_the_numbers_say(seed: int) -> None:
    rng = Random(seed)
    definitions, messages = written(rng), random_messages(rng)
    if seed % 2:
        messages, _ = edited(rng, definitions, messages)
    held = list(settled(definitions))
    end = messages[-1][0] + 10_000
    wanted = plain(run(held, messages, finish_at=end).firings)
    restores = random_cuts(rng, messages, 2)
    got = engine_firings(held, messages, finish_at=end, shards=1 + seed % 3, restores=restores)
    assert got == wanted, seed


def test_the_worlds_are_not_vacuous() -> None:
    fired, changed = set(), 0
    for seed in SEEDS:
        rng = Random(seed)
        definitions, messages = written(rng), random_messages(rng)
        if seed % 2:
            messages, edits = edited(rng, definitions, messages)
            changed += edits > 1
        result = run(list(settled(definitions)), messages, finish_at=messages[-1][0] + 10_000)
        fired |= {(seed, one.moment) for one in result.firings}
    assert len(fired) > 80
    assert changed >= 6


@pytest.mark.parametrize("seed", SEEDS[:5])
def test_history_says_what_the_numbers_say(seed: int, tmp_path: Path) -> None:
    rng = Random(seed)
    measures = {f"n{number}": measure(rng) for number in range(3)}
    tags = [parse_definition(key, f"number {of}", "tag") for key, of in measures.items()]
    texts = sorted({comparison(rng, key, of) for key, of in measures.items() for _ in range(4)})
    texts += [f"not {texts[0]}", *(f"tag.{key}" for key in measures)]
    log = probed(world(rng), rng.choice((0, 1, 500, 3_000)))
    live, _ = engine_holds(texts, tags, log, tmp_path)
    assert live == oracle_holds(texts, tags, log)
    reader = HistoryReader(tmp_path, products=PRODUCTS)
    for text in texts:
        node = settled_node(parse(text), "", tags)
        found = {
            (viewer, room)
            for room in ROOMS[:2]
            for viewer in reader.viewers_of(
                node, log[-1][0], room=room, definitions=definitions_of(tags)
            )
        }
        assert found == live[text], text
    reader.close()
