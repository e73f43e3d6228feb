"""Rare things that concern many rows: template, end of a session, withdrawal, change, new base."""

from __future__ import annotations

import numpy as np

from qianmian.engine import instances
from qianmian.engine.bits import expire, get_bit, is_true, pivot, set_bit, settle
from qianmian.engine.interpreter import schedule
from qianmian.engine.jit import inline, kernel
from qianmian.engine.lists import ONE
from qianmian.engine.presence import (
    PRESENT,
    PREVIOUS,
    find_row,
    free_row,
    new_row,
    preset,
    refresh_states,
    state_due,
)
from qianmian.engine.triggers import follow_room, read_triggers
from qianmian.engine.words import (
    CLASS_AT,
    ENTRIES,
    FAR,
    G_ARENA,
    G_BASE,
    G_BOUNDARY,
    G_DIRTY,
    G_PRESENCE,
    G_PULSES,
    G_ROWS,
    G_SILENT,
    HEADER,
    LAST_SEEN,
    LEAVE_DUE,
    N_CLOCK,
    NEVER,
    NEVER_64,
    P_ATTRIBUTES,
    P_SEEN,
    PRESENCE_MS,
    ROOM,
    S_PLACE,
    S_PULSE0,
    S_PULSE1,
    S_VIEW0,
    S_VIEW1,
    STATE_DUE,
    TIMER_DUE,
    VIEWER,
    VISIT_CLOCK,
    VISIT_ID,
    VISIT_START,
    W_FIRST,
    W_KEY,
    W_LAST,
    W_OFF,
    W_WIDTH,
)

BY_PRODUCT = 1


@inline
def _moved(time, shift):
    """A time under the new base; NEVER and FAR mean what they meant."""
    if time == NEVER or time == FAR:
        return time
    return max(time - shift, np.int64(NEVER) + 1)


@inline
def _truth(P, S, u, a, now):
    """Whether a windowed atom holds now."""
    return is_true(P, S, u, a, pivot(P, S, u, a), now)


@kernel
def settle_template(P, S):
    """Give the nodes of the template row the values of an empty viewer."""
    for j in range(S.I.shape[1]):
        S.I[0, j] = P.TEMPLATE[j]
    for rank in range(P.M[2]):
        S.D[rank >> 6] |= ONE << np.uint64(rank & 63)
    S.G[G_SILENT] = 1
    settle(P, S, 0)
    S.G[G_SILENT] = 0
    S.G[G_PULSES] = 0
    for j in range(S.I.shape[1]):
        P.TEMPLATE[j] = S.I[0, j]
    S.I[0, VIEWER] = -1


@inline
def look_again(P, S, u, now):
    """Judge a row at the clock of an event of its room."""
    refresh_states(P, S, u, now)
    expire(P, S, u, now)
    if S.G[G_DIRTY]:
        settle(P, S, u)
    if S.G[G_PULSES]:
        read_triggers(P, S, u, now)
    schedule(P, S, u)


@kernel
def make_row(P, S, viewer, room):
    """A new row for a viewer; there must be a free one."""
    return new_row(P, S, viewer, room)


@kernel
def begin_rows(P, S, old, rows, first, previous, was_before, words, since):
    """Rows of visits that began before `since`, as far as the rows of later show them.

    `previous` are the ends of earlier visits, `was_before` says whether there were any; `words`
    (time, word) are known if their time is. Returns at which of the rows the arena must grow before
    it goes on, or how many there are. There must be room for them all.
    """
    k = np.int64(first)
    while k < len(rows) and S.G[G_ARENA] + P.M[9] <= len(S.AR):
        now = rows[k]
        u = new_row(P, S, np.int64(old[now, VIEWER]), np.int64(old[now, ROOM]))
        S.I[u, VISIT_START] = old[now, VISIT_START]
        S.I[u, VISIT_ID] = old[now, VISIT_ID]
        S.I[u, VISIT_CLOCK] = min(np.int64(old[now, VISIT_CLOCK]), since)
        S.I[u, LAST_SEEN] = min(np.int64(old[now, LAST_SEEN]), since)
        for j in range(len(words)):
            if old[now, words[j, 0]] < since:
                S.I[u, words[j, 1]] = old[now, words[j, 1]]
        if S.G[G_PRESENCE]:
            S.I[u, LEAVE_DUE] = S.I[u, LAST_SEEN] + PRESENCE_MS
        S.PREV[u] = previous[now]
        S.ONLINE[old[now, ROOM]] += 1
        bits = S.Q[u, P.M[0]] & ~((ONE << np.uint64(PRESENT)) | (ONE << np.uint64(PREVIOUS)))
        bits |= ONE << np.uint64(PRESENT)
        if was_before[k]:
            bits |= ONE << np.uint64(PREVIOUS)
        S.Q[u, P.M[0]] = bits
        k += 1
    return k


