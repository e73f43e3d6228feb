"""Keeps the facts that the engine knows equal to the newest build and the shop's lists."""

from __future__ import annotations

import asyncio
from pathlib import Path

from qianmian.columns.fact_lists import facts_with_lists
from qianmian.errors import InputError, QianmianError
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.fact_files import newest, read_facts, write_facts
from qianmian.runtime.following import Following
from qianmian.runtime.refusals import Refusals
from qianmian.storage.sql.lists import ListStore
from qianmian.vocabulary.ids import DEFAULT_NAMESPACE

Wanted = tuple[str | None, int]
"""The newest build, and the number of the lists."""


class FactFollowing(Following):
    """Names a new build in the log, whoever built it, with the lists in it.

    Args:
        folder: of the builds.
        erased: who is in no build, whatever the lists still say.
    """

    def __init__(
        self,
        folder: Path,
        deployment: Deployment,
        lists: ListStore,
        erased: Refusals,
        namespace: str = DEFAULT_NAMESPACE,
    ) -> None:
        self._folder = folder
        self._deployment = deployment
        self._lists = lists
        self._erased = erased
        self._namespace = namespace
        self._known: Wanted | None = None
        self._following = asyncio.Lock()
        self._refused: Wanted | None = None

    async def follow(self) -> None:
        """Know the newest build and the newest lists, if they are not known.

        Raises: InputError when its file cannot be read, or it is of a day before what is known;
            OperationalError when the log takes no more.
        """
        async with self._following:
            wanted = await asyncio.to_thread(self._wanted)
            if wanted == self._known:
                return
            name = await asyncio.to_thread(self._file, wanted[0])
            if name is not None and name != await self._deployment.ask(
                lambda live: live.facts_hash
            ):
                await self._deployment.know(name)
            self._known = wanted

    async def look(self) -> QianmianError | None:
        """`follow`, but not again what was refused: it would be refused again and again."""
        wanted = await asyncio.to_thread(self._wanted)
        if wanted == self._refused:
            return self.problem
        problem = await super().look()
        self._refused = wanted if isinstance(problem, InputError) else None
        return problem

    def _wanted(self) -> Wanted:
        return newest(self._folder), self._lists.number()

    def _file(self, build: str | None) -> str | None:
        """The file of a build with the lists; the build itself where there never was a list."""
        if not self._lists.newest() and self._lists.number() == 0:
            return build
        while True:
            known = len(self._erased)
            path = write_facts(self._folder, self._with_lists(build))
            if known == len(self._erased):  # who is erased later is found in this file, too
                return path.stem.removeprefix("facts-")
            path.unlink(missing_ok=True)

    def _with_lists(self, build: str | None) -> bytes:
        facts = None if build is None else read_facts(self._folder, build)
        lists = self._lists.newest()
        if len(self._erased):
            lists = {
                key: [one for one in viewers if not self._erased.has(one)]
                for key, viewers in lists.items()
            }
        return facts_with_lists(facts, lists, namespace=self._namespace)
