"""`visit_started`: the first event of a visit."""

from collections.abc import Callable

from qianmian.language.ast import Node, VisitStarted
from qianmian.language.kinds import PULSE, Kind
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Phrase, phrase
from qianmian.language.relations import Relation, VisitStarts


def check(node: VisitStarted, kind: Callable[[Node], Kind]) -> Kind:
    """A pulse."""
    return PULSE


def show(node: VisitStarted, text: TextOf) -> str:
    """One word."""
    return "visit_started"


def sentence(node: VisitStarted) -> Phrase:
    """The viewer has come."""
    return phrase("visit_started")


def plan(node: VisitStarted, part: Callable[[Node], Relation]) -> Relation:
    """The instants at which visits start."""
    return VisitStarts()


OPERATOR = Operator(
    name="visit_started",
    node=VisitStarted,
    forms=(),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
)
