from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NoReturn

import httpx
import msgspec
import pytest

from qianmian.connectors.sending.poster import (
    Post,
    Poster,
    SendingStatistics,
    percentile,
    retry_after_ms,
)
from qianmian.errors import InputError
from tests.fakes.inbox import Inbox, listening
from tests.fakes.pace import SimPace

GOOD: dict[str, object] = {"type": "liked", "event_time": 5, "viewer": "v", "room": "r"}
BAD: dict[str, object] = {"type": "liked", "viewer": "v"}


def sent(
    inbox: Inbox, *posts: list[dict[str, object]], key: str = "server-key", in_flight: int = 4
) -> tuple[SendingStatistics, SimPace]:
    """Post to a real server; what came of it."""
    pace = SimPace()

    async def run(url: str) -> SendingStatistics:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            poster = Poster(client, pace, in_flight=in_flight)
            for events in posts:
                body = msgspec.json.encode({"events": events})
                poster.put(Post("/v1/events", key, body, len(events), 0.0))
            await poster.drain()
            return poster.statistics()

    with listening(inbox) as url:
        return asyncio.run(run(url)), pace


def test_every_event_is_accepted_or_rejected_with_its_code() -> None:
    inbox = Inbox()
    found, _ = sent(inbox, [GOOD, BAD, GOOD], [BAD])
    assert (found.sent, found.accepted, found.rejected, found.lost) == (4, 2, 2, 0)
    assert found.rejected_by_code == {"no_room": 2}
    assert len(inbox.rows) == 2
    assert found.latency_p99_ms is not None


def test_a_busy_server_is_asked_again_when_it_says() -> None:
    inbox = Inbox(next_answers=[(429, {"retry-after": "7"}), (503, {}), (408, {})])
    found, pace = sent(inbox, [GOOD])
    assert (found.accepted, found.lost, found.busy_answers, found.posts) == (1, 0, 3, 4)
    assert pace.slept_ms == [7_000, 400, 800]
    assert inbox.retries == ["1", "2", "3"]
    assert found.latency_p50_ms == 8_200  # the waiting is part of it


def test_a_broken_connection_is_tried_again() -> None:
    found, _ = sent(Inbox(next_answers=[(0, {}), (0, {})]), [GOOD])
    assert found.accepted == 1
    # uvicorn answers 500 for an application that says nothing, or closes: either is tried again.
    assert found.broken + found.busy_answers == 2


def test_what_is_never_taken_is_lost_and_counted() -> None:
    inbox = Inbox(takes=lambda _number: False)
    found, _ = sent(inbox, [GOOD, GOOD])
    assert (found.sent, found.accepted, found.lost, found.posts) == (2, 0, 2, 8)


def test_nobody_listening_is_loss_not_a_crash() -> None:
    pace = SimPace()

    async def run() -> SendingStatistics:
        async with httpx.AsyncClient(base_url="http://127.0.0.1:9", trust_env=False) as client:
            poster = Poster(client, pace, attempts=2)
            poster.put(Post("/v1/events", "k", b"{}", 3, 0.0))
            await poster.drain()
            return poster.statistics()

    found = asyncio.run(run())
    assert (found.lost, found.broken) == (3, 2)


def subclasses(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


def test_every_failure_that_the_client_knows_of_is_tried_again() -> None:
    answers = {httpx.HTTPStatusError}  # only for those who ask it to raise
    failures = set(subclasses(httpx.HTTPError)) - answers - {httpx.RequestError}
    assert len(failures) > 15
    for failure in failures:
        pace = SimPace()

        def refuse(request: httpx.Request, failure: type[BaseException] = failure) -> NoReturn:
            raise failure("no")

        async def run(refuse: Callable[[httpx.Request], NoReturn] = refuse) -> SendingStatistics:
            transport = httpx.MockTransport(refuse)
            async with httpx.AsyncClient(base_url="http://x", transport=transport) as client:
                poster = Poster(client, pace, attempts=2)  # noqa: B023
                poster.put(Post("/v1/events", "k", b"{}", 3, 0.0))
                await poster.drain()
                return poster.statistics()

        found = asyncio.run(run())
        assert (found.lost, found.broken) == (3, 2), failure


def test_a_bug_of_ours_is_not_swallowed() -> None:
    class Broken(SimPace):
        def elapsed_ms(self) -> float:
            raise ZeroDivisionError

    async def run(url: str) -> None:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            poster = Poster(client, Broken())
            poster.put(Post("/v1/events", "server-key", b'{"events": []}', 1, 0.0))
            await poster.drain()

    with listening(Inbox()) as url, pytest.raises(ZeroDivisionError):
        asyncio.run(run(url))


def test_a_wrong_key_stops_everything_and_says_what_to_check() -> None:
    with pytest.raises(InputError, match=r"401.*unknown_key.*write key"):
        sent(Inbox(), [GOOD], [GOOD], key="guessed")


def test_an_answer_that_is_none_of_ours_counts_as_rejected() -> None:
    found, _ = sent(Inbox(next_answers=[(413, {})]), [GOOD, GOOD])
    assert (found.accepted, found.rejected) == (0, 2)
    assert found.rejected_by_code == {"told_to": 2}


def test_percentiles_are_of_posts() -> None:
    assert percentile(Counter(), 0.5) is None
    assert percentile(Counter({10: 99, 500: 1}), 0.99) == 1.0
    assert percentile(Counter({10: 98, 500: 2}), 0.99) == 50.0


def test_servers_name_the_wait_in_seconds_or_as_a_date() -> None:
    assert retry_after_ms("3", 0) == 3_000
    assert retry_after_ms("Thu, 01 Jan 1970 00:01:00 GMT", 20_000) == 40_000
    assert retry_after_ms("Thu, 01 Jan 1970 00:01:00 GMT", 90_000) == 0
    assert retry_after_ms("soon", 0) is None
    assert retry_after_ms(None, 0) is None
