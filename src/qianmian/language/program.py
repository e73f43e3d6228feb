"""The register program: what definitions ask the engine to keep and to test, as plain data.

A **slot** holds state of one viewer in one room and is shared by every definition that needs the
same thing (kind, events, filter, key). An **atom** is one true/false question about a slot, a state
or an attribute. A **node** combines up to six bits (atoms or nodes) by a look-up table. A **pulse**
is an instant. A **trigger** says which pulse or which rising bit fires which moment, under which
guard.

Identifiers are stable while definitions come and go; unused ones are reused. Nothing here knows of
memory layout: `engine/layout.py` turns a program into tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from qianmian.language.ast import Node, Select

UNBOUNDED = -1
"""Window of `this session` and `ever`."""
VISIT = -2
"""Window of `this visit`."""

INLINE_TIMES = 16
LIST_BOUND = 64
INSTANCES = 8
TOTAL_PANES = 200
"""Quarters of an hour that a total keeps: today, yesterday, and two hours more."""

PRESENT_BIT, PREVIOUS_BIT = 0, 1
"""Atoms that every program has: present, has been here before."""


class SlotKind(IntEnum):
    """What a slot keeps, newest first."""

    TIMES = 0  # the k newest event times, in the row
    TIMES_LIST = 1  # the same for 16 < k <= 64, in the arena
    PANES = 2  # counts per pane of time, for thresholds above 64
    RECENT = 3  # distinct keys with their latest time
    KEYED = 4  # the k newest times of each of eight keys
    GROUPED = 5  # of each of eight categories the k newest products with latest time
    AMOUNTS = 6  # time and amount
    EDGE = 7  # time and truth of one predicate at the first or last event
    PENDING = 8  # instances waiting for the absence of something
    ROOM_RECENT = 9  # distinct keys of a room event, in the room's row, for sequences
    TOTAL_COUNT = 10  # how many per quarter of an hour since the day boundary, on top of facts
    TOTAL_AMOUNT = 11  # how much
    ROOM_TIMES = 12  # the newest events of the room with their keys, in the room's row
    ROOM_DISTINCT = 13  # distinct keys of events of the room with their latest time
    ROOM_EDGE = 14  # time and truth of one predicate at the first or last event of the room


class AtomKind(IntEnum):
    """How the truth of an atom is found."""

    PIVOT_WORD = 0  # time in the row + window > now
    PIVOT_LIST = 1  # time of the n-th entry of a list + window > now
    PIVOT_SUM = 2  # time of the entry at which the running sum reaches the threshold + window > now
    EDGE = 3  # the stored truth
    ATTRIBUTE = 4  # set when the profile changes
    VIEW = 5  # an instance of a view has fired and is open
    IDLE = 6
    IDLE_ON_PAGE = 7
    HIDDEN = 8
    IN_ROOM = 9
    PREVIOUS_RECENT = 10  # end of the previous visit + window > now
    ROOM_FACT = 11  # read from the room when a moment fires
    FIXED = 12  # present, previous
    OPEN = 13  # a product page is open
    ROOM_LIST = 14  # enough entries of a slot of the room in the window, when a moment fires
    ROOM_EDGE = 15  # the truth stored in a slot of the room, when a moment fires
    TAG_FACT = 16  # a fact of the room that a tag reads: told to every row when it changes
    WITHHELD = 17  # the viewer took the tag away (decision 0033)


ROOM_SLOTS = frozenset(
    (SlotKind.ROOM_RECENT, SlotKind.ROOM_TIMES, SlotKind.ROOM_DISTINCT, SlotKind.ROOM_EDGE)
)
"""Slots of the room's row, of which every shard has a copy."""

ROOM_ATOMS = frozenset((AtomKind.ROOM_FACT, AtomKind.ROOM_LIST, AtomKind.ROOM_EDGE))
"""Atoms that only guard: they have their truth when a moment fires."""


class PulseKind(IntEnum):
    """What makes a pulse."""

    HAPPENED = 0
    KEYED_COUNT = 1
    GROUPED_DISTINCT = 2
    THEN = 3
    PENDING = 4
    VISIT_STARTED = 5


@dataclass(slots=True, eq=False)
class Slot:
    """One shared piece of state; `need` is how many entries its users want.

    `is_loose`: any `second` cancels, whatever its key. `since`: the number of the change of
    definitions from which it counts; definitions of different age share nothing.
    """

    id: int
    kind: SlotKind
    of: Select
    key: str | None = None
    second: Select | None = None
    predicate: Node | None = None
    last: bool = True
    is_view: bool = False
    is_loose: bool = False
    pane_ms: int = 0
    need: int = 1
    since: int = 0


@dataclass(slots=True, eq=False)
class Atom:
    """One question. `window_ms` may be UNBOUNDED or VISIT; `rank` is the entry or the threshold."""

    bit: int
    kind: AtomKind
    slot: Slot | None = None
    window_ms: int = UNBOUNDED
    rank: int = 0
    wait_ms: int = 0
    attribute: Node | None = None


@dataclass(slots=True, eq=False)
class LookUp:
    """A node: bit `inputs[j]` is digit j of the index into the 64-bit `table`."""

    bit: int
    inputs: tuple[int, ...]
    table: int


@dataclass(slots=True, eq=False)
class Pulse:
    """One kind of instant. `window_ms` is T or W, `threshold` k."""

    id: int
    kind: PulseKind
    slot: Slot | None = None
    select: Select | None = None
    key: str | None = None
    window_ms: int = 0
    wait_ms: int = 0
    threshold: int = 0
    same_visit: bool = False


@dataclass(frozen=True, slots=True)
class Trigger:
    """Fires `definition` at a pulse, or when `bit` rises, if `guard` holds (-1: always).

    `view` names the slot whose open instances, `view_ms` old, give the keys of a rising bit.
    `room_bits` are the atoms of the room that the guard reads.
    """

    definition: int
    pulse: int = -1
    bit: int = -1
    guard: int = -1
    view: int = -1
    view_ms: int = 0
    room_bits: tuple[int, ...] = ()


@dataclass(slots=True)
class Program:
    """Everything the engine needs, in order of creation.

    `outputs[bit]` is the definition whose truth that bit is; `rising` are bits with a trigger.
    """

    slots: list[Slot] = field(default_factory=list)
    atoms: list[Atom] = field(default_factory=list)
    nodes: list[LookUp] = field(default_factory=list)
    pulses: list[Pulse] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)
    filters: list[Node] = field(default_factory=list)
    truth: dict[int, int] = field(default_factory=dict)
    definitions: list[object] = field(default_factory=list)
