"""Checks of a machine: can Qianmian run here, and how well?

Each check measures one thing and judges it; showing and advising are for the terminal.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from qianmian.engine.jit import CACHE_FOLDER

Verdict = Literal["ok", "warn", "fail"]

PACKAGES = ("numpy", "numba", "pyarrow", "msgspec", "rich", "click", "pyahocorasick", "ruamel.yaml")
SLOW_FSYNC_MS = 20.0  # an acknowledgement waits for one; SDKs give up after seconds
LITTLE_MEMORY_GB = 2.0
FSYNC_TRIALS = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. `advice` is the key of what to do, empty when nothing is."""

    check: str
    verdict: Verdict
    value: str
    advice: str = ""


def examine(home: Path, locale: str, cache: Path = CACHE_FOLDER) -> list[Finding]:
    """Every check, in order."""
    return [
        _python(),
        _packages(),
        _compiler(cache),
        _cpu(),
        _memory(),
        _home(home),
        _disk(home),
        Finding("locale", "ok", locale),
    ]


def _python() -> Finding:
    version = platform.python_version()
    enough = sys.version_info >= (3, 11)
    return Finding("python", "ok" if enough else "fail", version, "" if enough else "python")


def _packages() -> Finding:
    found, missing = [], []
    for name in ("qianmian", *PACKAGES):
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("packages", "fail", f"missing: {', '.join(missing)}", "packages")
    return Finding("packages", "ok", ", ".join(found))


def is_compiled(folder: Path = CACHE_FOLDER) -> bool:
    """Whether the main loop of this very engine has been compiled on this machine before."""
    return any(folder.glob("**/*.run-*.nbi"))


def _compiler(folder: Path) -> Finding:
    """Where machine code is kept: a folder for each state of the engine's sources."""
    if not _is_writable(folder):
        return Finding("compiler", "warn", str(folder), "compiler")
    compiled = is_compiled(folder)
    return Finding(
        "compiler", "ok" if compiled else "warn", str(folder), "" if compiled else "cold"
    )


def _cpu() -> Finding:
    count = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return Finding("cpu", "ok" if count > 1 else "warn", str(count), "" if count > 1 else "cpu")


def _memory() -> Finding:
    try:
        pages = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return Finding("memory", "warn", "?", "memory")
    free = pages / (1 << 30)
    is_enough = free >= LITTLE_MEMORY_GB
    return Finding(
        "memory", "ok" if is_enough else "warn", f"{free:.1f} GB", "" if is_enough else "memory"
    )


def _home(home: Path) -> Finding:
    is_writable = _is_writable(home)
    return Finding(
        "home", "ok" if is_writable else "fail", str(home.resolve()), "" if is_writable else "home"
    )


def _disk(home: Path) -> Finding:
    """The median time to bring one small write onto the disk."""
    folder = _existing(home)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            times = sorted(_timed_sync(file.fileno()) for _ in range(FSYNC_TRIALS))
    except OSError as exc:
        return Finding("disk", "fail", exc.strerror or str(exc), "home")
    median = times[FSYNC_TRIALS // 2]
    is_fast = median <= SLOW_FSYNC_MS
    return Finding(
        "disk", "ok" if is_fast else "warn", f"{median:.2f} ms", "" if is_fast else "disk"
    )


def _timed_sync(descriptor: int) -> float:
    os.write(descriptor, b"\0" * 4_096)
    started = time.perf_counter()
    os.fsync(descriptor)
    return (time.perf_counter() - started) * 1_000


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    resolved = folder.resolve()
    return next((path for path in (resolved, *resolved.parents) if path.is_dir()), Path("/"))


def _is_writable(folder: Path) -> bool:
    return os.access(_existing(folder), os.W_OK | os.X_OK)
