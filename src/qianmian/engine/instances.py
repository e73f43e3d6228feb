"""Instances that wait for the absence of something: armed by A, cancelled by B, fired by time.

An instance is [event time of A, key, clock of arming, cancel time, page]. For a pulse (T, wait) it
is due at max(A + T + wait, clock of arming) and fires there iff its cancel time lies after A + T.
A slot is four words: the list of instances and the list of cancellers per key.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from qianmian.engine.bits import set_bit
from qianmian.engine.jit import inline, routine
from qianmian.engine.lists import count_overflow, insert, remove, time_of_key
from qianmian.engine.words import (
    FAR,
    G_BRIEF,
    G_CONTRADICTED,
    G_LATENESS,
    LEFT_TIME,
    PENDING_WIDTH,
    S_IS_VIEW,
    S_LEAST,
    S_MOST,
    S_OFF,
    S_OPEN,
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
)

BY_KEY, ALL, OTHER_PAGE, ANY_KEY = 0, 1, 2, 3
NO_KEY = -1  # under it a canceller is kept that cancels whatever its key
INSTANCE_BOUND = 8


class Waits(NamedTuple):
    """The tables that instances read: few, because each call copies their headers."""

    M: npt.NDArray[np.int64]
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
    return Waits(P.M, P.PS, P.PP, P.PV, P.FAN0, P.FAN, P.RISES)


@inline
def held(S):
    """The state that instances change."""
    return Held(S.I, S.Q, S.AR, S.FREE, S.G, S.D, S.PB)


@inline
def waiting(P, S, u, s):
    """How many instances a slot has."""
    return np.int64(S.I[u, P.PS[s, S_OFF] + 1]) & 255


@inline
def due_of(P, S, at, row):
    """When the instance at arena index `at` has its turn for (T, wait) of `row`."""
    due = np.int64(S.AR[at]) + row[1] + row[2]
    return max(due, np.int64(S.AR[at + 2]))


@routine
def cancel(P, S, u, s, mode, key, page, ts, clk):
    """A canceller at event time `ts`: mark the instances it ends, drop those that cannot fire."""
    off = P.PS[s, S_OFF]
    n = np.int64(S.I[u, off + 1]) & 255
    if n == 0:
        return
    ptr = np.int64(S.I[u, off])
    hit = False
    for j in range(n):
        at = ptr + j * PENDING_WIDTH
        if S.AR[at] > ts:
            continue
        if mode == BY_KEY and S.AR[at + 1] != key:
            continue
        if mode == OTHER_PAGE and (S.AR[at + 1] == key or S.AR[at + 4] != page):
            continue
        if S.AR[at + 3] == FAR:
            for p in range(P.PS[s, S_PULSE0], P.PS[s, S_PULSE1]):
                if ts <= S.AR[at] + P.PP[p, 1] and due_of(P, S, at, P.PP[p]) < clk:
                    S.G[G_CONTRADICTED] += 1
        if ts < S.AR[at + 3]:
            S.AR[at + 3] = ts
            hit = True
    if hit:
        tidy(P, S, u, s, clk)
        levels(P, S, u, s, clk, clk - 1)


@routine
def tidy(P, S, u, s, clk):
    """Take out instances that can neither fire nor be open nor be contradicted any more."""
    off = P.PS[s, S_OFF]
    n = np.int64(S.I[u, off + 1]) & 255
    ptr = np.int64(S.I[u, off])
    keeps_open = P.PS[s, S_VIEW1] > P.PS[s, S_VIEW0] or P.PS[s, S_OPEN] != 0
    for j in range(n - 1, -1, -1):
        at = ptr + j * PENDING_WIDTH
        done = max(S.AR[at] + P.PS[s, S_MOST], np.int64(S.AR[at + 2])) + S.G[G_LATENESS] < clk
        if S.AR[at + 3] == FAR:
            if done and not keeps_open:
                remove(S, u, off, PENDING_WIDTH, j)
        elif done or S.AR[at + 3] <= S.AR[at] + P.PS[s, S_LEAST]:
            remove(S, u, off, PENDING_WIDTH, j)


@inline
def is_useless(P, S, s, at, clk):
    """Whether an instance can neither fire any more nor keep a level true."""
    keeps_open = P.PS[s, S_VIEW1] > P.PS[s, S_VIEW0] or P.PS[s, S_OPEN] != 0
    ended = np.int64(S.AR[at + 3])
    if ended == FAR and keeps_open:
        return False
    for p in range(P.PS[s, S_PULSE0], P.PS[s, S_PULSE1]):
        if due_of(P, S, at, P.PP[p]) >= clk and ended > S.AR[at] + P.PP[p, 1]:
            return False
    return True


@inline
def make_place(P, S, u, s, clk):
    """Before one is pushed out: let go of those kept only to notice contradictions."""
    off = P.PS[s, S_OFF]
    ptr = np.int64(S.I[u, off])
    for j in range(waiting(P, S, u, s) - 1, -1, -1):
        if is_useless(P, S, s, ptr + j * PENDING_WIDTH, clk):
            remove(S, u, off, PENDING_WIDTH, j)


@routine
def levels(P, S, u, s, now, passed):
    """Set the bits of a view: open, and fired for each T.

    `passed` is the last instant whose timers ran. A view that fires at this very instant though it
    has ended since counts for this instant only (G_BRIEF tells the loop to look again).
    """
    off = P.PS[s, S_OFF]
    n = np.int64(S.I[u, off + 1]) & 255
    ptr = np.int64(S.I[u, off])
    for v in range(P.PS[s, S_VIEW0], P.PS[s, S_VIEW1]):
        holds = False
        for j in range(n):
            at = ptr + j * PENDING_WIDTH
            due = due_of(P, S, at, P.PV[v])
            if S.AR[at + 3] == FAR:
                if due <= passed:
                    holds = True
            elif due == passed and now == passed and S.AR[at + 3] > S.AR[at] + P.PV[v, 1]:
                holds = True
                S.G[G_BRIEF] = 1
        set_bit(P, S, u, P.PV[v, 0], holds, now)
    if P.PS[s, S_OPEN] > 0:
        holds = False
        for j in range(n):
            if S.AR[ptr + j * PENDING_WIDTH + 3] == FAR:
                holds = True
        set_bit(P, S, u, P.PS[s, S_OPEN], holds, now)


@routine
def arm(P, S, u, s, key, page, ts, clk):
    """A new instance, unless a canceller that lies after it has already come."""
    off = P.PS[s, S_OFF]
    ended = np.int64(FAR)
    earlier = max(
        time_of_key(S, u, off + 2, 2, key, INSTANCE_BOUND),
        time_of_key(S, u, off + 2, 2, NO_KEY, INSTANCE_BOUND),
    )
    if earlier > ts:
        ended = earlier
    if S.I[u, LEFT_TIME] > ts:
        ended = min(ended, np.int64(S.I[u, LEFT_TIME]))
    if P.PS[s, S_IS_VIEW]:
        if S.I[u, VIEW_1] != key and S.I[u, VIEW_1_PAGE] == page and S.I[u, VIEW_1_TIME] > ts:
            ended = min(ended, np.int64(S.I[u, VIEW_1_TIME]))
        if S.I[u, VIEW_2] != key and S.I[u, VIEW_2_PAGE] == page and S.I[u, VIEW_2_TIME] > ts:
            ended = min(ended, np.int64(S.I[u, VIEW_2_TIME]))
    if ended <= ts + P.PS[s, S_LEAST] and ended != FAR:
        return
    if waiting(P, S, u, s) >= INSTANCE_BOUND:
        make_place(P, S, u, s, clk)
    count_overflow(S, u, off, INSTANCE_BOUND)
    at = insert(S, u, off, PENDING_WIDTH, INSTANCE_BOUND, ts)
    if at < 0:
        return
    S.AR[at + 1] = key
    S.AR[at + 2] = clk
    S.AR[at + 3] = ended
    S.AR[at + 4] = page
    for p in range(P.PS[s, S_PULSE0], P.PS[s, S_PULSE1]):
        due = due_of(P, S, at, P.PP[p])
        if due < S.I[u, TIMER_DUE]:
            S.I[u, TIMER_DUE] = due
    for v in range(P.PS[s, S_VIEW0], P.PS[s, S_VIEW1]):
        due = due_of(P, S, at, P.PV[v])
        if due < S.I[u, TIMER_DUE]:
            S.I[u, TIMER_DUE] = due
    if P.PS[s, S_OPEN]:
        levels(P, S, u, s, clk, clk - 1)


@inline
def cancel_in(P, S, u, s, mode, key, page, ts, clk):
    """`cancel`, from the whole tables and state (what owns arrays must not be made in a kernel)."""
    if waiting(P, S, u, s):
        cancel(waits(P), held(S), u, s, mode, key, page, ts, clk)


@inline
def arm_in(P, S, u, s, key, page, ts, clk):
    """`arm`, from the whole tables and state."""
    arm(waits(P), held(S), u, s, key, page, ts, clk)


@inline
def levels_in(P, S, u, s, now, passed):
    """`levels`, from the whole tables and state."""
    if waiting(P, S, u, s):
        levels(waits(P), held(S), u, s, now, passed)


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
