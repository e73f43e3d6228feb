"""Codes of offers on their way out: read when they are sent, and had again if nobody saw them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from qianmian.runtime.codes import Claim, claim_of
from qianmian.runtime.deployment import Deployment
from qianmian.storage.sql.codes import CodeStore
from qianmian.storage.sql.issued import IssuedStore
from qianmian.vocabulary.decision import Decision


class CodeDesk:
    """The codes of a server; used on the event loop."""

    def __init__(self, store: CodeStore, issued: IssuedStore, deployment: Deployment) -> None:
        self._store = store
        self._issued = issued
        self._deployment = deployment

    async def of(self, decision: Decision) -> str | None:
        """The code that goes out with a decision now; None: none does.

        Raises: OperationalError when the database cannot be used.
        """
        claim = claim_of(decision)
        return None if claim is None else await self.read(claim)

    async def read(self, claim: Claim) -> str | None:
        """The code that was promised, which somebody sees now; None where another act has it.

        Raises: OperationalError.
        """
        if claim.place is not None:
            return await asyncio.to_thread(self._store.read, claim)
        found = await asyncio.to_thread(self._issued.of, [claim.owner])
        return found[claim.owner].code if claim.owner in found else None

    async def settle(self, delivered: Sequence[str], released: Sequence[str]) -> None:
        """Tell the log what became of decisions; a code that nobody has read can be had again.

        Raises: Overloaded, LogUnavailable, OperationalError.
        """
        seen = await asyncio.to_thread(self._store.read_by, released)
        unseen = [one for one in released if one not in seen]
        await self._deployment.settle_decisions(delivered, released, unseen)

    async def settle_sent(self, delivered: Sequence[str], released: Sequence[str]) -> None:
        """The same of a channel that knows of what it gives back that it arrived nowhere.

        Raises: as `settle`.
        """
        await asyncio.to_thread(self._store.unread, released)
        await self.settle(delivered, released)
