"""A writer under load is killed by the system: what it said it had committed is there.

A reader in this process follows the same log meanwhile.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qianmian.runtime.messages import Events, FactsNamed, Message
from qianmian.storage.segment_log import SegmentLog
from qianmian.storage.segment_reader import SegmentReader
from tools.lints.walk import ROOT

Writer = subprocess.Popen[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "log"


def started(folder: Path) -> Writer:
    command = [sys.executable, "-W", "ignore", "-m", "tests.contract.log_writer", str(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def said(writer: Writer) -> Iterator[int]:
    """What the writer says is durable, as it says it."""
    assert writer.stdout is not None
    for line in writer.stdout:
        if line.endswith("\n"):
            yield int(line)


def check(messages: Iterator[Message], first: int) -> int:
    """Every message is the one that was written; how many there are before the end."""
    at, clock = first, -1
    for message in messages:
        assert message.offset == at
        assert message.clock >= clock
        if isinstance(message.body, Events):
            assert (message.body.batch.clock == message.clock).all()
            assert len(message.body.batch) == 5
        else:
            assert message.body == FactsNamed(str(at))
        at, clock = at + 1, message.clock
    return at


def kill_under_load(folder: Path, commits: int) -> None:
    """Start a writer, follow it, kill it after so many commits, and look at what is left."""
    before = SegmentReader(folder).durable_offset if folder.exists() else 0
    writer = started(folder)
    try:
        told = 0
        for number, told in enumerate(said(writer), 1):
            if number % 10 == 1:
                reader = SegmentReader(folder)
                assert reader.durable_offset >= told  # what it has said can be read at once
                assert check(reader.read(told - 1, until=told + 20), told - 1) >= told
            if number >= commits:
                break
        os.kill(writer.pid, signal.SIGKILL)
        told = max([told, *said(writer)])
    finally:
        writer.kill()
        writer.wait()
        if writer.stdout is not None:
            writer.stdout.close()
    assert told > before
    log = SegmentLog(folder)
    assert log.next_offset >= told
    assert check(log.read(before), before) == log.next_offset
    log.close()


def test_three_kills_under_load_lose_nothing(folder: Path) -> None:
    for commits in (1, 30, 60):
        kill_under_load(folder, commits)
    assert len(list(folder.glob("*.log"))) > 2
    reader = SegmentReader(folder)
    assert check(reader.read(0), 0) == reader.durable_offset


@pytest.mark.long
def test_twenty_kills_under_load_lose_nothing(folder: Path) -> None:
    chance = random.Random(20)
    for _ in range(20):
        kill_under_load(folder, chance.randint(1, 120))
