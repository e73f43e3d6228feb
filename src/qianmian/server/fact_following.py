"""Keeps the facts that the engine knows equal to the newest build, whoever built it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from qianmian.errors import InputError, QianmianError
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.fact_files import newest

LOOK_S: Final = 2.0


class FactFollowing:
    """Names a new build in the log.

    Args:
        folder: of the builds.

    Attributes:
        problem: why the last look failed; None when it did not.
    """

    def __init__(self, folder: Path, deployment: Deployment) -> None:
        self._folder = folder
        self._deployment = deployment
        self.problem: QianmianError | None = None

    async def follow(self) -> None:
        """Know the newest build, if it is not known.

        Raises: InputError when its file cannot be read, or it is of a day before what is known;
            OperationalError when the log takes no more.
        """
        name = await asyncio.to_thread(newest, self._folder)
        if name is not None and name != await self._deployment.ask(lambda live: live.facts_hash):
            await self._deployment.know(name)

    async def keep_following(self) -> None:
        """`follow` until cancelled; a problem is kept for the page of data health."""
        refused: str | None = None
        while True:
            name = await asyncio.to_thread(newest, self._folder)
            try:
                if name != refused:
                    await self.follow()
                    self.problem = None
            except InputError as problem:  # it would be refused again and again
                self.problem, refused = problem, name
            except QianmianError as problem:
                self.problem = problem
            await asyncio.sleep(LOOK_S)
