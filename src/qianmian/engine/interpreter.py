"""The one loop: for each event or due row, bring the row forward instant by instant.

An instant of a row is either a timer's (strictly before the clock) or an event's (at the clock). Both
end the same way: windows that close, the network settles, triggers are read. So the order of the
semantics — events, expiry, leaving, timers — holds whatever the batching.

The loop stops early when an array is nearly full and says which; the caller grows it and goes on.
"""

from __future__ import annotations

import numpy as np

from qianmian.engine import instances
from qianmian.engine.bits import evaluate, expire, flipped, get_bit, push, set_bit, settle
from qianmian.engine.dedupe import seen_before
from qianmian.engine.instances import waiting
from qianmian.engine.jit import inline, kernel, prefetch, routine
from qianmian.engine.lists import ONE, release
from qianmian.engine.once import first_time
from qianmian.engine.update import apply_instructions
from qianmian.engine.words import (
    ACCEPTED,
    DUPLICATE,
    EVICT_MS,
    F_ENTERED,
    F_HEARTBEAT,
    F_LEFT,
    F_NEVER_LATE,
    F_OPERATION,
    F_ORDER,
    F_VIEWED,
    FAR,
    G_ACCEPTED,
    G_ADVANCES,
    G_ARENA,
    G_BASE,
    G_BRIEF,
    G_DIRTY,
    G_DUPLICATES,
    G_EVICTED,
    G_FREE,
    G_GAPS,
    G_LATE,
    G_LATENESS,
    G_MESSAGES,
    G_NEED,
    G_ONCE,
    G_OUT,
    G_PRESENCE,
    G_PULSES,
    G_ROWS,
    G_SILENT,
    G_STREAMS,
    HEADER,
    HIDDEN,
    HIDDEN_CLOCK,
    HIDDEN_FIRST,
    HIDDEN_LAST,
    IDLE_CLOCK,
    LAST_OPERATION,
    LAST_SEEN,
    LATE,
    LEAVE_DUE,
    LEFT_CLOCK,
    LEFT_TIME,
    M_DEF,
    M_GUARD,
    M_NODE0,
    M_NODE1,
    M_ROOM0,
    M_ROOM1,
    M_VIEW,
    M_WAIT,
    NEED_ARENA,
    NEED_MESSAGES,
    NEED_NOTHING,
    NEED_ONCE,
    NEED_OUT,
    NEED_ROWS,
    NEED_STREAMS,
    NEVER,
    PENDING_WIDTH,
    PRESENCE_MS,
    ROOM,
    S_KEY,
    S_OFF,
    S_PULSE0,
    S_PULSE1,
    S_VIEW0,
    S_VIEW1,
    SHOWN_TIME,
    STREAM,
    STREAM_TIME,
    TIMER_DUE,
    VIEWER,
    VISIT_CLOCK,
    VISIT_ID,
    VISIT_START,
)

PRESENT, PREVIOUS = 0, 2
IDLE, IDLE_ON_PAGE, HIDDEN_FOR, IN_ROOM = 6, 7, 8, 9
MARGIN_OUT = 4_096
MINUTE_MS = 60_000


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
    S.PREV[u] = S.VSEEN[viewer]
    S.NEXT[u] = S.VROW[viewer]
    S.VROW[viewer] = u
    S.DUE[u] = FAR
    stored = S.VATT[viewer]
    if stored >= 0:
        for w in range(S.ATTS.shape[1]):
            fresh = S.ATTS[stored, w]
            if fresh:
                S.Q[u, P.M[0] + w] |= fresh
    return u


@inline
def find_row(S, viewer, room):
    """The live row of a viewer in a room, -1 if there is none."""
    u = np.int64(S.VROW[viewer])
    while u >= 0 and S.I[u, ROOM] != room:
        u = np.int64(S.NEXT[u])
    return u


