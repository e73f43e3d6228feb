"""Tags that are numbers: what a comparison with one means, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qianmian.errors import DefinitionError, LimitExceeded, SyntaxProblem, TypeProblem, UnknownName
from qianmian.language.ast import Node, Number, TagNumber, walk
from qianmian.language.codec import from_json, to_json
from qianmian.language.compile import compile_program
from qianmian.language.definition import Definition
from qianmian.language.explain import explain
from qianmian.language.measuring import number_now
from qianmian.language.numbers import meaning, unit_of
from qianmian.language.parse import parse, parse_definition
from qianmian.language.plan import plan
from qianmian.language.rows import Known, Row
from qianmian.language.settle import settled, settled_node
from qianmian.language.snapshot import at_instant
from qianmian.language.text import show
from qianmian.language.truth import truth_of

MEASURES = {
    "carts": "count(cart_added) within 10m",
    "goods": "distinct(cart_added.product) within 10m",
    "kinds": "distinct(cart_added.category) this session",
    "spent": "sum(order_paid.amount) this session",
    "long": "sum(order_paid.amount) within 90d",
    "age": "trait.age",
    "churn": "score.churn",
}
CARTS, SPENT = f"{MEASURES['carts']} ", f"{MEASURES['spent']} "


def tags() -> list[Definition]:
    found = [parse_definition(key, f"number {of}", "tag") for key, of in MEASURES.items()]
    return [*found, parse_definition("plain", "liked ever", "tag")]


def means(text: str) -> str:
    """The meaning of a comparison, without the part that asks whether the number is known."""
    node = settled_node(parse(text), "", tags())
    assert isinstance(node, TagNumber)
    said = show(meaning(node))
    return said.removeprefix(f"tag.{node.key} and ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tag.carts >= 3", f"{CARTS}>= 3"),
        ("tag.carts != 2", f"{CARTS}!= 2"),
        ("tag.carts > 0", f"{CARTS}>= 1"),
        ("tag.carts != 0", f"{CARTS}>= 1"),
        ("tag.carts == 0", f"{CARTS}< 1"),
        ("tag.carts <= 0", f"{CARTS}< 1"),
        ("tag.carts >= 0", "tag.carts"),
        ("tag.carts > -1", "tag.carts"),
        ("tag.goods == 2", "distinct(cart_added.product) within 10m == 2"),
        ("tag.spent >= ¥9.90", f"{SPENT}>= ¥9.90"),
        ("tag.spent == ¥0", f"{SPENT}< ¥0.01"),
        ("tag.spent == ¥5", f"{SPENT}>= ¥5 and {SPENT}<= ¥5"),
        ("tag.spent != ¥5", f"({SPENT}> ¥5 or {SPENT}< ¥5)"),
        ("tag.age < -2.5", "trait.age < -2.5"),
        ("tag.churn >= 1", "score.churn >= 1.0"),
    ],
)
def test_a_comparison_means_one_of_what_is_measured(text: str, said: str) -> None:
    assert means(text) == said


@pytest.mark.parametrize(
    ("text", "problem", "says"),
    [
        ("tag.carts >= 1.5", TypeProblem, "whole number"),
        ("tag.carts >= ¥3", TypeProblem, "no amount of money"),
        ("tag.age >= ¥3", TypeProblem, "no amount of money"),
        ("tag.spent >= 3", TypeProblem, "is an amount of money"),
        ("tag.carts < 0", TypeProblem, "never negative"),
        ("tag.spent == ¥-1", TypeProblem, "never negative"),
        ("tag.goods >= 65", LimitExceeded, "threshold of a distinct count"),
        ("tag.plain >= 1", TypeProblem, "says yes or no"),
        ("tag.cart >= 1", UnknownName, 'Did you mean "carts"'),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, problem: type[Exception], says: str) -> None:
    with pytest.raises(problem, match=says):
        settled([*tags(), parse_definition("m", text)])


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("moment", "number trait.age", "only a tag"),
        ("segment", "number trait.age", "only a tag"),
        ("tag", "number trait.age >= 3", "no comparison"),
        ("tag", "not number trait.age", "at the beginning"),
        ("tag", "number trait.age and liked ever", "is expected here"),
        ("tag", "number last(order_paid.amount)", "is expected"),
        ("tag", "number count(product_presented) within 5m", "look back at events of the room"),
        ("tag", "number distinct(liked.viewer) within 5m", "about a room"),
        ("tag", "tag.x == abc", "a number or an amount"),
    ],
)
def test_what_is_no_number_is_refused(kind: str, text: str, says: str) -> None:
    with pytest.raises(DefinitionError, match=says):
        parse_definition("x", text, kind)


def test_the_json_of_a_number_holds_nothing_that_its_text_does_not_say() -> None:
    form = to_json(parse("number count(liked) within 1m"))
    for change in ({"value": 3}, {"cmp": "<"}, {"same": "product"}):
        with pytest.raises(TypeProblem):
            from_json({**form, "of": {**form["of"], **change}})
    both = [{"op": "not", "part": form}, to_json(parse("tag.age > 1"))]
    with pytest.raises(TypeProblem, match="all of it"):
        settled_node(from_json({"op": "and", "parts": both}), "", tags())
    assert isinstance(from_json(form), Number)


def test_text_and_json_of_what_is_settled() -> None:
    (held,) = settled([parse_definition("m", "liked and tag.carts >= 3")], beside=tags())
    assert show(held.expr) == "liked and tag.carts >= 3"
    assert from_json(to_json(held.expr)) == held.expr
    assert settled([held], beside=tags()) == (held,)


def test_the_meaning_follows_what_the_tag_measures() -> None:
    (held,) = settled([parse_definition("m", "tag.carts >= 3")], beside=tags())
    other = parse_definition("carts", "number count(liked) ever", "tag")
    (changed,) = settled([held], beside=[*tags(), other])
    assert changed != held
    assert "liked" in str(to_json(changed.expr))


def test_who_asks_before_settling_is_told() -> None:
    node = parse("tag.carts >= 3")
    with pytest.raises(TypeProblem, match="not known what it measures"):
        plan(node)
    with pytest.raises(TypeProblem, match="not known what it measures"):
        compile_program([*tags(), parse_definition("m", "tag.carts >= 3")])


def test_the_unit_follows_from_what_is_measured() -> None:
    units = {one.key: unit_of(one.expr) for one in tags() if isinstance(one.expr, Number)}
    assert units == {
        "carts": "times",
        "goods": "products",
        "kinds": "categories",
        "spent": "money",
        "long": "money",
        "age": "none",
        "churn": "none",
    }


def test_a_number_that_nobody_compares_keeps_no_list() -> None:
    alone = [one for one in tags() if one.key in ("carts", "goods", "spent")]
    assert compile_program(alone).slots == []


def row(number: int, kind: str, at: int, **fields: int) -> Row:
    return Row(f"e{number}", at, number, at, kind, ("p1",), ("cream",), fields)


ROWS = [
    row(0, "cart_added", 0),
    row(1, "cart_added", 1_000),
    row(2, "order_paid", 2_000, amount=9_900),
    row(3, "order_paid", 3_000, amount=100),
]
DAYS = Known(boundary=2_500, days_by_column={"sum(order_paid.amount)": {90: 7, 91: 1}})
KNOWN = Known(traits={"age": 30}, scores={"churn": 0.5}, tags=("carts", "age"))


@pytest.mark.parametrize(
    ("key", "known", "now"),
    [
        ("carts", Known(), 2),
        ("goods", Known(), 1),
        ("kinds", Known(), 1),
        ("spent", Known(), 10_000),
        ("age", Known(), None),
        ("age", KNOWN, 30),
        ("age", Known(traits={"age": "thirty"}), None),
        ("churn", Known(), None),
        ("churn", KNOWN, 0.5),
        ("long", Known(), None),
        ("long", DAYS, 107),
    ],
)
def test_how_much_it_is_now_is_what_the_comparisons_say(
    key: str, known: Known, now: float | None
) -> None:
    snapshot = at_instant(ROWS, 5_000, known)
    number = next(one.expr for one in tags() if one.key == key)
    assert isinstance(number, Number)
    assert number_now(number, snapshot) == now
    assert truth_of(number, snapshot).holds == (now is not None)
    if now is not None:
        told = at_instant(ROWS, 5_000, replace(known, tags=(key,)))
        sign = "¥" if unit_of(number) == "money" else ""
        amount = now / 100 if sign else now
        for cmp, holds in ((">=", True), ("==", True), (">", False), ("<", False), ("!=", False)):
            node = settled_node(parse(f"tag.{key} {cmp} {sign}{amount:g}"), "", tags())
            assert truth_of(node, told).holds == holds, cmp


def test_a_count_above_64_is_shown_by_its_panes() -> None:
    many = [row(n, "cart_added", n) for n in range(80)]
    (number,) = [one.expr for one in tags() if one.key == "carts"]
    assert isinstance(number, Number)
    assert number_now(number, at_instant(many, 600_005, Known())) == 80  # 6 of them have left
    assert number_now(number, at_instant(many, 600_020, Known())) == 59


def test_an_explanation_says_that_a_number_is_unknown() -> None:
    def told(text: str, known: Known) -> tuple[bool, bool]:
        node: Node = settled_node(parse(text), "", tags())
        part = explain(node, ROWS, 5_000, known)
        assert part.text == text
        return part.holds, part.is_unknown

    assert told("tag.age >= 20", KNOWN) == (True, False)
    assert told("tag.age >= 40", KNOWN) == (False, False)
    assert told("tag.age >= 20", Known()) == (False, True)
    assert explain(parse("number trait.age"), ROWS, 5_000, Known()).is_unknown
    assert not explain(parse("number trait.age"), ROWS, 5_000, KNOWN).is_unknown


def test_every_part_of_what_is_settled_can_be_walked() -> None:
    node = settled_node(parse("tag.spent != ¥5 and not tag.age > 3"), "", tags())
    names = [type(one).__name__ for one in walk(node)]
    assert names.count("TagNumber") == 2
    assert {"Sum", "Trait", "Tag", "Or"} <= set(names)


def test_a_comparison_is_no_syntax_of_a_yes_or_no() -> None:
    with pytest.raises(SyntaxProblem):
        parse("tag.x >= ")
