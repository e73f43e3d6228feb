"""What is read, in every obvious spelling, and what is refused, with where and what to do."""

from __future__ import annotations

import pytest

from qianmian.errors import DefinitionError, LimitExceeded, SyntaxProblem, TypeProblem, UnknownName
from qianmian.language.ast import (
    And,
    Count,
    Distinct,
    Field,
    Happened,
    Hidden,
    Hour,
    Idle,
    InList,
    InRoom,
    InSegment,
    Node,
    Not,
    Number,
    Or,
    PreviousVisit,
    RoomFact,
    Score,
    Select,
    Sum,
    Tag,
    TagNumber,
    Then,
    TimeSince,
    Trait,
    Viewing,
    VisitStarted,
    Without,
)
from qianmian.language.parse import parse, parse_definition
from qianmian.language.text import show, show_definition

BOUGHT = Select(("checkout_started", "order_created", "order_paid"))
ORDERED = Select(("order_created", "order_paid"))
LIKED = Select(("liked",))
ONE_MINUTE, ONE_DAY = 60_000, 86_400_000
NIGHT = Hour(23 * 3_600_000, 2 * 3_600_000)
IN_BERLIN = Hour(30_600_000, 65_100_000, "Europe/Berlin")

EXPRESSIONS: list[tuple[str, Node]] = [
    (
        (
            "product_viewed for 2m without (checkout_started or order_created or order_paid)"
            " on same product"
        ),
        Viewing(120_000, BOUGHT, "product"),
    ),
    ("product_viewed for 2m", Viewing(120_000)),
    (
        "product_viewed for 2m without order_paid wait 5s on same product",
        Viewing(120_000, Select(("order_paid",)), "product", 5_000),
    ),
    ("idle for 60s on product page", Idle(ONE_MINUTE, on_product_page=True)),
    ("not visible for 20s", Hidden(20_000)),
    ("not not visible for 20s", Not(Hidden(20_000))),
    ("in room for 60s", InRoom(ONE_MINUTE)),
    (
        "count(liked where hour between 23:00 and 02:00) within 7d >= 3",
        Count(Select(("liked",), NIGHT), 7 * ONE_DAY, ">=", 3),
    ),
    (
        'liked where (hour between 08:30 and 18:05 in "Europe/Berlin" and not category == "a")',
        Happened(Select(("liked",), And((IN_BERLIN, Not(Field("category", "==", "a")))))),
    ),
    ("in segment.vip", InSegment("vip")),
    ("in list.老客", InList("老客")),
    (
        "count(product_clicked) within 60s >= 3 and distinct(product) same category",
        Distinct(Select(("product_clicked",)), "product", ONE_MINUTE, ">=", 3, "category"),
    ),
    (
        "distinct(product_clicked.product) within 60s >= 3 on same category",
        Distinct(Select(("product_clicked",)), "product", ONE_MINUTE, ">=", 3, "category"),
    ),
    (
        "sum(order_paid.amount) within 90d >= ¥500 and time_since(order_paid) > 30d",
        And(
            (
                Sum(Select(("order_paid",)), "amount", 90 * ONE_DAY, ">=", 50_000),
                TimeSince(Select(("order_paid",)), ">", 30 * ONE_DAY),
            )
        ),
    ),
    (
        (
            "tag.price_sensitive and not tag.bought_this_session"
            " and trait.city_tier in (tier_1, new_tier_1)"
        ),
        And(
            (
                Tag("price_sensitive"),
                Not(Tag("bought_this_session")),
                Trait("city_tier", "in", ("tier_1", "new_tier_1")),
            )
        ),
    ),
    ("score.churn >= 0.7", Score("churn", ">=", 0.7)),
    ("tag.carts >= 3", TagNumber("carts", ">=", 3)),
    (
        "tag.age < 30.5 and not tag.spent == ¥9.90",
        And((TagNumber("age", "<", 30.5), Not(TagNumber("spent", "==", 990, is_money=True)))),
    ),
    ("number count(liked) within 60s", Number(Count(LIKED, ONE_MINUTE, ">=", 1))),
    (
        "number distinct(liked.product) this visit",
        Number(Distinct(LIKED, "product", "visit", ">=", 1)),
    ),
    ("number distinct(liked.category) ever", Number(Distinct(LIKED, "category", "ever", ">=", 1))),
    (
        "number sum(order_paid.amount) within 90d",
        Number(Sum(Select(("order_paid",)), "amount", 90 * ONE_DAY, ">=", 1)),
    ),
    ("number trait.age", Number(Trait("age", ">=", 0))),
    ("number score.churn", Number(Score("churn", ">=", 0.0))),
    ("room.presenting == product", RoomFact("presenting", "==", None)),
    ('session.stage == "promo"', RoomFact("stage", "==", "promo")),
    ("room.online >= 100", RoomFact("online", ">=", 100)),
    ("room.gmv >= ¥10000", RoomFact("gmv", ">=", 1_000_000)),
    (
        (
            "cart_added without (order_created or order_paid or cart_removed) within 5m"
            " on same product"
        ),
        Without(
            Select(("cart_added",)),
            Select(("cart_removed", "order_created", "order_paid")),
            300_000,
            "product",
        ),
    ),
    ("visit_started and not previous visit", And((VisitStarted(), Not(PreviousVisit())))),
    (
        "visit_started and previous visit 30d ago",
        And((VisitStarted(), PreviousVisit(30 * ONE_DAY))),
    ),
    ("order_paid", Happened(Select(("order_paid",)))),
    (
        "promo_started then (product_clicked or cart_added or coupon_claimed) within 60s",
        Then(
            Select(("promo_started",)),
            Select(("product_clicked", "cart_added", "coupon_claimed")),
            ONE_MINUTE,
        ),
    ),
    (
        (
            "cart_added this session and count(product_viewed) within 5m >= 3"
            " and no (order_created or order_paid) this session"
        ),
        And(
            (
                Count(Select(("cart_added",)), "session", ">=", 1),
                Count(Select(("product_viewed",)), 300_000, ">=", 3),
                Not(Count(ORDERED, "session", ">=", 1)),
            )
        ),
    ),
    (
        "(idle for 30s or not visible for 20s) and in room for 60s and product_viewed this visit",
        And(
            (
                Or((Idle(30_000), Hidden(20_000))),
                InRoom(ONE_MINUTE),
                Count(Select(("product_viewed",)), "visit", ">=", 1),
            )
        ),
    ),
    (
        "comment_sent where class has doubt on same product",
        Happened(Select(("comment_sent",), Field("class", "has", "doubt")), "product"),
    ),
    ("cart_added ever", Count(Select(("cart_added",)), "ever", ">=", 1)),
    (
        "count(cart_added or liked) within 10m >= 10",
        Count(Select(("cart_added", "liked")), 600_000, ">=", 10),
    ),
    (
        "order_paid where (amount >= ¥9.90 and not category == cream)",
        Happened(
            Select(
                ("order_paid",),
                And((Field("amount", ">=", 990), Not(Field("category", "==", "cream")))),
            )
        ),
    ),
    ("order_paid on same room", Happened(Select(("order_paid",)))),
    (
        "liked then shared within 1m on same visit",
        Then(Select(("liked",)), Select(("shared",)), ONE_MINUTE, "visit"),
    ),
    (
        "trait.age >= 30 and trait.vip == true",
        And((Trait("age", ">=", 30), Trait("vip", "==", True))),
    ),
]