@routine
def free_row(P, S, u):
    """Take a row out of its viewer's chain and give it and its lists back."""
    viewer = S.I[u, VIEWER]
    if S.VROW[viewer] == u:
        S.VROW[viewer] = S.NEXT[u]
    else:
        before = np.int64(S.VROW[viewer])
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
    for s in range(P.M[4]):
        instances.cancel_in(P, S, u, s, instances.ALL, 0, 0, ts, now)


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
    for k in range(P.M[5]):
        due = np.int64(FAR)
        if present:
            due = state_due(S, u, P.ST[k, 0], P.ST[k, 1])
            if P.ST[k, 0] == IDLE_ON_PAGE and not get_bit(P, S, u, instances.OPEN):
                due = np.int64(FAR)
        if due >= now:
            set_bit(P, S, u, P.ST[k, 2], False, now)
            if due < S.I[u, TIMER_DUE]:
                S.I[u, TIMER_DUE] = due
        elif not get_bit(P, S, u, P.ST[k, 2]) and now < S.I[u, TIMER_DUE]:
            S.I[u, TIMER_DUE] = now


@routine
def run_timers(P, S, u, now):
    """Everything of this row that is due at exactly this instant, and the next time to look."""
    later = np.int64(FAR)
    for s in range(P.M[4]):
        off = P.PS[s, S_OFF]
        n = np.int64(S.I[u, off + 1]) & 255
        ptr = np.int64(S.I[u, off])
        for j in range(n - 1, -1, -1):
            at = ptr + j * PENDING_WIDTH
            for p in range(P.PS[s, S_PULSE0], P.PS[s, S_PULSE1]):
                due = instances.due_of(P, S, at, P.PP[p])
                if due == now and S.AR[at + 3] > S.AR[at] + P.PP[p, 1]:
                    push(S, P.M[6] + P.PP[p, 0], S.AR[at + 1] if P.PP[p, 3] else -1)
                elif due > now and due < later:
                    later = due
            for v in range(P.PS[s, S_VIEW0], P.PS[s, S_VIEW1]):
                due = instances.due_of(P, S, at, P.PV[v])
                if due > now and due < later:
                    later = due
        if n:
            few, held = instances.waits(P), instances.held(S)
            instances.levels(few, held, u, s, now, now)
            instances.tidy(few, held, u, s, now)
    if get_bit(P, S, u, PRESENT):
        for k in range(P.M[5]):
            if get_bit(P, S, u, P.ST[k, 2]):
                continue
            if P.ST[k, 0] == IDLE_ON_PAGE and not get_bit(P, S, u, instances.OPEN):
                continue
            due = state_due(S, u, P.ST[k, 0], P.ST[k, 1])
            if due <= now:
                set_bit(P, S, u, P.ST[k, 2], True, now)
            elif due < later:
                later = due
    S.I[u, TIMER_DUE] = later


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
    """Operations and heartbeats: when was the last act, is the page visible."""
    if flags & F_OPERATION:
        if ts > S.I[u, LAST_OPERATION]:
            S.I[u, LAST_OPERATION] = ts
            S.I[u, IDLE_CLOCK] = clk
        shown = 1
    elif flags & F_HEARTBEAT and idle_ms >= 0:
        acted = max(ts - idle_ms, np.int64(NEVER) + 1)
        if acted > S.I[u, LAST_OPERATION]:
            S.I[u, LAST_OPERATION] = acted
            S.I[u, IDLE_CLOCK] = clk
    if shown == 0 and ts >= S.I[u, SHOWN_TIME]:
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
            if ts >= S.I[u, HIDDEN_LAST]:
                S.I[u, HIDDEN] = 0
                S.I[u, IDLE_CLOCK] = clk
            elif ts >= S.I[u, HIDDEN_FIRST]:
                S.I[u, HIDDEN_FIRST] = S.I[u, HIDDEN_LAST]
                S.I[u, HIDDEN_CLOCK] = clk


