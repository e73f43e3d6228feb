"""A real server reaches who is not in the room: by what their profile says, until they say no."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import pytest

from qianmian.columns.facts import RANGES, viewer_hash
from qianmian.profiles.basic import Basic
from qianmian.profiles.profile import Profile
from qianmian.profiles.stored import stored
from qianmian.runtime.live import Live
from qianmian.runtime.messages import Decided
from qianmian.settings import Settings
from qianmian.storage.profile_file import Built, write_profiles
from qianmian.vocabulary.consent import MARKETING
from tests.fakes import mail_server, push_server
from tests.fakes.beside import beside
from tests.serving import WAIT_S, Served, now_ms, served

FILE = """
guardrails: {quiet_from: 0, quiet_until: 0, holdout: 0, apart_ms: 0, why_no_holdout: a test}
offers:
  - {key: ten_off, title: 立减十元, rules: 每人一张, amount_minor: 1000, stock: 9}
strategies:
  - key: reach
    moment: price_question
    mode: full
    offer: ten_off
    control: 0
    why_no_control: a test
    steps:
      - {channel: in_room, title: 问价, body: 在这里, wait_ms: 1000}
      - {channel: push, title: 还想要吗, body: "{offer|优惠}"}
      - {channel: email, title: 还想要吗, body: "{offer|优惠}"}
