"""Whether somebody may be reached over a channel: SEMANTICS, CONSENT.

One rule for deciding, and for whoever carries out what was decided.
"""

from __future__ import annotations

from qianmian.strategies.strategy import STAFF
from qianmian.vocabulary.consent import MARKETING, SHARE, Consents, may, switch_is_on


def may_reach(channel: str, said: Consents) -> bool:
    """Whether who said this may be reached so.

    Somebody of the shop may speak to whoever has not switched personalization off; a webhook hands
    the person over to somebody else's system, so it needs consent to share beside that.
    """
    if channel in STAFF:
        return switch_is_on(said)
    if channel == "webhook":
        return switch_is_on(said) and may(said, SHARE)
    return may(said, MARKETING, channel)