@pytest.mark.parametrize(("text", "node"), EXPRESSIONS, ids=[text for text, _ in EXPRESSIONS])
def test_a_text_is_read_and_printed_back(text: str, node: Node) -> None:
    assert parse(text) == node
    assert parse(show(node)) == node


@pytest.mark.parametrize(
    ("text", "same_as", "why"),
    [
        ("IDLE  FOR\n 60S ON Product PAGE", "idle for 1m on product page", "keywords have no case"),
        ("liked # a comment\n or shared", "liked or shared", "comments end with the line"),
        (
            "count（liked） within 10m ≥ 10",
            "count(liked) within 10m >= 10",
            "full-width parentheses",
        ),
        (
            "sum(order_paid.amount) within 7d >= ￥500",
            "sum(order_paid.amount) within 7d >= ¥500",
            "￥",
        ),
        ("order_paid where：category == “护肤”", 'order_paid where category == "护肤"', "quotes"),
        ("trait.x in （a，b）", "trait.x in (a, b)", "full-width comma"),
        ("trait.x in (a，b)　and　tag.y", "trait.x in (a, b) and tag.y", "ideographic space"),
        ("order_paid where amount >= $5", "order_paid where amount >= €5", "the shop's currency"),
        ("order_created or order_paid", "(order_paid or order_created)", "one happening"),
        ("liked or (shared or tag.x)", "liked or shared or tag.x", "flat"),
        ("tag.a and (tag.b and tag.c)", "tag.a and tag.b and tag.c", "flat"),
        ("not not tag.a", "tag.a", "double denial"),
        ("not liked this session", "no liked this session", "no is not"),
        (
            "count(liked) within 60s > 2 same product",
            "count(liked) within 1m > 2 on same product",
            "on",
        ),
        ("trait.name == 'O\"Hara'", 'trait.name == "O\\"Hara"', "single quotes"),
    ],
)
def test_other_spellings_mean_the_same(text: str, same_as: str, why: str) -> None:
    assert parse(text) == parse(same_as), why


