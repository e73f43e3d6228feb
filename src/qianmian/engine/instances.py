"""Instances that wait for the absence of something: armed by A, cancelled by B, fired by time.

What waits after the same A — other ends, other times — is a family and shares its instances. An
instance is [event time of A, key, clock of arming, page, then for each member of the family the
event time at which it was cancelled: FAR while it was not, NEVER if it does not wait (any more)].
For a pulse (T, wait) of a member it is due at max(A + T + wait, clock of arming) and fires there
iff the cancel time lies after A + T.

In the row a family has the list of its instances and, if it is of views, the list of the products
left; a member has the list of its own cancellers per key.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from qianmian.engine.bits import push, set_bit
from qianmian.engine.jit import inline, kernel, routine
from qianmian.engine.lists import insert, remove, time_of_key
from qianmian.engine.words import (
    ENTRIES,
    FAR,
    G_ARENA,
    G_BRIEF,
    G_CONTRADICTED,
    G_LATENESS,
    G_OVERFLOW,
    LEFT_TIME,
    N_CLOCK,
    N_ENDS,
    N_KEY,
    N_PAGE,
    NEVER,
    S_CANCEL,
    S_LEAST,
    S_MOST,
    S_OPEN,
    S_PLACE,
    S_PULSE0,
    S_PULSE1,
    S_VIEW0,
    S_VIEW1,
    TIMER_DUE,
    VIEW_1,
    VIEW_1_PAGE,
    VIEW_1_TIME,
    VIEW_2,
    VIEW_2_PAGE,
    VIEW_2_TIME,
    VIEWER,
    W_FIRST,
    W_IS_VIEW,
    W_LAST,
    W_OFF,
    W_WIDTH,
)

BY_KEY, ALL, OTHER_PAGE, ANY_KEY = 0, 1, 2, 3
NO_KEY = -1  # under it a canceller is kept that cancels whatever its key
INSTANCE_BOUND = 8
MEMBERS = 12  # of one family; more make another
MOST_INSTANCES = INSTANCE_BOUND * MEMBERS + 1  # each of another member's eight, and the one to come
LARGEST = 2_048  # words of the largest block


class Waits(NamedTuple):
    """The tables that instances read: few, because each call copies their headers."""

    M: npt.NDArray[np.int64]
    PF: npt.NDArray[np.int64]
    PS: npt.NDArray[np.int64]
    PP: npt.NDArray[np.int64]
    PV: npt.NDArray[np.int64]
    FAN0: npt.NDArray[np.int32]
    FAN: npt.NDArray[np.int32]
    RISES: npt.NDArray[np.uint64]


class Held(NamedTuple):
    """The state that instances change."""

    I: npt.NDArray[np.int32]
    Q: npt.NDArray[np.uint64]
    AR: npt.NDArray[np.int32]
    FREE: npt.NDArray[np.int32]
    G: npt.NDArray[np.int64]
    D: npt.NDArray[np.uint64]
    PB: npt.NDArray[np.int64]


@inline
def waits(P):
    """The tables that instances read."""
    return Waits(P.M, P.PF, P.PS, P.PP, P.PV, P.FAN0, P.FAN, P.RISES)


@inline
def held(S):
    """The state that instances change."""
    return Held(S.I, S.Q, S.AR, S.FREE, S.G, S.D, S.PB)


@inline
def waiting(P, S, u, f):
    """How many instances a family has."""
    return np.int64(S.I[u, P.PF[f, W_OFF] + 1]) & ENTRIES


@inline
def due_of(P, S, at, row):
    """When the instance at arena index `at` has its turn for (T, wait) of `row`."""
    due = np.int64(S.AR[at]) + row[1] + row[2]
    return max(due, np.int64(S.AR[at + N_CLOCK]))


@routine
def cancel(P, S, u, f, first, last, mode, key, page, ts, clk):
    """A canceller of members first..last at event time `ts`: mark the instances it ends."""
    width = P.PF[f, W_WIDTH]
    ptr = np.int64(S.I[u, P.PF[f, W_OFF]])
    hit = False
    for j in range(waiting(P, S, u, f)):
        at = ptr + j * width
        if S.AR[at] > ts:
            continue
        if mode == BY_KEY and S.AR[at + N_KEY] != key:
            continue
        if mode == OTHER_PAGE and (S.AR[at + N_KEY] == key or S.AR[at + N_PAGE] != page):
            continue
        for m in range(first, last):
            place = at + P.PS[m, S_PLACE]
            if S.AR[place] == FAR:
                for p in range(P.PS[m, S_PULSE0], P.PS[m, S_PULSE1]):
                    if ts <= S.AR[at] + P.PP[p, 1] and due_of(P, S, at, P.PP[p]) < clk:
                        S.G[G_CONTRADICTED] += 1
            if ts < S.AR[place]:
                S.AR[place] = ts
                hit = True
    if hit:
        tidy(P, S, u, f, clk)
        levels(P, S, u, f, first, last, clk, clk - 1)


@inline
def stays(P, S, m, at, clk):
    """Whether an instance still matters to a member: to fire, to be open, to be contradicted."""
    ended = np.int64(S.AR[at + P.PS[m, S_PLACE]])
    if ended == NEVER:
        return False
    over = max(S.AR[at] + P.PS[m, S_MOST], np.int64(S.AR[at + N_CLOCK])) + S.G[G_LATENESS] < clk
    if ended == FAR:
        return not over or keeps_open(P, m)
    return not over and ended > S.AR[at] + P.PS[m, S_LEAST]


@inline
def keeps_open(P, m):
    """Whether a member asks for what is open, and not only for what becomes due."""
    return P.PS[m, S_VIEW1] > P.PS[m, S_VIEW0] or P.PS[m, S_OPEN] != 0


@routine
def tidy(P, S, u, f, clk):
    """Forget instances, for each member by itself; take out those that no member needs."""
    off, width = P.PF[f, W_OFF], P.PF[f, W_WIDTH]
    ptr = np.int64(S.I[u, off])
    for j in range(waiting(P, S, u, f) - 1, -1, -1):
        at = ptr + j * width
        needed = False
        for m in range(P.PF[f, W_FIRST], P.PF[f, W_LAST]):
            if stays(P, S, m, at, clk):
                needed = True
            else:
                S.AR[at + P.PS[m, S_PLACE]] = NEVER
        if not needed:
            remove(S, u, off, width, j)


@inline
def is_useless(P, S, m, at, clk):
    """Whether an instance can neither fire any more nor keep a level true."""
    ended = np.int64(S.AR[at + P.PS[m, S_PLACE]])
    if ended == FAR and keeps_open(P, m):
        return False
    for p in range(P.PS[m, S_PULSE0], P.PS[m, S_PULSE1]):
        if due_of(P, S, at, P.PP[p]) >= clk and ended > S.AR[at] + P.PP[p, 1]:
            return False
    return True


@routine
def makes_place(P, S, u, f, m, ts, clk):
    """Keep to the bound of a member before one more comes; False if that one is the oldest.

    Those that are kept only to notice contradictions go first.
    """
    width = P.PF[f, W_WIDTH]
    ptr = np.int64(S.I[u, P.PF[f, W_OFF]])
    place = P.PS[m, S_PLACE]
    kept = 0
    for j in range(waiting(P, S, u, f)):
        if S.AR[ptr + j * width + place] != NEVER:
            kept += 1
    if kept < INSTANCE_BOUND:
        return True
    kept = 0
    oldest = np.int64(-1)
    for j in range(waiting(P, S, u, f)):
        at = ptr + j * width
        if S.AR[at + place] == NEVER:
            continue
        if is_useless(P, S, m, at, clk):
            S.AR[at + place] = NEVER
        else:
            kept += 1
            oldest = at
    if kept < INSTANCE_BOUND:
        return True
    S.G[G_OVERFLOW] += 1
    if S.AR[oldest] > ts:
        return False
    S.AR[oldest + place] = NEVER
    return True


@routine
def levels(P, S, u, f, first, last, now, passed):
    """Set the bits of the views of members first..last: open, and fired for each T.

    `passed` is the last instant whose timers ran. A view that fires at this very instant though it
    has ended since counts for this instant only (G_BRIEF tells the loop to look again).
    """
    width = P.PF[f, W_WIDTH]
    n = waiting(P, S, u, f)
    ptr = np.int64(S.I[u, P.PF[f, W_OFF]])
    for m in range(first, last):
        place = P.PS[m, S_PLACE]
        for v in range(P.PS[m, S_VIEW0], P.PS[m, S_VIEW1]):
            holds = False
            for j in range(n):
                at = ptr + j * width
                if S.AR[at + place] == FAR:
                    if due_of(P, S, at, P.PV[v]) <= passed:
                        holds = True
                elif now == passed and S.AR[at + place] > S.AR[at] + P.PV[v, 1]:
                    if due_of(P, S, at, P.PV[v]) == passed:
                        holds = True
                        S.G[G_BRIEF] = 1
            set_bit(P, S, u, P.PV[v, 0], holds, now)
        if P.PS[m, S_OPEN]:
            holds = False
            for j in range(n):
                if S.AR[ptr + j * width + place] == FAR:
                    holds = True
            set_bit(P, S, u, P.PS[m, S_OPEN], holds, now)


@inline
def ended_before(P, S, u, f, key, page, ts):
    """When a canceller that came already, but lies after an A at `ts`, ends it for every member."""
    ended = np.int64(FAR)
    if S.I[u, LEFT_TIME] > ts:
        ended = np.int64(S.I[u, LEFT_TIME])
    if P.PF[f, W_IS_VIEW]:
        left = time_of_key(S, u, P.PF[f, W_OFF] + 2, 2, key, INSTANCE_BOUND)
        if left > ts:
            ended = min(ended, left)
        if S.I[u, VIEW_1] != key and S.I[u, VIEW_1_PAGE] == page and S.I[u, VIEW_1_TIME] > ts:
            ended = min(ended, np.int64(S.I[u, VIEW_1_TIME]))
        if S.I[u, VIEW_2] != key and S.I[u, VIEW_2_PAGE] == page and S.I[u, VIEW_2_TIME] > ts:
            ended = min(ended, np.int64(S.I[u, VIEW_2_TIME]))
    return ended


@inline
def cancelled_before(P, S, u, m, key, ts):
    """The same for one member: the latest of its own cancellers, if it lies after `ts`."""
    off = P.PS[m, S_CANCEL]
    if off < 0 or S.I[u, off + 1] & ENTRIES == 0:
        return np.int64(FAR)
    latest = max(
        time_of_key(S, u, off, 2, key, INSTANCE_BOUND),
        time_of_key(S, u, off, 2, NO_KEY, INSTANCE_BOUND),
    )
    return latest if latest > ts else np.int64(FAR)


@inline
def wake_at(S, u, due):
    """The row's timer is not later than this."""
    if due < S.I[u, TIMER_DUE]:
        S.I[u, TIMER_DUE] = due


