"""Keeps the identity graph of the pages equal to what history says."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from qianmian.errors import QianmianError
from qianmian.storage.history_person import links_since
from qianmian.storage.sql.identities import IdentityStore

LOOK_S: Final = 2.0


class IdentityFollowing:
    """Brings new links of history into the store.

    Args:
        folder: of the history.

    Attributes:
        problem: why the last look failed; None when it did not.
    """

    def __init__(self, folder: Path, store: IdentityStore) -> None:
        self._folder = folder
        self._store = store
        self.problem: QianmianError | None = None

    def follow(self) -> None:
        """Read what is new.

        Raises: LogProblem when a file cannot be read; OperationalError when the database cannot be
            used.
        """
        before = self._store.stop()
        said, stop = links_since(self._folder, before)
        if stop > before:
            self._store.take(said, stop)

    async def keep_following(self) -> None:
        """`follow` until cancelled; a problem is kept for the page of data health."""
        while True:
            try:
                await asyncio.to_thread(self.follow)
                self.problem = None
            except QianmianError as problem:
                self.problem = problem
            await asyncio.sleep(LOOK_S)
