"""A strategy tried on a recorded session: the log once more, with it among those that decide.

The same code applies the same messages; only what was decided is left out and decided anew. So
what a version in force decided in a session is what a trial of it says. Whatever else decided in
the session decides again, under the same limits, so that conflicts show.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from qianmian.language.definition import FIRING_KINDS, SCHEDULE, STRATEGY_PREFIX, Definition
from qianmian.runtime.live import Applied, Kept, Live
from qianmian.runtime.messages import (
    Body,
    Catalog,
    Decided,
    DefinitionsChanged,
    Message,
    RoomFacts,
    StrategiesChanged,
)
from qianmian.runtime.ports import Advance, ignored
from qianmian.strategies.compiling import TRIED
from qianmian.strategies.strategy import Strategies, Strategy
from qianmian.vocabulary.decision import ACT, HELD_OUT, Decision, decision_digest
from qianmian.vocabulary.product import Product
from qianmian.vocabulary.time import MINUTE_MS

TAIL_MS: Final = 15 * MINUTE_MS
"""So long after the session its last steps are looked at."""
LATE_START_MS: Final = 30 * MINUTE_MS
"""So much later than announced a session may have started."""


class LogReader(Protocol):
    """What a trial asks of a log, which somebody else may be writing."""

    @property
    def first_offset(self) -> int:
        """The oldest message that is still kept."""

    @property
    def durable_offset(self) -> int:
        """Everything below it can be read."""

    def read(self, from_offset: int, *, until: int | None = None) -> Iterator[Message]:
        """Messages from_offset <= offset < until."""


class Recorded(NamedTuple):
    """A session that the log holds. Units: begins, ends in ms UTC."""

    room: str
    session: str
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Given:
    """What a trial needs beside the log.

    Attributes:
        strategy: of any mode; it decides as if it were fully on, or as in the session if the same
            version decided there.
        watch: what the engine watches for it, beside definitions of the log; raises
            DefinitionError where these lack something.
        now: what decides today: limits for a log without strategies, offers that it lacks.
        definitions, products: for a log whose beginning is not kept any more.
    """

    strategy: Strategy
    watch: Callable[[Sequence[Definition]], Definition]
    now: Strategies
    definitions: Sequence[Definition]
    products: Sequence[Product]


@dataclass(frozen=True, slots=True)
class Stop:
    """A reason for which it did nothing: how often, when first (ms UTC), what it is about."""

    count: int
    first_at: int
    about: str


@dataclass(slots=True)
class Trial:
    """What the strategy would have done in the session.

    Attributes:
        decisions: its own, in order.
        others: what other strategies decided in the session.
        was_there: this very version decided in the session; what arrived then is in the log. Of
            any other, everything that is sent is taken to arrive.
    """

    session: Recorded
    was_there: bool = False
    decisions: list[Decision] = field(default_factory=list)
    others: list[Decision] = field(default_factory=list)

    @property
    def acts(self) -> list[Decision]:
        """What would have been sent; a step that follows is one more."""
        return [one for one in self.decisions if one.outcome == ACT]

    @property
    def viewers(self) -> int:
        """Whom that would have been sent to; the whole room is nobody."""
        return len({one.viewer for one in self.acts} - {None})

    @property
    def held_out(self) -> int:
        """Who would have been left alone, so that the effect can be measured."""
        return sum(one.outcome == HELD_OUT and not one.after for one in self.decisions)

    @property
    def cost_minor(self) -> int:
        """What it can have cost at most: every offer that was sent, taken."""
        return sum(one.cost_minor for one in self.acts)

    @property
    def stops(self) -> dict[str, Stop]:
        """By which limits it was stopped, the one that was met first before the others."""
        found: dict[str, Stop] = {}
        for one in self.decisions:
            if one.outcome not in (ACT, HELD_OUT):
                before = found.get(one.reason, Stop(0, one.at, one.about))
                found[one.reason] = replace(before, count=before.count + 1)
        return found

    @property
    def lost_to(self) -> dict[str, int]:
        """Strategies that went first, and how often."""
        return _counted(one.about for one in self.decisions if one.reason == "lost_to")

    @property
    def went_before(self) -> dict[str, int]:
        """Strategies that it went before, and how often."""
        key = self.decisions[0].strategy if self.decisions else None
        lost = (one for one in self.others if one.reason == "lost_to")
        return _counted(one.strategy for one in lost if one.about == key)

    @property
    def digest(self) -> str:
        """SHA-256 over its own decisions: equal for equal logs, whoever tries it."""
        return decision_digest(self.decisions)


def _counted(keys: Iterator[str]) -> dict[str, int]:
    return dict(sorted(Counter(keys).items()))


def try_strategy(
    live: Live, log: LogReader, given: Given, session: Recorded, *, advance: Advance = ignored
) -> Trial:
    """What a strategy would have done in a session.

    Args:
        live: empty; it is used up.
        advance: told (messages applied, messages in all).

    Raises: DefinitionError when the session had not what the strategy needs; LogProblem.
    Cost: a replay of the log up to the end of the session.
    """
    tried = _TriedLog(log, given, session)
    trial = Trial(session)
    has_begun = False

    def tell(message: Message, applied: Applied) -> None:
        nonlocal has_begun
        if not trial.was_there:
            mine = (one for one in applied.decisions if one.strategy == given.strategy.key)
            live.decider.settle([one.id for one in mine], (), live.clock)
        for one in applied.decisions:
            is_own = one.strategy == given.strategy.key
            is_turn = is_own and one.scheduled_at > 0 and one.room in ("", session.room)
            if is_turn or (one.room, one.session) == (session.room, session.session):
                (trial.decisions if is_own else trial.others).append(one)
        if not has_begun and message.clock >= tried.begins:
            has_begun = True
            live.decider.change(tried.with_it(live.decider.rules))
            trial.was_there = tried.was_there

    live.offset = tried.first_offset
    live.recover(tried, _Nothing(), tell=tell, advance=advance)
    return trial


class _Nothing:
    """Snapshots of a state that begins with the log."""

    def save(self, kept: Kept) -> None:
        """Nothing is kept of a trial."""

    def newest(self) -> None:
        """There is none."""


class _TriedLog:
    """The log up to the end of a session, as it would read with the strategy in force there."""

    def __init__(self, log: LogReader, given: Given, session: Recorded) -> None:
        self._log = log
        self._given = given
        self._session = session
        self.begins = session.begins - _lead_ms(given.strategy)
        self._before: list[Body] = []
        self._is_begun = self.was_there = False
        if log.first_offset > 0:  # what stood there is not kept any more: as it is today
            definitions = DefinitionsChanged(tuple(given.definitions))
            self._before = [Catalog(tuple(given.products)), definitions]
            self._before.append(StrategiesChanged(given.now))

    @property
    def first_offset(self) -> int:
        """Of the first message; what stands for those that are gone comes before the log."""
        return self._log.first_offset - len(self._before)

    @property
    def next_offset(self) -> int:
        """As the log has it."""
        return self._log.durable_offset

    @property
    def durable_offset(self) -> int:
        """As the log has it."""
        return self._log.durable_offset

    @property
    def last_clock(self) -> int:
        """When the session ended."""
        return self._session.ends

    def append(self, clock_ms: int, bodies: Sequence[Body]) -> int:
        """Nobody writes to a trial."""
        raise NotImplementedError

    def commit(self) -> None:
        """Nothing is to be made durable."""

    def close(self) -> None:
        """The log is somebody else's."""

    def read(self, from_offset: int, *, until: int | None = None) -> Iterator[Message]:
        """The messages with the strategy in them, up to some time after the session."""
        first = self._log.first_offset
        for offset, body in enumerate(self._before, self.first_offset):
            if offset >= from_offset:
                yield Message(offset, 0, self._with_it(0, body))
        for message in self._log.read(max(first, from_offset), until=until):
            if message.clock > self._session.ends + TAIL_MS:
                return
            yield replace(message, body=self._with_it(message.clock, message.body))

    def _with_it(self, clock: int, body: Body) -> Body:
        match body:
            case Decided():
                return RoomFacts(())  # nothing: it is decided anew
            case DefinitionsChanged(definitions):
                return DefinitionsChanged(self._watching(definitions))
            case StrategiesChanged(rules) if clock >= self.begins:
                return StrategiesChanged(self.with_it(rules))
        return body

    def _watching(self, definitions: tuple[Definition, ...]) -> tuple[Definition, ...]:
        """These definitions, and that of the strategy if they do not hold this version of it.

        Another version goes on as it was, also before the session: it counts what it watches.
        """
        mine = self._given.strategy
        watched = (*FIRING_KINDS[1:], SCHEDULE)
        for one in definitions:
            is_mine = one.kind in watched and one.key == f"{STRATEGY_PREFIX}{mine.key}"
            if is_mine and one.version == mine.version:
                return definitions
        tried = self._given.watch([one for one in definitions if one.kind not in watched])
        return (*definitions, replace(tried, key=f"{tried.key}{TRIED}"))

    def with_it(self, rules: Strategies) -> Strategies:
        """What decides, with the strategy among it; as it is, if the same version decides there."""
        mine, now = self._given.strategy, self._given.now
        same = [one for one in rules.strategies if one.key == mine.key]
        is_there = any(one.version == mine.version and one.is_running for one in same)
        if not self._is_begun:
            self._is_begun, self.was_there = True, is_there
        if is_there:
            return rules
        full = msgspec.structs.replace(mine, mode="full")
        others = [one for one in rules.strategies if one.key != mine.key]
        there = {one.key for one in rules.offers}
        return Strategies(
            tuple(sorted([*others, full], key=lambda one: one.key)),
            (*rules.offers, *(one for one in now.offers if one.key not in there)),
            rules.guardrails if rules != Strategies() else now.guardrails,
        )


def _lead_ms(strategy: Strategy) -> int:
    """How long before its session a strategy is tried: whom it calls, it calls before."""
    schedule = strategy.schedule
    if schedule is None or schedule.before_ms is None:
        return 0
    return schedule.before_ms + LATE_START_MS


def trial_document(trial: Trial) -> dict[str, Any]:
    """A trial as JSON. Units: instants in ms UTC, cost in minor units of the shop's currency."""
    return {
        **trial.session._asdict(),
        "was_there": trial.was_there,
        "acts": len(trial.acts),
        "viewers": trial.viewers,
        "held_out": trial.held_out,
        "cost_minor": trial.cost_minor,
        "stops": [
            {"reason": reason, "about": one.about, "count": one.count, "first_at": one.first_at}
            for reason, one in trial.stops.items()
        ],
        "lost_to": trial.lost_to,
        "went_before": trial.went_before,
        "decision_digest": trial.digest,
    }
