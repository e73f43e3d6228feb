"""A follow-up: a viewer whom customer service should write to before a deadline, and with what.

    open -> claimed -> done | skipped
      |        |
      +--------+----> expired (its time is over) | withdrawn (nobody may write any more)

Who claims one has it alone; whoever puts it back leaves it to the others.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from qianmian.runtime.codes import Claim as CodeClaim
from qianmian.vocabulary.time import MINUTE_MS, SECOND_MS

State = Literal["open", "claimed", "done", "skipped", "expired", "withdrawn"]
End = Literal["done", "skipped", "expired", "withdrawn"]
Claim = Literal["claimed", "taken", "gone", "full"]
"""What came of a claim; `full`: whoever asks holds as many as one person can write to."""

OPEN: Final = "open"
CLAIMED: Final = "claimed"
DONE: Final = "done"

MOST_HELD: Final = 30
"""So many one person may hold at once, and so many that are free they are shown."""
LEAST_LEFT_MS: Final = MINUTE_MS // 2
"""With less time left a task is not more urgent: nobody writes faster."""


class FollowUp(msgspec.Struct, frozen=True, kw_only=True):
    """One task.

    Attributes:
        id: of the decision.
        names: of the strategy, by language; may be empty.
        product, link_number: what the moment was about.
        title, body: words that the shop suggests.
        at: since when it may be done: quiet hours have held it until then.
        value_minor: what it is expected to bring, or the price of the product, minor units of the
            shop's currency.
        claim: the code of the offer that goes with it, for whoever claimed the task.
        holder: who claimed it, as `kind:id`; "": nobody.

    Units: at, deadline_at in ms UTC.
    """

    id: str
    viewer: str
    room: str
    at: int
    deadline_at: int
    strategy: str
    version: int
    names: dict[Literal["zh", "en"], str]
    moment: str
    product: str | None
    link_number: int | None
    title: str
    body: str
    offer: str | None
    value_minor: int
    priority: int
    claim: CodeClaim | None = None
    state: State = "open"
    holder: str = ""
    holder_name: str = ""


def urgency(one: FollowUp, now_ms: int) -> tuple[float, int, int, str]:
    """The smallest comes first: by what is lost with each second that is left.

    What brings more comes first, and of two that bring the same the one that runs out first; a
    small one whose time is almost over comes before a large one that can wait. Where the shop says
    no value, its priorities decide, then the deadline.
    """
    left_s = max(one.deadline_at - now_ms, LEAST_LEFT_MS) / SECOND_MS
    return -one.value_minor / left_s, -one.priority, one.deadline_at, one.id
