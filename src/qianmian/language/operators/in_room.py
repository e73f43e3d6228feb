"""`in room for 60s`: the present visit began so long ago."""

from collections.abc import Callable

from qianmian.language.ast import InRoom, Node
from qianmian.language.kinds import LEVEL, Kind
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Duration, Phrase, phrase
from qianmian.language.relations import Relation, State
from qianmian.language.values import check_span, duration


def verify(node: InRoom) -> None:
    """A duration."""
    check_span(node.for_ms, "the time in the room")


def check(node: InRoom, kind: Callable[[Node], Kind]) -> Kind:
    """A level."""
    return LEVEL


def show(node: InRoom, text: TextOf) -> str:
    """E.g. `in room for 60s`."""
    return f"in room for {duration(node.for_ms)}"


def sentence(node: InRoom) -> Phrase:
    """How long in the room."""
    return phrase("in_room", span=Duration(node.for_ms))


def plan(node: InRoom, part: Callable[[Node], Relation]) -> Relation:
    """The state of being in the room."""
    return State("in_room", node.for_ms)


OPERATOR = Operator(
    name="in_room",
    node=InRoom,
    forms=(("for_ms", "duration"),),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
)
