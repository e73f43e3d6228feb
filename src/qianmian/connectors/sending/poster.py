"""Posting bodies to a server: bounded concurrency, retries as the server asks, exact counts.

Every event that was handed over ends as exactly one of accepted, rejected or lost. A post is tried
again after 408, 429, 5xx and when the connection fails: the message ids make that safe.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import msgspec

from qianmian.connectors.sending.pace import Pace
from qianmian.errors import InputError

FIRST_WAIT_MS = 200
LONGEST_WAIT_MS = 30_000
_WRONG_CALL = frozenset({401, 403, 404, 405})
_TRY_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Post:
    """One body on its way. `due_ms` is when it should have been sent, by `Pace.elapsed_ms`."""

    route: str
    key: str
    body: bytes
    events: int
    due_ms: float


@dataclass(frozen=True, slots=True)
class SendingStatistics:
    """What became of what was sent.

    `accepted` + `rejected` + `lost` = `sent`, once nothing is on its way. Latency is from the
    instant a post was due to the acknowledgement, so waiting for a free connection and trying
    again are in it. `busy_answers` counts 408, 429 and 5xx, `broken` failed connections.

    Units: events; posts; ms.
    """

    sent: int
    accepted: int
    rejected: int
    lost: int
    posts: int
    busy_answers: int
    broken: int
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    rejected_by_code: dict[str, int]


class Poster:
    """Sends posts, at most `in_flight` at a time.

    Args:
        client: with the base address of the server.
        pace: the clock.
        in_flight: posts that wait for an answer at once.
        attempts: how often one post is tried before its events count as lost.
    """

    def __init__(
        self, client: httpx.AsyncClient, pace: Pace, *, in_flight: int = 16, attempts: int = 8
    ) -> None:
        self._client = client
        self._pace = pace
        self._room = asyncio.Semaphore(in_flight)
        self._attempts = attempts
        self._tasks: set[asyncio.Task[None]] = set()
        self._counts: Counter[str] = Counter()
        self._rejected_by_code: Counter[str] = Counter()
        self._latency: Counter[int] = Counter()  # tenths of a ms: bounded, and fine enough
        self._problem: BaseException | None = None

    @property
    def waiting(self) -> int:
        """Posts that were handed over and have no answer yet."""
        return len(self._tasks)

    def put(self, post: Post) -> None:
        """Hand over a post; it is sent as soon as there is room."""
        self._counts["sent"] += post.events
        task = asyncio.create_task(self._send(post))
        self._tasks.add(task)
        task.add_done_callback(self._is_done)

    def _is_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._problem = self._problem or task.exception()

    async def wait_for_room(self, most_waiting: int) -> None:
        """Return when at most this many posts wait: how a producer is held back.

        Raises: InputError when the server refuses the key or the address.
        """
        while len(self._tasks) > most_waiting:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        if self._problem is not None:
            raise self._problem

    async def drain(self) -> None:
        """Return when everything has its answer.

        Raises: InputError when the server refuses the key or the address.
        """
        await self.wait_for_room(0)

    def statistics(self) -> SendingStatistics:
        """The counts up to now."""
        counts = self._counts
        return SendingStatistics(
            sent=counts["sent"],
            accepted=counts["accepted"],
            rejected=counts["rejected"],
            lost=counts["lost"],
            posts=counts["posts"],
            busy_answers=counts["busy"],
            broken=counts["broken"],
            latency_p50_ms=percentile(self._latency, 0.5),
            latency_p99_ms=percentile(self._latency, 0.99),
            rejected_by_code=dict(sorted(self._rejected_by_code.items())),
        )

    async def _send(self, post: Post) -> None:
        async with self._room:
            for attempt in range(self._attempts):
                if self._problem is not None:
                    break
                wait_ms = await self._try(post, attempt)
                if wait_ms is None:
                    return
                if attempt + 1 < self._attempts:
                    await self._pace.sleep(wait_ms)
        self._counts["lost"] += post.events

    async def _try(self, post: Post, attempt: int) -> float | None:
        """Send once; how long to wait before the next time, None when it is settled."""
        backoff_ms = float(min(FIRST_WAIT_MS << attempt, LONGEST_WAIT_MS))
        headers = {"content-type": "application/json"}
        if attempt:
            headers["x-retry-count"] = str(attempt)
        self._counts["posts"] += 1
        try:
            answer = await self._client.post(
                post.route, content=post.body, headers=headers, auth=(post.key, "")
            )
        except httpx.RequestError:  # the root of all that can happen between two machines
            self._counts["broken"] += 1
            return backoff_ms
        if answer.status_code in _WRONG_CALL:
            self._problem = InputError(
                f"{post.route} answers {answer.status_code}: {answer.text[:200]}; check the address"
                " and the write key, and whether the key may send these events"
            )
            return backoff_ms
        if answer.status_code in _TRY_AGAIN or answer.status_code >= 500:
            self._counts["busy"] += 1
            asked_ms = retry_after_ms(answer.headers.get("retry-after"), self._pace.now_ms())
            return backoff_ms if asked_ms is None else min(asked_ms, LONGEST_WAIT_MS)
        self._settle(post, answer)
        return None

    def _settle(self, post: Post, answer: httpx.Response) -> None:
        """Count the events of an answer; one that says nothing took none."""
        self._latency[int((self._pace.elapsed_ms() - post.due_ms) * 10)] += 1
        said = _decoded(answer)
        accepted = said.get("accepted")
        accepted = accepted if isinstance(accepted, int) and 0 <= accepted <= post.events else 0
        self._counts["accepted"] += accepted
        self._counts["rejected"] += post.events - accepted
        named = said.get("rejected")
        codes = [
            str(one.get("code")) if isinstance(one, dict) else "?"
            for one in (named if isinstance(named, list) else [])
        ]
        missing = post.events - accepted - len(codes)
        self._rejected_by_code.update(codes)
        if missing > 0:
            self._rejected_by_code[str(said.get("code") or answer.status_code)] += missing


def percentile(counts: Counter[int], share: float) -> float | None:
    """The latency in ms that this share of posts does not exceed; None of no posts.

    Units: keys of `counts` in tenths of a ms.
    """
    left = share * counts.total()
    for tenths in sorted(counts):
        left -= counts[tenths]
        if left <= 0:
            return tenths / 10
    return None


def retry_after_ms(header: str | None, now_ms: int) -> float | None:
    """How long a server asks to wait: seconds, or a date (RFC 9110, 10.2.3)."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header) * 1_000
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(at.timestamp() * 1_000 - now_ms, 0.0)


def _decoded(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(answer.content)
    except msgspec.DecodeError:
        return {}
    return said if isinstance(said, dict) else {}