@routine
def start_visit(P, S, u, visit, ts, clk):
    """The first event of a visit."""
    if S.I[u, VISIT_START] > NEVER:
        S.PREV[u] = max(S.PREV[u], np.int64(S.I[u, LAST_SEEN]))
    other = np.int64(S.VROW[S.I[u, VIEWER]])
    while other >= 0:
        if other != u:
            S.PREV[u] = max(S.PREV[u], S.PREV[other])
            if NEVER < S.I[other, VISIT_START] < ts:
                S.PREV[u] = max(S.PREV[u], np.int64(S.I[other, LAST_SEEN]))
        other = np.int64(S.NEXT[other])
    set_bit(P, S, u, PRESENT, True, clk)
    S.ONLINE[S.I[u, ROOM]] += 1
    set_bit(P, S, u, PREVIOUS, S.PREV[u] != NEVER, clk)
    S.I[u, VISIT_START] = ts
    S.I[u, VISIT_CLOCK] = clk
    S.I[u, VISIT_ID] = visit
    S.I[u, LAST_SEEN] = max(np.int64(S.I[u, LAST_SEEN]), ts)
    S.I[u, IDLE_CLOCK] = clk
    S.I[u, HIDDEN_CLOCK] = clk
    S.I[u, LEAVE_DUE] = FAR
    for k in range(len(P.VISIT_ATOMS)):
        set_bit(P, S, u, P.VISIT_ATOMS[k], False, clk)
    for k in range(len(P.PREVIOUS_ATOMS)):
        a = P.PREVIOUS_ATOMS[k]
        recent = S.PREV[u] != NEVER and S.PREV[u] + P.A[a, 2] > clk
        set_bit(P, S, u, a, recent, clk)
        if recent:
            due = min(S.PREV[u] + P.A[a, 2], FAR)
            if due < S.I[u, HEADER + (a >> 6)]:
                S.I[u, HEADER + (a >> 6)] = due
    if P.M[7] >= 0:
        push(S, P.M[6] + P.M[7], -1)


@inline
def arrive(P, S, u, visit, ts, clk):
    """Presence and visits: an event shows that the viewer is here."""
    if ts <= S.I[u, LEFT_TIME]:
        return
    present = get_bit(P, S, u, PRESENT)
    if present and visit >= 0 and S.I[u, VISIT_ID] >= 0 and visit != S.I[u, VISIT_ID]:
        leave(P, S, u, ts, clk)
        present = False
    if not present:
        start_visit(P, S, u, visit, ts, clk)
    else:
        if ts < S.I[u, VISIT_START]:
            S.I[u, VISIT_START] = ts
        if ts > S.I[u, LAST_SEEN]:
            S.I[u, LAST_SEEN] = ts
        if visit >= 0:
            S.I[u, VISIT_ID] = visit
    if S.G[G_PRESENCE]:
        gone = np.int64(S.I[u, LAST_SEEN]) + PRESENCE_MS
        if S.I[u, LEAVE_DUE] == FAR or S.I[u, LEAVE_DUE] > gone:
            S.I[u, LEAVE_DUE] = gone


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


@inline
def fact_holds(P, S, room, k, key):
    """Whether fact number k holds in the room; a comparison with the key uses the firing's key."""
    value = S.RS[room, P.RF[k, 1]]
    wanted = P.RF[k, 3]
    if P.RF[k, 4]:
        wanted = key
    if value < 0 and P.RF[k, 1] < 8:
        return False
    op = P.RF[k, 2]
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
def guard_holds(P, S, u, m, key):
    """The guard of a trigger, with the facts of the room read now."""
    guard = P.TRIG[m, M_GUARD]
    if guard < 0:
        return True
    for k in range(P.TRIG[m, M_ROOM0], P.TRIG[m, M_ROOM1]):
        bit = P.RF[k, 0]
        word = P.M[0] + (bit >> 6)
        mask = ONE << np.uint64(bit & 63)
        S.Q[u, word] &= ~mask
        if fact_holds(P, S, S.I[u, ROOM], k, key):
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
    if not guard_holds(P, S, u, m, key):
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
    """Fire the moments of the instants noted; a level with a view inside, for each view that is open."""
    n = S.G[G_PULSES]
    S.G[G_PULSES] = 0
    for i in range(n):
        source = S.PB[i, 0]
        for m in range(P.TRIG0[source], P.TRIG0[source + 1]):
            view = P.TRIG[m, M_VIEW]
            rounds = 1 if view < 0 else waiting(P, S, u, view)
            for j in range(rounds):
                key = S.PB[i, 1]
                if view >= 0:
                    at = np.int64(S.I[u, P.PS[view, S_OFF]]) + j * PENDING_WIDTH
                    due = np.int64(S.AR[at]) + P.TRIG[m, M_WAIT]
                    if S.AR[at + 3] != FAR or max(due, np.int64(S.AR[at + 2])) > now:
                        continue
                    key = np.int64(S.AR[at + 1])
                fire(P, S, u, m, key, now)


