"""Where things stand: the words of a viewer's row, the columns of the tables, the counters.

A row is `int32[row_words]`, 64-byte aligned: header, one due word per word of atom bits, the bits
(atoms, then nodes), the slots. Times in rows are ms relative to the shard's base.
"""

from __future__ import annotations

from typing import Final

# header words
VIEWER: Final = 0
ROOM: Final = 1
LAST_SEEN: Final = 2
VISIT_START: Final = 3
VISIT_ID: Final = 4
HIDDEN: Final = 5  # 1 while the page is hidden
LEFT_TIME: Final = 6  # greatest event time of room_left
LAST_OPERATION: Final = 7
SHOWN_TIME: Final = 8  # greatest event time of a report that the page is visible
HIDDEN_FIRST: Final = 9
HIDDEN_LAST: Final = 10
IDLE_CLOCK: Final = 11  # clock at which the idle state last changed
HIDDEN_CLOCK: Final = 12
VISIT_CLOCK: Final = 13
TIMER_DUE: Final = 14  # lower bound of the next timer of an instance
LEAVE_DUE: Final = 15  # lower bound of presence lost, or of eviction
ROW_DUE: Final = 16  # what stands in the due column, so that it is touched only to change it
VIEW_1: Final = 17  # the two products viewed last (without page id) and their times
VIEW_1_TIME: Final = 18
VIEW_2: Final = 19
VIEW_2_TIME: Final = 20
VIEW_1_PAGE: Final = 21
VIEW_2_PAGE: Final = 22
STREAM: Final = 23  # the client stream seen last, and when
STREAM_TIME: Final = 24
STATE_DUE: Final = 25  # lower bound of the next state that will have lasted long enough
LEFT_CLOCK: Final = 26  # decision time of the last leaving
HEADER: Final = 27

NEVER: Final = -(1 << 30)  # earlier than any time
NEVER_64: Final = -(1 << 62)  # the same in 64 bits, where thirty days ago is not never
FAR: Final = (1 << 31) - 1  # later than any time
REBASE_AT: Final = 1 << 29  # about six days: then times move so that they stay within 32 bits

PRESENCE_MS: Final = 45_000
EVICT_MS: Final = 30 * 60_000

# list slots: arena pointer, entries | size class << CLASS_AT
ENTRIES: Final = 0xFFFF
CLASS_AT: Final = 16

# words of an instance; from N_ENDS on the cancel time of each member of its family
(N_TIME, N_KEY, N_CLOCK, N_PAGE, N_ENDS) = range(5)

# opcodes of instructions
(
    OP_THEN,
    OP_TIMES,
    OP_TIMES_LIST,
    OP_PANES,
    OP_RECENT,
    OP_KEYED,
    OP_GROUPED,
    OP_AMOUNTS,
    OP_EDGE,
    OP_CANCEL,
    OP_END,
    OP_ARM,
    OP_HAPPENED,
    OP_KEYED_COUNT,
    OP_GROUPED_DISTINCT,
    OP_ROOM_THEN,
    OP_TOTAL,
) = range(17)

# columns of an instruction
(I_OP, I_OFF, I_CAP, I_FILTER, I_ATOM0, I_ATOM1, I_KEY, I_X, I_PULSE0, I_PULSE1, I_Y) = range(11)
INSTRUCTION: Final = 11

# columns of an atom
(A_KIND, A_OFF, A_WINDOW, A_RANK, A_WIDTH) = range(5)

# columns of a viewer's record; the newest stream of the client is in it, the others are apart
(P_ROW, P_ATTRIBUTES, P_LINK, P_SEEN, P_STREAM) = range(5)
PERSON: Final = 8

# columns of the record of a client's stream
(R_KEY, R_NEWEST, R_NEXT, R_GAP) = range(4)

# columns of a family of pending slots, and of a slot as its member
(W_OFF, W_WIDTH, W_FIRST, W_LAST, W_IS_VIEW, W_KEY) = range(6)
(
    S_FAMILY,
    S_PLACE,
    S_CANCEL,
    S_PULSE0,
    S_PULSE1,
    S_VIEW0,
    S_VIEW1,
    S_LEAST,
    S_MOST,
    S_OPEN,
) = range(10)

NO_ENTRY: Final = -9  # the key of an entry that a slot of a room does not use yet

# questions to a room beyond the comparisons of its facts (0 to 5)
ROOM_COUNT, ROOM_KEPT = 6, 7

# columns of a trigger
(M_DEF, M_GUARD, M_VIEW, M_ROOM0, M_ROOM1, M_NODE0, M_NODE1, M_WAIT) = range(8)

# counters
(
    G_OUT,
    G_DUPLICATES,
    G_LATE,
    G_OVERFLOW,
    G_ONCE,
    G_CONTRADICTED,
    G_PULSES,
    G_LOST,
    G_DIRTY,
    G_SILENT,
    G_ROWS,
    G_FREE,
    G_STREAMS,
    G_GAPS,
    G_MESSAGES,
    G_ARENA,
    G_ATTRIBUTES,
    G_GAP_LOST,
    G_FREE_GAP,
    G_ADVANCES,
    G_ACCEPTED,
    G_BASE,
    G_LATENESS,
    G_PRESENCE,
    G_EVICTED,
    G_FREE_STREAM,
    G_NEED,
    G_BRIEF,
    G_BOUNDARY,  # day boundary of the facts, ms UTC
) = range(29)
COUNTERS: Final = 32

# what the kernel ran out of
(
    NEED_NOTHING,
    NEED_OUT,
    NEED_ROWS,
    NEED_ONCE,
    NEED_STREAMS,
    NEED_MESSAGES,
    NEED_ARENA,
    NEED_ATTRIBUTES,
) = range(8)

# outcomes of an event
ACCEPTED, DUPLICATE, LATE, REFUSED = range(4)

# what is known of an order before it has its turn (the column REPEATED)
(FIRST_WORD, REPEATED, HINT) = range(3)

# flags of an event in the prepared columns
F_OPERATION, F_HEARTBEAT, F_LEFT, F_NEVER_LATE, F_VIEWED, F_ORDER, F_ENTERED = (
    1,
    2,
    4,
    8,
    16,
    32,
    64,
)
