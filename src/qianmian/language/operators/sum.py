"""`sum(order_paid.amount) within 7d >= ¥500`: how much in the window."""

from collections.abc import Callable

from qianmian.errors import TypeProblem
from qianmian.language.ast import Node, Sum
from qianmian.language.comparing import of_field, windowed
from qianmian.language.kinds import LEVEL, Kind
from qianmian.language.names import check_field_of, check_viewer_events
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Money, Phrase, compared, phrase, span
from qianmian.language.relations import Relation, SumWindow
from qianmian.language.values import (
    MAX_INT,
    ORDERINGS,
    check_cmp,
    check_int,
    check_within,
    money,
    window,
)


def verify(node: Sum) -> None:
    """Amounts, a window, an ordering and a threshold that is no negative amount."""
    if node.field != "amount":
        raise TypeProblem(f'only amounts can be summed, not "{node.field}"; write sum(….amount)')
    check_viewer_events(node.of.types, "be summed")
    check_field_of(node.field, node.of.types)
    check_within(node.within)
    check_cmp(node.cmp, ORDERINGS, "a sum")
    check_int(node.value, 0, MAX_INT, "the threshold of a sum in minor units")


def check(node: Sum, kind: Callable[[Node], Kind]) -> Kind:
    """A level."""
    kind(node.of)
    return LEVEL


def show(node: Sum, text: TextOf) -> str:
    """The field stands behind the events."""
    summed = f"sum({of_field(node.of, node.field, text)}) {window(node.within)}"
    return f"{summed} {node.cmp} {money(node.value)}"


def sentence(node: Sum) -> Phrase:
    """How much in which window."""
    value = compared(node.cmp, Money(node.value))
    return phrase("sum", events=node.of, window=span(node.within), value=value)


def plan(node: Sum, part: Callable[[Node], Relation]) -> Relation:
    """A windowed sum."""
    return SumWindow(windowed(node.of, node.within, part), node.field, node.cmp, node.value)


OPERATOR = Operator(
    name="sum",
    node=Sum,
    forms=(
        ("of", "select"),
        ("field", "string"),
        ("within", "window"),
        ("cmp", "string"),
        ("value", "int"),
    ),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
)
