"""What an operator may look at while it judges one row, or one room, at one instant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from qianmian.vocabulary.events import event_type
from tests.oracle.convert import Rule, Tree, is_long, walk
from tests.oracle.events import Because, Entry, Event, field_values, key_values, lines
from tests.oracle.facts import DAY_MS, Facts
from tests.oracle.operators import hour
from tests.oracle.rows import Row, SlotId, Token
from tests.oracle.withheld import Withheld

Holding = dict[Token, Because]
"""Why a level is true: nothing when it is false."""

Pulses = dict[str | None, Because]
"""Keys at which a pulse happens now, and why."""

PLAIN: Token = (None, 0)


@dataclass
class RoomState:
    """The room's own row: what is presented, its events, and those of its viewers."""

    name: str
    facts: dict[str, Any] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    log: list[Entry] = field(default_factory=list)
    truth: dict[str, set[Token]] = field(default_factory=dict)
    session: str = ""
    is_open: bool = False
    is_explicit: bool = False
    last_clock: int = 0


@dataclass(frozen=True)
class View:
    """One evaluation.

    Attributes:
        row: None when a room moment is judged.
        now: the clock of the event, or the instant.
        is_event: an event is being applied: leaving and timers of this instant come later.
        visit_started: the event that started a visit in this evaluation.
        key: of the moment, for facts compared with it.
        fresh: pulses found while the event was applied.
        facts: the build in force.
        withheld: what people took away.
    """

    rule: Rule
    rules: Mapping[str, Rule]
    room: RoomState
    row: Row | None
    rows_of_viewer: Mapping[str, Row]
    now: int
    is_event: bool
    operators: Mapping[str, Any]
    fresh: dict[SlotId, Pulses] = field(default_factory=dict)
    visit_started: Entry | None = None
    key: str | None = None
    facts: Facts | None = None
    withheld: Withheld | None = None

    # -- the parts of an expression ------------------------------------------------------------

    def holds(self, tree: Tree) -> Holding:
        """A level at this instant."""
        return dict(self.operators[tree["op"]].holds(tree, self))

    def pulses(self, tree: Tree) -> Pulses:
        """A pulse at this instant."""
        return dict(self.operators[tree["op"]].pulses(tree, self))

    def with_key(self, key: str | None) -> View:
        return replace(self, key=key)

    def of_rule(self, rule: Rule) -> View:
        return replace(self, rule=rule, key=None)

    def level_of(self, rule: Rule) -> Holding:
        """Why a tag or segment holds; a tag that the viewer took away does not."""
        if rule.kind == "tag" and self.is_withheld(rule.key):
            return {}
        return self.of_rule(rule).holds(rule.tree)

    def is_withheld(self, tag: str) -> bool:
        return self.withheld is not None and self.withheld.takes(self.its_row.viewer, tag)

    def slot_id(self, tree: Tree) -> SlotId:
        return (self.rule.key, tree["id"])

    @property
    def its_row(self) -> Row:
        if self.row is None:
            raise LookupError("a room moment has no viewer")
        return self.row

    # -- events --------------------------------------------------------------------------------

    def selected(
        self, select: Tree, entries: Iterable[Entry], *, hints: bool = False
    ) -> list[Entry]:
        """Those of the entries that the selection means, and that arrived since the definition."""
        known = [e for e in entries if e.arrival > self.rule.since and (hints or not e.is_hint)]
        return [e for e in known if selects(select, e.event)]

    def entries(self, select: Tree) -> list[Entry]:
        """All selected events of the row and of its room, by order."""
        if self.row is None:
            found = self.selected(select, self.room.log)
        else:
            found = self.selected(select, [*self.row.entries, *self.room.entries])
        return sorted(found, key=lambda e: e.order)

    def before_boundary(self, column: str, within: Any) -> int:
        """What the facts say of the whole days of a window before the boundary."""
        if self.facts is None:
            return 0
        by_day = self.facts.of(self.its_row.viewer).days.get(column, {})
        return sum(n for ago, n in by_day.items() if within == "ever" or ago * DAY_MS <= within)

    def since_boundary(self, entries: list[Entry]) -> list[Entry]:
        """What is not in the facts yet."""
        facts = self.facts
        return [e for e in entries if facts is None or e.event_time >= facts.boundary]

    def in_window(self, entries: list[Entry], within: int | str) -> list[Entry]:
        """Those in (now - W, now], or in the scope."""
        if isinstance(within, int):
            return [e for e in entries if self.now - within < self._time_of(e) <= self.now]
        if within == "visit":
            visit = self.its_row.visit
            return [e for e in entries if visit is not None and e.event_time >= visit.start]
        return entries

    def _time_of(self, entry: Entry) -> int:
        return entry.clock if self.row is None else entry.event_time


