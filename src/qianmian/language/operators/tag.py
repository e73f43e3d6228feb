"""`tag.price_sensitive`: another definition of kind tag holds."""

from collections.abc import Callable

from qianmian.language.ast import Node, Tag
from qianmian.language.kinds import LEVEL, Kind
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Phrase, Titled, phrase
from qianmian.language.relations import Member, Relation
from qianmian.language.values import check_name


def verify(node: Tag) -> None:
    """A name."""
    check_name(node.key, "a tag")


def check(node: Tag, kind: Callable[[Node], Kind]) -> Kind:
    """A level."""
    return LEVEL


def show(node: Tag, text: TextOf) -> str:
    """E.g. `tag.price_sensitive`."""
    return f"tag.{node.key}"


def sentence(node: Tag) -> Phrase:
    """Has the tag."""
    return phrase("tag", name=Titled("tag", node.key))


def deny(node: Tag) -> Phrase | None:
    """Has it not."""
    return phrase("tag.not", name=Titled("tag", node.key))


def plan(node: Tag, part: Callable[[Node], Relation]) -> Relation:
    """Those with the tag."""
    return Member("tag", node.key)


OPERATOR = Operator(
    name="tag",
    node=Tag,
    forms=(("key", "string"),),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
    deny=deny,
)
