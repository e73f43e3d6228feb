"""A decision for the channel `webhook`: a real server tells a real coupon system, once."""

from __future__ import annotations

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
from tests.fakes.beside import beside
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
  - key: either
    moment: doubt
    mode: full
    control: 0
    why_no_control: a test
    steps:
      - {channel: webhook, title: 告诉}
      - {channel: follow_up, title: 写给}
"""


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
    with beside(receiving([said(500)])) as receiver:
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
        beside(receiving(answers)) as receiver,
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
        receiver.script[:] = [said(410)]
        shuts_and_opens(server, owner, receiver)


def shuts_and_opens(server: Served, owner: httpx.Client, receiver: Receiver) -> None:
    """The first is told that nobody is there: customer service has it, and everybody after it."""

    def doubts(viewer: str) -> None:
        share = {"type": "consent_changed", "purpose": "share", "granted": True}
        told = {"type": "comment_sent", "text": "真的假的", "product": "p1"}
        send(server, *({**one, "viewer": viewer} for one in (share, told)))

    def tasks() -> set[str]:
        return {one["viewer"] for one in owner.get("/follow-ups").json()["open"]}

    def webhook() -> dict[str, Any]:
        return next(one for one in owner.get("/channels").json() if one["channel"] == "webhook")

    tried = receiver.tries.total()
    doubts("v1")
    until(lambda: tasks() == {"v1"})
    assert webhook()["shut_at"] > 0
    until(lambda: "webhook" in server.site.strategies.in_force.rules.off)
    until(lambda: owner.get("/strategies/give").json()["problem"] is not None)
    doubts("v2")
    until(lambda: tasks() == {"v1", "v2"})
    assert receiver.tries.total() == tried + 1
    checked = owner.post(
        "/strategies/check", json=owner.get("/strategies/either").json()["of_file"]
    )
    assert checked.json()["passed_over"] == ["webhook"]
    assert owner.post("/channels/webhook/open").status_code == 204
    assert owner.post("/channels/webhook/open").status_code == 422
    assert webhook()["shut_at"] is None
    assert owner.get("/strategies/give").json()["problem"] is None
    doubts("v3")
    until(lambda: receiver.coupons["v3"] == 1)
    assert tasks() == {"v1", "v2"}
    actions = [one["action"] for one in owner.get("/audit").json()["items"]]
    assert (actions.count("channel.shut"), actions.count("channel.opened")) == (1, 1)


@pytest.mark.parametrize("text", [None, "whsec_short", ""])
def test_a_secret_that_cannot_be_used_is_told_before_anybody_is_served(
    tmp_path: Path, text: str | None
) -> None:
    settings = settings_of(tmp_path, "http://127.0.0.1:1/")
    path = tmp_path / "secret"
    path.unlink() if text is None else path.write_text(text, encoding="ascii")
    with open_installation(settings, now_ms) as home, pytest.raises(InputError):
        outboxes_of(home, now_ms)
