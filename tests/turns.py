"""A shop with schedules that is told a story, second by second, and writes its log as a server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from qianmian.bootstrap import Cores, lingering_of_moments
from qianmian.columns.batch import EventBatch
from qianmian.columns.facts import Facts, ViewerFacts, facts_bytes
from qianmian.columns.joining import one_message
from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from qianmian.runtime.live import Live
from qianmian.runtime.messages import (
    Body,
    Decided,
    DefinitionsChanged,
    Events,
    FactsNamed,
    Message,
    StrategiesChanged,
    Tick,
)
from qianmian.runtime.ports import Log
from qianmian.strategies.compiling import definitions_of
from qianmian.strategies.strategy import (
    ChannelKind,
    Guardrails,
    Schedule,
    Step,
    Strategies,
    Strategy,
)
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.time import DAY_MS, HOUR_MS, MINUTE_MS
from tests.fakes.memory_log import MemoryLog, MemorySnapshots
from tests.strategy_shop import OFTEN, strategy

S = 1_000
ZERO = 1_790_000_040_000
"""A whole minute: 19:54 in Shanghai, so quiet hours are far."""
ACTIVE = (
    parse_definition("clicked", "product_clicked"),
    parse_definition("keen", "count(product_viewed) within 10m >= 2", "segment"),
    parse_definition("asleep", 'trait.life_stage == "dormant"', "tag"),
    parse_definition("sleepy", "tag.asleep", "segment"),
    parse_definition("anybody", "tag.asleep or not tag.asleep", "segment"),
)
FREE = Guardrails(
    holdout=0, quiet_from=0, quiet_until=0, apart_ms=0, per_day=1_000, per_session=1_000
)


def facts_of(viewers: Mapping[str, str]) -> Facts:
    """What history knows: the life stage of each."""
    known = [ViewerFacts(one, traits={"life_stage": stage}) for one, stage in viewers.items()]
    return Facts(facts_bytes(known, boundary_ms=ZERO // DAY_MS * DAY_MS - 8 * HOUR_MS))


def scheduled(key: str, channel: str = "in_room", whom: str = "keen", **when: Any) -> Strategy:
    """A strategy that has its turn by the clock, and may act as often as it has one."""
    more = {name: when.pop(name) for name in ("version", "steps", "mode") if name in when}
    steps = (Step(channel, title="在吗"),)  # type: ignore[arg-type]
    given: dict[str, Any] = {"moment": "", "whom": (whom,), "steps": steps}
    given |= {"schedule": Schedule(**when), "limits": OFTEN}
    return strategy(key, **(given | more))


def clock_text(at: int) -> str:
    """What clocks in Shanghai show at an instant."""
    minutes = (at + 8 * HOUR_MS) % DAY_MS // MINUTE_MS
    return f"{minutes // 60:02}:{minutes % 60:02}"


def fresh(facts: Facts | None = None, *, most: int = 1_000) -> Live:
    def read(_: str) -> Facts:
        assert facts is not None
        return facts

    return Live(Cores(), lingering_of_moments, read, turns_per_second=most)


class Row(NamedTuple):
    """An event of a story. Units: second since `ZERO`."""

    second: float
    type: str
    viewer: str | None = None
    fields: Mapping[str, Any] = {}


class Shop:
    """The log of a shop, written message by message."""

    def __init__(
        self,
        facts: Facts | None = None,
        *,
        most: int = 1_000,
        active: Sequence[Definition] = ACTIVE,
        zero: int = ZERO,
    ) -> None:
        self._active, self._zero = tuple(active), zero
        self.log = MemoryLog()
        self.facts, self.most = facts, most
        self.live = fresh(facts, most=most)
        self._rows = 0
        self.tell(0, DefinitionsChanged(self._active))
        if facts is not None:
            self.tell(0, FactsNamed(facts.hash))

    def tell(self, second: float, *bodies: Body) -> None:
        """Write these at a second, and after them what they bring."""
        clock = self._zero + round(second * S)
        first = self.log.append(clock, bodies)
        self.log.commit()
        for offset, body in enumerate(bodies, first):
            found = self.live.apply(Message(offset, clock, body)).unlogged
            if found:
                self.tell(second, *found)

    def use(
        self,
        second: float,
        *strategies: Strategy,
        shop: Guardrails = FREE,
        off: tuple[ChannelKind, ...] = (),
    ) -> None:
        """These decide from now on."""
        rules = Strategies(tuple(strategies), (), shop, off=off)
        watched = definitions_of(rules.strategies, self._active, "off")
        self.tell(second, StrategiesChanged(rules))
        self.tell(second, DefinitionsChanged((*self._active, *watched)))

    def happen(self, second: float, *rows: Row) -> None:
        """One message of events."""
        clock = self._zero + round(second * S)
        told = []
        for row in rows:
            self._rows += 1
            told.append(
                {"clock": clock, "type": row.type, "room": "r1", "source": "web"}
                | {"message_id": f"m{self._rows}"}
                | ({} if row.viewer is None else {"viewer": row.viewer})
                | {name: value for name, value in row.fields.items() if value is not None}
            )
        batch = EventBatch.from_rows(told)
        self.tell(second, Events(one_message([batch], clock=clock, message=self.log.next_offset)))

    def pass_by(self, rows: Iterable[Row], *, until: float, silent: Sequence[range] = ()) -> None:
        """Tell a story with a tick in each second; in the silent ones the server is down."""
        waiting = sorted(rows, key=lambda one: one.second)
        begin = (self.log.last_clock - ZERO) // S + 1
        for second in range(begin, int(until) + 1):
            if any(second in one for one in silent):
                continue
            while waiting and waiting[0].second < second:
                now = [one for one in waiting if one.second == waiting[0].second]
                del waiting[: len(now)]
                self.happen(max(now[0].second, second - 1), *now)
            self.tell(second, Tick())

    @property
    def decisions(self) -> list[Decision]:
        """What was decided and logged."""
        return decisions_in(self.log)

    @property
    def turns(self) -> list[tuple[str, str | None, float]]:
        """Strategy, viewer and second of each decision."""
        return [(one.strategy, one.viewer, (one.at - ZERO) / S) for one in self.decisions]


def decisions_in(log: Log) -> list[Decision]:
    return [
        one
        for message in log.read(0)
        if isinstance(message.body, Decided)
        for one in message.body.decisions
    ]


def replayed(shop: Shop, log: Log, start: Any = None) -> tuple[Live, list[Decision]]:
    """A server of this shop that starts on a log; what it decides that is not in it."""
    snapshots, live = MemorySnapshots(), fresh(shop.facts, most=shop.most)
    if start is not None:
        snapshots.save(start)
    found = live.recover(log, snapshots)
    return live, [one for body in found if isinstance(body, Decided) for one in body.decisions]


def keen(second: float, *viewers: str) -> list[Row]:
    """They look at something twice."""
    return [Row(second, "product_viewed", one, {"product": "p1"}) for one in viewers * 2]


def here(until: int, *viewers: str, since: int = 20) -> list[Row]:
    """They stay in the room."""
    return [Row(at + 0.5, "heartbeat", one) for at in range(since, until, 20) for one in viewers]
