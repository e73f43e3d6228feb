"""`in list.vip`: on a list that the shop uploaded; it comes with facts."""

from collections.abc import Callable

from qianmian.language.ast import InList, Node
from qianmian.language.kinds import LEVEL, Kind
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Phrase, Titled, phrase
from qianmian.language.relations import Member, Relation
from qianmian.language.values import check_name


def verify(node: InList) -> None:
    """A name."""
    check_name(node.key, "a list")


def check(node: InList, kind: Callable[[Node], Kind]) -> Kind:
    """A level."""
    return LEVEL


def show(node: InList, text: TextOf) -> str:
    """E.g. `in list.vip`."""
    return f"in list.{node.key}"


def sentence(node: InList) -> Phrase:
    """Is on the list."""
    return phrase("in_list", name=Titled("list", node.key))


def deny(node: InList) -> Phrase | None:
    """Is not on it."""
    return phrase("in_list.not", name=Titled("list", node.key))


def plan(node: InList, part: Callable[[Node], Relation]) -> Relation:
    """Those on the list."""
    return Member("list", node.key)


OPERATOR = Operator(
    name="in_list",
    node=InList,
    forms=(("key", "string"),),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
    deny=deny,
)
