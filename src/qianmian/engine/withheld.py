"""Tags that people took away: in the rows of who is here, and in those of who comes back.

A refusal of the purpose `tag:KEY` (see `vocabulary/consent.py`) is a bit of the viewer's row beside
the truth of each level that it takes away, and every level is false while its bit is set. The event
is applied like any other; then the bits of the viewer's rows follow, silently: no moment fires from
what somebody takes away or gives back (decision record 0033).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from qianmian.columns.batch import EventBatch
from qianmian.engine import words as w
from qianmian.engine.programs import Plan
from qianmian.engine.rows import settle_rows
from qianmian.engine.shard import Events, Shard
from qianmian.engine.tabular import bit_mask
from qianmian.vocabulary.consent import (
    EVERY_CHANNEL,
    NOTHING_SAID,
    TAG,
    Consent,
    Consents,
    merged,
    takes_away,
    told,
    withheld_tags,
)
from qianmian.vocabulary.events import CODE_BY_NAME

Bits = npt.NDArray[np.uint64]
CHANGED = CODE_BY_NAME["consent_changed"]
TagWord = tuple[str, Consent]
"""The purpose, and what is said of it."""


class Withheld:
    """Who said what about which tag, by the codes of viewers."""

    def __init__(self) -> None:
        self._said: dict[int, Consents] = {}

    @property
    def viewers(self) -> list[int]:
        """Who ever said anything."""
        return sorted(self._said)

    def of(self, viewer: int) -> frozenset[str]:
        """The tags that this viewer took away."""
        return withheld_tags(self._said.get(viewer, NOTHING_SAID))

    def tell(self, viewer: int, purpose: str, new: Consent) -> None:
        """Take in what a viewer says; what comes late changes nothing that is newer."""
        thing = (purpose, EVERY_CHANNEL)
        self._said[viewer] = told(self._said.get(viewer, NOTHING_SAID), thing, new)

    def link(self, anonymous: int, known: int) -> bool:
        """Two ids are one viewer's: the stricter word counts. Whether either had said anything."""
        theirs = self._said.pop(anonymous, NOTHING_SAID)
        if theirs:
            self._said[known] = merged(self._said.get(known, NOTHING_SAID), theirs)
        return known in self._said

    def before(self, clock_ms: int) -> Withheld:
        """What had been said before an instant, as far as nothing else was said since."""
        found = Withheld()
        for viewer, said in self._said.items():
            kept = {thing: one for thing, one in said.items() if one.arrival < clock_ms}
            if kept:
                found._said[viewer] = kept
        return found

    def snapshot(self) -> list[list[Any]]:
        """Everything, as JSON."""
        return [
            [viewer, [[thing[0], one.at, one.arrival, one.granted] for thing, one in said.items()]]
            for viewer, said in sorted(self._said.items())
        ]

    def restore(self, stored: Iterable[Sequence[Any]]) -> None:
        """The opposite of `snapshot`."""
        self._said = {
            viewer: {
                (what, EVERY_CHANNEL): Consent(at, arrival, bool(yes))
                for what, at, arrival, yes in said
            }
            for viewer, said in stored
        }


class Withholding(Protocol):
    """What is written into (see `Core`)."""

    plan: Plan
    shards: list[Shard]
    withheld: Withheld

    def shards_of(self, viewers: npt.NDArray[np.int64]) -> npt.NDArray[np.int16]:
        """The numbers of the shards of viewers."""
        ...


def said_in(batch: EventBatch) -> Mapping[int, TagWord]:
    """By row what the events of a batch say about tags: the purpose, and whether yes."""
    purpose = batch.strings.get("purpose")
    if purpose is None:
        return {}
    about = [value.startswith(TAG) for value in purpose.values]
    if not any(about):
        return {}
    channel, granted = batch.strings.get("channel"), batch.numbers.get("granted")
    concerned = (batch.type == CHANGED) & np.array([*about, False])[purpose.codes]
    found = {}
    for row in np.flatnonzero(concerned).tolist():
        if channel is not None and channel.get(row):
            continue
        is_yes = granted is not None and int(granted[row]) == 1
        new = Consent(int(batch.event_time[row]), int(batch.clock[row]), is_yes)
        found[row] = str(purpose.get(row)), new
    return found


def stops_of(
    batch: EventBatch, expanded: npt.NDArray[np.int64], stops: npt.NDArray[np.bool_]
) -> list[tuple[int, TagWord | None]]:
    """Where the kernels stop: at these prepared rows, and at what is said about tags.

    Args:
        expanded: the row of the batch that each prepared row stands for.
    """
    found: dict[int, TagWord | None] = dict.fromkeys(np.flatnonzero(stops).tolist())
    said = said_in(batch)
    if said:
        at = np.flatnonzero(np.isin(expanded, list(said)))
        found |= {int(place): said[int(expanded[place])] for place in at}
    return sorted(found.items(), key=lambda one: one[0])


def hear(core: Withholding, events: Events, at: int, word: TagWord) -> None:
    """Somebody takes a tag away or gives it back: it counts once its event has been applied."""
    if events.OUTCOME[at] not in (w.DUPLICATE, w.REFUSED):
        viewer = int(events.VIEWER[at])
        core.withheld.tell(viewer, *word)
        write(core, viewer, core.withheld.of(viewer))


def link(core: Withholding, anonymous: int, known: int) -> None:
    """Before rows of two ids become one: both lack what either took away."""
    if core.withheld.link(anonymous, known):
        for viewer in (anonymous, known):
            write(core, viewer, core.withheld.of(known))


def write(core: Withholding, viewer: int, tags: frozenset[str]) -> None:
    """Let the rows of a viewer, and those that begin later, know what is taken away.

    Cost: 10 µs, and a look at every node of each live row.
    """
    shard = core.shards[int(core.shards_of(np.array([viewer]))[0])]
    bits = core.plan.withheld_bits
    if not bits:
        return
    words = shard.layout.bit_words
    every = bit_mask([bit for bit, _ in bits], words)
    gone = [bit for bit, level in bits if any(takes_away(tag, level) for tag in tags)]
    mask = bit_mask(gone, words)
    kept = (
        _kept_of(shard, viewer) if mask.any() else int(shard.state.PEOPLE[viewer, w.P_ATTRIBUTES])
    )
    if kept >= 0:
        known = shard.state.ATTS[kept, :words]
        known[:] = (known & ~every) | mask
    rows = shard.rows_of(viewer)
    if rows:
        shard.note_viewers(np.array([viewer]))
        first = shard.layout.bits_at // 2
        live = shard.state.Q[rows, first : first + words]
        shard.state.Q[rows, first : first + words] = (live & ~every) | mask
        settle_rows(shard.tables, shard.state, np.array(rows, np.int64))


def write_all(core: Withholding) -> None:
    """After facts or definitions have changed, which write the same places anew."""
    if core.shards:
        for viewer in core.withheld.viewers:
            write(core, viewer, core.withheld.of(viewer))


def _kept_of(shard: Shard, viewer: int) -> int:
    """Where stands what the rows of a viewer begin with; a place of its own, if it has none."""
    at = int(shard.state.PEOPLE[viewer, w.P_ATTRIBUTES])
    if at >= 0:
        return at
    at = int(shard.state.G[w.G_ATTRIBUTES])
    while at >= len(shard.state.ATTS):
        shard.grow(w.NEED_ATTRIBUTES)
    state = shard.state
    state.G[w.G_ATTRIBUTES] = at + 1
    state.PEOPLE[viewer, w.P_ATTRIBUTES] = at
    state.ATTS[at] = 0
    state.FV[at] = 0
    return at
