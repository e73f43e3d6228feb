"""The two threads of a deployment: what a client that goes away, or a full disk, does to them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from qianmian.bootstrap import Cores, active_definitions, lingering_of_moments
from qianmian.columns.batch import EventBatch
from qianmian.columns.facts import Facts
from qianmian.errors import DiskFull, Overloaded
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.live import Live
from tests.fakes.memory_log import MemoryLog, MemorySnapshots

START = 1_790_000_000_000
WAIT_S = 300


def no_facts(digest: str) -> Facts:
    raise AssertionError(f"nobody wrote facts {digest}")


def rows(*viewers: str) -> EventBatch:
    return EventBatch.from_rows(
        {
            "clock": START,
            "type": "product_viewed",
            "viewer": viewer,
            "room": "r1",
            "product": "p1",
            "message_id": f"m-{viewer}",
            "message": 0,
        }
        for viewer in viewers
    )


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def running(log: MemoryLog) -> Iterator[Deployment]:
    live = Live(Cores(), lingering_of_moments, no_facts)
    deployment = Deployment(log, MemorySnapshots(), live, now=lambda: START)
    deployment.recover(active_definitions())
    deployment.start()
    yield deployment
    deployment.stop()


def accepted(deployment: Deployment) -> int:
    def count(live: Live) -> int:
        return 0 if live.engine is None else live.engine.statistics().accepted

    return deployment.engine.ask(count).result(WAIT_S)


def test_an_answer_that_nobody_waits_for_stops_nothing(running: Deployment) -> None:
    gate = running.engine.ask(lambda live: live.offset)
    for _ in range(100):
        running.engine.ask(lambda live: live.offset).cancel()
    gate.result(WAIT_S)
    assert accepted(running) == 0
    assert running.problem is None


def test_a_sender_that_goes_away_takes_nobody_with_it(running: Deployment) -> None:
    for n in range(200):
        running.gateway.post(rows(f"gone{n}")).cancel()
    running.gateway.post(rows("here")).result(WAIT_S)
    assert accepted(running) >= 1
    assert running.problem is None


def test_a_full_disk_is_told_to_those_who_wait_and_to_nobody_else(
    running: Deployment, log: MemoryLog
) -> None:
    asyncio.run(running.submit(rows("before")))
    log.is_full = True
    with pytest.raises(DiskFull):
        asyncio.run(running.submit(rows("refused")))
    assert running.problem is not None
    log.is_full = False
    asyncio.run(running.submit(rows("after")))
    assert accepted(running) == 2, "what was refused is not half there"
    assert running.problem is None


def test_what_was_answered_survives_the_power(running: Deployment, log: MemoryLog) -> None:
    asyncio.run(running.submit(rows("v1", "v2")))
    log.lose()
    live = Live(Cores(), lingering_of_moments, no_facts)
    live.recover(log, MemorySnapshots())
    assert live.engine is not None
    assert live.engine.statistics().accepted == 2


def test_too_much_is_refused_at_the_door(log: MemoryLog) -> None:
    live = Live(Cores(), lingering_of_moments, no_facts)
    deployment = Deployment(log, MemorySnapshots(), live, now=lambda: START, most_behind=0)
    deployment.recover(active_definitions())
    deployment.start()
    deployment.engine.waiting_rows = 1
    with pytest.raises(Overloaded, match="behind"):
        asyncio.run(deployment.submit(rows("v1")))
    deployment.engine.waiting_rows = 0
    deployment.stop()
