"""How often definitions change their mind: measured on a recorded log.

A flip is a change of truth. An instant (a pulse) is one flip; a state that becomes true is two,
because it becomes false again, by a later event or when its window has passed without one. Firing
once per session hides most of that from the firings, so what is measured are moments of the same
conditions that may fire again after a millisecond.

A figure is a property of the log as much as of the definition: where the log has no event that the
definition asks for, there is none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from qianmian.language.ast import Hidden, Node, RoomFact, Select, Trait, walk
from qianmian.language.definition import FIRING_KINDS, Definition
from qianmian.language.types import sort_of
from qianmian.runtime.replay import Replayed
from qianmian.vocabulary.time import MINUTE_MS

PER_VIEWERS = 1_000


@dataclass(frozen=True, slots=True)
class Sample:
    """The log that was measured.

    `viewer_minutes`: pairs of a viewer and a minute of the clock in which that viewer did something
    (with an SDK, whose heartbeats come every 15 s: was there).
    """

    file: str
    events: int
    viewers: int
    viewer_minutes: int


def counted(definitions: Sequence[Definition]) -> list[Definition]:
    """What to replay: tags and segments as they are, and a moment for each definition."""
    moments = [
        replace(one, key=_key(place), kind="moment", again_after_ms=1)
        for place, one in enumerate(definitions)
    ]
    return [*(one for one in definitions if one.kind not in FIRING_KINDS), *moments]


def sample_of(replayed: Replayed, file: str) -> Sample:
    """What was replayed, in figures."""
    viewer = replayed.recorded.string("viewer").codes
    counts = np.logical_and(replayed.is_accepted, viewer >= 0)
    pairs = np.stack([viewer[counts], replayed.clock[counts] // MINUTE_MS], axis=1)
    result = replayed.result
    return Sample(file, result.accepted, result.viewers, len(np.unique(pairs, axis=0)))


def flips_per_minute(
    definitions: Sequence[Definition], replayed: Replayed, sample: Sample
) -> list[float | None]:
    """Flips a minute of each definition among 1,000 active viewers: flips / viewer-minutes x 1,000.

    None where the log cannot tell: it has no viewers, or lacks events that the definition asks for.
    """
    share = sample.viewer_minutes / PER_VIEWERS
    found: list[float | None] = []
    for place, one in enumerate(definitions):
        if not share or not _can_be_seen(one.expr, replayed.result.by_type):
            found.append(None)
            continue
        rises = replayed.result.firings_by_moment[_key(place)]
        found.append((2 if sort_of(one.expr) == "level" else 1) * rises / share)
    return found


def _can_be_seen(node: Node, types: Collection[str]) -> bool:
    """Whether the log has, for each part that asks for events, at least one of them."""
    return all(bool(wanted.intersection(types)) for part in walk(node) if (wanted := _wanted(part)))


def _wanted(part: Node) -> frozenset[str]:
    match part:
        case Select(types):
            return frozenset(types)
        case Hidden():
            return frozenset({"heartbeat"})
        case Trait():
            return frozenset({"profile_updated", "identity_linked"})
        case RoomFact():
            return frozenset({"product_presented", "promo_started", "session_started"})
    return frozenset()


def _key(place: int) -> str:
    return f"flips_of_{place}"
