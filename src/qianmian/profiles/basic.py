"""Basic values of a viewer: who said it, how sure it is, and when.

A value that the viewer declared counts more than what the platform or the shop tells, that more
than what the viewer stated in passing, and that more than what was inferred. Within one source the
newest counts. What nobody told is unknown; nothing is filled in, and what is stated or inferred of
a sensitive class is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from qianmian.vocabulary.sensitive import SENSITIVE_TRAITS

Origin = Literal["declared", "platform", "stated", "inferred"]
Value = str | int | float | bool

CONFIDENCE: Final[Mapping[Origin, int]] = {
    "declared": 95,
    "platform": 90,
    "stated": 70,
    "inferred": 50,
}
"""Percent, where whoever tells a value does not say how sure it is."""
RANK: Final = {origin: rank for rank, origin in enumerate(reversed(get_args(Origin)))}


@dataclass(frozen=True, slots=True)
class Basic:
    """A value. Units: confidence in percent; at in ms UTC, when it was told."""

    value: Value
    origin: Origin
    confidence: int
    at: int


Basics = Mapping[str, Basic]


def better(one: Basic, other: Basic) -> Basic:
    """The one that counts; the order does not matter."""
    return max(one, other, key=_order)


def told(
    name: str, value: Value, at: int, origin: object = None, confidence: object = None
) -> Basic | None:
    """A trait as it was told, None where it must not be kept.

    Args:
        origin: as the sender says; traits come from the shop or the platform unless they say.
        confidence: percent as the sender says, else that of the origin.
    """
    known = _origin(origin)
    if name in SENSITIVE_TRAITS and known in ("stated", "inferred"):
        return None
    return Basic(value, known, _percent(confidence, CONFIDENCE[known]), at)


def joined(one: Basics, other: Basics) -> dict[str, Basic]:
    """What both tell; of a name that both know, the better one."""
    found = dict(one)
    for name, value in other.items():
        found[name] = better(found[name], value) if name in found else value
    return found


def _order(one: Basic) -> tuple[int, int, int, str]:
    return RANK[one.origin], one.at, one.confidence, repr(one.value)


def _origin(given: object) -> Origin:
    origins: tuple[Origin, ...] = get_args(Origin)
    return next((one for one in origins if one == given), "platform")


def _percent(given: object, default: int) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= 100:
        return default
    return given
