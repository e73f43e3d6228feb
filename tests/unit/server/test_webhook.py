"""A decision for the channel `webhook`: a real server tells a real coupon system, once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from qianmian.bootstrap.installation import open_installation
from qianmian.errors import InputError
from qianmian.runtime.live import Live
from qianmian.runtime.messages import Decided
from qianmian.server.run import outboxes_of
from qianmian.settings import Settings
from tests.fakes.receiver import SECRET, Receiver, receiving, said
from tests.serving import WAIT_S, Served, now_ms, served

FILE = """
guardrails: {quiet_from: 0, quiet_until: 0, holdout: 0, why_no_holdout: a test}
offers:
  - {key: ten_off, title: 立减十元, rules: 每人一张, amount_minor: 1000, stock: 9}
strategies:
  - key: give
    moment: price_question
    mode: full
    offer: ten_off
    control: 0
    why_no_control: a test
    steps:
      - {channel: webhook, title: 发券, body: "{offer|优惠}"}
"""


@contextmanager
def receives(script: list[bytes]) -> Iterator[Receiver]:
    """A receiver on a loop of its own."""
    found: list[Receiver] = []
    is_up, is_over = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def story() -> None:
        async with receiving(script) as receiver:
            found.append(receiver)
            is_up.set()
            await is_over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(story()))
    thread.start()
    assert is_up.wait(WAIT_S)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(is_over.set)
        thread.join(WAIT_S)
        loop.close()


def settings_of(folder: Path, url: str) -> Settings:
    (folder / "strategies.yaml").write_text(FILE, encoding="utf-8")
    (folder / "secret").write_text(SECRET, encoding="ascii")
    return Settings(
        home=folder / "home",
        strategies=folder / "strategies.yaml",
        webhook_url=url,
        webhook_secret=folder / "secret",
        egress_private=True,
    )


def send(server: Served, *events: dict[str, Any]) -> None:
    answer = httpx.post(
        f"{server.url}/v1/events",
        json={"events": [{"room": "r1", **one} for one in events]},
        auth=(server.key, ""),
        timeout=WAIT_S,
    )
    assert answer.json()["accepted"] == len(events), answer.text


def ledger(server: Served) -> tuple[int, int]:
    def read(live: Live) -> tuple[int, int]:
        return live.decider.ledger.given["ten_off"], len(live.decider.ledger.held)

    return server.home.deployment.engine.ask(read).result(WAIT_S)


def until(is_so: Any) -> None:
    deadline = now_ms() + WAIT_S * 1_000
    while not is_so():
        assert now_ms() < deadline


def test_a_coupon_is_given_once_over_a_restart_and_to_nobody_without_consent(
    tmp_path: Path,
) -> None:
    with receives([said(500)]) as receiver:
        settings = settings_of(tmp_path, receiver.url)
        with served(tmp_path, settings) as server:
            share = {"type": "consent_changed", "purpose": "share", "granted": True}
            send(server, {**share, "viewer": "yes"})
            send(
                server,
                *({"type": "comment_sent", "viewer": v, "text": "多少钱"} for v in ("yes", "no")),
            )
            until(lambda: receiver.tries.total() >= 1)
        with served(tmp_path, settings) as server:
            until(lambda: ledger(server) == (1, 0))
            bodies = (one.body for one in server.home.log.read(0))
            told = [d for body in bodies if isinstance(body, Decided) for d in body.decisions]
            assert {(one.viewer, one.reason) for one in told} == {("yes", ""), ("no", "consent")}
            (decision,) = [one for one in told if one.viewer == "yes"]
            assert server.home.outbox.counts() == {"delivered": 1}
        assert receiver.coupons == {"yes": 1}
        assert receiver.tries[decision.id] >= 2
        body = receiver.given[decision.id]
        assert body["type"] == "intervention.decided"
        assert body["data"]["offer"]["amount_minor"] == 1_000
        assert body["data"]["body"] == "立减十元"
    assert SECRET not in repr(settings)


def test_an_owner_tries_it_out(tmp_path: Path) -> None:
    answers = [said(204), said(200, '{"errcode": 1}'), said(503)]
    with (
        receives(answers) as receiver,
        served(tmp_path, settings_of(tmp_path, receiver.url)) as server,
        httpx.Client(base_url=f"{server.url}/api", timeout=WAIT_S) as owner,
    ):
        given = {"token": server.first_token, "name": "老板", "password": "correct horse"}
        owner.headers["x-csrf-token"] = owner.post("/first-account", json=given).json()["csrf"]
        told = [owner.post("/channels/webhook/test").json() for _ in range(3)]
        assert [one["outcome"] for one in told] == ["delivered", "rejected", "unknown"]
        found = {one["channel"]: one for one in owner.get("/channels").json()}
        assert found["webhook"]["target"] == receiver.url.split("/")[2]
        assert (found["webhook"]["is_on"], found["webhook"]["states"]) == (True, {})
        assert [one["type"] for one in receiver.given.values()] == ["test", "test"]
        audit = owner.get("/audit").json()
        assert [one["action"] for one in audit["items"]].count("channel.tested") == 3


@pytest.mark.parametrize("text", [None, "whsec_short", ""])
def test_a_secret_that_cannot_be_used_is_told_before_anybody_is_served(
    tmp_path: Path, text: str | None
) -> None:
    settings = settings_of(tmp_path, "http://127.0.0.1:1/")
    path = tmp_path / "secret"
    path.unlink() if text is None else path.write_text(text, encoding="ascii")
    with open_installation(settings, now_ms) as home, pytest.raises(InputError):
        outboxes_of(home, now_ms)
