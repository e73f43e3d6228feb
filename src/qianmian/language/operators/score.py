"""`score.churn >= 0.7`: a model's number for the viewer."""

import math
from collections.abc import Callable

from qianmian.errors import TypeProblem
from qianmian.language.ast import COMPARISONS, Node, Score
from qianmian.language.kinds import LEVEL, Kind
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Phrase, Titled, compared, phrase
from qianmian.language.relations import Attribute, Relation
from qianmian.language.values import check_cmp, check_name, shown


def verify(node: Score) -> None:
    """A name, a comparison and a finite number."""
    check_name(node.key, "a score")
    check_cmp(node.cmp, COMPARISONS, "a score")
    value: object = node.value
    if not isinstance(value, float) or not math.isfinite(value):
        raise TypeProblem(f"a score is compared with a finite number, not {shown(value)}")


def check(node: Score, kind: Callable[[Node], Kind]) -> Kind:
    """A level."""
    return LEVEL


def show(node: Score, text: TextOf) -> str:
    """E.g. `score.churn >= 0.7`."""
    return f"score.{node.key} {node.cmp} {node.value!r}"


def sentence(node: Score) -> Phrase:
    """The score and what it must be."""
    value = compared(node.cmp, node.value)
    return phrase("score", name=Titled("score", node.key), value=value)


def plan(node: Score, part: Callable[[Node], Relation]) -> Relation:
    """A stored number."""
    return Attribute("score", node.key, node.cmp, node.value)


OPERATOR = Operator(
    name="score",
    node=Score,
    forms=(("key", "string"), ("cmp", "string"), ("value", "float")),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
)
