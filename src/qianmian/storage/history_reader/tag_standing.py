"""Of whom a tag holds now, and of whom it held a day before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from qianmian.errors import LimitExceeded, NotInHistory
from qianmian.storage.history_reader.answers import NOTHING, Definitions, TagAsked
from qianmian.storage.history_reader.levels import PERSON
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.storage.history_reader.terms import column, named
from qianmian.tags.health import TagStanding
from qianmian.vocabulary.time import DAY_MS


def tag_standings(
    reader: HistoryReader,
    tags: Mapping[str, TagAsked],
    *,
    definitions: Definitions = NOTHING,
) -> dict[str, TagStanding | None]:
    """How tags stand as of the newest message, by key; None: history cannot say it.

    Raises: LogProblem when a file cannot be read; HistoryTooLarge.
    Cost: two questions to everybody for each tag.
    """
    every = [node for one in tags.values() for node in (one.expr, one.perhaps)]
    reader.bring(every, definitions)
    return {key: _standing(reader, key, one, definitions) for key, one in tags.items()}


def _standing(
    reader: HistoryReader, key: str, tag: TagAsked, definitions: Definitions
) -> TagStanding | None:
    as_of = reader.warm.clock
    try:
        ids, now, could = _held(reader, key, tag, as_of, definitions)
        known, then, _ = _held(reader, key, tag, as_of - DAY_MS, definitions)
    except (NotInHistory, LimitExceeded):
        return None
    before = np.isin(ids, known[then])
    there = np.isin(ids, known)
    either = there & (now | before)
    return TagStanding(
        as_of,
        total=len(ids),
        yes=int(now.sum()),
        unknown=int((could & ~now).sum()),
        either=int(either.sum()),
        both=int((either & now & before).sum()),
    )


def _held(
    reader: HistoryReader, key: str, tag: TagAsked, at: int, definitions: Definitions
) -> tuple[Any, Any, Any]:
    """Everybody who was known then, for whom it held, and for whom it could.

    Shapes: int64[n_viewers], bool[n_viewers], bool[n_viewers]
    """
    asking = reader.question(at, room=None, definitions=definitions)
    shown = [column("id", PERSON)]
    for node, name in ((tag.expr, "holds"), (tag.perhaps, "could")):
        shown.append(named(asking.unless_withheld(asking.truth(node), key), name))
    found = reader.database.table(asking.people(shown), asking.bound.values)
    ids, holds, could = (one.to_numpy(zero_copy_only=False) for one in found.columns)
    return ids.astype(np.int64), *(np.equal(one, True) for one in (holds, could))
