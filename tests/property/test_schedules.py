"""Turns of strategies: those of a slow twin, through sessions, edits, silence and any cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qianmian.runtime.messages import Tick
from qianmian.strategies.strategy import Strategy
from tests.turns import ZERO, Row, S, Shop, facts_of, fresh, replayed, scheduled

LAST = 40  # seconds; who says nothing is gone after 45
PAST = facts_of({"v1": "dormant", "n1": "active", "n2": "dormant"})
HOME = {"v1": "r1", "v2": "r1", "v3": "r2"}
Turn = tuple[str, int, str, str, int, int]
"""Strategy, version, viewer, room, scheduled second, second of the decision."""

seconds = st.integers(1, LAST - 1)
kinds = st.one_of(
    st.builds(lambda n: {"after_ms": n * S}, seconds),
    st.builds(lambda n: {"every_ms": n * S}, st.integers(3, 20)),
    st.builds(lambda n: {"before_ms": n * S}, seconds),
)


@st.composite
def rules(draw: st.DrawFn, version: int) -> tuple[Strategy, ...]:
    found = []
    for key in draw(st.sets(st.sampled_from(["a", "b", "c"]), min_size=1)):
        when = draw(kinds)
        found.append(scheduled(key, "follow_up", "anybody", version=version, **when))
    return tuple(found)


@st.composite
def events(draw: st.DrawFn) -> list[Row]:
    """Each at an instant of its own between two seconds, or at one."""
    at = draw(st.lists(st.integers(1, LAST * 4 - 4), max_size=25, unique=True).map(sorted))
    found = []
    for quarter in at:
        kind = draw(st.sampled_from(["room_entered"] * 4 + ["room_left", *_OF_ROOMS]))
        room, told = draw(st.sampled_from(["r1", "r2"])), dict[str, Any]()
        viewer = None if kind in _OF_ROOMS else draw(st.sampled_from(sorted(HOME)))
        if kind in ("session_scheduled", "session_started"):
            told["session"] = draw(st.sampled_from(["x", "y"]))
        if kind == "session_scheduled":
            told["starts_at"] = ZERO + draw(seconds) * S
        told["room"] = room if viewer is None else HOME[viewer]
        found.append(Row(quarter / 4, kind, viewer, told))
    return found


_OF_ROOMS = ("session_scheduled", "session_started", "session_ended")


@dataclass
class Room:
    """A room as the twin sees it: whole seconds of its session's begin, who is there."""

    session: str = ""
    began: int = 0
    said: str = ""
    here: set[str] = field(default_factory=set)
    announced: tuple[str, int, int] | None = None


class Twin:
    """Goes through every second and asks of each strategy whether this is an instant of it."""

    def __init__(self) -> None:
        self.rooms = {"r1": Room(), "r2": Room()}
        self.rules: tuple[Strategy, ...] = ()

    def happen(self, row: Row) -> None:
        room, second = self.rooms[row.fields["room"]], int(row.second)
        session = str(row.fields.get("session", ""))
        if not room.session:
            name = session or f"{row.fields['room']}@{ZERO + round(row.second * S)}"
            room.session, room.began = name, second
        if row.type == "room_entered":
            room.here.add(row.viewer or "")
        elif row.type == "room_left":
            room.here.discard(row.viewer or "")
        elif row.type == "session_scheduled":
            told, starts = (session, row.fields["starts_at"]), room.announced
            if starts is None or starts[:2] != told:
                room.announced = (*told, second + 1)
        elif row.type == "session_started":
            if room.announced is not None and room.announced[0] == session:
                room.announced = None
            if room.session != session:
                room.session, room.began, room.here = session, second, set()
            elif room.said != session:
                room.began = second
            room.said = session
        elif row.type == "session_ended":
            room.session, room.here = "", set()

    def turns(self, second: int, decided: int) -> Iterator[Turn]:
        for one in self.rules:
            schedule, seen = one.schedule, set[str]()
            assert schedule is not None
            for name, room in self.rooms.items():
                passed = second - room.began
                is_turn = bool(room.session) and passed > 0
                after, every = schedule.after_ms, schedule.every_ms
                is_after = after is not None and passed * S == after
                is_every = every is not None and passed * S % every == 0
                if is_turn and (is_after or is_every):
                    for viewer in sorted(room.here - seen):
                        yield one.key, one.version, viewer, name, second, decided
                    seen |= room.here
                if schedule.before_ms is not None and room.announced and not seen:
                    _, starts, told = room.announced
                    at = max((starts - ZERO - schedule.before_ms) // S, told)
                    if at == second and ZERO + at * S < starts:
                        for viewer in sorted({"v1", "n1", "n2"} - room.here):
                            yield one.key, one.version, viewer, name, second, decided
                        seen = {"everybody"}


def expected(
    story: list[Row], changes: dict[int, tuple[Strategy, ...]], silent: range
) -> set[Turn]:
    twin, found = Twin(), set[Turn]()
    for second in range(1, LAST + 1):
        for row in story:
            if second - 1 <= row.second < second:
                twin.happen(row)
        if second - 1 in changes:
            twin.rules = changes[second - 1]
        decided = silent.stop if second in silent else second
        found.update(twin.turns(second, decided))
    return found


def told(story: list[Row], changes: dict[int, tuple[Strategy, ...]], silent: range) -> Shop:
    shop, before = Shop(PAST), 0
    shop.use(0, *changes[0])
    for stop in sorted({*changes, LAST} - {0}):
        rows = [one for one in story if before <= one.second < stop]
        shop.pass_by(rows, until=stop, silent=[silent])
        if stop in changes:
            shop.use(stop + 0.1, *changes[stop])  # what is due at the second is decided
        before = stop
    shop.tell(LAST + 0.5, Tick())
    return shop


@given(events(), rules(1), rules(2), seconds, seconds, st.integers(0, 9), st.data())
def test_turns_are_those_of_the_twin_and_every_cut_says_the_same(
    story: list[Row],
    first: tuple[Strategy, ...],
    second: tuple[Strategy, ...],
    edited: int,
    down: int,
    length: int,
    data: st.DataObject,
) -> None:
    silent = range(down, min(down + length, LAST))
    changes = {0: first} | ({} if edited in silent else {edited: second})
    story = [
        one for one in story if int(one.second) + 1 not in silent and one.second not in changes
    ]
    shop = told(story, changes, silent)
    found = [
        (one.strategy, one.version, one.viewer, one.room, one.scheduled_at, one.at)
        for one in shop.decisions
    ]
    twin = expected(story, changes, silent)
    turns = {(*one[:4], ZERO + one[4] * S, ZERO + one[5] * S) for one in twin}
    assert set(found) == turns
    assert len(found) == len(turns)
    cut = data.draw(st.integers(3, shop.log.next_offset))
    walker = fresh(PAST)
    walker.log = shop.log
    for message in shop.log.read(0, until=cut):
        walker.apply(message)
    again, more = replayed(shop, shop.log, walker.snapshot())
    assert more == []
    assert again.decider.snapshot() == shop.live.decider.snapshot()
