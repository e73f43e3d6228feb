"""What an event does to the slots of a row: the instructions of its type, in order of opcode."""

from __future__ import annotations

import numpy as np

from qianmian.engine import instances
from qianmian.engine.bits import push, rise, set_bit
from qianmian.engine.jit import inline
from qianmian.engine.lists import (
    KEYS_KEPT,
    ONE,
    add_keyed,
    count_overflow,
    insert,
    remove,
    time_of_key,
    touch,
    touch_pair,
)
from qianmian.engine.words import (
    ENTRIES,
    G_BASE,
    G_BOUNDARY,
    G_OVERFLOW,
    I_ATOM0,
    I_ATOM1,
    I_CAP,
    I_FILTER,
    I_KEY,
    I_OFF,
    I_OP,
    I_PULSE0,
    I_X,
    I_Y,
    NEVER,
    NO_ENTRY,
    OP_AMOUNTS,
    OP_ARM,
    OP_CANCEL,
    OP_EDGE,
    OP_END,
    OP_GROUPED,
    OP_GROUPED_DISTINCT,
    OP_HAPPENED,
    OP_KEYED,
    OP_KEYED_COUNT,
    OP_PANES,
    OP_RECENT,
    OP_ROOM_THEN,
    OP_THEN,
    OP_TIMES,
    OP_TIMES_LIST,
    OP_TOTAL,
    ROOM,
    VISIT_START,
)

PRODUCT, CATEGORY = 1, 2
SAME_VISIT = 1
QUARTER_MS = 900_000  # every midnight of every zone lies on it
ABSENT = np.iinfo(np.int64).min


@inline
def passes(E, k, number):
    """Whether event k satisfies filter `number`."""
    return (E.FILTER[k, number >> 6] >> np.uint64(number & 63)) & ONE != 0


@inline
def any_passes(E, first, step, number):
    """Whether any line of an order satisfies the filter."""
    for k in range(first, first + step):
        if passes(E, k, number):
            return True
    return False


@inline
def told(E, first, k, number, which, key):
    """Whether an earlier line of the order that satisfies the filter has the key of line k."""
    for line in range(first, k):
        held = E.PRODUCT[line] if which == PRODUCT else E.CATEGORY[line]
        if held == key and (number < 0 or passes(E, line, number)):
            return True
    return False


@inline
def insert_time(S, u, off, cap, ts):
    """Keep the `cap` newest times in the row, newest first."""
    for at in range(off, off + cap):
        held = np.int64(S.I[u, at])
        if held <= ts:
            S.I[u, at] = ts
            if held == NEVER:
                return
            ts = held


