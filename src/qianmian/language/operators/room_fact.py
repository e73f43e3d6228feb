"""`room.presenting == product`: a fact of the room, read when a moment fires."""

from collections.abc import Callable

from qianmian.errors import TypeProblem
from qianmian.language.ast import COMPARISONS, Node, RoomFact
from qianmian.language.comparing import EXPECTED
from qianmian.language.kinds import ROOM_LEVEL, Kind
from qianmian.language.names import FACTS, SESSION_FACTS
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import KeyWord, Phrase, Titled, compared, literal, phrase
from qianmian.language.relations import FactOfRoom, Relation
from qianmian.language.values import (
    EQUALITIES,
    check_cmp,
    check_comparison,
    check_name,
    money,
    scalar,
)


def verify(node: RoomFact) -> None:
    """A name, and a comparison with a value or with the key."""
    check_name(node.name, "a fact of the room")
    what = place(node.name)
    expected = EXPECTED[FACTS[node.name]] if node.name in FACTS else None
    if node.value is None:
        check_cmp(node.cmp, EQUALITIES, f"{what} and the key")
        if expected not in (None, "string"):
            raise TypeProblem(f"{what} is a {expected} and cannot be a product or category")
        return
    check_cmp(node.cmp, COMPARISONS, what)
    check_comparison(what, node.cmp, node.value, expected)


def place(name: str) -> str:
    """The name with its owner, e.g. `room.online` or `session.stage`."""
    return f"{'session' if name in SESSION_FACTS else 'room'}.{name}"


def check(node: RoomFact, kind: Callable[[Node], Kind]) -> Kind:
    """A level that only guards."""
    return ROOM_LEVEL


def show(node: RoomFact, text: TextOf) -> str:
    """E.g. `room.presenting == product`; the word is the key of the whole expression."""
    if node.value is None:
        value = text.key
    elif FACTS.get(node.name) == "money" and isinstance(node.value, int):
        value = money(node.value)
    else:
        value = scalar(node.value)
    return f"{place(node.name)} {node.cmp} {value}"


def sentence(node: RoomFact) -> Phrase:
    """The fact and what it must be."""
    fact = Titled("fact", node.name)
    if node.value is None:
        return phrase(
            "room_fact.key" if node.cmp == "==" else "room_fact.not_key", fact=fact, key=KeyWord()
        )
    value = literal(node.value, of=node.name, is_money=FACTS.get(node.name) == "money")
    return phrase("room_fact", fact=fact, value=compared(node.cmp, value))


def plan(node: RoomFact, part: Callable[[Node], Relation]) -> Relation:
    """A fact at the instant."""
    return FactOfRoom(node.name, node.cmp, node.value)


OPERATOR = Operator(
    name="room_fact",
    node=RoomFact,
    forms=(("name", "string"), ("cmp", "string"), ("value", "value")),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
)