@inline
def schedule(P, S, u):
    """The row's next due time, and the min tree above it."""
    due = min(S.I[u, TIMER_DUE], S.I[u, LEAVE_DUE])
    for w in range(P.M[1]):
        due = min(due, S.I[u, HEADER + w])
    S.DUE[u] = due
    if due < S.TREE[u >> 4]:
        S.TREE[u >> 4] = due
        if due < S.TOP[u >> 8]:
            S.TOP[u >> 8] = due


@inline
def room_left(P, S):
    """What is nearly full, if anything: checked before each event, so an event never runs out."""
    if S.G[G_OUT] + MARGIN_OUT > len(S.OUT):
        return NEED_OUT
    if S.G[G_FREE] == 0 and S.G[G_ROWS] >= len(S.I):
        return NEED_ROWS
    if (S.G[G_ONCE] + 4_096) * 2 > len(S.HV):
        return NEED_ONCE
    if S.G[G_STREAMS] + 2 > len(S.SKEY) or S.G[G_GAPS] + 16 > len(S.GLO):
        return NEED_STREAMS
    if (S.G[G_MESSAGES] + 2) * 2 > len(S.MK):
        return NEED_MESSAGES
    if S.G[G_ARENA] + P.M[9] > len(S.AR):
        return NEED_ARENA
    return NEED_NOTHING


@routine
def change_attributes(P, S, u, known, values):
    """Flip the attribute atoms of a live row."""
    for w in range(len(known)):
        at = P.M[0] + w
        change = (S.Q[u, at] ^ values[w]) & known[w]
        for bit in range(64):
            if (change >> np.uint64(bit)) & ONE:
                S.Q[u, at] ^= ONE << np.uint64(bit)
                flipped(P, S, u, w * 64 + bit, (values[w] >> np.uint64(bit)) & ONE != 0)


