"""The one loop: for each event or due row, bring the row forward instant by instant.

An instant of a row is either a timer's (strictly before the clock) or an event's (at the clock).
Both end the same way: windows that close, the network settles, triggers are read. So the order of
the semantics — events, expiry, leaving, timers — holds whatever the batching.

The loop stops early when an array is nearly full and says which; the caller grows it and goes on.
"""

from __future__ import annotations

import numpy as np

from qianmian.engine import instances
from qianmian.engine.bits import expire, flipped, settle
from qianmian.engine.dedupe import seen_before
from qianmian.engine.jit import inline, kernel, prefetch, routine
from qianmian.engine.lists import ONE
from qianmian.engine.presence import (
    arrive,
    depart,
    find_row,
    free_row,
    move_on,
    new_row,
    note_stream,
    refresh_states,
    run_leaving,
    run_states,
    visible,
)
from qianmian.engine.triggers import follow_room, read_triggers
from qianmian.engine.update import apply_instructions
from qianmian.engine.words import (
    ACCEPTED,
    DUPLICATE,
    F_ENTERED,
    F_LEFT,
    F_NEVER_LATE,
    F_ORDER,
    F_VIEWED,
    FAR,
    G_ACCEPTED,
    G_ADVANCES,
    G_ARENA,
    G_BASE,
    G_BOUNDARY,
    G_BRIEF,
    G_DIRTY,
    G_DUPLICATES,
    G_FREE,
    G_GAPS,
    G_LATE,
    G_LATENESS,
    G_MESSAGES,
    G_NEED,
    G_ONCE,
    G_OUT,
    G_PULSES,
    G_ROWS,
    G_SILENT,
    G_STREAMS,
    HEADER,
    LATE,
    LEAVE_DUE,
    LEFT_TIME,
    NEED_ARENA,
    NEED_MESSAGES,
    NEED_NOTHING,
    NEED_ONCE,
    NEED_OUT,
    NEED_ROWS,
    NEED_STREAMS,
    P_ATTRIBUTES,
    P_ROW,
    PERSON,
    ROOM,
    ROW_DUE,
    STATE_DUE,
    TIMER_DUE,
    VIEWER,
    W_OFF,
)

MARGIN_OUT = 4_096
# events ahead of which the lists, the rows and the places of rows are asked for
NEAR, AHEAD, FAR_AHEAD = 6, 12, 24


@inline
def run_timers(P, S, u, now):
    """Every instance of this row that is due at exactly this instant, and when to look again."""
    later = np.int64(FAR)
    for f in range(P.M[4]):
        later = min(later, instances.fire_due_in(P, S, u, f, now))
    S.I[u, TIMER_DUE] = later


@inline
def schedule(P, S, u):
    """The row's next due time, and the min tree above it."""
    due = min(S.I[u, TIMER_DUE], S.I[u, STATE_DUE], S.I[u, LEAVE_DUE])
    for w in range(P.M[1]):
        due = min(due, S.I[u, HEADER + w])
    if due == S.I[u, ROW_DUE]:
        return
    S.I[u, ROW_DUE] = due
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
    if (S.G[G_ONCE] + 4_096) * 2 > len(S.ONCE):
        return NEED_ONCE
    if S.G[G_STREAMS] + 2 > len(S.STREAMS) or S.G[G_GAPS] + 16 > len(S.GLO):
        return NEED_STREAMS
    if (S.G[G_MESSAGES] + 2) * 2 > len(S.MK):
        return NEED_MESSAGES
    if S.G[G_ARENA] + P.M[9] > len(S.AR):
        return NEED_ARENA
    return NEED_NOTHING


@inline
def outranking(high, low, rank):
    """The bits whose rank, as two bits, is greater."""
    if rank == 0:
        return high | low
    if rank == 1:
        return high
    if rank == 2:
        return high & low
    return np.uint64(0)


@routine
def change_attributes(P, S, u, known, values, rank, ts):
    """Flip the atoms of the traits told, unless what the row or the facts know counts more."""
    facts = np.int64(S.PEOPLE[S.I[u, VIEWER], P_ATTRIBUTES])
    is_early = ts + S.G[G_BASE] < S.G[G_BOUNDARY]
    for k in range(len(P.ATTRIBUTE_WORDS)):
        at_word = np.int64(P.ATTRIBUTE_WORDS[k])
        before = np.int64(S.I[u, at_word + 1])
        if rank < before or (rank == before and ts < S.I[u, at_word]):
            continue
        for w in range(len(known)):
            told = known[w] & P.ATTRIBUTE_BITS[k, w]
            if told == 0:
                continue
            S.I[u, at_word] = ts
            S.I[u, at_word + 1] = rank
            if facts >= 0:
                n = len(known)
                high, low = S.ATTS[facts, 2 * n + w], S.ATTS[facts, 3 * n + w]
                named = S.ATTS[facts, n + w]
                if not is_early:
                    named = named & outranking(high, low, rank)
                told &= ~named
            at = P.M[0] + w
            change = (S.Q[u, at] ^ values[w]) & told
            for bit in range(64):
                if (change >> np.uint64(bit)) & ONE:
                    S.Q[u, at] ^= ONE << np.uint64(bit)
                    flipped(P, S, u, w * 64 + bit, (values[w] >> np.uint64(bit)) & ONE != 0)


