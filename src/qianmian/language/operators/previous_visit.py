"""`previous visit 30d ago`: the viewer has been here before."""

from collections.abc import Callable

from qianmian.language.ast import Node, PreviousVisit
from qianmian.language.kinds import LEVEL, Kind
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Duration, Phrase, phrase
from qianmian.language.relations import EarlierVisit, Relation
from qianmian.language.values import check_span, duration


def verify(node: PreviousVisit) -> None:
    """A duration, or none."""
    if node.ago_ms is not None:
        check_span(node.ago_ms, "the time since the previous visit")


def check(node: PreviousVisit, kind: Callable[[Node], Kind]) -> Kind:
    """A level."""
    return LEVEL


def show(node: PreviousVisit, text: TextOf) -> str:
    """E.g. `previous visit 30d ago`."""
    return "previous visit" + (f" {duration(node.ago_ms)} ago" if node.ago_ms is not None else "")


def sentence(node: PreviousVisit) -> Phrase:
    """Whether, or how long ago."""
    if node.ago_ms is None:
        return phrase("previous_visit")
    return phrase("previous_visit.ago", span=Duration(node.ago_ms))


def deny(node: PreviousVisit) -> Phrase | None:
    """Never been here."""
    return phrase("previous_visit.never") if node.ago_ms is None else None


def plan(node: PreviousVisit, part: Callable[[Node], Relation]) -> Relation:
    """The viewers with an earlier visit."""
    return EarlierVisit(node.ago_ms)


OPERATOR = Operator(
    name="previous_visit",
    node=PreviousVisit,
    forms=(("ago_ms", "duration"),),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
    deny=deny,
)
