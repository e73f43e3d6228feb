"""Tags, segments and lists: one operator over three families of names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from qianmian.language.ast import InList, InSegment, Node, Tag
from qianmian.language.kinds import LEVEL, Kind
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Phrase, Titled, phrase
from qianmian.language.relations import Member, Relation
from qianmian.language.values import check_name


def membership(
    name: str,
    node: type[Tag | InSegment | InList],
    *,
    family: Literal["tag", "segment", "list"],
    written: str,
) -> Operator:
    """The operator of a family.

    Args:
        name: `op` in JSON; its sentences are `NAME` and `NAME.not`.
        written: the text before the name.
    """

    def verify(self: Tag | InSegment | InList) -> None:
        check_name(self.key, f"a {family}")

    def check(_: Tag | InSegment | InList, __: Callable[[Node], Kind]) -> Kind:
        return LEVEL

    def show(self: Tag | InSegment | InList, _: TextOf) -> str:
        return f"{written}{self.key}"

    def sentence(self: Tag | InSegment | InList) -> Phrase:
        return phrase(name, name=Titled(family, self.key))

    def deny(self: Tag | InSegment | InList) -> Phrase | None:
        return phrase(f"{name}.not", name=Titled(family, self.key))

    def plan(self: Tag | InSegment | InList, _: Callable[[Node], Relation]) -> Relation:
        return Member(family, self.key)

    return Operator(
        name=name,
        node=node,
        forms=(("key", "string"),),
        show=show,
        sentence=sentence,
        plan=plan,
        check=check,
        verify=verify,
        deny=deny,
    )