"""


PEOPLE = {
    "reads": {"email": "reads@reader.example", "push_id": "lost-phone"},
    "both": {"email": "both@reader.example", "push_id": "phone-of-both"},
}


@dataclass
class World:
    server: Served
    mails: mail_server.MailServer
    pushes: push_server.PushServer

    def send(self, *events: dict[str, Any]) -> None:
        answer = httpx.post(
            f"{self.server.url}/v1/events",
            json={"events": [{"room": "r1", **one} for one in events]},
            auth=(self.server.key, ""),
            timeout=WAIT_S,
        )
        assert answer.json()["accepted"] == len(events), answer.text

    def agrees(self, viewer: str, *channels: str) -> None:
        said = {"type": "consent_changed", "purpose": MARKETING, "granted": True, "viewer": viewer}
        self.send(*({**said, "channel": one} for one in channels))

    def asks(self, viewer: str) -> None:
        self.send({"type": "comment_sent", "viewer": viewer, "text": "多少钱"})

    def told(self, viewer: str) -> list[tuple[str, str]]:
        """What was decided about them: outcome or reason, and the channel."""
        bodies = (one.body for one in self.server.home.log.read(0))
        found = [d for body in bodies if isinstance(body, Decided) for d in body.decisions]
        return [
            (one.reason or one.outcome, next(iter(one.channels), ""))
            for one in found
            if one.viewer == viewer
        ]

    def says(self, viewer: str, channel: str) -> bool | None:
        """What they said last about a channel."""

        def read(live: Live) -> bool | None:
            said = live.consents.of(viewer).get((MARKETING, channel))
            return None if said is None else said.granted

        return self.server.home.deployment.engine.ask(read).result(WAIT_S)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("reaching")
    (folder / "strategies.yaml").write_text(FILE, encoding="utf-8")
    (folder / "master").write_text(push_server.SECRET, encoding="ascii")
    (folder / "password").write_text(mail_server.PASSWORD, encoding="ascii")
    ranges: list[list[tuple[int, str, bytes]]] = [[] for _ in range(RANGES)]
    for viewer, traits in PEOPLE.items():
        basic = {name: Basic(value, "platform", 90, 0) for name, value in traits.items()}
        mark = viewer_hash(viewer, "default")
        place = int(np.uint64(mark) % np.uint64(RANGES))
        ranges[place].append((mark, viewer, stored(Profile(basic=basic))))
    write_profiles(folder / "home/profiles", map(sorted, ranges), Built(0, 0, "default", 0))
    with (
        beside(mail_server.playing([])) as mails,
        beside(push_server.playing(["refuses"])) as pushes,
    ):
        settings = Settings(
            home=folder / "home",
            strategies=folder / "strategies.yaml",
            locale="zh-CN",
            public_url="https://live.shop.example",
            email_url=f"smtp://shop@127.0.0.1:{mails.port}",
            email_password=folder / "password",
            email_from=mail_server.SENDER,
            push_url=pushes.url,
            push_key=push_server.KEY,
            push_secret=folder / "master",
            egress_private=True,
        )
        with served(folder, settings) as server:
            yield World(server, mails, pushes)


def until(is_so: Any) -> None:
    deadline = now_ms() + WAIT_S * 1_000
    while not is_so():
        assert now_ms() < deadline


def test_a_letter_goes_to_who_agreed_and_was_not_in_the_room_until_they_say_no(
    world: World,
) -> None:
    world.agrees("reads", "push", "email")
    world.asks("reads")
    world.asks("silent")
    until(lambda: len(world.mails.letters) == 1 and len(world.told("silent")) == 2)
    steps = [("act", "in_room"), ("act", "push"), ("act", "email")]
    assert world.told("reads") == steps, "no phone of that id, so a letter"
    assert world.told("silent") == [("act", "in_room"), ("consent", "")]
    ((address, mail),) = world.mails.letters
    assert (address, mail["Subject"]) == ("reads@reader.example", "【广告】还想要吗")
    link = re.fullmatch(r"<https://live.shop.example(/unsubscribe/\S+)>", mail["List-Unsubscribe"])
    assert link is not None
    with httpx.Client(base_url=world.server.url, timeout=WAIT_S) as reader:
        page = reader.get(link[1], headers={"accept-language": "en"})
        assert (page.status_code, "<form method" in page.text) == (200, True)
        assert world.says("reads", "email") is True, "who looks changes nothing"
        assert reader.put(link[1]).status_code == 405
        for _ in range(2):
            done = reader.post(link[1], data={"List-Unsubscribe": "One-Click"})
            assert (done.status_code, "<form method" in done.text) == (200, False)
            assert world.says("reads", "email") is False
        assert reader.post(f"{link[1][:-4]}AAAA").status_code == 404
    audit = world.server.site.audit.read(limit=100)
    assert [one.action for one in audit].count("consent.changed") == 1


def test_who_was_reached_by_push_gets_no_letter(world: World) -> None:
    letters = len(world.mails.letters)
    world.agrees("both", "push", "email")
    world.asks("both")
    until(lambda: world.pushes.pushed)
    ((_, told),) = world.pushes.pushed.items()
    assert told["audience"] == {"registration_id": ["phone-of-both"]}
    assert told["notification"]["android"]["alert"] == "立减十元"
    pushes = world.server.home.outbox.of("push")
    until(lambda: pushes.counts().get("delivered") == 1 and not pushes.untold())
    assert world.told("both") == [("act", "in_room"), ("act", "push")]
    assert len(world.mails.letters) == letters


def test_an_owner_sees_the_channels_and_tries_one_out(world: World) -> None:
    with httpx.Client(base_url=f"{world.server.url}/api", timeout=WAIT_S) as owner:
        given = {
            "token": world.server.first_token,
            "name": "老板",
            "password": "correct horse",
        }
        owner.headers["x-csrf-token"] = owner.post("/first-account", json=given).json()["csrf"]
        found = {one["channel"]: one for one in owner.get("/channels").json()}
        assert (found["email"]["is_on"], found["email"]["target"]) == (True, "127.0.0.1")
        assert owner.post("/channels/email/test").json() == {"outcome": "delivered", "why": ""}
        assert world.mails.letters[-1][0] == "news@shop.example"
        assert owner.post("/channels/push/test").json() == {"outcome": "delivered", "why": ""}
        assert owner.post("/channels/webhook/test").status_code == 409
