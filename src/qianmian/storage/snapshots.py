"""Snapshots of the state as files, each named by the offset of the log that it stands before.

A file is a magic word, a CRC, the lengths of its parts, then the parts. It is written beside its
place and moved there when it is on the disk, so a crash leaves the one before. Two are kept.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

from qianmian.runtime.live import Kept

MAGIC = b"QMSNAP01"
HEAD = struct.Struct("<8sIQqQQ")  # magic, crc of the rest, offset, clock, bytes of each part
KEPT_FILES = 2


class SnapshotFolder:
    """The snapshots of one installation. Errors of the disk are OSError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, kept: Kept) -> None:
        """Keep it, durably, and forget all but the one before it.

        Cost: one write of the whole state and one fsync.
        """
        place = self.folder / f"{kept.offset:020d}.snapshot"
        beside = place.with_suffix(".writing")
        rest = _rest(kept)
        with beside.open("wb") as file:
            file.write(HEAD.pack(MAGIC, _crc(rest, kept), *rest))
            file.write(kept.views)
            file.write(kept.engine)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
        _sync_folder(self.folder)
        for old in self._files()[KEPT_FILES:]:
            old.unlink(missing_ok=True)

    def forget_before(self, offset: int) -> int:
        """Delete the snapshots that stand before this message; how many."""
        old = [file for file in self._files() if int(file.stem) < offset]
        unfinished = [file for file in self.folder.glob("*.writing") if int(file.stem) < offset]
        for file in (*old, *unfinished):
            file.unlink(missing_ok=True)
        _sync_folder(self.folder)
        return len(old)

    def newest(self) -> Kept | None:
        """The newest that is whole; None when there is none."""
        for file in self._files():
            kept = _read(file)
            if kept is not None:
                return kept
        return None

    @property
    def newest_offset(self) -> int | None:
        """The offset of the newest, by its name; None when there is none."""
        files = self._files()
        return int(files[0].stem) if files else None

    @property
    def oldest_offset(self) -> int | None:
        """The log is needed from here on."""
        files = self._files()
        return int(files[-1].stem) if files else None

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.snapshot"), reverse=True)


def _rest(kept: Kept) -> tuple[int, int, int, int]:
    return kept.offset, kept.clock, len(kept.views), len(kept.engine)


def _crc(rest: tuple[int, int, int, int], kept: Kept) -> int:
    return zlib.crc32(kept.engine, zlib.crc32(kept.views, zlib.crc32(struct.pack("<QqQQ", *rest))))


def _read(file: Path) -> Kept | None:
    data = file.read_bytes()
    if len(data) < HEAD.size:
        return None
    magic, crc, offset, clock, views, engine = HEAD.unpack_from(data)
    if magic != MAGIC or len(data) != HEAD.size + views + engine:
        return None
    middle = HEAD.size + views
    kept = Kept(offset, clock, data[HEAD.size : middle], data[middle:])
    return kept if crc == _crc(_rest(kept), kept) else None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
