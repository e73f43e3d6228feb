"""Profiles depend on neither order nor batches of the rows, and match a plain reading."""

from __future__ import annotations

from collections import defaultdict
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.profiles.preference import DIMENSIONS, HALF_LIFE_MS, POINTS
from qianmian.profiles.profile import SHANGHAI_MS, Profile, profile_of
from qianmian.profiles.stage import stages

DAY_MS = 86_400_000
START = 20_000 * DAY_MS
ORIGINS = ("declared", "platform", "stated", "inferred")

acts = st.fixed_dictionaries(
    {
        "type": st.sampled_from([*POINTS, "liked", "room_left", "heartbeat"]),
        "clock": st.integers(START, START + 150 * DAY_MS),
        "product": st.sampled_from(["a", "b", "c"]),
        "category": st.sampled_from(["x", "y"]),
        "price": st.integers(0, 150_000),
    }
)
traits = st.fixed_dictionaries(
    {
        "type": st.just("profile_updated"),
        "clock": st.integers(START, START + 5),
        "traits": st.dictionaries(st.sampled_from(["age", "city"]), st.integers(0, 3), min_size=1),
        "properties": st.sampled_from([f'{{"trait_origin":"{one}"}}' for one in ORIGINS]),
    }
)
rows_of = st.lists(acts | traits, max_size=25)


def assert_same(one: Profile, other: Profile, at: int) -> None:
    assert one.basic == other.basic
    assert one.behavior == other.behavior
    assert one.days == other.days
    for name in DIMENSIONS:
        mine, yours = (
            {liking.value: liking for liking in each.preference.likings(name, at)}
            for each in (one, other)
        )
        assert mine.keys() == yours.keys()
        for value, liking in mine.items():
            assert liking.n == yours[value].n
            assert liking.share == pytest.approx(yours[value].share)


@given(rows_of, st.integers(), st.integers(1, 6))
def test_any_order_in_any_batches_gives_one_profile(
    rows: list[dict[str, Any]], seed: int, parts: int
) -> None:
    # of two values of one instant the later arrival counts, so none are told at one instant here
    rows = [row | {"clock": START + k} if "traits" in row else row for k, row in enumerate(rows)]
    whole = profile_of(rows)
    mixed = list(rows)
    Random(seed).shuffle(mixed)
    joined = Profile()
    for part in range(parts):
        joined = profile_of(mixed[part::parts]).plus(joined)
    assert_same(joined, whole, START + 150 * DAY_MS)


@given(rows_of)
def test_weights_are_what_a_plain_sum_says(rows: list[dict[str, Any]]) -> None:
    at = START + 150 * DAY_MS
    plain: dict[str, float] = defaultdict(float)
    for row in rows:
        if row["type"] in POINTS:
            age = (at - row["clock"]) / HALF_LIFE_MS
            plain[row["category"]] += POINTS[row["type"]] / 2**age
    found = profile_of(rows).preference.likings("category", at)
    assert {one.value for one in found} == set(plain)
    for one in found:
        assert one.share == pytest.approx(plain[one.value] / sum(plain.values()))


@given(rows_of)
def test_the_basic_value_is_the_last_of_the_best_origin(rows: list[dict[str, Any]]) -> None:
    found = profile_of(rows).basic
    for name in ("age", "city"):
        told = [
            (-ORIGINS.index(row["properties"].split('"')[3]), row["clock"], k, row["traits"][name])
            for k, row in enumerate(rows)
            if name in row.get("traits", {})
        ]
        if not told:
            assert name not in found
            continue
        best = max(told)
        assert (found[name].origin, found[name].at) == (ORIGINS[-best[0]], best[1])
        assert found[name].value == best[3]


def plain_stage(came: set[int], paid: set[int], today: int) -> str | None:
    """Day by day, as the page says."""
    stage, last = None, 0
    for day in range(min(came, default=today + 1), today + 1):
        if stage is not None and day - last == 14:
            stage = "churn_risk"
        if stage is not None and day - last == 30:
            stage = "dormant"
        if day not in came:
            continue
        if stage is None:
            stage = "active" if day in paid else "new"
        elif stage == "dormant":
            stage = "active" if day in paid else "returned"
        else:
            stage = "active"
        last = day
    return stage


@given(rows_of, st.integers(0, 170))
def test_the_stage_is_what_a_walk_over_the_days_says(
    rows: list[dict[str, Any]], ahead: int
) -> None:
    def day(row: dict[str, Any]) -> int:
        return int((row["clock"] + SHANGHAI_MS) // DAY_MS)

    seen = [row for row in rows if row["type"] not in ("room_left", "profile_updated")]
    today = START // DAY_MS + ahead
    paid = {day(row) for row in seen if row["type"] == "order_paid"}
    came = {day(row) for row in seen}
    changes = stages(profile_of(rows).days, today)
    before = {one for one in came if one <= today}
    assert (changes[-1].stage if changes else None) == plain_stage(before, paid, today)
    assert [one.day for one in changes] == sorted(one.day for one in changes)
