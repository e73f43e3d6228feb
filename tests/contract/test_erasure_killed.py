"""An erasure is killed at every named step; the next start finishes it, and nobody else notices."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from qianmian.bootstrap.installation import open_sources
from qianmian.engine.board import RoomBoard
from qianmian.runtime.sources import Source
from qianmian.storage.segment_log import SegmentLog
from tests.contract.mortal_erasure import SECRETS, STEPS
from tests.contract.survivors import definitions_in, empty_live
from tests.serving import now_ms
from tests.unit.server.test_persons import in_home
from tools.lints.walk import ROOT


@contextmanager
def lives(home: Path) -> Iterator[Any]:
    """Answers how a life ended."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.contract.mortal_erasure"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ended(**order: Any) -> str:
            process.stdin.write(json.dumps(order) + "\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            return process.stdout.readline().strip()  # type: ignore[union-attr]

        try:
            assert ended(home=str(home)) == "ready"
            yield ended
        finally:
            process.kill()


def others(home: Path, stop: int) -> tuple[RoomBoard, list[tuple[int, str]]]:
    """By replay of the log before a message: the board, and what fired for everybody else."""
    log, live = SegmentLog(home / "log"), empty_live()
    try:
        fired = [one for m in log.read(0) if m.offset < stop for one in live.apply(m).firings]
    finally:
        log.close()
    assert live.engine is not None
    known = {f"v{k}" for k in range(12)} | {None, ""}
    return live.engine.board("r1"), [(one.at, one.id) for one in fired if one.viewer in known]


def length(home: Path) -> int:
    """How many messages the log has."""
    log = SegmentLog(home / "log")
    try:
        return log.next_offset
    finally:
        log.close()


OFTEN = tuple(STEPS)[::6]
"""Where it is killed whenever the tests run; at all of them in the long ones."""


@pytest.mark.parametrize(
    ("at", "steps"),
    [
        (1, OFTEN),
        *(pytest.param(at, tuple(STEPS), marks=pytest.mark.long) for at in (1, 2)),
    ],
)
def test_it_is_finished_after_a_restart_and_no_file_holds_the_person(
    tmp_path: Path, at: int, steps: Sequence[str]
) -> None:
    base = tmp_path / "base"
    base.mkdir()
    definitions_in(base)
    with open_sources(base, now_ms) as sources:
        _, key = sources.create(Source("shop", "server", default_room="r1"))
    died = set()
    with lives(base) as ended:
        assert ended(home=str(base), key=key, step=None, at=0) == "ended"
        stop = length(base)
        board, fired = others(base, stop)
        assert fired
        for secret in SECRETS:
            assert in_home(base, secret)
        for number, step in enumerate(steps):
            home = tmp_path / f"home-{number}"
            shutil.copytree(base, home)
            if ended(home=str(home), step=step, at=at) == "died":
                died.add(step)
            assert ended(home=str(home), step=None, at=0) == "ended", step
            for secret in SECRETS:
                assert not in_home(home, secret), (step, secret)
            assert others(home, stop) == (board, fired), step
            shutil.rmtree(home)
    if at == 1:
        assert died == set(steps)
