"""Every operator has a sentence in both languages."""

from __future__ import annotations

import re
import string

import pytest

from qianmian.bootstrap.catalogs import builtin_definitions, load_moments
from qianmian.errors import UnknownName
from qianmian.language.ast import COMPARISONS, Node, Trait, walk
from qianmian.language.catalog import operators_by_name
from qianmian.language.parse import parse, parse_definition
from qianmian.language.sentence import (
    Titles,
    in_words,
    sentence,
    sentence_of_definition,
    value_in_words,
)
from qianmian.locales.texts import LOCALES, document
from tests.unit.language.test_parse import EXPRESSIONS

WHOLE = [
    (
        (
            "product_viewed for 2m without (checkout_started or order_created or order_paid)"
            " on same product"
        ),
        "在同一商品页停留满 2 分钟，期间没有对该商品开始结算、下单或支付",
        (
            "On the page of one product for 2 minutes, without having started checkout,"
            " ordered or paid for that product meanwhile"
        ),
    ),
    (
        "cart_added without order_paid within 5m on same product wait 5s",
        "加入购物车之后 5 分钟内没有支付（同一商品）（多等 5 秒，以收齐迟到的事件）",
        (
            "Added to the cart, without having paid within 5 minutes after it, for the same product"
            " (waiting 5 seconds more for late events)"
        ),
    ),
    (
        "sum(order_paid.amount) within 90d >= ¥500 and time_since(order_paid) > 30d",
        "最近一次日结前的 90 天及其后至今，支付的金额合计不少于 ¥500，且距最近一次支付超过 30 天",
        (
            'Amounts of "paid" within the 90 days before the last day boundary and since then add'
            ' up to at least ¥500, and the last "paid" is more than 30 days ago'
        ),
    ),
    (
        "not tag.x and not (in segment.y or no liked this session)",
        "没有标签“x”，且不满足（属于人群“y”，或本场中没有点赞）",
        (
            'Does not have the tag "x", and it does not hold that (belongs to the segment'
            ' "y", or has not liked in this session)'
        ),
    ),
    (
        'trait.life_stage == dormant and trait.city_tier in (tier_4, village) and trait.age != ""',
        "属性“生命周期阶段”是沉默，且属性“城市等级”是四线城市或“village”，且属性“年龄”已知",
        (
            'Trait "life stage" is dormant, and trait "city tier" is tier 4 or "village", and'
            ' trait "age" is known'
        ),
    ),
    (
        "trait.follower == true and trait.vip == false and session.stage == promo and tag.x",
        "属性“关注店铺”是已关注，且属性“vip”是“否”，且触发时场次阶段是促销，且有标签“x”",
        (
            'Trait "follows the shop" is followed, and trait "vip" is "no", and the stage of the'
            ' session is promotion at that instant, and has the tag "x"'
        ),
    ),
    (
        "count(comment_sent where class has doubt) this visit == 1",
        "本次到访中发弹幕（文字的类别属于“疑虑”）恰好 1 次",
        'Sent a comment (class of the text is "doubt") exactly 1 time in this visit',
    ),
]


def every_kind() -> list[Node]:
    texts = [
        "first(order_paid.amount) >= ¥500",
        "last(product_viewed.category) != cream",
        "trait.x contains a or trait.x starts_with b or trait.y < 1.5 or trait.z == true",
        "count(liked) within 1h30m <= 2 or count(liked) ever == 2 or count(liked) ever != 2",
        "previous visit 3d ago and idle for 1ms",
        "room.presenting != product and room.gmv >= ¥5 and room.my_fact == x",
        "distinct(liked.product) within 5s >= 2 or distinct(liked.category) within 5s >= 2",
        *(f"distinct(liked.viewer) within 5s >= 2{on}" for on in ("", *SAME)),
        *(f"liked then shared within 5s{on}" for on in ("", *SAME, " on same visit")),
        *(f"liked without shared within 5s{on}" for on in ("", *SAME, " on same visit")),
        *(f"count(liked) within 5s > 2{on}" for on in SAME),
        *(f"liked{on}" for on in SAME),
        "product_viewed for 2m",
        "product_viewed for 2m without liked",
        "product_viewed for 2m on same product",
    ]
    return [node for _, node in EXPRESSIONS] + [parse(text) for text in texts]


SAME = (" on same product", " on same category")


@pytest.mark.parametrize("locale", LOCALES)
def test_every_kind_of_node_can_be_said(locale: str) -> None:
    nodes = every_kind()
    said = [sentence(node, locale) for node in nodes]
    assert all(re.search(r"[{}]", one) is None for one in said)
    assert len(set(said)) == len(set(nodes)), "different expressions have different sentences"
    shown = {type(below) for node in nodes for below in walk(node)}
    assert shown == {operator.node for operator in operators_by_name().values()}


@pytest.mark.parametrize(("text", "chinese", "english"), WHOLE)
def test_sentences_read_like_this(text: str, chinese: str, english: str) -> None:
    assert sentence(parse(text), "zh-CN") == chinese
    assert sentence(parse(text), "en-US") == english


