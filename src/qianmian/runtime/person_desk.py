"""Erases persons while everything runs, in steps that can be done again after a crash.

    ask (a row in the database) -> refuse their events -> the engine forgets -> every store forgets
         -> done (ids and key are dropped; counts and a keyed hash stay)

Whoever asks, the page or a command beside the server, writes a row; this task does it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from qianmian.columns.erasure import tombstones
from qianmian.errors import OperationalError
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.following import Following
from qianmian.runtime.persons import Erasure, Forgets, Tells, ids_of
from qianmian.runtime.refusals import Refusals

KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Request:
    """A person is to be erased.

    Attributes:
        id: of the request.
        mark: keyed hash of the id that was asked for, hex: the audit knows it by that.
        viewers: every id, while it is not done; found when it begins.
        key: of the tombstones, while it is not done.
        step: the store that is being done, or `asked`, `done`.
        report: by store, how many places were changed.

    Units: ms UTC.
    """

    id: str
    mark: str
    asked_at: int
    asked_by: str
    reason: str
    step: str
    viewers: tuple[str, ...] = ()
    key: bytes = b""
    done_at: int | None = None
    report: Mapping[str, int] | None = None


class Requests(Protocol):
    """Where requests are kept, and the marks of those who were erased."""

    def waiting(self) -> list[Request]:
        """Those that are not done, oldest first."""

    def begin(self, request: Request, marks: Sequence[bytes]) -> None:
        """Keep its ids and key, and the marks: from now on it can only be finished."""

    def step(self, request_id: str, step: str) -> None:
        """What is being done."""

    def finish(self, request: Request, report: Mapping[str, int]) -> None:
        """It is done: forget ids and key, and tell the audit."""


class PersonDesk(Following):
    """Does what `Requests` waits for.

    Args:
        write_facts_again: builds of facts without these viewers: new names by old ones.
        flush: writes what other processes should see; called at each look.
    """

    def __init__(
        self,
        requests: Requests,
        deployment: Deployment,
        refusals: Refusals,
        tells: Tells,
        stores: Sequence[Forgets],
        write_facts_again: Callable[[frozenset[str]], Mapping[str, str]],
        *,
        namespace: str,
        flush: Callable[[], None] = lambda: None,
    ) -> None:
        self._requests = requests
        self._deployment = deployment
        self._refusals = refusals
        self._tells = tells
        self._stores = tuple(stores)
        self._write_facts_again = write_facts_again
        self._namespace = namespace
        self._flush = flush
        deployment.refuses = refusals.in_batch

    async def follow(self) -> None:
        """Do all that waits.

        Raises: QianmianError, and then it is tried again.
        """
        try:
            await asyncio.to_thread(self._flush)
            for request in await asyncio.to_thread(self._requests.waiting):
                await self._erase(request)
        except OSError as problem:
            raise OperationalError(f"a person could not be erased yet: {problem}") from problem

    async def _erase(self, asked: Request) -> None:
        request = asked
        if not request.key:
            viewers = await self._every_id(request.viewers[0])
            request = replace(request, viewers=viewers, key=os.urandom(KEY_BYTES))
        marks = [self._refusals.mark_of(viewer) for viewer in request.viewers]
        await asyncio.to_thread(self._requests.begin, request, marks)
        self._refusals.add(marks)
        named = tombstones(request.viewers, request.key, namespace=self._namespace)
        gone = frozenset(named)
        report: dict[str, int] = {}
        forgetting = self._deployment.forgetting(named, lambda: self._write_facts_again(gone))
        async with forgetting as (before, facts):
            erasure = Erasure(named, before, facts)
            for store in self._stores:
                await asyncio.to_thread(self._requests.step, request.id, store.name)
                report[store.name] = await asyncio.to_thread(store.forget, erasure)
        await asyncio.to_thread(self._requests.finish, request, report)

    async def _every_id(self, viewer: str) -> tuple[str, ...]:
        """The ids of a person, all of them refused by now, so that none is linked any more."""
        found = frozenset({viewer})
        while True:
            self._refusals.add(self._refusals.mark_of(one) for one in found)
            await self._deployment.settle()
            links = await asyncio.to_thread(lambda: list(self._tells.links()))
            wider = ids_of(viewer, links) | found
            if wider == found:
                return tuple(sorted(found))
            found = wider