@inline
def ask_ahead(P, S, E, i, last):
    """Ask for the memory that the next events will touch: places, then rows, then lists."""
    if i + FAR_AHEAD < last:
        viewer = np.int64(E.VIEWER[i + FAR_AHEAD])
        if viewer >= 0:
            prefetch(S.PEOPLE, viewer * PERSON * 8)
    if i + AHEAD < last:
        viewer = np.int64(E.VIEWER[i + AHEAD])
        row = np.int64(S.PEOPLE[viewer, P_ROW]) if viewer >= 0 else np.int64(-1)
        if row >= 0:
            for j in range(P.LINES.shape[1]):
                line = P.LINES[E.TYPE[i + AHEAD], j]
                if line < 0:
                    break
                prefetch(S.I, row * S.I.shape[1] * 4 + line * 64)
    if i + NEAR < last:
        viewer = np.int64(E.VIEWER[i + NEAR])
        row = np.int64(S.PEOPLE[viewer, P_ROW]) if viewer >= 0 else np.int64(-1)
        if row >= 0:
            for j in range(P.BLOCKS.shape[1]):
                off = P.BLOCKS[E.TYPE[i + NEAR], j]
                if off < 0:
                    break
                prefetch(S.AR, np.int64(S.I[row, off]) * 4)


@inline
def ask_for_due(P, S, rows, i):
    """Ask for the next due rows, and for the instances of those whose timers have run out."""
    if i + AHEAD < len(rows):
        place = np.int64(rows[i + AHEAD]) * S.I.shape[1] * 4
        for line in range(3):
            prefetch(S.I, place + line * 64)
    if i + NEAR < len(rows):
        row = np.int64(rows[i + NEAR])
        if S.I[row, TIMER_DUE] <= S.I[row, ROW_DUE]:
            for f in range(P.M[4]):
                prefetch(S.AR, np.int64(S.I[row, P.PF[f, W_OFF]]) * 4)


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
            ask_for_due(P, S, rows, i)
        else:
            ask_ahead(P, S, E, i, last)
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
                u = np.int64(S.PEOPLE[viewer, P_ROW])
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
                    follow_room(P, S, u, now)
                    for rank in range(P.M[2]):
                        S.D[rank >> 6] |= ONE << np.uint64(rank & 63)
                    S.G[G_DIRTY] = 1
                elif S.G[G_BRIEF]:
                    S.G[G_BRIEF] = 0
                    for f in range(P.M[4]):
                        instances.levels_in(P, S, u, f, now + 1, now)
                elif u >= 0 and S.I[u, ROW_DUE] < clk:
                    now = np.int64(S.I[u, ROW_DUE])
                    S.G[G_ADVANCES] += 1
                    expire(P, S, u, now)
                    evict = False
                    if S.I[u, LEAVE_DUE] <= now:
                        evict = run_leaving(P, S, u, now)
                    if S.I[u, TIMER_DUE] <= now:
                        run_timers(P, S, u, now)
                    if S.I[u, STATE_DUE] <= now:
                        run_states(P, S, u, now)
                    if evict:
                        free_row(P, S, u)
                        u = np.int64(-1)
                        if not (pending and single):
                            break
                        continue
                elif pending:
                    if u < 0:
                        u = new_row(P, S, viewer, room)
                        fresh = S.PEOPLE[viewer, P_ATTRIBUTES] >= 0 or P.M[10] > 0
                        if fresh:
                            continue
                    pending = False
                    now = clk
                    moved = elsewhere
                    if elsewhere:
                        if flags & F_ENTERED:
                            move_on(P, S, u, E.STREAM[i], ts, clk)
                    elif single:
                        if flags & F_LEFT or ts > S.I[u, LEFT_TIME]:
                            note_stream(S, u, E.STREAM[i], ts)
                        if flags & F_LEFT == 0:
                            moved = arrive(P, S, u, np.int64(E.VISIT[i]), ts, clk)
                        else:
                            moved = True
                            depart(P, S, u, ts, clk)
                    if not elsewhere and visible(P, S, u, flags, E.IDLE[i], E.SHOWN[i], ts, clk):
                        moved = True
                    if profile >= 0:
                        known, values = E.KNOWN[profile], E.VALUES[profile]
                        change_attributes(P, S, u, known, values, np.int64(E.RANK[profile]), ts)
                    viewed = flags & F_VIEWED != 0 and not elsewhere
                    kind = E.TYPE[i]
                    if viewed or P.INS0[kind] < P.INS0[kind + 1]:
                        moved = True
                        if not elsewhere or flags & F_ORDER:
                            apply_instructions(P, S, E, u, i, step, ts, clk, viewed, elsewhere)
                    if moved:  # else no state can have ended, and the next one is known
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
                after = np.int64(S.PEOPLE[viewer, P_ROW])
            if single:
                break
            u = after
            if elsewhere and u >= 0 and S.I[u, ROOM] == room:
                u = np.int64(S.NEXT[u])
        i += step
    S.G[G_NEED] = NEED_NOTHING
    return i


@kernel
def due_rows(S, limit):
    """Write the rows that are due before `limit` to FOUND; how many. The tree is read top down."""
    n = 0
    for c in range(len(S.TOP)):
        if S.TOP[c] >= limit:
            continue
        for b in range(c * 16, c * 16 + 16):
            if S.TREE[b] >= limit:
                continue
            for u in range(b * 16, b * 16 + 16):
                if S.DUE[u] < limit:
                    S.FOUND[n] = u
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
