"""The relational tree of a plan: frozen values that say which viewers (or instants) are meant.

The tree is read at an instant `now` over the history of one room:

* a **rows** relation (`Scan`) is a set of events;
* a **viewers** relation is a set of viewers, or of (viewer, key) where `key` is set;
* an **instants** relation is a set of (viewer, key, instant), asked for between t0 and t1;
* a **test** relation is a property of one row.

`Intersect`, `Union` and `Complement` join relations of one sort; the complement of viewers is taken
within all viewers that have a row. Storage adapters turn the tree into queries; nothing here
knows of a query language.
"""

from __future__ import annotations

from dataclasses import dataclass

from qianmian.language.ast import Value


@dataclass(frozen=True, slots=True)
class Relation:
    """Anything in a plan."""


@dataclass(frozen=True, slots=True)
class Match(Relation):
    """Rows whose field compares so with the value; a row without the field fails.

    `product` and `category` of an order are those of its items: one item that fits is enough.
    """

    field: str
    cmp: str
    value: Value | tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class ClockTime(Relation):
    """Rows whose event time is in [begin, end) on the clocks of a zone; ms since 0:00.

    With begin > end it goes over midnight. The zone "" is that of the shop.
    """

    begin: int
    end: int
    zone: str


@dataclass(frozen=True, slots=True)
class Scan(Relation):
    """Rows of these types that pass `where`.

    `since`: a window in ms, so that now − since < event_time ≤ now; or "visit" (from the start
    of the present visit), "session", "ever"; None: all rows that the joining relation asks for.
    """

    types: tuple[str, ...]
    where: Relation | None = None
    since: int | str | None = None


@dataclass(frozen=True, slots=True)
class CountWindow(Relation):
    """Viewers whose number of rows compares so; a viewer without rows has 0."""

    rows: Scan
    cmp: str
    value: int


@dataclass(frozen=True, slots=True)
class DistinctWindow(Relation):
    """Viewers whose number of distinct values of `field` compares so.

    With field "viewer" it is the room that is asked about, not a viewer.
    """

    rows: Scan
    field: str
    cmp: str
    value: int
    key: str | None = None


@dataclass(frozen=True, slots=True)
class SumWindow(Relation):
    """Viewers whose sum of `field` compares so, in minor units; no rows sum to 0."""

    rows: Scan
    field: str
    cmp: str
    value: int


@dataclass(frozen=True, slots=True)
class AsOf(Relation):
    """Viewers whose first or last row by (event_time, arrival) has a field that compares so."""

    rows: Scan
    edge: str
    field: str
    cmp: str
    value: Value


@dataclass(frozen=True, slots=True)
class Elapsed(Relation):
    """Viewers whose last row lies so long before now; false for viewers without rows."""

    rows: Scan
    cmp: str
    ms: int


@dataclass(frozen=True, slots=True)
class Attribute(Relation):
    """Viewers whose stored trait or score compares so; false when unknown."""

    family: str
    name: str
    cmp: str
    value: Value | tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Member(Relation):
    """Viewers for whom another definition (family "tag" or "segment") holds, or of a "list"."""

    family: str
    key: str


@dataclass(frozen=True, slots=True)
class State(Relation):
    """Viewers who have been in a state for at least `for_ms`.

    States: "idle", "idle_on_product_page", "hidden", "in_room".
    """

    state: str
    for_ms: int


@dataclass(frozen=True, slots=True)
class EarlierVisit(Relation):
    """Viewers with a visit before the present one, ended at least `ago_ms` before now."""

    ago_ms: int | None = None


@dataclass(frozen=True, slots=True)
class OpenView(Relation):
    """Viewers (and product, with `key`) with an open view of that age that saw no `without`."""

    views: Scan
    without: Scan | None
    for_ms: int
    key: str | None = None
    wait_ms: int = 0


@dataclass(frozen=True, slots=True)
class FactOfRoom(Relation):
    """All viewers of a room whose fact compares so at now; value None: with the key."""

    name: str
    cmp: str
    value: Value | None


@dataclass(frozen=True, slots=True)
class RoomWide(Relation):
    """All viewers of a room whose own rows, which are nobody's, pass the test at now.

    With `key` only the rows of the key of what fires are looked at.
    """

    test: CountWindow | DistinctWindow | AsOf | Elapsed
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Instants(Relation):
    """One instant per row, and per key of it where `key` is set."""

    rows: Scan
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Completions(Relation):
    """Instants of rows of key k with which the rows of key k in the window reach `value`.

    `distinct`: what is counted of them: None the rows themselves, or the values of that field.
    """

    rows: Scan
    key: str
    value: int
    distinct: str | None = None


@dataclass(frozen=True, slots=True)
class SemiJoin(Relation):
    """Instants of `second` rows whose latest earlier `first` row (of one key) is within reach."""

    first: Scan
    second: Scan
    within_ms: int
    key: str | None = None
    same_visit: bool = False


@dataclass(frozen=True, slots=True)
class AntiJoin(Relation):
    """Instants `within_ms + wait_ms` after `first` rows without a `second` row (of one key)."""

    first: Scan
    second: Scan
    within_ms: int
    key: str | None = None
    same_visit: bool = False
    wait_ms: int = 0


@dataclass(frozen=True, slots=True)
class VisitStarts(Relation):
    """Instants of the first event of each visit."""


@dataclass(frozen=True, slots=True)
class Guarded(Relation):
    """Those instants at which the viewer is also in `viewers`."""

    instants: Relation
    viewers: Relation


@dataclass(frozen=True, slots=True)
class Intersect(Relation):
    """In all parts."""

    parts: tuple[Relation, ...]


@dataclass(frozen=True, slots=True)
class Union(Relation):
    """In some part."""

    parts: tuple[Relation, ...]


@dataclass(frozen=True, slots=True)
class Complement(Relation):
    """Not in the part."""

    part: Relation


def is_instant(relation: Relation) -> bool:
    """Whether it is a set of instants (the plan of a pulse) rather than of viewers."""
    if isinstance(relation, Union):
        return is_instant(relation.parts[0])
    return isinstance(
        relation, Instants | Completions | SemiJoin | AntiJoin | VisitStarts | Guarded
    )
