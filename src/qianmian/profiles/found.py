"""Traits that are found in a profile, for conditions: what somebody loves, and their life stage.

They are found once a day, as of its beginning, and enter the facts beside what was told: so live
conditions, history and a recount say the same. What somebody tells under one of these names counts
before what was found.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from qianmian.profiles.preference import DIMENSIONS
from qianmian.profiles.profile import Profile
from qianmian.profiles.stage import day_of, stages

LIFE_STAGE: Final = "life_stage"
LOVED: Final = MappingProxyType({dimension: f"loved_{dimension}" for dimension in DIMENSIONS})
"""The trait by the dimension of preference whose preferred value it is."""
FOUND_TRAITS: Final = (*LOVED.values(), LIFE_STAGE)


def found_traits(profile: Profile, boundary_ms: int, offset_ms: int) -> dict[str, str]:
    """The traits of a profile of what happened before a day boundary; what is unknown is left out.

    Args:
        offset_ms: how far the shop's zone is ahead of UTC.
    """
    found = {}
    for dimension, name in LOVED.items():
        value = profile.preference.preferred(dimension, boundary_ms)
        if value is not None:
            found[name] = value
    changes = stages(profile.days, day_of(boundary_ms, offset_ms))
    if changes:
        found[LIFE_STAGE] = changes[-1].stage
    return found
