"""The chore of the night: facts up to the last midnight, built by a process of its own.

A build reads all of history and takes memory for it; beside the engine it would make decisions
wait. The process is a nice one, and the server learns of what it built as of any other build.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Final

from qianmian.errors import OperationalError
from qianmian.runtime.chores import Chore
from qianmian.runtime.fact_files import newest, read_facts
from qianmian.settings import PREFIX, Settings
from qianmian.storage.history import History, hour_of
from qianmian.storage.history_reader.days import day_begin
from qianmian.storage.history_schema import EVENTS

NICE: Final = 10
TIMEOUT_S: Final = 3 * 3_600
TOLD: Final = ("home", "database", "zone", "namespace", "definitions", "products", "minors")


def facts_chore(settings: Settings, history: History, now: Callable[[], int]) -> Chore:
    """Builds the facts of a day once it is over, if history has anything from before.

    Args:
        now: ms UTC.
    """
    folder = settings.home / "facts"

    def build() -> str | None:
        boundary_ms = day_begin(now(), settings.zone)
        name = newest(folder)
        if name is not None and read_facts(folder, name).boundary_ms >= boundary_ms:
            return None
        if not any(one.hour < hour_of(boundary_ms) for one in history.files(EVENTS)):
            return None
        return _built(settings)

    return Chore("facts", build)


def _built(settings: Settings) -> str:
    """What `qianmian facts build` says. Raises: OperationalError when it fails."""
    told = {name: getattr(settings, name) for name in TOLD}
    variables = {f"{PREFIX}{name.upper()}": str(value) for name, value in told.items() if value}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "qianmian.cli", "facts", "build", "--json"],
            env=os.environ | variables,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            preexec_fn=lambda: os.nice(NICE),
        )
    except subprocess.TimeoutExpired as problem:
        raise OperationalError(f"the facts took longer than {TIMEOUT_S // 3_600} h") from problem
    if done.returncode:
        raise OperationalError(f"the facts could not be built: {done.stderr.strip()[-500:]}")
    return done.stdout.strip()