@kernel
def run(P, S, E, first, last, rows, limit):
    """Apply events first..last, or, with `rows`, bring those rows forward to before `limit`.

    Returns the index at which to go on; G_NEED says what must grow first.
    """
    sweeping = len(rows) > 0
    n_rows = len(rows)
    i = first
    stop = n_rows if sweeping else last
    while i < stop:
        S.G[G_NEED] = room_left(P, S)
        if S.G[G_NEED]:
            return i
        u = np.int64(-1)
        clk = limit
        step = 1
        single = True
        elsewhere = False
        viewer = np.int64(-1)
        room = np.int64(-1)
        ts = np.int64(0)
        flags = np.int64(0)
        profile = np.int64(-1)
        if sweeping:
            u = np.int64(rows[i])
            if i + 8 < n_rows:
                prefetch(S.I, np.int64(rows[i + 8]) * S.I.shape[1] * 4)
                prefetch(S.I, np.int64(rows[i + 8]) * S.I.shape[1] * 4 + 64)
        else:
            if i + 12 < last:
                ahead = np.int64(E.VIEWER[i + 12])
                row = np.int64(S.VROW[ahead]) if ahead >= 0 else np.int64(-1)
                if row >= 0:
                    for j in range(P.LINES.shape[1]):
                        line = P.LINES[E.TYPE[i + 12], j]
                        if line < 0:
                            break
                        prefetch(S.I, row * S.I.shape[1] * 4 + line * 64)
            viewer = np.int64(E.VIEWER[i])
            room = np.int64(E.ROOM[i])
            clk = E.CLOCK[i] - S.G[G_BASE]
            ts = E.TIME[i] - S.G[G_BASE]
            flags = P.FLAGS[E.TYPE[i]]
            step = 1 + E.MORE[i]
            if seen_before(S, E, i, viewer):
                S.G[G_DUPLICATES] += 1
                E.OUTCOME[i] = DUPLICATE
                i += step
                continue
            if ts < clk - S.G[G_LATENESS]:
                S.G[G_LATE] += 1
                if flags & F_NEVER_LATE == 0:
                    E.OUTCOME[i] = LATE
                    i += step
                    continue
                ts = clk - S.G[G_LATENESS]
            E.OUTCOME[i] = ACCEPTED
            S.G[G_ACCEPTED] += 1
            profile = np.int64(E.PROFILE[i])
            if room >= 0:
                u = find_row(S, viewer, room)
            else:
                u = np.int64(S.VROW[viewer])
                single = False
        while sweeping or single or u >= 0:
            after = np.int64(-1)
            if u >= 0 and not single:
                after = np.int64(S.NEXT[u])
            pending = not sweeping
            fresh = False
            while True:
                silent = False
                if fresh:
                    fresh = False
                    silent = True
                    now = clk
                    for rank in range(P.M[2]):
                        S.D[rank >> 6] |= ONE << np.uint64(rank & 63)
                    S.G[G_DIRTY] = 1
                elif S.G[G_BRIEF]:
                    S.G[G_BRIEF] = 0
                    for s in range(P.M[4]):
                        instances.levels_in(P, S, u, s, now + 1, now)
                elif u >= 0 and S.DUE[u] < clk:
                    now = np.int64(S.DUE[u])
                    S.G[G_ADVANCES] += 1
                    expire(P, S, u, now)
                    evict = False
                    if S.I[u, LEAVE_DUE] <= now:
                        evict = run_leaving(P, S, u, now)
                    if S.I[u, TIMER_DUE] <= now:
                        run_timers(P, S, u, now)
                    if evict:
                        free_row(P, S, u)
                        u = np.int64(-1)
                        if not (pending and single):
                            break
                        continue
                elif pending:
                    if u < 0:
                        u = new_row(P, S, viewer, room)
                        fresh = S.VATT[viewer] >= 0
                        if fresh:
                            continue
                    pending = False
                    now = clk
                    if elsewhere:
                        if flags & F_ENTERED:
                            move_on(P, S, u, E.STREAM[i], ts, clk)
                    elif single:
                        note_stream(S, u, E.STREAM[i], ts)
                        if flags & F_LEFT == 0:
                            arrive(P, S, u, np.int64(E.VISIT[i]), ts, clk)
                        elif ts > S.I[u, LEFT_TIME]:
                            S.I[u, LEFT_TIME] = ts
                            if S.I[u, LEAVE_DUE] == FAR and S.G[G_PRESENCE]:
                                S.I[u, LEAVE_DUE] = eviction_after(ts)
                            S.I[u, LAST_SEEN] = max(np.int64(S.I[u, LAST_SEEN]), ts)
                            if get_bit(P, S, u, PRESENT):
                                leave(P, S, u, ts, clk)
                            else:
                                cancel_all(P, S, u, ts, clk)
                    if not elsewhere:
                        visible(P, S, u, flags, E.IDLE[i], E.SHOWN[i], ts, clk)
                    if profile >= 0:
                        change_attributes(P, S, u, E.KNOWN[profile], E.VALUES[profile])
                    viewed = flags & F_VIEWED != 0 and not elsewhere
                    if not elsewhere or flags & F_ORDER:
                        apply_instructions(P, S, E, u, i, step, ts, clk, viewed, elsewhere)
                    refresh_states(P, S, u, clk)
                    expire(P, S, u, clk)
                else:
                    break
                if silent:
                    S.G[G_SILENT] = 1
                if S.G[G_DIRTY]:
                    settle(P, S, u)
                S.G[G_SILENT] = 0
                if S.G[G_PULSES]:
                    read_triggers(P, S, u, now)
                schedule(P, S, u)
            if sweeping:
                break
            if single and flags & (F_ORDER | F_ENTERED):
                single = False
                elsewhere = True
                after = np.int64(S.VROW[viewer])
            if single:
                break
            u = after
            if elsewhere and u >= 0 and S.I[u, ROOM] == room:
                u = np.int64(S.NEXT[u])
        i += step
    S.G[G_NEED] = NEED_NOTHING
    return i


@kernel
def due_rows(S, limit, found):
    """Rows that are due before `limit`; how many. The min tree is read top down."""
    n = 0
    for c in range(len(S.TOP)):
        if S.TOP[c] >= limit:
            continue
        for b in range(c * 16, c * 16 + 16):
            if S.TREE[b] >= limit:
                continue
            for u in range(b * 16, b * 16 + 16):
                if S.DUE[u] < limit:
                    found[n] = u
                    n += 1
    return n


@kernel
def mend_tree(S, limit):
    """Raise the nodes of the min tree that a sweep to `limit` has left too low."""
    for c in range(len(S.TOP)):
        if S.TOP[c] >= limit:
            continue
        top = FAR
        for b in range(c * 16, c * 16 + 16):
            if S.TREE[b] < limit:
                low = FAR
                for u in range(b * 16, b * 16 + 16):
                    low = min(low, S.DUE[u])
                S.TREE[b] = low
            top = min(top, S.TREE[b])
        S.TOP[c] = top
