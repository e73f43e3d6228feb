"""`product_viewed for 2m without order_paid on same product`: one page in focus for so long."""

from collections.abc import Callable

from qianmian.errors import TypeProblem
from qianmian.language.ast import Node, Viewing
from qianmian.language.comparing import wait, windowed
from qianmian.language.kinds import Kind
from qianmian.language.names import check_viewer_events
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Duration, Phrase, phrase
from qianmian.language.relations import OpenView, Relation, Scan
from qianmian.language.values import check_span, duration, same

VIEWED = "product_viewed"


def verify(node: Viewing) -> None:
    """Events of a viewer, durations and a correlation."""
    if node.without is not None:
        check_viewer_events(node.without.types, "end the wait on a page")
    check_span(node.for_ms, "the time on the page")
    check_span(node.wait_ms, "wait", least=0)
    if node.same not in (None, "product"):
        raise TypeProblem("a product page is of one product: write on same product, or nothing")


def check(node: Viewing, kind: Callable[[Node], Kind]) -> Kind:
    """A level; its key is the product where it is correlated."""
    if node.without is not None:
        kind(node.without)
    return Kind("level", node.same)


def show(node: Viewing, text: TextOf) -> str:
    """E.g. `product_viewed for 2m without order_paid on same product`."""
    without = f" without {text(node.without)}" if node.without is not None else ""
    return f"{VIEWED} for {duration(node.for_ms)}{without}{same(node.same)}{wait(node.wait_ms)}"


def sentence(node: Viewing) -> Phrase:
    """How long on which page, and what has not happened meanwhile."""
    key = "viewing.product" if node.same else "viewing"
    said = phrase(key, span=Duration(node.for_ms))
    if node.without is not None:
        said = phrase(
            "viewing.product.without" if node.same else "viewing.without",
            span=Duration(node.for_ms),
            events=node.without,
        )
    return phrase("waited", said=said, wait=Duration(node.wait_ms)) if node.wait_ms else said


def plan(node: Viewing, part: Callable[[Node], Relation]) -> Relation:
    """The page views that are open and old enough."""
    without = None if node.without is None else windowed(node.without, None, part)
    return OpenView(Scan((VIEWED,)), without, node.for_ms, node.same, node.wait_ms)


OPERATOR = Operator(
    name="viewing",
    node=Viewing,
    forms=(
        ("for_ms", "duration"),
        ("without", "select"),
        ("same", "string"),
        ("wait_ms", "duration"),
    ),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
)
