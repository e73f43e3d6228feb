"""The slots of a room's row: what is kept, in which order, how much, and by every shard."""

from __future__ import annotations

import numpy as np
import pytest

from qianmian.columns.batch import EventBatch
from qianmian.engine import words as w
from qianmian.engine.core import Core
from qianmian.engine.room_slots import keep_edge, keep_latest, keep_newest
from qianmian.language.parse import parse_definition

Entries = list[tuple[int, int]]


def empty(n: int) -> np.ndarray:
    return np.full((n, 2), w.NO_ENTRY, np.int64)


def used(entries: np.ndarray) -> Entries:
    return [(int(key), int(time)) for key, time in entries if key != w.NO_ENTRY]


def test_the_newest_stand_first_and_the_oldest_goes() -> None:
    entries = empty(3)
    assert [keep_newest(entries, key, time) for key, time in ((1, 50), (2, 70), (3, 60))] == [
        False, False, False,
    ]  # fmt: skip
    assert used(entries) == [(2, 70), (3, 60), (1, 50)]
    assert keep_newest(entries, 4, 65)
    assert used(entries) == [(2, 70), (4, 65), (3, 60)]
    assert keep_newest(entries, 5, 10)  # older than all that is kept: it goes itself
    assert used(entries) == [(2, 70), (4, 65), (3, 60)]


def test_of_equal_times_the_later_arrival_is_newer() -> None:
    entries = empty(2)
    for key in (1, 2, 3):
        keep_newest(entries, key, 50)
    assert used(entries) == [(3, 50), (2, 50)]


def test_a_key_has_its_latest_time_whatever_arrives_last() -> None:
    entries = empty(2)
    for key, time in ((1, 50), (2, 60), (1, 40)):
        keep_latest(entries, key, time)
    assert used(entries) == [(2, 60), (1, 50)]
    keep_latest(entries, 3, 55)
    assert used(entries) == [(2, 60), (3, 55)]


@pytest.mark.parametrize(("last", "kept"), [(True, (0, 60)), (False, (1, 40))])
def test_the_first_or_last_event_is_so_by_event_time(last: bool, kept: tuple[int, int]) -> None:
    entries = empty(2)
    for time, holds in ((50, True), (60, False), (40, True)):
        keep_edge(entries, time, holds=holds, number=7, last=last)
    assert tuple(entries[0]) == kept
    assert entries[1, 0] == 7


def core(*texts: str, shards: int = 1) -> Core:
    moments = [parse_definition(f"m{number}", text) for number, text in enumerate(texts)]
    return Core(moments, shards=shards)


def changed(clock: int, product: str, room: str = "r") -> dict[str, object]:
    return {
        "clock": clock, "type": "price_changed", "room": room, "product": product, "price": 100,
    }  # fmt: skip


KEYED = "liked on same product and count(price_changed) within 1m >= 1 on same product"


def test_what_a_keyed_list_gives_up_is_counted_once_for_all_shards() -> None:
    engine = core(KEYED, shards=3)
    engine.run(EventBatch.from_rows([changed(t, f"p{t}") for t in range(70)]))
    assert engine.statistics().overflow == 6


def test_every_shard_has_the_row_of_the_room_and_each_room_its_own() -> None:
    engine = core(KEYED, "liked and first(price_changed.product) == p1", shards=3)
    engine.run(EventBatch.from_rows([changed(1, "p1"), changed(2, "p2", "other")]))
    first, *others = [shard.state.RT for shard in engine.shards]
    assert used(first[0, 0]) != used(first[1, 0]) != []
    assert all((first == other).all() for other in others)


def test_rooms_of_definitions_that_keep_no_list_cost_little() -> None:
    plain, lists = core("liked"), core(KEYED)
    for engine in (plain, lists):
        engine.run(EventBatch.from_rows([changed(1, "p1")]))
    assert plain.shards[0].state.RT[0].nbytes == 16
    assert lists.shards[0].state.RT[0].nbytes == 1_024


@pytest.mark.parametrize("shards", [1, 3])
def test_a_snapshot_and_a_change_keep_the_row_of_the_room(shards: int) -> None:
    engine = core(KEYED, shards=shards)
    engine.run(EventBatch.from_rows([changed(1_000, "p1")]))
    engine = Core.restore(engine.snapshot())
    wider = parse_definition("m0", KEYED.replace("1m", "2m"))
    engine.change([wider, parse_definition("more", "followed then liked within 5s")], 2_000)
    like = {"clock": 90_000, "type": "liked", "viewer": "u", "room": "r", "product": "p1"}
    engine.advance(80_000)
    fired = engine.run(EventBatch.from_rows([like]))
    assert [(one.moment, one.key) for one in fired] == [("m0", "p1")]
