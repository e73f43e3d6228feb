"""A simulated broadcast through real HTTP into the real ingest: all of it, at its right time."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx

from qianmian.bootstrap import load_classifier, simulate
from qianmian.connectors.sending.live import LiveSender
from qianmian.connectors.sending.poster import Poster, SendingStatistics
from qianmian.connectors.sending.stress import StressPlan, bodies_for
from qianmian.runtime.sources import Source
from qianmian.server.ingest.app import IngestApp
from qianmian.simulation.plan import SimulationPlan, Trouble
from tests.fakes.inbox import listening
from tests.fakes.ingest import FakeLetters, FakeLog, FakeSources
from tests.fakes.pace import SimPace

PLAN = SimulationPlan(seed=4, viewers=60, minutes=5, trouble=Trouble(wrong_clock_share=0.3))
FROM_MS = PLAN.start_ms + 200_000
UNTIL_MS = FROM_MS + 40_000
ARRIVAL_MS = 60_000  # what the server's clock moves while all of it is sent, at most


def ingest(log: FakeLog, pace: SimPace) -> IngestApp:
    sources = FakeSources(
        {
            "browser-key": Source("web", "browser", presence=True),
            "server-key": Source("shop", "server", presence=True),
        }
    )
    return IngestApp(
        sources=sources,
        submit=log.submit,
        dead_letters=FakeLetters(),
        clock=pace.now_ms,
        classify=load_classifier().classify_many,
        secret=b"0" * 32,
    )


def test_nothing_is_lost_or_rejected_and_wrong_clocks_are_put_right() -> None:
    log, pace = FakeLog(), SimPace(FROM_MS)

    async def run(url: str) -> SendingStatistics:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            poster = Poster(client, pace)
            sender = LiveSender(poster, pace, browser_key="browser-key", server_key="server-key")
            await sender.run(simulate(PLAN), FROM_MS, UNTIL_MS)
            return poster.statistics()

    with listening(ingest(log, pace)) as url:
        found = asyncio.run(run(url))
    simulation = simulate(PLAN)
    sent = [row for _, row in simulation.events_between(FROM_MS, UNTIL_MS)]
    happened = {row["message_id"]: row["event_time"] for row in sent}
    skewed = {row["message_id"] for row in sent if simulation.skew_ms(row)}
    assert (found.accepted, found.rejected, found.lost) == (len(sent), 0, 0)
    rows = log.rows
    assert Counter(row["message_id"] for row in rows) == Counter(row["message_id"] for row in sent)
    assert len(skewed) > 10
    for row in rows:
        # Moved by the way to the server, which no clock of a phone can know, and by no more.
        assert 0 <= row["event_time"] - happened[row["message_id"]] < ARRIVAL_MS


def test_bodies_of_the_stress_test_are_taken_from_either_key() -> None:
    log, pace = FakeLog(), SimPace(FROM_MS)
    bodies = bodies_for(StressPlan(url="", key="", viewers=30, step_ms=100), simulate)

    async def run(url: str) -> list[int]:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            return [
                (await client.post("/v1/events", content=body, auth=(key, ""))).json()["accepted"]
                for body, _ in bodies
                for key in ("browser-key", "server-key")
            ]

    with listening(ingest(log, pace)) as url:
        accepted = asyncio.run(run(url))
    assert sum(accepted) == 2 * sum(events for _, events in bodies) > 100
