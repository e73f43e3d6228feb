"""`hour between 23:00 and 02:00`: the time of day at which an event happened.

As a clock on the wall of the shop shows it, from the first time on and before the second one; an
hour that a change of the clock repeats counts both times. Which zone the shop is in is put in when
a definition comes to hold (`language/settle.py`), so the log says it.
"""

from collections.abc import Callable

from qianmian.errors import TypeProblem
from qianmian.language.ast import Hour, Node
from qianmian.language.kinds import PREDICATE, Kind
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Phrase, phrase
from qianmian.language.relations import ClockTime, Relation
from qianmian.language.values import check_int, quoted, shown
from qianmian.vocabulary.time import DAY_MS, MINUTE_MS, format_clock
from qianmian.vocabulary.zones import is_zone

MAX_ZONE = 64


def verify(node: Hour) -> None:
    """Two different whole minutes of a day, and a zone that there is."""
    for ms, what in ((node.begin, "the first time"), (node.end, "the second time")):
        check_int(ms, 0, DAY_MS - MINUTE_MS, f"{what} of hour between")
        if ms % MINUTE_MS:
            raise TypeProblem(f"{what} of hour between is a whole minute, such as 23:00")
    if node.begin == node.end:
        raise TypeProblem(
            "hour between two equal times is the whole day; leave it out, or write two times"
        )
    zone: object = node.zone
    if not isinstance(zone, str) or len(zone) > MAX_ZONE or (zone and not is_zone(zone)):
        raise TypeProblem(f"{shown(zone)} is no time zone; write for example Asia/Shanghai")


def check(node: Hour, kind: Callable[[Node], Kind]) -> Kind:
    """A predicate."""
    return PREDICATE


def show(node: Hour, text: TextOf) -> str:
    """E.g. `hour between 23:00 and 02:00`."""
    zone = f" in {quoted(node.zone)}" if node.zone else ""
    return f"hour between {format_clock(node.begin)} and {format_clock(node.end)}{zone}"


def sentence(node: Hour) -> Phrase:
    """Between which times."""
    key = "hour" if node.begin < node.end else "hour.over_midnight"
    said = phrase(key, begin=format_clock(node.begin), end=format_clock(node.end))
    return phrase("hour.in_zone", said=said, zone=node.zone) if node.zone else said


def plan(node: Hour, part: Callable[[Node], Relation]) -> Relation:
    """A test of one row."""
    return ClockTime(node.begin, node.end, node.zone)


OPERATOR = Operator(
    name="hour",
    node=Hour,
    forms=(("begin", "clock"), ("end", "clock"), ("zone", "string")),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
)
