"""Keeps the catalog of the engine equal to the products that the shop's people keep.

The store is what people decided; the log is what the engine knows since when. Changes of one second
become one message, however many there were, also those of another process.
"""

from __future__ import annotations

import asyncio

from qianmian.runtime.deployment import Deployment
from qianmian.runtime.following import Following
from qianmian.storage.sql.products import ProductStore
from qianmian.vocabulary.product import Product


class Stocking(Following):
    """Brings what the store says to the engine."""

    look_s = 1.0

    def __init__(self, store: ProductStore, deployment: Deployment) -> None:
        self._store = store
        self._deployment = deployment
        self._number = -1

    async def follow(self) -> None:
        """Bring what the store says to the engine, if it has been changed since the last look.

        Raises: OperationalError when the database cannot be used or the log takes no more.
        """
        number = await asyncio.to_thread(self._store.number)
        if number == self._number:
            return
        if number > 0:  # a shop that keeps no products here may have told some in the log
            wanted = await asyncio.to_thread(self._products)
            if wanted != await self._deployment.ask(lambda live: live.products):
                await self._deployment.stock(wanted)
        self._number = number

    def _products(self) -> tuple[Product, ...]:
        return tuple(one.product for one in self._store.all())
