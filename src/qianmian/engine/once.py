"""The once-set: which moment has fired for whom, in which room, for which key, and when.

Entries are exact (no hash stands for an identity) and live until the session of the room ends.
"""

from __future__ import annotations

import numpy as np

from qianmian.engine.jit import inline, kernel
from qianmian.engine.lists import mix
from qianmian.engine.words import G_BASE, G_ONCE

EMPTY = -1


@inline
def place_of(S, viewer, room, definition, key):
    """Where an entry is, or the empty place where it belongs."""
    mask = len(S.HV) - 1
    h = mix(
        (np.uint64(viewer) << np.uint64(32))
        ^ (np.uint64(room) << np.uint64(52))
        ^ (np.uint64(definition) << np.uint64(20))
        ^ np.uint64(key + 1)
    )
    at = np.int64(h & np.uint64(mask))
    while S.HV[at] != EMPTY and not (
        S.HV[at] == viewer and S.HR[at] == room and S.HD[at] == definition and S.HP[at] == key
    ):
        at = (at + 1) & mask
    return at


@inline
def first_time(P, S, viewer, room, d, key, now):
    """Whether the moment may fire now; if so, remember it."""
    definition = P.DEFINITION[d, 0]
    again = P.DEFINITION[d, 1]
    at = place_of(S, viewer, room, definition, key)
    if S.HV[at] != EMPTY:
        if again < 0 or now + S.G[G_BASE] - S.HT[at] < again:
            return False
        S.HT[at] = now + S.G[G_BASE]
        return True
    S.HV[at] = viewer
    S.HR[at] = room
    S.HD[at] = definition
    S.HP[at] = key
    S.HT[at] = now + S.G[G_BASE]
    S.G[G_ONCE] += 1
    return True


@kernel
def refill(S, viewers, rooms, definitions, keys, times):
    """Put entries into an empty table; of two with one identity the later time stays."""
    for k in range(len(viewers)):
        at = place_of(S, viewers[k], rooms[k], definitions[k], keys[k])
        if S.HV[at] == EMPTY:
            S.HV[at] = viewers[k]
            S.HR[at] = rooms[k]
            S.HD[at] = definitions[k]
            S.HP[at] = keys[k]
            S.HT[at] = times[k]
            S.G[G_ONCE] += 1
        elif times[k] > S.HT[at]:
            S.HT[at] = times[k]