def is_pulse(tree: Tree) -> bool:
    """Whether an expression is true at instants only."""
    if tree["op"] in ("happened", "then", "without", "visit_started"):
        return True
    if tree["op"] in ("count", "distinct"):
        if is_room_level(tree):
            return False
        return tree["same"] is not None and tree.get("field") != "viewer"
    if tree["op"] in ("and", "or"):
        return any(is_pulse(part) for part in tree["parts"])
    return False


def is_room_level(tree: Tree) -> bool:
    """Whether it looks back at events of the room: then it only guards."""
    of = tree.get("of") if tree["op"] != "happened" else None
    if of is None or of["op"] != "select":
        return False
    return any(event_type(name).scope == "room" for name in of["types"])


def adds_facts(tree: Tree) -> bool:
    """Whether what the facts say stands before what is live: long windows and `ever`."""
    if tree["op"] not in ("count", "sum") or is_room_level(tree):
        return False
    return is_long(tree) or (tree["within"] == "ever" and tree.get("same") is None)


def is_unknown(tree: Tree, column: str, facts: Facts | None) -> bool:
    """Whether only facts could tell, and do not; `ever` is then what the row has seen."""
    return is_long(tree) and (facts is None or column not in facts.columns)


def reads_room(tree: Tree) -> bool:
    """Whether facts or events of the room are read: such a part only guards."""
    return any(node["op"] == "room_fact" or is_room_level(node) for node in walk(tree))


def selects(select: Tree, event: Event) -> bool:
    """Whether the selection means this event."""
    if event["type"] not in select["types"]:
        return False
    return select["where"] is None or any(passes(select["where"], one) for one in lines(event))


def selected_keys(select: Tree, event: Event, same: str | None) -> list[str | None]:
    """The keys of an event that a selection means: of an order, those of the lines it means."""
    if event["type"] not in select["types"]:
        return []
    meant = [one for one in lines(event) if select["where"] is None or passes(select["where"], one)]
    return list(dict.fromkeys(key for one in meant for key in key_values(one, same)))


def passes(where: Tree, event: Event) -> bool:
    """A predicate on the fields of one event; a field it has not fails every comparison."""
    if where["op"] == "and":
        return all(passes(part, event) for part in where["parts"])
    if where["op"] == "or":
        return any(passes(part, event) for part in where["parts"])
    if where["op"] == "not":
        return not passes(where["part"], event)
    if where["op"] == "hour":
        return hour.passes(where, event)
    if where["cmp"] == "has":
        return where["value"] in (event.get("classes") or ())
    found = field_values(event, where["name"])
    return any(compare(value, where["cmp"], where["value"]) for value in found)


COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    ">=": lambda a, b: bool(a >= b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    "<": lambda a, b: bool(a < b),
    "in": lambda a, b: a in b,
    "contains": lambda a, b: b in a,
    "starts_with": lambda a, b: str(a).startswith(b),
}


def compare(left: Any, cmp: str, right: Any) -> bool:
    """Compare two values of one type; an unknown value or another type fails."""
    if left is None or right is None:
        return False
    others = right if isinstance(right, list) else [right]
    if any(_sort_of(left) != _sort_of(other) for other in others):
        return False
    return COMPARE[cmp](left, right)


def _sort_of(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float) else "string"
