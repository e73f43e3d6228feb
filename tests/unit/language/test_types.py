"""What fits together, and what is only a warning."""

from __future__ import annotations

import re

import pytest

from qianmian.errors import LimitExceeded, TypeProblem
from qianmian.language.ast import And, Count, Field, Happened, Node, Not, Select, Sum, Tag
from qianmian.language.definition import Definition
from qianmian.language.kinds import Kind
from qianmian.language.limits import check_live
from qianmian.language.parse import parse, parse_definition
from qianmian.language.sentence import said
from qianmian.language.text import show
from qianmian.language.types import check, check_definition, warnings

HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("liked", Kind("pulse")),
        ("liked on same product", Kind("pulse", "product")),
        ("tag.x", Kind("level")),
        ("count(liked) within 5s >= 2 on same category", Kind("pulse", "category")),
        ("product_viewed for 2m on same product", Kind("level", "product")),
        ("product_viewed for 2m on same product and tag.x", Kind("level", "product")),
        ("liked and tag.x", Kind("pulse")),
        ("liked then shared within 5s on same visit", Kind("pulse")),
        ("liked and room.online > 5", Kind("pulse", reads_room=True)),
        ("room.online > 5", Kind("level", reads_room=True, triggers=False)),
        (
            "distinct(liked.viewer) within 5s >= 2 on same product",
            Kind("level", "product", room_moment=True),
        ),
    ],
)
def test_the_kind_of_an_expression(text: str, kind: Kind) -> None:
    assert check(parse(text)) == kind


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("liked and shared", "two instants"),
        ("liked or tag.x", "an instant with a state"),
        ("not liked", "not takes a state"),
        ("not (product_viewed for 2m on same product)", "without a key"),
        ("liked on same product or shared", "different keys"),
        ("liked on same product or shared on same category", "different keys"),
        ("product_viewed for 2m on same product or product_viewed for 3m on same product", "or"),
        ("product_viewed for 2m on same product and liked on same product", "two parts are"),
        ("liked and room.presenting == product", "add on same product"),
        ("distinct(liked.viewer) within 5s >= 2 and tag.x", "the whole room"),
        ("not distinct(liked.viewer) within 5s >= 2", "the whole room"),
        ("count(liked) within 5s <= 2 on same product", "cannot be compared"),
        ("distinct(liked.category) within 5s >= 2 on same category", "cannot be on same"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, says: str) -> None:
    with pytest.raises(TypeProblem, match=says):
        check(parse(text))


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("room.online > 5", "moment", "fires nothing"),
        ("room.online > 5 and not session.stage == x", "moment", "fires nothing"),
        ("room.online > 5 or tag.x", "moment", "fires nothing"),
        ("liked and (room.online > 5 or tag.x)", "moment", ""),
        ("tag.y and room.online > 5", "moment", ""),
        ("tag.y and room.online > 5", "tag", "changes all the time"),
        ("count(promo_started) within 5m >= 1", "moment", "an event of the room fires nothing"),
        ("tag.x or time_since(promo_started) < 5s", "moment", "fires nothing"),
        ("tag.y and count(promo_started) within 5m >= 1", "tag", "cannot look back at events"),
        ("tag.y and no promo_started this session", "segment", "beside the segment"),
        ("tag.y and session.stage == x", "tag", ""),
        ("liked", "tag", "is a state"),
        ("tag.x again after 5m", "tag", "does not fire"),
        ("product_viewed for 2m on same product", "segment", "remove on same product"),
        ("distinct(liked.viewer) within 5s >= 2", "segment", "of a room"),
        ("tag.x", "label", "moment, tag, segment"),
    ],
)
def test_a_definition_must_be_able_to_be_what_it_is(text: str, kind: str, says: str) -> None:
    if not says:
        assert parse_definition("it", text, kind).kind == kind
        return
    with pytest.raises(TypeProblem, match=says):
        parse_definition("it", text, kind)


