"""What effects need of a file of history, kept beside it, so that it is found once.

An effect reads few of the events and few of the columns, and of decisions those that acted or held
out. That is taken out of each file of history and kept in `extracts`, by the file's name; it says
of which file it is, as that was, and is of no use for any other. Whatever is missing there, or does
not fit, is taken out again: the folder may be removed at any time. Who is erased from a file of
history is gone from here at once (`History.erase`).

    seen      viewer, first, last, is_erased: who was there, and when; `clock` of the newest message
    said      offset, own, known, own_name, known_name, at, ends: what is said of links, in order
    decided   offset, at, viewer, strategy, version, arm, cost, room, session
    TYPE      offset, at, viewer, order, currency, amount: verified events of a type

Viewers, orders and currencies are 64 bits of BLAKE2b (`number_of`): of ten million viewers two have
the same with a probability of three in a million. Names are kept of links alone.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qianmian.errors import LogProblem
from qianmian.experiments.population import CONTROL, HOLDOUT, TREATED
from qianmian.storage.history import EXTRACTS, HistoryFile, extract_prefix
from qianmian.vocabulary.events import CATALOG, LINKING
from qianmian.vocabulary.ids import ANONYMOUS_PREFIX

SEEN, SAID, DECIDED = "seen", "said", "decided"
KEPT_BYTES: Final = 1 << 18  # what is smaller is read as fast from history itself
COUNTED: Final = ("accepted", "late")
SHOWING: Final = [one.name for one in CATALOG if one.presence or one.name == "room_left"]
"""Types of events that show that a viewer is there, if they have a room."""
_SUFFIX: Final = ".arrow"
_VERSION: Final = "1"
_ERASED: Final = r"^\??erased-[0-9a-f]{32}$"
_WORD: Final = pa.dictionary(pa.int32(), pa.string())

Bool = npt.NDArray[np.bool_]


class Extracts:
    """Takes out of files of history what effects need, or finds it where it is kept.

    Args:
        folder: of the history.
        kept_bytes: of smaller files nothing is kept.
    """

    def __init__(self, folder: Path, *, kept_bytes: int = KEPT_BYTES) -> None:
        self._folder = folder / EXTRACTS
        self._kept_bytes = kept_bytes

    def of(self, one: HistoryFile, what: str) -> pa.Table:
        """An extract of a file: `SEEN`, `SAID`, `DECIDED` or a type of events.

        Raises: LogProblem when the file cannot be read.
        """
        told = identity(one.path)
        path = self._folder / f"{extract_prefix(one)}{what}{_SUFFIX}"
        kept = _kept(path, told)
        if kept is None:
            kept = _taken_out(one, what)
            if one.path.exists() and one.path.stat().st_size >= self._kept_bytes:
                self._keep(path, kept, one, told)
        return kept

    def tidy(self, files: Iterable[HistoryFile]) -> None:
        """Remove what is of files that are no more, for example since they have been joined."""
        prefixes = {extract_prefix(one) for one in files}
        for path in self._folder.glob("*"):
            if ".".join(path.name.split(".")[:3]) + "." not in prefixes:
                path.unlink(missing_ok=True)

    def _keep(self, path: Path, table: pa.Table, one: HistoryFile, told: str) -> None:
        """As a whole or not at all; not being able to is no trouble."""
        metadata = {"of": told, "version": _VERSION, **(_texts(table.schema.metadata))}
        table = table.replace_schema_metadata(metadata)
        with suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            number, name = tempfile.mkstemp(dir=self._folder, prefix=extract_prefix(one))
            with os.fdopen(number, "wb") as file:
                options = pa.ipc.IpcWriteOptions(compression="zstd")
                with pa.ipc.new_file(file, table.schema, options=options) as writer:
                    writer.write_table(table)
            Path(name).replace(path)
            if identity(one.path) != told:  # somebody has been erased from it meanwhile
                path.unlink(missing_ok=True)


def number_of(word: str | None) -> int:
    """What stands for a word: 64 bits, never 0; 0 for none."""
    if word is None:
        return 0
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little") or 1


def identity(path: Path) -> str:
    """What changes when a file is written again; of none it is empty."""
    try:
        found = path.stat()
    except FileNotFoundError:  # joined into another since we looked
        return ""
    return f"{found.st_mtime_ns}-{found.st_size}"


def _texts(metadata: dict[bytes, bytes] | None) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in (metadata or {}).items()}


def _kept(path: Path, of: str) -> pa.Table | None:
    """What is kept there, if it is of the file as that is now."""
    try:
        with pa.memory_map(str(path)) as source:
            reader = pa.ipc.open_file(source)
            said = _texts(reader.schema.metadata)
            if of and (said.get("of"), said.get("version")) == (of, _VERSION):
                return reader.read_all()
    except FileNotFoundError:
        return None
    except (OSError, pa.ArrowException):  # half a file, from a machine that lost its power
        pass
    with suppress(OSError):
        path.unlink(missing_ok=True)
    return None


# -- taking out


def _taken_out(one: HistoryFile, what: str) -> pa.Table:
    found = {SEEN: _seen, SAID: _said, DECIDED: _decided}.get(what)
    try:
        return _acts(one.path, what) if found is None else found(one.path)
    except (OSError, pa.ArrowException) as problem:
        raise LogProblem(f"the history cannot be read: {problem}") from problem


def _read(path: Path, columns: Collection[str]) -> pa.Table:
    """Columns of a file, each in one piece; those that an older file lacks are empty."""
    file = pq.ParquetFile(path)
    there = set(file.schema_arrow.names)
    table = file.read([name for name in columns if name in there])
    table = table.unify_dictionaries().combine_chunks()
    for name in columns:
        if name not in there:
            table = table.append_column(name, pa.nulls(len(table), _TYPES.get(name, _WORD)))
    return table


_TYPES: Final = {name: pa.int64() for name in ("verified", "amount", "cost_minor")} | {
    "after": pa.string(),
    "is_rehearsal": pa.bool_(),
}


def _piece(table: pa.Table, name: str) -> Any:
    column = table.column(name)
    return column.chunk(0) if column.num_chunks else pa.array([], column.type)


def _is(table: pa.Table, name: str, values: Collection[str]) -> Bool:
    """Whether a word is one of these."""
    column = _piece(table, name)
    held = pa.array(sorted(values), pa.string())
    known = pc.is_in(column.dictionary.cast(pa.string()), value_set=held)
    codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    found: Bool = np.append(known.to_numpy(zero_copy_only=False), False)[codes].astype(np.bool_)
    return found


def _is_there(table: pa.Table, name: str) -> Bool:
    return _numpy(_piece(table, name).is_valid()).astype(np.bool_)


def _numpy(column: Any) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return found


def _numbers(column: Any) -> Any:
    """A column of words as numbers; each different word is numbered once."""
    words = column.cast(pa.string()).combine_chunks().dictionary_encode()  # only those in use
    numbers = pa.array([number_of(one) for one in words.dictionary.to_pylist()], pa.uint64())
    return pa.DictionaryArray.from_arrays(words.indices, numbers)


def _take(table: pa.Table, wanted: Bool) -> pa.Table:
    return table.take(pa.array(np.flatnonzero(wanted))).unify_dictionaries().combine_chunks()


def _counted(table: pa.Table) -> Bool:
    return _is(table, "outcome", COUNTED) & _is_there(table, "viewer")


def _seen(path: Path) -> pa.Table:
    columns = ("clock", "event_time", "type", "outcome", "viewer", "room")
    table = _read(path, columns)
    counts, in_room = _counted(table), _is_there(table, "room")
    shows = counts & in_room & _is(table, "type", SHOWING)
    clocks = _numpy(_piece(table, "clock"))[counts | in_room]
    viewer = _piece(table, "viewer")
    number = viewer.indices.fill_null(-1).to_numpy(zero_copy_only=False)[shows]
    at = _numpy(_piece(table, "event_time"))[shows]
    n = len(viewer.dictionary)
    first, last = np.full(n, np.iinfo(np.int64).max), np.full(n, np.iinfo(np.int64).min)
    np.minimum.at(first, number, at)
    np.maximum.at(last, number, at)
    was_there = first <= last
    names = viewer.dictionary.cast(pa.string()).filter(pa.array(was_there))
    return pa.table(
        {
            "viewer": pa.array([number_of(one) for one in names.to_pylist()], pa.uint64()),
            "first": first[was_there],
            "last": last[was_there],
            "is_erased": pc.match_substring_regex(names, _ERASED),
        }
    ).replace_schema_metadata({"clock": str(clocks.max(initial=0))})


def _said(path: Path) -> pa.Table:
    columns = ("offset", "event_time", "type", "outcome", "viewer", "linked_viewer")
    table = _read(path, columns)
    says = _is(table, "type", LINKING) & ~_is(table, "outcome", ("duplicate",))
    says &= _is_there(table, "viewer") & _is_there(table, "linked_viewer")
    table = _take(table, says)
    one, other = (_piece(table, name).cast(pa.string()) for name in ("viewer", "linked_viewer"))
    is_known = pc.invert(pc.starts_with(one, ANONYMOUS_PREFIX))
    turned = pc.and_(is_known, pc.less(one, other))
    own, known = pc.if_else(turned, other, one), pc.if_else(turned, one, other)
    fits = pc.and_(pc.not_equal(one, other), pc.invert(pc.starts_with(other, ANONYMOUS_PREFIX)))
    return pa.table(
        {
            "offset": table.column("offset"),
            "own": pa.array([number_of(each) for each in own.to_pylist()], pa.uint64()),
            "known": pa.array([number_of(each) for each in known.to_pylist()], pa.uint64()),
            "own_name": own,
            "known_name": known,
            "at": table.column("event_time"),
            "ends": _is(table, "type", ("identity_unlinked",)),
        }
    ).filter(fits)


def _acts(path: Path, kind: str) -> pa.Table:
    columns = ("offset", "event_time", "type", "outcome", "viewer", "verified")
    table = _read(path, columns)
    wanted = _counted(table) & _is(table, "type", (kind,))
    wanted &= _numpy(_piece(table, "verified").fill_null(1)) != 0
    money = _take(_read(path, ("order_id", "currency", "amount")), wanted)
    table = _take(table, wanted)
    return pa.table(
        {
            "offset": table.column("offset"),
            "at": table.column("event_time"),
            "viewer": _numbers(table.column("viewer")),
            "order": _numbers(money.column("order_id")).dictionary_decode().fill_null(0),
            "currency": _numbers(money.column("currency")).dictionary_decode().fill_null(0),
            "amount": money.column("amount").fill_null(0),
        }
    )


def _decided(path: Path) -> pa.Table:
    columns = (
        *("offset", "at", "viewer", "strategy", "version", "outcome", "reason", "cost_minor"),
        *("room", "session", "is_rehearsal", "after"),
    )
    table = _read(path, columns)
    acts = _is(table, "outcome", ("act",))
    wanted = (acts | _is(table, "outcome", ("held_out",))) & _is_there(table, "viewer")
    wanted &= ~_numpy(_piece(table, "is_rehearsal").fill_null(False)).astype(np.bool_)
    is_later = pc.not_equal(_piece(table, "after").fill_null(""), "")
    wanted &= ~_numpy(is_later).astype(np.bool_)
    held = np.where(_is(table, "reason", ("control",)), CONTROL, HOLDOUT)
    cost = _numpy(_piece(table, "cost_minor").fill_null(0))
    told = table.select(["offset", "at", "viewer", "strategy", "version", "room", "session"])
    told = told.append_column("arm", pa.array(np.where(acts, TREATED, held).astype(np.int8)))
    told = _take(told.append_column("cost", pa.array(np.where(acts, cost, 0))), wanted)
    place = told.schema.get_field_index("viewer")
    return told.set_column(place, "viewer", _numbers(told.column("viewer")))
