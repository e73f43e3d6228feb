"""Turns of strategies with a schedule: whom they concern is read from the engine at their instant.

At the begin of each second of the log's clock, before its first message: so live and replayed, and
however messages are joined, the same viewers are found (decision 0045). Who is here is found by
the level of the strategy in their rows; who is not, by the same program over what the facts say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Final, Protocol

from qianmian.columns.batch import EventBatch
from qianmian.columns.facts import Facts
from qianmian.language.definition import SCHEDULE, STRATEGY_PREFIX, Definition
from qianmian.runtime.evidence import named_below
from qianmian.strategies.agenda import Round, Scheduled, Seat, Turn
from qianmian.strategies.compiling import strategy_of_key
from qianmian.strategies.consenting import may_reach
from qianmian.strategies.deciding import Decider
from qianmian.strategies.strategy import IN_SESSION, Strategy
from qianmian.vocabulary.consent import TAG, Consents
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.ids import is_anonymous

SLICE: Final = 1_000
"""So many viewers are looked at in a second: deciding about them takes some 100 ms."""
EVERYBODY: Final = 1 << 31
FIRST: Final = (0, -1)
"""The place before everybody in the facts."""
_ROOM: Final = "-"


class Reading(Protocol):
    """What is asked of an engine."""

    clock: int

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The active definitions."""

    @property
    def past(self) -> Facts | None:
        """The facts of history that are in force."""

    def open_rooms(self) -> list[str]:
        """The rooms with an open session."""

    def session_of(self, room: str) -> str:
        """The open session of a room; "": it has none."""

    def present(self, room: str, viewers: Sequence[str]) -> list[bool]:
        """Who of them is in the room."""

    def level_holders(
        self, room: str, name: str, *, limit: int = 20, present_only: bool = True
    ) -> list[str]:
        """The viewers of a room who hold a level."""


class Resting(Protocol):
    """An engine that is made for a question."""

    def take_facts(self, facts: Facts, clock_ms: int) -> Sequence[Firing]:
        """What history knows is known from `clock_ms` on."""

    def run(self, batch: EventBatch) -> Sequence[Firing]:
        """Apply events."""

    def level_holders(
        self, room: str, name: str, *, limit: int = 20, present_only: bool = True
    ) -> list[str]:
        """The viewers of a room who hold a level."""


Make = Callable[[Sequence[Definition]], Resting]


def begin_turns(
    engine: Reading, decider: Decider, second: int, come_to: Callable[[int], None]
) -> None:
    """The turns that have come by a second, which begins.

    Args:
        come_to: brings the engine to an instant: everything that is due before it has happened.

    Units: second in ms UTC.
    """
    agenda = decider.agenda
    strategies = _strategies(decider)
    for turn in agenda.due(strategies.values(), second, decider.zone):
        strategy = strategies[turn.strategy]
        if turn.at + strategy.lasts_ms <= second:
            agenda.late[turn.strategy] += 1
        elif (level := _level_of(engine, turn)) is not None:
            if turn.at > engine.clock:
                come_to(turn.at)
            seats = _seats(engine, strategy, turn, level)
            place = _first_place(strategy, decider.rules.off)
            agenda.begin(turn, seats, place, _person_in(engine))


def take_slice(
    engine: Reading,
    decider: Decider,
    second: int,
    consents_of: Callable[[str], Consents],
    make: Make,
    most: int,
) -> None:
    """The next viewers of the turns under way are decided about.

    Args:
        make: an empty engine with these definitions.
        most: so many are looked at.

    Cost: nothing while no turn is under way; else some 100 ms.
    """
    agenda, left = decider.agenda, most
    if not agenda.rounds:
        return
    strategies = _strategies(decider)
    agenda.drop_over(strategies)
    while agenda.rounds and left > 0:
        now = agenda.rounds[0]
        seats = now.take(left)
        left -= len(seats)
        if seats:
            seats = _one_each(now, seats, _person_in(engine))
        elif now.place is not None:
            channels = _reaching(strategies[now.turn.strategy], decider.rules.off)
            looked, seats = _absent(engine, now, channels, left, second, consents_of, make)
            left -= looked
        decider.note(_scheduled(now.turn, seats, second))
        if now.is_over:
            agenda.rounds.popleft()


def _scheduled(turn: Turn, seats: Sequence[Seat], second: int) -> Iterator[Scheduled]:
    key = f"{STRATEGY_PREFIX}{turn.strategy}"
    for viewer, room, session in seats:
        yield Scheduled(
            second, viewer, room, session, key, turn.version, None, scheduled_at=turn.at
        )


def _strategies(decider: Decider) -> dict[str, Strategy]:
    return {one.key: one for one in decider.rules.strategies}


def _level_of(engine: Reading, turn: Turn) -> Definition | None:
    """What says whom a turn concerns; None while the engine does not know this version."""
    for one in engine.definitions:
        is_level = (one.kind, one.version) == (SCHEDULE, turn.version)
        if is_level and strategy_of_key(one.key) == turn.strategy:
            return one
    return None


