"""`trait.city_tier in (tier_1, new_tier_1)`: a stored attribute of the viewer."""

from collections.abc import Callable

from qianmian.language.ast import Node, Trait
from qianmian.language.kinds import LEVEL, Kind
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Phrase, Titled, compared, literal, phrase
from qianmian.language.relations import Attribute, Relation
from qianmian.language.values import bare, check_comparison, check_name, scalar


def verify(node: Trait) -> None:
    """A name and a comparison whose sides fit."""
    check_name(node.name, "a trait")
    check_comparison(f"trait.{node.name}", node.cmp, node.value)


def check(node: Trait, kind: Callable[[Node], Kind]) -> Kind:
    """A level."""
    return LEVEL


def show(node: Trait, text: TextOf) -> str:
    """E.g. `trait.age >= 30`."""
    if isinstance(node.value, tuple):
        return f"trait.{node.name} in ({', '.join(scalar(one, bare) for one in node.value)})"
    return f"trait.{node.name} {node.cmp} {scalar(node.value, bare)}"


def sentence(node: Trait) -> Phrase:
    """The attribute and what it must be; unlike the empty text is whatever was told."""
    name = Titled("trait", node.name)
    if node.cmp == "!=" and node.value == "":
        return phrase("trait.known", name=name)
    return phrase("trait", name=name, value=compared(node.cmp, literal(node.value, of=node.name)))


def plan(node: Trait, part: Callable[[Node], Relation]) -> Relation:
    """A stored attribute."""
    return Attribute("trait", node.name, node.cmp, node.value)


OPERATOR = Operator(
    name="trait",
    node=Trait,
    forms=(("name", "string"), ("cmp", "string"), ("value", "values")),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
)
