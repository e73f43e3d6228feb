"""The arrays of one shard, and how they grow.

Everything the kernels change lives here, so a snapshot is these arrays and nothing else. Capacities
double; no array is ever larger than twice what was needed at once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qianmian.engine import words as w
from qianmian.engine.layout import Tables

ROOM_COLUMNS = 24
PULSE_BUFFER = 4_096
ARENA_WORDS = 64  # of a viewer's lists, when room is made beforehand
NOBODY = np.array([-1, -1, -1, w.NEVER_64, 0, 0, -1, -1])
"""A viewer's record before anything is known: no row, no attributes, no link, no stream."""


class State(NamedTuple):
    """Arrays of a shard.

    Shapes: I int32[rows, row_words] and Q, the same memory as uint64; DUE int32[rows] with the min
    tree TREE (16 rows each) and TOP (256). By row: NEXT, PREV, SEEN. By viewer: PEOPLE
    int64[n, 8] (its first row, attributes, the ids linked to it as a chain, when it was seen last,
    its newest stream). Older streams STREAMS int64[n, 4]; gaps GLO, GHI, GNEXT; message hashes
    MK, MT; once-set ONCE int64[n, 3]; arena AR with FREE lists per class; rooms RS, ONLINE and
    RT int64[rooms, slots, entries, 2] (key and time, ms UTC; see `engine/room.py`);
    facts of a viewer ATTS uint64[n, 4 * bit_words], which atoms they make true and then which
    traits they name, and sums FV int64[n, totals]; output OUT int64[n, 5].
    """

    I: npt.NDArray[np.int32]
    Q: npt.NDArray[np.uint64]
    DUE: npt.NDArray[np.int32]
    TREE: npt.NDArray[np.int32]
    TOP: npt.NDArray[np.int32]
    NEXT: npt.NDArray[np.int32]
    PREV: npt.NDArray[np.int64]
    SEEN: npt.NDArray[np.int64]
    FREEROW: npt.NDArray[np.int32]
    FOUND: npt.NDArray[np.int32]
    PEOPLE: npt.NDArray[np.int64]
    STREAMS: npt.NDArray[np.int64]
    GLO: npt.NDArray[np.int64]
    GHI: npt.NDArray[np.int64]
    GNEXT: npt.NDArray[np.int32]
    MK: npt.NDArray[np.uint64]
    MT: npt.NDArray[np.int64]
    ONCE: npt.NDArray[np.int64]
    AR: npt.NDArray[np.int32]
    FREE: npt.NDArray[np.int32]
    RS: npt.NDArray[np.int64]
    RT: npt.NDArray[np.int64]
    ONLINE: npt.NDArray[np.int64]
    ATTS: npt.NDArray[np.uint64]
    FV: npt.NDArray[np.int64]
    OUT: npt.NDArray[np.int64]
    G: npt.NDArray[np.int64]
    D: npt.NDArray[np.uint64]
    PB: npt.NDArray[np.int64]


SCRATCH = {"Q", "D", "PB", "OUT", "FOUND"}
"""Not part of a snapshot: views and working space."""


def aligned_words(n: int) -> npt.NDArray[np.int32]:
    """Uninitialized words that begin at a cache line, so that no block straddles one more."""
    raw = np.empty(n * 4 + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + n * 4].view(np.int32)


def row_block(rows: int, row_words: int) -> npt.NDArray[np.int32]:
    """An uninitialized block of rows."""
    return aligned_words(rows * row_words).reshape(rows, row_words)