@kernel
def twins_of(S, places, found):
    """For each of the rows `places` the live row of its viewer in its room, -1 if there is none."""
    for u in range(len(places)):
        viewer = np.int64(places[u, VIEWER])
        found[u] = -1
        if viewer >= 0 and viewer < len(S.PEOPLE):
            found[u] = find_row(S, viewer, places[u, ROOM])


@kernel
def drop_row(P, S, u):
    """Free one row."""
    free_row(P, S, u)


@kernel
def give_back(S, rows, used, off):
    """Free the blocks of one list of every row, as `rows` have it."""
    for u in range(used):
        ptr = np.int64(rows[u, off])
        if rows[u, VIEWER] >= 0 and ptr > 0:
            size_class = np.int64(rows[u, off + 1]) >> CLASS_AT
            S.AR[ptr] = S.FREE[size_class]
            S.FREE[size_class] = ptr


@kernel
def end_room(P, S, room, ts, now):
    """Free every row of a room, after a last look at each with what waited cancelled at `ts`."""
    for u in range(S.G[G_ROWS]):
        if S.I[u, VIEWER] < 0 or S.I[u, ROOM] != room:
            continue
        for f in range(P.M[4]):
            instances.cancel_in(P, S, u, f, instances.ALL, 0, 0, ts, now)
        look_again(P, S, u, now)
        free_row(P, S, u)


@kernel
def withdraw(P, S, room, product, ts, clk):
    """Cancel what waits for a product in a room."""
    for u in range(S.G[G_ROWS]):
        if S.I[u, VIEWER] < 0 or S.I[u, ROOM] != room:
            continue
        for f in range(P.M[4]):
            if P.PF[f, W_KEY] == BY_PRODUCT:
                instances.cancel_in(P, S, u, f, instances.BY_KEY, product, 0, ts, clk)
        look_again(P, S, u, clk)


@kernel
def tell_tags(P, S, room, clk):
    """A fact of a room has changed: tags that read it follow, and no moment fires from it."""
    S.G[G_SILENT] = 1
    for u in range(S.G[G_ROWS]):
        if S.I[u, VIEWER] >= 0 and S.I[u, ROOM] == room:
            follow_room(P, S, u, clk)
            if S.G[G_DIRTY]:
                settle(P, S, u)
    S.G[G_SILENT] = 0


@kernel
def settle_rows(P, S, rows):
    """Bring the nodes of these rows to the values of their atoms; no moment fires from it."""
    S.G[G_SILENT] = 1
    for k in range(len(rows)):
        for rank in range(P.M[2]):
            S.D[rank >> 6] |= ONE << np.uint64(rank & 63)
        settle(P, S, rows[k])
        S.G[G_PULSES] = 0
    S.G[G_SILENT] = 0


@kernel
def reevaluate(P, S, u, clk):
    """After a merge: give every atom of a row its truth and let the network follow."""
    for a in range(P.M[1] * 64):
        kind = P.A[a, 0]
        if kind == 3:
            set_bit(P, S, u, a, S.I[u, P.A[a, 1]] != NEVER and S.I[u, P.A[a, 1] + 1] != 0, clk)
        elif kind == 0 or kind == 1 or kind == 2 or kind == 10:
            off = a >> 6
            holds = _truth(P, S, u, a, clk)
            set_bit(P, S, u, a, holds, clk)
            if holds and P.A[a, 2] >= 0:
                S.I[u, HEADER + off] = min(np.int64(S.I[u, HEADER + off]), clk)
    if S.PREV[u] != NEVER_64 and S.I[u, VISIT_START] > NEVER:
        set_bit(P, S, u, PREVIOUS, True, clk)
    for f in range(P.M[4]):
        instances.levels_in(P, S, u, f, clk, clk - 1)
    for rank in range(P.M[2]):
        S.D[rank >> 6] |= ONE << np.uint64(rank & 63)
    S.G[G_DIRTY] = 1
    S.I[u, TIMER_DUE] = min(np.int64(S.I[u, TIMER_DUE]), clk)
    S.I[u, STATE_DUE] = min(np.int64(S.I[u, STATE_DUE]), clk)
    if get_bit(P, S, u, PRESENT) and S.G[G_PRESENCE]:
        S.I[u, LEAVE_DUE] = min(np.int64(S.I[u, LEAVE_DUE]), S.I[u, LAST_SEEN] + PRESENCE_MS)
    refresh_states(P, S, u, clk)
    if S.G[G_DIRTY]:
        settle(P, S, u)
    if S.G[G_PULSES]:
        read_triggers(P, S, u, clk)
    schedule(P, S, u)


