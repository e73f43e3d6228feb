"""What fires: the moments of an instant, under their guards and the once-rule.

Rising bits and pulses note instants while an instant of the row is worked on; they are read at its
end, when the network has settled.
"""

from __future__ import annotations

import numpy as np

from qianmian.engine.bits import UNBOUNDED, VISIT, evaluate, get_bit, set_bit
from qianmian.engine.instances import waiting
from qianmian.engine.jit import inline, routine
from qianmian.engine.lists import ONE
from qianmian.engine.once import first_time
from qianmian.engine.words import (
    FAR,
    G_BASE,
    G_OUT,
    G_PULSES,
    M_DEF,
    M_GUARD,
    M_NODE0,
    M_NODE1,
    M_ROOM0,
    M_ROOM1,
    M_VIEW,
    M_WAIT,
    N_CLOCK,
    N_KEY,
    NEVER,
    NEVER_64,
    NO_ENTRY,
    ROOM,
    ROOM_COUNT,
    ROOM_KEPT,
    S_FAMILY,
    S_PLACE,
    VIEWER,
    VISIT_START,
    W_OFF,
    W_WIDTH,
)


@inline
def fact_holds(S, facts, room, k, key):
    """Whether fact number k holds in the room; a comparison with the key uses the firing's key."""
    value = S.RS[room, facts[k, 1]]
    wanted = facts[k, 3]
    if facts[k, 4]:
        wanted = key
    if value < 0:  # not known (yet)
        return False
    op = facts[k, 2]
    if op == 0:
        return value == wanted
    if op == 1:
        return value != wanted
    if op == 2:
        return value >= wanted
    if op == 3:
        return value <= wanted
    if op == 4:
        return value > wanted
    return value < wanted


@inline
def follow_room(P, S, u, now):
    """Give the tags of a row the facts of its room as they are."""
    for k in range(P.M[10]):
        set_bit(P, S, u, P.TF[k, 0], fact_holds(S, P.TF, S.I[u, ROOM], k, -1), now)


@inline
def kept_in_room(P, S, u, k, key, now):
    """Whether enough events of the room lie in a window; of a first or last one, what was kept."""
    room, slot = S.I[u, ROOM], P.RF[k, 1]
    if P.RF[k, 2] == ROOM_KEPT:
        return S.RT[room, slot, 0, 0] == 1
    window = P.RF[k, 5]
    since = np.int64(NEVER_64)
    if window == VISIT:
        if S.I[u, VISIT_START] == NEVER:
            return False
        since = np.int64(S.I[u, VISIT_START]) - 1
    elif window != UNBOUNDED:
        since = now - window
    found = 0
    for j in range(S.RT.shape[2]):  # newest first
        mine = S.RT[room, slot, j, 0]
        if mine == NO_ENTRY or S.RT[room, slot, j, 1] - S.G[G_BASE] <= since:
            return False
        if P.RF[k, 4] and mine != key:
            continue
        found += 1
        if found >= P.RF[k, 3]:
            return True
    return False


@inline
def guard_holds(P, S, u, m, key, now):
    """The guard of a trigger, with what is of the room read now."""
    guard = P.TRIG[m, M_GUARD]
    if guard < 0:
        return True
    for k in range(P.TRIG[m, M_ROOM0], P.TRIG[m, M_ROOM1]):
        bit = P.RF[k, 0]
        word = P.M[0] + (bit >> 6)
        mask = ONE << np.uint64(bit & 63)
        S.Q[u, word] &= ~mask
        if P.RF[k, 2] >= ROOM_COUNT:
            holds = kept_in_room(P, S, u, k, key, now)
        else:
            holds = fact_holds(S, P.RF, S.I[u, ROOM], k, key)
        if holds:
            S.Q[u, word] |= mask
    for k in range(P.TRIG[m, M_NODE0], P.TRIG[m, M_NODE1]):
        rank = P.GUARD_NODES[k]
        out = P.NODE[rank, 6]
        word = P.M[0] + (out >> 6)
        mask = ONE << np.uint64(out & 63)
        S.Q[u, word] &= ~mask
        if evaluate(P, S, u, rank):
            S.Q[u, word] |= mask
    return get_bit(P, S, u, guard)


@inline
def fire(P, S, u, m, key, now):
    """Fire one trigger for one key, where guard and once-rule allow."""
    if not guard_holds(P, S, u, m, key, now):
        return
    d = P.TRIG[m, M_DEF]
    if not first_time(P, S, S.I[u, VIEWER], S.I[u, ROOM], d, key, now):
        return
    at = S.G[G_OUT]
    S.OUT[at, 0] = S.I[u, VIEWER]
    S.OUT[at, 1] = S.I[u, ROOM]
    S.OUT[at, 2] = d
    S.OUT[at, 3] = now
    S.OUT[at, 4] = key
    S.G[G_OUT] = at + 1


@routine
def read_triggers(P, S, u, now):
    """Fire the moments of the instants noted; with a view inside, once for each that is open."""
    n = S.G[G_PULSES]
    S.G[G_PULSES] = 0
    for i in range(n):
        source = S.PB[i, 0]
        for m in range(P.TRIG0[source], P.TRIG0[source + 1]):
            view = P.TRIG[m, M_VIEW]
            family = P.PS[view, S_FAMILY] if view >= 0 else 0
            rounds = 1 if view < 0 else waiting(P, S, u, family)
            for j in range(rounds):
                key = S.PB[i, 1]
                if view >= 0:
                    at = np.int64(S.I[u, P.PF[family, W_OFF]]) + j * P.PF[family, W_WIDTH]
                    due = np.int64(S.AR[at]) + P.TRIG[m, M_WAIT]
                    ended = S.AR[at + P.PS[view, S_PLACE]]
                    if ended != FAR or max(due, np.int64(S.AR[at + N_CLOCK])) > now:
                        continue
                    key = np.int64(S.AR[at + N_KEY])
                fire(P, S, u, m, key, now)
