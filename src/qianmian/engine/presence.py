"""Who is here: the row of a viewer in a room, from its first event to its eviction.

A row begins with the first event and outlives the visits in it. A visit begins with the first event
of someone who was absent; it ends with `room_left`, another visit, another room or 45 seconds of
silence. What waits is cancelled then, and half an hour later the row is freed. States (idle,
hidden, in the room for so long) last only while the viewer is present.
"""

from __future__ import annotations

import numpy as np

from qianmian.engine import instances
from qianmian.engine.bits import get_bit, is_true, pivot, push, set_bit
from qianmian.engine.jit import inline, routine
from qianmian.engine.lists import insert, release
from qianmian.engine.words import (
    EVICT_MS,
    F_HEARTBEAT,
    F_OPERATION,
    FAR,
    G_EVICTED,
    G_FREE,
    G_PRESENCE,
    G_ROWS,
    HEADER,
    HIDDEN,
    HIDDEN_CLOCK,
    HIDDEN_FIRST,
    HIDDEN_LAST,
    IDLE_CLOCK,
    LAST_OPERATION,
    LAST_SEEN,
    LEAVE_DUE,
    LEFT_CLOCK,
    LEFT_TIME,
    NEVER,
    NEVER_64,
    P_ATTRIBUTES,
    P_ROW,
    P_SEEN,
    PRESENCE_MS,
    ROOM,
    SHOWN_TIME,
    STATE_DUE,
    STREAM,
    STREAM_TIME,
    TIMER_DUE,
    VIEWER,
    VISIT_CLOCK,
    VISIT_ID,
    VISIT_START,
)

PRESENT, PREVIOUS = 0, 1
IDLE, IDLE_ON_PAGE, HIDDEN_FOR, IN_ROOM = 6, 7, 8, 9
MINUTE_MS = 60_000
FACTS_AND_LIVE = 201  # all live entries of a total stay beside the one of the facts


@inline
def preset(S, u, off, total):
    """Put the number that facts give before everything that is counted live."""
    at = insert(S, u, off, 3, FACTS_AND_LIVE, np.int64(FAR))
    S.AR[at + 1] = np.int32(total & 0xFFFFFFFF)
    S.AR[at + 2] = np.int32(total >> 32)