@kernel
def lay_out(P, S, old, bits, runs, places, rows):
    """Lay these rows out anew: the template, the header, and the words and atoms that stay.

    `old` and `bits` are the rows as they were, `runs` (from, to, how many words) and `places`
    (from, to, as bits of the row) what stays.
    """
    for k in range(len(rows)):
        u = rows[k]
        for j in range(S.I.shape[1]):
            S.I[u, j] = P.TEMPLATE[j]
        for j in range(HEADER):
            S.I[u, j] = old[u, j]
        for r in range(len(runs)):
            for j in range(runs[r, 2]):
                S.I[u, runs[r, 1] + j] = old[u, runs[r, 0] + j]
        for b in range(len(places)):
            here, there = places[b, 0], places[b, 1]
            value = (bits[u, here >> 6] >> np.uint64(here & 63)) & ONE
            shift = np.uint64(there & 63)
            S.Q[u, there >> 6] = (S.Q[u, there >> 6] & ~(ONE << shift)) | (value << shift)


@kernel
def adopt(P, S, rows, now, retimed, fresh, past):
    """After a change of definitions: give these rows the truth of their new atoms, silently.

    A state that was there before (not among the bits of `fresh`) and whose turn is now, because of
    an event of this very clock, begins after the change as it would have without it.

    Writes to `past` how many instances of each row never fire, because their time is another now
    (`retimed`, see `superseding.py`) and is past.
    """
    S.G[G_SILENT] = 1
    for k in range(len(rows)):
        u = rows[k]
        if S.I[u, VIEWER] < 0:
            past[u] = 0
            continue
        for word in range(P.M[1]):
            S.I[u, HEADER + word] = FAR
        for a in range(P.M[1] * 64):
            kind = P.A[a, 0]
            if kind == 0 or kind == 1 or kind == 2 or kind == 10:
                holds = _truth(P, S, u, a, now - 1)  # windows that close now close after the change
                set_bit(P, S, u, a, holds, now)
                if holds and P.A[a, 2] >= 0:
                    due = min(pivot(P, S, u, a) + P.A[a, 2], FAR)
                    S.I[u, HEADER + (a >> 6)] = min(np.int64(S.I[u, HEADER + (a >> 6)]), due)
            elif kind == 3:
                set_bit(P, S, u, a, S.I[u, P.A[a, 1]] != NEVER and S.I[u, P.A[a, 1] + 1] != 0, now)
        follow_room(P, S, u, now)
        S.I[u, TIMER_DUE] = FAR
        has_turn = S.I[u, STATE_DUE] <= now
        S.I[u, STATE_DUE] = FAR
        for f in range(P.M[4]):
            instances.levels_in(P, S, u, f, now + 1, now - 1)
            _next_instance(P, S, u, f, now)
        past[u] = _superseded(S, u, retimed, now)
        present = get_bit(P, S, u, PRESENT)
        for state in range(P.M[5]):
            due = np.int64(FAR)
            if present and (P.ST[state, 3] == 0 or get_bit(P, S, u, P.ST[state, 3])):
                due = state_due(S, u, P.ST[state, 0], P.ST[state, 1])
            bit = P.ST[state, 2]
            is_fresh = fresh[bit >> 6] >> np.uint64(bit & 63) & ONE
            if due < now and has_turn and not is_fresh and not get_bit(P, S, u, bit):
                due = np.int64(now)
            set_bit(P, S, u, bit, due < now, now)
            if due >= now and due < S.I[u, STATE_DUE]:
                S.I[u, STATE_DUE] = due
        for rank in range(P.M[2]):
            S.D[rank >> 6] |= ONE << np.uint64(rank & 63)
        settle(P, S, u)
        S.G[G_PULSES] = 0
        schedule(P, S, u)
    S.G[G_SILENT] = 0


@kernel
def take_facts(P, S, first):
    """Give rows from `first` on the facts of their viewers, silently.

    What was counted live before the boundary is in the facts now. Returns the row at which the
    arena must grow before it goes on, or the number of rows.
    """
    S.G[G_SILENT] = 1
    u = np.int64(first)
    while u < S.G[G_ROWS] and S.G[G_ARENA] + P.M[9] <= len(S.AR):
        viewer = S.I[u, VIEWER]
        if viewer >= 0:
            if S.I[u, VISIT_START] == NEVER:
                S.PREV[u] = max(S.PREV[u], S.PEOPLE[viewer, P_SEEN])
            stored = S.PEOPLE[viewer, P_ATTRIBUTES]
            for t in range(len(P.TOTALS)):
                off = np.int64(P.TOTALS[t])
                _drop_before(S, u, off)
                if stored >= 0 and S.FV[stored, t]:
                    preset(S, u, off, S.FV[stored, t])
            for k in range(len(P.TOTAL_ATOMS)):
                a = P.TOTAL_ATOMS[k]
                set_bit(P, S, u, a, pivot(P, S, u, a) != NEVER, 0)
            for rank in range(P.M[2]):
                S.D[rank >> 6] |= ONE << np.uint64(rank & 63)
            settle(P, S, u)
            S.G[G_PULSES] = 0
        u += 1
    S.G[G_SILENT] = 0
    return u


