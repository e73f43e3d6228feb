"""Erasure of a person from events: tombstones in place of ids, personal text dropped.

What rooms are counted by stays: type, times, room, product, amounts, text classes. Nothing of
another viewer changes.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from qianmian.columns.batch import EventBatch
from qianmian.columns.column import StringColumn
from qianmian.columns.fields import PERSONAL_TEXT_FIELDS
from qianmian.vocabulary.ids import ANONYMOUS_PREFIX, is_anonymous, parts_of, shard_of

ID_FIELDS: Final = ("viewer", "linked_viewer")
ECHO_FIELDS: Final = (
    *("message_id", "stream", "visit", "page", "page_id", "entry_source", "order_id", "refund_id"),
    *("delivery_id", "coupon_id", "gift_id", "lottery_id"),
)
"""Columns in which a client may repeat the id of its viewer, such as `visit` = `u42-7`."""

SHORT_CHARS: Final = 6
"""An id that is shorter stands in many words: it is looked for as a word of its own only."""

SHARD_COUNT: Final = 128
"""Tombstones stay on the shard of their id for this count and all that divide it."""


def tombstones(
    viewers: Iterable[str], key: bytes, *, namespace: str, shards: int = SHARD_COUNT
) -> dict[str, str]:
    """What takes the place of each id of an erased person, known or anonymous like the id.

    Args:
        key: 16 to 64 random bytes, made for this erasure and thrown away when all files are done;
            with it an interrupted erasure goes on with the same tombstones, without it nobody can
            say whose they were.

    Cost: about `shards` hashes per id.
    """
    return {viewer: _tombstone(viewer, key, namespace, shards) for viewer in viewers}


def _tombstone(viewer: str, key: bytes, namespace: str, shards: int) -> str:
    wanted = shard_of(viewer, shards, namespace=namespace)
    prefix = ANONYMOUS_PREFIX if is_anonymous(viewer) else ""
    for attempt in itertools.count():
        told = f"{attempt}\x1f{namespace}\x1f{viewer}".encode()
        name = f"{prefix}erased-{hashlib.blake2b(told, key=key, digest_size=16).hexdigest()}"
        if shard_of(name, shards, namespace=namespace) == wanted:
            return name
    raise AssertionError  # the count has no end


def spellings(viewer: str) -> tuple[str, ...]:
    """How an id may be written: as it is, without the prefix of the anonymous, as sources do."""
    named = viewer.removeprefix(ANONYMOUS_PREFIX)
    return tuple(dict.fromkeys((viewer, named, parts_of(viewer)[1])))


def without_ids(value: str, tombstone_by_viewer: Mapping[str, str]) -> str:
    """A string with the tombstone in the place of every id that it repeats."""
    for viewer in sorted(tombstone_by_viewer, key=len, reverse=True):
        for spelled in spellings(viewer):
            if len(spelled) >= SHORT_CHARS:
                value = value.replace(spelled, tombstone_by_viewer[viewer])
            elif spelled in value:
                alone = rf"(?<![0-9A-Za-z]){re.escape(spelled)}(?![0-9A-Za-z])"
                value = re.sub(alone, tombstone_by_viewer[viewer], value)
    return value


def erased(batch: EventBatch, tombstone_by_viewer: Mapping[str, str]) -> EventBatch:
    """The batch without the persons; the same object when none of them is in it.

    Cost: one look at every distinct id of the batch; columns of others are shared.
    """
    columns = {name: batch.strings[name] for name in ID_FIELDS if name in batch.strings}
    mine = np.zeros(len(batch), np.bool_)
    for column in columns.values():
        gone = [code for code, id_ in enumerate(column.values) if id_ in tombstone_by_viewer]
        if gone:
            mine |= np.isin(column.codes, np.array(gone, np.int32))
    if not mine.any():
        return batch
    strings = dict(batch.strings)
    for name, column in columns.items():
        values = [tombstone_by_viewer.get(id_, id_) for id_ in column.values]
        strings[name] = StringColumn(column.codes, values)
    for text in PERSONAL_TEXT_FIELDS:
        if text in strings:
            held = strings[text]
            codes = np.where(mine, np.int32(-1), held.codes).astype(np.int32)
            strings[text] = StringColumn(codes, held.values).compacted()
    for echo in ECHO_FIELDS:
        if echo in strings:
            strings[echo] = _without_echoes(strings[echo], mine, tombstone_by_viewer)
    return EventBatch(
        batch.clock,
        batch.event_time,
        batch.type,
        strings,
        batch.numbers,
        batch.items,
        {row: traits for row, traits in batch.traits.items() if not mine[row]},
    )


def _without_echoes(
    column: StringColumn,
    mine: npt.NDArray[np.bool_],
    tombstone_by_viewer: Mapping[str, str],
) -> StringColumn:
    """The column with what the persons' rows repeat of their ids replaced, in those rows only."""
    values, codes = list(column.values), column.codes.copy()
    for code in np.unique(codes[mine]).tolist():
        if code < 0:
            continue
        hidden = without_ids(values[code], tombstone_by_viewer)
        if hidden != values[code]:
            codes[mine & (column.codes == code)] = len(values)
            values.append(hidden)
    return column if len(values) == len(column.values) else StringColumn(codes, values).compacted()
