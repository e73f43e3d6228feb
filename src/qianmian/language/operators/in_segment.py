"""`in segment.vip`: another definition of kind segment holds."""

from collections.abc import Callable

from qianmian.language.ast import InSegment, Node
from qianmian.language.kinds import LEVEL, Kind
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Phrase, Titled, phrase
from qianmian.language.relations import Member, Relation
from qianmian.language.values import check_name


def verify(node: InSegment) -> None:
    """A name."""
    check_name(node.key, "a segment")


def check(node: InSegment, kind: Callable[[Node], Kind]) -> Kind:
    """A level."""
    return LEVEL


def show(node: InSegment, text: TextOf) -> str:
    """E.g. `in segment.vip`."""
    return f"in segment.{node.key}"


def sentence(node: InSegment) -> Phrase:
    """Belongs to the segment."""
    return phrase("in_segment", name=Titled("segment", node.key))


def deny(node: InSegment) -> Phrase | None:
    """Does not belong to it."""
    return phrase("in_segment.not", name=Titled("segment", node.key))


def plan(node: InSegment, part: Callable[[Node], Relation]) -> Relation:
    """Those in the segment."""
    return Member("segment", node.key)


OPERATOR = Operator(
    name="in_segment",
    node=InSegment,
    forms=(("key", "string"),),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
    deny=deny,
)
