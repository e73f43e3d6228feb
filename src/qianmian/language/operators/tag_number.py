"""`tag.carts_session >= 3`: the value of another definition of kind tag, compared."""

import math
from collections.abc import Callable

from qianmian.errors import TypeProblem
from qianmian.language.ast import COMPARISONS, Node, TagNumber
from qianmian.language.kinds import LEVEL, Kind
from qianmian.language.numbers import meaning
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Money, Phrase, Titled, compared, phrase
from qianmian.language.relations import Relation
from qianmian.language.values import MAX_INT, check_cmp, check_int, check_name, money, shown


def verify(node: TagNumber) -> None:
    """A name, a comparison and a finite number; of money a whole one of minor units."""
    check_name(node.key, "a tag")
    check_cmp(node.cmp, COMPARISONS, f"tag.{node.key}")
    value: object = node.value
    if not isinstance(node.is_money, bool):
        raise TypeProblem(f"is_money is true or false, not {shown(node.is_money)}")
    if isinstance(value, float) and math.isfinite(value) and not node.is_money:
        return
    if isinstance(value, str | float | bool):
        raise TypeProblem(
            f"a tag is compared with a number or an amount, not {shown(value)}; one that says yes"
            f" or no is written tag.{node.key}"
        )
    check_int(value, -MAX_INT, MAX_INT, "the number")


def check(node: TagNumber, kind: Callable[[Node], Kind]) -> Kind:
    """A level."""
    return LEVEL


def show(node: TagNumber, text: TextOf) -> str:
    """E.g. `tag.carts_session >= 3`; what it means is not told."""
    value = money(int(node.value)) if node.is_money else repr(node.value)
    return f"tag.{node.key} {node.cmp} {value}"


def sentence(node: TagNumber) -> Phrase:
    """The tag and what it must be."""
    value = compared(node.cmp, Money(int(node.value)) if node.is_money else node.value)
    return phrase("tag_number", name=Titled("tag", node.key), value=value)


def plan(node: TagNumber, part: Callable[[Node], Relation]) -> Relation:
    """What it means.

    Raises: TypeProblem before that was put in.
    """
    return part(meaning(node))


OPERATOR = Operator(
    name="tag_number",
    node=TagNumber,
    forms=(
        ("key", "string"),
        ("cmp", "string"),
        ("value", "value"),
        ("is_money", "bool"),
        ("of", "node"),
    ),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
)