@routine
def new_row(P, S, viewer, room):
    """A row from the free list, filled with the template and the viewer's attributes."""
    free = S.G[G_FREE]
    if free > 0:
        u = np.int64(S.FREEROW[free - 1])
        S.G[G_FREE] = free - 1
    else:
        u = S.G[G_ROWS]
        S.G[G_ROWS] = u + 1
    for j in range(S.I.shape[1]):
        S.I[u, j] = P.TEMPLATE[j]
    S.I[u, VIEWER] = viewer
    S.I[u, ROOM] = room
    S.PREV[u] = S.PEOPLE[viewer, P_SEEN]
    S.SEEN[u] = NEVER_64
    S.NEXT[u] = S.PEOPLE[viewer, P_ROW]
    S.PEOPLE[viewer, P_ROW] = u
    S.DUE[u] = FAR
    stored = S.PEOPLE[viewer, P_ATTRIBUTES]
    if stored >= 0:
        for w in range(S.ATTS.shape[1] // 4):
            fresh = S.ATTS[stored, w]
            if fresh:
                S.Q[u, P.M[0] + w] |= fresh
        for t in range(len(P.TOTALS)):
            if S.FV[stored, t]:
                preset(S, u, P.TOTALS[t], S.FV[stored, t])
    return u


@inline
def find_row(S, viewer, room):
    """The live row of a viewer in a room, -1 if there is none."""
    u = np.int64(S.PEOPLE[viewer, P_ROW])
    while u >= 0 and S.I[u, ROOM] != room:
        u = np.int64(S.NEXT[u])
    return u


@routine
def free_row(P, S, u):
    """Take a row out of its viewer's chain and give it and its lists back."""
    viewer = S.I[u, VIEWER]
    if S.PEOPLE[viewer, P_ROW] == u:
        S.PEOPLE[viewer, P_ROW] = S.NEXT[u]
    else:
        before = np.int64(S.PEOPLE[viewer, P_ROW])
        while S.NEXT[before] != u:
            before = np.int64(S.NEXT[before])
        S.NEXT[before] = S.NEXT[u]
    for k in range(len(P.LISTS)):
        release(S, u, P.LISTS[k])
    S.I[u, VIEWER] = -1
    S.DUE[u] = FAR
    S.FREEROW[S.G[G_FREE]] = u
    S.G[G_FREE] += 1
    S.G[G_EVICTED] += 1


@inline
def cancel_all(P, S, u, ts, now):
    """Cancel whatever waits in a row."""
    for f in range(P.M[4]):
        instances.cancel_in(P, S, u, f, instances.ALL, 0, 0, ts, now)


@inline
def eviction_after(ts):
    """The first whole minute 30 minutes after leaving (the base of times is a whole minute)."""
    past = (ts + EVICT_MS) % MINUTE_MS
    return ts + EVICT_MS + (MINUTE_MS - past if past else 0)


@routine
def leave(P, S, u, ts, now):
    """The viewer has gone at event time `ts`: what waits is cancelled, what holds here ends."""
    cancel_all(P, S, u, ts, now)
    for k in range(P.M[5]):
        set_bit(P, S, u, P.ST[k, 2], False, now)
    set_bit(P, S, u, PRESENT, False, now)
    S.ONLINE[S.I[u, ROOM]] -= 1
    S.I[u, LEFT_CLOCK] = now
    S.I[u, LEAVE_DUE] = eviction_after(ts)


@inline
def state_due(S, u, kind, wait):
    """When a state has lasted `wait`; FAR when it does not last now."""
    if kind == IDLE or kind == IDLE_ON_PAGE:
        if S.I[u, HIDDEN] or S.I[u, LAST_OPERATION] == NEVER:
            return np.int64(FAR)
        return max(np.int64(S.I[u, LAST_OPERATION]) + wait, np.int64(S.I[u, IDLE_CLOCK]))
    if kind == HIDDEN_FOR:
        if S.I[u, HIDDEN] == 0:
            return np.int64(FAR)
        return max(np.int64(S.I[u, HIDDEN_FIRST]) + wait, np.int64(S.I[u, HIDDEN_CLOCK]))
    return max(np.int64(S.I[u, VISIT_START]) + wait, np.int64(S.I[u, VISIT_CLOCK]))


@inline
def refresh_states(P, S, u, now):
    """After an event: states that no longer last end; the next one to come sets the timer."""
    present = get_bit(P, S, u, PRESENT)
    later = np.int64(FAR)
    for k in range(P.M[5]):
        due = np.int64(FAR)
        if present:
            due = state_due(S, u, P.ST[k, 0], P.ST[k, 1])
            if P.ST[k, 3] and not get_bit(P, S, u, P.ST[k, 3]):
                due = np.int64(FAR)
        if due >= now:
            set_bit(P, S, u, P.ST[k, 2], False, now)
            later = min(later, due)
        elif not get_bit(P, S, u, P.ST[k, 2]):
            later = min(later, now)
    S.I[u, STATE_DUE] = later


@inline
def run_states(P, S, u, now):
    """States that have lasted long enough by now begin; and the next time to look."""
    later = np.int64(FAR)
    if get_bit(P, S, u, PRESENT):
        for k in range(P.M[5]):
            if get_bit(P, S, u, P.ST[k, 2]):
                continue
            if P.ST[k, 3] and not get_bit(P, S, u, P.ST[k, 3]):
                continue
            due = state_due(S, u, P.ST[k, 0], P.ST[k, 1])
            if due <= now:
                set_bit(P, S, u, P.ST[k, 2], True, now)
            elif due < later:
                later = due
    S.I[u, STATE_DUE] = later


@inline
def run_leaving(P, S, u, now):
    """Presence lost at this instant? True when the row is to be evicted instead."""
    if get_bit(P, S, u, PRESENT):
        if S.G[G_PRESENCE] == 0:
            S.I[u, LEAVE_DUE] = FAR
        elif S.I[u, LAST_SEEN] + PRESENCE_MS <= now:
            leave(P, S, u, now, now)
        else:
            S.I[u, LEAVE_DUE] = S.I[u, LAST_SEEN] + PRESENCE_MS
        return False
    if S.I[u, TIMER_DUE] < FAR:
        S.I[u, LEAVE_DUE] = now + MINUTE_MS
        return False
    return True


@inline
def visible(P, S, u, flags, idle_ms, shown, ts, clk):
    """Operations and heartbeats: when was the last act, is the page visible. True if it changed."""
    changed = False
    if flags & F_OPERATION:
        if ts > S.I[u, LAST_OPERATION]:
            changed = True
            S.I[u, LAST_OPERATION] = ts
            S.I[u, IDLE_CLOCK] = clk
        shown = 1
    elif flags & F_HEARTBEAT and idle_ms >= 0:
        acted = max(ts - idle_ms, np.int64(NEVER) + 1)
        if acted > S.I[u, LAST_OPERATION]:
            changed = True
            S.I[u, LAST_OPERATION] = acted
            S.I[u, IDLE_CLOCK] = clk
    if shown == 0 and ts >= S.I[u, SHOWN_TIME]:
        changed = True
        if S.I[u, HIDDEN]:
            if ts < S.I[u, HIDDEN_FIRST]:
                S.I[u, HIDDEN_FIRST] = ts
                S.I[u, HIDDEN_CLOCK] = clk
            S.I[u, HIDDEN_LAST] = max(np.int64(S.I[u, HIDDEN_LAST]), ts)
        else:
            S.I[u, HIDDEN] = 1
            S.I[u, HIDDEN_FIRST] = ts
            S.I[u, HIDDEN_LAST] = ts
            S.I[u, HIDDEN_CLOCK] = clk
    elif shown == 1 and ts >= S.I[u, SHOWN_TIME]:
        S.I[u, SHOWN_TIME] = ts
        if S.I[u, HIDDEN]:
            changed = True
            if ts >= S.I[u, HIDDEN_LAST]:
                S.I[u, HIDDEN] = 0
                S.I[u, IDLE_CLOCK] = clk
            elif ts >= S.I[u, HIDDEN_FIRST]:
                S.I[u, HIDDEN_FIRST] = S.I[u, HIDDEN_LAST]
                S.I[u, HIDDEN_CLOCK] = clk
    return changed


@inline
def seen_of(S, u):
    """When the viewer of a row was last seen, also when that is too long ago for 32 bits."""
    last = np.int64(S.I[u, LAST_SEEN])
    return last if last > NEVER + 1 else S.SEEN[u]


@routine
def start_visit(P, S, u, visit, ts, clk):
    """The first event of a visit."""
    if S.I[u, VISIT_START] > NEVER:
        S.PREV[u] = max(S.PREV[u], seen_of(S, u))
    other = np.int64(S.PEOPLE[S.I[u, VIEWER], P_ROW])
    while other >= 0:
        if other != u:
            S.PREV[u] = max(S.PREV[u], S.PREV[other])
            if NEVER < S.I[other, VISIT_START] < ts:
                S.PREV[u] = max(S.PREV[u], seen_of(S, other))
        other = np.int64(S.NEXT[other])
    set_bit(P, S, u, PRESENT, True, clk)
    S.ONLINE[S.I[u, ROOM]] += 1
    set_bit(P, S, u, PREVIOUS, S.PREV[u] != NEVER_64, clk)
    S.I[u, VISIT_START] = ts
    S.I[u, VISIT_CLOCK] = clk
    S.I[u, VISIT_ID] = visit
    S.I[u, LAST_SEEN] = max(np.int64(S.I[u, LAST_SEEN]), ts)
    S.I[u, IDLE_CLOCK] = clk
    S.I[u, HIDDEN_CLOCK] = clk
    S.I[u, LEAVE_DUE] = FAR
    for k in range(len(P.VISIT_ATOMS)):  # an order without a room may have come before its visit
        a = P.VISIT_ATOMS[k]
        set_bit(P, S, u, a, is_true(P, S, u, a, pivot(P, S, u, a), clk), clk)
    for k in range(len(P.PREVIOUS_ATOMS)):
        a = P.PREVIOUS_ATOMS[k]
        recent = S.PREV[u] != NEVER_64 and S.PREV[u] + P.A[a, 2] > clk
        set_bit(P, S, u, a, recent, clk)
        if recent:
            due = min(S.PREV[u] + P.A[a, 2], FAR)
            if due < S.I[u, HEADER + (a >> 6)]:
                S.I[u, HEADER + (a >> 6)] = due
    if P.M[7] >= 0:
        push(S, P.M[6] + P.M[7], -1)


@inline
def arrive(P, S, u, visit, ts, clk):
    """Presence and visits: an event shows that the viewer is here. True if it moved a start."""
    if ts <= S.I[u, LEFT_TIME]:
        return False
    moved = False
    back = False
    idle_clock, hidden_clock = S.I[u, IDLE_CLOCK], S.I[u, HIDDEN_CLOCK]
    present = get_bit(P, S, u, PRESENT)
    if present and visit >= 0 and S.I[u, VISIT_ID] >= 0 and visit != S.I[u, VISIT_ID]:
        cancel_all(P, S, u, ts, clk)  # gone and back at once: what lasts on the page goes on
        set_bit(P, S, u, PRESENT, False, clk)
        S.ONLINE[S.I[u, ROOM]] -= 1
        present = False
        back = True
    if not present:
        moved = True
        start_visit(P, S, u, visit, ts, clk)
        if back:
            S.I[u, IDLE_CLOCK] = idle_clock
            S.I[u, HIDDEN_CLOCK] = hidden_clock
    else:
        if ts < S.I[u, VISIT_START]:
            moved = True
            S.I[u, VISIT_START] = ts
            for k in range(len(P.VISIT_ATOMS)):
                a = P.VISIT_ATOMS[k]
                set_bit(P, S, u, a, is_true(P, S, u, a, pivot(P, S, u, a), clk), clk)
        if ts > S.I[u, LAST_SEEN]:
            S.I[u, LAST_SEEN] = ts
        if visit >= 0:
            S.I[u, VISIT_ID] = visit
    if S.G[G_PRESENCE]:
        S.I[u, LEAVE_DUE] = np.int64(S.I[u, LAST_SEEN]) + PRESENCE_MS
    return moved


@inline
def depart(P, S, u, ts, clk):
    """`room_left`, whenever it arrives: also when the viewer has gone already, or left later."""
    S.I[u, LEFT_TIME] = max(np.int64(S.I[u, LEFT_TIME]), ts)
    S.I[u, LAST_SEEN] = max(np.int64(S.I[u, LAST_SEEN]), ts)
    if get_bit(P, S, u, PRESENT):
        leave(P, S, u, ts, clk)
        return
    cancel_all(P, S, u, ts, clk)
    if S.I[u, LEAVE_DUE] != FAR:
        S.I[u, LEAVE_DUE] = max(np.int64(S.I[u, LEAVE_DUE]), eviction_after(ts))
    elif S.G[G_PRESENCE]:
        S.I[u, LEAVE_DUE] = eviction_after(ts)


@inline
def note_stream(S, u, stream, ts):
    """Remember the client stream seen last."""
    if stream and ts >= S.I[u, STREAM_TIME]:
        S.I[u, STREAM_TIME] = ts
        S.I[u, STREAM] = np.int32(stream >> np.uint64(33))


@inline
def move_on(P, S, u, stream, ts, clk):
    """The same client has entered another room: here it has left."""
    if stream == 0 or S.I[u, STREAM_TIME] == NEVER:
        return
    if S.I[u, STREAM] != np.int32(stream >> np.uint64(33)) or ts <= S.I[u, LEFT_TIME]:
        return
    if get_bit(P, S, u, PRESENT):
        S.I[u, LEFT_TIME] = ts
        leave(P, S, u, ts, clk)
