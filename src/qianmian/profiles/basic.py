"""Basic values of a viewer: who said it, how sure it is, and when.

Which of two values counts is the rule of `vocabulary.origins`, as for live rows, facts and history.
What nobody told is unknown; nothing is filled in, and what is stated or inferred of
a sensitive class is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from qianmian.vocabulary.origins import RANK, Origin, counts, origin_of
from qianmian.vocabulary.sensitive import SENSITIVE_TRAITS

Value = str | int | float | bool

CONFIDENCE: Final[Mapping[Origin, int]] = {
    "declared": 95,
    "platform": 90,
    "stated": 70,
    "inferred": 50,
}
"""Percent, where whoever tells a value does not say how sure it is."""


@dataclass(frozen=True, slots=True)
class Basic:
    """A value. Units: confidence in percent; at in ms UTC, when it was told."""

    value: Value
    origin: Origin
    confidence: int
    at: int


Basics = Mapping[str, Basic]


def better(one: Basic, other: Basic) -> Basic:
    """The one that counts; of two of one origin and instant the other, which arrived later."""
    return other if counts(RANK[other.origin], other.at, RANK[one.origin], one.at) else one


def told(
    name: str, value: Value, at: int, origin: object = None, confidence: object = None
) -> Basic | None:
    """A trait as it was told, None where it must not be kept.

    Args:
        origin: as the sender says; traits come from the shop or the platform unless they say.
        confidence: percent as the sender says, else that of the origin.
    """
    known = origin_of(origin)
    if name in SENSITIVE_TRAITS and known in ("stated", "inferred"):
        return None
    return Basic(value, known, _percent(confidence, CONFIDENCE[known]), at)


def joined(one: Basics, other: Basics) -> dict[str, Basic]:
    """What both tell; of a name that both know, the better one. `other` arrived later."""
    found = dict(one)
    for name, value in other.items():
        found[name] = better(found[name], value) if name in found else value
    return found


def _percent(given: object, default: int) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= 100:
        return default
    return given
