"""Duplicates: sequence numbers per client stream, else message ids kept for an hour of clock.

Per viewer the four newest streams are kept, each as its newest number and at most eight gaps below;
the newest is in the viewer's own record.
A table of 64-bit hashes of (source, viewer, message id) serves clients without numbers.
"""

from __future__ import annotations

import numpy as np

from qianmian.engine.jit import inline, kernel, routine
from qianmian.engine.lists import mix
from qianmian.engine.words import (
    G_FREE_GAP,
    G_FREE_STREAM,
    G_GAP_LOST,
    G_GAPS,
    G_MESSAGES,
    G_STREAMS,
    P_LINK,
    P_STREAM,
    R_GAP,
    R_KEY,
    R_NEWEST,
    R_NEXT,
    REPEATED,
)

STREAMS_KEPT = 4
GAPS_KEPT = 8
JUMP = 10_000
MESSAGE_MS = 3_600_000
ABSENT = np.iinfo(np.int64).min


@inline
def new_gap(S, low, high, after):
    """A gap low..high in front of `after`."""
    g = S.G[G_FREE_GAP]
    if g >= 0:
        S.G[G_FREE_GAP] = S.GNEXT[g]
    else:
        g = S.G[G_GAPS]
        S.G[G_GAPS] = g + 1
    S.GLO[g] = low
    S.GHI[g] = high
    S.GNEXT[g] = after
    return g


@inline
def drop_gap(S, g):
    """Give a gap back."""
    S.GNEXT[g] = S.G[G_FREE_GAP]
    S.G[G_FREE_GAP] = g


@inline
def drop_gaps(S, g):
    """Give a list of gaps back."""
    while g >= 0:
        following = np.int64(S.GNEXT[g])
        drop_gap(S, g)
        g = following


@inline
def bound_gaps(S, g):
    """Keep the eight newest gaps of a list (it begins with the highest)."""
    count = 0
    before = np.int64(-1)
    while g >= 0:
        count += 1
        following = np.int64(S.GNEXT[g])
        if count > GAPS_KEPT:
            S.GNEXT[before] = -1
            drop_gap(S, g)
            S.G[G_GAP_LOST] += 1
        else:
            before = g
        g = following


@routine
def begin_stream(S, viewer, key, seq):
    """A new stream of a viewer: the one before it moves apart, of five the oldest goes."""
    if S.PEOPLE[viewer, P_STREAM + R_KEY] != 0:
        apart = S.G[G_FREE_STREAM]
        if apart >= 0:
            S.G[G_FREE_STREAM] = S.STREAMS[apart, R_NEXT]
        else:
            apart = S.G[G_STREAMS]
            S.G[G_STREAMS] = apart + 1
        for k in range(4):
            S.STREAMS[apart, k] = S.PEOPLE[viewer, P_STREAM + k]
        S.PEOPLE[viewer, P_STREAM + R_NEXT] = apart
        before = apart
        for _ in range(STREAMS_KEPT - 2):
            if before >= 0:
                before = S.STREAMS[before, R_NEXT]
        oldest = S.STREAMS[before, R_NEXT] if before >= 0 else -1
        if oldest >= 0:
            S.STREAMS[before, R_NEXT] = -1
            drop_gaps(S, S.STREAMS[oldest, R_GAP])
            S.STREAMS[oldest, R_NEXT] = S.G[G_FREE_STREAM]
            S.G[G_FREE_STREAM] = oldest
    S.PEOPLE[viewer, P_STREAM + R_KEY] = key
    S.PEOPLE[viewer, P_STREAM + R_NEWEST] = seq
    S.PEOPLE[viewer, P_STREAM + R_GAP] = -1
    if seq > 0:
        gap = new_gap(S, max(np.int64(0), seq - JUMP), seq - 1, -1)
        S.PEOPLE[viewer, P_STREAM + R_GAP] = gap


