"""The reader of history: what it counts, what it keeps up with, and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from qianmian.errors import (
    HistoryTooLarge,
    LimitExceeded,
    LogProblem,
    NotInHistory,
    UnknownName,
)
from qianmian.language.ast import Node
from qianmian.language.parse import parse
from qianmian.storage.history import HistoryFile
from qianmian.storage.history_reader.answers import Definitions
from qianmian.storage.history_reader.days import day_begin
from qianmian.storage.history_reader.reader import HistoryReader
from tests.unit.storage.history_reader.histories import START, Writer

HOUR = 3_600_000
DAY = 24 * HOUR


def asked(folder: Path, text: str, at: int = 10_000, **more: object) -> list[str]:
    reader = HistoryReader(folder)
    try:
        return reader.viewers_of(parse(text), START + at, **more)  # type: ignore[arg-type]
    finally:
        reader.close()


def test_late_events_count_and_repeated_and_refused_ones_do_not(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    for viewer, outcome in (("a", "late"), ("b", "duplicate"), ("c", "refused"), ("d", "accepted")):
        writer.add(0, "room_entered", viewer, room="r")
        writer.add(0, "liked", viewer, outcome, room="r")
    writer.flush()
    assert asked(tmp_path, "count(liked) within 1h >= 1") == ["a", "d"]
    assert asked(tmp_path, "no liked this session") == ["b", "c"]


def test_the_first_question_reads_the_files_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(tmp_path)
    writer.add(0, "order_paid", "a", room="r", quantity=2, order_id="1")
    writer.flush()
    reader = HistoryReader(tmp_path)
    taken: list[int] = []
    take = reader.warm._take

    def counted(files: Sequence[HistoryFile]) -> None:
        taken.append(len(files))
        take(files)

    monkeypatch.setattr(reader.warm, "_take", counted)
    text = "count(order_paid where quantity >= 2) within 1h >= 1 and not trait.gender == female"
    assert reader.viewers_of(parse(text), START + 1) == ["a"]
    assert taken == [1]
    writer.add(1, "order_paid", "b", room="r", quantity=3, order_id="2")
    writer.flush()
    assert reader.viewers_of(parse(text), START + 2) == ["a", "b"]
    assert taken == [1, 1], "then only what is new"
    reader.close()


def test_a_window_begins_after_its_first_instant(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.add(0, "liked", "a", room="r")
    writer.flush()
    text = "count(liked) within 5s >= 1"
    assert asked(tmp_path, text, 4_999) == ["a"]
    assert asked(tmp_path, text, 5_000) == []


def test_a_long_window_goes_back_whole_days_of_the_shop(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    midnight = day_begin(START, "Asia/Shanghai") - START
    writer.add(midnight - 8 * DAY - 1, "order_paid", "before", room="r", amount=100, order_id="1")
    writer.add(midnight - 8 * DAY, "order_paid", "first", room="r", amount=100, order_id="2")
    writer.add(0, "order_paid", "today", room="r", amount=100, order_id="3")
    writer.flush()
    assert asked(tmp_path, "count(order_paid) within 8d >= 1") == ["first", "today"]
    assert asked(tmp_path, "sum(order_paid.amount) within 8d < ¥1") == ["before"]
    assert asked(tmp_path, "count(order_paid) within 9d >= 1") == ["before", "first", "today"]
    with pytest.raises(LimitExceeded, match="whole days"):
        asked(tmp_path, "count(order_paid) within 200h >= 1")


def test_the_hour_of_an_event_is_that_of_the_shop_or_of_the_zone_it_names(tmp_path: Path) -> None:
    changes = 1_729_990_800_000 - START  # 2024-10-27T01:00Z: in Berlin it is two o'clock again
    writer = Writer(tmp_path)
    for viewer, hours in (("a", -2), ("b", -1), ("c", 0), ("d", 1)):
        writer.add(changes + hours * HOUR, "liked", viewer, room="r")
    writer.flush()
    night = "count(liked where hour between 02:00 and 03:00{zone}) within 12h >= 1"
    there, at = night.format(zone=' in "Europe/Berlin"'), changes + 2 * HOUR
    assert asked(tmp_path, there, at) == ["b", "c"]
    assert asked(tmp_path, there.replace("liked where", "liked where not"), at) == ["a", "d"]
    reader = HistoryReader(tmp_path, zone="Europe/Berlin")
    assert reader.viewers_of(parse(night.format(zone="")), START + at) == ["b", "c"]
    reader.close()
    shanghai = "count(liked where hour between 08:00 and 10:00) within 12h >= 1"
    assert asked(tmp_path, shanghai, at) == ["b", "c"]
    assert asked(tmp_path, shanghai.replace("08:00 and 10", "10:00 and 08"), at) == ["a", "d"]


def test_days_of_summer_time_are_days() -> None:
    noon = 1_711_882_800_000  # 2024-03-31T11:00Z, 13:00 in Berlin, on the day that has 23 hours
    today, before = (day_begin(noon, "Europe/Berlin", days_before=k) for k in (0, 1))
    after = day_begin(noon + DAY, "Europe/Berlin")
    assert (after - today, today - before) == (23 * HOUR, 24 * HOUR)


def test_what_came_later_is_not_known_yet(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.add(0, "profile_updated", "a", traits={"level": 1})
    writer.add(1_000, "liked", "a", room="r")
    writer.add(2_000, "profile_updated", "a", traits={"level": 2})
    writer.add(3_000, "liked", "b", room="r")
    writer.flush()
    assert asked(tmp_path, "trait.level == 1", 1_500) == ["a"]
    assert asked(tmp_path, "trait.level == 1", 3_000) == []
    assert asked(tmp_path, "not trait.level == 1", 2_999) == ["a"]
    assert asked(tmp_path, "count(liked) ever >= 1", 999) == []


def test_what_is_written_while_it_reads_is_read_too(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.add(0, "liked", "?x", room="r")
    writer.flush()
    reader = HistoryReader(tmp_path)
    once, twice = parse("count(liked) ever >= 1"), parse("count(liked) ever >= 2")
    assert reader.viewers_of(once, START + 10) == ["?x"]
    writer.add(20, "liked", "a", room="r", traits=None)
    writer.add(21, "identity_linked", "a", anonymous_id="x", traits={"level": 7})
    writer.add(22, "liked", "?x", room="r")
    writer.flush()
    assert reader.viewers_of(twice, START + 30) == ["a"]
    assert reader.viewers_of(parse("count(liked) ever >= 3"), START + 30) == ["a"]
    assert reader.viewers_of(parse("trait.level == 7"), START + 30) == ["a"]
    for at in (HOUR, 2 * HOUR):
        writer.add(at, "liked", "b", room="r")
        writer.flush()
        writer.add(at + 1, "liked", "b", room="r")
        writer.flush()
    assert writer.history.join() > 0
    assert reader.viewers_of(parse("count(liked) ever == 4"), START + 3 * HOUR) == ["b"]
    reader.close()


def test_a_column_that_no_question_has_read_is_read_then(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.add(0, "room_entered", "a", room="r", entry_source="search")
    writer.add(1, "room_entered", "b", room="r")
    writer.flush()
    reader = HistoryReader(tmp_path)
    assert reader.viewers_of(parse("count(room_entered) ever >= 1"), START + 9) == ["a", "b"]
    where = 'count(room_entered where entry_source starts_with "sea") ever >= 1'
    assert reader.viewers_of(parse(where), START + 9) == ["a"]
    assert reader.viewers_of(parse('first(room_entered.entry_source) == "search"'), START + 9) == [
        "a"
    ]
    reader.close()


def test_an_erased_person_is_nobody(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    for viewer in ("a", "b"):
        writer.add(0, "liked", viewer, room="r")
    writer.flush()
    reader = HistoryReader(tmp_path)
    liked = parse("count(liked) ever >= 1")
    assert reader.viewers_of(liked, START + 9) == ["a", "b"]
    writer.history.erase({"a": "erased-" + "0" * 32})
    assert reader.viewers_of(liked, START + 9) == ["b"]
    reader.close()


def test_a_line_of_an_order_that_fits_is_enough(tmp_path: Path) -> None:
    lines = [{"product": "p1", "category": "x"}, {"product": "p2", "category": "y"}]
    writer = Writer(tmp_path)
    writer.add(0, "order_paid", "a", room="r", order_id="1", items=lines)
    writer.add(1, "order_paid", "b", room="r", order_id="2", product="p1", category="y")
    writer.flush()
    both = "count(order_paid where (product == p1 and category == y)) ever >= 1"
    assert asked(tmp_path, both) == ["b"]
    assert asked(tmp_path, "count(order_paid where not product == p1) ever >= 1") == ["a"]
    assert asked(tmp_path, "distinct(order_paid.product) ever >= 2") == ["a"]
    assert asked(tmp_path, "distinct(order_paid.product where category == y) ever == 1") == [
        "a",
        "b",
    ]


def test_a_list_and_another_definition_are_members(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    for viewer in ("a", "b", "?x"):
        writer.add(0, "liked", viewer, room="r")
    writer.add(1, "identity_linked", "c", anonymous_id="x")
    writer.flush()
    levels: dict[tuple[str, str], Node] = {
        ("tag", "keen"): parse("count(liked) ever >= 1 and not in list.staff"),
        ("tag", "one"): parse("tag.other"),
        ("tag", "other"): parse("not tag.one"),
    }
    known = Definitions(levels, {"staff": ["b", "nobody"], "guests": ["?x"]})
    assert asked(tmp_path, "tag.keen", definitions=known) == ["a", "c"]
    assert asked(tmp_path, "in list.guests", definitions=known) == ["c"]
    with pytest.raises(UnknownName, match=r"list.*staff"):
        asked(tmp_path, "in list.staf", definitions=known)
    with pytest.raises(LimitExceeded, match="one → other → one"):
        asked(tmp_path, "tag.one", definitions=known)


def test_who_comes_into_history_after_a_list_is_on_it(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.add(0, "liked", "a", room="r")
    writer.flush()
    known = Definitions(lists={"staff": ["a", "b"]})
    expr, at = parse("in list.staff"), START + 10_000
    reader = HistoryReader(tmp_path)
    try:
        assert reader.viewers_of(expr, at, definitions=known) == ["a"]
        writer.add(1, "liked", "b", room="r")
        writer.flush()
        assert reader.viewers_of(expr, at, definitions=known) == ["a", "b"]
        other = Definitions(lists={"staff": ["b"]})
        assert reader.viewers_of(expr, at, definitions=other) == ["b"]
    finally:
        reader.close()


@pytest.mark.parametrize(
    "text",
    [
        "idle for 5s",
        "in room for 5s",
        "previous visit",
        "product_viewed for 5s",
        "count(liked) this visit >= 1",
        "score.churn > 0.5",
        "room.presenting == p1",
        "liked then shared within 5s",
        "liked",
    ],
)
def test_what_history_cannot_say_is_refused_with_what_to_do(tmp_path: Path, text: str) -> None:
    writer = Writer(tmp_path)
    writer.add(0, "liked", "a", room="r")
    writer.flush()
    with pytest.raises(NotInHistory, match=r"; \w+"):
        asked(tmp_path, text)


def test_a_room_that_never_spoke_is_unknown(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.add(0, "liked", "a", room="room1")
    writer.flush()
    with pytest.raises(UnknownName, match='Did you mean "room1"'):
        asked(tmp_path, "count(liked) ever >= 1", room="room2")


def test_an_empty_history_has_nobody(tmp_path: Path) -> None:
    assert asked(tmp_path, "not count(liked) ever >= 1 and not trait.x == 1") == []


def test_values_are_never_part_of_the_query(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    hostile = "x' OR 1=1; DROP TABLE event; --"
    writer.add(0, "liked", hostile, room="r'", product=hostile)
    writer.add(1, "liked", "b", room="r'", product="p")
    writer.flush()
    assert asked(tmp_path, f'count(liked where product == "{hostile}") ever >= 1') == [hostile]
    assert asked(tmp_path, "count(liked) ever >= 1", room="r'") == ["b", hostile]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY (SELECT 1) TO '/tmp/qianmian-must-not-be.csv'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "ATTACH '/tmp/qianmian-must-not-be.db'",
        "SET enable_external_access = true",
        "SET threads = 64",
    ],
)
def test_nothing_but_the_folder_can_be_reached(tmp_path: Path, statement: str) -> None:
    writer = Writer(tmp_path)
    writer.add(0, "liked", "a", room="r")
    writer.flush()
    reader = HistoryReader(tmp_path)
    reader.refresh()
    with pytest.raises((LogProblem, duckdb.Error), match=r"disabled|locked|cannot be read"):
        reader.database.run(statement)
    reader.close()


def test_a_question_that_is_too_large_says_so(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.add(0, "liked", "a", room="r")
    writer.flush()
    reader = HistoryReader(tmp_path, memory_mb=64, threads=1)
    with pytest.raises(HistoryTooLarge, match="64 MiB"):
        reader.database.run("SELECT list(i ORDER BY hash(i)) FROM range(20000000) AS t(i)")
    assert reader.viewers_of(parse("count(liked) ever >= 1"), START + 9) == ["a"]
    reader.close()


def test_a_file_that_is_damaged_is_told(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.add(0, "liked", "a", room="r")
    writer.flush()
    (one,) = writer.history.files("events")
    one.path.write_bytes(one.path.read_bytes()[:-40] + bytes(40))
    with pytest.raises(LogProblem, match="history cannot be read"):
        asked(tmp_path, "count(liked) ever >= 1")


def test_a_shop_without_history_can_be_asked_about_fields_and_traits_at_once(
    tmp_path: Path,
) -> None:
    reader = HistoryReader(tmp_path / "history")
    expr = parse('trait.gender == female and count(liked where category == "x") within 5m >= 1')
    assert reader.viewers_of(expr, 1_790_000_000_000) == []
    reader.close()
