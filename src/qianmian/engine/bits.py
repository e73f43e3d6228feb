"""Bits of a row: atoms, the look-up network above them, and what a flip sets in motion."""

from __future__ import annotations

import numpy as np

from qianmian.engine.jit import inline, lowest_bit
from qianmian.engine.lists import ONE
from qianmian.engine.words import (
    A_KIND,
    A_OFF,
    A_RANK,
    A_WIDTH,
    A_WINDOW,
    ENTRIES,
    FAR,
    G_DIRTY,
    G_LOST,
    G_PULSES,
    G_SILENT,
    HEADER,
    NEVER,
    NEVER_64,
    VISIT_START,
)

UNBOUNDED, VISIT = -1, -2
PIVOT_WORD, PIVOT_LIST, PIVOT_SUM, PREVIOUS_RECENT = 0, 1, 2, 10


@inline
def push(S, source, key):
    """Note an instant; triggers look at it when the network has settled."""
    n = S.G[G_PULSES]
    if n < len(S.PB):
        S.PB[n, 0] = source
        S.PB[n, 1] = key
        S.G[G_PULSES] = n + 1
    else:
        S.G[G_LOST] += 1


@inline
def flipped(P, S, u, bit, value):
    """A bit changed: wake the nodes above it, and its trigger if it rose."""
    for k in range(P.FAN0[bit], P.FAN0[bit + 1]):
        rank = P.FAN[k]
        S.D[rank >> 6] |= ONE << np.uint64(rank & 63)
    S.G[G_DIRTY] = 1
    if value and (P.RISES[bit >> 6] >> np.uint64(bit & 63)) & ONE and S.G[G_SILENT] == 0:
        push(S, bit, -1)


@inline
def set_bit(P, S, u, bit, value, now):
    """Give an atom its value."""
    word = P.M[0] + (bit >> 6)
    mask = ONE << np.uint64(bit & 63)
    if ((S.Q[u, word] & mask) != 0) != value:
        S.Q[u, word] ^= mask
        flipped(P, S, u, bit, value)


@inline
def get_bit(P, S, u, bit):
    """The value of a bit."""
    return (S.Q[u, P.M[0] + (bit >> 6)] >> np.uint64(bit & 63)) & ONE != 0


@inline
def pivot(P, S, u, a):
    """The event time that decides an atom (truth: pivot + window > now), NEVER if there is none."""
    kind = P.A[a, A_KIND]
    off = P.A[a, A_OFF]
    if kind == PIVOT_WORD:
        return np.int64(S.I[u, off])
    if kind == PREVIOUS_RECENT:
        return np.int64(NEVER) if S.PREV[u] == NEVER_64 else S.PREV[u]
    ptr = np.int64(S.I[u, off])
    n = np.int64(S.I[u, off + 1]) & ENTRIES
    width = P.A[a, A_WIDTH]
    rank = P.A[a, A_RANK]
    if kind == PIVOT_LIST:
        if n < rank:
            return np.int64(NEVER)
        return np.int64(S.AR[ptr + (rank - 1) * width])
    total = np.int64(0)
    for j in range(n):
        at = ptr + j * width
        if width == 2:
            total += S.AR[at + 1]
        else:
            total += (np.int64(S.AR[at + 2]) << 32) | (np.int64(S.AR[at + 1]) & 0xFFFFFFFF)
        if total >= rank:
            return np.int64(S.AR[at])
    return np.int64(NEVER)


@inline
def is_true(P, S, u, a, pv, now):
    """Whether an atom with this pivot holds now."""
    if pv == NEVER:
        return False
    window = P.A[a, A_WINDOW]
    if window == UNBOUNDED:
        return True
    if window == VISIT:
        return pv >= S.I[u, VISIT_START]
    return pv + window > now


@inline
def rise(P, S, u, a0, a1, now):
    """Atoms a0..a1 of one slot that were false: has the event made them true?"""
    word = a0 >> 6
    while word <= (a1 - 1) >> 6:
        low = max(a0 - word * 64, 0)
        high = min(a1 - word * 64, 64)
        mask = ~S.Q[u, P.M[0] + word] & (~np.uint64(0) << np.uint64(low))
        if high < 64:
            mask &= (ONE << np.uint64(high)) - ONE
        while mask != 0:
            bit = lowest_bit(mask)
            mask &= mask - ONE
            a = word * 64 + bit
            pv = pivot(P, S, u, a)
            if is_true(P, S, u, a, pv, now):
                S.Q[u, P.M[0] + word] |= ONE << np.uint64(bit)
                flipped(P, S, u, a, True)
                if P.A[a, A_WINDOW] >= 0:
                    due = min(pv + P.A[a, A_WINDOW], FAR)
                    if due < S.I[u, HEADER + word]:
                        S.I[u, HEADER + word] = due
        word += 1


@inline
def expire(P, S, u, now):
    """Atoms that are true and whose window has closed by now become false."""
    for word in range(P.M[1]):
        if S.I[u, HEADER + word] > now:
            continue
        due = np.int64(FAR)
        mask = S.Q[u, P.M[0] + word] & P.TIMED[word]
        while mask != 0:
            bit = lowest_bit(mask)
            mask &= mask - ONE
            a = word * 64 + bit
            pv = pivot(P, S, u, a)
            end = pv + P.A[a, A_WINDOW]
            if pv == NEVER or end <= now:
                S.Q[u, P.M[0] + word] ^= ONE << np.uint64(bit)
                flipped(P, S, u, a, False)
            elif end < due:
                due = end
        S.I[u, HEADER + word] = due


@inline
def evaluate(P, S, u, rank):
    """The value that a node's inputs give it."""
    index = np.int64(0)
    for j in range(P.NODE[rank, 7]):
        bit = P.NODE[rank, j]
        index |= np.int64((S.Q[u, P.M[0] + (bit >> 6)] >> np.uint64(bit & 63)) & ONE) << j
    return (P.TRUTH[rank] >> np.uint64(index)) & ONE


@inline
def settle(P, S, u):
    """Bring every woken node to its value, lowest rank first: no node is evaluated twice."""
    S.G[G_DIRTY] = 0
    for word in range(P.M[3]):
        while S.D[word] != 0:
            bit = lowest_bit(S.D[word])
            S.D[word] &= S.D[word] - ONE
            rank = word * 64 + bit
            value = evaluate(P, S, u, rank)
            out = P.NODE[rank, 6]
            place = P.M[0] + (out >> 6)
            shift = np.uint64(out & 63)
            if value != (S.Q[u, place] >> shift) & ONE:
                S.Q[u, place] ^= ONE << shift
                flipped(P, S, u, np.int64(out), value != 0)
