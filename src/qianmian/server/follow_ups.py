"""Follow-ups of customer service: which are open, who has one, how it ended.

They are in the database, so a restart loses none; what `Delivery` publishes again after one is
there already. A task ends with its deadline, when its strategy does not run any more, and when its
viewer said no. How it ended goes to the log, where the ledger spends or gives back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from qianmian.runtime.deployment import Deployment
from qianmian.runtime.follow_ups import (
    CLAIMED,
    DONE,
    MOST_HELD,
    OPEN,
    Claim,
    FollowUp,
    urgency,
)
from qianmian.server.delivering import FOLLOW_UP
from qianmian.server.errands import Errands, Settle
from qianmian.server.still import still_holding
from qianmian.storage.sql.audit import Actor
from qianmian.storage.sql.follow_ups import FollowUpStore, holder_of

Step = Literal["claim", "put_back", "done", "skipped"]
MOST_TAKEN: Final = 10
"""So many that others have are shown beside."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What one person sees, each list with the most urgent first.

    Attributes:
        waiting: how many are open in all.
    """

    mine: Sequence[FollowUp]
    open: Sequence[FollowUp]
    taken: Sequence[FollowUp]
    waiting: int


class FollowUpDesk(Errands[FollowUp]):
    """The follow-ups of a server; used on the event loop.

    Args:
        erased: whether a viewer was erased.
        now: ms UTC.
        settle: tells the log which decisions were delivered, and which never will be.
    """

    def __init__(
        self,
        store: FollowUpStore,
        deployment: Deployment,
        erased: Callable[[str], bool],
        now: Callable[[], int],
        settle: Settle,
    ) -> None:
        super().__init__(store, settle, (DONE,), erased)
        self._store = store
        self._deployment = deployment
        self._now = now

    async def of(self, who: Actor) -> Desk:
        """What somebody can do now.

        Raises: OperationalError.
        """
        me, now = holder_of(who), self._now()
        found = [one for one in await self._unfinished() if one.at <= now < one.deadline_at]
        found.sort(key=lambda one: urgency(one, now))
        free = [one for one in found if one.state == OPEN]
        return Desk(
            mine=[one for one in found if one.state == CLAIMED and one.holder == me],
            open=free[:MOST_HELD],
            taken=[one for one in found if one.state == CLAIMED and one.holder != me][:MOST_TAKEN],
            waiting=len(free),
        )

    async def deadlines(self) -> list[int]:
        """When the open ones end, ms UTC.

        Raises: OperationalError.
        """
        return [one.deadline_at for one in await self._unfinished() if one.state == OPEN]

    async def step(self, task: str, step: Step, by: Actor) -> Claim:
        """Claim one, put it back, or say what came of it; `claimed`: it is so.

        Of two who claim at once one gets it. What may not be done any more is `gone`.

        Raises: OperationalError.
        """
        if step == "claim" and not await self._may_still(task):
            self.wake()
            return "gone"
        if step == "claim":
            return await asyncio.to_thread(self._store.claim, task, by)
        if step == "put_back":
            return await asyncio.to_thread(self._store.put_back, task, by)
        found = await asyncio.to_thread(self._store.finish, task, by, step)
        self.wake()
        return found

    async def carry_on(self) -> None:
        """End what is over; people do the rest."""
        tasks = await asyncio.to_thread(self._store.unfinished)
        if tasks:
            now = self._now()
            expired = {one.id for one in tasks if one.deadline_at <= now}
            holding = await self._holding(tasks)
            if expired:
                await asyncio.to_thread(self._store.end, expired, "expired")
            withdrawn = {one.id for one in tasks} - expired - holding
            if withdrawn:
                await asyncio.to_thread(self._store.end, withdrawn, "withdrawn")

    async def _unfinished(self) -> list[FollowUp]:
        found = await asyncio.to_thread(self._store.unfinished)
        return [one for one in found if not self._erased(one.viewer)]

    async def _holding(self, tasks: Sequence[FollowUp]) -> set[str]:
        return await self._deployment.ask(lambda live: still_holding(live, FOLLOW_UP, tasks))

    async def _may_still(self, task: str) -> bool:
        now = self._now()
        mine = [one for one in await self._unfinished() if one.id == task and one.at <= now]
        return bool(await self._holding(mine))