@pytest.mark.parametrize(
    ("text", "error", "says", "position"),
    [
        ("", SyntaxProblem, "an expression is expected", 0),
        ("cart_aded this session", UnknownName, 'Did you mean "cart_added"?', 0),
        ("count(product_vieved) within 5m >= 3", UnknownName, '"product_viewed"', 6),
        ("order_paid where categry == x", UnknownName, '"category"', 17),
        ("idl for 60s", UnknownName, '"idle"', 0),
        ("visible for 20s", SyntaxProblem, "not visible for", 0),
        ("idle for 60", SyntaxProblem, "a duration such as", 9),
        ("idle for 60x", SyntaxProblem, "neither a number nor a duration", 9),
        ("count(liked) >= 3", SyntaxProblem, "a window is expected", 13),
        ("count(liked) within 60s >= 0", TypeProblem, "write no", 0),
        ("count(liked) within 60s >= 10001", LimitExceeded, "1…10000", 0),
        ("count(liked) within 60s >= 2.5", SyntaxProblem, "whole number", 27),
        ("distinct(liked.product) within 60s >= 65", LimitExceeded, "1…64", 0),
        ("distinct(liked.brand) within 60s >= 6", TypeProblem, "product, category or viewer", 0),
        ("sum(order_paid.amount) within 7d >= 500", SyntaxProblem, "for example ¥500", 36),
        ("order_paid where amount >= 500", SyntaxProblem, "¥500", 27),
        ("order_paid where amount >= ¥5.005", SyntaxProblem, "two decimals", 27),
        ("order_paid where quantity >= ¥5", SyntaxProblem, "no amount", 29),
        ("order_paid where category > x", TypeProblem, "needs a number", 17),
        ("liked where stock > 3", TypeProblem, "stock_changed", 0),
        ("liked where hour between 23 and 2", SyntaxProblem, "a time of day such as 23:00", 25),
        ("liked where hour between 25:00 and 02:00", SyntaxProblem, "not a time of day", 25),
        ("liked where hour between 23:00 or 02:00", SyntaxProblem, '"and" is expected', 31),
        ("liked where hour between 8:00 and 8:00", TypeProblem, "the whole day", 12),
        ('liked where hour between 8:00 and 9:00 in "Mars"', TypeProblem, "no time zone", 12),
        ("liked where hour between 8:00 and 9:00 in UTC", SyntaxProblem, "a time zone", 42),
        ("liked where hour >= 8", UnknownName, "hour", 12),
        ("hour between 23:00 and 02:00", UnknownName, "hour", 0),
        ("order_paid where category == and", SyntaxProblem, 'write "and"', 29),
        ("liked within 60s", SyntaxProblem, "write count(", 6),
        ("liked then shared then followed within 5s", SyntaxProblem, "two steps", 18),
        ("liked for 5s", SyntaxProblem, "only product_viewed lasts", 6),
        ("tag.x = tag.y", SyntaxProblem, "write ==", 6),
        ("trait.x", SyntaxProblem, "a comparison", 7),
        ('trait.x == "abc', SyntaxProblem, "closing quote", 11),
        ("tag.x tag.y", SyntaxProblem, "and, or, or the end", 6),
        ("(tag.x", SyntaxProblem, "to close the parentheses", 6),
        ("tag.x again after 5m", SyntaxProblem, "belongs to a definition", 6),
        ("idle for 400d", LimitExceeded, "366", 0),
        ("idle for 0s", LimitExceeded, "longer than zero", 0),
        ("idle for 99999d", SyntaxProblem, "ten years", 9),
        (f"tag.{'x' * 65}", LimitExceeded, "64", 0),
        (f'trait.x == "{"y" * 201}"', LimitExceeded, "200", 11),
        ("trait.x == 99999999999999999999", LimitExceeded, "too large", 11),
        ("trait.x == 1e999", LimitExceeded, "too large", 11),
        ("score.x >= 1e999", TypeProblem, "finite", 0),
        ("tag.x\x00", SyntaxProblem, "means nothing", 5),
        ("liked on same visit", TypeProblem, "on same product", 0),
        ("product_viewed for 2m on same category", TypeProblem, "product page", 0),
        (
            "comment_sent on same product and room.presenting == category",
            TypeProblem,
            "product",
            52,
        ),
        ("room.online == product", TypeProblem, "cannot be a product", 0),
        ("distinct(liked or shared.product) within 5s >= 2", SyntaxProblem, "(a or b).product", 15),
    ],
)
def test_a_refusal_says_where_what_and_what_to_do(
    text: str, error: type[DefinitionError], says: str, position: int
) -> None:
    with pytest.raises(error) as caught:
        parse(text)
    assert says in caught.value.message
    assert caught.value.params["position"] == position
    assert caught.value.params["text"] == text


