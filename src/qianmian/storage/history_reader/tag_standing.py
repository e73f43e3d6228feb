"""Of whom a tag holds now, and of whom it held a day before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from qianmian.errors import LimitExceeded, NotInHistory
from qianmian.storage.history_reader.answers import NOTHING, Definitions, TagAsked
from qianmian.storage.history_reader.levels import PERSON, Asking
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.storage.history_reader.terms import column, named
from qianmian.tags.health import TagStanding
from qianmian.vocabulary.time import DAY_MS

Ids = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]
AT_ONCE: Final = 12
"""Tags in one question: each joins what it counts to everybody."""


def tag_standings(
    reader: HistoryReader,
    tags: Mapping[str, TagAsked],
    *,
    definitions: Definitions = NOTHING,
) -> dict[str, TagStanding | None]:
    """How tags stand as of the newest message, by key; None: history cannot say it.

    Raises: LogProblem when a file cannot be read; HistoryTooLarge.
    Cost: two questions to everybody for each dozen of tags.
    """
    every = [node for one in tags.values() for node in (one.expr, one.perhaps)]
    reader.bring(every, definitions)
    now_ms = reader.warm.clock
    # One instant after the other: what profiles say is found anew for each.
    earlier, then = _held(reader, tags, now_ms - DAY_MS, definitions)
    ids, now = _held(reader, tags, now_ms, definitions)
    there = np.isin(ids, earlier)
    found: dict[str, TagStanding | None] = dict.fromkeys(tags)
    for key in now.keys() & then.keys():
        holds, could = now[key]
        before = np.isin(ids, earlier[then[key][0]])
        either = there & (holds | before)
        found[key] = TagStanding(
            now_ms,
            total=len(ids),
            yes=int(holds.sum()),
            unknown=int((could & ~holds).sum()),
            either=int(either.sum()),
            both=int((either & holds & before).sum()),
        )
    return found


def _held(
    reader: HistoryReader, tags: Mapping[str, TagAsked], at: int, definitions: Definitions
) -> tuple[Ids, dict[str, tuple[Bool, Bool]]]:
    """Everybody who was known then, in order; for each tag for whom it held, and could have.

    Tags of which history cannot say it are left out.

    Shapes: int64[n_viewers]; bool[n_viewers] each
    """
    trying = reader.question(at, room=None, definitions=definitions)
    known = [key for key, one in tags.items() if _is_known(trying, one)]
    ids, found = _asked(reader, {}, at, definitions)
    for first in range(0, len(known), AT_ONCE):
        some = {key: tags[key] for key in known[first : first + AT_ONCE]}
        found |= _asked(reader, some, at, definitions)[1]
    return ids, found


def _is_known(trying: Asking, tag: TagAsked) -> bool:
    """Whether history can say it; nothing is asked."""
    try:
        trying.truth(tag.expr)
        trying.truth(tag.perhaps)
    except (NotInHistory, LimitExceeded):
        return False
    return True


def _asked(
    reader: HistoryReader, tags: Mapping[str, TagAsked], at: int, definitions: Definitions
) -> tuple[Ids, dict[str, tuple[Bool, Bool]]]:
    """The answers of some tags, as `_held`, by one question."""
    asking = reader.question(at, room=None, definitions=definitions)
    shown = [column("id", PERSON)]
    for k, (key, tag) in enumerate(tags.items()):
        for node, name in ((tag.expr, f"holds{k}"), (tag.perhaps, f"could{k}")):
            shown.append(named(asking.unless_withheld(asking.truth(node), key), name))
    found = reader.database.table(asking.people(shown), asking.bound.values)
    ids, *columns = (one.to_numpy(zero_copy_only=False) for one in found.columns)
    order = np.argsort(ids)
    said = [np.equal(one, True)[order] for one in columns]  # null is no
    pairs = zip(said[::2], said[1::2], strict=True)
    return ids[order].astype(np.int64), dict(zip(tags, pairs, strict=True))
