"""Stories of one viewer: which part holds, since when, because of which events."""

from __future__ import annotations

from typing import Any

import pytest

from qianmian.language.explain import because, explain
from qianmian.language.instants import instants_of
from qianmian.language.parse import parse, parse_definition
from qianmian.language.rows import Known, Row

SILENT = Known(presence_none=True)


def story(*lines: str) -> list[Row]:
    """Rows from lines like "12s cart_added product=p1 at=13s"; ids are a, b, c, …."""
    rows = []
    for order, line in enumerate(lines):
        time, type_, *rest = line.split()
        fields: dict[str, Any] = dict(word.split("=") for word in rest)
        event_time = ms(time)
        clock = ms(fields.pop("at", time))
        products = tuple(filter(None, fields.pop("product", "").split("+")))
        categories = tuple(filter(None, fields.pop("category", "").split("+")))
        for name in ("amount", "idle_ms"):
            if name in fields:
                fields[name] = int(fields[name])
        if "visible" in fields:
            fields["visible"] = fields["visible"] == "true"
        if "class" in fields:
            fields["class"] = (fields["class"],)
        name = chr(ord("a") + order)
        rows.append(Row(name, event_time, order, clock, type_, products, categories, fields))
    return rows


def ms(text: str) -> int:
    return int(text[:-2]) if text.endswith("ms") else int(text[:-1]) * 1_000


def fired(
    text: str, rows: list[Row], until: str, known: Known = SILENT
) -> list[tuple[int, Any, str]]:
    """(second, key, ids) of each instant of a pulse."""
    found = instants_of(parse(text), rows, ms(until), known)
    return [(one.at // 1_000, one.key, "".join(one.because)) for one in found]


def test_an_event_is_its_own_reason_once_per_product() -> None:
    rows = story("1s order_paid product=p1+p2", "2s liked", "3s order_paid")
    assert fired("order_paid", rows, "9s") == [(1, None, "a"), (3, None, "c")]
    assert fired("order_paid on same product", rows, "9s") == [(1, "p1", "a"), (1, "p2", "a")]


def test_a_sequence_names_the_latest_first_event_and_the_completing_one() -> None:
    rows = story(
        "1s promo_started", "2s promo_started", "5s liked", "13s liked", "12s liked at=14s"
    )
    assert fired("promo_started then liked within 10s", rows, "20s") == [
        (5, None, "bc"),
        (14, None, "be"),
    ]


def test_a_first_event_that_arrives_after_its_second_completes_nothing() -> None:
    rows = story("5s liked at=5s", "2s promo_started at=6s")
    assert fired("promo_started then liked within 10s", rows, "20s") == []


def test_an_absence_names_what_armed_it_and_waits_for_late_events() -> None:
    rows = story(
        "0s cart_added product=p1", "1s cart_added product=p2", "9s order_paid product=p1 at=12s"
    )
    text = "cart_added without order_paid within 10s on same product"
    assert fired(text, rows, "30s") == [(10, "p1", "a"), (11, "p2", "b")]
    assert fired(f"{text} wait 5s", rows, "30s") == [(16, "p2", "b")]
    assert fired(text, rows, "10s") == [(10, "p1", "a")]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("10s order_paid product=p1", "at exactly T it cancels"),
        ("10s order_paid product=p2+p1", "one item is enough"),
        ("5s room_left", "leaving"),
        ("5s session_ended", "the session ends"),
        ("5s product_withdrawn product=p1", "the product is withdrawn"),
        ("5s liked visit=other", "another visit"),
    ],
)
def test_what_cancels_an_absence(line: str, why: str) -> None:
    rows = story("0s cart_added product=p1 visit=one", line)
    text = "cart_added without order_paid within 10s on same product"
    assert fired(text, rows, "30s") == [], why
    assert fired(text, rows[:1], "30s") == [(10, "p1", "a")]


def test_silence_ends_a_visit_and_with_it_what_is_armed() -> None:
    rows = story("0s cart_added product=p1")
    text = "cart_added without order_paid within 45s on same product"
    assert fired(text, rows, "90s", Known()) == []
    assert fired(text.replace("45s", "44s"), rows, "90s", Known()) == [(44, "p1", "a")]
    assert fired(text, rows, "90s", SILENT) == [(45, "p1", "a")]


