"""A running shop: the gateway that writes the log and the engine that follows it, together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import TypeVar

from qianmian.columns.batch import EventBatch
from qianmian.errors import LogUnavailable, Overloaded, SnapshotProblem
from qianmian.language.definition import Definition
from qianmian.runtime.beginning import Anew
from qianmian.runtime.chores import Chores
from qianmian.runtime.consent_book import ConsentChange, changes_in
from qianmian.runtime.engine_thread import EngineThread
from qianmian.runtime.gateway import BodyAt, Gateway
from qianmian.runtime.live import Applied, Live, Snapshots
from qianmian.runtime.messages import (
    Backfilled,
    Body,
    Catalog,
    Decided,
    DefinitionsChanged,
    Erased,
    Events,
    FactsNamed,
    Message,
    Settled,
    StrategiesChanged,
    Tick,
)
from qianmian.runtime.ports import Advance, History, Log, ignored
from qianmian.runtime.spending import Spending
from qianmian.strategies.ledger import Change
from qianmian.strategies.strategy import Strategies
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.product import Product, ProductCatalog

T = TypeVar("T")
KEEP_AGAIN_S = 0.02
KEEP_TRIES = 1_500  # half a minute
STEP_ROWS = 10_000  # of an edit that is made ready: some milliseconds in which nobody is answered


@dataclass(frozen=True, slots=True)
class Hooks:
    """Who else wants to know, on the engine's thread."""

    on_firings: Callable[[Sequence[Firing]], None] = lambda _: None
    on_second: Callable[[Live], None] = lambda _: None


