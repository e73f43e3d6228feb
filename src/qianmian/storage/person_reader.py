"""Everything that the files of a home hold about a person, read beside whoever writes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qianmian.columns.batch import EventBatch
from qianmian.columns.erasure import ID_FIELDS
from qianmian.errors import InputError, LogProblem
from qianmian.profiles.identity import Saying, sayings
from qianmian.runtime.fact_files import newest, read_facts
from qianmian.runtime.messages import Events, Message
from qianmian.runtime.persons import ids_of
from qianmian.storage.decided import decision_of_row
from qianmian.storage.history import SUFFIX, HistoryFile, file_of, lasting
from qianmian.storage.history_schema import DECISIONS, EVENTS, FIRINGS
from qianmian.storage.person_decisions import DecisionsOf
from qianmian.storage.segment_reader import SegmentReader
from qianmian.storage.snapshots import SnapshotFolder
from qianmian.strategies.strategy import Strategies
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.events import CODE_BY_NAME, LINKING

_LINKING: Final = np.array([CODE_BY_NAME[name] for name in sorted(LINKING)])
_LINK_COLUMNS: Final = (
    *("offset", "outcome", "type", "viewer", "linked_viewer"),
    *("clock", "event_time", "source", "message_id"),
)
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

    def links(self) -> Iterator[Saying]:
        """What was said of who is who, in the order of the log, each message once."""
        self._flush()
        seen: set[str] = set()
        for row in self._linking_rows():
            name = row.get("message_id")
            if name is None or name not in seen:
                yield from sayings([row])
            if name is not None:
                seen.add(name)

    def _linking_rows(self) -> Iterator[Row]:
        """Rows of history from before the log, then those of the log."""
        begins = SegmentReader(self._home / "log").first_offset
        for one in self._files(EVENTS):
            if one.first < begins:
                table = _plain(pq.read_table(one.path, columns=_LINK_COLUMNS, partitioning=None))
                says = pc.is_in(table.column("type"), value_set=pa.array(sorted(LINKING)))
                for row in table.filter(says).to_pylist():
                    if row["offset"] < begins and row["outcome"] != "duplicate":
                        yield row
        for message in self._messages():
            if isinstance(message.body, Events):
                batch = message.body.batch
                yield from batch.take(np.flatnonzero(np.isin(batch.type, _LINKING))).to_rows()

    def export(self, viewers: frozenset[str]) -> Row:
        """Everything about these viewers, by where it is kept."""
        self._flush()
        begins = SegmentReader(self._home / "log").first_offset
        events = list(self._old_events(viewers, begins))
        decisions = DecisionsOf(viewers)
        for decision in self.old_decisions(viewers, begins):
            decisions.add(decision)
        for message in self._messages():
            decisions.take(message.body)
            events += _events_in(message, viewers)
        firings = [row for one in self._files(FIRINGS) for row in _rows_of(one, viewers)]
        told: Row = {
            "events": events,
            "firings": firings,
            "decisions": decisions.told(self._rules),
            "facts": self._facts(viewers),
        }
        return told | {name: read(viewers) for name, read in self._more}

    def old_decisions(self, viewers: frozenset[str], before: int) -> Iterator[Decision]:
        """What was decided about these viewers in messages before an offset, as history has it."""
        for one in self._files(DECISIONS):
            if one.first < before:
                rows = (row for row in _found_in(one, viewers) if row["offset"] < before)
                yield from map(decision_of_row, rows)

    def _rules(self) -> Strategies:
        """What decides as of the newest snapshot; nothing without one."""
        kept = SnapshotFolder(self._home / "snapshots").newest()
        document = {} if kept is None else json.loads(kept.views).get("deciding", {})
        return msgspec.convert(document.get("rules", {}), Strategies)

    def _messages(self) -> Iterator[Message]:
        reader = SegmentReader(self._home / "log")
        return reader.read(reader.first_offset)

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


def _events_in(message: Message, viewers: frozenset[str]) -> Iterator[Row]:
    """The rows of a message that name one of these viewers."""
    if isinstance(message.body, Events):
        batch = message.body.batch
        mine = mentions(batch, viewers)
        if mine.any():
            rows = batch.take(np.flatnonzero(mine)).to_rows()
            yield from ({"offset": message.offset, **_told(row)} for row in rows)


def _rows_of(one: HistoryFile, viewers: frozenset[str]) -> list[Row]:
    """The rows of a file that name one of these viewers, without what is absent."""
    return [_told(row) for row in _found_in(one, viewers)]


def _found_in(one: HistoryFile, viewers: frozenset[str]) -> list[Row]:
    """The rows of a file that name one of these viewers."""
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
    found: list[Row] = table.filter(mine).to_pylist()
    return found


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
