"""A person is erased while the engine runs (decision record 0027).

Two steps. The first gives the person's ids other names and drops what was told of them; it is what
a replay of the log gives once that has been written again, so it changes no firing of anybody. The
second is a message of the log: who bears these names leaves, and nothing of theirs waits any more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from qianmian.columns.erasure import SHORT_CHARS, spellings, without_ids
from qianmian.engine import withheld
from qianmian.engine import words as w
from qianmian.engine.interning import Interner
from qianmian.engine.moves import Moves
from qianmian.engine.prepare import Names, Preparer
from qianmian.engine.programs import Plan
from qianmian.engine.rows import drop_row
from qianmian.engine.shard import Shard
from qianmian.engine.withheld import Withheld
from qianmian.vocabulary.firing import Firing


class Forgetful(Protocol):
    """What this module reads and changes of a core."""

    names: Names
    preparer: Preparer
    moves: Moves
    plan: Plan
    withheld: Withheld
    shards: list[Shard]

    def advance(self, clock_ms: int) -> Sequence[Firing]:
        """The clock passes."""

    def shards_of(self, viewers: npt.NDArray[np.int64]) -> npt.NDArray[np.int16]:
        """The numbers of the shards of viewers."""


def rename(core: Forgetful, tombstone_by_viewer: Mapping[str, str]) -> None:
    """Call erased viewers by their tombstones, and drop the traits that were told of them.

    Also in names of visits, pages and orders that repeat an id. May be done again with the same
    tombstones.

    Cost: moves the bytes of all names once for each id, and reads the name of every order.
    """
    for code in core.names.call_otherwise(tombstone_by_viewer):
        core.preparer.attributes.pop(code, None)
        for shard in core.shards:
            if code < len(shard.state.PEOPLE):
                shard.state.PEOPLE[code, w.P_ATTRIBUTES] = -1
        if core.shards:
            withheld.write(core, code, core.withheld.of(code))  # as a replay of the log would
    _rename_echoes(core.names.texts, tombstone_by_viewer)
    for viewer, orders in core.preparer.orders_seen.items():
        core.preparer.orders_seen[viewer] = {
            without_ids(name, tombstone_by_viewer): sure for name, sure in orders.items()
        }
    core.moves.found = [
        one._replace(viewer=tombstone_by_viewer.get(one.viewer, one.viewer))
        for one in core.moves.found
    ]


def evict(core: Forgetful, viewers: Collection[str], clock_ms: int) -> Sequence[Firing]:
    """The message `erased`: these viewers leave every room, and nothing of theirs waits.

    What came due before `clock_ms` has happened; nothing fires from it.
    """
    out = core.advance(clock_ms)
    for code in core.names.viewers.codes(list(viewers)).tolist():
        if code < 0 or not core.shards:
            continue
        shard = core.shards[int(core.shards_of(np.array([code]))[0])]
        shard.note_viewers(np.array([code]))
        while (row := int(shard.state.PEOPLE[code, w.P_ROW])) >= 0:
            if int(shard.state.Q[row, shard.tables.M[0]]) & 1:
                shard.state.ONLINE[shard.state.I[row, w.ROOM]] -= 1
            drop_row(shard.tables, shard.state, row)
    return out


def _rename_echoes(texts: Interner, tombstone_by_viewer: Mapping[str, str]) -> None:
    """Strings that repeat an id: found by their bytes, since there are millions of them."""
    for viewer in tombstone_by_viewer:
        for spelled in spellings(viewer):
            if len(spelled) < SHORT_CHARS:
                continue
            for code in _that_hold(texts, spelled.encode()):
                value = str(texts.value(code))
                hidden = without_ids(value, tombstone_by_viewer)
                if hidden not in texts:
                    texts.rename(value, hidden)


def _that_hold(texts: Interner, wanted: bytes) -> list[int]:
    """The codes of the strings with these bytes in them."""
    used = texts.texts[: int(texts.offsets[len(texts)])].tobytes()
    found: list[int] = []
    at = used.find(wanted)
    while at >= 0:
        code = int(np.searchsorted(texts.offsets[: len(texts) + 1], at, "right")) - 1
        if at + len(wanted) <= int(texts.offsets[code + 1]):
            found.append(code)
        at = used.find(wanted, at + 1)
    return list(dict.fromkeys(found))