@routine
def arm(P, S, u, f, key, page, ts, clk):
    """A new instance, for the members whose cancellers have not come already."""
    ended = ended_before(P, S, u, f, key, page, ts)
    before = waiting(P, S, u, f)
    at = insert(S, u, P.PF[f, W_OFF], P.PF[f, W_WIDTH], MOST_INSTANCES, ts)
    S.AR[at + N_KEY] = key
    S.AR[at + N_CLOCK] = clk
    S.AR[at + N_PAGE] = page
    for m in range(P.PF[f, W_FIRST], P.PF[f, W_LAST]):
        S.AR[at + P.PS[m, S_PLACE]] = NEVER
    needed = False
    for m in range(P.PF[f, W_FIRST], P.PF[f, W_LAST]):
        mine = min(ended, cancelled_before(P, S, u, m, key, ts))
        if mine != FAR and mine <= ts + P.PS[m, S_LEAST]:
            continue
        if before >= INSTANCE_BOUND and not makes_place(P, S, u, f, m, ts, clk):
            continue
        needed = True
        S.AR[at + P.PS[m, S_PLACE]] = mine
        for p in range(P.PS[m, S_PULSE0], P.PS[m, S_PULSE1]):
            wake_at(S, u, due_of(P, S, at, P.PP[p]))
        for v in range(P.PS[m, S_VIEW0], P.PS[m, S_VIEW1]):
            wake_at(S, u, due_of(P, S, at, P.PV[v]))
        if P.PS[m, S_OPEN]:
            levels(P, S, u, f, m, m + 1, clk, clk - 1)
    if not needed or before >= INSTANCE_BOUND:
        tidy(P, S, u, f, clk)


