"""`count(product_clicked) within 60s >= 3`: how many such events lie in the window."""

from collections.abc import Callable

from qianmian.errors import TypeProblem
from qianmian.language.ast import COMPARISONS, KEYS, Count, Node
from qianmian.language.comparing import NEEDED_MORE, inside, windowed
from qianmian.language.kinds import LEVEL, ROOM_LEVEL, Kind
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import KeyWord, Phrase, compared, noun, phrase, span
from qianmian.language.relations import Completions, CountWindow, Relation, RoomWide
from qianmian.language.room_events import (
    MOST_KEPT,
    check_owner,
    check_room_window,
    is_of_room,
)
from qianmian.language.values import MAX_COUNT, check_cmp, check_int, check_within, same, window


def verify(node: Count) -> None:
    """Events of one owner, a window, a comparison, a threshold of 1…10,000 (1…64 where listed)."""
    of_room = check_owner(node.of, "a count")
    check_within(node.within)
    if of_room:
        check_room_window(node.within)
    if node.value == 0 and not isinstance(node.value, bool):
        raise TypeProblem("a count is compared with 1 or more; for none write no … or count(…) < 1")
    if node.same is None:
        check_cmp(node.cmp, COMPARISONS, "a count")
    else:
        if node.same not in KEYS:
            raise TypeProblem("a count is correlated on same product or on same category only")
        check_cmp(node.cmp, COMPARISONS if of_room else (">=", ">"), f"a count on same {node.same}")
    is_listed = of_room or node.same is not None  # counted from a list, and a list is that long
    most = (MOST_KEPT if is_listed else MAX_COUNT) - NEEDED_MORE[node.cmp]
    check_int(node.value, 1, most, "the threshold of a count")


def check(node: Count, kind: Callable[[Node], Kind]) -> Kind:
    """A level; with a key a pulse, true at the event that completes the count.

    Over events of the room it is a guard, also with a key: that of what fires.
    """
    kind(node.of)
    if is_of_room(node.of):
        return ROOM_LEVEL
    return LEVEL if node.same is None else Kind("pulse", node.same)


def is_once(node: Count) -> bool:
    """Whether it only asks if such an event happened in a scope, e.g. `cart_added this session`."""
    once = isinstance(node.within, str) and node.same is None
    return once and node.cmp == ">=" and node.value == 1


def show(node: Count, text: TextOf) -> str:
    """The short form `cart_added this session` where there is one."""
    if is_once(node):
        return f"{text(node.of)} {window(node.within)}"
    counted = f"count({inside(node.of, text)}) {window(node.within)}"
    return f"{counted} {node.cmp} {node.value}{same(node.same)}"


def sentence(node: Count) -> Phrase:
    """How often in which window."""
    if is_once(node):
        return phrase("count.once", events=node.of, window=span(node.within))
    key = f"count.{node.same}" if node.same else "count"
    if node.same and is_of_room(node.of):
        key = "count.room"
    value, times = compared(node.cmp, node.value), noun("time", node.value)
    about = {"key": KeyWord()} if key == "count.room" else {}
    return phrase(key, events=node.of, window=span(node.within), value=value, noun=times, **about)


def deny(node: Count) -> Phrase | None:
    """It never happened, which reads better than "not once"."""
    if is_of_room(node.of) and node.cmp == ">=" and node.value == 1:
        key = "count.room.none" if node.same else "count.room.never"
        return phrase(key, events=node.of, window=span(node.within), key=KeyWord())
    if is_once(node):
        return phrase("count.never", events=node.of, window=span(node.within))
    return None


def plan(node: Count, part: Callable[[Node], Relation]) -> Relation:
    """A windowed count, or the rows that complete one."""
    rows = windowed(node.of, node.within, part)
    if is_of_room(node.of):
        return RoomWide(CountWindow(rows, node.cmp, node.value), node.same)
    if node.same is None:
        return CountWindow(rows, node.cmp, node.value)
    return Completions(rows, node.same, node.value + NEEDED_MORE[node.cmp])


OPERATOR = Operator(
    name="count",
    node=Count,
    forms=(
        ("of", "select"),
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
    deny=deny,
)
