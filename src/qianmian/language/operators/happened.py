"""`comment_sent where class has doubt on same product`: it happened."""

from collections.abc import Callable

from qianmian.errors import TypeProblem
from qianmian.language.ast import KEYS, Happened, Node
from qianmian.language.comparing import windowed
from qianmian.language.kinds import Kind
from qianmian.language.names import check_viewer_events
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Phrase, phrase
from qianmian.language.relations import Instants, Relation
from qianmian.language.values import same


def verify(node: Happened) -> None:
    """Events of a viewer; `same` is a key."""
    check_viewer_events(node.of.types, "start a moment")
    if node.same not in (None, *KEYS):
        raise TypeProblem("one event is correlated on same product or on same category only")


def check(node: Happened, kind: Callable[[Node], Kind]) -> Kind:
    """A pulse with the key of its events."""
    kind(node.of)
    return Kind("pulse", node.same)


def show(node: Happened, text: TextOf) -> str:
    """The events, and their key."""
    return text(node.of) + same(node.same)


def sentence(node: Happened) -> Phrase:
    """The events, per product or category where correlated."""
    return phrase(f"happened.{node.same}" if node.same else "happened", events=node.of)


def plan(node: Happened, part: Callable[[Node], Relation]) -> Relation:
    """Each row is an instant."""
    return Instants(windowed(node.of, None, part), node.same)


OPERATOR = Operator(
    name="happened",
    node=Happened,
    forms=(("of", "select"), ("same", "string")),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
)
