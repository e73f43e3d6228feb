"""`qianmian stress` against a real `qianmian serve`, each a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qianmian.bootstrap.installation import open_sources
from qianmian.runtime.messages import Events
from qianmian.runtime.sources import Source
from qianmian.storage.segment_reader import SegmentReader
from tests.serving import now_ms

SECONDS = 900  # a slow machine that compiles first
QIANMIAN = (sys.executable, "-W", "ignore", "-m", "qianmian.cli")


@contextmanager
def serving(home: Path) -> Iterator[str]:
    """The address of a server, which is stopped as an operator stops it."""
    command = [*QIANMIAN, "serve", "--home", str(home), "--port", "0", "--locale", "en-US"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    watch = threading.Timer(SECONDS, child.kill)
    watch.start()
    try:
        assert child.stdout is not None
        address = next(line for line in child.stdout if "http://" in line)
        yield "http://" + address.partition("http://")[2].split()[0]
        child.send_signal(signal.SIGTERM)
        assert child.wait(SECONDS) == 0
    finally:
        child.kill()
        child.communicate()
        watch.cancel()


def test_two_rates_are_held_and_nothing_is_lost(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with open_sources(home, now_ms) as sources:
        _, key = sources.create(Source("load", "server"))
    with serving(home) as url:
        told = subprocess.run(
            [*QIANMIAN, "stress", "--url", url, "--key", key, "--viewers", "40", "--rate", "200",
             "--for", "1", "--limit-ms", "20000", "--steps", "2", "--json"],
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    found = json.loads(told.stdout)
    assert [step["rate_per_s"] for step in found["steps"]] == [200, 300]
    for step in found["steps"]:
        assert step["accepted"] == step["sent"] > 0
        assert (step["lost"], step["rejected"]) == (0, 0)
    assert (found["knee_per_s"], found["stopped_by"]) == (300, "ok")
    kept = [
        message_id
        for message in SegmentReader(home / "log").read(0)
        if isinstance(message.body, Events)
        for message_id in ids_of(message.body)
    ]
    assert len(kept) == len(set(kept)) >= sum(step["accepted"] for step in found["steps"])


def ids_of(events: Events) -> list[str]:
    column = events.batch.strings["message_id"]
    return [column.values[code] for code in column.codes.tolist() if code >= 0]
