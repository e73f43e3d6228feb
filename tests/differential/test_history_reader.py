"""History says of a level what the engine and the oracle say at the same instant."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import pytest

from qianmian.language.parse import parse
from qianmian.storage.history_reader.reader import HistoryReader
from tests.differential.history_worlds import (
    PRODUCTS,
    START,
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
from tests.oracle.run import Message

SEEDS = range(6)
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


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(one, marks=pytest.mark.long) for one in (1, 2, 3))]
)
def test_many_events_of_one_viewer_are_bounded_as_live(seed: int, tmp_path: Path) -> None:
    """Counts above 64 go by panes, and a sum is over the 64 newest amounts."""
    rng = Random(seed)
    who, clock = {"viewer": "u1", "room": "r1"}, START
    log: list[Message] = [(clock, [{**who, "type": "room_entered", "message_id": "in"}])]
    for number in range(150):
        clock += rng.randrange(600)
        gift = {**who, "type": "gift_sent", "amount": 100, "message_id": f"g{number}"}
        log.append((clock, [gift, {**who, "type": "liked", "message_id": f"l{number}"}]))
    log.append((clock + rng.randrange(900), [{**who, "type": "shared", "message_id": "end"}]))
    windows = ("within 20s", "within 30s", "within 1m", "this session", "ever")
    texts = [
        f"count(liked) {window} {cmp} {value}"
        for window in windows
        for cmp in (">=", "==", "<=")
        for value in (63, 64, 65, 66, 90, 110, 150)
    ]
    # of a session a live row adds the 64 newest amounts, oracle and history all: no sums of those
    texts += [
        f"sum(gift_sent.amount) {window} >= ¥{value}"
        for window in (*windows[:3], "ever")
        for value in (30, 60, 64, 65)
    ]
    live, _ = engine_holds(texts, [], log, tmp_path)
    assert oracle_holds(texts, [], log) == live
    reader = HistoryReader(tmp_path)
    said = {text: reader.viewers_of(parse(text), log[-1][0]) == ["u1"] for text in texts}
    assert said == {text: bool(live[text]) for text in texts}
    assert len(set(said.values())) == 2
    everything = parse("sum(gift_sent.amount) ever >= ¥150")
    assert reader.viewers_of(everything, log[-1][0]) == ["u1"]
    reader.close()


@pytest.mark.parametrize("seed", range(100, 104))
def test_reading_file_by_file_comes_to_the_same(seed: int, tmp_path: Path) -> None:
    rng = Random(seed)
    named = named_levels(rng)
    texts = [random_level(rng) for _ in range(PER_WORLD)]
    log = probed(world(rng), 1_000)
    wanted, history = engine_holds(texts, named, log, tmp_path / "all")
    folder = tmp_path / "piece"
    (folder / "events").mkdir(parents=True)
    reader = HistoryReader(folder, products=PRODUCTS)
    files = history.files("events")
    assert len(files) > 2
    for one in files:
        shutil.copy(one.path, folder / "events")
        asked = parse(rng.choice(texts))
        reader.viewers_of(asked, log[-1][0], definitions=definitions_of(named))
    for text in texts:
        for room in ROOMS:
            found = reader.viewers_of(
                parse(text), log[-1][0], room=room, definitions=definitions_of(named)
            )
            assert found == sorted(who for who, where in wanted[text] if where == room), text
    whole = HistoryReader(tmp_path / "all", products=PRODUCTS)
    everybody = "SELECT name, first_clock, first_seen, last_seen FROM person ORDER BY name"
    whole.refresh()
    assert reader.database.run(everybody) == whole.database.run(everybody)
    reader.close()
    whole.close()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1_000, 1_150))
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
