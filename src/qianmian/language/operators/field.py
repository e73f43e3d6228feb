"""`category == "skin_care"`: a predicate on one field of an event."""

from collections.abc import Callable

from qianmian.errors import TypeProblem
from qianmian.language.ast import Field, Node
from qianmian.language.comparing import check_field_value, field_value
from qianmian.language.kinds import PREDICATE, Kind
from qianmian.language.names import field_type
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Phrase, Titled, compared, literal, phrase
from qianmian.language.relations import Match, Relation
from qianmian.language.values import check_name, shown


def verify(node: Field) -> None:
    """The comparison fits the type of the field."""
    if node.cmp != "has":
        check_field_value(node.name, node.cmp, node.value)
        return
    if field_type(node.name) != "classes":
        raise TypeProblem(f'"{node.name}" has one value; use == or contains instead of has')
    if not isinstance(node.value, str):
        raise TypeProblem(f"{node.name} has needs a name, not {shown(node.value)}")
    check_name(node.value, f"the name after {node.name} has")


def check(node: Field, kind: Callable[[Node], Kind]) -> Kind:
    """A predicate."""
    return PREDICATE


def show(node: Field, text: TextOf) -> str:
    """E.g. `amount >= ¥500`."""
    if node.cmp == "has":
        return f"{node.name} has {node.value}"
    if isinstance(node.value, tuple):
        return f"{node.name} in ({', '.join(field_value(node.name, one) for one in node.value)})"
    return f"{node.name} {node.cmp} {field_value(node.name, node.value)}"


def sentence(node: Field) -> Phrase:
    """The field and what it must be."""
    value = literal(node.value, of=node.name, is_money=field_type(node.name) == "money")
    if node.cmp == "has":
        value = Titled("class", str(node.value))
    field = Titled("field", node.name)
    return phrase("field", field=field, value=compared(node.cmp, value))


def plan(node: Field, part: Callable[[Node], Relation]) -> Relation:
    """A test of one row."""
    return Match(node.name, node.cmp, node.value)


OPERATOR = Operator(
    name="field",
    node=Field,
    forms=(("name", "string"), ("cmp", "string"), ("value", "values")),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
)
