"""`cart_added without order_paid within 5m on same product`: an absence."""

from collections.abc import Callable

from qianmian.errors import TypeProblem
from qianmian.language.ast import KEYS, Node, Without
from qianmian.language.comparing import wait, windowed
from qianmian.language.kinds import Kind
from qianmian.language.names import check_viewer_events
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Duration, Phrase, phrase
from qianmian.language.relations import AntiJoin, Relation
from qianmian.language.values import check_span, duration, same


def verify(node: Without) -> None:
    """Events of a viewer, durations and a correlation."""
    check_viewer_events(node.first.types, "start an absence")
    check_viewer_events(node.second.types, "end an absence")
    check_span(node.within_ms, "the time to wait for the second")
    check_span(node.wait_ms, "wait", least=0)
    if node.same not in (None, *KEYS, "visit"):
        raise TypeProblem("an absence is on same product, on same category or on same visit")


def check(node: Without, kind: Callable[[Node], Kind]) -> Kind:
    """A pulse; the same visit is no key."""
    kind(node.first)
    kind(node.second)
    return Kind("pulse", None if node.same == "visit" else node.same)


def show(node: Without, text: TextOf) -> str:
    """What happened, what did not, and for how long."""
    pair = f"{text(node.first)} without {text(node.second)} within {duration(node.within_ms)}"
    return pair + same(node.same) + wait(node.wait_ms)


def sentence(node: Without) -> Phrase:
    """What happened, what did not, and for how long."""
    key = f"without.{node.same}" if node.same else "without"
    said = phrase(key, first=node.first, second=node.second, span=Duration(node.within_ms))
    return phrase("waited", said=said, wait=Duration(node.wait_ms)) if node.wait_ms else said


def plan(node: Without, part: Callable[[Node], Relation]) -> Relation:
    """The first rows that no second one follows in time."""
    return AntiJoin(
        windowed(node.first, None, part),
        windowed(node.second, None, part),
        node.within_ms,
        None if node.same == "visit" else node.same,
        same_visit=node.same == "visit",
        wait_ms=node.wait_ms,
    )


OPERATOR = Operator(
    name="without",
    node=Without,
    forms=(
        ("first", "select"),
        ("second", "select"),
        ("within_ms", "duration"),
        ("same", "string"),
        ("wait_ms", "duration"),
    ),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
)