@inline
def seen_in(S, records, at, place, seq):
    """Whether this number of the stream recorded at (at, place) has been applied."""
    newest = records[at, place + R_NEWEST]
    if seq == newest + 1:
        records[at, place + R_NEWEST] = seq
        return False
    if seq > newest:
        gap = np.int64(records[at, place + R_GAP])
        if seq - newest > JUMP:
            drop_gaps(S, gap)
            records[at, place + R_GAP] = new_gap(S, seq - JUMP, seq - 1, -1)
        else:
            gap = new_gap(S, newest + 1, seq - 1, gap)
            records[at, place + R_GAP] = gap
            bound_gaps(S, gap)
        records[at, place + R_NEWEST] = seq
        return False
    g = np.int64(records[at, place + R_GAP])
    before = np.int64(-1)
    while g >= 0:
        low = S.GLO[g]
        high = S.GHI[g]
        if low <= seq <= high:
            if low == high:
                if before >= 0:
                    S.GNEXT[before] = S.GNEXT[g]
                else:
                    records[at, place + R_GAP] = S.GNEXT[g]
                drop_gap(S, g)
            elif seq == low:
                S.GLO[g] = seq + 1
            elif seq == high:
                S.GHI[g] = seq - 1
            else:
                S.GNEXT[g] = new_gap(S, low, seq - 1, S.GNEXT[g])
                S.GLO[g] = seq + 1
                bound_gaps(S, np.int64(records[at, place + R_GAP]))
            return False
        before = g
        g = np.int64(S.GNEXT[g])
    return True


@inline
def seen_number(S, viewer, key, seq):
    """Whether this number of this stream of the viewer has been applied."""
    if S.PEOPLE[viewer, P_STREAM + R_KEY] == key:
        return seen_in(S, S.PEOPLE, viewer, P_STREAM, seq)
    at = S.PEOPLE[viewer, P_STREAM + R_NEXT]
    while at >= 0:
        if S.STREAMS[at, R_KEY] == key:
            return seen_in(S, S.STREAMS, at, 0, seq)
        at = S.STREAMS[at, R_NEXT]
    begin_stream(S, viewer, key, seq)
    return False


@inline
def message_hash(viewer, key):
    """The hash under which a message of a viewer is kept (0 means an empty place)."""
    h = mix(key ^ (np.uint64(viewer) * np.uint64(0x9E3779B97F4A7C15)))
    return h if h != 0 else np.uint64(1)


@inline
def is_known(S, h, clock):
    """Whether a hash was seen within the last hour of clock; nothing is remembered."""
    mask = len(S.MK) - 1
    at = np.int64(h & np.uint64(mask))
    while S.MK[at] != 0:
        if S.MK[at] == h:
            return S.MT[at] > clock - MESSAGE_MS
        at = (at + 1) & mask
    return False


@inline
def seen_message(S, viewer, key, clock):
    """Whether this message id came within the last hour of clock."""
    mask = len(S.MK) - 1
    if viewer >= 0:
        earlier = np.int64(S.PEOPLE[viewer, P_LINK])
        while earlier >= 0:
            if is_known(S, message_hash(earlier, key), clock):
                return True
            earlier = np.int64(S.PEOPLE[earlier, P_LINK])
    h = message_hash(viewer, key)
    at = np.int64(h & np.uint64(mask))
    while S.MK[at] != 0:
        if S.MK[at] == h:
            if S.MT[at] > clock - MESSAGE_MS:
                return True
            S.MT[at] = clock
            return False
        at = (at + 1) & mask
    S.MK[at] = h
    S.MT[at] = clock
    S.G[G_MESSAGES] += 1
    return False


@inline
def seen_before(S, E, i, viewer):
    """Whether event i is a repetition; if not, it is remembered."""
    if E.REPEATED[i] == REPEATED:
        return True
    if E.STREAM[i] and E.SEQ[i] != ABSENT:
        return seen_number(S, viewer, np.int64(E.STREAM[i]), E.SEQ[i])
    if E.MESSAGE[i]:
        return seen_message(S, viewer, E.MESSAGE[i], E.CLOCK[i])
    return False


@kernel
def refill_messages(S, keys, times):
    """Put hashes that are still young into an empty table."""
    mask = len(S.MK) - 1
    for k in range(len(keys)):
        at = np.int64(keys[k] & np.uint64(mask))
        while S.MK[at] != 0 and S.MK[at] != keys[k]:
            at = (at + 1) & mask
        if S.MK[at] == 0:
            S.MK[at] = keys[k]
            S.MT[at] = times[k]
            S.G[G_MESSAGES] += 1
        elif times[k] > S.MT[at]:
            S.MT[at] = times[k]
