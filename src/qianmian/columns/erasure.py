"""Erasure of a person from events: tombstones in place of ids, personal text dropped.

What rooms are counted by stays: type, times, room, product, amounts, text classes. Nothing of
another viewer changes.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from qianmian.columns.batch import EventBatch
from qianmian.columns.column import StringColumn
from qianmian.columns.fields import PERSONAL_TEXT_FIELDS
from qianmian.vocabulary.ids import ANONYMOUS_PREFIX, is_anonymous, shard_of

ID_FIELDS: Final = ("viewer", "linked_viewer")
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
    return EventBatch(
        batch.clock,
        batch.event_time,
        batch.type,
        strings,
        batch.numbers,
        batch.items,
        {row: traits for row, traits in batch.traits.items() if not mine[row]},
    )
