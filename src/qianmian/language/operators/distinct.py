"""`distinct(product_clicked.product) within 60s >= 3 on same category`: how many different ones."""

from collections.abc import Callable

from qianmian.errors import TypeProblem
from qianmian.language.ast import COMPARISONS, KEYS, Distinct, Node
from qianmian.language.comparing import NEEDED_MORE, of_field, windowed
from qianmian.language.kinds import ROOM_LEVEL, Kind
from qianmian.language.names import check_viewer_events
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Phrase, compared, noun, phrase, span
from qianmian.language.relations import Completions, DistinctWindow, Relation, RoomWide
from qianmian.language.room_events import check_owner, check_room_window, is_of_room
from qianmian.language.values import MAX_DISTINCT, check_cmp, check_int, check_within, same, window

ALLOWED = {
    "product": (None, "category"),
    "category": (None,),
    "viewer": (None, *KEYS),
}
"""Keys by field: products of one category; viewers about one product or category."""


def verify(node: Distinct) -> None:
    """Events of one owner, a field, a window, a comparison and a threshold of 1…64."""
    of_room = check_owner(node.of, "a distinct count")
    if node.field == "viewer" or node.same is not None:
        check_viewer_events(node.of.types, "be counted by viewer or by key")
    if node.field not in ALLOWED:
        raise TypeProblem(f'distinct counts product, category or viewer, not "{node.field}"')
    if node.same not in ALLOWED[node.field]:
        raise TypeProblem(
            f"distinct {node.field} cannot be on same {node.same}; "
            "products go with same category, viewers with same product or category"
        )
    check_within(node.within)
    if of_room:
        check_room_window(node.within)
    if node.same is None and node.field != "viewer":
        check_cmp(node.cmp, COMPARISONS, "a distinct count")
    else:
        check_cmp(node.cmp, (">=", ">"), "a distinct count of viewers or on the same key")
    most = MAX_DISTINCT - NEEDED_MORE[node.cmp]
    check_int(node.value, 1, most, "the threshold of a distinct count")


def check(node: Distinct, kind: Callable[[Node], Kind]) -> Kind:
    """A level; of products per category a pulse; of viewers a level of the room.

    Over events of the room it is a guard.
    """
    kind(node.of)
    if is_of_room(node.of):
        return ROOM_LEVEL
    if node.field == "viewer":
        return Kind("level", node.same, room_moment=True)
    return Kind("level" if node.same is None else "pulse", node.same)


def show(node: Distinct, text: TextOf) -> str:
    """The field stands behind the events."""
    counted = f"distinct({of_field(node.of, node.field, text)}) {window(node.within)}"
    return f"{counted} {node.cmp} {node.value}{same(node.same)}"


def sentence(node: Distinct) -> Phrase:
    """How many different ones in which window."""
    key = f"distinct.{node.field}" + (f".{node.same}" if node.same else "")
    value, things = compared(node.cmp, node.value), noun(node.field, node.value)
    return phrase(key, events=node.of, window=span(node.within), value=value, noun=things)


def plan(node: Distinct, part: Callable[[Node], Relation]) -> Relation:
    """A windowed distinct count, or the rows that complete one."""
    rows = windowed(node.of, node.within, part)
    if node.same is None or node.field == "viewer":
        counted = DistinctWindow(rows, node.field, node.cmp, node.value, node.same)
        return RoomWide(counted) if is_of_room(node.of) else counted
    return Completions(rows, node.same, node.value + NEEDED_MORE[node.cmp], node.field)


OPERATOR = Operator(
    name="distinct",
    node=Distinct,
    forms=(
        ("of", "select"),
        ("field", "string"),
        ("within", "window"),
        ("cmp", "string"),
        ("value", "int"),
        ("same", "string"),
    ),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
)
