"""A disk in memory that keeps what a real one must keep, and loses what a real one may lose.

Content is kept twice: as the running system sees it, and as the platter has it. A power cut keeps
the second, with any part of what was written since: sector by sector, in any order. A `sync` that
fails may have written any part, too, and the system takes the rest for written from then on.
"""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from qianmian.errors import LogInUse

SECTOR_BYTES = 512


class PowerCut(BaseException):
    """The machine stops here."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at the step with this number, counted from 0 over all steps.

    Attributes:
        how: "before" and "after" cut the power, "half" cuts it within; "error" and "half_error"
            raise OSError with `code`, having done nothing, or a part.
    """

    number: int
    how: str
    code: int = errno.EIO


@dataclass(slots=True)
class Inode:
    """The content of a file: as seen, on the platter, and what has been written since."""

    seen: bytearray = field(default_factory=bytearray)
    kept: bytes = b""
    since: list[tuple[int, bytes | None]] = field(default_factory=list)  # None: cut to this size

    def change(self, position: int, data: bytes | None) -> None:
        """Write, or cut."""
        self.since.append((position, data))
        _apply(self.seen, position, data)

    def settle(self) -> None:
        """All that was written since is on the platter."""
        content = bytearray(self.kept)
        for position, data in self.since:
            _apply(content, position, data)
        self.kept = bytes(content)
        self.since.clear()

    def tear(self, chance: random.Random) -> None:
        """Any part of what was written since is on the platter; the rest will never be."""
        self.kept = self.platter(chance)
        self.since.clear()

    def platter(self, chance: random.Random) -> bytes:
        """What a power cut may leave: any sectors of what was written, any size on the way."""
        content, sizes = bytearray(self.kept), [len(self.kept)]
        for position, data in self.since:
            if data is None:
                sizes.append(position)
                if chance.random() < 0.5:
                    _apply(content, position, None)
                continue
            sizes.append(max(sizes[-1], position + len(data)))
            for start in range(0, len(data), SECTOR_BYTES):
                if chance.random() < 0.5:
                    _apply(content, position + start, data[start : start + SECTOR_BYTES])
        left = chance.choice(sizes)
        return bytes(content[:left].ljust(left, b"\0"))


def _apply(content: bytearray, position: int, data: bytes | None) -> None:
    if data is None:
        del content[position:]
    content.extend(bytes(max(0, position - len(content))))
    if data is not None:
        content[position : position + len(data)] = data


class MemoryFile:
    """An open file of a `MemoryDisk`."""

    def __init__(self, disk: MemoryDisk, inode: Inode, *, writable: bool) -> None:
        self._disk = disk
        self._inode = inode
        self._writable = writable

    def write_at(self, position: int, data: bytes) -> None:
        """Write all of `data`, unless a fault stops it half way."""
        assert self._writable
        half = data[: len(data) // 2]
        self._disk.step(
            "write",
            lambda: self._inode.change(position, data),
            lambda: self._inode.change(position, half),
        )

    def read_at(self, position: int, length_bytes: int) -> bytes:
        """At most so many bytes."""
        return bytes(self._inode.seen[position : position + length_bytes])

    def size(self) -> int:
        """Bytes of the file."""
        return len(self._inode.seen)

    def truncate(self, size_bytes: int) -> None:
        """Cut the file to this size."""
        assert self._writable

        def cut() -> None:
            self._inode.change(size_bytes, None)

        self._disk.step("truncate", cut, cut)

    def sync(self) -> None:
        """Make the content durable."""
        chance = self._disk.chance
        self._disk.step("sync", self._inode.settle, lambda: self._inode.tear(chance))

    def close(self) -> None:
        """Nothing to give back."""


Names = dict[Path, Inode]


class MemoryDisk:
    """A file system without folders: the names in one folder are those below it.

    Attributes:
        done: the name of every step so far.
        faults: what is still to go wrong.
    """

    def __init__(self, seed: int = 0) -> None:
        self.chance = random.Random(seed)
        self.done: list[str] = []
        self.faults: list[Fault] = []
        self._names: Names = {}
        self._kept_names: Names = {}
        self._changes: list[Callable[[Names], object]] = []
        self._locked: set[Path] = set()

    # -- faults

    def step(self, name: str, all_of_it: Callable[[], None], half: Callable[[], None]) -> None:
        """Do one step, or what a fault makes of it."""
        number = len(self.done)
        self.done.append(name)
        fault = next((one for one in self.faults if one.number == number), None)
        if fault is None:
            all_of_it()
            return
        if fault.how == "after":
            all_of_it()
        elif fault.how in ("half", "half_error") or name == "sync":
            half()  # nobody knows what a sync has done that did not return
        if fault.how in ("error", "half_error"):
            raise OSError(fault.code, os.strerror(fault.code))
        raise PowerCut

    def after_power_cut(self) -> MemoryDisk:
        """The disk of the machine when it starts again."""
        later = MemoryDisk(self.chance.getrandbits(32))
        names = dict(self._kept_names)
        for change in self._changes[: self.chance.randint(0, len(self._changes))]:
            change(names)  # a file system keeps its names in a journal: in order
        for path, inode in names.items():
            content = inode.platter(self.chance)
            later._names[path] = Inode(bytearray(content), content)
        later._kept_names = dict(later._names)
        return later

    def after_kill(self) -> MemoryDisk:
        """The disk when only the process has died: the system still has all of it."""
        later = MemoryDisk(self.chance.getrandbits(32))
        later._names, later._kept_names = self._names, self._kept_names
        later._changes = self._changes
        return later

    def spoil(self, path: Path, start: int, stop: int) -> None:
        """A write that failed has left nothing readable here on the platter."""
        inode = self._names[path]
        inode.kept = inode.kept[:start] + bytes(stop - start) + inode.kept[stop:]

    # -- the port

    def make_folder(self, folder: Path) -> None:
        """There is nothing to make."""

    def names(self, folder: Path) -> list[str]:
        """Names below the folder, sorted."""
        return sorted(path.name for path in self._names if path.parent == folder)

    def create(self, path: Path) -> MemoryFile:
        """A new, empty file; a file of this name loses its content."""

        def make() -> None:
            if path in self._names:
                self._names[path].change(0, None)
            else:
                inode = Inode()
                self._rename(lambda names: names.update({path: inode}))

        self.step("create", make, make)
        return MemoryFile(self, self._names[path], writable=True)

    def open(self, path: Path, *, writable: bool = False) -> MemoryFile:
        """A file that is there."""
        if path not in self._names:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        return MemoryFile(self, self._names[path], writable=writable)

    def replace(self, old: Path, new: Path) -> None:
        """Rename in one step."""

        def rename() -> None:
            self._rename(lambda names: names.update({new: names.pop(old)}))

        self.step("replace", rename, rename)

    def remove(self, path: Path) -> None:
        """Take a file away."""

        def take() -> None:
            self._rename(lambda names: names.pop(path))

        self.step("remove", take, take)

    def _rename(self, change: Callable[[Names], object]) -> None:
        """Change the names, durably when the folder is next synced."""
        change(self._names)
        self._changes.append(change)

    def sync_folder(self, folder: Path) -> None:
        """Make the names durable."""

        def keep() -> None:
            self._kept_names = dict(self._names)
            self._changes.clear()

        self.step("sync_folder", keep, lambda: None)

    def lock(self, path: Path) -> Callable[[], None]:
        """Take a lock that ends with this disk at the latest."""
        if path in self._locked:
            raise LogInUse
        self._locked.add(path)
        return lambda: self._locked.remove(path)
