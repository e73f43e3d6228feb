"""Steps that may follow: what a decision does next when its step has not reached, or not sufficed.

A step is followed by the next one when its wait is over and it has not reached; where it waits for
an event of the viewer, when that event has not come, whether it reached or not. Everything here is
found in the log: receipts, what was settled, events, the end of a session (decision 0040).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from heapq import heappop, heappush
from typing import Any, Final, NamedTuple

import msgspec

from qianmian.strategies.strategy import IN_SESSION, Strategy
from qianmian.vocabulary.decision import ACT, Decision

RECEIPT_MS: Final = 2_000
"""So long after the end of its wait a step that was delivered in time may still say so."""


class Chain(NamedTuple):
    """A decision of which further steps may go.

    Attributes:
        decision: of the step that went last.
        began: when the first decision was made.
        due: when the next step goes, unless something ends the chain before.
        waits_for: the event that ends it; "": that the step has reached.
        is_reached: the step has reached, or would have: of who is held out it is taken as given.
        is_over: the session has ended: nothing reaches its room any more.
        was_reached: a step before that of `decision` has reached.

    Units: began, due in ms UTC.
    """

    decision: Decision
    began: int
    due: int
    waits_for: str
    is_reached: bool
    is_over: bool = False
    was_reached: bool = False

    @property
    def is_paid(self) -> bool:
        """Whether what goes with it has been given, so that no further step costs anything."""
        return self.is_reached or self.was_reached


def chain_of(decision: Decision, before: Chain | None, strategy: Strategy) -> Chain | None:
    """What may follow a decision that acts or is held out; None: nothing any more.

    Args:
        before: the chain whose next step this decision is; None: it is the first.
    """
    began = decision.at if before is None else before.began
    is_over = before is not None and before.is_over
    was_reached = before is not None and before.is_paid
    if decision.step + 1 >= len(strategy.steps):
        return None
    step = strategy.steps[decision.step]
    is_sent = decision.outcome == ACT and not decision.is_rehearsal
    if step.wait_for:
        due = decision.not_before + step.waits_ms
        return Chain(decision, began, due, step.wait_for, not is_sent, is_over, was_reached)
    if not is_sent:
        return None  # as if it had reached
    due = decision.deadline_at + RECEIPT_MS
    return Chain(decision, began, due, "", False, is_over, was_reached)


class Chains:
    """The chains that are open, and which of them is due first.

    Cost: O(log n) to open one; reading what is due costs nothing while nothing is. Memory: an
    entry for each decision with a step that may still go.
    """

    def __init__(self) -> None:
        self._open: dict[str, Chain] = {}
        self._viewers: dict[str, set[str]] = {}
        self._due: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._open)

    def open(self, chain: Chain) -> None:
        """One more, or another state of one that is open."""
        decision = chain.decision
        self._open[decision.id] = chain
        if decision.viewer is not None:
            self._viewers.setdefault(decision.viewer, set()).add(decision.id)
        heappush(self._due, (chain.due, decision.id))

    def close(self, decision: str) -> Chain | None:
        """It is over; as it was."""
        chain = self._open.pop(decision, None)
        viewer = None if chain is None else chain.decision.viewer
        if viewer is not None:
            mine = self._viewers[viewer]
            mine.discard(decision)
            if not mine:
                del self._viewers[viewer]
        return chain

    def first(self, before: int) -> Chain | None:
        """The one that is due first, if that is before an instant; it stays open."""
        while self._due and self._due[0][0] < before:
            due, decision = self._due[0]
            chain = self._open.get(decision)
            if chain is not None and chain.due == due:
                return chain
            heappop(self._due)  # closed, or due at another instant
        return None

    # -- what the log says

    def reach(self, decisions: Iterable[str]) -> None:
        """These reached: no other step goes, unless it waits for an event."""
        for one in decisions:
            chain = self._open.get(one)
            if chain is not None and chain.waits_for:
                self._open[one] = chain._replace(is_reached=True)
            elif chain is not None:
                self.close(one)

    def fail(self, decisions: Iterable[str], at: int) -> None:
        """These will never reach: the next step goes now."""
        for one in decisions:
            chain = self._open.get(one)
            if chain is not None and not chain.is_reached and not chain.waits_for:
                self.open(chain._replace(due=min(chain.due, at)))

    def happened(self, viewer: str, event: str) -> None:
        """An event of a viewer: what waits for it is over."""
        for one in sorted(self._viewers.get(viewer, ())):
            if self._open[one].waits_for == event:
                self.close(one)

    def end_session(self, room: str, session: str | None, at: int) -> None:
        """Nothing reaches a room any more in its sessions but this one; None: in none."""
        ended = [
            one
            for one in self._open.values()
            if (one.decision.room, one.is_over) == (room, False) and one.decision.session != session
        ]
        for one in ended:
            self._open[one.decision.id] = one._replace(is_over=True)
        self.fail((one.decision.id for one in ended if _is_in_room(one.decision)), at)

    # -- people

    def link(self, anonymous: str, known: str) -> None:
        """Two ids are one person from now on."""
        for one in sorted(self._viewers.get(anonymous, ())):
            chain = self.close(one)
            if chain is not None:
                decision = msgspec.structs.replace(chain.decision, viewer=known)
                self.open(chain._replace(decision=decision))

    def forget(self, viewers: Collection[str]) -> None:
        """Nothing follows for these viewers."""
        for viewer in viewers:
            for one in sorted(self._viewers.get(viewer, ())):
                self.close(one)

    # -- snapshot

    def snapshot(self) -> list[Any]:
        """Everything, as JSON."""
        return [
            [msgspec.to_builtins(one.decision), *one[1:]] for _, one in sorted(self._open.items())
        ]

    def restore(self, stored: Iterable[Any]) -> None:
        """The opposite of `snapshot`."""
        self._open, self._viewers, self._due = {}, {}, []
        for decision, *rest in stored:
            self.open(Chain(msgspec.convert(decision, Decision), *rest))


def _is_in_room(decision: Decision) -> bool:
    return not IN_SESSION.isdisjoint(decision.channels[:1])
