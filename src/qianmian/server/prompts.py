"""What the host of a room should say next: cards of strategies, each until its deadline.

Decisions that have the same words for the host are one card: the tenth who asks the price hears
what is said to the first. A card that the host has said counts as delivered for all of them; one
that was skipped or ran out gives back what it held. Cards are in memory: after a restart those
that still hold are published again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from qianmian.errors import NotThere, OperationalError
from qianmian.server.errands import Settle

Answer = Literal["said", "skipped"]

MOST_OPEN: Final = 200
"""Decisions in one room; a host who is so far behind reads the most important ones only."""
MOST_ANSWERED: Final = 1_000


class Prompt(msgspec.Struct, frozen=True):
    """One card, for so many viewers (0: the whole room). Units: at, deadline_at in ms UTC."""

    id: str
    room: str
    at: int
    deadline_at: int
    title: str
    body: str
    product: str | None
    link_number: int | None
    why: str
    priority: int
    viewers: int = 1


class HostPrompts:
    """The open cards of all rooms; used on the event loop.

    Args:
        settle: tells the log which decisions were delivered, and which never will be.
        now: ms UTC.
    """

    def __init__(self, settle: Settle, now: Callable[[], int]) -> None:
        self._settle = settle
        self._now = now
        self._open: dict[str, dict[str, Prompt]] = {}  # by room and decision
        self._answered: dict[str, None] = {}

    def take(self, prompt: Prompt) -> None:
        """What the host should say because of a decision; what was answered stays answered."""
        if prompt.id in self._answered:
            return
        mine = self._open.setdefault(prompt.room, {})
        mine[prompt.id] = prompt
        if len(mine) > MOST_OPEN:
            del mine[max(mine.values(), key=_order).id]

    def take_back(self, prompt: str, room: str) -> bool:
        """The host should not say it any more; False when it was not open."""
        return self._open.get(room, {}).pop(prompt, None) is not None

    def open(self, room: str) -> list[Prompt]:
        """The cards of a room, the one to say next first; each until the last deadline in it."""
        mine = self._open.get(room, {})
        for one in [one for one in mine.values() if one.deadline_at <= self._now()]:
            del mine[one.id]
        if not mine:
            self._open.pop(room, None)
        cards: dict[tuple[str, str], Prompt] = {}
        for one in sorted(mine.values(), key=_order):
            words = one.title, one.body
            first = cards.setdefault(words, one)
            if first is not one:
                cards[words] = msgspec.structs.replace(
                    first,
                    viewers=first.viewers + one.viewers,
                    deadline_at=max(first.deadline_at, one.deadline_at),
                )
        return list(cards.values())

    async def answer(self, room: str, prompt: str, answer: Answer) -> None:
        """The host has said it, or passes it over. Two who answer at once: the first counts.

        Raises: NotThere when it is not open (any more); Overloaded, LogUnavailable.
        """
        self.open(room)  # without what has run out
        mine = self._open.get(room, {})
        if prompt not in mine:
            raise NotThere("this card is not open any more")
        words = mine[prompt].title, mine[prompt].body
        meant = [one.id for one in mine.values() if (one.title, one.body) == words]
        taken = {one: mine.pop(one) for one in meant}
        self._answered |= dict.fromkeys(meant)
        while len(self._answered) > MOST_ANSWERED:
            del self._answered[next(iter(self._answered))]
        is_said = answer == "said"
        try:
            await self._settle(meant if is_said else [], [] if is_said else meant)
        except OperationalError:  # the log does not know: the host may answer again
            for one in meant:
                self._answered.pop(one, None)
            self._open.setdefault(room, {}).update(taken)
            raise


def _order(one: Prompt) -> tuple[int, int, str]:
    """The most important first, of these the one that runs out first."""
    return -one.priority, one.deadline_at, one.id
