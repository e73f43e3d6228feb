"""History says of a level what the engine and the oracle say at the same instant."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from qianmian.language.parse import parse
from qianmian.storage.history_reader.reader import HistoryReader
from tests.differential.history_worlds import (
    PRODUCTS,
    Held,
    definitions_of,
    engine_holds,
    named_levels,
    oracle_holds,
    probed,
    random_level,
    world,
)
from tests.oracle.generate import ROOMS

SEEDS = range(12)
PER_WORLD = 8


def compared(seed: int, folder: Path, *, rooms: int = 2, ends: bool = False) -> Held:
    """What all three say, after checking that they say the same."""
    rng = Random(seed)
    named = named_levels(rng)
    texts = list(dict.fromkeys(random_level(rng) for _ in range(PER_WORLD)))
    if ends:
        texts = session_levels(rng)
    log = probed(world(rng, rooms=rooms, ends=ends), rng.choice((0, 1, 500, 3_000)), rooms)
    wanted = oracle_holds(texts, named, log)
    live, _ = engine_holds(texts, named, log, folder)
    assert live == wanted
    reader = HistoryReader(folder, products=PRODUCTS)
    now, definitions = log[-1][0], definitions_of(named)
    for text in texts:
        asked = {
            (viewer, room)
            for room in ROOMS[:rooms]
            for viewer in reader.viewers_of(parse(text), now, room=room, definitions=definitions)
        }
        assert asked == wanted[text], text
        if rooms == 1:  # the whole shop is that room
            everywhere = reader.viewers_of(parse(text), now, definitions=definitions)
            assert {(viewer, ROOMS[0]) for viewer in everywhere} == wanted[text], text
    reader.close()
    return wanted


def session_levels(rng: Random) -> list[str]:
    """Levels about what is forgotten with a session.

    Without orders: one that names no room reaches only the rows that there are.
    """
    types = ("product_viewed", "product_clicked", "cart_added", "liked", "gift_sent")
    return [f"count({one}) this session >= {rng.randrange(1, 3)}" for one in types]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_room_is_read_as_the_engine_reads_it(seed: int, tmp_path: Path) -> None:
    compared(seed, tmp_path)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_shop_of_one_room_is_that_room(seed: int, tmp_path: Path) -> None:
    compared(seed, tmp_path, rooms=1)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_session_that_is_over_is_forgotten(seed: int, tmp_path: Path) -> None:
    compared(seed, tmp_path, ends=True)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1_000, 1_300))
def test_many_more(seed: int, tmp_path: Path) -> None:
    compared(seed, tmp_path, rooms=1 + seed % 2, ends=seed % 5 == 0)


def test_the_levels_hold_for_some_and_not_for_others(tmp_path: Path) -> None:
    seen: set[bool] = set()
    for seed in range(5):
        folder = tmp_path / str(seed)
        for held in compared(seed, folder).values():
            seen |= {True} if held else set()
            seen |= {False} if len(held) < 6 else set()
    assert seen == {True, False}
