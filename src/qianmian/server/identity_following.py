"""Keeps the identity graph of the pages equal to what history says."""

from __future__ import annotations

import asyncio
from pathlib import Path

from qianmian.runtime.following import Following
from qianmian.storage.history_person import links_since
from qianmian.storage.sql.identities import IdentityStore


class IdentityFollowing(Following):
    """Brings new links of history into the store.

    Args:
        folder: of the history.
    """

    look_s = 2.0

    def __init__(self, folder: Path, store: IdentityStore) -> None:
        self._folder = folder
        self._store = store

    async def follow(self) -> None:
        """`read`, on another thread."""
        await asyncio.to_thread(self.read)

    def read(self) -> None:
        """Bring what is new.

        Raises: LogProblem when a file cannot be read; OperationalError when the database cannot be
            used.
        """
        before = self._store.stop()
        said, stop = links_since(self._folder, before)
        if stop > before:
            self._store.take(said, stop)
