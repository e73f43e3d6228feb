"""`(order_created or order_paid) where amount >= ¥500`: which events are meant."""

from collections.abc import Callable
from dataclasses import replace

from qianmian.errors import TypeProblem
from qianmian.language.ast import Field, Node, Select, walk
from qianmian.language.comparing import where_part
from qianmian.language.kinds import EVENTS, Kind
from qianmian.language.names import catalog_order, check_event, check_field_of
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Events, Phrase, phrase
from qianmian.language.relations import Relation, Scan


def verify(node: Select) -> None:
    """Known event types that have the fields tested."""
    if not node.types:
        raise TypeProblem("a selection needs at least one event type, for example product_viewed")
    for name in node.types:
        check_event(name)
    if node.where is not None:
        for below in walk(node.where):
            if isinstance(below, Field):
                check_field_of(below.name, node.types)


def check(node: Select, kind: Callable[[Node], Kind]) -> Kind:
    """Events; `where` holds predicates only."""
    if node.where is not None and kind(node.where).sort != "predicate":
        raise TypeProblem("where tests fields of the event itself; join other conditions with and")
    return EVENTS


def normalize(node: Select) -> Node:
    """Types in catalogue order, each once."""
    return replace(node, types=catalog_order(node.types))


def show(node: Select, text: TextOf) -> str:
    """One name, or names in parentheses."""
    names = node.types[0] if len(node.types) == 1 else f"({' or '.join(node.types)})"
    return names + where_part(node, text)


def sentence(node: Select) -> Phrase:
    """Titles of the events, and what is asked of them."""
    if node.where is None:
        return phrase("select", events=Events(node.types))
    return phrase("select.where", events=Events(node.types), where=node.where)


def plan(node: Select, part: Callable[[Node], Relation]) -> Relation:
    """A scan without a window."""
    return Scan(node.types, None if node.where is None else part(node.where))


OPERATOR = Operator(
    name="select",
    node=Select,
    forms=(("types", "types"), ("where", "node")),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
    normalize=normalize,
)
