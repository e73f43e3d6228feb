"""Follow-ups over the API: claimed by one of two, ended once, and the ledger knows how."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from qianmian.runtime.live import Live
from qianmian.settings import Settings
from qianmian.vocabulary.time import MINUTE_MS
from tests.serving import WAIT_S, Served, now_ms, served
from tests.strategy_shop import somebody

NUMBERS = itertools.count()
FILE = """
guardrails: {quiet_from: 0, quiet_until: 0}
offers:
  - {key: ten_off, title: 立减十元, rules: 每人一张, cost_minor: 1000, stock: 99}
strategies:
  - key: write
    title: {zh: 问价跟进}
    moment: price_question
    mode: full
    offer: ten_off
    value_minor: 500
    steps:
      - {channel: follow_up, title: 亲，还在看吗, body: "{product|这款}{offer|优惠}"}
"""


@dataclass
class Shop:
    """A server whose clock can be put forward, an owner and two of customer service."""

    server: Served
    owner: httpx.Client
    anna: httpx.Client
    bo: httpx.Client
    ahead: list[int] = field(default_factory=lambda: [0])

    def ask_the_price(self, *viewers: str) -> None:
        events = [
            {"type": "comment_sent", "viewer": one, "text": "多少钱", "room": "r1"}
            | {"message_id": f"q{next(NUMBERS)}"}
            for one in viewers
        ]
        self.send(*events)

    def send(self, *events: dict[str, Any]) -> None:
        answer = httpx.post(
            f"{self.server.url}/v1/events",
            json={"events": list(events)},
            auth=(self.server.key, ""),
            timeout=WAIT_S,
        )
        assert answer.json()["accepted"] == len(events), answer.text

    def tasks(self, who: httpx.Client | None = None) -> dict[str, dict[str, Any]]:
        """By viewer, with the list in which each stands."""
        page = (who or self.anna).get("/follow-ups").raise_for_status().json()
        return {
            one["viewer"]: one | {"list": name}
            for name in ("mine", "open", "taken")
            for one in page[name]
        }

    def new(self, name: str) -> dict[str, Any]:
        """A task about somebody new."""
        viewer = somebody("write", 1_000, inside=False, name=name)
        self.ask_the_price(viewer)
        self.until(lambda: viewer in self.tasks())
        return self.tasks()[viewer]

    def ledger(self) -> tuple[int, int]:
        """How many coupons are given, and how many of these are not settled."""

        def read(live: Live) -> tuple[int, int]:
            ledger = live.decider.ledger
            return ledger.given["ten_off"], len(ledger.held)

        return self.server.home.deployment.engine.ask(read).result(WAIT_S)

    def until(self, is_so: Callable[[], bool]) -> None:
        deadline = now_ms() + WAIT_S * 1_000
        while not is_so():
            assert now_ms() < deadline


def serve(folder: Path, ahead: list[int]) -> Any:
    path = folder / "strategies.yaml"
    path.write_text(FILE, encoding="utf-8")
    settings = Settings(home=folder / "home", strategies=path)
    return served(folder / "home", settings, now=lambda: now_ms() + ahead[0])


@contextmanager
def opened(
    server: Served, owner: httpx.Client, secrets: list[str], ahead: list[int]
) -> Iterator[Shop]:
    """With a client for each key of customer service."""
    clients = [
        httpx.Client(
            base_url=f"{server.url}/api",
            headers={"authorization": f"Bearer {secret}"},
            timeout=WAIT_S,
        )
        for secret in secrets
    ]
    owner.timeout = httpx.Timeout(WAIT_S)
    with clients[0] as anna, clients[1] as bo:
        yield Shop(server, owner, anna, bo, ahead)


def signed_in(owner: httpx.Client, path: str, **given: Any) -> httpx.Client:
    told = {"name": "老板", "password": "correct horse", **given}
    owner.headers["x-csrf-token"] = owner.post(path, json=told).json()["csrf"]
    return owner


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder, ahead = tmp_path_factory.mktemp("shop"), [0]
    with serve(folder, ahead) as server, httpx.Client(base_url=f"{server.url}/api") as owner:
        signed_in(owner, "/first-account", token=server.first_token)
        secrets = [
            owner.post("/api-keys", json={"name": name, "role": "service"}).json()["secret"]
            for name in ("anna", "bo")
        ]
        with opened(server, owner, secrets, ahead) as found:
            assert step(found.anna, found.new("r{}"), "claim") == (204, "")
            found.new("s{}")
    with serve(folder, ahead) as server, httpx.Client(base_url=f"{server.url}/api") as owner:
        # After a restart what was there is there, and whose it is.
        signed_in(owner, "/session")
        with opened(server, owner, secrets, ahead) as again:
            assert [one["list"] for one in again.tasks().values()] == ["mine", "open"]
            assert [one["list"] for one in again.tasks(again.bo).values()] == ["open", "taken"]
            for one in again.tasks().values():
                step(again.anna, one, "claim")
                assert step(again.anna, one, "skipped") == (204, "")
            again.until(lambda: again.ledger() == (0, 0))
            yield again


def step(who: httpx.Client, task: dict[str, Any], name: str) -> tuple[int, str]:
    answer = who.post(f"/follow-ups/{task['id']}", json={"step": name})
    return answer.status_code, answer.json()["code"] if answer.content else ""


def test_of_two_who_claim_at_once_one_gets_it_and_the_other_is_told(shop: Shop) -> None:
    task = shop.new("a{}")
    assert (task["title"], task["body"]) == ("亲，还在看吗", "这款立减十元")
    assert task["names"] == {"zh": "问价跟进", "en": "问价跟进"}
    assert task["deadline_at"] - task["at"] == 10 * MINUTE_MS
    with ThreadPoolExecutor(2) as both:
        claims = [both.submit(step, who, task, "claim") for who in (shop.anna, shop.bo)]
        found = sorted(one.result() for one in claims)
    assert found == [(204, ""), (409, "follow_up.taken")]
    lists = sorted(shop.tasks(who)[task["viewer"]]["list"] for who in (shop.anna, shop.bo))
    assert lists == ["mine", "taken"]
    mine, other = shop.anna, shop.bo
    if shop.tasks(mine)[task["viewer"]]["list"] != "mine":
        mine, other = other, mine
    assert shop.tasks(other)[task["viewer"]]["holder"] in ("anna", "bo")
    assert step(other, task, "done") == (409, "follow_up.taken")
    assert step(mine, task, "put_back") == (204, "")
    assert step(other, task, "claim") == (204, "")
    assert shop.ledger() == (1, 1)
    assert step(other, task, "done") == (204, "")
    assert step(other, task, "skipped") == (410, "follow_up.gone")
    shop.until(lambda: shop.ledger() == (1, 0))


def test_what_was_skipped_or_ran_out_is_given_back(shop: Shop) -> None:
    given, _ = shop.ledger()
    skipped, claimed, waits = (shop.new(name) for name in ("b{}", "c{}", "d{}"))
    assert shop.ledger() == (given + 3, 3)
    for one in (skipped, claimed):
        assert step(shop.anna, one, "claim") == (204, "")
    assert step(shop.anna, skipped, "skipped") == (204, "")
    shop.until(lambda: shop.ledger() == (given + 2, 2))
    shop.ahead[0] += 10 * MINUTE_MS
    assert shop.tasks() == {}, "not even until the next look"
    assert step(shop.anna, claimed, "done") == (410, "follow_up.gone")
    assert step(shop.bo, waits, "claim") == (410, "follow_up.gone")
    shop.until(lambda: shop.ledger() == (given, 0))


def test_who_said_no_or_was_erased_is_written_to_by_nobody(shop: Shop) -> None:
    given, _ = shop.ledger()
    said_no, erased = shop.new("e{}"), shop.new("f{}")
    assert step(shop.anna, erased, "claim") == (204, "")
    no = {"type": "consent_changed", "viewer": said_no["viewer"], "granted": False}
    shop.send({**no, "purpose": "personalized_marketing"})
    assert step(shop.bo, said_no, "claim") == (410, "follow_up.gone")
    shop.until(lambda: said_no["viewer"] not in shop.tasks())
    shop.until(lambda: shop.ledger()[0] == given + 1)
    viewer = erased["viewer"]
    told = shop.owner.get(f"/persons/{viewer}/export").json()
    assert [one["id"] for one in told["follow_ups"]] == [erased["id"]]
    assert told["about"]["zh"]["follow_ups"]
    asked = shop.owner.post("/persons/erasures", json={"viewer": viewer, "confirm": viewer})

    def report() -> dict[str, int] | None:
        every = shop.owner.get("/persons/erasures").json()
        (mine,) = [one for one in every if one["id"] == asked.json()["id"]]
        return None if mine["report"] is None else dict(mine["report"])

    shop.until(lambda: report() is not None)
    assert (report() or {})["follow_ups"] == 1
    assert viewer not in shop.tasks()
    assert step(shop.anna, erased, "done") == (410, "follow_up.gone")


def test_who_is_held_out_is_no_task(shop: Shop) -> None:
    held = somebody("write", 1_000, inside=True, name="g{}")
    shop.ask_the_price(held)
    task = shop.new("h{}")  # decided after it
    assert set(shop.tasks()) == {task["viewer"]}
    assert step(shop.anna, task, "claim") == (204, "")


def test_the_red_switch_takes_the_tasks_away(shop: Shop) -> None:
    task = shop.new("i{}")
    shop.owner.put("/switch", json={"is_stopped": True, "why": "价格写错了"}).raise_for_status()
    assert step(shop.bo, task, "claim") == (410, "follow_up.gone")
    shop.until(lambda: shop.tasks() == {})
    shop.owner.put("/switch", json={"is_stopped": False}).raise_for_status()
    assert shop.tasks() == {}
