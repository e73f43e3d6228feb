"""The slots of a room's row: what sequences begin with and what guards look back at.

Each is a short list of (key, time), newest first, of which every shard has a copy; it goes with the
session. Events of a room are rare, so this is plain NumPy; only looking is compiled
(`engine/triggers.py`, `engine/update.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from qianmian.engine import words as w
from qianmian.engine.layout import ROOM_KEPT
from qianmian.engine.shard import Events, Shard
from qianmian.language import ast
from qianmian.language.program import Slot, SlotKind
from qianmian.vocabulary.events import CODE_BY_NAME

Int64 = npt.NDArray[np.int64]
UNKEYED = 0


def note_in_slots(
    slots: Sequence[tuple[Slot, int]],
    events: Events,
    at: int,
    filter_number: Mapping[ast.Node, int],
    shards: Sequence[Shard],
) -> None:
    """Keep an event of a room in the slots that are about it.

    Args:
        slots: every slot of rooms with its number.
        at: the row of the event.
    """
    room = int(events.ROOM[at])
    kept = [shard.state.RT[room] for shard in shards]
    for slot, number in slots:
        if events.TYPE[at] not in [CODE_BY_NAME[name] for name in slot.of.types]:
            continue
        if slot.of.where is not None and not _passes(events, at, filter_number[slot.of.where]):
            continue
        is_lost = _note(slot, events, at, filter_number, kept[0][number])
        shards[0].state.G[w.G_OVERFLOW] += is_lost
        for other in kept[1:]:
            other[number] = kept[0][number]


def _passes(events: Events, at: int, number: int) -> bool:
    return bool(int(events.FILTER[at, number >> 6]) >> (number & 63) & 1)


def _note(
    slot: Slot, events: Events, at: int, filter_number: Mapping[ast.Node, int], kept: Int64
) -> bool:
    """Keep one event in one slot; whether an older one of a keyed list had to go for it."""
    entries = kept[: ROOM_KEPT[slot.kind]]
    time = int(events.TIME[at])
    if slot.kind is SlotKind.ROOM_EDGE:
        assert slot.predicate is not None  # noqa: S101 — the compiler gives every edge one
        name = slot.predicate.name if isinstance(slot.predicate, ast.Field) else ""
        number = int((events.PRICE if name == "price" else events.AMOUNT)[at])
        holds = _passes(events, at, filter_number[slot.predicate])
        keep_edge(entries, time, holds=holds, number=number, last=slot.last)
        return False
    codes = {"product": events.PRODUCT, "category": events.CATEGORY}
    key = UNKEYED if slot.key is None else int(codes[slot.key][at])
    if key < 0:
        return False
    if slot.kind is SlotKind.ROOM_TIMES:
        return keep_newest(entries, key, time) and slot.key is not None
    keep_latest(entries, key, time)
    return False


def keep_newest(entries: Int64, key: int, time: int) -> bool:
    """Put (key, time) into a list of the newest; whether the oldest had to go, or this one.

    Shapes: int64[n, 2], changed in place.
    """
    used = entries[:, 0] != w.NO_ENTRY
    place = int((used & (entries[:, 1] > time)).sum())
    if place < len(entries):
        entries[place + 1 :] = entries[place:-1].copy()
        entries[place] = key, time
    return bool(used.all())


def keep_latest(entries: Int64, key: int, time: int) -> None:
    """Put (key, time) into a list of distinct keys, latest first.

    Shapes: int64[n, 2], changed in place.
    """
    others = [(int(t), int(k)) for k, t in entries.tolist() if k not in (w.NO_ENTRY, key)]
    mine = [int(t) for k, t in entries.tolist() if k == key]
    found = [(max([time, *mine]), key), *others]
    found.sort(key=lambda entry: -entry[0])
    entries[:] = w.NO_ENTRY
    for place, (when, which) in enumerate(found[: len(entries)]):
        entries[place] = (which, when)


def keep_edge(entries: Int64, time: int, *, holds: bool, number: int, last: bool) -> None:
    """Keep (truth, time) of the first or last event, and the number that was compared.

    Shapes: int64[2, 2], changed in place.
    """
    stored = int(entries[0, 1])
    if entries[0, 0] == w.NO_ENTRY or (time >= stored if last else time < stored):
        entries[0] = holds, time
        entries[1] = number, time
