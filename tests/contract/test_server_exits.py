"""A server dies at every named step between a post and its decision, and comes back.

Its client sends again what was not acknowledged.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from qianmian.bootstrap.installation import open_sources
from qianmian.runtime.sources import Source
from tests.contract.mortal_server import STEPS, Step
from tests.contract.posts import posts
from tests.contract.survivors import check, definitions_in
from tests.serving import now_ms
from tools.lints.walk import ROOT

POSTS = 12  # of one life
SEED = 7
EXITS, ONE_HOME = int(os.environ.get("QIANMIAN_EXITS", "50")), 50
SERVER = "tests.contract.mortal_server"


class Mortals:
    """The process that forks lives, and what its lives have acknowledged."""

    def __init__(self, home: Path, process: subprocess.Popen[str], key: str) -> None:
        self._home, self._process, self._key = home, process, key
        self.acknowledged: set[str] = set()
        self._first = 0
        ids = posts(SEED, size=5)
        self._ids = [next(ids).ids for _ in range(POSTS)]
        self._more = ids
        self._say({})
        assert self._read() == "ready"

    def live(self, step: str | None, at: int) -> str:
        """One life; how it ended. The next one begins with the first post not acknowledged."""
        self._say(
            {
                "step": step,
                "at": at,
                "key": self._key,
                "seed": SEED,
                "first": self._first,
                "posts": POSTS,
            }
        )
        while (line := self._read()).startswith("+"):
            self.acknowledged.add(line[1:])
        while len(self._ids) <= self._first + POSTS:
            self._ids.append(next(self._more).ids)
        while self.acknowledged.issuperset(self._ids[self._first]):
            self._first += 1
        return line

    def _say(self, order: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"home": str(self._home), **order}) + "\n")
        self._process.stdin.flush()

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def mortals(
    home: Path, module: str = SERVER, prepare: Callable[[Path], object] = definitions_in
) -> Iterator[Mortals]:
    home.mkdir()
    prepare(home)
    with open_sources(home, now_ms) as sources:
        _, key = sources.create(Source("shop", "server", default_room="r1"))
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", module],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Mortals(home, process, key)
        finally:
            process.kill()


def exits(home: Path, count: int) -> None:
    with mortals(home) as lives:
        die_often(lives, count, STEPS)
        assert check(home, lives.acknowledged) > count // 10


def die_often(lives: Mortals, count: int, steps: Mapping[str, Step]) -> None:
    """So many lives that end at each of these steps in turn, and one that ends in peace."""
    chance = Random(count)
    how: Counter[str] = Counter()
    for number in range(count):
        step = list(steps)[number % len(steps)]
        how[lives.live(step, chance.choice((1, 1, 2, 3, 5, 8, 13)))] += 1
    assert lives.live(None, 0) == "ended"
    assert set(how) <= {"died", "ended"}, how
    # A life that came less often to its step ends in peace; how many do depends on the machine.
    assert how["died"] > count / 3, how
    assert len(lives.acknowledged) > count


def test_exits_at_each_step_lose_nothing_and_change_no_decision(tmp_path: Path) -> None:
    exits(tmp_path / "home", len(STEPS))


@pytest.mark.long
def test_many_exits_lose_nothing_and_change_no_decision(tmp_path: Path) -> None:
    """Fifty; `make bench-long` asks for a thousand, which take seven minutes."""
    for round_number in range(EXITS // ONE_HOME):
        exits(tmp_path / f"home-{round_number}", ONE_HOME)
