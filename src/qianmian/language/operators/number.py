"""`number count(cart_added) this session`: what a tag is whose value is a number."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from qianmian.errors import TypeProblem
from qianmian.language.ast import Count, Distinct, Node, Number, Score, Sum, Trait
from qianmian.language.kinds import LEVEL, Kind
from qianmian.language.numbers import LEAST, known, unit_of
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Phrase, Titled, noun, phrase, span
from qianmian.language.relations import Relation


def verify(node: Number) -> None:
    """Something that has a number, without a key and without a comparison of its own."""
    of: Any = node.of
    if type(of) not in LEAST:
        raise TypeProblem(
            "a number is a count, a distinct count, a sum, a trait or a score without a comparison;"
            " write for example number count(cart_added) this session"
        )
    if isinstance(of, Count | Distinct) and of.same is not None:
        raise TypeProblem(f"a number of a viewer has no key; remove on same {of.same}")
    if isinstance(of, Distinct) and of.field == "viewer":
        raise TypeProblem("distinct viewers are about a room; a tag is about a viewer")
    if of.cmp != ">=" or of.value != LEAST[type(of)] or isinstance(of.value, bool):
        raise TypeProblem(
            f"a number has no comparison; in JSON it stands with >= {LEAST[type(of)]}, and is "
            "compared where the tag is named"
        )


def check(node: Number, kind: Callable[[Node], Kind]) -> Kind:
    """A level."""
    kind(node.of)
    return LEVEL


def show(node: Number, text: TextOf) -> str:
    """What is measured, without a comparison."""
    of: Any = node.of
    return f"number {text(replace(of, value=2)).rpartition(' >= ')[0]}"


def sentence(node: Number) -> Phrase:
    """What is measured."""
    match node.of:
        case Count(of, within):
            return phrase("number.count", events=of, window=span(within))
        case Distinct(of, field, within):
            things = noun(field, 2)
            return phrase(f"number.{field}", events=of, window=span(within), noun=things)
        case Sum(of, _, within):
            return phrase("number.sum", events=of, window=span(within))
        case Trait(name):
            return phrase("number.trait", name=Titled("trait", name))
        case Score(key):
            return phrase("number.score", name=Titled("score", key))
    raise TypeProblem(f"{unit_of(node)} is no number")  # pragma: no cover - verified before


def plan(node: Number, part: Callable[[Node], Relation]) -> Relation:
    """Those whose number is known."""
    return part(known(node))


OPERATOR = Operator(
    name="number",
    node=Number,
    forms=(("of", "node"),),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
)