class Deployment:
    """One process's log, gateway and engine.

    Args:
        log: opened for writing.
        snapshots: where the state is kept.
        live: empty.
        now: ms UTC.
        history: told what every message held and brought; None: nobody keeps it.
        chores: done each hour.
        on_consents: told who changed what they agree to, also by a replay; never waits.
        on_spending: told what decisions of the log hold, also by a replay; never waits. None:
            nobody keeps it.
        most_behind: rows that may wait for the engine before more are refused.
    """

    def __init__(
        self,
        log: Log,
        snapshots: Snapshots,
        live: Live,
        *,
        now: Callable[[], int],
        history: History | None = None,
        chores: Chores | None = None,
        on_consents: Callable[[Iterable[ConsentChange]], None] = lambda _: None,
        on_spending: Callable[[Iterable[Change]], None] | None = None,
        snapshot_every_ms: int = 60_000,
        most_behind: int = 2_000_000,
    ) -> None:
        self._log = log
        self._snapshots = snapshots
        self._live = live
        self._now = now
        self._history = history
        self._chores = Chores() if chores is None else chores
        self._on_consents = on_consents
        self._on_spending = on_spending
        self._spending = Spending()
        if on_spending is not None:
            live.decider.ledger.journal = []
        self._every_ms = snapshot_every_ms
        self._most_behind = most_behind
        self.refuses: Callable[[EventBatch], bool] = lambda _: False  # who was erased
        self._on_decisions: list[Callable[[Sequence[Decision]], None]] = []
        self.replayed = 0
        self._changing = asyncio.Lock()

    def recover(
        self,
        definitions: Sequence[Definition],
        products: Sequence[Product] = (),
        *,
        on_firings: Callable[[Sequence[Firing]], None] = lambda _: None,
        advance: Advance = ignored,
        anew: bool = False,
    ) -> None:
        """Come to the state after the last message; a new log is told what holds.

        Args:
            definitions: the active ones; if they are not those of the log, they hold from now on.
            products: the catalog; for a new log only.
            on_firings: told what fired in the replay.
            advance: told (messages replayed, messages in all).
            anew: where no state is known, begin at the first message that is kept.

        Raises: InputError, LogProblem when the log cannot be followed.
        """
        before = self._log.next_offset

        def tell(message: Message, applied: Applied) -> None:
            self._keep(message, applied, may_wait=True)
            on_firings(applied.firings)

        found = self._live.recover(
            self._log,
            self._snapshots,
            tell=tell,
            alone_below=0 if self._history is None else self._history.next_offset,
            advance=advance,
            anew=Anew(definitions, products) if anew else None,
        )
        self.replayed = before - self._log.first_offset
        if found:
            self._append(self._log.last_clock, *found)
        now = max(self._now(), self._log.last_clock)
        if self._live.engine is None:
            self._append(now, Catalog(tuple(products)), DefinitionsChanged(tuple(definitions)))
        elif list(self._live.definitions) != list(definitions):
            self._append(now, DefinitionsChanged(tuple(definitions)))

    @property
    def unread(self) -> SnapshotProblem | None:
        """Why the newest snapshot was passed over, if it was."""
        return self._live.unread

    def follow(self, on_firings: Callable[[Sequence[Firing]], None] = lambda _: None) -> None:
        """Apply what was written to the log since `recover`, before anything else runs."""

        def tell(message: Message, applied: Applied) -> None:
            self._keep(message, applied, may_wait=True)
            on_firings(applied.firings)

        found = self._live.follow(tell=tell)
        if found:
            self._append(self._log.last_clock, *found)

    def _append(self, clock: int, *bodies: Body) -> None:
        """Write messages and apply them, before anything else runs."""
        first = self._log.append(clock, bodies)
        self._log.commit()
        for offset, body in enumerate(bodies, first):
            message = Message(offset, clock, body)
            self._keep(message, self._live.apply(message), may_wait=True)

    def _keep(self, message: Message, applied: Applied, *, may_wait: bool = False) -> None:
        """History learns what a message held and brought."""
        body = message.body
        if isinstance(body, Decided):
            for hears in self._on_decisions:
                hears(body.decisions)
        if self._on_spending is not None:
            changes = self._live.decider.ledger.take_changes()
            self._on_spending(self._spending.durable(body, changes))
        if isinstance(body, Events) and applied.outcomes is not None:
            self._on_consents(changes_in(body.batch, applied.outcomes, message.offset))
        if self._history is not None:
            self._history.tell(
                message,
                outcomes=applied.outcomes,
                firings=applied.firings,
                boards=applied.boards,
                may_wait=may_wait,
            )

    def start(self, hooks: Hooks = Hooks()) -> None:
        """Take events."""

        def on_second(live: Live) -> None:
            self._chores.at(live.clock)
            hooks.on_second(live)

        self.gateway = Gateway(
            self._log,
            now=self._now,
            deliver=self._deliver,
            is_busy=lambda: self.engine.is_busy,
            zone=self._live.decider.zone,
        )
        self.engine = EngineThread(
            self._live,
            snapshots=self._snapshots,
            post=self.gateway.post,
            tell=self._keep,
            on_firings=hooks.on_firings,
            on_second=on_second,
            snapshot_every_ms=self._every_ms,
        )
        self.engine.start()
        self.gateway.start()

    def _deliver(self, message: Message) -> None:
        self.engine.deliver(message)

    def stop(self) -> None:
        """Write and apply what was taken, keep a snapshot, close history and log.

        A snapshot or history that cannot be written is no reason to fail: the log has everything.
        """
        with ExitStack() as ending:  # the last one first
            ending.callback(self._log.close)
            if self._history is not None:
                ending.callback(_close, self._history)
            ending.callback(self._chores.close)
            ending.callback(self.engine.stop)
            ending.callback(self.gateway.close)
            ending.callback(self.engine.settle)  # what it finds in them is still written
            ending.callback(self.gateway.refuse)

    # -- while it runs

    async def submit(self, batch: EventBatch) -> None:
        """Events; returns when they are durable.

        Raises: Overloaded, LogUnavailable.
        """
        if self.refuses(batch):
            raise Overloaded("somebody in it was erased just now; send it again")
        behind = self.engine.waiting_rows
        if behind > self._most_behind:
            raise Overloaded(f"the engine is {behind} events behind; send again in a second")
        await self.gateway.submit(batch)

    async def change(self, definitions: Sequence[Definition]) -> int:
        """These definitions hold from now on, and count from the last two minutes.

        They are laid out beside the running engine first, so that nobody waits for it.

        Returns: the clock at which they begin, ms UTC.
        Raises: DefinitionError, and then nothing has changed; Overloaded, LogUnavailable.
        """
        async with self._changing:
            wanted = tuple(definitions)
            await self.ask(lambda live: live.prepare(wanted))
            while await self.ask(lambda live: live.step(STEP_ROWS)):
                pass
            await self._write(DefinitionsChanged(wanted))
            clock, tail = await self.ask(_what_to_fill)
            if tail is not None:
                since, first = tail
                ahead = await asyncio.to_thread(lambda: list(self._log.read(first)))
                await self.ask(lambda live: live.read_ahead(ahead))
                await self._write(lambda offset: Backfilled(since, first, offset - 1))
            return clock

    async def stock(self, products: Sequence[Product]) -> None:
        """The catalog of the shop from now on.

        Raises: InputError when two products have one id; Overloaded, LogUnavailable.
        """
        ProductCatalog(products)  # what is written must be what can be applied
        await self._write(Catalog(tuple(products)))

    async def decide_by(self, strategies: Strategies, definitions: Sequence[Definition]) -> None:
        """These strategies decide from now on; their definitions are among these.

        Raises: DefinitionError, and then nothing has changed; Overloaded, LogUnavailable.
        """
        await self._write(StrategiesChanged(strategies))
        if tuple(definitions) != await self.ask(lambda live: live.definitions):
            await self.change(definitions)

    def tell_decisions(self, hears: Callable[[Sequence[Decision]], None]) -> None:
        """Let somebody hear decisions once they are in the log, on the engine's thread."""
        self._on_decisions.append(hears)

    async def lately_decided(self) -> list[Decision]:
        """What was decided and may still be sent; all of it is durable.

        Raises: Overloaded, LogUnavailable.
        """
        found = await self.ask(lambda live: live.decider.pending.at(live.clock))
        await self.settle()  # what was just decided has been written before this
        return found

    async def settle_decisions(
        self,
        delivered: Sequence[str] = (),
        released: Sequence[str] = (),
        unseen: Sequence[str] = (),
    ) -> None:
        """What became of decisions that held something; `unseen`: whose code nobody was shown.

        Raises: Overloaded, LogUnavailable.
        """
        await self._write(Settled(tuple(delivered), tuple(released), tuple(unseen)))

    async def know(self, digest: str) -> None:
        """The build of facts with this digest, whose file is in its place, is known from now on.

        Raises: InputError when it cannot be read, is of another namespace, or goes up to a day
            before that of the build in force; Overloaded, LogUnavailable.
        """
        async with self._changing:
            facts = await asyncio.to_thread(self._live.facts, digest)
            await self.ask(lambda live: live.check_facts(facts))
            await self._write(FactsNamed(digest))

    async def settle(self) -> None:
        """Return when everything that was taken before is durable and applied.

        Raises: Overloaded, LogUnavailable.
        """
        await self._write(Tick())

    @asynccontextmanager
    async def forgetting(
        self,
        tombstone_by_viewer: Mapping[str, str],
        write_facts_again: Callable[[], Mapping[str, str]],
    ) -> AsyncIterator[tuple[int, Mapping[str, str]]]:
        """Forget persons whose events are refused already; the log is written again in the block.

        Nobody changes definitions or facts meanwhile, because that would read the log.

        Args:
            write_facts_again: makes builds of facts without them; new names by old ones.

        Yields: an offset, and those names. Snapshots that stand before the offset know the persons.
        Raises: Overloaded, LogUnavailable; OSError when no snapshot can be written.
        """
        async with self._changing:
            renamed = await asyncio.to_thread(write_facts_again)
            await self.settle()
            await self.ask(lambda live: self._rename(live, tombstone_by_viewer))
            known = await self.ask(lambda live: live.facts_hash)
            if known is not None and known in renamed:
                await self._write(FactsNamed(renamed[known]))
            tombstones = tuple(sorted(tombstone_by_viewer.values()))
            offset = await asyncio.wrap_future(self.gateway.post(Erased(tombstones)))
            await self._kept()
            yield offset + 1, renamed

    def _rename(self, live: Live, tombstone_by_viewer: Mapping[str, str]) -> None:
        """On the engine's thread; history reads names of firings on its own."""
        with nullcontext() if self._history is None else self._history.quiet():
            live.rename(tombstone_by_viewer)

    async def _kept(self) -> None:
        """A snapshot of now, durable.

        Raises: LogUnavailable, OSError when it cannot be written.
        """
        for _ in range(KEEP_TRIES):
            saving = await asyncio.wrap_future(self.engine.keep_now())
            if saving is not None:
                await asyncio.wrap_future(saving)
                return
            await asyncio.sleep(KEEP_AGAIN_S)
        raise LogUnavailable("no snapshot can be kept: what was found of rooms is not written yet")

    async def _write(self, what: Body | BodyAt) -> None:
        """A message that is durable and applied when this returns."""
        await asyncio.wrap_future(self.gateway.post(what))
        await self.ask(lambda _: None)

    async def ask(self, question: Callable[[Live], T]) -> T:
        """What a function reads from the state between two messages."""
        return await asyncio.wrap_future(self.engine.ask(question))

    @property
    def problem(self) -> BaseException | None:
        """Why it does not work as it should; None when it does."""
        return self.engine.problem or self.gateway.problem

    @property
    def concern(self) -> str | None:
        """What somebody should look at while events are still taken and decided; None: nothing."""
        problems: list[tuple[str, BaseException | None]] = [
            ("snapshot", self.engine.snapshot_problem),
            ("history", None if self._history is None else self._history.problem),
            *self._chores.problems.items(),
        ]
        told = [f"{name}: {problem}" for name, problem in problems if problem is not None]
        return "; ".join(told) or None

    @property
    def late_turns(self) -> int:
        """Instants of schedules at which nobody could decide before their time was over."""
        late = tuple(self._live.decider.agenda.late.values())  # at once: the engine goes on
        return sum(late)

    @property
    def forgotten(self) -> dict[str, int]:
        """What the engine let go because a bound of the semantics was reached, by kind.

        `entries` of lists and slots of viewers, `gaps` of sequence numbers, `ids` that no longer
        fitted a dictionary.
        """
        engine = self._live.engine
        if engine is None:
            return {}
        counts = engine.statistics()  # read beside the engine that goes on
        return {"entries": counts.overflow, "gaps": counts.gap_lost, "ids": counts.refused}

    @property
    def lag_ms(self) -> int:
        """How far the engine is behind what has been taken."""
        if self.engine.waiting_rows == 0:
            return 0
        return max(0, self._now() - self.engine.applied_clock)


def _what_to_fill(live: Live) -> tuple[int, tuple[int, int] | None]:
    """The clock, and the range that definitions without a past can read; None: they need none."""
    engine = live.engine
    needs = engine is not None and bool(engine.fresh)
    return live.clock, live.tail.range_at(live.clock) if needs else None


def _close(history: History) -> None:
    with suppress(LogUnavailable):  # a replay brings it back
        history.close()
