"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

import numba
import numpy as np

from qianmian.runtime.bench import BenchRow

HERE = Path(__file__).resolve().parent


def machine_row() -> BenchRow:
    """Processor, versions and commit, as a row whose value is the number of cores."""
    versions = (
        f"Python {platform.python_version()}, numpy {np.__version__}, numba {numba.__version__}"
    )
    name = f"machine: {_processor()}, {platform.system()}, {versions}; commit {_commit()}"
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return BenchRow(
        name, float(os.cpu_count() or 1), "cores", None if load is None else f"load {load:.1f}"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str:
    """The short hash, with + when files differ from it."""
    try:
        commit = _git("rev-parse", "--short", "HEAD")
        return commit + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=HERE, capture_output=True, text=True, check=True)
    return done.stdout.strip()