@pytest.mark.parametrize(
    "text",
    [
        "(" * 64 + "tag.x" + ")" * 64,
        "not " * 5_000 + "tag.x",
        "liked where " + "(" * 64 + "amount > ¥1" + ")" * 64,
        " or ".join(f"tag.t{i}" for i in range(2_000)),
        "x" * 20_001,
        "(" * 20_000,
    ],
    ids=["64 deep", "5000 nots", "64 deep where", "2000 parts", "too long", "20000 parentheses"],
)
def test_a_hostile_text_is_refused_by_a_limit(text: str) -> None:
    with pytest.raises(LimitExceeded):
        parse(text)


def test_an_expression_at_the_limit_of_depth_is_read() -> None:
    node: Node = Tag("x")
    for _ in range(15):
        node = And((Tag("a"), Or((Tag("b"), node))))
    assert parse(show(node)) == node


def test_a_definition_knows_when_it_fires_again() -> None:
    definition = parse_definition("eager", "liked again after 10m", version=3)
    assert definition.again_after_ms == 600_000
    assert definition.version == 3
    assert show_definition(definition) == "liked again after 10m"


def test_a_number_of_one_type_stays_of_that_type() -> None:
    assert repr(parse("trait.x == 1")) != repr(parse("trait.x == 1.0"))
    assert repr(parse("score.x >= 1")) == repr(Score("x", ">=", 1.0))
