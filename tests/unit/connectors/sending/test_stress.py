from __future__ import annotations

import asyncio
from itertools import pairwise

import httpx
import msgspec
import pytest

from qianmian.bootstrap import simulate
from qianmian.connectors.sending.stress import (
    MARK,
    Step,
    StressPlan,
    StressResult,
    StressRun,
    bodies_for,
    check_target,
)
from qianmian.errors import InputError
from qianmian.vocabulary.decode import canonical
from qianmian.vocabulary.events import SENDERS
from qianmian.vocabulary.rejected import Rejected
from tests.fakes.inbox import Inbox, listening
from tests.fakes.pace import CountingTransport, WaitingPace

PLAN = StressPlan(
    url="", key="server-key", rate_per_s=400, step_ms=1_000, viewers=50, batch_events=50
)


def stressed(
    inbox: Inbox, *, capacity_per_s: int | None = None, oversleeps_ms: float = 0.0
) -> tuple[StressResult, list[Step]]:
    """A run against a real server, which has room for so many events a second."""
    told: list[Step] = []

    async def run(url: str) -> StressResult:
        transport = CountingTransport()
        pace = WaitingPace(transport, oversleeps_ms=oversleeps_ms)
        spent = 0.0

        def takes(_number: int) -> bool:
            nonlocal spent
            if capacity_per_s is None:
                return True
            earned = pace.elapsed_ms() * capacity_per_s / 1_000 + 2 * PLAN.batch_events
            spent = max(spent, earned - 4 * PLAN.batch_events)  # what was not used is gone
            if spent + PLAN.batch_events > earned:
                return False
            spent += PLAN.batch_events
            return True

        inbox.takes = takes if capacity_per_s is not None else inbox.takes
        async with httpx.AsyncClient(base_url=url, transport=transport) as client:
            bodies = bodies_for(PLAN, simulate)
            return await StressRun(PLAN, client, pace, bodies, told.append).run()

    with listening(inbox) as url:
        return asyncio.run(run(url)), told


def test_the_knee_lies_where_the_server_begins_to_answer_late() -> None:
    found, told = stressed(Inbox(), capacity_per_s=1_500)
    assert found.steps == tuple(told)
    assert found.stopped_by == "latency"
    assert found.knee_per_s is not None
    assert 1_000 < found.knee_per_s <= 1_650  # a second's burst is above what it takes for long
    for step in found.steps:
        assert (step.verdict == "ok") == (step.rate_per_s <= found.knee_per_s)
        assert step.busy_answers > 0 or step.verdict == "ok"
        assert step.sent == step.accepted + step.rejected + step.lost
    rising = [step.rate_per_s for step in found.steps[:-2]]
    assert all(b == int(a * 1.5) for a, b in pairwise(rising))
    assert len(found.steps) > 5


def test_a_server_that_takes_nothing_has_no_knee() -> None:
    found, _ = stressed(Inbox(takes=lambda _number: False))
    assert (found.knee_per_s, found.stopped_by) == (None, "loss")
    assert len(found.steps) == 1
    assert found.steps[0].lost == found.steps[0].sent > 0


def test_rejected_events_are_a_loss_too() -> None:
    found, _ = stressed(Inbox(reads=lambda number: number < 20))
    assert found.stopped_by == "loss"
    assert found.steps[-1].rejected_by_code == {"body_too_large": found.steps[-1].rejected}


def test_a_sender_that_is_late_itself_says_so() -> None:
    found, _ = stressed(Inbox(), oversleeps_ms=300)
    assert found.stopped_by == "sender"
    assert found.steps[0].sender_late_p99_ms >= 300


def test_bodies_hold_behavior_only_which_every_key_may_send() -> None:
    kinds = set()
    for body, events in bodies_for(PLAN, simulate):
        rows = msgspec.json.decode(body)["events"]
        assert len(rows) == events
        for row in rows:
            kinds.add(row["type"])
            assert row["stream"].startswith(MARK)
            assert row["message_id"].startswith(MARK)
            for sender in SENDERS:
                assert not isinstance(canonical(row, arrival=5, sender=sender), Rejected)
    assert not {kind for kind in kinds if kind.startswith(("order", "checkout", "identity"))}


def test_no_message_id_comes_twice() -> None:
    inbox = Inbox()
    found, _ = stressed(inbox, capacity_per_s=3_000)
    ids = [row["message_id"] for row in inbox.rows]
    assert len(ids) > 2 * sum(events for _, events in bodies_for(PLAN, simulate))
    assert len(set(ids)) == len(ids)
    assert found.knee_per_s


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://localhost", "https://[::1]:1", "http://127.9.9.9"]
)
def test_this_machine_may_be_loaded(url: str) -> None:
    check_target(url, own_host=False)


@pytest.mark.parametrize("url", ["http://10.0.0.1", "https://shop.example", "http://0.0.0.0"])
def test_another_one_only_by_its_owner(url: str) -> None:
    with pytest.raises(InputError, match="--i-own-this-host"):
        check_target(url, own_host=False)
    check_target(url, own_host=True)


@pytest.mark.parametrize("url", ["shop.example", "ftp://127.0.0.1", "http://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="is no address"):
        check_target(url, own_host=True)


def test_a_plan_has_numbers_that_make_sense() -> None:
    with pytest.raises(InputError, match="events per second"):
        StressPlan(url="", key="", rate_per_s=0)
    with pytest.raises(InputError, match="at least 1"):
        StressPlan(url="", key="", limit_ms=0)
