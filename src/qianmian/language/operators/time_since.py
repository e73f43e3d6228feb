"""`time_since(order_paid) > 30d`: how long ago the last such event was."""

from collections.abc import Callable

from qianmian.language.ast import Node, TimeSince
from qianmian.language.comparing import inside, windowed
from qianmian.language.kinds import LEVEL, ROOM_LEVEL, Kind
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Duration, Phrase, compared, phrase
from qianmian.language.relations import Elapsed, Relation, RoomWide
from qianmian.language.room_events import check_owner, is_of_room
from qianmian.language.values import ORDERINGS, check_cmp, check_span, duration


def verify(node: TimeSince) -> None:
    """Events of one owner, and a comparison with a duration."""
    check_owner(node.of, "a time since")
    check_cmp(node.cmp, ORDERINGS, "a time since")
    check_span(node.value_ms, "the duration", least=0)


def check(node: TimeSince, kind: Callable[[Node], Kind]) -> Kind:
    """A level; over events of the room a guard."""
    kind(node.of)
    return ROOM_LEVEL if is_of_room(node.of) else LEVEL


def show(node: TimeSince, text: TextOf) -> str:
    """E.g. `time_since(order_paid) > 30d`."""
    return f"time_since({inside(node.of, text)}) {node.cmp} {duration(node.value_ms)}"


def sentence(node: TimeSince) -> Phrase:
    """How long ago."""
    return phrase("time_since", events=node.of, value=compared(node.cmp, Duration(node.value_ms)))


def plan(node: TimeSince, part: Callable[[Node], Relation]) -> Relation:
    """The time since the last row."""
    elapsed = Elapsed(windowed(node.of, "ever", part), node.cmp, node.value_ms)
    return RoomWide(elapsed) if is_of_room(node.of) else elapsed


OPERATOR = Operator(
    name="time_since",
    node=TimeSince,
    forms=(("of", "select"), ("cmp", "string"), ("value_ms", "duration")),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
)