@pytest.mark.parametrize(
    ("node", "says"),
    [
        (Field("category", "==", "x"), "a predicate alone"),
        (And((Tag("x"), Field("category", "==", "x"))), "behind where"),
        (Happened(Select(("liked",), Tag("x"))), "where tests fields"),
        (And((Tag("x"),)), "at least two"),
        (Select(("liked",)), "predicate alone"),
        (Not(Select(("liked",))), "predicate alone"),
        (Count(Select(()), 5, ">=", 1), "at least one event"),
        (Count(Select(("liked",)), 5, ">=", True), "whole number"),
        (Count(Select(("liked",)), True, ">=", 1), "duration"),
        (Count(Select(("liked",)), "week", ">=", 1), "session"),
        (Sum(Select(("order_paid",)), "price", 5, ">=", 1), "only amounts"),
        (Happened(Select(("liked",), Field("amount", ">", 1.5))), "without a fraction"),
        (Happened(Select(("liked",), Field("class", "==", "x"))), "class has"),
        (Happened(Select(("liked",), Field("text", "has", "x"))), "one value"),
        (Happened(Select(("liked",), Field("brand", "in", ()))), "at least one value"),
        (Happened(Select(("liked",), Field("brand", "in", ("a", 1)))), "mixes"),
        (Happened(Select(("liked",), Field("brand", "==", float("nan")))), "no value"),
        (Happened(Select(("liked",), Field("brand", "==", "a\x00"))), "control character"),
    ],
)
def test_hand_made_nodes_are_checked_too(node: Node, says: str) -> None:
    with pytest.raises(TypeProblem, match=says):
        check(node)


@pytest.mark.parametrize(
    ("text", "cannot"),
    [
        ("promo_started", "start a moment"),
        ("product_presented on same product", "start a moment"),
        ("distinct(promo_started.viewer) within 60s >= 2", "be counted by viewer"),
        ("distinct(product_presented.product) within 9s >= 2 on same category", "be counted by"),
        ("sum(price_changed.amount) within 60s >= ¥1", "be summed"),
        ("liked then promo_started within 60s", "complete a sequence"),
        ("promo_started without liked within 60s", "start an absence"),
        ("cart_added without promo_ended within 60s", "end an absence"),
        ("product_viewed for 2m without promo_started", "end the wait on a page"),
    ],
)
def test_events_of_the_room_are_refused_where_they_are_written(text: str, cannot: str) -> None:
    with pytest.raises(TypeProblem, match=f"event of the room and cannot {cannot}") as raised:
        parse(text)
    assert "then EVENT within" in raised.value.message
    assert "within 5m >= 1" in raised.value.message
    assert raised.value.params["text"] == text


def test_a_sequence_may_begin_with_events_of_the_room_alone() -> None:
    assert check(parse("(promo_started or price_changed) then liked within 5s")).sort == "pulse"
    with pytest.raises(TypeProblem, match="sequence mixes"):
        parse("(promo_started or shared) then liked within 5s")


@pytest.mark.parametrize(
    "guard",
    [
        "count(promo_started) within 5m >= 1",
        "no promo_started this session",
        "distinct(product_presented.product) within 60s >= 2",
        "time_since(session_started) < 10m",
        "last(product_presented.product) == p1",
        "first(price_changed.price) < ¥50",
        "(count(stock_changed) within 5m >= 1 or tag.x)",
        "not count(price_changed where product == p1) within 2m >= 1",
    ],
)
def test_guards_look_back_at_events_of_the_room(guard: str) -> None:
    definition = Definition("m", "moment", parse(f"cart_added and {guard}"))
    assert check_definition(definition) == Kind("pulse", reads_room=True)
    level = Definition("m", "moment", parse(f"liked this session and {guard}"))
    assert check_definition(level) == Kind("level", reads_room=True)


def test_a_look_back_at_the_room_may_stand_alone_as_a_condition() -> None:
    assert check(parse("time_since(session_started) < 10m")) == Kind(
        "level", reads_room=True, triggers=False
    )


