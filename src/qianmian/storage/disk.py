"""What the log asks of a file system, so that tests can cut its power, and the real one.

Only `sync` and `sync_folder` make anything durable; everything else may be lost or half done after
a power cut. Every call may raise OSError, and then may have been done in part.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from qianmian.errors import DiskFull, LogInUse, LogUnavailable

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
REFUSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


class DiskFile(Protocol):
    """An open file."""

    def write_at(self, position: int, data: bytes) -> None:
        """Write all of `data`; the file grows where needed."""

    def read_at(self, position: int, length_bytes: int) -> bytes:
        """At most so many bytes; fewer only at the end of the file."""

    def size(self) -> int:
        """Bytes of the file."""

    def truncate(self, size_bytes: int) -> None:
        """Cut the file to this size."""

    def sync(self) -> None:
        """Make the content and the size durable."""

    def close(self) -> None:
        """Give the file back."""


class Disk(Protocol):
    """Folders and files."""

    def make_folder(self, folder: Path) -> None:
        """The folder and those above it, durably; what is there stays."""

    def names(self, folder: Path) -> list[str]:
        """Names of the files in a folder, sorted."""

    def create(self, path: Path) -> DiskFile:
        """A new, empty file to write and read; what has this name loses its content."""

    def open(self, path: Path, *, writable: bool = False) -> DiskFile:
        """A file that is there."""

    def replace(self, old: Path, new: Path) -> None:
        """Rename in one step; what had the new name is gone."""

    def remove(self, path: Path) -> None:
        """Take a file away."""

    def sync_folder(self, folder: Path) -> None:
        """Make the names in a folder durable."""

    def lock(self, path: Path) -> Callable[[], None]:
        """Take a lock that ends with this process at the latest; what to call to give it back.

        Raises: LogInUse when another has it.
        """


class RealFile:
    """A file of the operating system."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write_at(self, position: int, data: bytes) -> None:
        """Write all of `data`; the file grows where needed."""
        rest = memoryview(data)
        while rest:
            written = os.pwrite(self._descriptor, rest, position)
            rest, position = rest[written:], position + written

    def read_at(self, position: int, length_bytes: int) -> bytes:
        """At most so many bytes; fewer only at the end of the file."""
        data = os.pread(self._descriptor, length_bytes, position)
        while data and len(data) < length_bytes:
            more = os.pread(self._descriptor, length_bytes - len(data), position + len(data))
            if not more:
                break
            data += more
        return data

    def size(self) -> int:
        """Bytes of the file."""
        return os.fstat(self._descriptor).st_size

    def truncate(self, size_bytes: int) -> None:
        """Cut the file to this size."""
        os.ftruncate(self._descriptor, size_bytes)

    def sync(self) -> None:
        """Make the content and the size durable."""
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Give the file back."""
        os.close(self._descriptor)


class RealDisk:
    """The file system of the operating system.

    Sources: fdatasync(2) makes data and file size durable; fsync(2) of the folder makes names so.
    """

    def make_folder(self, folder: Path) -> None:
        """The folder and those above it, durably; what is there stays."""
        if folder.is_dir():
            return
        self.make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        self.sync_folder(folder.parent)

    def names(self, folder: Path) -> list[str]:
        """Names of the files in a folder, sorted."""
        return sorted(path.name for path in folder.iterdir())

    def create(self, path: Path) -> RealFile:
        """A new, empty file to write and read; what has this name loses its content."""
        return RealFile(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640))

    def open(self, path: Path, *, writable: bool = False) -> RealFile:
        """A file that is there."""
        return RealFile(os.open(path, (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC))

    def replace(self, old: Path, new: Path) -> None:
        """Rename in one step; what had the new name is gone."""
        old.replace(new)

    def remove(self, path: Path) -> None:
        """Take a file away."""
        path.unlink()

    def sync_folder(self, folder: Path) -> None:
        """Make the names in a folder durable."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def lock(self, path: Path) -> Callable[[], None]:
        """Take a lock that ends with this process at the latest; what to call to give it back.

        Raises: LogInUse when another has it.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
            os.close(descriptor)
            raise LogInUse(
                f"the log in {path.parent} is being written by the process {holder or 'unknown'};"
                " stop it first",
                path=str(path),
            ) from problem
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return lambda: os.close(descriptor)


def unavailable(problem: OSError, doing: str) -> LogUnavailable:
    """The error of the product for one of the file system.

    Args:
        doing: what could not be done, as a verb with its object.
    """
    detail = f"cannot {doing}: {problem.strerror or problem}"
    if problem.errno in FULL:
        return DiskFull(
            f"{detail}; free some space, and writing goes on by itself", errno=problem.errno
        )
    if problem.errno in REFUSED:
        return LogUnavailable(
            f"{detail}; make the folder writable, and writing goes on by itself",
            errno=problem.errno,
        )
    return LogUnavailable(
        f"{detail}; look at the health of the disk. What was acknowledged is kept",
        errno=problem.errno,
    )
