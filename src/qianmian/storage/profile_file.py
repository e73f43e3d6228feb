"""Stored profiles of everybody, as of a day boundary: one immutable Arrow file, named by its hash.

64 record batches, one per range of hash(viewer), each sorted by the hash, as in a file of facts.
Columns: hash uint64, viewer string, profile binary (`profiles.stored`). The schema's metadata says
the boundary, the message of the log from which on nothing is in it, and the namespace. The log does
not name these files: a newer one takes the place of the older ones.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from qianmian.columns.facts import RANGES, viewer_hash
from qianmian.errors import InputError
from qianmian.profiles.profile import Profile
from qianmian.profiles.stored import restored
from qianmian.runtime.fact_files import name_newest, newest

VERSION: Final = b"1"
SCHEMA: Final = pa.schema(
    [("hash", pa.uint64()), ("viewer", pa.string()), ("profile", pa.binary())]
)
_CHUNK: Final = 1 << 20
Row = tuple[int, str, bytes]
"""Hash, viewer and profile."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a file holds.

    Attributes:
        boundary_ms: what happened before it is in the file, ms UTC...
        stop: ...if its message of the log has a smaller offset.
        namespace: of the viewers.
        offset_ms: how far the shop's zone was ahead of UTC.
    """

    boundary_ms: int
    stop: int
    namespace: str
    offset_ms: int


class ProfileFile:
    """A file of profiles, read where it lies: memory is taken for what is asked.

    Raises: InputError when it is not there, or does not hold what its name says.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        path = path_of(folder, name)
        try:
            if _hash_of(path) != name:
                raise InputError(f"the file {path.name} does not hold what its name says")
            self._reader: Any = pa.ipc.open_file(pa.memory_map(str(path)))
        except (OSError, pa.ArrowException) as problem:
            raise InputError(f"the profiles in {path.name} cannot be read: {problem}") from problem
        metadata = self._reader.schema.metadata or {}
        if metadata.get(b"qianmian.profiles") != VERSION:
            raise InputError(f"{path.name} is of another version; build the profiles again")
        self.built = Built(
            int(metadata[b"boundary"]),
            int(metadata[b"stop"]),
            metadata[b"namespace"].decode(),
            int(metadata[b"offset_ms"]),
        )

    def of(self, viewer: str) -> Profile | None:
        """The profile of a viewer; None when nothing is known of them.

        Cost: one hash and one binary search.
        """
        wanted = np.uint64(viewer_hash(viewer, self.built.namespace))
        batch = self._reader.get_batch(int(wanted % np.uint64(RANGES)))
        hashes = batch.column("hash").to_numpy()
        at = int(np.searchsorted(hashes, wanted))
        if at == len(hashes) or batch.column("viewer")[at].as_py() != viewer:
            return None
        return restored(batch.column("profile")[at].as_py())

    def ranges(self) -> Iterator[list[Row]]:
        """The rows of each range, in the order of the file."""
        for number in range(RANGES):
            columns = self._reader.get_batch(number).to_pydict()
            yield list(zip(columns["hash"], columns["viewer"], columns["profile"], strict=True))


class StoredProfiles:
    """The newest profiles of a folder; usable from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opening = threading.Lock()
        self._file: ProfileFile | None = None

    def newest(self) -> ProfileFile | None:
        """The newest build; None while there is none.

        Raises: InputError when it cannot be read.
        """
        with self._opening:
            name = newest(self._folder)
            if name is None:
                self._file = None
            elif self._file is None or self._file.name != name:
                self._file = ProfileFile(self._folder, name)
            return self._file

    def told(self, viewers: Collection[str]) -> list[dict[str, Any]]:
        """The profiles of these viewers, as JSON can hold them.

        Raises: InputError when they cannot be read.
        """
        held = self.newest()
        found = {} if held is None else {viewer: held.of(viewer) for viewer in sorted(viewers)}
        return [
            {"viewer": viewer, **msgspec.to_builtins(profile, str_keys=True)}
            for viewer, profile in found.items()
            if profile is not None
        ]

    def forget(self, viewers: Collection[str]) -> bool:
        """Take persons out; whether one of them was there. Nothing of them is left on the disk.

        Raises: InputError when the profiles cannot be read; OSError when they cannot be written.
        """
        held = self.newest()
        if held is None or all(held.of(one) is None for one in viewers):
            return False
        kept = ([row for row in rows if row[1] not in viewers] for rows in held.ranges())
        write_profiles(self._folder, kept, held.built)
        return True


def path_of(folder: Path, name: str) -> Path:
    """Where the profiles of this hash lie."""
    return folder / f"profiles-{name}.arrow"


def write_profiles(folder: Path, ranges: Iterable[list[Row]], built: Built) -> Path:
    """Write a file and name it the newest; older ones go.

    Args:
        ranges: the rows of each of the 64 ranges, by hash.

    Guarantees: whoever sees the file sees all of it, also after a power cut. The same rows give the
        same bytes.
    Raises: OSError when it cannot be written.
    Cost: memory for one range.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / "profiles.part"
    metadata = {
        "qianmian.profiles": VERSION,
        "boundary": str(built.boundary_ms),
        "stop": str(built.stop),
        "namespace": built.namespace,
        "offset_ms": str(built.offset_ms),
    }
    schema = SCHEMA.with_metadata(metadata)
    with unfinished.open("wb") as file:
        with pa.ipc.new_file(file, schema) as writer:
            for rows in ranges:
                columns = list(zip(*rows, strict=True)) or [(), (), ()]
                arrays = [
                    pa.array(one, kind) for one, kind in zip(columns, SCHEMA.types, strict=True)
                ]
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
        file.flush()
        os.fsync(file.fileno())
    name = _hash_of(unfinished)
    path = path_of(folder, name)
    unfinished.replace(path)
    name_newest(folder, name)
    for other in folder.glob("profiles-*.arrow"):
        if other != path:
            with suppress(FileNotFoundError):
                other.unlink()
    return path


def _hash_of(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_CHUNK):
            found.update(part)
    return found.hexdigest()