def test_a_count_per_product_names_the_newest_that_are_enough() -> None:
    rows = story(
        "1s liked product=p1", "2s liked product=p2", "3s liked product=p1", "4s liked product=p1"
    )
    text = "count(liked) within 10s >= 2 on same product"
    assert fired(text, rows, "9s") == [(3, "p1", "ac"), (4, "p1", "cd")]


def test_distinct_products_of_one_category() -> None:
    rows = story(
        "1s product_clicked product=p1 category=cream",
        "2s product_clicked product=p2 category=cream",
        "3s product_clicked product=p1 category=cream",
        "4s product_clicked product=p3 category=phone",
        "5s product_clicked product=p4 category=cream",
    )
    text = "count(product_clicked) within 60s >= 3 and distinct(product) same category"
    assert fired(text, rows, "9s") == [(5, "cream", "bce")]


def test_visits_start_with_the_first_event_after_each_absence() -> None:
    rows = story("0s liked", "10s liked", "60s liked", "61s room_left", "61s liked", "70s liked")
    assert fired("visit_started", rows, "99s", Known()) == [
        (0, None, "a"),
        (60, None, "c"),
        (70, None, "f"),
    ]
    assert fired("visit_started and previous visit", rows, "99s", Known()) == [
        (60, None, "c"),
        (70, None, "f"),
    ]
    assert fired("visit_started and previous visit 50s ago", rows, "99s", Known()) == [
        (60, None, "c")
    ]


def test_guards_are_read_after_the_effects_of_the_event() -> None:
    rows = story("0s liked", "1s liked", "2s liked")
    text = "liked and count(liked) within 10s >= 2 and not tag.x"
    assert fired(text, rows, "9s") == [(1, None, "ab"), (2, None, "bc")]
    assert fired(text, rows, "9s", Known(tags=("x",), presence_none=True)) == []


def test_a_fact_of_the_room_is_compared_with_the_key() -> None:
    rows = story("0s liked product=p1", "1s liked product=p2")
    known = Known(facts={"presenting": "p2"}, presence_none=True)
    text = "liked on same product and room.presenting == product"
    assert fired(text, rows, "9s", known) == [(1, "p2", "b")]


def test_or_of_pulses_fires_once_per_instant_and_unites_the_reasons() -> None:
    rows = story("0s promo_started", "1s liked")
    text = "promo_started then liked within 5s or liked where quantity > 5 or liked"
    assert fired(text, rows, "9s") == [(1, None, "ab")]


@pytest.mark.parametrize(
    ("text", "now", "holds", "since", "ids"),
    [
        ("count(liked) within 10s >= 2", "5s", True, 2, "bc"),
        ("count(liked) within 10s >= 2", "11s", False, None, ""),
        ("count(liked) within 10s >= 2", "10s", True, 2, "bc"),
        ("count(liked) within 10s < 2", "30s", True, 11, ""),
        ("count(liked) this session == 2", "30s", True, 2, "bc"),
        ("count(liked) this session != 1", "30s", True, 2, ""),
        ("distinct(product_viewed.product) this session >= 2", "30s", True, 4, "de"),
        ("sum(order_paid.amount) within 1m >= ¥5", "30s", True, 7, "g"),
        ("sum(order_paid.amount) within 1m > ¥5", "30s", True, 7, "fg"),
        ("first(product_viewed.product) == p1", "30s", True, 3, "d"),
        ("last(product_viewed.product) == p1", "30s", False, None, ""),
        ("last(product_viewed.product) == p2", "30s", True, 4, "e"),
        ("time_since(liked) > 5s", "30s", True, 7.001, "c"),
        ("time_since(liked) >= 5s", "7s", True, 7, "c"),
        ("time_since(shared) < 5s", "30s", False, None, ""),
        ("product_viewed for 10s on same product", "30s", True, 14, "e"),
        ("product_viewed for 10s without order_paid", "30s", False, None, ""),
        ("product_viewed for 3s", "6s", False, None, ""),
        ("idle for 10s", "30s", True, 14, "e"),
        ("idle for 10s on product page", "30s", True, 14, "e"),
        ("in room for 20s", "30s", True, 20, "a"),
        ("previous visit", "30s", False, None, ""),
        ("not previous visit", "30s", True, None, ""),
        ("tag.x or idle for 10s", "30s", True, 14, "e"),
        ("trait.age >= 30 and score.churn > 0.5 and in segment.vip", "30s", True, None, ""),
        ("trait.city == x or trait.city != x", "30s", False, None, ""),
        ("order_paid", "7s", True, 7, "g"),
        ("order_paid", "8s", False, None, ""),
    ],
)
def test_the_truth_of_a_part(
    text: str, now: str, holds: bool, since: float | None, ids: str
) -> None:
    rows = story(
        "0s room_entered",
        "1s liked",
        "2s liked",
        "3s product_viewed product=p1",
        "4s product_viewed product=p2",
        "5s order_paid amount=100",
        "7s order_paid amount=500",
    )
    known = Known({"age": 30}, {"churn": 0.9}, (), ("vip",), presence_none=True)
    part = explain(parse(text), rows, ms(now), known)
    expected = (holds, None if since is None else round(since * 1_000), ids)
    assert (part.holds, part.since, "".join(part.because)) == expected


