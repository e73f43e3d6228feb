"""Backfill: new slots are filled from the tail of the log by a core of their own.

A scratch core with only the new definitions reads the tail, as accepted at first arrival; then its
slots, its once-set and its room moments become those of the live rows, and the new atoms get their
truth silently. What the range cannot show (a visit that began before it, what is presented) is
taken from the live rows where it has not changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from qianmian.columns.batch import EventBatch, UInt8
from qianmian.engine import facts as history
from qianmian.engine import withheld
from qianmian.engine import words as w
from qianmian.engine.board import Boards
from qianmian.engine.change import place_of
from qianmian.engine.families import Family
from qianmian.engine.firings import Fired, Legend
from qianmian.engine.layout import ROOM_KEPT, WIDTH
from qianmian.engine.once import WHAT, WHO, refill
from qianmian.engine.prepare import LINKED, PRESENTED, WITHDRAWN, Names, Preparer
from qianmian.engine.programs import Plan
from qianmian.engine.room import RoomStage
from qianmian.engine.rows import adopt, begin_rows, twins_of
from qianmian.engine.shard import Events, Shard
from qianmian.engine.state import with_rows_for
from qianmian.engine.tail import is_over_lists, rows_to_read
from qianmian.engine.told import told, write_times, write_told
from qianmian.engine.withheld import Withheld
from qianmian.errors import InputError
from qianmian.language import ast
from qianmian.language.definition import Definition
from qianmian.language.program import PRESENT_BIT, PREVIOUS_BIT, ROOM_SLOTS, SlotKind
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME
from qianmian.vocabulary.product import Product

Int32 = npt.NDArray[np.int32]
LIMIT_MS = w.REBASE_AT
ROOM_CODES = [code for code, event in enumerate(CATALOG) if event.scope == "room"]
STARTED = CODE_BY_NAME["session_started"]
IN_ROW = {SlotKind.TIMES, SlotKind.EDGE}
PRESENT, PREVIOUS = np.uint64(1 << PRESENT_BIT), np.uint64(1 << PREVIOUS_BIT)
# words of a row (time, word) that are known at the start of the range if their time lies before it
NOTHING_RETIMED = np.zeros((0, 7), np.int64)
STATES = np.array(
    [
        (time, word)
        for time, words in (
            (w.LAST_OPERATION, (w.LAST_OPERATION, w.IDLE_CLOCK)),
            (w.SHOWN_TIME, (w.SHOWN_TIME,)),
            (w.HIDDEN_LAST, (w.HIDDEN, w.HIDDEN_FIRST, w.HIDDEN_LAST, w.HIDDEN_CLOCK)),
            (w.VIEW_1_TIME, (w.VIEW_1, w.VIEW_1_TIME, w.VIEW_1_PAGE)),
            (w.VIEW_2_TIME, (w.VIEW_2, w.VIEW_2_TIME, w.VIEW_2_PAGE)),
            (w.STREAM_TIME, (w.STREAM, w.STREAM_TIME)),
            (w.LEFT_TIME, (w.LEFT_TIME,)),
        )
        for word in words
    ],
    np.int32,
)


class Counting(NamedTuple):
    """Since when a definition counts that has not been there from the start; ms UTC."""

    since: int
    backfilled: bool = False


class Counted(Protocol):
    """What knows since when its definitions count (see `Core`)."""

    plan: Plan
    counting: dict[str, Counting]
    fresh: set[str]


class Fillable(Counted, Protocol):
    """What is filled, and what fills it (see `Core`)."""

    names: Names
    preparer: Preparer
    shards: list[Shard]
    room: RoomStage
    boards: Boards
    sessions: dict[int, str]
    announced: set[int]
    linked: set[int]
    room_clock: dict[int, int]
    namespace: str
    clock: int
    presence: bool
    products: tuple[Product, ...]
    withheld: Withheld

    @property
    def settings(self) -> dict[str, Any]:
        """The settings it was made with."""
        ...

    def reserve(self) -> None:
        """Make room for every name."""

    def renumber(self, numbers: Sequence[int], since: Sequence[int]) -> None:
        """Use these lasting numbers and ages of the definitions."""

    def shards_of(self, viewers: npt.NDArray[np.int64]) -> npt.NDArray[np.int16]:
        """The numbers of the shards of viewers."""
        ...

    def run(self, batch: EventBatch) -> Any:
        """Apply messages."""

    def advance(self, clock_ms: int) -> Any:
        """Let the clock pass."""


def check_range(
    core: Fillable, tail: EventBatch, outcomes: UInt8, since_ms: int, clock_ms: int
) -> None:
    """Refuse a tail that is not that of the range.

    Raises: InputError.
    """
    if len(outcomes) != len(tail):
        raise InputError(
            f"{len(tail)} rows of the tail have {len(outcomes)} outcomes; give those of `outcomes`"
            " that the engine told when the rows arrived"
        )
    if len(tail) and not since_ms <= int(tail.clock[0]) <= int(tail.clock[-1]) <= clock_ms:
        raise InputError(
            f"the tail goes from {int(tail.clock[0])} to {int(tail.clock[-1])}, outside of the"
            f" range {since_ms} to {clock_ms}; give the rows of the range"
        )
    if any(since_ms - shard.base_ms < -LIMIT_MS for shard in core.shards):
        raise InputError(f"the range from {since_ms} on is too long; read at most six days")


def new_definitions(core: Fillable, since_ms: int) -> list[Definition]:
    """The definitions that count since an edit within the range and have not been filled."""
    found = []
    for one in core.plan.definitions:
        counting = core.counting.get(one.key)
        if counting is not None and not counting.backfilled and counting.since >= since_ms:
            found.append(one)
    return found


def with_references(core: Fillable, chosen: Sequence[Definition]) -> list[Definition]:
    """The chosen definitions, and the tags and segments that they name."""
    by_name = {(one.kind, one.key): one for one in core.plan.definitions}
    kept = {(one.kind, one.key): one for one in chosen}
    waiting = list(chosen)
    while waiting:
        for part in ast.walk(waiting.pop().expr):
            kind = {ast.Tag: "tag", ast.InSegment: "segment"}.get(type(part))
            name = (kind or "", str(getattr(part, "key", "")))
            if name in by_name and name not in kept:
                kept[name] = by_name[name]
                waiting.append(by_name[name])
    return [one for name, one in by_name.items() if name in kept]


class NoBoards(Boards):
    """Boards of a core that nobody watches: counting them would cost most of a backfill."""

    def add(self, events: Events, first: int, last: int) -> None:
        """Nothing is counted."""

    def fired(self, fired: Fired, legend: Legend, sessions: Container[str]) -> None:
        """Nothing is counted."""


def note_edits(core: Counted, plan: Plan, clock_ms: int) -> None:
    """Before a change to `plan`: remember what counts from now on, and which slots begin empty."""
    old, keys = set(core.plan.numbers), {one.key for one in plan.definitions}
    kept = {key: since for key, since in core.counting.items() if key in keys}
    fresh = {one.key: Counting(clock_ms) for one, number in _numbered(plan) if number not in old}
    core.counting = kept | fresh
    before, after = (
        {repr(place_of(slot)) for slot in p.layout.program.slots} for p in (core.plan, plan)
    )
    core.fresh = (core.fresh & after) | (after - before)


def fill(
    core: Fillable,
    tail: EventBatch,
    outcomes: UInt8,
    since_ms: int,
    make: Callable[..., Fillable],
) -> None:
    """Let a scratch core read what was accepted in the range, and give its slots to the live rows.

    `make` makes it as `Core` is made. Cost: the rows of the range that these definitions read (see
    `engine/tail.py`), at the speed of the engine with few definitions; 0.2 µs per live row of a
    visit that began before it; then a few array operations per slot, and 0.5 µs per row filled.
    """
    chosen = new_definitions(core, since_ms)
    if not chosen or not core.shards:
        return
    definitions = with_references(core, chosen)
    accepted = rows_to_read(definitions, tail, outcomes, since_ms=since_ms, clock_ms=core.clock)
    scratch = make(definitions, products=core.products, names=core.names, **core.settings)
    if not scratch.plan.reads_numbers:
        scratch.boards = NoBoards(core.names)
    clock_ms = core.clock
    _begin(core, scratch, accepted, since_ms)
    scratch.run(accepted)
    scratch.advance(clock_ms)
    keys = {one.key for one in chosen}
    numbers = [n for one, n in _numbered(core.plan) if one.key in keys]
    for live, past in zip(core.shards, scratch.shards, strict=True):
        rows, twins = _pairs(live, past)
        _copy_slots(live, past, core.fresh, rows, twins)
        _copy_once(live, past, numbers)
        _adopt_rows(live, rows, clock_ms)
        live.note_all()
    _copy_room_moments(core.room, scratch.room, keys)
    core.fresh -= {repr(place_of(slot)) for slot in scratch.plan.layout.program.slots}
    for key in keys:
        core.counting[key] = Counting(since_ms, backfilled=True)


def _adopt_rows(shard: Shard, rows: npt.NDArray[np.int64], clock_ms: int) -> None:
    past = np.zeros(len(shard.state.I), np.int32)
    fresh = np.zeros(shard.layout.bit_words, np.uint64)
    now = clock_ms - shard.base_ms
    adopt(shard.tables, shard.state, rows, now, NOTHING_RETIMED, fresh, past)


def _numbered(plan: Plan) -> list[tuple[Definition, int]]:
    return list(zip(plan.definitions, plan.numbers, strict=True))


# -- the start of the range


def _begin(core: Fillable, scratch: Fillable, accepted: EventBatch, since_ms: int) -> None:
    """What is known of the start of the range."""
    place = {(one.kind, one.key): at for at, one in enumerate(core.plan.definitions)}
    places = [place[one.kind, one.key] for one in scratch.plan.definitions]
    scratch.renumber(
        [core.plan.numbers[at] for at in places], [core.plan.since[at] for at in places]
    )
    scratch.shards = [_shard_like(live, scratch.plan, core.presence) for live in core.shards]
    scratch.clock = since_ms
    links = np.flatnonzero(accepted.type == LINKED)
    given = core.names.codes(accepted.strings.get("viewer"), core.names.viewers, len(accepted))
    linked_later = set(given[links].tolist())
    scratch.linked = core.linked - linked_later
    alias = core.preparer.alias.copy()
    for code in linked_later:
        if 0 <= code < len(alias):
            alias[code] = code
    scratch.preparer.alias = alias
    scratch.reserve()
    if scratch.plan.attribute_bits:
        scratch.preparer.attributes = {v: dict(a) for v, a in core.preparer.attributes.items()}
    if core.preparer.facts is not None:
        history.take(scratch, core.preparer.facts)
    scratch.withheld = core.withheld.before(since_ms)
    withheld.write_all(scratch)
    _begin_rooms(core, scratch, accepted)
    range_ms = core.clock - since_ms
    if scratch.plan.attribute_bits or not is_over_lists(scratch.plan.definitions, range_ms):
        for live, past in zip(core.shards, scratch.shards, strict=True):
            _begin_rows(scratch, live, past, since_ms - live.base_ms)


def _shard_like(live: Shard, plan: Plan, presence: bool) -> Shard:
    """An empty shard with room for the rows of the live one."""
    shard = Shard(
        plan.layout,
        plan.fresh_tables(),
        base_ms=live.base_ms,
        lateness_ms=int(live.state.G[w.G_LATENESS]),
        presence=presence,
        take=lambda _: None,
    )
    shard.state = with_rows_for(shard.state, int(live.state.G[w.G_ROWS]))
    return shard


def _begin_rooms(core: Fillable, scratch: Fillable, accepted: EventBatch) -> None:
    """Sessions and facts of rooms that the range does not change, or whose end it shows."""
    rows = np.flatnonzero(np.isin(accepted.type, ROOM_CODES))
    room = core.names.codes(accepted.strings.get("room"), core.names.rooms, len(accepted))
    product = core.names.codes(accepted.strings.get("product"), core.names.products, len(accepted))
    first: dict[int, int] = {}
    started: set[int] = set()
    for row in rows.tolist():
        if accepted.type[row] in (PRESENTED, WITHDRAWN):
            first.setdefault(int(room[row]), row)
        elif accepted.type[row] == STARTED:
            started.add(int(room[row]))
    for code, session in core.sessions.items():
        if code in started:
            continue
        scratch.sessions[code] = session
        if code in core.announced:
            scratch.announced.add(code)
        shown = first.get(code)
        for live, past in zip(core.shards, scratch.shards, strict=True):
            past.state.RS[code, 2] = live.state.RS[code, 2]
            if shown is None:
                past.state.RS[code, :2] = live.state.RS[code, :2]
            elif accepted.type[shown] == WITHDRAWN:
                past.state.RS[code, 0] = product[shown]
        if shown is None and code in core.preparer.presenting:
            scratch.preparer.presenting[code] = core.preparer.presenting[code]
        elif shown is not None and accepted.type[shown] == WITHDRAWN:
            scratch.preparer.presenting[code] = int(product[shown])


def _begin_rows(scratch: Fillable, live: Shard, past: Shard, since: int) -> None:
    """Rows of visits that began before the range and had not ended when it begins."""
    used, first = int(live.state.G[w.G_ROWS]), live.layout.bits_at // 2
    words, bits = live.state.I[:used], live.state.Q[:used, first]
    begun = (words[:, w.VIEWER] >= 0) & (words[:, w.VISIT_START] > w.NEVER)
    begun &= words[:, w.VISIT_CLOCK] < since
    begun &= ((bits & PRESENT) != 0) | (words[:, w.LEFT_CLOCK] >= since)
    rows = np.flatnonzero(begun)
    past.state = with_rows_for(past.state, len(rows))
    was_before = (bits[rows] & PREVIOUS) != 0
    at = 0
    while at < len(rows):
        given = live.state.I, rows, at, live.state.PREV, was_before, STATES, since
        at = begin_rows(past.tables, past.state, *given)
        if at < len(rows):
            past.grow(w.NEED_ARENA)
    begun_here = np.arange(len(rows))
    traits = told(scratch.preparer, past.state.I[: len(rows), w.VIEWER], begun_here)
    layout = past.layout
    asked = scratch.plan.attribute_bits
    write_told(past.state, layout.bits_at // 2, asked, scratch.preparer, traits)
    write_times(past.state, live.base_ms, layout.attribute_words, traits)
    _adopt_rows(past, begun_here, past.base_ms + since)


# -- the end of the range


def _copy_slots(live: Shard, past: Shard, fresh: set[str], rows: Any, twins: Any) -> None:
    """The content of fresh slots, row by row."""
    twin_of = {place_of(slot): slot for slot in past.layout.program.slots}
    for slot in live.layout.program.slots:
        twin = twin_of.get(place_of(slot))
        if twin is None or repr(place_of(slot)) not in fresh:
            continue
        if slot.kind in ROOM_SLOTS:
            n = min(len(live.state.RT), len(past.state.RT))
            here, there = live.layout.room_slot_of[slot.id], past.layout.room_slot_of[twin.id]
            depth = ROOM_KEPT[slot.kind]
            live.state.RT[:n, here, :depth] = past.state.RT[:n, there, :depth]
            continue
        here, there = live.layout.offset_of[slot.id], past.layout.offset_of[twin.id]
        if slot.kind in IN_ROW:
            n = min(live.layout.words_of(slot), past.layout.words_of(twin))
            live.state.I[rows, here : here + n] = past.state.I[twins, there : there + n]
            continue
        if slot.kind in WIDTH or live.layout.cancellers_of(slot) >= 0:
            _copy_lists(live, past, (rows, here), (twins, there))
    _copy_families(live, past, fresh, rows, twins)


def _copy_families(live: Shard, past: Shard, fresh: set[str], rows: Any, twins: Any) -> None:
    """Instances of what began to wait with one change: they have been filled together."""
    families = zip(past.layout.families, past.layout.family_at, strict=True)
    twin_of = {_members(family): at for family, at in families}
    for family, here in zip(live.layout.families, live.layout.family_at, strict=True):
        there = twin_of.get(_members(family))
        if there is None or not fresh.intersection(_members(family)):
            continue
        _copy_lists(live, past, (rows, here), (twins, there))
        if family.is_view:
            _copy_lists(live, past, (rows, here + 2), (twins, there + 2))


def _members(family: Family) -> tuple[str, ...]:
    return tuple(repr(place_of(slot)) for slot in family.members)


def _pairs(live: Shard, past: Shard) -> tuple[Any, Any]:
    """Rows of the same viewer in the same room."""
    used = int(past.state.G[w.G_ROWS])
    found = np.empty(used, np.int64)
    twins_of(live.state, past.state.I[:used], found)
    twins = np.flatnonzero(found >= 0)
    return found[twins], twins


def _copy_lists(live: Shard, past: Shard, to: tuple[Any, int], source: tuple[Any, int]) -> None:
    """Lists in blocks of their own; the blocks that were there are given back."""
    (rows, here), (twins, there) = to, source
    state = live.state
    filled = rows[state.I[rows, here] > 0]
    for at, meta in state.I[filled, here : here + 2].tolist():
        state.AR[at] = state.FREE[meta >> w.CLASS_AT]
        state.FREE[meta >> w.CLASS_AT] = at
    state.I[rows, here : here + 2] = 0
    begins, metas = past.state.I[twins, there], past.state.I[twins, there + 1]
    for size_class in np.unique(metas[(metas & w.ENTRIES) > 0] >> w.CLASS_AT).tolist():
        chosen = np.flatnonzero(((metas & w.ENTRIES) > 0) & (metas >> w.CLASS_AT == size_class))
        size = 16 << size_class
        while int(live.state.G[w.G_ARENA]) + len(chosen) * size + int(live.tables.M[9]) > len(
            live.state.AR
        ):
            live.grow(w.NEED_ARENA)
        state = live.state
        blocks = int(state.G[w.G_ARENA]) + np.arange(len(chosen)) * size
        within = np.arange(size)
        state.AR[blocks[:, None] + within] = past.state.AR[begins[chosen][:, None] + within]
        state.I[rows[chosen], here] = blocks
        state.I[rows[chosen], here + 1] = metas[chosen]
        state.G[w.G_ARENA] += len(chosen) * size


def _copy_once(live: Shard, past: Shard, numbers: Sequence[int]) -> None:
    """What fired in the range has fired."""
    old = past.state
    mine = (old.ONCE[:, WHO] != 0) & np.isin(old.ONCE[:, WHAT] >> 32, numbers)
    entries = old.ONCE[mine]
    while (int(live.state.G[w.G_ONCE]) + len(entries) + 4_096) * 2 > len(live.state.ONCE):
        live.regrow_once(2 * len(live.state.ONCE))
    refill(live.state, entries)


def _copy_room_moments(live: RoomStage, past: RoomStage, keys: set[str]) -> None:
    by_key = {one.definition.key: one for one in past.moments}
    for moment in live.moments:
        twin = by_key.get(moment.definition.key)
        if twin is None or moment.definition.key not in keys:
            continue
        moment.events = {place: list(entries) for place, entries in twin.events.items()}
        moment.seconds = set(twin.seconds)
        for place, at in twin.fired.items():
            moment.fired[place] = max(at, moment.fired.get(place, at))
