"""Effects that are kept up, with extracts beside history, are those of somebody who reads it all.

Sessions come one after the other, with links, their ends, refunds that come later, files that are
joined and people who are erased.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import pyarrow as pa
import pytest

from qianmian.experiments.strategy_effect import StrategyEffect
from qianmian.storage.history import EXTRACTS
from qianmian.storage.history_reader.effects import effect_in_history
from qianmian.storage.history_reader.extracts import SAID
from qianmian.storage.history_reader.harms import harms_in_history
from qianmian.storage.history_reader.measured import Measured
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.strategies.strategy import Goal, Tolerance
from qianmian.vocabulary.time import HOUR_MS
from tests.strategy_shop import strategy
from tests.unit.storage.history_reader.histories import START, Shop

COUPON = strategy(control=5_000, goal=Goal("order_paid", 200_000))
LIKED = strategy(control=5_000, goal=Goal("liked", 200_000))
NOTHING_KEPT: Final = 1 << 40
KNOWN = tuple(f"member{n}" for n in range(40))
ANONYMOUS = tuple(f"?device{n}" for n in range(20))
TOMB: Final = "erased-" + "5" * 32


@contextmanager
def reader_of(folder: Path, kept_bytes: int = 0) -> Iterator[HistoryReader]:
    reader = HistoryReader(folder, measured=Measured(folder, kept_bytes=kept_bytes))
    try:
        yield reader
    finally:
        reader.close()


def effects(reader: HistoryReader) -> list[StrategyEffect]:
    return [effect_in_history(reader, one, "CNY") for one in (COUPON, LIKED)]


def read_anew(folder: Path) -> list[StrategyEffect]:
    with reader_of(folder, NOTHING_KEPT) as reader:
        return effects(reader)


def session(shop: Shop, rng: Random, hour: int) -> None:
    """An hour in which anything may be done by anybody."""
    for k in range(160):
        at, who = hour * HOUR_MS + k * 2_000, rng.choice((*KNOWN, *ANONYMOUS))
        order = f"o{rng.randrange(60)}"
        money: dict[str, Any] = {"verified": 1, "amount": rng.randrange(1, 900), "order_id": order}
        match rng.randrange(8):
            case 0 | 1 | 2:
                number = int(who.strip("?abcdefghijklmnopqrstuvwxyz"))
                shop.decide(at, who, "act" if number % 2 else "control")
                shop.decide(at, None, "act")  # for everybody in the room
            case 3 | 4:
                money |= rng.choice(({}, {}, {}, {"currency": "USD"}))
                shop.add(at, "order_paid", who, event_time=START + at, **money)
            case 5:
                shop.add(at, "order_refunded", who, event_time=START + at, **money)
            case 6:
                shop.add(at, "liked", who, room="r", event_time=START + at)
            case _:
                told = rng.choice(("identity_linked", "identity_linked", "identity_unlinked"))
                shop.add(at, told, rng.choice(KNOWN), anonymous_id=rng.choice(ANONYMOUS)[1:])
        if k % 40 == 0:
            shop.flush()
    shop.flush()


@pytest.mark.parametrize("seed", range(3))
def test_a_reader_that_is_kept_up_finds_what_one_finds_that_reads_everything(
    tmp_path: Path, seed: int
) -> None:
    rng, shop, told = Random(seed), Shop(tmp_path), []
    with reader_of(tmp_path) as kept:
        for hour in range(4):
            session(shop, rng, hour)
            if hour == 1:
                assert shop.history.join() > 0
            if hour == 2:
                names = {"member7": TOMB, "?device3": "?" + TOMB}
                assert shop.history.erase(names) > 0
            told.append(read_anew(tmp_path))
            assert effects(kept) == told[-1], hour
        with reader_of(tmp_path) as other:  # from what the first has kept
            assert effects(other) == told[-1]
    last, first = told[-1][0].effect, told[0][0].effect
    assert last.treated > first.treated  # so that something was compared
    assert last.primary is not None
    assert first.primary is not None
    assert last.primary.treated.total > first.primary.treated.total > 0


def names_kept(folder: Path) -> set[str]:
    """The ids that can be read in what is kept."""
    found: set[str] = set()
    for path in (folder / EXTRACTS).glob(f"*.{SAID}.arrow"):
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
            found |= {
                *table.column("own_name").to_pylist(),
                *table.column("known_name").to_pylist(),
            }
    return found


def test_what_is_kept_forgets_who_is_erased_at_once(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    for hour, who in enumerate(("anna", "ben")):
        at = hour * HOUR_MS
        shop.add(at, "identity_linked", who, anonymous_id=f"{who}s_device")
        shop.decide(at + 1_000, who, "act")
        shop.add(at + 2_000, "liked", who, room="r")
        shop.flush()
    with reader_of(tmp_path) as reader:
        before = effects(reader)
        assert names_kept(tmp_path) == {"anna", "?annas_device", "ben", "?bens_device"}
        shop.history.erase({"anna": TOMB, "?annas_device": "?" + TOMB})
        assert names_kept(tmp_path) == {"ben", "?bens_device"}
        after = effects(reader)
        assert {"anna", "?annas_device"}.isdisjoint(names_kept(tmp_path))
    assert after == read_anew(tmp_path)
    assert [one.effect.treated for one in after] == [one.effect.treated for one in before]


def test_of_files_that_are_gone_nothing_is_kept(tmp_path: Path) -> None:
    rng, shop = Random(1), Shop(tmp_path)
    session(shop, rng, 0)
    session(shop, rng, 3)
    with reader_of(tmp_path) as reader:
        effects(reader)
        many = {path.name for path in (tmp_path / EXTRACTS).iterdir()}
        shop.history.join()
        effects(reader)
        few = {path.name for path in (tmp_path / EXTRACTS).iterdir()}
        assert few < many
    shop.history.drop_before(START + 2 * HOUR_MS)
    hours = {path.name.split(".")[1] for path in (tmp_path / EXTRACTS).iterdir()}
    assert hours == {"2024-06-01T16"}


@pytest.mark.parametrize("broken", [b"", b"ARROW1\0\0 and then the power was cut"])
def test_what_cannot_be_used_is_taken_out_again(tmp_path: Path, broken: bytes) -> None:
    shop = Shop(tmp_path)
    session(shop, Random(2), 0)
    told = read_anew(tmp_path)
    with reader_of(tmp_path) as reader:
        assert effects(reader) == told
    paths = [*(tmp_path / EXTRACTS).iterdir()]
    for path in paths:
        path.write_bytes(broken)
    with reader_of(tmp_path) as reader:
        assert effects(reader) == told
    assert all(path.read_bytes() != broken for path in paths)


def test_a_home_that_cannot_be_written_is_read_all_the_same(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    session(shop, Random(3), 0)
    (tmp_path / EXTRACTS).write_text("no folder can be here", encoding="utf-8")
    with reader_of(tmp_path) as reader:
        assert effects(reader) == read_anew(tmp_path)


def test_harms_are_those_of_people_who_came_after_somebody_looked(tmp_path: Path) -> None:
    shop, rng = Shop(tmp_path), Random(4)
    for hour, leaving in enumerate((0.9, 0.3)):  # the treated of the first hour are driven away
        for n in range(400):
            at, who = hour * HOUR_MS + n, f"v{hour}-{n}"
            shop.add(at, "room_entered", who, room="r", event_time=START + at)
            shop.decide(at, who, "act" if n % 2 else "control")
        for n in range(400):
            at, who = hour * HOUR_MS + 60_000 + n, f"v{hour}-{n}"
            if rng.random() < (leaving if n % 2 else 0.3):
                shop.add(at, "room_left", who, room="r", event_time=START + at)
        shop.add(hour * HOUR_MS + 600_000, "liked", "nobody", room="r")
        shop.flush()
    measured = Measured(tmp_path)
    only = strategy(control=5_000, tolerance=Tolerance(None, 200, None, None, None, None))
    (found,) = harms_in_history(measured, only)
    assert (found.name, found.treated, found.control) == ("left", 400, 400)
    assert found.is_crossed
    (later,) = harms_in_history(measured, only, since=START + HOUR_MS)
    assert (later.treated, later.control, later.is_crossed) == (200, 200, False)
    assert abs(later.more.value) < 0.15 < found.more.value
    assert harms_in_history(measured, strategy(control=0)) == ()
