"""A whole server under HTTP load is killed by the system, again and again.

Its clients send again what was not acknowledged, as SDKs do.
"""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import MappingProxyType

import httpx
import pytest

from qianmian.bootstrap.installation import open_sources
from qianmian.runtime.sources import Source
from tests.contract.posts import Post, posts
from tests.contract.survivors import check, definitions_in
from tests.serving import now_ms
from tools.lints.walk import ROOT

CLIENTS = 3
WAIT_S = 300
KILLS = int(os.environ.get("QIANMIAN_KILLS", "8"))
Process = subprocess.Popen[str]
NO_MORE: Mapping[str, str] = MappingProxyType({})


class Client:
    """One SDK: the post that was not acknowledged is kept, and sent first the next time."""

    def __init__(self, number: int) -> None:
        self._posts = posts(number, size=20)
        self._kept: Post | None = None
        self.acknowledged: set[str] = set()

    def send(self, http: httpx.Client, headers: dict[str, str]) -> None:
        """One post. Raises: httpx.TransportError when the server is gone."""
        self._kept = self._kept or next(self._posts)
        answer = http.post("/v1/events", content=self._kept.body, headers=headers)
        if answer.status_code == 429:  # it stops, and did not wait for its disk
            return
        assert answer.status_code == 200, answer.text
        assert answer.json()["rejected"] == []
        self.acknowledged.update(self._kept.ids)
        self._kept = None


@contextmanager
def serving(home: Path, more: Mapping[str, str] = NO_MORE) -> Iterator[tuple[Process, str]]:
    """A server of its own process, and where it listens; `more` settings by their variable."""
    command = [sys.executable, "-W", "ignore", "-m", "qianmian.cli", "serve"]
    command += ["--home", str(home), "--port", "0", "--locale", "en-US"]
    environment = os.environ | {
        "QIANMIAN_SNAPSHOT_S": "5",
        "QIANMIAN_DEFINITIONS": str(home / "definitions.yaml"),
        "QIANMIAN_EXPECTED_VIEWERS": "100",
        "COLUMNS": "300",
        **more,
    }
    with (home / "stderr").open("ab") as problems:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=problems,
            text=True,
        )
        try:
            assert process.stdout is not None
            address = next(
                (word for line in process.stdout for word in line.split() if "http://" in word), ""
            )
            assert address, (home / "stderr").read_text()
            yield process, address.rstrip("/")
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
            sys.stderr.write((home / "stderr").read_text()[-20_000:])  # shown with a failure only


def load(url: str, key: str, clients: list[Client], stop: threading.Semaphore) -> None:
    """Every client sends until the server is gone; each acknowledged post is told."""
    basic = {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}

    def run(client: Client) -> None:
        with httpx.Client(base_url=url, timeout=WAIT_S) as http:
            try:
                while True:
                    client.send(http, basic)
                    stop.release()
            except httpx.TransportError:
                return

    threads = [threading.Thread(target=run, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
        assert not thread.is_alive()


def live_and_die(
    home: Path,
    key: str,
    clients: list[Client],
    posts_before: int,
    end: int,
    more: Mapping[str, str] = NO_MORE,
) -> int:
    """A server takes so many posts, and gets a signal under load; its exit code."""
    with serving(home, more) as (process, url):
        acknowledged = threading.Semaphore(0)

        def kill() -> None:
            for _ in range(posts_before):
                assert acknowledged.acquire(timeout=WAIT_S)
            os.kill(process.pid, end)

        killer = threading.Thread(target=kill)
        killer.start()
        load(url, key, clients, acknowledged)
        killer.join(WAIT_S)
        return process.wait(WAIT_S)


def kills(home: Path, most_posts: list[int]) -> None:
    """Servers of one home, each killed after so many posts; the last one may end in peace."""
    home.mkdir()
    definitions_in(home)
    with open_sources(home, now_ms) as sources:
        _, key = sources.create(Source("shop", "server", default_room="r1"))
    clients = [Client(number) for number in range(CLIENTS)]
    for count in most_posts:
        assert live_and_die(home, key, clients, count, signal.SIGKILL) == -signal.SIGKILL
    assert live_and_die(home, key, clients, 5, signal.SIGTERM) == 0
    acknowledged = set.union(*(client.acknowledged for client in clients))
    assert len(acknowledged) >= 20 * sum(most_posts)
    assert check(home, acknowledged) > 10


def test_two_kills_under_load_lose_nothing_and_change_no_decision(tmp_path: Path) -> None:
    kills(tmp_path / "home", [1, 40])


@pytest.mark.long
def test_many_kills_under_load_lose_nothing_and_change_no_decision(tmp_path: Path) -> None:
    """Each costs a start of five seconds: eight, and twenty where `make bench-long` asks."""
    chance = Random(20)
    kills(tmp_path / "home", [chance.randint(1, 400) for _ in range(KILLS)])