@routine
def fire_due(P, S, u, f, now):
    """Note what of a family is due at exactly this instant; when the next is."""
    width = P.PF[f, W_WIDTH]
    ptr = np.int64(S.I[u, P.PF[f, W_OFF]])
    later = np.int64(FAR)
    for j in range(waiting(P, S, u, f) - 1, -1, -1):
        at = ptr + j * width
        for m in range(P.PF[f, W_FIRST], P.PF[f, W_LAST]):
            ended = np.int64(S.AR[at + P.PS[m, S_PLACE]])
            if ended == NEVER:
                continue
            for p in range(P.PS[m, S_PULSE0], P.PS[m, S_PULSE1]):
                due = due_of(P, S, at, P.PP[p])
                if due == now and ended > S.AR[at] + P.PP[p, 1]:
                    push(S, P.M[6] + P.PP[p, 0], S.AR[at + N_KEY] if P.PP[p, 3] else -1)
                elif due > now and due < later:
                    later = due
            for v in range(P.PS[m, S_VIEW0], P.PS[m, S_VIEW1]):
                due = due_of(P, S, at, P.PV[v])
                if due > now and due < later:
                    later = due
    levels(P, S, u, f, P.PF[f, W_FIRST], P.PF[f, W_LAST], now, now)
    tidy(P, S, u, f, now)
    return later


