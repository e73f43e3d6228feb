"""Finding the knee of a running deployment: more and more events, until it answers late or loses.

Posts are sent when they are due, whether or not earlier ones have been answered (an open loop), and
latency counts from the instant they were due; so a server that stalls is seen stalling. Bodies are
made beforehand and only marked anew when they are used again, because making them would measure
the sender. Where the sender itself is late, that is said instead of a figure about the server.

What is sent is behavior of invented viewers in a room of its own: no order, no money, no login.

Sources: Schroeder, Wierman, Harchol-Balter, Open Versus Closed, NSDI 2006 (why an open loop).
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal
from urllib.parse import urlsplit

import httpx
import msgspec

from qianmian.connectors.sending.bodies import NATIVE_ROUTE, Row
from qianmian.connectors.sending.pace import Pace
from qianmian.connectors.sending.poster import Post, Poster, SendingStatistics, percentile
from qianmian.errors import InputError
from qianmian.simulation.plan import SimulationPlan, Trouble
from qianmian.simulation.world import Simulation

Verdict = Literal["ok", "latency", "loss", "sender"]

ROOM = "stress-test"
MARK = "00mark00"  # replaced by another text of eight characters each time a body is used
POOL_EVENTS = 120_000  # at most; they are used again, with another mark
BATCH_EVENTS = 200
GROWTH = 1.5
REFINED_STEPS = 2  # between the last good rate and the first bad one
MOST_RATE = 2_000_000
MOST_STEPS = 40
IN_FLIGHT = 64
MOST_WAITING = 4_000  # posts; beyond it the step is lost anyway, and memory is not
ATTEMPTS = 4
_NOT_SENT = frozenset(
    {"checkout_started"}  # the door of an order; it would arm what only an order ends
)


@dataclass(frozen=True, slots=True)
class StressPlan:
    """What to try.

    Attributes:
        url: of the server.
        key: a write key; of any class.
        rate_per_s: events per second of the first step.
        step_ms: how long each rate is held.
        limit_ms: the latency that 99 of 100 posts must keep.
        viewers: about how many viewers the events come from.
        most_steps: rates that are tried at most.

    Raises: InputError when a number is out of its range.
    """

    url: str
    key: str
    rate_per_s: int = 1_000
    step_ms: int = 10_000
    limit_ms: int = 250
    viewers: int = 10_000
    room: str = ROOM
    batch_events: int = BATCH_EVENTS
    seed: int = 1
    most_steps: int = MOST_STEPS

    def __post_init__(self) -> None:
        if not 1 <= self.rate_per_s <= MOST_RATE:
            raise InputError(f"{self.rate_per_s} events per second; from 1 to {MOST_RATE:,}")
        if min(self.step_ms, self.limit_ms, self.batch_events, self.most_steps) < 1:
            raise InputError("the steps, their length, limit and batch are at least 1")


@dataclass(frozen=True, slots=True)
class Step:
    """One rate, held for a while, and what came of it.

    `sender_late_p99_ms`: how late this program itself was in handing over posts.
    """

    rate_per_s: int
    verdict: Verdict
    sent: int
    accepted: int
    rejected: int
    lost: int
    busy_answers: int
    broken: int
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    sender_late_p99_ms: float
    rejected_by_code: dict[str, int]


@dataclass(frozen=True, slots=True)
class StressResult:
    """Every step, and the highest rate that was still good; None when the first was not.

    `stopped_by` is the verdict of the lowest bad rate, or "ok" when none was bad.
    """

    url: str
    limit_ms: int
    steps: tuple[Step, ...]
    knee_per_s: int | None
    stopped_by: Verdict


def check_target(url: str, *, own_host: bool) -> None:
    """Refuse to load a machine that is not this one, unless the caller says it is theirs.

    Raises: InputError.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f'"{url}" is no address; write for example http://127.0.0.1:8000')
    if not own_host and not _is_loopback(parts.hostname):
        raise InputError(
            f"{parts.hostname} is not this machine; loading somebody else's server is an attack."
            " If it is yours, say so with --i-own-this-host"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bodies_for(
    plan: StressPlan, make: Callable[[SimulationPlan], Simulation]
) -> list[tuple[bytes, int]]:
    """Bodies with the mark in them, and how many events each has."""
    simulated = SimulationPlan(plan.seed, plan.viewers, 60, room=plan.room, trouble=Trouble.none())
    simulation = make(simulated)
    sent = simulation.events_between(simulated.start_ms, simulated.end_ms)
    rows = (_marked(row) for _, row in sent if "stream" in row and row["type"] not in _NOT_SENT)
    wanted = min(POOL_EVENTS, max(plan.rate_per_s * plan.step_ms // 1_000, plan.viewers * 3))
    left = islice(rows, wanted)
    bodies = []
    while batch := list(islice(left, plan.batch_events)):
        bodies.append((msgspec.json.encode({"events": batch}), len(batch)))
    return bodies


def _marked(row: Row) -> dict[str, object]:
    """The event as one of now (without a time of its own), and of nobody who is known.

    Known viewers are refused from browsers without their token, and any key is to do.
    """
    who = row.get("anonymous_id") or row["viewer"]
    marked = {k: v for k, v in row.items() if k not in ("event_time", "viewer")}
    return marked | {
        "anonymous_id": f"stress-viewer-{who}",  # a browser's own id has 16 characters or more
        "stream": MARK + row["stream"],
        "message_id": MARK + row["message_id"],
    }


class StressRun:
    """Runs the steps of a plan.

    Args:
        client: with the base address of the server.
        bodies: what is sent, again and again.
        told: called with each step when it is done.
    """

    def __init__(
        self,
        plan: StressPlan,
        client: httpx.AsyncClient,
        pace: Pace,
        bodies: Sequence[tuple[bytes, int]],
        told: Callable[[Step], None],
    ) -> None:
        self._plan = plan
        self._client = client
        self._pace = pace
        self._bodies = bodies
        self._told = told
        self._marks = _marks(pace.now_ms())
        self._next: Iterator[tuple[bytes, int]] = iter(())

    async def run(self) -> StressResult:
        """Raise the rate until it is too much, then look between the last two.

        Raises: InputError when the server refuses the key or the address.
        """
        steps: list[Step] = []
        good, bad = 0, None
        rate = self._plan.rate_per_s
        refined = 0
        await self._held(max(rate // 10, 1))  # connections, caches: what is measured is warm
        most = self._plan.most_steps
        while rate <= MOST_RATE and refined <= REFINED_STEPS and len(steps) < most:
            step = await self._held(rate)
            steps.append(step)
            self._told(step)
            if step.verdict == "ok":
                good = rate
            else:
                bad = step
            if bad is None:
                rate = max(int(rate * GROWTH), rate + 1)
                continue
            if not good or bad.rate_per_s - good <= 1:
                break
            rate = (good + bad.rate_per_s) // 2
            refined += 1
        return StressResult(
            url=self._plan.url,
            limit_ms=self._plan.limit_ms,
            steps=tuple(steps),
            knee_per_s=good or None,
            stopped_by="ok" if bad is None else bad.verdict,
        )

    async def _held(self, rate_per_s: int) -> Step:
        """Send at one rate for the length of a step, and wait for every answer."""
        pace, plan = self._pace, self._plan
        poster = Poster(self._client, pace, in_flight=IN_FLIGHT, attempts=ATTEMPTS)
        late: Counter[int] = Counter()
        start, sent = pace.elapsed_ms(), 0
        while True:
            due = start + sent * 1_000 / rate_per_s
            if due >= start + plan.step_ms or poster.waiting >= MOST_WAITING:
                break
            ahead = due - pace.elapsed_ms()
            # Also when there is no time to wait: answers are read in the meantime.
            await pace.sleep(max(ahead, 0))
            late[int(max(pace.elapsed_ms() - due, 0) * 10)] += 1
            body, events = self._body()
            poster.put(Post(NATIVE_ROUTE, plan.key, body, events, due))
            sent += events
        await poster.drain()
        return self._judged(rate_per_s, poster.statistics(), percentile(late, 0.99) or 0.0)

    def _judged(self, rate_per_s: int, found: SendingStatistics, late_ms: float) -> Step:
        limit = self._plan.limit_ms
        verdict: Verdict = "ok"
        if found.lost or found.rejected:
            verdict = "loss"
        elif found.latency_p99_ms is None or found.latency_p99_ms > limit:
            verdict = "sender" if late_ms > limit / 2 else "latency"
        return Step(
            rate_per_s=rate_per_s,
            verdict=verdict,
            sent=found.sent,
            accepted=found.accepted,
            rejected=found.rejected,
            lost=found.lost,
            busy_answers=found.busy_answers,
            broken=found.broken,
            latency_p50_ms=found.latency_p50_ms,
            latency_p99_ms=found.latency_p99_ms,
            sender_late_p99_ms=late_ms,
            rejected_by_code=found.rejected_by_code,
        )

    def _body(self) -> tuple[bytes, int]:
        """The next body, with a mark that it has not been sent with."""
        following = next(self._next, None)
        if following is None:
            mark = next(self._marks)
            self._next = ((body.replace(MARK.encode(), mark), n) for body, n in self._bodies)
            following = next(self._next)
        return following


def _marks(now_ms: int) -> Iterator[bytes]:
    """Texts of eight hexadecimal digits, other ones in every run."""
    first = now_ms // 100
    while True:
        yield f"{first & 0xFFFFFFFF:08x}".encode()
        first += 1
