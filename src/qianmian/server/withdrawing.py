"""What pages and hosts are shown because of decisions, taken back when that does not hold any more.

The red switch, a strategy that is paused or replaced, a viewer who says no or is erased, the end of
the session: each is asked about every half second, and once more before somebody new is shown what
is there. What nobody has said to have had gives back what it held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal

from qianmian.runtime.deployment import Deployment
from qianmian.runtime.following import Woken
from qianmian.server.delivering import IN_ROOM
from qianmian.server.errands import Settle
from qianmian.server.prompts import HostPrompts
from qianmian.server.still import still_shown
from qianmian.server.viewers.hub import ViewersHub
from qianmian.vocabulary.decision import Decision

AT_ONCE: Final = 1_000
"""So many are asked about together: the engine decides nothing meanwhile."""

Found = Literal["unseen", "seen", "gone"]
"""How it was when it was taken back. `seen`: somebody said they had it; `gone`: it was answered."""

TakeBack = Callable[[Decision], Found]
Place = tuple[str, str, str | None]
"""A channel, a room, and whose page it is; None: everybody's, or the host's."""


class Withdrawals(Woken):
    """What is shown in rooms, until its deadline; used on the event loop.

    Args:
        ways: how each channel takes something back.
        settle: tells the log which decisions were delivered, and which never will be.
        erased: whether a viewer was erased.
        now: ms UTC.

    Attributes:
        counts: how many were taken back, by channel.

    Cost: one question to the engine for each `AT_ONCE` that are shown, each half second.
    """

    def __init__(
        self,
        deployment: Deployment,
        ways: Mapping[str, TakeBack],
        settle: Settle,
        *,
        erased: Callable[[str], bool],
        now: Callable[[], int],
    ) -> None:
        super().__init__()
        self._deployment = deployment
        self._ways = ways
        self._settle = settle
        self._erased = erased
        self._now = now
        self._shown: dict[Place, dict[str, Decision]] = {}
        self._released: list[str] = []
        self.counts: Counter[str] = Counter()

    def note(self, channel: str, decision: Decision) -> None:
        """It is shown from now on."""
        self._shown.setdefault(_place(channel, decision), {})[decision.id] = decision

    async def check(self, channel: str, room: str, viewer: str | None = None) -> None:
        """Take back what may not be shown any more at one place."""
        mine = self._shown.get((channel, room, viewer))
        if mine:
            await self._check(channel, list(mine.values()))

    async def check_page(self, viewer: str, room: str) -> None:
        """As `check`, of everything that a page of a viewer is shown in a room."""
        await self.check(IN_ROOM, room, viewer)
        await self.check(IN_ROOM, room)

    def refuse(self, viewer: str) -> None:
        """A viewer says no on their page: what is about them goes, before the log knows why.

        What is taken back later is known by nobody to have been seen or not: it was forgotten.
        """
        for channel, mine in [(place[0], dict(mine)) for place, mine in self._shown.items()]:
            for one in mine.values():
                if one.viewer == viewer:
                    self._take_back(channel, one)

    async def follow(self) -> None:
        """Take back what may not be shown any more anywhere, and tell the log.

        Raises: Overloaded, LogUnavailable, OperationalError, and then it is told again.
        """
        self._forget_old()
        for channel in self._ways:
            every = [
                one
                for place, mine in self._shown.items()
                if place[0] == channel
                for one in mine.values()
            ]
            for begin in range(0, len(every), AT_ONCE):
                await self._check(channel, every[begin : begin + AT_ONCE])
        told = self._released.copy()
        if told:
            await self._settle([], told)
            del self._released[: len(told)]

    # -- parts

    async def _check(self, channel: str, shown: Iterable[Decision]) -> None:
        shown = [one for one in shown if one.deadline_at > self._now()]
        holding = await self._deployment.ask(lambda live: still_shown(live, channel, shown))
        for one in shown:
            if one.id not in holding or (one.viewer is not None and self._erased(one.viewer)):
                self._take_back(channel, one)

    def _take_back(self, channel: str, decision: Decision) -> None:
        mine = self._shown.get(_place(channel, decision), {})
        if mine.pop(decision.id, None) is None:
            return  # somebody else asked at the same time
        found = self._ways[channel](decision)
        if found != "gone":
            self.counts[channel] += 1
        if found == "unseen":
            self._released.append(decision.id)
            self.wake()

    def _forget_old(self) -> None:
        now = self._now()
        for place, mine in list(self._shown.items()):
            self._shown[place] = {key: one for key, one in mine.items() if one.deadline_at > now}
            if not self._shown[place]:
                del self._shown[place]


def _place(channel: str, decision: Decision) -> Place:
    return channel, decision.room, decision.viewer if channel == IN_ROOM else None


def from_pages(hub: ViewersHub) -> TakeBack:
    """Pages are told to hide it, and nobody who comes is given it."""

    def take_back(decision: Decision) -> Found:
        where = decision.id, decision.room, decision.viewer
        is_acked = hub.is_acked(*where)
        hub.withdraw(*where)
        return "seen" if is_acked else "unseen"

    return take_back


def from_host(prompts: HostPrompts) -> TakeBack:
    """The host is not asked to say it any more."""

    def take_back(decision: Decision) -> Found:
        return "unseen" if prompts.take_back(decision.id, decision.room) else "gone"

    return take_back