def test_a_bare_event_takes_the_key_that_a_look_back_asks_for() -> None:
    guard = "not count(price_changed) within 2m >= 1 on same product"
    node = parse(f"product_clicked and {guard}")
    assert node == parse(f"product_clicked on same product and {guard}")
    assert check(node).key == "product"
    viewed = parse(f"product_clicked and {guard} and product_viewed for 5s on same product")
    assert show(viewed).startswith("product_clicked and not count")  # its key is that of the view
    assert check(viewed).key == "product"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("liked and count(promo_started or liked) within 60s >= 2", "a count mixes"),
        ("liked and last((promo_started or liked).product) == p1", "mixes"),
        ("liked and time_since(promo_started or liked) < 5s", "a time since mixes"),
        ("liked and distinct((promo_started or liked).product) within 5s >= 2", "mixes"),
        (
            "liked then shared within 5s and count(price_changed) within 5s >= 1 on same product",
            "which has none; add on same product",
        ),
        (
            "liked on same category and count(price_changed) within 5s >= 1 on same product",
            "which has a category; add on same product",
        ),
        ("liked and count(promo_started) within 8d >= 1", "kept for 7d at most"),
        ("liked and distinct(promo_started.product) within 8d >= 1", "kept for 7d at most"),
    ],
)
def test_what_a_look_back_at_the_room_cannot_ask_is_said(text: str, says: str) -> None:
    with pytest.raises(TypeProblem, match=says):
        check(parse(text))


def test_a_look_back_at_the_room_counts_to_64() -> None:
    assert check(parse("liked and count(promo_started) within 5m > 63")).sort == "pulse"
    for asked in (">= 65", "> 64", "== 64"):
        with pytest.raises(LimitExceeded, match="1…6"):
            parse(f"liked and count(promo_started) within 5m {asked}")


def test_a_count_on_the_same_product_goes_as_far_as_its_list() -> None:
    assert check(parse("count(product_clicked) within 5m >= 64 on same product")).sort == "pulse"
    for asked in (">= 65", "> 64"):
        with pytest.raises(LimitExceeded, match="1…6"):
            parse(f"count(product_clicked) within 5m {asked} on same product")
    assert check(parse("count(product_clicked) within 5m >= 65")).sort == "level"


def test_a_tree_that_is_too_deep_or_too_large_is_refused_without_recursion() -> None:
    deep: Node = Tag("x")
    for _ in range(5_000):
        deep = Not(deep)
    for large in (deep, And(tuple(Tag("x") for _ in range(1_000)))):
        with pytest.raises(LimitExceeded):
            check(large)
        with pytest.raises(LimitExceeded):
            check_live(large)
    assert check(And(tuple(Tag("x") for _ in range(999)))).sort == "level"


def test_a_live_window_is_at_most_seven_days() -> None:
    check_live(parse("sum(order_paid.amount) within 90d >= ¥500"))  # facts, and live since
    check_live(
        parse("count(liked) within 7d >= 3 and time_since(liked) > 30d and previous visit 90d ago")
    )
    for text in (
        "distinct(order_paid.product) within 90d >= 3",
        "sum(order_paid.amount) within 8d1h >= ¥500",
        "tag.x or idle for 8d",
        "liked without shared within 8d",
    ):
        with pytest.raises(LimitExceeded, match=r"write tag\.NAME"):
            check_live(parse(text))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("liked without shared within 5s", "lateness"),
        ("product_viewed for 3s without order_paid", "lateness"),
        ("sum(order_paid.amount) within 7d >= ¥0", "always true"),
        ("sum(order_paid.amount) within 7d < ¥0", "always false"),
        ("count(liked) within 60s < 1", "done nothing"),
        ("time_since(liked) >= 0s", "always true"),
        ("order_paid where amount < ¥0", "never true"),
        ("score.churn > 70", "0…1"),
        ("liked without shared within 6s", ""),
        ("tag.x", ""),
    ],
)
def test_what_is_hardly_meant_is_warned_about(text: str, says: str) -> None:
    found = warnings(parse(text))
    assert bool(found) == bool(says)
    assert says in "".join(said(one, "en-US") for one in found)
    assert all(HAN.search(said(one, "zh-CN")) for one in found)


def test_a_definition_has_a_name_and_a_version() -> None:
    for definition in (
        Definition("a b", "tag", Tag("x")),
        Definition("", "tag", Tag("x")),
    ):
        with pytest.raises(TypeProblem):
            check_definition(definition)
    with pytest.raises(LimitExceeded):
        check_definition(Definition("a", "tag", Tag("x"), version=0))