@inline
def _drop_before(S, u, off):
    """Of a total only what is live since the boundary stays."""
    ptr = np.int64(S.I[u, off])
    meta = np.int64(S.I[u, off + 1])
    kept = np.int64(0)
    for j in range(meta & ENTRIES):
        at = ptr + j * 3
        if S.AR[at] != FAR and S.AR[at] + S.G[G_BASE] > S.G[G_BOUNDARY]:
            to = ptr + kept * 3
            S.AR[to] = S.AR[at]
            S.AR[to + 1] = S.AR[at + 1]
            S.AR[to + 2] = S.AR[at + 2]
            kept += 1
    S.I[u, off + 1] = ((meta >> CLASS_AT) << CLASS_AT) | kept


@inline
def _next_instance(P, S, u, f, now):
    """Set the timer for what is still to come."""
    ptr = np.int64(S.I[u, P.PF[f, W_OFF]])
    for j in range(instances.waiting(P, S, u, f)):
        at = ptr + j * P.PF[f, W_WIDTH]
        for m in range(P.PF[f, W_FIRST], P.PF[f, W_LAST]):
            if S.AR[at + P.PS[m, S_PLACE]] == NEVER:
                continue
            for p in range(P.PS[m, S_PULSE0], P.PS[m, S_PULSE1]):
                due = instances.due_of(P, S, at, P.PP[p])
                if due >= now:
                    instances.wake_at(S, u, due)
            for v in range(P.PS[m, S_VIEW0], P.PS[m, S_VIEW1]):
                due = instances.due_of(P, S, at, P.PV[v])
                if due >= now:
                    instances.wake_at(S, u, due)


@inline
def _superseded(S, u, table, now):
    """How many instances of a row are past their new turn and were not at their old one."""
    found = 0
    for r in range(len(table)):
        off, width, place = table[r, 0], table[r, 1], table[r, 2]
        ptr = np.int64(S.I[u, off])
        for j in range(np.int64(S.I[u, off + 1]) & ENTRIES):
            at = ptr + j * width
            begun, clock = np.int64(S.AR[at]), np.int64(S.AR[at + N_CLOCK])
            ended = np.int64(S.AR[at + place])
            if ended == NEVER or ended <= begun + max(table[r, 3], table[r, 5]):
                continue
            turn = max(begun + table[r, 3] + table[r, 4], clock)
            was = max(begun + table[r, 5] + table[r, 6], clock)
            if turn < now <= was:
                found += 1
    return found


@kernel
def rebase(S, shift, words, lists, times):
    """Subtract `shift` from every time of every row; NEVER and FAR stay what they are."""
    for u in range(S.G[G_ROWS]):
        if S.I[u, VIEWER] < 0:
            continue
        last = np.int64(S.I[u, LAST_SEEN])
        if last > NEVER + 1:
            S.SEEN[u] = last - shift
        elif S.SEEN[u] != NEVER_64:
            S.SEEN[u] -= shift
        for j in range(len(words)):
            S.I[u, words[j]] = _moved(np.int64(S.I[u, words[j]]), shift)
        for k in range(len(lists)):
            off, width = lists[k, 0], lists[k, 1]
            if width == 0:
                continue
            ptr = np.int64(S.I[u, off])
            for j in range(np.int64(S.I[u, off + 1]) & ENTRIES):
                for x in range(width):
                    if times[k, x]:
                        at = ptr + j * width + x
                        S.AR[at] = _moved(np.int64(S.AR[at]), shift)
        if S.PREV[u] != NEVER_64:
            S.PREV[u] -= shift
        S.DUE[u] = _moved(np.int64(S.DUE[u]), shift)
    for b in range(len(S.TREE)):
        low = FAR
        for u in range(b * 16, b * 16 + 16):
            low = min(low, S.DUE[u])
        S.TREE[b] = low
    for c in range(len(S.TOP)):
        low = FAR
        for b in range(c * 16, c * 16 + 16):
            low = min(low, S.TREE[b])
        S.TOP[c] = low
    for v in range(len(S.PEOPLE)):
        if S.PEOPLE[v, P_SEEN] != NEVER_64:
            S.PEOPLE[v, P_SEEN] -= shift
    S.G[G_BASE] += shift
