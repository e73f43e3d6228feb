"""Lists beside facts: who is on each, and nothing of the facts is lost."""

from __future__ import annotations

from qianmian.columns.fact_lists import facts_with_lists
from qianmian.columns.facts import Facts, ViewerFacts, facts_bytes

DAY_MS = 86_400_000
COLUMN = "count(order_paid)"
BUILD = Facts(
    facts_bytes(
        [
            ViewerFacts("a", 1, 2, {"level": 3}, {"churn": 0.5}, frozenset({"daily"})),
            ViewerFacts("b", days_by_column={COLUMN: {1: 2, 30: 1}}),
        ],
        boundary_ms=DAY_MS,
        columns=[COLUMN],
        scores=["churn"],
        segments=["daily"],
    )
)


def segments(facts: Facts) -> dict[str, set[str]]:
    return {one.viewer: set(one.segments) for one in facts.viewers()}


def test_a_list_stands_beside_what_history_knows() -> None:
    found = Facts(facts_with_lists(BUILD, {"vip": ["b", "new"], "staff": ["a"]}))
    assert segments(found) == {"a": {"daily", "list.staff"}, "b": {"list.vip"}, "new": {"list.vip"}}
    assert found.boundary_ms == DAY_MS
    a, b = found.of("a"), found.of("b")
    assert a is not None
    assert b is not None
    assert (a.first_seen, a.last_seen, a.traits, a.scores) == (1, 2, {"level": 3}, {"churn": 0.5})
    assert b.total(COLUMN, 30) == 3
    assert found.of("new") == ViewerFacts("new", segments=frozenset({"list.vip"}))


def test_a_newer_list_takes_the_place_of_the_old_one() -> None:
    before = Facts(facts_with_lists(BUILD, {"vip": ["a", "gone"], "old": ["a"]}))
    found = Facts(facts_with_lists(before, {"vip": ["b"]}))
    assert found.segments == ("daily", "list.vip")
    assert segments(found) == {"a": {"daily"}, "b": {"list.vip"}, "gone": set()}


def test_lists_need_no_history() -> None:
    found = Facts(facts_with_lists(None, {"vip": ["a"], "empty": []}, namespace="shop"))
    assert (found.boundary_ms, found.namespace) == (0, "shop")
    assert segments(found) == {"a": {"list.vip"}}
    assert found.segments == ("list.empty", "list.vip")


def test_the_same_lists_give_the_same_bytes_in_any_order() -> None:
    one = facts_with_lists(BUILD, {"vip": ["x", "b", "y"], "staff": ["a"]})
    assert one == facts_with_lists(BUILD, {"staff": ["a"], "vip": ["y", "x", "b", "x"]})
    again = facts_with_lists(Facts(one), {"vip": ["b", "x", "y"], "staff": ["a"]})
    assert one == again