def test_a_hidden_page_counts_from_the_first_hiding_report() -> None:
    rows = story(
        "0s room_entered",
        "10s heartbeat visible=false",
        "20s heartbeat visible=false",
        "40s liked",
    )
    hidden = parse("not visible for 20s")
    assert explain(hidden, rows, ms("29s")).holds is False
    part = explain(hidden, rows, ms("30s"))
    assert (part.holds, part.since, part.because) == (True, 30_000, ("b",))
    assert explain(hidden, rows, ms("40s")).holds is False
    assert explain(parse("idle for 20s"), rows, ms("30s")).holds is False, "not on a hidden page"


def test_a_heartbeat_tells_how_long_nothing_was_touched() -> None:
    rows = story("0s room_entered", "30s heartbeat idle_ms=5000 visible=true")
    part = explain(parse("idle for 10s"), rows, ms("35s"))
    assert (part.holds, part.since, part.because) == (True, 35_000, ("b",))
    assert explain(parse("idle for 10s"), rows, ms("34s")).holds is False


def test_the_tree_shows_every_part() -> None:
    rows = story("0s liked", "1s liked")
    part = explain(parse("count(liked) within 10s >= 2 and not tag.x"), rows, ms("5s"), SILENT)
    assert part.holds
    assert part.because == ("a", "b")
    assert [one.text for one in part.parts] == ["count(liked) within 10s >= 2", "not tag.x"]
    assert part.parts[1].parts[0].holds is False


def test_because_reads_the_evaluation_in_which_it_became_true() -> None:
    rows = story("1s liked at=5s", "2s liked at=5s", "3s liked at=5s")
    moment = parse_definition("eager", "count(liked) within 10s >= 2")
    assert because(moment, rows, ms("5s"), known=SILENT) == ("a", "b")
    assert because(moment, rows, ms("4s"), known=SILENT) == ()
    assert because(parse("liked"), rows, ms("5s"), known=SILENT) == ("a",)


def test_because_of_a_view_is_its_page_view() -> None:
    rows = story("0s product_viewed product=p1", "1s cart_added product=p2")
    text = "product_viewed for 10s without cart_added on same product and cart_added this session"
    assert because(parse(text), rows, ms("10s"), "p1", SILENT) == ("a", "b")
    assert because(parse(text), rows, ms("10s"), "p2", SILENT) == ()


def test_distinct_viewers_are_counted_over_the_rows_of_the_room() -> None:
    rows = story(
        "1s comment_sent class=doubt product=p1 viewer=x",
        "2s comment_sent class=doubt product=p1 viewer=x",
        "3s comment_sent class=doubt product=p1 viewer=y",
        "4s comment_sent class=doubt product=p2 viewer=z",
    )
    moment = parse(
        "distinct(comment_sent.viewer where class has doubt) within 1m >= 2 on same product"
    )
    assert because(moment, rows, ms("5s"), "p1", SILENT) == ("b", "c")
    assert because(moment, rows, ms("5s"), "p2", SILENT) == ()


def test_a_count_above_the_lists_is_counted_in_panes() -> None:
    rows = story(*(f"{i * 10}ms liked" for i in range(70)))
    text = "count(liked) within 6s >= 70"
    assert explain(parse(text), rows, ms("6s"), SILENT).holds, "a pane of 100 ms is whole"
    assert not explain(parse(text), rows, 6_100, SILENT).holds
