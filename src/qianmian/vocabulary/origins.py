"""Who told a trait, and which of two values counts: the one rule of live rows, facts and history.

What the person declared counts more than what the platform or the shop tells, that more than what
was stated in passing, and that more than what was inferred; within one origin the newest counts,
and at one instant the later arrival.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

Origin = Literal["declared", "platform", "stated", "inferred"]

ORIGINS: Final[tuple[Origin, ...]] = get_args(Origin)
RANK: Final = MappingProxyType({origin: k for k, origin in enumerate(reversed(ORIGINS))})
USUAL: Final[Origin] = "platform"
"""Of a sender who does not say: traits come from the shop or its platform."""
TRAIT_ORIGIN: Final = "trait_origin"
"""The property of an event that says it."""


def origin_of(given: object) -> Origin:
    """The origin that a sender names; what is none of the four is the usual one."""
    return next((one for one in ORIGINS if one == given), USUAL)


def rank_told(properties: object) -> int:
    """The rank of the traits of an event, by its properties: a mapping, or their JSON text."""
    if isinstance(properties, str):
        properties = json.loads(properties) if TRAIT_ORIGIN in properties else None
    given: Any = properties.get(TRAIT_ORIGIN) if isinstance(properties, Mapping) else None
    return RANK[origin_of(given)]


def counts(rank: int, at_ms: int, before_rank: int, before_ms: int) -> bool:
    """Whether a value counts that arrives after another one.

    >>> counts(RANK["declared"], 1, RANK["platform"], 2), counts(1, 5, 1, 5), counts(1, 9, 2, 5)
    (True, True, False)
    """
    return (rank, at_ms) >= (before_rank, before_ms)
