"""Bounded lists in the arena, newest first, and the exact hash tables beside them.

A list slot is two words of the row: the arena index of its block (0: none), and
entries | class << CLASS_AT. A block of class c has 16 << c words. An entry begins with its time;
the rest is the slot's business.
"""

# Times of entries never increase along a list; among equal times the later arrival stands first.
from __future__ import annotations

import numpy as np

from qianmian.engine.jit import inline
from qianmian.engine.words import (
    CLASS_AT,
    ENTRIES,
    G_ARENA,
    G_OVERFLOW,
    NEVER,
)
from qianmian.language.program import LIST_BOUND

ONE = np.uint64(1)
KEYS_KEPT = 8
MOST_KEYED = KEYS_KEPT * LIST_BOUND
"""Entries of a keyed list, so that `insert` never has to let one go."""


@inline
def block(S, size_class):
    """A free block of the class."""
    head = np.int64(S.FREE[size_class])
    if head:
        S.FREE[size_class] = S.AR[head]
        return head
    at = S.G[G_ARENA]
    S.G[G_ARENA] = at + (16 << size_class)
    return at


@inline
def release(S, u, off):
    """Give a list's block back."""
    ptr = np.int64(S.I[u, off])
    if ptr:
        size_class = np.int64(S.I[u, off + 1]) >> CLASS_AT
        S.AR[ptr] = S.FREE[size_class]
        S.FREE[size_class] = ptr
        S.I[u, off] = 0
        S.I[u, off + 1] = 0


@inline
def insert(S, u, off, width, cap, ts):
    """Make room for an entry at time `ts`; its arena index, or -1 if older than a full list."""
    ptr = np.int64(S.I[u, off])
    meta = np.int64(S.I[u, off + 1])
    n = meta & ENTRIES
    size_class = meta >> CLASS_AT
    if n >= cap:
        if S.AR[ptr + (n - 1) * width] > ts:
            return np.int64(-1)
        n -= 1
    need = (n + 1) * width
    if ptr == 0 or need > (16 << size_class):
        grown = size_class
        if ptr == 0:
            grown = 0
        while need > (16 << grown):
            grown += 1
        fresh = block(S, grown)
        for j in range(n * width):
            S.AR[fresh + j] = S.AR[ptr + j]
        if ptr:
            S.AR[ptr] = S.FREE[size_class]
            S.FREE[size_class] = ptr
        ptr = fresh
        size_class = grown
        S.I[u, off] = ptr
    at = n
    while at > 0 and S.AR[ptr + (at - 1) * width] <= ts:
        for j in range(width):
            S.AR[ptr + at * width + j] = S.AR[ptr + (at - 1) * width + j]
        at -= 1
    S.AR[ptr + at * width] = ts
    S.I[u, off + 1] = (n + 1) | (size_class << CLASS_AT)
    return ptr + at * width


@inline
def count_overflow(S, u, off, cap):
    """Count an entry that a bound of the semantics is about to push out."""
    if (np.int64(S.I[u, off + 1]) & ENTRIES) >= cap:
        S.G[G_OVERFLOW] += 1


@inline
def remove(S, u, off, width, at):
    """Take entry number `at` out."""
    ptr = np.int64(S.I[u, off])
    meta = np.int64(S.I[u, off + 1])
    n = meta & ENTRIES
    for j in range(at * width, (n - 1) * width):
        S.AR[ptr + j] = S.AR[ptr + j + width]
    S.I[u, off + 1] = meta - 1


@inline
def touch(S, u, off, width, cap, key, ts):
    """Set the latest time of a key; the entry's arena index, or -1 if nothing changed."""
    ptr = np.int64(S.I[u, off])
    n = np.int64(S.I[u, off + 1]) & ENTRIES
    found = np.int64(-1)
    for j in range(n):
        if S.AR[ptr + j * width + 1] == key:
            found = j
            break
    if found >= 0:
        if S.AR[ptr + found * width] >= ts:
            return np.int64(-1)
        remove(S, u, off, width, found)
    at = insert(S, u, off, width, cap, ts)
    if at >= 0:
        S.AR[at + 1] = key
    return at


@inline
def keep_newest_of(S, u, off, width, place, cap, key, ts):
    """Before an entry at `ts` comes: keep `cap` of its key, with it, word `place` being the key.

    False if it is older than so many. The older ones decide nothing that is asked of the key, so
    this is no overflow.
    """
    ptr = np.int64(S.I[u, off])
    n = np.int64(S.I[u, off + 1]) & ENTRIES
    kept = 0
    for j in range(n):
        kept += S.AR[ptr + j * width + place] == key
    for j in range(n - 1, -1, -1):
        if kept < cap:
            break
        if S.AR[ptr + j * width + place] == key:
            if S.AR[ptr + j * width] > ts:
                return False
            remove(S, u, off, width, j)
            kept -= 1
    return True


@inline
def add_keyed(S, u, off, cap, key, ts):
    """Keep the `cap` newest times of each key: entries are (time, key)."""
    if keep_newest_of(S, u, off, 2, 1, cap, key, ts):
        at = insert(S, u, off, 2, MOST_KEYED, ts)
        S.AR[at + 1] = key


@inline
def touch_pair(S, u, off, cap, key, group, ts):
    """Set the latest time of a key within a group: entries are (time, key, group), `cap` a group.

    Of equal times the later arrival stands first, so that the group counts as touched.
    """
    ptr = np.int64(S.I[u, off])
    for j in range(np.int64(S.I[u, off + 1]) & ENTRIES):
        if S.AR[ptr + j * 3 + 1] == key and S.AR[ptr + j * 3 + 2] == group:
            if S.AR[ptr + j * 3] > ts:
                return
            remove(S, u, off, 3, j)
            break
    if keep_newest_of(S, u, off, 3, 2, cap, group, ts):
        at = insert(S, u, off, 3, MOST_KEYED, ts)
        S.AR[at + 1] = key
        S.AR[at + 2] = group


@inline
def time_of_key(S, u, off, width, key, cap):
    """The latest time of a key among the first `cap` entries, NEVER if it is not there."""
    ptr = np.int64(S.I[u, off])
    n = min(np.int64(S.I[u, off + 1]) & ENTRIES, cap)
    for j in range(n):
        if S.AR[ptr + j * width + 1] == key:
            return np.int64(S.AR[ptr + j * width])
    return np.int64(NEVER)


@inline
def mix(x):
    """Spread the bits of a 64-bit word (the finalizer of splitmix64)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