@inline
def cancel_in(P, S, u, f, mode, key, page, ts, clk):
    """`cancel` for a whole family (what owns arrays must not be made in a kernel)."""
    if waiting(P, S, u, f):
        first, last = P.PF[f, W_FIRST], P.PF[f, W_LAST]
        cancel(waits(P), held(S), u, f, first, last, mode, key, page, ts, clk)


@inline
def cancel_member_in(P, S, u, f, m, mode, key, ts, clk):
    """`cancel` for one member of a family."""
    if waiting(P, S, u, f):
        cancel(waits(P), held(S), u, f, m, m + 1, mode, key, 0, ts, clk)


@inline
def arm_in(P, S, u, f, key, page, ts, clk):
    """`arm`, from the whole tables and state."""
    arm(waits(P), held(S), u, f, key, page, ts, clk)


@inline
def levels_in(P, S, u, f, now, passed):
    """`levels` of a whole family, from the whole tables and state."""
    if waiting(P, S, u, f):
        first, last = P.PF[f, W_FIRST], P.PF[f, W_LAST]
        levels(waits(P), held(S), u, f, first, last, now, passed)


@inline
def fire_due_in(P, S, u, f, now):
    """`fire_due`, from the whole tables and state."""
    if waiting(P, S, u, f) == 0:
        return np.int64(FAR)
    return fire_due(waits(P), held(S), u, f, now)


@inline
def remember_view(S, u, product, page, ts):
    """Keep the two products viewed last, when and on which page."""
    if S.I[u, VIEW_1] == product:
        if ts >= S.I[u, VIEW_1_TIME]:
            S.I[u, VIEW_1_TIME] = ts
            S.I[u, VIEW_1_PAGE] = page
    elif ts >= S.I[u, VIEW_1_TIME]:
        S.I[u, VIEW_2] = S.I[u, VIEW_1]
        S.I[u, VIEW_2_TIME] = S.I[u, VIEW_1_TIME]
        S.I[u, VIEW_2_PAGE] = S.I[u, VIEW_1_PAGE]
        S.I[u, VIEW_1] = product
        S.I[u, VIEW_1_TIME] = ts
        S.I[u, VIEW_1_PAGE] = page
    elif ts >= S.I[u, VIEW_2_TIME]:
        S.I[u, VIEW_2] = product
        S.I[u, VIEW_2_TIME] = ts
        S.I[u, VIEW_2_PAGE] = page


@kernel
def refit(S, rows, first, last, before, after, places):
    """Move the instances of a family, before (word, width), to a family after (word, width).

    `places[k]` is where member word k of the new family stood in the old one, 0 if it was not
    there. Returns the row at which to go on when the arena has grown.
    """
    for u in range(first, last):
        n = np.int64(rows[u, before[0] + 1]) & ENTRIES
        if S.I[u, VIEWER] < 0 or n == 0:
            continue
        if S.G[G_ARENA] + LARGEST > len(S.AR):
            return u
        ptr = np.int64(rows[u, before[0]])
        for j in range(n - 1, -1, -1):
            at = ptr + j * before[1]
            waits_on = False
            for k in range(N_ENDS, after[1]):
                if places[k] and S.AR[at + places[k]] != NEVER:
                    waits_on = True
            if not waits_on:
                continue
            fresh = _same_instance(S, u, after, at)
            if fresh < 0:
                fresh = insert(S, u, after[0], after[1], MOST_INSTANCES, S.AR[at])
                for k in range(1, after[1]):
                    S.AR[fresh + k] = S.AR[at + k] if k < N_ENDS else NEVER
            for k in range(N_ENDS, after[1]):
                if places[k]:
                    S.AR[fresh + k] = S.AR[at + places[k]]
    return last


@inline
def _same_instance(S, u, after, at):
    """The instance in the new list that stands for the same A, -1 if it is not there yet."""
    ptr = np.int64(S.I[u, after[0]])
    for j in range(np.int64(S.I[u, after[0] + 1]) & ENTRIES):
        mine = ptr + j * after[1]
        same = True
        for k in range(N_ENDS):
            if S.AR[mine + k] != S.AR[at + k]:
                same = False
        if same:
            return mine
    return np.int64(-1)
