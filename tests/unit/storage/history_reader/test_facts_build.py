"""Facts built from history: days of the shop, traits, segments; nothing after the boundary."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from qianmian.columns.facts import Facts, ViewerFacts, facts_bytes, facts_of_columns
from qianmian.errors import InputError, UnknownName
from qianmian.language.parse import parse
from qianmian.storage.history_reader.days import day_begin
from qianmian.storage.history_reader.facts_build import build_facts
from qianmian.storage.history_reader.levels import Definitions
from qianmian.storage.history_reader.reader import HistoryReader
from tests.unit.storage.history_reader.histories import START, Writer

DAY = 86_400_000
BOUNDARY = day_begin(START, "Asia/Shanghai")
AT = BOUNDARY - START
"""The boundary, as ms after the start."""
TEXTS = (
    "count(order_paid where amount >= ¥1) within 30d >= 3",
    "sum(order_paid.amount) within 8d >= ¥5",
    "liked and trait.level >= 2 and in segment.vip",
    "visit_started and previous visit",
)
KNOWN = Definitions({("segment", "vip"): parse("sum(order_paid.amount) within 30d >= ¥4")})


def built(folder: Path) -> Facts:
    reader = HistoryReader(folder)
    data = build_facts(
        reader, map(parse, TEXTS), BOUNDARY, daily=["vip"], definitions=KNOWN, namespace="shop"
    )
    again = build_facts(
        reader, map(parse, TEXTS), BOUNDARY, daily=["vip"], definitions=KNOWN, namespace="shop"
    )
    reader.close()
    assert data == again
    return Facts(data)


def test_it_holds_the_days_before_the_boundary(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.add(AT - 31 * DAY, "order_paid", "a", room="r", order_id="0", amount=100)
    writer.add(AT - 30 * DAY, "order_paid", "a", room="r", order_id="1", amount=100)
    writer.add(AT - 2 * DAY - 1, "order_paid", "a", room="r", order_id="2", amount=200)
    writer.add(AT - 2 * DAY, "order_paid", "a", room="r", order_id="3", amount=300)
    writer.add(AT - 2, "order_paid", "a", order_id="4", amount=50)
    writer.add(AT - 1, "profile_updated", "b", traits={"level": 2, "city": "sh"})
    writer.add(AT, "order_paid", "a", room="r", order_id="5", amount=900)
    writer.add(AT + 1, "profile_updated", "b", traits={"level": 9})
    writer.add(AT + 2, "liked", "c", room="r")
    writer.flush()
    facts = built(tmp_path)
    assert facts.boundary_ms == BOUNDARY
    found = {one.viewer: one for one in facts.viewers()}
    assert found == {
        "a": ViewerFacts(
            "a",
            first_seen=BOUNDARY - 31 * DAY,
            last_seen=BOUNDARY - 2 * DAY,
            segments=frozenset({"vip"}),
            days_by_column={
                "count(order_paid where amount >= ¥1)": {30: 1, 3: 1, 2: 1},
                "sum(order_paid.amount)": {3: 200, 2: 300, 1: 50},
            },
        ),
        "b": ViewerFacts("b", traits={"level": 2}),
    }
    assert facts.of("c") is None


def test_what_an_anonymous_viewer_did_is_the_known_ones(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.add(AT - 5, "order_paid", "?x", room="r", order_id="1", amount=100)
    writer.add(AT - 4, "order_paid", "k", room="r", order_id="2", amount=100)
    writer.add(AT + 5, "identity_linked", "k", anonymous_id="x", traits={"level": 3})
    writer.flush()
    (one,) = built(tmp_path).viewers()
    assert (one.viewer, one.total("sum(order_paid.amount)", 8)) == ("k", 200)


def test_late_in_history_is_not_late_for_facts(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.add(0, "liked", "a", room="r")
    day_before = {"event_time": BOUNDARY - 1, "order_id": "1", "amount": 700, "room": "r"}
    writer.add(1, "order_paid", "a", "late", **day_before)
    writer.flush()
    (one,) = built(tmp_path).viewers()
    assert one.total("sum(order_paid.amount)", 8) == 700


def test_a_day_must_begin_at_the_boundary(tmp_path: Path) -> None:
    reader = HistoryReader(tmp_path)
    with pytest.raises(InputError, match="no day begins at"):
        build_facts(reader, (), BOUNDARY + 3_600_000)
    with pytest.raises(UnknownName, match="vip"):
        build_facts(reader, [parse("in segment.vip")], BOUNDARY, daily=["vip"])
    assert len(Facts(build_facts(reader, map(parse, TEXTS), BOUNDARY))) == 0
    reader.close()


def test_columns_and_objects_make_the_same_file() -> None:
    days = {f"v{k}": {3: k, 1: 2} for k in range(1, 200)}
    column = "count(order_paid)"
    viewers = [
        ViewerFacts(name, last_seen=7, traits={"a": 1}, days_by_column={column: by_day})
        for name, by_day in days.items()
    ]
    table = pa.table(
        {
            "viewer": list(days),
            "last_seen": [7] * len(days),
            "traits": ['{"a": 1}'] * len(days),
            f"days.{column}": [
                [{"ago": ago, "value": by_day[ago]} for ago in sorted(by_day)]
                for by_day in days.values()
            ],
        }
    )
    data = facts_of_columns(table, boundary_ms=BOUNDARY)
    assert data == facts_bytes(viewers, boundary_ms=BOUNDARY, columns=[column])
    with pytest.raises(InputError, match='"v7" twice'):
        facts_of_columns(pa.concat_tables([table, table.slice(6, 1)]), boundary_ms=BOUNDARY)
    with pytest.raises(InputError, match='no column "mood"'):
        facts_of_columns(table.rename_columns({"traits": "mood"}), boundary_ms=BOUNDARY)