def new_state(
    tables: Tables, room_shape: tuple[int, int], *, base_ms: int, lateness_ms: int, presence: bool
) -> State:
    """An empty shard."""
    counters = np.zeros(w.COUNTERS, np.int64)
    counters[w.G_ARENA] = 16  # 0 means no block
    counters[w.G_BASE] = base_ms
    counters[w.G_LATENESS] = lateness_ms
    counters[w.G_BOUNDARY] = w.NEVER_64
    counters[w.G_PRESENCE] = presence
    counters[[w.G_FREE_GAP, w.G_FREE_STREAM]] = -1
    rows, row_words = 256, int(tables.M[8])
    block = row_block(rows, row_words)
    return State(
        I=block,
        Q=block.view(np.uint64),
        DUE=np.full(rows, w.FAR, np.int32),
        TREE=np.full(rows // 16, w.FAR, np.int32),
        TOP=np.full(rows // 256, w.FAR, np.int32),
        NEXT=np.full(rows, -1, np.int32),
        PREV=np.full(rows, w.NEVER_64, np.int64),
        SEEN=np.full(rows, w.NEVER_64, np.int64),
        FREEROW=np.zeros(rows, np.int32),
        FOUND=np.zeros(rows, np.int32),
        PEOPLE=np.tile(NOBODY, (256, 1)),
        STREAMS=np.full((256, 4), -1, np.int64),
        GLO=np.zeros(256, np.int64),
        GHI=np.zeros(256, np.int64),
        GNEXT=np.full(256, -1, np.int32),
        MK=np.zeros(1_024, np.uint64),
        MT=np.zeros(1_024, np.int64),
        ONCE=np.zeros((16_384, 3), np.int64),
        AR=np.zeros(int(tables.M[9]) + 16_384, np.int32),
        FREE=np.zeros(8, np.int32),
        RS=np.full((4, ROOM_COLUMNS), -1, np.int64),
        RT=np.full((4, *room_shape, 2), w.NO_ENTRY, np.int64),
        ONLINE=np.zeros(4, np.int64),
        ATTS=np.zeros((16, 4 * int(tables.M[6]) // 64), np.uint64),
        FV=np.zeros((16, len(tables.TOTALS)), np.int64),
        OUT=np.zeros((16_384, 5), np.int64),
        G=counters,
        D=np.zeros(int(tables.M[3]) + 1, np.uint64),
        PB=np.zeros((PULSE_BUFFER + len(tables.TRIG), 2), np.int64),
    )


def grown(array: npt.NDArray[Any], size: int, fill: int | npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A longer copy along the first axis."""
    longer = np.empty((size, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    longer[len(array) :] = fill
    return longer


def with_viewers(state: State, n: int) -> State:
    """Room for at least `n` viewers."""
    if n <= len(state.PEOPLE):
        return state
    size = max(n, 2 * len(state.PEOPLE))
    return state._replace(PEOPLE=grown(state.PEOPLE, size, NOBODY))


def with_rooms(state: State, n: int) -> State:
    """Room for at least `n` rooms."""
    if n <= len(state.RS):
        return state
    size = max(n, 2 * len(state.RS))
    return state._replace(
        RS=grown(state.RS, size, -1),
        RT=grown(state.RT, size, w.NO_ENTRY),
        ONLINE=grown(state.ONLINE, size, 0),
    )


def with_rows(state: State, n: int = 0) -> State:
    """Twice the rows (or at least `n`)."""
    size = max(2 * len(state.I), -(-n // 256) * 256)
    block = row_block(size, state.I.shape[1])
    block[: len(state.I)] = state.I
    return state._replace(
        I=block,
        Q=block.view(np.uint64),
        DUE=grown(state.DUE, size, w.FAR),
        TREE=grown(state.TREE, size // 16, w.FAR),
        TOP=grown(state.TOP, size // 256, w.FAR),
        NEXT=grown(state.NEXT, size, -1),
        PREV=grown(state.PREV, size, w.NEVER_64),
        SEEN=grown(state.SEEN, size, w.NEVER_64),
        FREEROW=grown(state.FREEROW, size, 0),
        FOUND=np.empty(size, np.int32),
    )


def with_rows_for(state: State, more: int) -> State:
    """Room for so many more rows."""
    needed = int(state.G[w.G_ROWS]) + more
    return state if needed <= len(state.I) else with_rows(state, needed)


def with_arena(state: State, n: int = 0) -> State:
    """Twice the arena, or at least `n` words.

    What lies beyond its end is never read: it is neither filled nor copied.
    """
    longer = aligned_words(max(2 * len(state.AR), n))
    used = int(state.G[w.G_ARENA])
    longer[:used] = state.AR[:used]
    return state._replace(AR=longer)


def with_streams(state: State, n: int = 0) -> State:
    """Twice the stream and gap records (or at least `n` and a quarter more)."""
    streams, gaps = max(2 * len(state.STREAMS), n + n // 4), max(2 * len(state.GLO), n // 4)
    return state._replace(
        STREAMS=grown(state.STREAMS, streams, -1),
        GLO=grown(state.GLO, gaps, 0),
        GHI=grown(state.GHI, gaps, 0),
        GNEXT=grown(state.GNEXT, gaps, -1),
    )


def empty_once(state: State, size: int) -> State:
    """An empty once-set of the given size (a power of two)."""
    state.G[w.G_ONCE] = 0
    return state._replace(ONCE=np.zeros((size, 3), np.int64))


def sized(state: State, viewers: int) -> State:
    """An empty state with room for so many viewers, and its memory taken from the system now.

    A page touched for the first time while events wait costs them up to a millisecond.
    """
    state = with_streams(with_rows(with_viewers(state, viewers), viewers), viewers // 4)
    state = with_arena(state, viewers * ARENA_WORDS)
    state = empty_once(state, 1 << (3 * viewers).bit_length())
    for array in (state.I, state.AR[int(state.G[w.G_ARENA]) :], state.ONCE):
        array.fill(0)
    return state
