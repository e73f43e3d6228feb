"""Asks the shop's coupon system for the code of each act that shows an offer of such codes.

Between the decision and its way out: what is decided waits here until its code is kept, and goes
out then; no code, and it never goes. What the log says was decided is asked for again after a
restart, under the same id, so an act has one code at a system that keeps ids (decision 0057).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from qianmian.channels.coupons import Wanted
from qianmian.channels.verdict import Verdict
from qianmian.runtime.following import Woken
from qianmian.runtime.issued import ASKING, REFUSED, Issued
from qianmian.runtime.live import Live
from qianmian.runtime.outbox import wait_ms
from qianmian.server.errands import Settle
from qianmian.server.still import holding_of
from qianmian.storage.sql.issued import IssuedStore
from qianmian.vocabulary.consent import SHARE, may
from qianmian.vocabulary.decision import ACT, Decision
from qianmian.vocabulary.offer import Coupon, Offer

IN_FLIGHT: Final = 8
NOT_ISSUED: Final = "not_issued"
ISSUING: Final = "issuing"
UNANSWERED: Final = "issue_unanswered"


class Issuer(Protocol):
    """The coupon system of a shop."""

    @property
    def target(self) -> str:
        """The host that is called."""

    async def ask(self, wanted: Wanted, now_ms: int, *, within_ms: int) -> Coupon | Verdict:
        """Ask once; over before `within_ms` are."""

    async def test(self, name: str, now_ms: int) -> Verdict:
        """Try it out with something that makes no coupon."""


Holding = Callable[[Sequence["Order"]], Awaitable[tuple[set[str], set[str]]]]
"""The decisions that may still be carried out, and the viewers who share data."""


class Order(NamedTuple):
    """A decision that waits for its code.

    Attributes:
        channel: over which it goes out then.
        go_on: called when its code is there.
        next_at: not asked before, ms UTC.
    """

    decision: Decision
    offer: Offer
    channel: str
    go_on: Callable[[], None]
    attempts: int = 0
    next_at: int = 0


class Issuing(Woken):
    """The decisions of a server that wait for a code; used on the event loop.

    Args:
        issuer: None: the settings name none, and nothing that needs a code goes out.
        settle: tells the log what will never be delivered.
        erased: whether a viewer was erased.
        now: ms UTC.

    Attributes:
        undelivered: decisions that came to nothing for want of a code, by channel.
    """

    def __init__(
        self,
        store: IssuedStore,
        issuer: Issuer | None,
        holding: Holding,
        settle: Settle,
        *,
        erased: Callable[[str], bool],
        now: Callable[[], int],
        currency: str,
    ) -> None:
        super().__init__()
        self._store = store
        self.issuer = issuer
        self._holding = holding
        self._settle = settle
        self._erased = erased
        self._now = now
        self._currency = currency
        self._waiting: dict[str, Order] = {}
        self._released: list[str] = []
        self.undelivered: Counter[str] = Counter()

    def take(self, order: Order) -> None:
        """This needs a code before it goes out."""
        self._waiting.setdefault(order.decision.id, order)
        self.wake()

    async def coupon(self, decision: Decision) -> Coupon | None:
        """What goes out with a decision; None: nothing yet, or never.

        Raises: OperationalError.
        """
        found = await asyncio.to_thread(self._store.of, [decision.first])
        return None if decision.first not in found else found[decision.first].coupon

    async def ends(self, decisions: Iterable[Decision]) -> dict[str, str]:
        """Of those that did not go out for want of a code: why, as a code; by decision.

        Raises: OperationalError.
        """
        acts = [one for one in decisions if one.outcome == ACT and one.offer is not None]
        known = await asyncio.to_thread(self._store.of, {one.first for one in acts})
        told = {one.id: self._end(one, known.get(one.first)) for one in acts}
        return {name: end for name, end in told.items() if end}

    async def follow(self) -> None:
        """Ask for what is due, and tell the log what will never go out.

        Raises: Overloaded, LogUnavailable, OperationalError, and then it is tried again.
        """
        now = self._now()
        due = [
            one
            for one in self._waiting.values()
            if one.next_at <= now or one.decision.deadline_at <= now
        ]
        if due:
            holding, sharing = await self._holding(due)
            room = asyncio.Semaphore(IN_FLIGHT)
            await asyncio.gather(
                *(
                    self._tried(one, room, shares=one.decision.viewer in sharing)
                    if one.decision.id in holding
                    else self._never(one)
                    for one in due
                )
            )
        released = self._released.copy()
        if released:
            await self._settle([], released)
            del self._released[: len(released)]

    # -- parts

    async def _tried(self, order: Order, room: asyncio.Semaphore, *, shares: bool) -> None:
        """One attempt, if one may still be made."""
        async with room:
            decision = order.decision
            found = await asyncio.to_thread(self._store.begin, decision.first, order.offer.key)
            now = self._now()
            is_late = decision.deadline_at <= now or self._erased(decision.viewer or "")
            if found.state == ASKING and not is_late and self.issuer is not None:
                found = await self._asked(order, self.issuer, now, shares=shares)
            if found.coupon is not None:
                if self._waiting.pop(decision.id, None) is not None:
                    order.go_on()
            elif found.state == REFUSED or is_late or self.issuer is None:
                await self._never(order)

    async def _asked(self, order: Order, issuer: Issuer, now: int, *, shares: bool) -> Issued:
        """What is known after asking once."""
        decision, act = order.decision, order.decision.first
        wanted = Wanted(
            act=act,
            viewer=decision.viewer if shares else None,
            room=decision.room,
            at=decision.at,
            deadline_at=decision.deadline_at,
            strategy=decision.strategy,
            version=decision.version,
            product=decision.key,
            offer=order.offer,
            currency=self._currency,
        )
        answer = await issuer.ask(wanted, now, within_ms=decision.deadline_at - now)
        if isinstance(answer, Coupon):
            return await asyncio.to_thread(self._store.keep, act, answer)
        if answer.outcome == "rejected":
            return await asyncio.to_thread(self._store.refuse, act, answer.why)
        wait = max(wait_ms(order.attempts), answer.after_ms or 0)
        later = order._replace(attempts=order.attempts + 1, next_at=self._now() + wait)
        self._waiting[decision.id] = later
        return Issued(act=act, offer=order.offer.key, why=answer.why)

    async def _never(self, order: Order) -> None:
        """It does not go out: what it holds is given back, and the next step goes."""
        if self._waiting.pop(order.decision.id, None) is None:
            return
        self._released.append(order.decision.id)
        self.undelivered[order.channel] += 1

    def _end(self, decision: Decision, known: Issued | None) -> str:
        if known is None or known.coupon is not None:
            return ""
        if known.state == REFUSED:
            return NOT_ISSUED
        return ISSUING if decision.deadline_at > self._now() else UNANSWERED


def may_go(live: Live, orders: Sequence[Order]) -> tuple[set[str], set[str]]:
    """What `Holding` asks, from the state of the log."""
    holding = set[str]()
    for channel in {one.channel for one in orders}:
        mine = [one.decision for one in orders if one.channel == channel]
        holding |= holding_of(live, channel, mine)
    viewers = {one.decision.viewer for one in orders} - {None}
    sharing = {one for one in viewers if one and may(live.consents.of(one), SHARE)}
    return holding, sharing
