"""The whole world by definition: messages in, firings out.

Every event is kept; after every event, and at every instant at which anything may change by itself,
the rows concerned are judged anew. The order at one instant: events, expiries, leaving, timers;
then the whole second of the room, the end of a silent session, eviction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from qianmian.vocabulary.events import EventType, event_type
from qianmian.vocabulary.ids import anonymous, is_anonymous
from tests.oracle.convert import Rule, only_numbers, rule_of
from tests.oracle.duplicates import Seen
from tests.oracle.events import ORDERS, Entry, Event, completed
from tests.oracle.facts import Facts
from tests.oracle.joining import greater, joined
from tests.oracle.judge import Edge, Judge
from tests.oracle.numbers import NUMBERS, count_numbers
from tests.oracle.rows import EVICTED_MS, MINUTE_MS, Row, SlotId, Token
from tests.oracle.view import Holding, Pulses, RoomState
from tests.oracle.withheld import Withheld

SILENT_MS = 30 * 60_000
SECOND_MS = 1_000
CANCELLING = ("product_withdrawn", "session_ended")
STAGES = {"session_started": "live", "promo_started": "promo", "promo_ended": "live"}
FACT_EVENTS = ("product_presented", "product_withdrawn", *STAGES)


class Fired(NamedTuple):
    """A firing in the order of output; `because` ascending."""

    at: int
    viewer: str | None
    room: str
    moment: str
    key: str | None
    because: tuple[str, ...]


@dataclass
class World:
    """Rows, rooms, links and what has been seen."""

    catalog: Mapping[str, Event]
    lateness_ms: int
    presence: bool
    session_timeout: bool
    rules: dict[str, Rule] = field(default_factory=dict)
    rooms: dict[str, RoomState] = field(default_factory=dict)
    rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    once: dict[tuple[str, str], dict[tuple[str, str | None], int]] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    fired: list[Fired] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    buried: list[Row] = field(default_factory=list)
    arrivals: int = 0
    done: int = -(1 << 62)
    next_by_row: dict[int, int | None] = field(default_factory=dict)
    facts: Facts | None = None
    seen_at: dict[str, int] = field(default_factory=dict)
    logged: list[Mapping[str, Any]] = field(default_factory=list)
    withheld: Withheld = field(default_factory=Withheld)

    # -- the log -------------------------------------------------------------------------------

    def message(self, clock: int, events: Iterable[Event]) -> None:
        """One log message: what is due before it, then its events by (event time, position)."""
        self.advance(clock - 1)
        placed = []
        for event in events:
            given = event.get("event_time")
            placed.append((clock if given is None else min(int(given), clock), event))
        for event_time, event in sorted(placed, key=lambda pair: pair[0]):
            self._arrive(clock, event_time, event)

    def _arrive(self, clock: int, event_time: int, event: Event) -> None:
        about = event_type(event["type"])
        viewer = "" if about.scope == "room" else self._who(event)
        if event.get("room") is not None:
            self._hear(event, clock)
        verdict = self.seen.setdefault(viewer, Seen()).judge(event, clock)
        if verdict != "new":
            self.counts["duplicates" if verdict == "duplicate" else verdict] += 1
            return
        watermark = clock - self.lateness_ms
        if event_time < watermark:
            if not about.never_late:
                self.counts["late"] += 1
                return
            self.counts["late_applied"] += 1
            event_time = watermark
        if event.get("room") is None and not about.person_scoped:
            self.counts["rejected"] += 1
            return
        self.counts["accepted"] += 1
        self._apply(clock, event_time, viewer, event, about)

    def _who(self, event: Event) -> str:
        """The viewer an event belongs to: the known one, where the anonymous has been linked."""
        given = event.get("viewer")
        own = str(given) if given is not None else anonymous(str(event["anonymous_id"]))
        return self.links.get(own, own)

    def _entry(self, clock: int, event_time: int, viewer: str, event: Event) -> Entry:
        self.arrivals += 1
        room = self.rooms.get(str(event.get("room")))
        presenting = None if room is None else room.facts.get("presenting")
        given = {**completed(event, self.catalog, presenting), "applied_at": event_time}
        return Entry(event_time, self.arrivals, clock, viewer, given)

    def _apply(
        self, clock: int, event_time: int, viewer: str, event: Event, about: EventType
    ) -> None:
        if event.get("room") is not None:
            self._open_session(event, event_time, clock)
        entry = self._entry(clock, event_time, viewer, event)
        if about.scope == "room":
            self._apply_to_room(entry, str(event["room"]))
            return
        if about.name == "identity_linked" and not self._link(entry):
            return
        self._apply_to_rows(clock, viewer, event, entry)
        if about.name == "consent_changed":
            self._silently(viewer, clock, lambda: self.withheld.say(viewer, event, clock))

    def _apply_to_rows(self, clock: int, viewer: str, event: Event, entry: Entry) -> None:
        rows = self.rows.setdefault(viewer, {})
        if event.get("room") is None:
            for name in sorted(rows):
                self._apply_to_row(rows[name], entry, shows_presence=False)
            return
        row = self._row(viewer, str(event["room"]), clock)
        if entry.type == "room_entered":
            self._leave_elsewhere(row, entry)
        self._apply_to_row(row, entry, shows_presence=True)
        if entry.type in ORDERS:
            self._cancel_elsewhere(row, entry)
        self.rooms[row.room].log.append(entry)

    # -- rooms and sessions --------------------------------------------------------------------

    def _hear(self, event: Event, clock: int) -> None:
        """Whatever becomes of an event, its arrival shows that the room is on."""
        state = self.rooms.setdefault(str(event["room"]), RoomState(str(event["room"])))
        if not state.is_open:
            state.session = str(event.get("session") or f"{state.name}@{clock}")
        state.is_open = True
        state.last_clock = clock

    def _open_session(self, event: Event, event_time: int, clock: int) -> None:
        """The first event of a room opens a session; `session_started` ends another open one."""
        room, is_start = str(event["room"]), event["type"] == "session_started"
        name = str(event.get("session") or f"{room}@{clock}")
        state = self.rooms.setdefault(room, RoomState(room))
        if is_start and state.is_open and state.session != name:
            rows = self._rows_of_room(room)
            for row in rows:
                row.cancel_all(event_time)
            for row in rows:
                self._judge(row, clock, is_event=True)
            self._end_session(room)
            state = self.rooms[room]
        if not state.is_open:
            state.session = name
        state.is_open = True
        state.last_clock = clock
        state.is_explicit = state.is_explicit or is_start

    def _apply_to_room(self, entry: Entry, room: str) -> None:
        """A room event: its facts first, silently; then for every row of the room."""
        state = self.rooms[room]
        rows = self._rows_of_room(room)
        if entry.type in FACT_EVENTS:
            with_old = [self._holdings(row, entry.clock) for row in rows]
            self._set_facts(state, entry)
            for row, before in zip(rows, with_old, strict=True):
                self._change_silently(row, before, self._holdings(row, entry.clock))
        fresh: list[dict[SlotId, Pulses]] = []
        for row in rows:
            if entry.type == "product_withdrawn":
                row.cancel_all(entry.event_time, entry.event.get("product"))
            if entry.type == "session_ended":
                row.cancel_all(entry.event_time)
            fresh.append(self._observe(row, entry, cancels_only=False))
        state.entries.append(entry)
        if entry.type in CANCELLING:
            for row, found in zip(rows, fresh, strict=True):
                self._judge(row, entry.clock, is_event=True, fresh=found)
        if entry.type == "session_ended":
            self._end_session(room)

    def _set_facts(self, state: RoomState, entry: Entry) -> None:
        product = entry.event.get("product")
        if entry.type == "product_presented":
            state.facts.update(presenting=product, product=product)
        elif entry.type == "product_withdrawn" and state.facts.get("presenting") == product:
            state.facts.pop("presenting", None)
            state.facts.pop("product", None)
        elif entry.type in STAGES:
            state.facts["stage"] = entry.event.get("stage") or STAGES[entry.type]

    def _end_session(self, room: str) -> None:
        """The rows go, and with them what has fired in this session."""
        for row in self._rows_of_room(room):
            self._bury(row)
        for name in [name for name in self.once if name[1] == room]:
            del self.once[name]
        self.rooms[room] = RoomState(room)

    def _rows_of_room(self, room: str) -> list[Row]:
        return [rows[room] for rows in self.rows.values() if room in rows]

    def _bury(self, row: Row) -> None:
        del self.rows[row.viewer][row.room]
        self.buried.append(row)

    # -- rows ----------------------------------------------------------------------------------

    def _row(self, viewer: str, room: str, clock: int) -> Row:
        rows = self.rows.setdefault(viewer, {})
        if room not in rows:
            row = Row(viewer, room, seen_before=self.seen_at.get(viewer))
            for rule, holding in self._holdings(row, clock, of_nothing=True).items():
                row.truth[rule] = set(holding)  # what is true of nobody is no news
            rows[room] = row
        return rows[room]

    def _apply_to_row(self, row: Row, entry: Entry, *, shows_presence: bool) -> None:
        started = False
        if shows_presence and entry.type == "room_left":
            if row.visit is not None:
                row.visit.end = max(row.visit.end, entry.event_time)
            row.see(entry)
            row.leave_for_good(entry.event_time)
        elif shows_presence and entry.about.presence:
            others = [one for one in self.rows[row.viewer].values() if one is not row]
            started = row.note_presence(entry, others)
        fresh = self._observe(row, entry, cancels_only=entry.is_hint)
        row.add(entry)
        self._judge(
            row, entry.clock, is_event=True, fresh=fresh, visit_started=entry if started else None
        )

    def _cancel_elsewhere(self, own: Row, entry: Entry) -> None:
        """An order with a room cancels in every row of the viewer; it counts in its own only."""
        for name, row in sorted(self.rows[own.viewer].items()):
            if name != own.room:
                self._observe(row, entry, cancels_only=True)
                row.elsewhere.append(entry)
                self._judge(row, entry.clock, is_event=True)

    def _leave_elsewhere(self, own: Row, entry: Entry) -> None:
        """The same stream entered another room: it has left the one where it was."""
        stream = entry.event.get("stream")
        for name, row in sorted(self.rows[own.viewer].items()):
            is_same = stream is not None and row.stream is not None and row.stream[1] == stream
            if name != own.room and is_same and row.present:
                row.leave_for_good(entry.event_time)
                self._judge(row, entry.clock, is_event=True)

    def _observe(self, row: Row, entry: Entry, *, cancels_only: bool) -> dict[SlotId, Pulses]:
        fresh: dict[SlotId, Pulses] = {}
        judge = self._judging()
        for rule in judge.viewer_rules():
            view = judge.view(
                rule,
                self.rooms[row.room],
                row,
                self.rows.get(row.viewer, {}),
                entry.clock,
                is_event=True,
                fresh=fresh,
            )
            judge.observe(view, entry, cancels_only=cancels_only)
        return fresh

    def _judging(self) -> Judge:
        return Judge(self.rules, self.facts, self.withheld)

    def _judge(
        self,
        row: Row,
        now: int,
        *,
        is_event: bool,
        fresh: dict[SlotId, Pulses] | None = None,
        visit_started: Entry | None = None,
    ) -> None:
        """One evaluation of one row."""
        judge = self._judging()
        siblings = self.rows.get(row.viewer, {})
        views = [
            judge.view(
                rule,
                self.rooms[row.room],
                row,
                siblings,
                now,
                is_event=is_event,
                fresh=fresh,
                visit_started=visit_started,
            )
            for rule in judge.viewer_rules()
        ]
        for view in views:
            judge.settle(view)
        for view in views:
            if view.rule.kind == "moment":
                for edge in judge.edges(view, row.truth):
                    self._fire(now, row.viewer, row.room, edge)
        if is_event:
            row.touched = now
        for sibling in siblings.values():
            self.next_by_row.pop(id(sibling), None)

    def _holdings(self, row: Row, now: int, *, of_nothing: bool = False) -> dict[str, Holding]:
        """The levels of all moments of a row, without changing anything."""
        judge = self._judging()
        room = self.rooms[row.room]
        if of_nothing:
            room = replace(room, entries=[], log=[])
        siblings: Mapping[str, Row] = self.rows.get(row.viewer, {})
        return {
            rule.key: judge.holding(judge.view(rule, room, row, siblings, now, is_event=True))
            for rule in judge.viewer_rules()
            if rule.kind == "moment"
        }

    def _change_silently(
        self, row: Row, before: Mapping[str, Holding], after: Mapping[str, Holding]
    ) -> None:
        """Room facts and edits change what is true, but no moment fires from it."""
        for rule, holding in after.items():
            old, new = set(before.get(rule, {})), set(holding)
            truth: set[Token] = row.truth.get(rule, set())
            row.truth[rule] = (truth | (new - old)) - (old - new)

    def _silently(self, viewer: str, clock: int, say: Callable[[], None]) -> None:
        """What somebody takes away or gives back changes what is true; no moment fires from it."""
        before = [(row, self._holdings(row, clock)) for row in self.rows.get(viewer, {}).values()]
        say()
        for row, held in before:
            self._change_silently(row, held, self._holdings(row, clock))
        self.next_by_row.clear()

    def _fire(self, at: int, viewer: str | None, room: str, edge: Edge) -> None:
        """Once per viewer, session and key, or again after a while."""
        rule, key, because = edge
        last_by_key = self.once.setdefault((viewer or "", room), {})
        last = last_by_key.get((rule.key, key))
        if last is not None and (rule.again_after_ms is None or at < last + rule.again_after_ms):
            return
        last_by_key[rule.key, key] = at
        self.fired.append(Fired(at, viewer, room, rule.key, key, tuple(sorted(because))))

    # -- time ----------------------------------------------------------------------------------

    def advance(self, clock: int) -> None:
        """Everything that is due up to and including this clock."""
        while (now := self._next_instant()) is not None and now <= clock:
            for rows in list(self.rows.values()):
                for row in list(rows.values()):
                    if self._row_next(row) == now:
                        self._instant(row, now)
            for state in list(self.rooms.values()):
                if state.is_open and now % SECOND_MS == 0 and self._reads_numbers():
                    self._count_numbers(state, now)
            for state in list(self.rooms.values()):
                if self._room_second(state) == now:
                    self._judge_room(state, now)
            for state in list(self.rooms.values()):
                if self._session_end(state) == now:
                    self._end_session(state.name)
            for rows in list(self.rows.values()):
                for row in list(rows.values()):
                    if self._eviction(row) == now and not row.is_armed:
                        self._bury(row)
            self.done = now
            self.next_by_row.clear()
        self.done = max(self.done, clock)
        self.next_by_row.clear()

    def _next_instant(self) -> int | None:
        times: list[int | None] = []
        for rows in self.rows.values():
            for row in rows.values():
                times += [self._row_next(row), self._eviction(row)]
        for state in self.rooms.values():
            times += [self._room_second(state), self._session_end(state)]
            if state.is_open and self._reads_numbers():
                times.append((self.done // SECOND_MS + 1) * SECOND_MS)
        return min((time for time in times if time is not None), default=None)

    def _row_next(self, row: Row) -> int | None:
        """The next instant at which anything of the row may change by itself."""
        if id(row) not in self.next_by_row:
            times = [time for time in self._row_times(row) if time > self.done]
            self.next_by_row[id(row)] = min(times, default=None)
        return self.next_by_row[id(row)]

    def _row_times(self, row: Row) -> Iterator[int]:
        if row.touched is not None:
            yield row.touched
        ends = row.presence_ends()
        if self.presence and ends is not None:
            yield ends
        judge = self._judging()
        siblings = self.rows.get(row.viewer, {})
        for rule in judge.viewer_rules():
            if judge.instant_nodes(rule):
                view = judge.view(
                    rule, self.rooms[row.room], row, siblings, self.done, is_event=False
                )
                yield from judge.instants(view)

    def _instant(self, row: Row, now: int) -> None:
        """Expiries, leaving and all timers of one instant, then one evaluation."""
        ends = row.presence_ends()
        if self.presence and ends is not None and ends <= now:
            row.leave(ends)
        for slot in row.slots.values():
            slot.fire_due(now)
        self._judge(row, now, is_event=False)
        brief = [slot.settle() for slot in row.slots.values()]
        if any(brief):
            self._judge(row, now, is_event=False)  # what was true for this instant only

    def _eviction(self, row: Row) -> int | None:
        """The next whole minute at least 30 minutes after leaving."""
        if row.present or row.gone_at is None:
            return None
        earliest = max(row.gone_at + EVICTED_MS, self.done + 1)
        return -(-earliest // MINUTE_MS) * MINUTE_MS

    def _session_end(self, state: RoomState) -> int | None:
        """Without `session_started` a session ends after 30 minutes without an event."""
        if not self.session_timeout or not state.is_open or state.is_explicit:
            return None
        return max(state.last_clock + SILENT_MS, self.done + 1)

    def _room_second(self, state: RoomState) -> int | None:
        """The next whole second at which a room moment may change."""
        rules = [rule for rule in self.rules.values() if rule.is_room_moment]
        if not rules or not state.log:
            return None
        windows = [
            node["within"]
            for rule in rules
            for node in rule.nodes
            if isinstance(node.get("within"), int)
        ]
        second = -(-(self.done + 1) // SECOND_MS) * SECOND_MS
        until = state.log[-1].clock + max(windows, default=0) + 2 * SECOND_MS
        return second if second <= until else None

    def _reads_numbers(self) -> bool:
        nodes = [node for rule in self.rules.values() for node in rule.nodes]
        return any(node["op"] == "room_fact" and node["name"] in NUMBERS for node in nodes)

    def _count_numbers(self, state: RoomState, now: int) -> None:
        """At a whole second the numbers of a room become its facts."""
        rows = self._rows_of_room(state.name)
        self.counts["mismatches"] += count_numbers(state, rows, self.logged, now)

    def _judge_room(self, state: RoomState, now: int) -> None:
        judge = self._judging()
        for rule in self.rules.values():
            if rule.is_room_moment and rule.kind == "moment":
                view = judge.view(rule, state, None, {}, now, is_event=False)
                for edge in judge.edges(view, state.truth):
                    self._fire(now, None, state.name, edge)

    # -- merging -------------------------------------------------------------------------------

    def _link(self, entry: Entry) -> bool:
        """A is K from now on; returns whether the link stands."""
        known = entry.viewer
        other = anonymous(str(entry.event["anonymous_id"]))
        if other in self.links or is_anonymous(known):
            self.counts["refused_links"] += 1
            return False
        self._silently(other, entry.clock, lambda: self.withheld.share(other, known))
        self._silently(known, entry.clock, lambda: self.withheld.share(known, other))
        self.withheld.forget(other)
        self.links[other] = known
        self.seen.setdefault(known, Seen()).absorb(self.seen.pop(other, Seen()))
        for room, row in sorted(self.rows.pop(other, {}).items()):
            self.rows.setdefault(known, {})
            own = self.rows[known].get(room)
            self.rows[known][room] = self._moved(row, known) if own is None else joined(own, row)
            self.rows[known][room].touched = entry.clock
        if other in self.seen_at:
            self.seen_at[known] = max(self.seen_at[other], self.seen_at.get(known, 0))
        for (viewer, room), last_by_key in list(self.once.items()):
            if viewer == other:
                mine = self.once.setdefault((known, room), {})
                for name, at in last_by_key.items():
                    mine[name] = max(at, mine.get(name, at))
                del self.once[viewer, room]
        return True

    def _moved(self, row: Row, viewer: str) -> Row:
        row.viewer = viewer
        row.seen_before = greater(row.seen_before, self.seen_at.get(viewer))
        if row.visits:
            row.previous = greater(row.previous, self.seen_at.get(viewer))
        return row

    # -- editing -------------------------------------------------------------------------------

    def edit(self, clock: int, definition: Any) -> None:
        """A definition is new or changed: counts go on where only numbers changed."""
        self.advance(clock - 1)
        rows = [row for rows in self.rows.values() for row in rows.values()]
        held = [self._holdings(row.just_before(clock), clock - 1) for row in rows]
        rule = rule_of(definition, self.arrivals)
        old = self.rules.get(rule.key)
        if old is not None and only_numbers(old, rule):
            rule = replace(rule, since=old.since)
            self._retime(rule, rows, clock)
        else:
            self._forget(rule.key, rows)
        self.rules[rule.key] = rule
        judge = self._judging()
        for row, holdings in zip(rows, held, strict=True):
            siblings = self.rows[row.viewer]
            if not rule.is_room_moment:
                room, before = self.rooms[row.room], row.before(clock)
                judge.settle(judge.view(rule, room, before, siblings, clock - 1, is_event=False))
                judge.settle(judge.view(rule, room, row, siblings, clock, is_event=True))
            after = self._holdings(row.just_before(clock), clock - 1)
            self._change_silently(row, holdings, after)
            row.truth[rule.key] = set(after.get(rule.key, {}))
            row.touched = clock
        if rule.is_room_moment:
            for state in self.rooms.values():
                view = judge.view(rule, state, None, {}, clock - 1, is_event=False)
                state.truth[rule.key] = set(judge.holding(view))
        self.next_by_row.clear()

    def adopt(self, past: World, key: str, clock: int) -> None:
        """A definition has what it would have, had it been there as in `past`; nothing fires."""
        self.rules[key] = past.rules[key]
        for viewer, rows in self.rows.items():
            for name, row in rows.items():
                other = past.rows.get(viewer, {}).get(name)
                if other is not None:
                    row.take(other, key)
                    row.touched = clock
        for place, last_by_key in past.once.items():
            mine = self.once.setdefault(place, {})
            for fired, at in last_by_key.items():
                if fired[0] == key:
                    mine[fired] = max(at, mine.get(fired, at))
        for name, state in self.rooms.items():
            state.truth[key] = past.rooms[name].truth.get(key, set())
        self.next_by_row.clear()

    def take_facts(self, clock: int, facts: Facts) -> None:
        """What history knows is known from now on; no moment fires from it."""
        self.advance(clock - 1)
        rows = [row for rows in self.rows.values() for row in rows.values()]
        before = [self._holdings(row, clock) for row in rows]
        self.facts = facts
        self.seen_at = {
            viewer: known.last_seen
            for viewer, known in facts.viewers.items()
            if known.last_seen is not None
        }
        for row, holdings in zip(rows, before, strict=True):
            if not row.visits:
                row.seen_before = greater(row.seen_before, self.seen_at.get(row.viewer))
            self._change_silently(row, holdings, self._holdings(row, clock))
        self.next_by_row.clear()

    def _retime(self, rule: Rule, rows: list[Row], clock: int) -> None:
        for row in rows:
            for node in rule.nodes:
                slot = row.slots.get((rule.key, node["id"]))
                if slot is not None:
                    wanted = node["within_ms"] if node["op"] == "without" else node["for_ms"]
                    self.counts["superseded"] += slot.retime(wanted, node["wait_ms"], clock)

    def _forget(self, key: str, rows: list[Row]) -> None:
        """New slots and a new once-set; old timers die."""
        for row in rows:
            row.slots = {name: slot for name, slot in row.slots.items() if name[0] != key}
            row.lists = {name: kept for name, kept in row.lists.items() if name[0] != key}
            row.flags = {name: flag for name, flag in row.flags.items() if name[0] != key}
            row.truth.pop(key, None)
        for session, last_by_key in self.once.items():
            others = {name: at for name, at in last_by_key.items() if name[0] != key}
            self.once[session] = others
