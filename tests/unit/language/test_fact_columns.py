from __future__ import annotations

import pytest

from qianmian.errors import LimitExceeded, UnknownName
from qianmian.language.compile import compile_program
from qianmian.language.explain import explain
from qianmian.language.fact_columns import FactColumn, needs_of
from qianmian.language.parse import parse, parse_definition
from qianmian.language.rows import Known
from qianmian.language.sentence import sentence


def test_definitions_say_which_facts_they_need_and_how_far_back() -> None:
    texts = (
        "count(order_paid) within 30d >= 3 and score.churn >= 0.7",
        "liked and count(order_paid) within 90d < 2 and trait.tier == gold",
        "sum(order_paid.amount where amount >= ¥5) within 8d >= ¥500 and in segment.vip",
        "visit_started and previous visit 30d ago and in segment.live",
        "count(liked) within 7d >= 3",
    )
    needs = needs_of([parse(text) for text in texts], daily=["vip"])
    assert needs.columns == (
        FactColumn("count(order_paid)", 90),
        FactColumn("sum(order_paid.amount where amount >= ¥5)", 8),
    )
    assert (needs.scores, needs.traits, needs.segments) == (("churn",), ("tier",), ("vip",))
    assert needs.last_seen


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("count(liked) within 8d1h >= 3", "not of whole days"),
        ("count(liked) within 30d >= 3 on same product", "facts of history"),
        ("distinct(liked.product) within 30d >= 3", "facts of history"),
        ("liked without shared within 30d", "facts of history"),
    ],
)
def test_other_long_windows_are_refused_with_what_to_do(text: str, says: str) -> None:
    with pytest.raises(LimitExceeded, match=says):
        compile_program([parse_definition("m", text)])


def test_a_daily_segment_must_be_announced() -> None:
    one = parse_definition("m", "liked and in segment.vip")
    assert compile_program([one], daily=["vip"]).atoms
    with pytest.raises(UnknownName, match='Did you mean "vips"'):
        compile_program([one], daily=["vips"])


def test_the_sentence_says_that_a_long_window_is_of_whole_days() -> None:
    node = parse("count(order_paid) within 90d >= 3")
    assert "before the last day boundary and since then" in sentence(node, "en-US")
    assert "日结前的 90 天及其后至今" in sentence(node, "zh-CN")


def test_what_nobody_has_told_is_unknown_and_not_merely_false() -> None:
    texts = ("score.churn >= 0.7", "trait.tier == gold", "count(order_paid) within 30d < 3")
    known = Known(
        {"tier": "silver"}, {"churn": 0.1}, boundary=0, days_by_column={"count(order_paid)": {1: 4}}
    )
    for text in texts:
        nothing, told = explain(parse(text), [], 5), explain(parse(text), [], 5, known)
        assert (nothing.holds, nothing.is_unknown) == (False, True), text
        assert (told.holds, told.is_unknown) == (False, False), text
