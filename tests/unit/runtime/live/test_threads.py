"""The two threads of a deployment: what a client that goes away, or a full disk, does to them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from qianmian.bootstrap import Cores, active_definitions, lingering_of_moments
from qianmian.columns.batch import EventBatch
from qianmian.columns.facts import Facts
from qianmian.errors import DiskFull, Overloaded
from qianmian.language.parse import parse_definition
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.live import Live
from qianmian.runtime.messages import Body, RoomFacts
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


def test_who_tells_when_they_registered_is_new_at_once_or_is_not(running: Deployment) -> None:
    dates = {"new": "2026-09-20", "old": "2025-09-20", "unknown": "one day"}  # START: the 21st
    told = [
        {"clock": START, "type": "profile_updated", "viewer": who, "message": 0}
        | {"message_id": f"p-{who}", "traits": {"registered_at": date}}
        for who, date in dates.items()
    ]
    running.gateway.post(rows(*dates)).result(WAIT_S)
    running.gateway.post(EventBatch.from_rows(told)).result(WAIT_S)

    def new_ones(live: Live) -> set[str]:
        found = {who: live.engine.viewer_now("r1", who) for who in dates if live.engine}
        return {who for who, now in found.items() if now and "tag.new_registrant" in now.levels}

    assert running.engine.ask(new_ones).result(WAIT_S) == {"new"}


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


def test_what_the_last_events_show_of_a_room_is_logged_before_it_stops(log: MemoryLog) -> None:
    clock = [START]
    snapshots, live = MemorySnapshots(), Live(Cores(), lingering_of_moments, no_facts)
    deployment = Deployment(log, snapshots, live, now=lambda: clock[-1])
    deployment.recover([parse_definition("crowd", "product_viewed and room.online >= 1")])
    deployment.start()
    asyncio.run(deployment.submit(rows("v1")))
    gate = threading.Event()
    held = deployment.engine.ask(lambda _: gate.wait(WAIT_S))
    clock.append(START + 2_000)
    asyncio.run(deployment.submit(rows("v2")))  # a second has passed: one viewer is online
    stopping = threading.Thread(target=deployment.stop)
    stopping.start()
    until_refused(deployment)
    gate.set()
    stopping.join(WAIT_S)
    assert held.done()
    assert deployment.problem is None
    found = [fact for body in bodies(log) if isinstance(body, RoomFacts) for fact in body.facts]
    assert ("online", 1) in [(fact.name, fact.value) for fact in found]
    newest = snapshots.newest()
    assert newest is not None
    assert newest.offset == log.next_offset


def test_a_finding_that_a_full_disk_refused_is_logged_when_there_is_space(log: MemoryLog) -> None:
    clock = [START]
    snapshots, live = MemorySnapshots(), Live(Cores(), lingering_of_moments, no_facts)
    deployment = Deployment(log, snapshots, live, now=lambda: clock[-1])
    deployment.recover([parse_definition("crowd", "product_viewed and room.online >= 1")])
    deployment.start()
    gate = threading.Event()
    deployment.engine.ask(lambda _: gate.wait(WAIT_S))
    asyncio.run(deployment.submit(rows("v1")))
    clock.append(START + 2_000)
    asyncio.run(deployment.submit(rows("v2")))
    log.is_full = True
    gate.set()
    deployment.engine.ask(lambda live: live.offset).result(WAIT_S)
    with pytest.raises(DiskFull):
        asyncio.run(deployment.submit(rows("v3")))
    log.is_full = False
    clock.append(START + 3_000)
    asyncio.run(deployment.submit(rows("v4")))
    deployment.stop()
    found = [fact for body in bodies(log) if isinstance(body, RoomFacts) for fact in body.facts]
    assert ("online", 1) in [(fact.name, fact.value) for fact in found]


def until_refused(deployment: Deployment) -> None:
    """Send until the door is closed."""
    with suppress(Overloaded):
        while True:
            asyncio.run(deployment.submit(rows("late")))


def bodies(log: MemoryLog) -> list[Body]:
    return [message.body for message in log.read(0)]
