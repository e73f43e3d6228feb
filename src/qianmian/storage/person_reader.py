"""Everything that the files of a home hold about a person, read beside whoever writes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qianmian.columns.batch import EventBatch
from qianmian.columns.erasure import ID_FIELDS
from qianmian.errors import InputError, LogProblem
from qianmian.runtime.fact_files import newest, read_facts
from qianmian.runtime.messages import Events, Message
from qianmian.runtime.persons import Link, ids_of
from qianmian.storage.history import SUFFIX, HistoryFile, file_of, lasting
from qianmian.storage.history_schema import EVENTS, FIRINGS
from qianmian.storage.segment_reader import SegmentReader
from qianmian.vocabulary.events import CODE_BY_NAME

LINKED = CODE_BY_NAME["identity_linked"]
Row = dict[str, Any]


class PersonReader:
    """Reads log, history and facts of a home.

    Args:
        flush: called first, so that history has what the engine did.
        more: exports of other stores by name.

    Raises (every method): LogProblem when a file cannot be read; OSError.
    """

    def __init__(
        self,
        home: Path,
        *,
        flush: Callable[[], None] = lambda: None,
        more: Sequence[tuple[str, Callable[[frozenset[str]], Any]]] = (),
    ) -> None:
        self._home = home
        self._flush = flush
        self._more = tuple(more)

    def links(self) -> Iterator[Link]:
        """Every link of history, then of the log; one that both have comes twice."""
        self._flush()
        for one in self._files(EVENTS):
            columns = ["type", "viewer", "linked_viewer"]
            table = _plain(pq.read_table(one.path, columns=columns, partitioning=None))
            linked = table.filter(pc.equal(table.column("type"), "identity_linked"))
            for row in linked.to_pylist():
                if row["viewer"] and row["linked_viewer"]:
                    yield row["viewer"], row["linked_viewer"]
        for _, batch in self._batches():
            yield from _links_of(batch)

    def export(self, viewers: frozenset[str]) -> Row:
        """Everything about these viewers, by where it is kept."""
        self._flush()
        reader = SegmentReader(self._home / "log")
        begins = reader.first_offset
        events = [*self._old_events(viewers, begins), *self._events(viewers)]
        firings = [row for one in self._files(FIRINGS) for row in _rows_of(one, viewers)]
        told: Row = {"events": events, "firings": firings, "facts": self._facts(viewers)}
        return told | {name: read(viewers) for name, read in self._more}

    def _batches(self) -> Iterator[tuple[Message, EventBatch]]:
        reader = SegmentReader(self._home / "log")
        for message in reader.read(reader.first_offset):
            if isinstance(message.body, Events):
                yield message, message.body.batch

    def _events(self, viewers: frozenset[str]) -> Iterator[Row]:
        for message, batch in self._batches():
            mine = mentions(batch, viewers)
            if mine.any():
                rows = batch.take(np.flatnonzero(mine)).to_rows()
                yield from ({"offset": message.offset, **_told(row)} for row in rows)

    def _old_events(self, viewers: frozenset[str], before: int) -> Iterator[Row]:
        """Events that are in history only: the log does not go back so far any more."""
        for one in self._files(EVENTS):
            if one.first < before:
                yield from (row for row in _rows_of(one, viewers) if row["offset"] < before)

    def _facts(self, viewers: frozenset[str]) -> list[Row]:
        name = newest(self._home / "facts")
        if name is None:
            return []
        facts = read_facts(self._home / "facts", name)
        found = [facts.of(viewer) for viewer in sorted(viewers)]
        return [
            {
                "viewer": one.viewer,
                "first_seen": one.first_seen,
                "last_seen": one.last_seen,
                "traits": dict(one.traits),
                "scores": dict(one.scores),
                "segments": sorted(one.segments),
                "days": {name: dict(days) for name, days in one.days_by_column.items()},
                "until": facts.boundary_ms,
            }
            for one in found
            if one is not None
        ]

    def _files(self, kind: str) -> list[HistoryFile]:
        folder = self._home / "history" / kind
        if not folder.is_dir():
            return []
        return lasting(file_of(path, kind) for path in folder.glob(f"*{SUFFIX}"))


def mentions(batch: EventBatch, viewers: frozenset[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which rows of a batch are of one of these viewers, or link one.

    Shapes: -> bool[n_events]
    """
    mine = np.zeros(len(batch), np.bool_)
    for name in ID_FIELDS:
        column = batch.strings.get(name)
        if column is not None:
            codes = [code for code, value in enumerate(column.values) if value in viewers]
            mine |= np.isin(column.codes, np.array(codes, np.int32))
    return mine


def _links_of(batch: EventBatch) -> Iterator[Link]:
    viewer, known = batch.strings.get("viewer"), batch.strings.get("linked_viewer")
    if viewer is None or known is None:
        return
    for row in np.flatnonzero(batch.type == LINKED).tolist():
        anonymous, owner = viewer.get(row), known.get(row)
        if anonymous is not None and owner is not None:
            yield anonymous, owner


def _rows_of(one: HistoryFile, viewers: frozenset[str]) -> list[Row]:
    """The rows of a file that name one of these viewers, without what is absent."""
    try:
        table = _plain(pq.read_table(one.path, partitioning=None))
    except (OSError, pa.ArrowException) as problem:
        raise LogProblem(f"{one.path.name} cannot be read: {problem}", path=str(one.path)) from (
            problem
        )
    wanted = pa.array(sorted(viewers), pa.string())
    mine = pa.array(np.zeros(len(table), np.bool_))
    for name in ID_FIELDS:
        if name in table.schema.names:
            mine = pc.or_(mine, pc.is_in(table.column(name), value_set=wanted))
    return [_told(row) for row in table.filter(mine).to_pylist()]


def _plain(table: pa.Table) -> pa.Table:
    """The table with strings in the place of dictionaries."""
    fields = [
        pa.field(one.name, one.type.value_type if pa.types.is_dictionary(one.type) else one.type)
        for one in table.schema
    ]
    return table.cast(pa.schema(fields))


def _told(row: Row) -> Row:
    """A row for people: without what is absent, and JSON text unfolded."""
    told = {name: value for name, value in row.items() if value is not None}
    for name in ("traits", "properties"):
        if isinstance(told.get(name), str):
            told[name] = json.loads(told[name])
    return told


def exported(viewer: str, reader: PersonReader) -> Row:
    """All that is kept about the person with this id, and every id of theirs.

    Raises: InputError when nothing is; LogProblem; OSError.
    """
    viewers = ids_of(viewer, reader.links())
    told = reader.export(viewers)
    if not any(told.values()):
        raise InputError("nothing is kept about this viewer")
    return {"viewers": sorted(viewers), **told}