@inline
def add_to_pane(S, u, off, pane_ms, ts):
    """Count an event in its pane of time; the entry's time is the pane's end."""
    end = np.int64(0)
    if pane_ms > 0:
        end = ((ts + S.G[G_BASE]) // pane_ms + 1) * pane_ms - S.G[G_BASE]
    ptr = np.int64(S.I[u, off])
    for j in range(np.int64(S.I[u, off + 1]) & ENTRIES):
        if S.AR[ptr + j * 2] == end:
            S.AR[ptr + j * 2 + 1] += 1
            return
    at = insert(S, u, off, 2, 62, end)
    if at >= 0:
        S.AR[at + 1] = 1


@inline
def add_amount(S, u, off, amount, ts):
    """Keep the 64 newest amounts."""
    count_overflow(S, u, off, 64)
    at = insert(S, u, off, 3, 64, ts)
    if at >= 0:
        S.AR[at + 1] = np.int32(amount & 0xFFFFFFFF)
        S.AR[at + 2] = np.int32(amount >> 32)


@inline
def add_total(S, u, off, cap, amount, ts):
    """Add to what is live on top of facts, by the quarter of an hour: 64 bits per entry."""
    quarter = np.int64(QUARTER_MS)
    end = ((ts + S.G[G_BASE]) // quarter + 1) * quarter - S.G[G_BASE]
    ptr = np.int64(S.I[u, off])
    for j in range(np.int64(S.I[u, off + 1]) & ENTRIES):
        at = ptr + j * 3
        if S.AR[at] == end:
            total = (np.int64(S.AR[at + 2]) << 32) | (np.int64(S.AR[at + 1]) & 0xFFFFFFFF)
            total += amount
            S.AR[at + 1] = np.int32(total & 0xFFFFFFFF)
            S.AR[at + 2] = np.int32(total >> 32)
            return
    count_overflow(S, u, off, cap)
    at = insert(S, u, off, 3, cap, end)
    if at >= 0:
        S.AR[at + 1] = np.int32(amount & 0xFFFFFFFF)
        S.AR[at + 2] = np.int32(amount >> 32)


@inline
def count_of_key(S, u, off, width, place, key, since):
    """How many entries after `since` carry the key at word `place`."""
    ptr = np.int64(S.I[u, off])
    found = 0
    for j in range(np.int64(S.I[u, off + 1]) & ENTRIES):
        if S.AR[ptr + j * width] <= since:
            break
        if S.AR[ptr + j * width + place] == key:
            found += 1
    return found


@inline
def keep_keys(S, u, off, width, place, key, ts):
    """Before an entry of a ninth key comes: take out every entry of the least recent key.

    False if that is the key that comes: its entry is older than what is kept of all the others.
    Either way a key goes, which is counted.
    """
    ptr = np.int64(S.I[u, off])
    n = np.int64(S.I[u, off + 1]) & ENTRIES
    if n < KEYS_KEPT:
        return True
    for j in range(n):
        if S.AR[ptr + j * width + place] == key:
            return True
    distinct = 0
    oldest = np.int64(-1)
    newest_of_it = np.int64(NEVER)
    for j in range(n):
        mine = S.AR[ptr + j * width + place]
        if j > 0 and S.AR[ptr + (j - 1) * width + place] == mine:
            continue  # a look at all before it would be long where a key has many entries
        fresh = True
        for k in range(j):
            if S.AR[ptr + k * width + place] == mine:
                fresh = False
                break
        if fresh:
            distinct += 1
            oldest = np.int64(mine)
            newest_of_it = np.int64(S.AR[ptr + j * width])
    if distinct < KEYS_KEPT:
        return True
    S.G[G_OVERFLOW] += 1
    if newest_of_it > ts:
        return False
    for j in range(n - 1, -1, -1):
        if S.AR[ptr + j * width + place] == oldest:
            remove(S, u, off, width, j)
    return True


@inline
def since_of(S, u, window, now):
    """The instant after which events lie in a window."""
    if window == -1:
        return np.int64(NEVER)
    if window == -2:
        return np.int64(S.I[u, VISIT_START]) - 1
    return now - window


@inline
def room_time(S, room, slot, key):
    """The latest time of a key in a slot of the room."""
    for j in range(S.RT.shape[2]):
        if S.RT[room, slot, j, 0] == key:
            return S.RT[room, slot, j, 1] - S.G[G_BASE]
        if S.RT[room, slot, j, 0] == NO_ENTRY:
            break
    return np.int64(NEVER)


@inline
def then(P, S, u, p, key, before, ts):
    """The completing event of a sequence: was there a first one, in time?"""
    if before == NEVER or before > ts or ts - before > P.PUL[p, 0]:
        return
    if P.PUL[p, 3] == SAME_VISIT and before < S.I[u, VISIT_START]:
        return
    push(S, P.M[6] + p, key)


@inline
def apply_instructions(P, S, E, u, i, step, ts, clk, viewed, cancels_only):
    """Run the instructions of event i; the further lines of an order only touch what has a key.

    With several lines, what counts per key looks only when all lines have been noted.
    """
    kind = E.TYPE[i]
    page = np.int64(E.PAGE[i])
    for line in range(step if step == 1 else 2 * step):
        counting = line >= step
        k = i + line - (step if counting else 0)
        for q in range(P.INS0[kind], P.INS0[kind + 1]):
            op = P.INS[q, I_OP]
            if step > 1 and (op == OP_KEYED_COUNT or op == OP_GROUPED_DISTINCT) != counting:
                continue
            if cancels_only and op != OP_CANCEL:
                continue
            number = P.INS[q, I_FILTER]
            key = np.int64(0)
            if P.INS[q, I_KEY] == 0:
                if k > i or (number >= 0 and not any_passes(E, i, step, number)):
                    continue
            else:
                if number >= 0 and not passes(E, k, number):
                    continue
                key = np.int64(E.PRODUCT[k] if P.INS[q, I_KEY] == PRODUCT else E.CATEGORY[k])
                if key < 0 or (op != OP_GROUPED and told(E, i, k, number, P.INS[q, I_KEY], key)):
                    continue
            off = P.INS[q, I_OFF]
            cap = P.INS[q, I_CAP]
            x = P.INS[q, I_X]
            p = P.INS[q, I_PULSE0]
            if op == OP_TIMES:
                insert_time(S, u, off, cap, ts)
            elif op == OP_RECENT:
                touch(S, u, off, 2, cap, key, ts)
            elif op == OP_TIMES_LIST:
                insert(S, u, off, 1, cap, ts)
            elif op == OP_PANES:
                add_to_pane(S, u, off, x, ts)
            elif op == OP_KEYED:
                if keep_keys(S, u, off, 2, 1, key, ts):
                    add_keyed(S, u, off, cap, key, ts)
            elif op == OP_GROUPED:
                group = np.int64(E.CATEGORY[k])
                if group < 0:  # an event without a category is in no list by category
                    continue
                if keep_keys(S, u, off, 3, 2, group, ts):
                    touch_pair(S, u, off, cap, key, group, ts)
            elif op == OP_AMOUNTS:
                if E.AMOUNT[k] == ABSENT:
                    continue
                add_amount(S, u, off, E.AMOUNT[k], ts)
            elif op == OP_TOTAL:
                if (x and E.AMOUNT[k] == ABSENT) or ts + S.G[G_BASE] < S.G[G_BOUNDARY]:
                    continue
                add_total(S, u, off, cap, E.AMOUNT[k] if x else np.int64(1), ts)
            elif op == OP_EDGE:
                stored = np.int64(S.I[u, off])
                if stored == NEVER or (ts >= stored if P.INS[q, I_Y] else ts < stored):
                    S.I[u, off] = ts
                    holds = any_passes(E, i, step, x)
                    S.I[u, off + 1] = holds
                    kept = E.PRICE[i] if p else E.AMOUNT[i]
                    S.I[u, off + 2] = np.int32(kept & 0xFFFFFFFF)
                    S.I[u, off + 3] = np.int32(kept >> 32)
                    for a in range(P.INS[q, I_ATOM0], P.INS[q, I_ATOM1]):
                        set_bit(P, S, u, a, holds, clk)
                continue
            elif op == OP_CANCEL:
                if P.INS[q, I_Y] == instances.ANY_KEY:
                    key = np.int64(instances.NO_KEY)
                touch(S, u, off, 2, instances.INSTANCE_BOUND, key, ts)
                instances.cancel_member_in(P, S, u, x, p, P.INS[q, I_Y], key, ts, clk)
                continue
            elif op == OP_END:
                if P.INS[q, I_Y] != instances.OTHER_PAGE:
                    touch(S, u, off + 2, 2, instances.INSTANCE_BOUND, key, ts)
                instances.cancel_in(P, S, u, x, P.INS[q, I_Y], key, page, ts, clk)
                continue
            elif op == OP_ARM:
                instances.arm_in(P, S, u, x, key, page, ts, clk)
                continue
            elif op == OP_HAPPENED:
                push(S, P.M[6] + p, key if P.INS[q, I_KEY] else -1)
                continue
            elif op == OP_THEN:
                before = time_of_key(S, u, off, 2, key, cap)
                then(P, S, u, p, key if P.INS[q, I_KEY] else -1, before, ts)
                continue
            elif op == OP_ROOM_THEN:
                before = room_time(S, S.I[u, ROOM], x, key)
                then(P, S, u, p, key if P.INS[q, I_KEY] else -1, before, ts)
                continue
            elif op == OP_KEYED_COUNT:
                since = since_of(S, u, P.PUL[p, 0], clk)
                if count_of_key(S, u, off, 2, 1, key, since) >= P.PUL[p, 1]:
                    push(S, P.M[6] + p, key)
                continue
            elif op == OP_GROUPED_DISTINCT:
                since = since_of(S, u, P.PUL[p, 0], clk)
                if count_of_key(S, u, off, 3, 2, key, since) >= P.PUL[p, 1]:
                    push(S, P.M[6] + p, key)
                continue
            if P.INS[q, I_ATOM1] > P.INS[q, I_ATOM0]:
                rise(P, S, u, P.INS[q, I_ATOM0], P.INS[q, I_ATOM1], clk)
        if viewed and E.PRODUCT[k] >= 0:
            instances.remember_view(S, u, np.int64(E.PRODUCT[k]), page, ts)
