"""`not visible for 20s`: the page has been out of sight for so long."""

from collections.abc import Callable

from qianmian.language.ast import Hidden, Node
from qianmian.language.kinds import LEVEL, Kind
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Duration, Phrase, phrase
from qianmian.language.relations import Relation, State
from qianmian.language.values import check_span, duration


def verify(node: Hidden) -> None:
    """A duration."""
    check_span(node.for_ms, "the time out of sight")


def check(node: Hidden, kind: Callable[[Node], Kind]) -> Kind:
    """A level."""
    return LEVEL


def show(node: Hidden, text: TextOf) -> str:
    """E.g. `not visible for 20s`."""
    return f"not visible for {duration(node.for_ms)}"


def sentence(node: Hidden) -> Phrase:
    """How long out of sight."""
    return phrase("hidden", span=Duration(node.for_ms))


def plan(node: Hidden, part: Callable[[Node], Relation]) -> Relation:
    """The state of being hidden."""
    return State("hidden", node.for_ms)


OPERATOR = Operator(
    name="hidden",
    node=Hidden,
    forms=(("for_ms", "duration"),),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
)
