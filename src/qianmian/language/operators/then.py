"""`promo_started then cart_added within 60s`: a sequence."""

from collections.abc import Callable

from qianmian.errors import TypeProblem
from qianmian.language.ast import KEYS, Node, Then
from qianmian.language.comparing import windowed
from qianmian.language.kinds import Kind
from qianmian.language.names import check_viewer_events
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Duration, Phrase, phrase
from qianmian.language.relations import Relation, SemiJoin
from qianmian.language.room_events import check_owner
from qianmian.language.values import check_span, duration, same


def verify(node: Then) -> None:
    """A duration and a correlation; only the first part may be events of the room."""
    check_viewer_events(node.second.types, "complete a sequence")
    check_owner(node.first, "the first part of a sequence")
    check_span(node.within_ms, "the time between the two")
    if node.same not in (None, *KEYS, "visit"):
        raise TypeProblem("a sequence is on same product, on same category or on same visit")


def check(node: Then, kind: Callable[[Node], Kind]) -> Kind:
    """A pulse; the same visit is no key."""
    kind(node.first)
    kind(node.second)
    return Kind("pulse", None if node.same == "visit" else node.same)


def show(node: Then, text: TextOf) -> str:
    """First, second and the time between."""
    pair = f"{text(node.first)} then {text(node.second)}"
    return f"{pair} within {duration(node.within_ms)}{same(node.same)}"


def sentence(node: Then) -> Phrase:
    """First, second and the time between."""
    key = f"then.{node.same}" if node.same else "then"
    return phrase(key, first=node.first, second=node.second, span=Duration(node.within_ms))


def plan(node: Then, part: Callable[[Node], Relation]) -> Relation:
    """The second rows that have a first one within reach."""
    return SemiJoin(
        windowed(node.first, None, part),
        windowed(node.second, None, part),
        node.within_ms,
        None if node.same == "visit" else node.same,
        same_visit=node.same == "visit",
    )


OPERATOR = Operator(
    name="then",
    node=Then,
    forms=(
        ("first", "select"),
        ("second", "select"),
        ("within_ms", "duration"),
        ("same", "string"),
    ),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
)
