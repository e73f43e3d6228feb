"""`not tag.bought`: the opposite of a level or of a predicate."""

from collections.abc import Callable

from qianmian.errors import TypeProblem
from qianmian.language.ast import And, Count, Hidden, Node, Not, Or
from qianmian.language.kinds import Kind
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Denied, Phrase, phrase
from qianmian.language.relations import Complement, Relation


def check(node: Not, kind: Callable[[Node], Kind]) -> Kind:
    """What it denies is no instant and has no key."""
    part = kind(node.part)
    if part.sort == "pulse":
        raise TypeProblem(
            "not takes a state, and an event is an instant; "
            "write for example no order_paid this session"
        )
    if part.key is not None:
        raise TypeProblem("not takes a state without a key; remove on same product inside it")
    return part


def normalize(node: Not) -> Node:
    """Not not x is x."""
    return node.part.part if isinstance(node.part, Not) else node


def show(node: Not, text: TextOf) -> str:
    """`no order_paid this session` where it fits, else `not …`."""
    inner = text(node.part)
    if isinstance(node.part, Count) and not inner.startswith("count("):
        return f"no {inner}"
    return f"not ({inner})" if isinstance(node.part, And | Or | Hidden) else f"not {inner}"


def sentence(node: Not) -> Phrase:
    """The opposite."""
    return phrase("denied", said=Denied(node.part))


def plan(node: Not, part: Callable[[Node], Relation]) -> Relation:
    """Complement."""
    return Complement(part(node.part))


OPERATOR = Operator(
    name="not",
    node=Not,
    forms=(("part", "node"),),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    normalize=normalize,
)
