"""What was shown and does not hold any more goes from pages, the host and the stream, at once."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import pytest
from websockets.sync.client import ClientConnection, connect

from qianmian.runtime.live import Live
from qianmian.runtime.messages import Decided, Settled
from qianmian.server.viewer_tokens import ViewerTokens
from qianmian.settings import Settings
from qianmian.storage.sql.audit import SYSTEM, Actor
from qianmian.strategies.modes import Step as Take
from qianmian.strategies.strategy import Step, Strategy
from tests.serving import WAIT_S, Served, now_ms, served

NUMBERS = itertools.count()
BOSS = Actor("command", "1", "主管")
FILE = """
guardrails: {quiet_from: 0, quiet_until: 0, holdout: 0, apart_ms: 0, why_no_holdout: a test}
offers:
  - {key: ten_off, title: 立减十元, rules: 每人一张, cost_minor: 1000, stock: 99}
"""
TOLD: Final = (
    ("tell", "price_question", {"channel": "host", "title": "讲一下价格"}, "ten_off"),
    ("own", "doubt", {"channel": "in_room", "title": "给你的券"}, "ten_off"),
    ("all", "doubt_rising", {"channel": "in_room", "title": "正品保证"}, None),
)


@dataclass
class Shop:
    server: Served
    owner: httpx.Client

    def send(self, room: str, *events: dict[str, Any]) -> None:
        told = [{"room": room, "message_id": f"e{next(NUMBERS)}", **one} for one in events]
        answer = httpx.post(
            f"{self.server.url}/v1/events",
            json={"events": told},
            auth=(self.server.key, ""),
            timeout=WAIT_S,
        )
        assert answer.json()["accepted"] == len(events), answer.text

    @contextmanager
    def page(self, viewer: str, room: str) -> Iterator[ClientConnection]:
        tokens = ViewerTokens(self.server.home.secret, now_ms)
        token = tokens.mint(viewer, namespace="default", room=room)[0]
        with connect(self.server.url.replace("http", "ws") + "/live") as socket:
            socket.send(json.dumps({"type": "hello", "v": 1, "token": token, "room": room}))
            assert frame(socket)["type"] == "welcome"
            yield socket

    def prompts(self, room: str) -> list[Any]:
        return list(self.owner.get(f"/rooms/{room}/prompts").raise_for_status().json()["prompts"])

    def on_stream(self, room: str) -> list[str]:
        cards = self.owner.get(f"/rooms/{room}/overlay").raise_for_status().json()["cards"]
        return [one["title"] for one in cards]

    def ledger(self) -> tuple[int, int]:
        """How many offers are given, and how many of these are not settled."""

        def read(live: Live) -> tuple[int, int]:
            ledger = live.decider.ledger
            return ledger.given["ten_off"], len(ledger.held)

        return self.server.home.deployment.engine.ask(read).result(WAIT_S)

    def released(self) -> set[str]:
        """What the log says was given back."""
        bodies = (one.body for one in self.server.home.log.read(0))
        return {name for one in bodies if isinstance(one, Settled) for name in one.released}

    def step(self, name: Take) -> None:
        for key, *_ in TOLD:
            self.server.home.strategy_store.take(key, 1, name, BOSS)
        follow = self.server.site.strategies.follow()
        asyncio.run_coroutine_threadsafe(follow, self.server.loop).result(WAIT_S)

    def switch(self, *, is_stopped: bool) -> None:
        told = {"is_stopped": is_stopped, "why": "价格写错了"}
        self.owner.put("/switch", json=told).raise_for_status()

    def withdrawn(self, why: str = "withdrawn") -> dict[str, float]:
        """What was not delivered, by channel, as the metrics tell it."""
        lines = httpx.get(f"{self.server.url}/metrics", timeout=WAIT_S).text.splitlines()
        name = "qianmian_undelivered_total"
        mine = [one for one in lines if one.startswith(name) and f'why="{why}"' in one]
        return {one.split('"')[1]: float(one.split()[-1]) for one in mine}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("withdrawing")
    (folder / "strategies.yaml").write_text(FILE, encoding="utf-8")
    settings = Settings(home=folder / "home", strategies=folder / "strategies.yaml")
    with served(folder / "home", settings) as server:
        for key, moment, said, offer in TOLD:
            steps = (msgspec.convert(said, Step),)
            more: dict[str, Any] = {"control": 0, "why_no_control": "a test", "ramp": 10_000}
            made = Strategy(key, steps, moment, title={"zh": "问价的人"}, offer=offer, **more)
            server.home.strategy_store.save_draft(made, SYSTEM)
            server.home.strategy_store.take(key, 1, "ask", SYSTEM)
        with httpx.Client(base_url=f"{server.url}/api", timeout=WAIT_S) as owner:
            given = {"token": server.first_token, "name": "老板", "password": "correct horse"}
            owner.headers["x-csrf-token"] = owner.post("/first-account", json=given).json()["csrf"]
            found = Shop(server, owner)
            found.step("approve")
            yield found


def frame(socket: ClientConnection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(socket.recv(WAIT_S))
    return found


def frames(socket: ClientConnection, kind: str, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while len(found) < count:
        one = frame(socket)
        found += [one] if one["type"] == kind else []
    return found


def until(is_so: Callable[[], bool]) -> None:
    deadline = now_ms() + WAIT_S * 1_000
    while not is_so():
        assert now_ms() < deadline


def refuses(shop: Shop, room: str) -> None:
    no = {"type": "consent_changed", "purpose": "personalized_marketing", "granted": False}
    shop.send(room, *({**no, "viewer": f"{room}-{one}"} for one in ("a", "b", "c", "asks")))


def says_no(shop: Shop, room: str) -> None:
    """Each on a page of their own; what the host is asked to say about them goes, too."""
    for one in ("a", "b", "c", "asks"):
        with shop.page(f"{room}-{one}", room) as page:
            page.send(json.dumps({"type": "opt_out"}))
            frames(page, "opted_out", 1)


def of_oneself(shop: Shop, viewer: str, path: str, body: dict[str, Any]) -> None:
    token = ViewerTokens(shop.server.home.secret, now_ms).mint(viewer, namespace="default")[0]
    url, headers = f"{shop.server.url}/api/me{path}", {"x-viewer-token": token}
    httpx.post(url, json=body, headers=headers, timeout=WAIT_S).raise_for_status()


def on_me(shop: Shop, room: str) -> None:
    no = {"purpose": "personalized_marketing", "channel": "", "granted": False, "text_version": ""}
    for one in ("a", "b", "c", "asks"):
        of_oneself(shop, f"{room}-{one}", "/consents", no)


def erases(shop: Shop, room: str) -> None:
    for one in ("a", "b", "c", "asks"):
        of_oneself(shop, f"{room}-{one}", "/erasure", {"confirm": f"{room}-{one}"})
    until(lambda: all(shop.server.home.persons.refusals.has(f"{room}-{one}") for one in "abc"))
    until(lambda: shop.server.home.persons.refusals.has(f"{room}-asks"))


def end(shop: Shop, room: str) -> None:
    shop.send(room, {"type": "session_ended"})


CAUSES: Final[dict[str, tuple[Callable[[Shop, str], None], Callable[[Shop], None]]]] = {
    "ends": (
        lambda shop, room: shop.send(room, {"type": "session_ended"}),
        lambda _: None,
    ),
    "refused": (refuses, lambda shop: end(shop, "refused")),
    "on_page": (says_no, lambda shop: end(shop, "on_page")),
    "on_me": (on_me, lambda shop: end(shop, "on_me")),
    "erased": (erases, lambda shop: end(shop, "erased")),
    "paused": (lambda shop, _: shop.step("pause"), lambda shop: shop.step("resume")),
    "switch": (
        lambda shop, _: shop.switch(is_stopped=True),
        lambda shop: shop.switch(is_stopped=False),
    ),
}


@pytest.mark.parametrize("room", CAUSES)
def test_a_card_a_notice_and_a_prompt_are_taken_back(shop: Shop, room: str) -> None:
    """By the name of the cause; who refuses speaks for what is theirs, and not for the notice."""
    cause, undo = CAUSES[room]
    stays = ["正品保证"] if room in ("refused", "on_page", "on_me", "erased") else []
    before, counted = shop.ledger(), shop.withdrawn()
    viewers = [f"{room}-{one}" for one in ("a", "b", "c")]
    with shop.page(viewers[0], room) as page:
        doubt = {"type": "comment_sent", "text": "真的假的", "product": "p7"}
        price = {"type": "comment_sent", "text": "多少钱", "viewer": f"{room}-asks"}
        shop.send(room, *({**doubt, "viewer": one} for one in viewers), price)
        shown = {one["title"]: one["id"] for one in frames(page, "message", 2)}
        assert shown.keys() == {"给你的券", "正品保证"}
        until(lambda: len(shop.prompts(room)) == 1)
        assert shop.on_stream(room) == ["正品保证"]
        until(lambda: shop.ledger() == (before[0] + 4, before[1] + 4))
        (prompt,) = shop.prompts(room)
        cause(shop, room)
        assert shop.prompts(room) == [], "not even until the next look"
        assert shop.on_stream(room) == stays
        said = shop.owner.post(f"/rooms/{room}/prompts/{prompt['id']}", json={"answer": "said"})
        assert said.status_code == 422
        with shop.page("somebody" if room == "erased" else viewers[0], room) as again:
            assert [one["title"] for one in frames(again, "message", len(stays))] == stays
            again.ping().wait(WAIT_S)  # whatever was sent before the answer is here
            with pytest.raises(TimeoutError):
                again.recv(0)
        gone = {one["id"] for one in frames(page, "withdrawn", 2 - len(stays))}
        assert gone == {id_ for title, id_ in shown.items() if title not in stays}
    until(lambda: shop.ledger() == before)
    given_back = shop.released() & {prompt["id"], *shown.values()}
    assert given_back == {prompt["id"], *gone}, "told, and not only run out"
    until(lambda: shop.withdrawn()["host"] == counted["host"] + 1)
    assert shop.withdrawn()["in_room"] == counted["in_room"] + (3 if stays else 4)
    undo(shop)
    until(lambda: shop.on_stream(room) == [])
    assert shop.prompts(room) == [], "what was taken back does not come again"


@pytest.mark.parametrize("is_first", [False, True])
def test_nobody_is_sent_to_a_shelf_that_is_empty(shop: Shop, is_first: bool) -> None:
    """What is about a product of which a room says that none is left goes, or never comes."""
    room = f"empty-{is_first}"
    gone = {"type": "stock_changed", "product": "p7", "stock": 0}
    doubt = {"type": "comment_sent", "text": "真的假的", "product": "p7"}
    if is_first:
        shop.send(room, gone)
    counted = shop.withdrawn()["in_room"]
    with shop.page(f"{room}-a", room) as page:
        shop.send(room, *({**doubt, "viewer": f"{room}-{one}"} for one in ("a", "b", "c")))
        told = {one["title"] for one in frames(page, "message", 1 if is_first else 2)}
        assert told == ({"给你的券"} if is_first else {"给你的券", "正品保证"})
        if not is_first:
            assert shop.on_stream(room) == ["正品保证"]
            shop.send(room, gone)
        assert shop.on_stream(room) == [], "not even until the next look"
    until(lambda: shop.withdrawn()["in_room"] == counted + 1)
    shop.send(room, {"type": "session_ended"})
    until(lambda: shop.withdrawn()["in_room"] == counted + 4)


def test_what_a_page_said_it_had_stays_spent(shop: Shop) -> None:
    before = shop.ledger()
    with shop.page("had", "r9") as page:
        doubt = {"type": "comment_sent", "text": "真的假的", "product": "p7"}
        shop.send("r9", {**doubt, "viewer": "had"})
        (card,) = frames(page, "message", 1)
        page.send(json.dumps({"type": "ack", "id": card["id"], "state": "delivered"}))
        until(lambda: shop.ledger() == (before[0] + 1, before[1]))
        shop.send("r9", {"type": "session_ended"})
        assert [one["id"] for one in frames(page, "withdrawn", 1)] == [card["id"]]
    assert shop.ledger() == (before[0] + 1, before[1])


def test_what_comes_too_late_and_what_no_page_may_show_is_counted(shop: Shop) -> None:
    """A decision of the log once more: after its deadline, and for what is no id of a viewer."""
    with shop.page("counts", "r10") as page:
        doubt = {"type": "comment_sent", "text": "真的假的", "product": "p7"}
        shop.send("r10", {**doubt, "viewer": "counts"})
        (card,) = frames(page, "message", 1)
        bodies = (one.body for one in shop.server.home.log.read(0) if isinstance(one.body, Decided))
        (mine,) = [one for body in bodies for one in body.decisions if one.id == card["id"]]
        wrong: dict[str, dict[str, Any]] = {
            "late": {"deadline_at": now_ms() - 1},
            "unfit": {"viewer": "x" * 600},
        }
        (in_room,) = [one for one in shop.server.site.deliveries if one.channel == "in_room"]
        for why, fields in wrong.items():
            before = shop.withdrawn(why)
            in_room._decided([msgspec.structs.replace(mine, **fields)])
            until(lambda why=why, before=before: shop.withdrawn(why) != before)  # type: ignore[misc]
            assert shop.withdrawn(why) == before | {"in_room": before["in_room"] + 1}
        page.ping().wait(WAIT_S)
        with pytest.raises(TimeoutError):
            page.recv(0)
    end(shop, "r10")
