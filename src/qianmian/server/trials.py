"""Trials of strategies on recorded sessions, one after the other on a thread of their own.

What they found is kept until the server stops; nothing of it is in the log.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from qianmian.bootstrap.installation import Installation, empty_live
from qianmian.errors import NotThere, Overloaded, QianmianError
from qianmian.language.definition import Definition
from qianmian.runtime.definition_desk import DefinitionDesk
from qianmian.runtime.trial import Given, Recorded, Trial, try_strategy
from qianmian.server.strategy_desk import StrategyDesk
from qianmian.storage.recorded_sessions import recorded_sessions
from qianmian.storage.session_review import SessionReview, session_review
from qianmian.strategies.strategy import Strategy

MOST_WAITING: Final = 8
State = Literal["running", "done", "failed"]
Name = tuple[str, int]
"""A strategy and its version."""


@dataclass(slots=True)
class TrialState:
    """How far a trial has come: messages applied, and messages in all (0: not known yet)."""

    session: Recorded
    done: int = 0
    total: int = 0
    trial: Trial | None = None
    problem: QianmianError | None = None
    run: Future[None] | None = None

    @property
    def state(self) -> State:
        """Whether it goes on; a fault of ours ends it without a problem that could be told."""
        if self.trial is not None:
            return "done"
        has_ended = self.run is not None and self.run.done()
        return "failed" if self.problem is not None or has_ended else "running"


class _Stopped(Exception):
    """The server stops, and nobody will ask any more."""


class TrialDesk:
    """The trials of one running server; used on the event loop.

    Args:
        flushed: writes what history was told and has not written; called on another thread.
    """

    def __init__(
        self,
        home: Installation,
        strategies: StrategyDesk,
        definitions: DefinitionDesk,
        flushed: Callable[[], None],
    ) -> None:
        self._home = home
        self._strategies = strategies
        self._definitions = definitions
        self._flushed = flushed
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="trial")
        self._stopping = threading.Event()
        self._states: dict[Name, TrialState] = {}

    async def sessions(self) -> list[Recorded]:
        """The sessions that can be tried on, newest first.

        Raises: LogProblem when history cannot be read.
        """

        def read() -> list[Recorded]:
            self._flushed()
            return recorded_sessions(self._home.settings.home / "history")

        return await asyncio.to_thread(read)

    async def review(self, room: str, session: str) -> SessionReview:
        """What happened in a recorded session.

        Raises: NotThere; LogProblem when history cannot be read.
        """
        settings = self._home.settings
        history, shop = settings.home / "history", settings.namespace
        for one in await self.sessions():
            if (one.room, one.session) == (room, session):
                return await asyncio.to_thread(session_review, history, one, shop)
        raise NotThere(f'room "{room}" has no recorded session "{session}"')

    async def begin(self, key: str, version: int, room: str, session: str) -> TrialState:
        """Begin to try a version on a session; a trial of it before is forgotten.

        Raises: NotThere; InputError, DefinitionError for a strategy that could not run; Overloaded
            while too many wait.
        """
        waiting = sum(one.state == "running" for one in self._states.values())
        if waiting >= MOST_WAITING:
            raise Overloaded("so many trials are waiting already; try again when one is done")
        found = [one for one in await self.sessions() if (one.room, one.session) == (room, session)]
        if not found:
            raise NotThere(f'room "{room}" has no recorded session "{session}"')
        given = await self._given(await self._strategy(key, version))
        state = self._states[key, version] = TrialState(found[0])
        state.run = self._pool.submit(self._run, given, state)
        return state

    def state(self, key: str, version: int) -> TrialState | None:
        """The newest trial of a version; None: there was none since the server started."""
        return self._states.get((key, version))

    def close(self) -> None:
        """Stop what is running."""
        self._stopping.set()
        self._pool.shutdown(cancel_futures=True)

    async def _strategy(self, key: str, version: int) -> Strategy:
        entry = await self._strategies.entry(key)
        there = [one.strategy for one in entry.versions]
        for one in there if entry.of_file is None else [*there, entry.of_file]:
            if one.version == version:
                return one
        raise NotThere(f'the strategy "{key}" has no version {version}')

    async def _given(self, strategy: Strategy) -> Given:
        await self._strategies.check(strategy)
        in_force = self._strategies.in_force
        offers = tuple(await self._strategies.offers())
        now = msgspec.structs.replace(in_force.rules, offers=offers)
        active = await self._definitions.active()
        products = await asyncio.to_thread(self._home.catalog.all)

        def watch(definitions: Sequence[Definition]) -> Definition:
            return in_force.check(strategy, definitions, offers)

        watched = (*active, *in_force.watched(active))
        return Given(strategy, watch, now, watched, [one.product for one in products])

    def _run(self, given: Given, state: TrialState) -> None:
        def advance(done: int, total: int) -> None:
            state.done, state.total = done, total
            if self._stopping.is_set():
                raise _Stopped

        live = empty_live(self._home.settings)
        try:
            state.trial = try_strategy(live, self._home.log, given, state.session, advance=advance)
        except QianmianError as problem:
            state.problem = problem