def _seats(engine: Reading, strategy: Strategy, turn: Turn, level: Definition) -> list[Seat]:
    """Who is there and concerned; in several rooms: the first by name counts."""
    rooms = engine.open_rooms()
    if turn.room:
        is_on = strategy.schedule is not None and strategy.schedule.is_of_session
        rooms = [turn.room] if is_on and engine.session_of(turn.room) == turn.session else []
    return [
        Seat(viewer, room, engine.session_of(room))
        for room in rooms
        for viewer in engine.level_holders(room, f"{SCHEDULE}.{level.key}", limit=EVERYBODY)
    ]


def _reaching(strategy: Strategy, off: Collection[str]) -> list[str]:
    """The channels by which it reaches who is in no room."""
    kinds = (step.channel for step in strategy.steps)
    return [kind for kind in kinds if kind not in IN_SESSION and kind not in off]


def _first_place(strategy: Strategy, off: Collection[str]) -> tuple[int, int] | None:
    """Where to begin with those who are not there; None: the strategy does not concern them."""
    schedule = strategy.schedule
    if schedule is None or schedule.is_of_session:
        return None
    return FIRST if _reaching(strategy, off) else None


def _absent(
    engine: Reading,
    now: Round,
    channels: Sequence[str],
    most: int,
    second: int,
    consents_of: Callable[[str], Consents],
    make: Make,
) -> tuple[int, list[Seat]]:
    """How many of the facts were looked at, and who of them is not there and concerned."""
    facts, place = engine.past, now.place
    level = _level_of(engine, now.turn)
    if facts is None or place is None or level is None:
        now.place = None
        return 0, []
    names, now.place = facts.names_after(place, most)
    known = [one for one in names if not is_anonymous(one)]
    persons = [several for one in known if (several := facts.ids_of(one))[0] == one]
    rooms = [now.turn.room] if now.turn.room else engine.open_rooms()
    here = {one for seat in now.seats for one in facts.ids_of(seat.viewer)}
    ids = [one for several in persons for one in several]
    for room in rooms:
        present = engine.present(room, ids)
        here |= {one for one, is_here in zip(ids, present, strict=True) if is_here}
    absent = [several for several in persons if here.isdisjoint(several)]
    asked = [_reached(several, channels, consents_of) for several in absent]
    found = at_rest(make, engine.definitions, level, facts, asked, second, consents_of)
    return len(names), [Seat(one, now.turn.room, now.turn.session) for one in found]


def _one_each(now: Round, seats: list[Seat], person_of: Callable[[str], str]) -> list[Seat]:
    """Those whose person has had no turn in this round: an id may have become theirs meanwhile."""
    seen = {person_of(one.viewer) for one in now.seats[: now.taken - len(seats)]}
    fresh: dict[str, Seat] = {}
    for seat in seats:
        person = person_of(seat.viewer)
        if person not in seen:
            fresh.setdefault(person, seat)
    return [*fresh.values()]


def _person_in(engine: Reading) -> Callable[[str], str]:
    """One id for all that facts know to be one person's."""
    facts = engine.past
    return str if facts is None else lambda viewer: facts.ids_of(viewer)[0]


def _reached(
    ids: Sequence[str], channels: Sequence[str], consents_of: Callable[[str], Consents]
) -> str:
    """Under which of their ids a person who is not there has a turn: the first that agreed."""
    for one in sorted(ids) if len(ids) > 1 else ():
        said = consents_of(one)
        if any(may_reach(channel, said) for channel in channels):
            return one
    return min(ids)


def at_rest(
    make: Make,
    definitions: Sequence[Definition],
    level: Definition,
    facts: Facts,
    viewers: Sequence[str],
    clock: int,
    consents_of: Callable[[str], Consents],
) -> list[str]:
    """Who of these would hold a level in a row that has only just begun, and has been left.

    The engine itself is asked, so that what decides about who is here decides about them, too.

    Returns: by viewer.
    """
    if not viewers:
        return []
    resting = make([*named_below(level.expr, definitions), level])
    resting.take_facts(facts, clock)
    rows: list[dict[str, Any]] = []
    for viewer in viewers:
        for (purpose, _), said in sorted(consents_of(viewer).items()):
            if purpose.startswith(TAG) and not said.granted:
                rows.append(_row(clock, "consent_changed", viewer, purpose=purpose, granted=0))
        rows.append(_row(clock, "room_left", viewer, room=_ROOM))
    resting.run(EventBatch.from_rows(rows))
    name = f"{SCHEDULE}.{level.key}"
    return sorted(resting.level_holders(_ROOM, name, limit=EVERYBODY, present_only=False))


def _row(clock: int, kind: str, viewer: str, **fields: Any) -> dict[str, Any]:
    return {"clock": clock, "type": kind, "viewer": viewer, "source": _ROOM, **fields}
