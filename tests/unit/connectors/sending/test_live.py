from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest

from qianmian.bootstrap import simulate
from qianmian.connectors.sending.live import LiveSender
from qianmian.connectors.sending.poster import Poster, SendingStatistics
from qianmian.simulation.plan import SimulationPlan, Trouble
from tests.fakes.inbox import Inbox, listening
from tests.fakes.pace import SimPace

PLAN = SimulationPlan(seed=9, viewers=60, minutes=5, trouble=Trouble(wrong_clock_share=0.3))
FROM_MS = PLAN.start_ms + 200_000
UNTIL_MS = FROM_MS + 60_000


@pytest.fixture(scope="module")
def arrived() -> tuple[Inbox, SendingStatistics]:
    """One minute of the broadcast, sent to a real server."""
    inbox = Inbox()

    async def run(url: str) -> SendingStatistics:
        pace = SimPace(FROM_MS)
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            poster = Poster(client, pace)
            sender = LiveSender(
                poster, pace, browser_key="browser-key", server_key="server-key", batch_events=50
            )
            await sender.run(simulate(PLAN), FROM_MS, UNTIL_MS)
            return poster.statistics()

    with listening(inbox) as url:
        return inbox, asyncio.run(run(url))


def test_a_broadcast_arrives_whole_by_both_formats_and_the_right_keys(
    arrived: tuple[Inbox, SendingStatistics],
) -> None:
    inbox, found = arrived
    simulation = simulate(PLAN)
    wanted = [row for _, row in simulation.events_between(FROM_MS, UNTIL_MS)]
    assert (found.accepted, found.rejected, found.lost) == (len(wanted), 0, 0)
    by_id = Counter(row["message_id"] for row in inbox.rows)
    assert by_id == Counter(row["message_id"] for row in wanted)
    routes = Counter(path for path, _, _ in inbox.bodies)
    assert min(routes["/v1/batch"], routes["/v1/events"]) > 10
    for path, user, document in inbox.bodies:
        for event in document.get("events", ()):
            is_browser = "stream" in event and "anonymous_id" in event
            assert user == ("browser-key:" if is_browser else "server-key:")
        if path == "/v1/batch":
            assert all(call["anonymousId"] or call["userId"] for call in document["batch"])


def test_a_stream_keeps_to_one_format_so_that_copies_are_known(
    arrived: tuple[Inbox, SendingStatistics],
) -> None:
    inbox = arrived[0]
    native = {
        event["stream"]
        for path, _, document in inbox.bodies
        if path == "/v1/events"
        for event in document["events"]
        if "stream" in event
    }
    segment = {
        call["messageId"].partition("-")[0]
        for path, _, document in inbox.bodies
        if path == "/v1/batch"
        for call in document["batch"]
    }
    assert len(native) > 10
    assert len(segment) > 10
    assert not native & segment


def test_wrong_clocks_are_in_posts_of_their_own(arrived: tuple[Inbox, SendingStatistics]) -> None:
    inbox = arrived[0]
    simulation = simulate(PLAN)
    true_times = {
        row["message_id"]: (row["event_time"], simulation.skew_ms(row))
        for _, row in simulation.events_between(FROM_MS, UNTIL_MS)
    }
    skews = set()
    for path, _, document in inbox.bodies:
        if path == "/v1/events":
            for event in document["events"]:
                happened, skew_ms = true_times[event["message_id"]]
                assert event["event_time"] - happened == skew_ms
                assert FROM_MS <= document["sent_at"] - skew_ms <= UNTIL_MS + 1_000
                skews.add(skew_ms)
    assert len(skews) > 3


class NappingPace(SimPace):
    """A machine that is shut for half a minute while somebody sleeps for the tenth time."""

    async def sleep(self, duration_ms: float) -> None:
        await super().sleep(duration_ms + (30_000 if len(self.slept_ms) == 10 else 0))


def test_a_broadcast_that_was_held_back_goes_on_later_and_nothing_is_late_for_it() -> None:
    inbox = Inbox()

    async def run(url: str) -> SendingStatistics:
        pace = NappingPace(FROM_MS)
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            poster = Poster(client, pace)
            sender = LiveSender(poster, pace, browser_key="browser-key", server_key="server-key")
            await sender.run(simulate(PLAN), FROM_MS, UNTIL_MS)
            return poster.statistics()

    with listening(inbox) as url:
        found = asyncio.run(run(url))
    simulation = simulate(PLAN)
    wanted = {
        row["message_id"]: (at, row["event_time"], simulation.skew_ms(row))
        for at, row in simulation.events_between(FROM_MS, UNTIL_MS)
    }
    assert {row["message_id"] for row in inbox.rows} == set(wanted)
    assert found.lost == 0
    held = set()
    for path, _, document in inbox.bodies:
        if path != "/v1/events":
            continue
        for event in document["events"]:
            sent_at, happened, skew_ms = wanted[event["message_id"]]
            held.add(event["event_time"] - happened - skew_ms)
            assert document["sent_at"] - event["event_time"] <= sent_at - happened + 3_000
    assert min(held) == 0
    assert 25_000 < max(held) < 30_000
