"""The once-set: which moment has fired for whom, in which room, for which key, and when.

Entries are exact (no hash stands for an identity) and live until the session of the room ends. An
entry is three words: viewer + 1 and room, definition and key + 1, time; 0 is an empty place, so a
large table costs no memory before it is used.
"""

from __future__ import annotations

import numpy as np

from qianmian.engine.jit import inline, kernel
from qianmian.engine.lists import mix
from qianmian.engine.words import G_BASE, G_ONCE

WHO, WHAT, WHEN = 0, 1, 2


@inline
def who_of(viewer, room):
    """The word of a viewer in a room."""
    return (np.int64(room) << 32) | (np.int64(viewer) + 1)


@inline
def place_of(S, who, what):
    """Where an entry is, or the empty place where it belongs."""
    mask = len(S.ONCE) - 1
    h = mix(np.uint64(who) ^ (np.uint64(what) * np.uint64(0x9E3779B97F4A7C15)))
    at = np.int64(h & np.uint64(mask))
    while S.ONCE[at, WHO] != 0 and not (S.ONCE[at, WHO] == who and S.ONCE[at, WHAT] == what):
        at = (at + 1) & mask
    return at


@inline
def first_time(P, S, viewer, room, d, key, now):
    """Whether the moment may fire now; if so, remember it."""
    again = P.DEFINITION[d, 1]
    who = who_of(viewer, room)
    what = (P.DEFINITION[d, 0] << 32) | (np.int64(key) + 1)
    at = place_of(S, who, what)
    if S.ONCE[at, WHO] != 0:
        if again < 0 or now + S.G[G_BASE] - S.ONCE[at, WHEN] < again:
            return False
        S.ONCE[at, WHEN] = now + S.G[G_BASE]
        return True
    S.ONCE[at, WHO] = who
    S.ONCE[at, WHAT] = what
    S.ONCE[at, WHEN] = now + S.G[G_BASE]
    S.G[G_ONCE] += 1
    return True


@kernel
def refill(S, entries):
    """Put entries into the table; of two with one identity the later time stays."""
    for k in range(len(entries)):
        at = place_of(S, entries[k, WHO], entries[k, WHAT])
        if S.ONCE[at, WHO] == 0:
            S.ONCE[at, WHO] = entries[k, WHO]
            S.ONCE[at, WHAT] = entries[k, WHAT]
            S.ONCE[at, WHEN] = entries[k, WHEN]
            S.G[G_ONCE] += 1
        elif entries[k, WHEN] > S.ONCE[at, WHEN]:
            S.ONCE[at, WHEN] = entries[k, WHEN]