COUNTED = {
    "count": [
        *(f"count(liked) within {{n}}m {cmp} {{n}}" for cmp in COMPARISONS),
        *(f"count(liked) this session >= {{n}}{on}" for on in SAME),
    ],
    "distinct": [
        *(f"distinct(liked.product) within {{n}}h {cmp} {{n}}" for cmp in COMPARISONS),
        "distinct(liked.product) this visit >= {n} on same category",
        "distinct(liked.category) this session <= {n}",
        *(f"distinct(liked.viewer) within {{n}}s >= {{n}}{on}" for on in ("", *SAME)),
    ],
    "sum": ["sum(order_paid.amount) within {n}d >= ¥{n}"],
    "time_since": ["time_since(liked) > {n}d"],
    "then": ["liked then shared within {n}m"],
    "without": ["liked without shared within {n}m wait {n}s"],
    "viewing": ["product_viewed for {n}m without liked wait {n}s"],
    "idle": ["idle for {n}m"],
    "hidden": ["not visible for {n}s"],
    "in_room": ["in room for {n}m"],
    "previous_visit": ["previous visit {n}d ago"],
}


@pytest.mark.parametrize("number", [1, 2])
def test_english_counts_in_the_singular_and_the_plural(number: int) -> None:
    for name, texts in COUNTED.items():
        for text in texts:
            said = sentence(parse(text.replace("{n}", str(number))), "en-US")
            nouns = re.findall(rf"(?<![¥.]){number} (?:different )?([a-z]+)", said)
            assert nouns or "last" in said, (name, said)
            assert all(noun.endswith("s") == (number == 2) for noun in nouns), said


def test_every_operator_with_a_number_is_counted_in_both_forms() -> None:
    numeric = {"int", "duration", "window"}
    with_a_number = {
        name
        for name, operator in operators_by_name().items()
        if numeric & {form.removesuffix("?") for _, form in operator.forms}
    }
    assert with_a_number == set(COUNTED)


def test_own_tags_and_segments_are_called_as_the_shop_calls_them() -> None:
    titles: Titles = {
        ("tag", "想_要"): {"zh": "想 要{0}", "en": "wants it"},
        ("segment", "vip"): {"zh": "老客", "en": ""},
        ("tag", "sharer"): {"en": "our sharers"},
    }
    node = parse("tag.想_要 and not tag.sharer and in segment.vip and tag.想_要 >= 3")
    chinese = [
        "有标签“想 要{0}”",
        "没有标签“爱分享”",
        "属于人群“老客”",
        "标签“想 要{0}”的数值不少于 3",
    ]
    assert sentence(node, "zh-CN", titles) == "，且".join(chinese)
    english = [
        'has the tag "wants it"',
        'does not have the tag "our sharers"',
        'belongs to the segment "vip"',
        'the number of the tag "wants it" is at least 3',
    ]
    assert sentence(node, "en-US", titles) == f"H{', and '.join(english)[1:]}"
    definition = parse_definition("wanted", "tag.想_要 and liked again after 10m")
    assert "“想 要{0}”" in sentence_of_definition(definition, "zh-CN", titles)


def test_a_definition_says_when_it_fires_again() -> None:
    definition = parse_definition("eager", "liked again after 10m")
    assert sentence_of_definition(definition) == "点赞；触发后满 10 分钟可再次触发"
    assert sentence_of_definition(parse_definition("eager", "liked")) == "点赞"


def test_both_languages_have_the_same_keys_and_places() -> None:
    first, second = (document(locale, "language") for locale in LOCALES)
    assert list(first) == list(second)
    for key in first:
        assert places(first[key]) == places(second[key]), key


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_braces_in_values_are_only_text() -> None:
    node = parse('trait.x == "{name}{0}"')
    assert sentence(node, "en-US") == 'Trait "x" is "{name}{0}"'


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(UnknownName, match="zh-CN"):
        sentence(parse("liked"), "zh-C")


@pytest.mark.parametrize("locale", LOCALES)
def test_every_value_that_a_built_in_definition_asks_for_has_words(locale: str) -> None:
    compared = {
        (part.name, value)
        for definitions in builtin_definitions().values()
        for definition in definitions
        for part in walk(definition.expr)
        if isinstance(part, Trait)
        for value in (part.value if isinstance(part.value, tuple) else (part.value,))
        if isinstance(value, str | bool) and value != ""
    }
    assert len(compared) > 60
    nameless = {
        (name, value)
        for name, value in compared
        if f"{name}.{str(value).lower() if isinstance(value, bool) else value}"
        not in document(locale, "values")
    }
    assert nameless == set()


def test_every_number_of_a_built_in_moment_has_a_name() -> None:
    for locale in LOCALES:
        for moment in load_moments().values():
            for name in moment.parameters:
                assert f"parameter.{name}" in document(locale, "language"), name


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        ("5m", "5 分钟", "5 minutes"),
        ("1d12h", "36 小时", "36 hours"),
        (3, "3", "3"),
    ],
)
def test_a_number_of_a_definition_in_words(value: str | int, chinese: str, english: str) -> None:
    assert (in_words(value), in_words(value, "en-US")) == (chinese, english)


def test_a_value_that_nobody_knows_stays_as_it_is() -> None:
    told: list[tuple[str, str | int]] = [
        *(("life_stage", "dormant"), ("city", "Hangzhou"), ("vip", True), ("age", 25))
    ]
    assert [value_in_words(*one) for one in told] == ["沉默", "Hangzhou", "是", "25"]
