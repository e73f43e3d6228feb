"""Nine days of 43 real shoppers: history answers what a plain recount of the file answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.columns.facts import Facts
from qianmian.language.parse import parse
from qianmian.profiles.profile import profile_of
from qianmian.profiles.stored import MOST_BYTES
from qianmian.runtime.messages import Events, Message
from qianmian.storage.history import History
from qianmian.storage.history_reader.facts_build import build_facts
from qianmian.storage.history_reader.preview import preview
from qianmian.storage.history_reader.profiles_build import build_profiles
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.storage.profile_file import StoredProfiles
from tests.recount import WORDS, rows_of

FILE: Final = "taobao/users_43_nine_days.csv"
DAY: Final = 86_400_000
NOW: Final = 1_512_230_400_000
"""2017-12-03T00:00 in Shanghai, in the last night of the file."""

Row = dict[str, Any]
TYPES: Final = dict(pair.split("=") for pair in WORDS["taobao"].split())


@pytest.fixture(scope="module")
def rows(real_data: Path) -> list[Row]:
    """Every row once, by time."""
    found = set(rows_of("taobao", real_data / FILE))
    return [
        {
            "clock": int(seconds) * 1_000,
            "type": TYPES[word],
            "viewer": user,
            "room": "shop",
            "product": item,
            "category": category,
        }
        for user, item, category, word, seconds in sorted(found, key=lambda row: int(row[4]))
    ]


@pytest.fixture(scope="module")
def reader(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> HistoryReader:
    folder = tmp_path_factory.mktemp("history")
    history = History(folder)
    for offset, row in enumerate(rows):
        batch = EventBatch.from_rows([{**row, "message": offset}])
        history.add(Message(offset, row["clock"], Events(batch)))
    history.flush()
    return HistoryReader(folder)


def within(rows: list[Row], days: int, type_: str) -> dict[str, list[Row]]:
    """The rows of a type in the days before now, by viewer; everybody is in it."""
    found: dict[str, list[Row]] = {row["viewer"]: [] for row in rows if row["clock"] <= NOW}
    for row in rows:
        if row["type"] == type_ and NOW - days * DAY < row["clock"] <= NOW:
            found[row["viewer"]].append(row)
    return found


def carted_unpaid(rows: list[Row]) -> set[str]:
    paid = within(rows, 2, "order_paid")
    return {who for who, held in within(rows, 2, "cart_added").items() if held and not paid[who]}


def wide(rows: list[Row]) -> set[str]:
    seen = within(rows, 3, "product_viewed")
    return {who for who, held in seen.items() if len({row["category"] for row in held}) >= 20}


def gone(rows: list[Row]) -> set[str]:
    ever = within(rows, 30, "product_viewed")
    return {who for who, held in ever.items() if held and NOW - held[-1]["clock"] > DAY}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("count(cart_added) within 2d >= 1 and count(order_paid) within 2d < 1", carted_unpaid),
        ("distinct(product_viewed.category) within 3d >= 20", wide),
        ("time_since(product_viewed) > 1d", gone),
    ],
)
def test_a_segment_is_what_a_recount_says(
    text: str, wanted: Callable[[list[Row]], set[str]], reader: HistoryReader, rows: list[Row]
) -> None:
    expected = wanted(rows)
    assert 0 < len(expected) < 43
    assert reader.viewers_of(parse(text), NOW) == sorted(expected)
    found = preview(reader, parse(text), NOW)
    assert (found.count, found.total) == (len(expected), len(within(rows, 30, "liked")))
    assert {one.viewer for one in found.samples} <= expected


def test_profiles_of_real_shoppers_fit_and_are_what_a_fold_says(
    reader: HistoryReader, rows: list[Row], tmp_path: Path
) -> None:
    build_profiles(reader, NOW, tmp_path)
    held = StoredProfiles(tmp_path).newest()
    assert held is not None
    sizes = [len(data) for part in held.ranges() for _, _, data in part]
    assert len(sizes) == 43
    assert 300 < max(sizes) <= MOST_BYTES  # their many categories fill them
    by_viewer: dict[str, list[Row]] = {}
    for row in rows:
        if row["clock"] < NOW:
            by_viewer.setdefault(row["viewer"], []).append(row)
    for who, mine in by_viewer.items():
        found, wanted = held.of(who), profile_of(mine)
        assert found is not None
        assert (found.behavior, found.days) == (wanted.behavior, wanted.days)
        likings = wanted.preference.likings("category", NOW)
        kept = [one.value for one in found.preference.likings("category", NOW)]
        assert kept[:3] == [one.value for one in likings[:3]]


def test_the_days_of_facts_are_those_of_the_shop(reader: HistoryReader, rows: list[Row]) -> None:
    asked = parse("count(product_viewed) within 9d >= 1")
    facts = Facts(build_facts(reader, [asked], NOW))
    wanted: dict[str, dict[int, int]] = {}
    for row in rows:
        ago = (NOW - row["clock"] + DAY - 1) // DAY
        if row["type"] == "product_viewed" and 1 <= ago <= 9:
            by_day = wanted.setdefault(row["viewer"], {})
            by_day[ago] = by_day.get(ago, 0) + 1
    told = {one.viewer: one.days_by_column for one in facts.viewers() if one.days_by_column}
    assert told == {who: {"count(product_viewed)": by_day} for who, by_day in wanted.items()}
