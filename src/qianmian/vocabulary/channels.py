"""Kinds of channels that reach a person, and where their address is told.

What may be done over them is `vocabulary.consent.may`; outside the room it takes an address, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, get_args

Channel = Literal["in_room", "push", "sms", "wechat", "email"]
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)

ADDRESS_TRAITS: Final[Mapping[Channel, tuple[str, ...]]] = MappingProxyType(
    {
        "push": ("push_id", "has_push"),
        "sms": ("phone", "has_phone"),
        "wechat": ("wechat_id", "wechat_openid", "has_wechat"),
        "email": ("email", "has_email"),
    }
)
"""Traits any of which says that there is an address; `has_…` where the shop keeps it to itself."""
