"""What came of one attempt to send: every channel says it in these words."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from qianmian.channels.egress import NotSent, Private

Outcome = Literal["delivered", "rejected", "later", "unknown"]


class Verdict(msgspec.Struct, frozen=True):
    """What came of an attempt.

    Attributes:
        outcome: delivered; rejected: never, as it is; later: not done, try again; unknown: nobody
            knows whether it was done, and only a channel that has a key for it may try again.
        why: for people, without anything secret and without what the provider wrote.
        after_ms: not before that, if the provider said so.
        is_gone: there is nobody at the address any more, for this message and every other.
    """

    outcome: Outcome
    why: str = ""
    after_ms: int | None = None
    is_gone: bool = False


PRIVATE_ADDRESS: Final = "private_address"
"""Why a channel was refused that leads into a private network: no later attempt may go there."""


def not_sent(problem: NotSent) -> Verdict:
    """What it means that nothing could be sent."""
    if isinstance(problem, Private):
        return Verdict("rejected", PRIVATE_ADDRESS)
    return Verdict("later", "no_connection")
