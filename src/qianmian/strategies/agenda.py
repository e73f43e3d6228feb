"""Schedules: which strategies have their turn at which instants, and who still waits in a turn.

Instants are not armed: those between two whole seconds of the log's clock follow from the
strategies that run, the sessions that are open and the starts that were announced. So an edit or a
start that is told anew leaves nothing behind, and each instant has its turn once (decision 0045).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from qianmian.language.definition import STRATEGY_PREFIX
from qianmian.strategies.day import shown_first
from qianmian.strategies.strategy import Strategy
from qianmian.vocabulary.decision import schedule_id
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.time import DAY_MS, SECOND_MS

ANNOUNCED_MS: Final = DAY_MS
"""So long after an announced start that never came it is forgotten."""


class Turn(NamedTuple):
    """A version of a strategy has its turn. Units: at in ms UTC, a whole second.

    Attributes:
        room, session: in which it is, or which is announced; "": everywhere.
    """

    at: int
    strategy: str
    version: int
    room: str
    session: str


class Seat(NamedTuple):
    """A viewer in a turn, and where they are; "": in no room."""

    viewer: str
    room: str
    session: str


@dataclass(frozen=True, slots=True)
class Scheduled(Firing):
    """The turn of one viewer: what a firing is to a moment. Units: scheduled_at in ms UTC."""

    scheduled_at: int = 0

    @property
    def id(self) -> str:
        """hash128 of viewer, strategy@version and instant: that of the decision."""
        key = self.moment.removeprefix(STRATEGY_PREFIX)
        return schedule_id(self.viewer or "", key, self.version, self.scheduled_at)


@dataclass(slots=True)
class Round:
    """A turn under way.

    Attributes:
        seats: who held its segments at its instant and was there, by viewer.
        taken: how many of them have been taken.
        place: after which place of the facts those come who were not there; None: nobody does.
    """

    turn: Turn
    seats: list[Seat]
    taken: int = 0
    place: tuple[int, int] | None = None

    @property
    def is_over(self) -> bool:
        """Whether everybody has been taken."""
        return self.taken >= len(self.seats) and self.place is None

    def take(self, most: int) -> list[Seat]:
        """The next of those who were there."""
        found = self.seats[self.taken : self.taken + most]
        self.taken += len(found)
        return found


class _Session(NamedTuple):
    session: str
    began: int


class _Announced(NamedTuple):
    session: str
    starts_at: int
    told: int


class Agenda:
    """Which turns come, and the rounds that are under way.

    Attributes:
        rounds: in the order of their instants; of the first one a slice is taken each second.
        late: by strategy, the instants at which nobody could decide before its time was over.
        last: by strategy and room, its newest turn.

    Cost: a look at each second: some microseconds for each strategy with a schedule and room.
    """

    def __init__(self) -> None:
        self.rounds: deque[Round] = deque()
        self.late: Counter[str] = Counter()
        self.last: dict[tuple[str, str], int] = {}
        self._sessions: dict[str, _Session] = {}
        self._announced: dict[str, _Announced] = {}
        self._started: dict[str, str] = {}
        self._passed = -1

    @property
    def starts(self) -> dict[str, int]:
        """When announced sessions start, by room, ms UTC."""
        return {room: one.starts_at for room, one in self._announced.items()}

    # -- what the log says

    def look(self, sessions: Mapping[str, str], clock: int) -> None:
        """The sessions that are open after a message, by room; new ones began in its second."""
        if {room: one.session for room, one in self._sessions.items()} == sessions:
            return
        began = clock // SECOND_MS * SECOND_MS
        before = self._sessions
        self._sessions = {
            room: before[room]
            if room in before and before[room].session == session
            else _Session(session, began)
            for room, session in sorted(sessions.items())
        }

    def announce(self, room: str, session: str, starts_at: int, clock: int) -> None:
        """A session is announced; said again with the same start it is no news."""
        before = self._announced.get(room)
        if before is None or (before.session, before.starts_at) != (session, starts_at):
            told = clock // SECOND_MS * SECOND_MS + SECOND_MS
            self._announced[room] = _Announced(session, starts_at, told)

    def start(self, room: str, session: str, clock: int) -> None:
        """A session says that it starts: what was announced has come."""
        announced = self._announced.get(room)
        if announced is not None and (not announced.session or announced.session == session):
            del self._announced[room]
        if session and self._started.get(room) == session:
            return  # said again
        self._started[room] = session
        now = self._sessions.get(room)
        if now is not None and now.session == session:  # what opened it was not its start
            self._sessions[room] = _Session(session, clock // SECOND_MS * SECOND_MS)

    # -- turns

    def due(self, strategies: Iterable[Strategy], until: int, zone: str) -> list[Turn]:
        """The turns after the last call up to and with `until`, a whole second, in order."""
        since = self._passed if self._passed >= 0 else until - SECOND_MS
        self._passed = max(self._passed, until)
        found = {
            turn
            for one in strategies
            if one.schedule is not None and one.is_running
            for turn in self._turns(one, since, until, zone)
        }
        over = [r for r, one in self._announced.items() if one.starts_at + ANNOUNCED_MS < until]
        for room in over:
            del self._announced[room]
        for turn in sorted(found):
            self.last[turn.strategy, turn.room] = turn.at
        return sorted(found)

    def begin(
        self,
        turn: Turn,
        seats: Iterable[Seat],
        place: tuple[int, int] | None,
        person_of: Callable[[str], str],
    ) -> None:
        """A turn begins; of one strategy and instant nobody has two.

        Args:
            seats: who is there, in the order in which one of somebody's counts.
            person_of: the same id for all ids of one person.
        """
        same = [one for one in self.rounds if one.turn[:3] == turn[:3]]
        seen = {person_of(seat.viewer) for one in same for seat in one.seats}
        fresh: dict[str, Seat] = {}
        for seat in seats:
            person = person_of(seat.viewer)
            if person not in seen:
                fresh.setdefault(person, seat)
        if any(one.place is not None for one in same):
            place = None  # whoever is not there hears of one room
        self.rounds.append(Round(turn, sorted(fresh.values()), place=place))

    def drop_over(self, strategies: Mapping[str, Strategy]) -> None:
        """Rounds end when all were taken, their strategy runs no more, or their session ends."""
        self.rounds = deque(one for one in self.rounds if self._goes_on(one, strategies))

    def _goes_on(self, one: Round, strategies: Mapping[str, Strategy]) -> bool:
        turn, strategy = one.turn, strategies.get(one.turn.strategy)
        if one.is_over or strategy is None or not strategy.is_running:
            return False
        if strategy.version != turn.version or strategy.schedule is None:
            return False
        if not strategy.schedule.is_of_session:
            return True
        now = self._sessions.get(turn.room)
        return now is not None and now.session == turn.session

    def _turns(self, one: Strategy, since: int, until: int, zone: str) -> Iterator[Turn]:
        """The instants of a strategy in (since, until]."""
        schedule, key = one.schedule, (one.key, one.version)
        if schedule is None:
            return
        if schedule.daily is not None:
            for at in _times_of_day(schedule.daily, since, until, zone):
                yield Turn(at, *key, "", "")
        if schedule.is_of_session:
            for room, (session, began) in self._sessions.items():
                for at in _in_session(schedule.after_ms, schedule.every_ms, began, since, until):
                    yield Turn(at, *key, room, session)
        if schedule.before_ms is not None:
            for room, (session, starts_at, told) in self._announced.items():
                at = max(_whole(starts_at - schedule.before_ms), told)
                if since < at <= until and at < starts_at:
                    yield Turn(at, *key, room, session)

    # -- people

    def link(self, anonymous: str, known: str) -> None:
        """Two ids are one person, who has one turn, under the known id."""
        for one in self.rounds:
            if anonymous not in {seat.viewer for seat in one.seats}:
                continue
            done = [
                seat._replace(viewer=known) if seat.viewer == anonymous else seat
                for seat in one.seats[: one.taken]
            ]
            left = {seat.viewer: seat for seat in one.seats[one.taken :]}
            if anonymous in left:
                left.setdefault(known, left.pop(anonymous)._replace(viewer=known))
            if any(seat.viewer == known for seat in done):
                left.pop(known, None)
            one.seats = [*done, *sorted(left.values())]

    def forget(self, viewers: Collection[str]) -> None:
        """These viewers have no turn any more."""
        gone = frozenset(viewers)
        for one in self.rounds:
            done = [seat for seat in one.seats[: one.taken] if seat.viewer not in gone]
            left = [seat for seat in one.seats[one.taken :] if seat.viewer not in gone]
            one.seats, one.taken = [*done, *left], len(done)

    # -- snapshot

    def snapshot(self) -> dict[str, Any]:
        """Everything, as JSON."""
        return {
            "passed": self._passed,
            "sessions": [[room, *one] for room, one in self._sessions.items()],
            "announced": [[room, *one] for room, one in sorted(self._announced.items())],
            "started": [[room, one] for room, one in sorted(self._started.items())],
            "late": dict(sorted(self.late.items())),
            "last": [[*place, at] for place, at in sorted(self.last.items())],
            "rounds": [[one.turn, one.seats, one.taken, one.place] for one in self.rounds],
        }

    def restore(self, stored: Mapping[str, Any]) -> None:
        """The opposite of `snapshot`."""
        self._passed = stored["passed"]
        self._sessions = {room: _Session(*one) for room, *one in stored["sessions"]}
        self._announced = {room: _Announced(*one) for room, *one in stored["announced"]}
        self._started = dict(stored["started"])
        self.late = Counter(stored["late"])
        self.last = {(key, room): at for key, room, at in stored["last"]}
        self.rounds = deque(
            Round(Turn(*turn), [Seat(*one) for one in seats], taken, place and (*place,))
            for turn, seats, taken, place in stored["rounds"]
        )


def _in_session(
    after_ms: int | None, every_ms: int | None, began: int, since: int, until: int
) -> Iterator[int]:
    if after_ms is not None and since < (at := _whole(began + after_ms)) <= until:
        yield at
    if every_ms is not None:
        number = max(1, (since - began) // every_ms)
        while (at := _whole(began + number * every_ms)) <= until:
            if at > since:
                yield at
            number += 1


def _times_of_day(text: str, since: int, until: int, zone: str) -> Iterator[int]:
    """When clocks of a zone show a time, in (since, until]; of one shown twice the first."""
    hour, minute = map(int, text.split(":"))
    there = ZoneInfo(zone)
    day = datetime.fromtimestamp(since // SECOND_MS, there).date()
    last = datetime.fromtimestamp(until // SECOND_MS, there).date()
    while day <= last:
        if since < (at := shown_first(day, hour, minute, zone)) <= until:
            yield at
        day += timedelta(days=1)


def _whole(at: int) -> int:
    """The first whole second that is not before an instant."""
    return -(-at // SECOND_MS) * SECOND_MS
