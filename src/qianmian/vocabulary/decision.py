"""A decision: what a strategy did about a firing, or at a scheduled instant.

Its id is its content, as that of a firing is.

SEMANTICS, DECISION and DIGEST.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from qianmian.vocabulary.firing import canonical_json, hash128

Outcome = Literal["act", "held_out", "suppressed"]

ACT: Final = "act"
HELD_OUT: Final = "held_out"
SUPPRESSED: Final = "suppressed"


class Decision(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a strategy did about a firing or a schedule, and all that is needed to carry it out.

    Attributes:
        id: hash128(firing, strategy@version); of a schedule hash128(viewer, strategy@version,
            instant); of a later step hash128 of that and its place.
        firing: id of the firing; of a schedule that of the decision.
        scheduled_at: the instant of a schedule; 0: it answers a firing.
        viewer: None: for everybody in the room.
        outcome: act; held_out: the same as act but for the message, which is not sent; suppressed.
        reason: why held out or suppressed, as a code (`locales/*/decisions.json`); "" for an act.
        about: what the reason is about: the strategy that won, the limit, the offer.
        channels: the steps that may be tried, in this order; empty when nothing is to be sent.
        offer: key of the offer that goes with it.
        is_rehearsal: of a strategy in dry run: nothing is sent, and nobody's limits are touched.
        step: which of the strategy's steps goes, the first of `channels`; from 0 on.
        after: id of the decision whose step went before this one; "" for the first.
        code: which code of the offer goes with it, as its place in the pool; the code itself is a
            secret, and in no log. None: the offer has none, or nothing is sent.

    Units: at, not_before, deadline_at, scheduled_at in ms UTC; cost_minor in minor units of the
    shop's currency.
    """

    id: str
    at: int
    viewer: str | None
    room: str
    session: str
    strategy: str
    version: int
    firing: str
    outcome: Outcome
    reason: str = ""
    about: str = ""
    moment: str = ""
    key: str | None = None
    channels: tuple[str, ...] = ()
    offer: str | None = None
    cost_minor: int = 0
    not_before: int = 0
    deadline_at: int = 0
    is_rehearsal: bool = False
    step: int = 0
    after: str = ""
    scheduled_at: int = 0
    code: int | None = None

    @property
    def first(self) -> str:
        """The id of the decision that its step belongs to; its own, if it is the first."""
        if self.scheduled_at:
            return self.firing
        return decision_id(self.firing, self.strategy, self.version)

    @property
    def order(self) -> tuple[int, str]:
        """The order in which a shop decides: by decision time, then by firing."""
        return self.at, self.firing


def decision_id(firing: str, strategy: str, version: int) -> str:
    """The id of what a version of a strategy does about a firing."""
    return hash128(firing, f"{strategy}@{version}")


def schedule_id(viewer: str, strategy: str, version: int, at: int) -> str:
    """The id of what a version of a strategy does about a viewer at a scheduled instant."""
    return hash128(viewer, f"{strategy}@{version}", at)


def step_id(decision: str, step: int) -> str:
    """The id of one step of a decision; also the idempotency key of what is sent."""
    return hash128(decision, step)


def decision_digest(decisions: Iterable[Decision]) -> str:
    """SHA-256 over one canonical JSON line per decision, sorted by (at, id)."""
    told = hashlib.sha256()
    for one in sorted(decisions, key=lambda one: (one.at, one.id)):
        line = {
            "at": one.at,
            "id": one.id,
            "outcome": one.outcome,
            "reason": one.reason,
            "strategy": one.strategy,
        }
        told.update((canonical_json(line) + "\n").encode())
    return told.hexdigest()
