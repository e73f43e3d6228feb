"""What the shop has been told of a simulated member: some of it of some, as in life.

The shares are made up and describe nobody; who has which trait depends on the member's number only,
so traits change nothing of what anybody does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

Choice = Sequence[str | int | bool | None]

CHOICES: Final[Mapping[str, Choice]] = MappingProxyType(
    {
        "gender": ("female", "female", "female", "male", None),
        "age": (19, 22, 25, 25, 27, 29, 33, 36, 45, 58, None, None, None),
        "city_tier": ("tier_1", "tier_1", "new_tier_1", "tier_2", "tier_3", "tier_4", None),
        "province": ("ZJ", "GD", "SH", "BJ", "SC", "JS", "HB", None, None, None, None),
        "member_level": ("none", "basic", "basic", "silver", "gold", None, None, None),
        "follower": (True, True, False, None),
    }
)
"""By trait what may have been told, each as likely; None: nothing was."""

_SPREAD: Final = (
    2_654_435_761  # odd and about 2^32 over the golden ratio: near numbers lie far apart
)


def traits_of(number: int) -> dict[str, str | int | bool]:
    """What has been told of the member with this number."""
    found: dict[str, str | int | bool] = {}
    mixed = number
    for name, choices in CHOICES.items():
        mixed = (mixed * _SPREAD + 12_345) % (1 << 32)
        value = choices[(mixed >> 8) % len(choices)]
        if value is not None:
            found[name] = value
    return found
