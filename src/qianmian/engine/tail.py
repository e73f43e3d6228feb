"""Which rows of the tail a backfill has to read, and which columns of them.

Definitions over lists and sequences ask nothing of presence, visits and pages: to them an event of
another type is only an instant at which the viewer's windows are looked at. A window that closes
then is found closed at the same time without it, unless one of their own events comes at that very
clock and renews it; such rows are read, too. All other definitions read everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from qianmian.columns.batch import EventBatch, UInt8
from qianmian.engine import words as w
from qianmian.language import ast
from qianmian.language.definition import Definition
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME

Mask = npt.NDArray[np.bool_]
OVER_LISTS = (
    ast.And, ast.Count, ast.Distinct, ast.Field, ast.First, ast.Happened, ast.InList, ast.InSegment,
    ast.Last, ast.Not, ast.Number, ast.Or, ast.RoomFact, ast.Score, ast.Select, ast.Sum, ast.Tag,
    ast.TagNumber, ast.Then, ast.TimeSince, ast.Trait,
)  # fmt: skip
NOT_PRESENCE = {"online", "gmv", "orders_per_min"}
ALWAYS = ("identity_linked", "profile_updated", "consent_changed")
JUDGED = {"message_id", "seq"}  # what duplicates are known by: that has been judged
OF_PRESENCE = {"stream", "visit", "page_id", "idle_ms", "visible"}
LONGEST_MS = w.EVICT_MS - 60_000  # some had left a little before the range
TIES = 1 << 24  # bytes of the table of (clock, viewer)


def is_over_lists(definitions: Iterable[Definition], range_ms: int) -> bool:
    """Whether these read only events of the types that they name.

    In a longer range rows could have been evicted, and sessions could have ended in silence.
    """
    parts = [part for one in definitions for part in ast.walk(one.expr)]
    return range_ms < LONGEST_MS and all(
        isinstance(part, OVER_LISTS)
        and getattr(part, "within", None) != "visit"
        and getattr(part, "name", None) not in NOT_PRESENCE
        for part in parts
    )


def rows_to_read(
    definitions: Sequence[Definition],
    tail: EventBatch,
    outcomes: UInt8,
    *,
    since_ms: int,
    clock_ms: int,
) -> EventBatch:
    """What a core with these definitions needs of the tail, accepted at first arrival.

    Cost: a few passes over the tail, and one per column over the rows that are read.
    """
    wanted = outcomes == w.ACCEPTED
    dropped = set(JUDGED)
    parts = [part for one in definitions for part in ast.walk(one.expr)]
    if is_over_lists(definitions, clock_ms - since_ms):
        wanted &= _concerning(parts, tail, since_ms, clock_ms)
        dropped |= OF_PRESENCE - {part.name for part in parts if isinstance(part, ast.Field)}
    lean = EventBatch(
        tail.clock,
        tail.event_time,
        tail.type,
        {name: column for name, column in tail.strings.items() if name not in dropped},
        {name: column for name, column in tail.numbers.items() if name not in dropped},
        tail.items,
        tail.traits if any(isinstance(part, ast.Trait) for part in parts) else {},
    )
    return lean if wanted.all() else lean.take(np.flatnonzero(wanted))


def _concerning(parts: Sequence[ast.Node], tail: EventBatch, since_ms: int, clock_ms: int) -> Mask:
    """Rows of the types that are named, of rooms and people, and what comes at one clock with them.

    The last are found by a table with a place per clock and some viewers: it may find too many.
    """
    named = {name for part in parts if isinstance(part, ast.Select) for name in part.types}
    is_named = np.array([one.name in named for one in CATALOG])
    is_kept = is_named | np.array([one.scope == "room" for one in CATALOG])
    is_kept[[CODE_BY_NAME[name] for name in ALWAYS]] = True
    places = clock_ms - since_ms + 1
    width = max(TIES // places, 1)
    viewer = tail.strings.get("viewer")
    at = tail.clock - since_ms
    if viewer is not None and not (tail.type == CODE_BY_NAME["identity_linked"]).any():
        at = at * width + viewer.codes % width  # who is linked acts under two codes
    else:
        places, width = places, 1
    ties = np.zeros(places * width, bool)
    ties[at[is_named[tail.type]]] = True
    found: Mask = is_kept[tail.type] | ties[at]
    return found
