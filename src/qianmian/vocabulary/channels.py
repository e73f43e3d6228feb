"""Kinds of channels that reach a person, what consent each needs, and where their address is told.

In the room a person may be spoken to unless their switch says no; everything else needs an explicit
yes for that channel (or for all of them) and an address. Unknown is no (semantics: CONSENT).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, get_args

Channel = Literal["in_room", "push", "sms", "wechat", "email"]
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)

PERSONALIZATION: Final = "personalization"
"""The purpose of a person's switch; it is of all channels."""
MARKETING: Final = "marketing"
"""The purpose that a channel outside the room needs."""

ADDRESS_TRAITS: Final[Mapping[Channel, tuple[str, ...]]] = MappingProxyType(
    {
        "push": ("push_id", "has_push"),
        "sms": ("phone", "has_phone"),
        "wechat": ("wechat_id", "wechat_openid", "has_wechat"),
        "email": ("email", "has_email"),
    }
)
"""Traits any of which says that there is an address; `has_…` where the shop keeps it to itself."""
