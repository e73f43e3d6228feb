"""Stored profiles: what a build finds is what a fold of the rows finds, and since then adds up.

For random pasts: the build as of a boundary joined with the fold of what came since is the fold of
everything (`profile_of`, which a plain reading is compared with in tests/property).
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from qianmian.errors import InputError
from qianmian.profiles.profile import SHANGHAI_MS, Profile, profile_of
from qianmian.profiles.stage import day_of, stages
from qianmian.profiles.stored import MOST_BYTES
from qianmian.storage.history import History
from qianmian.storage.history_reader.profiles_build import build_profiles
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.storage.profile_file import StoredProfiles, path_of
from tests.differential.test_found_traits import PRODUCTS, events, of_person
from tests.differential.test_history_facts import BOUNDARY, written

ORIGINS = ("declared", "platform", "stated", "inferred")


def world(seed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A past and an evening in whole seconds; some traits say who told them; one comes late."""
    rng, rows = Random(seed), events(Random(seed))
    for row in rows:
        row["clock"] = row["clock"] // 1_000 * 1_000
        row["event_time"] = row["clock"]
        if row["type"] == "profile_updated" and rng.random() < 0.6:
            row["properties"] = f'{{"trait_origin":"{rng.choice(ORIGINS)}"}}'
        if row["type"] == "order_paid":
            row["amount"] = rng.randrange(1, 900)
    past = [row for row in rows if row["clock"] < BOUNDARY]
    evening = [row for row in rows if row["clock"] >= BOUNDARY]
    late = {
        "type": "cart_added",
        "viewer": "b",
        "room": "r",
        "product": "p1",
        "clock": evening[0]["clock"],
        "event_time": BOUNDARY - 5_000,
    }
    return past, [late, *evening]


def folded(rows: list[dict[str, Any]]) -> dict[str, Profile]:
    known = {one.id: one for one in PRODUCTS}
    return {who: profile_of(mine, known) for who, mine in of_person(rows).items()}


def assert_same(one: Profile, other: Profile) -> None:
    assert one.basic == other.basic
    assert one.behavior == other.behavior
    assert one.days == other.days
    today = day_of(BOUNDARY, SHANGHAI_MS) + 1
    assert stages(one.days, today) == stages(other.days, today)
    for name in {*one.preference.weights, *other.preference.weights}:
        mine, yours = (
            {liking.value: liking for liking in each.preference.likings(name, BOUNDARY)}
            for each in (one, other)
        )
        assert mine.keys() == yours.keys()
        for value, liking in mine.items():
            assert liking.n == yours[value].n
            assert liking.share == pytest.approx(yours[value].share, abs=0.002)


@pytest.mark.parametrize("seed", range(8))
def test_a_build_and_what_came_since_are_everything(seed: int, tmp_path: Path) -> None:
    past, evening = world(seed)
    history = History(tmp_path / "history")
    written(history, past, 0)
    reader = HistoryReader(tmp_path / "history", products=PRODUCTS, origins=True)
    first = build_profiles(reader, BOUNDARY, tmp_path / "profiles")
    held = StoredProfiles(tmp_path / "profiles").newest()
    assert held is not None
    assert (held.built.boundary_ms, held.built.stop) == (BOUNDARY, len(past))
    since, everything = folded(evening), folded([*past, *evening])
    for who, wanted in folded(past).items():
        found = held.of(who)
        assert found is not None
        assert_same(found, wanted)
        assert_same(found.plus(since.get(who, Profile())), everything[who])
    assert held.of("?x") is None
    assert held.of("nobody") is None
    written(history, evening, len(past))
    again = build_profiles(reader, BOUNDARY, tmp_path / "again")
    reader.close()
    # the late one is in it now, and the evening is not
    late = StoredProfiles(tmp_path / "again").newest()
    assert late is not None
    assert late.built.stop == len(past) + len(evening)
    found = late.of("b")
    assert found is not None
    assert_same(found, folded([*past, evening[0]])["b"])
    assert again.name != first.name


def test_the_same_history_gives_the_same_bytes_and_one_person_can_be_taken_out(
    tmp_path: Path,
) -> None:
    past, _ = world(1)
    history = History(tmp_path / "history")
    written(history, past, 0)
    paths = []
    for folder in ("one", "other"):
        reader = HistoryReader(tmp_path / "history", products=PRODUCTS, origins=True)
        paths.append(build_profiles(reader, BOUNDARY, tmp_path / folder))
        reader.close()
    assert paths[0].name == paths[1].name
    profiles = StoredProfiles(tmp_path / "one")
    before = profiles.newest()
    assert before is not None
    mine = before.of("b")
    assert mine is not None
    (told,) = json.loads(json.dumps(profiles.told(["b", "nobody"])))
    assert (told["viewer"], set(told["behavior"])) == ("b", set(mine.behavior))
    assert not profiles.forget(["nobody"])
    assert profiles.forget(["a", "b", "nobody"])
    after = profiles.newest()
    assert after is not None
    assert [after.of(one) for one in ("a", "b")] == [None, None]
    assert after.of("c") == before.of("c")
    assert after.built == before.built
    assert not paths[0].exists()
    assert [one.name for one in (tmp_path / "one").glob("*.arrow")] == [
        path_of(tmp_path, after.name).name
    ]


def test_a_file_that_was_changed_is_refused(tmp_path: Path) -> None:
    past, _ = world(1)
    history = History(tmp_path / "history")
    written(history, past, 0)
    reader = HistoryReader(tmp_path / "history", origins=True)
    with pytest.raises(InputError, match="no day begins"):
        build_profiles(reader, BOUNDARY + 1, tmp_path / "profiles")
    path = build_profiles(reader, BOUNDARY, tmp_path / "profiles")
    reader.close()
    assert path.stat().st_size < 64 * 1_024 + 7 * (MOST_BYTES + 100)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="does not hold"):
        StoredProfiles(tmp_path / "profiles").newest()
    path.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        StoredProfiles(tmp_path / "profiles").newest()
    assert StoredProfiles(tmp_path / "none").newest() is None
