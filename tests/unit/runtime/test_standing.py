from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qianmian.columns.facts import ViewerFacts
from qianmian.language.parse import parse_definition
from qianmian.runtime.evidence import Explainer
from qianmian.runtime.standing import FEW_ROWS, Standing, Waiting, Why, standing_of
from qianmian.vocabulary.firing import Firing

START = 1_790_000_000_000
TEXTS = {
    "tag.liker": ("liker", "count(liked) within 60s >= 2", "tag"),
    "tag.loud": ("loud", "tag.liker and comment_sent this session", "tag"),
    "segment.fans": ("fans", "tag.loud and trait.gender == female", "segment"),
    "left": ("left", "cart_added without order_paid within 5m on same product", "moment"),
    "looks": ("looks", "product_viewed for 2m without order_paid on same product", "moment"),
    "crowd": ("crowd", "distinct(comment_sent.viewer) within 60s >= 3", "moment"),
}
NUMBERS = {
    "tag.likes": ("likes", "number count(liked) within 60s", "tag"),
    "tag.age": ("age", "number trait.age", "tag"),
    "tag.spent": ("spent", "number sum(order_paid.amount) within 30d", "tag"),
}
DEFINITIONS = {name: parse_definition(*given) for name, given in (TEXTS | NUMBERS).items()}


def row(kind: str, at_s: int, number: int, **given: Any) -> dict[str, Any]:
    clock = START + at_s * 1_000
    return {
        "type": kind,
        "clock": clock,
        "event_time": clock,
        "viewer": "v",
        "room": "r",
        "message_id": f"e{number}",
        **given,
    }


def standing(rows: list[dict[str, Any]], at_s: int, held: set[str]) -> Standing:
    place = Firing(START + at_s * 1_000, "v", "r", f"r@{START}", "", 1, None)
    return standing_of(Explainer(presence=False), place, DEFINITIONS, held, rows)


def test_why_a_level_holds_names_the_events_also_through_other_levels() -> None:
    rows = [row("liked", 0, 0), row("comment_sent", 5, 1), row("liked", 10, 2)]
    rows += [row("profile_updated", 12, 3, traits={"gender": "female"})]
    found = standing(rows, 20, {"tag.liker", "tag.loud", "segment.fans"})
    assert found.why["tag.liker"] == Why(START + 10_000, ("e0", "e2"))
    assert found.why["tag.loud"].because == ("e1",)
    assert found.why["segment.fans"].because == ()
    assert found.visits == 1


def test_a_number_says_how_much_it_is_now() -> None:
    rows = [row("liked", 0, 0), row("liked", 10, 1)]
    found = standing(rows, 20, {"tag.likes", "tag.liker"})
    assert found.numbers == {"tag.likes": 2}
    assert standing(rows, 65, {"tag.likes"}).numbers == {"tag.likes": 1}
    assert standing(rows, 100, {"tag.likes"}).numbers == {"tag.likes": 0}
    rows += [row("profile_updated", 12, 3, traits={"age": 31})]
    assert standing(rows, 20, {"tag.age"}).numbers == {"tag.age": 31}
    assert standing(rows, 20, set()).numbers == {}


def test_a_number_over_days_adds_what_is_live_to_the_facts() -> None:
    past = ViewerFacts(
        "v", traits={"age": 40}, days_by_column={"sum(order_paid.amount)": {2: 500, 31: 9}}
    )
    rows = [row("order_paid", -5, 0, amount=7), row("order_paid", 5, 1, amount=30)]
    place = Firing(START + 10_000, "v", "r", f"r@{START}", "", 1, None)

    def numbers(of: ViewerFacts | None, at: int | None) -> Mapping[str, float]:
        held = {"tag.spent", "tag.age"}
        explainer = Explainer(presence=False)
        return standing_of(explainer, place, DEFINITIONS, held, rows, past=of, past_at=at).numbers

    assert numbers(past, START) == {"tag.spent": 530, "tag.age": 40}
    assert numbers(None, START) == {"tag.spent": 30}
    assert numbers(None, None) == {}


def test_what_waits_is_what_is_armed_and_not_cancelled() -> None:
    rows = [
        row("cart_added", 0, 0, product="a"),
        row("cart_added", 10, 1, product="b"),
        row("order_paid", 20, 2, product="a"),
        row("product_viewed", 30, 3, product="c"),
    ]
    found = standing(rows, 40, set()).waiting
    assert found == (
        Waiting("looks", "c", START + 150_000),
        Waiting("left", "b", START + 310_000),
    )
    assert standing(rows, 151, set()).waiting == (Waiting("left", "b", START + 310_000),)
    gone = [*rows, row("room_left", 45, 4)]
    assert standing(gone, 50, set()).waiting == ()


def test_visits_are_counted_and_long_stories_say_no_since() -> None:
    rows = [row("liked", n, n, visit="a") for n in range(FEW_ROWS)]
    rows += [row("liked", 200, 99, visit="b"), row("liked", 201, 100, visit="b")]
    found = standing(rows, 202, {"tag.liker"})
    assert found.visits == 2
    assert found.why["tag.liker"] == Why(None, ("e100", "e99"))


def test_what_holds_and_is_not_defined_any_more_is_left_out() -> None:
    assert standing([row("liked", 0, 0)], 1, {"tag.old"}).why == {}


def test_what_came_twice_or_late_is_not_counted() -> None:
    late = row("liked", 10, 3)
    late["clock"] += 5_001
    rows = [row("liked", 0, 0), row("liked", 0, 0), row("liked", 1, 1), late]
    paid = row("order_paid", 10, 4)
    paid["clock"] += 60_000  # orders are never late
    explainer = Explainer(presence=False, lateness_ms=5_000)
    assert explainer.counted([*rows, paid]) == [rows[0], rows[2], paid]
