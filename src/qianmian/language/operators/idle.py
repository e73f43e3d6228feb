"""`idle for 60s on product page`: no operation on a visible page."""

from collections.abc import Callable

from qianmian.errors import TypeProblem
from qianmian.language.ast import Idle, Node
from qianmian.language.kinds import LEVEL, Kind
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Duration, Phrase, phrase
from qianmian.language.relations import Relation, State
from qianmian.language.values import check_span, duration


def verify(node: Idle) -> None:
    """A duration."""
    check_span(node.for_ms, "the time without an operation")
    if not isinstance(node.on_product_page, bool):
        raise TypeProblem("on_product_page is true or false")


def check(node: Idle, kind: Callable[[Node], Kind]) -> Kind:
    """A level."""
    return LEVEL


def show(node: Idle, text: TextOf) -> str:
    """E.g. `idle for 60s on product page`."""
    return f"idle for {duration(node.for_ms)}" + " on product page" * node.on_product_page


def sentence(node: Idle) -> Phrase:
    """How long nothing was touched."""
    return phrase("idle.page" if node.on_product_page else "idle", span=Duration(node.for_ms))


def plan(node: Idle, part: Callable[[Node], Relation]) -> Relation:
    """The state of idleness."""
    return State("idle_on_product_page" if node.on_product_page else "idle", node.for_ms)


OPERATOR = Operator(
    name="idle",
    node=Idle,
    forms=(("for_ms", "duration"), ("on_product_page", "bool")),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
)
