"""A strategy from a file, a real server, two viewers: a card for one, nothing for the held out."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from qianmian.bootstrap import active_definitions
from qianmian.bootstrap.installation import open_installation
from qianmian.cli.exit_codes import UNUSABLE
from qianmian.cli.main import run
from qianmian.errors import InUse, QianmianError
from qianmian.runtime.messages import Decided
from qianmian.runtime.strategy_file import read_strategies
from qianmian.server.viewer_tokens import ViewerTokens
from qianmian.settings import Settings
from qianmian.vocabulary.decision import Decision, decision_digest
from tests.serving import WAIT_S, Served, now_ms, served
from tests.strategy_shop import somebody

FILE = """
guardrails: {quiet_from: 0, quiet_until: 0}
offers:
  - key: ten_off
    title: 立减十元
    rules: 每人一张，今晚有效
    amount_minor: 1000
    cost_minor: 1000
    stock: 500
strategies:
  - key: price_help
    title: {zh: 问价送券, en: a coupon for who asks the price}
    moment: price_question
    mode: full
    offer: ten_off
    steps:
      - {channel: in_room, title: 给你的券, body: "{offer|优惠}，现在用正好"}
"""


def held_out_and_not() -> tuple[str, str]:
    return somebody("price_help", 1_000, inside=True), somebody("price_help", 1_000, inside=False)


def serve(folder: Path, text: str = FILE) -> Any:
    path = folder / "strategies.yaml"
    path.write_text(text, encoding="utf-8")
    return served(folder / "home", Settings(home=folder / "home", strategies=path))


def asks_the_price(shop: Served, *viewers: str) -> None:
    events = [
        {"type": "track", "event": "comment_sent", "userId": viewer, "messageId": f"q-{viewer}"}
        | {"properties": {"text": "多少钱", "room": "r1"}}
        for viewer in viewers
    ]
    answer = httpx.post(
        f"{shop.url}/v1/batch", json={"batch": events}, auth=(shop.key, ""), timeout=WAIT_S
    )
    assert answer.json()["accepted"] == len(viewers), answer.text


def decisions_of(shop: Served) -> list[Decision]:
    return [
        one
        for message in shop.home.log.read(0)
        if isinstance(message.body, Decided)
        for one in message.body.decisions
    ]


async def page_of(shop: Served, viewer: str) -> Any:
    token = ViewerTokens(shop.home.secret, now_ms).mint(viewer, namespace="default", room="r1")[0]
    socket = await websockets.connect(shop.url.replace("http", "ws") + "/live")
    await socket.send(json.dumps({"type": "hello", "v": 1, "token": token, "room": "r1"}))
    await next_of(socket, "welcome")
    return socket


async def next_of(socket: Any, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(WAIT_S):
        while True:
            frame: dict[str, Any] = json.loads(await socket.recv())
            if frame["type"] == kind:
                return frame


def test_who_asks_the_price_gets_a_coupon_unless_held_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And a trial on that evening says the same."""
    held, free = held_out_and_not()

    async def story(shop: Served) -> None:
        mine, theirs = await page_of(shop, free), await page_of(shop, held)
        await asyncio.to_thread(asks_the_price, shop, free, held)
        card = await next_of(mine, "message")
        assert (card["title"], card["body"]) == ("给你的券", "立减十元，现在用正好")
        assert (card["offer"]["key"], card["offer"]["amount_minor"]) == ("ten_off", 1_000)
        assert card["is_ad"]
        rules = await asyncio.to_thread(httpx.get, shop.url + card["offer"]["rules_url"])
        assert (rules.status_code, "每人一张，今晚有效" in rules.text) == (200, True)
        assert 0 < card["expires_at"] - card["at"] <= 60_000
        await mine.send(json.dumps({"type": "ack", "id": card["id"], "state": "delivered"}))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await theirs.recv()
        for socket in (mine, theirs):
            await socket.close()

    with serve(tmp_path) as shop:
        asyncio.run(story(shop))
        told = {one.viewer: (one.outcome, one.reason) for one in decisions_of(shop)}
        assert told == {free: ("act", ""), held: ("held_out", "control")}
    with serve(tmp_path) as shop:  # a restart: nothing is decided twice, and what is given stays so
        made = decisions_of(shop)
        assert len(made) == 2
        live = asyncio.run_coroutine_threadsafe(_ledger(shop), shop.loop).result(WAIT_S)
        assert live == ({"ten_off": 1}, [])
    monkeypatch.setenv("QIANMIAN_STRATEGIES", str(tmp_path / "strategies.yaml"))
    tried = ["strategies", "try", "price_help", "--room", "r1", "--home", str(tmp_path / "home")]
    capsys.readouterr()
    assert run([*tried, "--json"]) == 0
    told_again = json.loads(capsys.readouterr().out)
    assert {name: told_again[name] for name in ("was_there", "acts", "viewers", "held_out")} == {
        "was_there": True,
        "acts": 1,
        "viewers": 1,
        "held_out": 1,
    }
    assert told_again["decision_digest"] == decision_digest(made)
    assert run([*tried, "--locale", "zh-CN"]) == 0
    shown = capsys.readouterr().out
    assert "会发出 1 次，1 人" in shown
    assert f"决定的摘要 sha256:{decision_digest(made)}" in shown
    assert run([*tried, "--session", "another"]) == UNUSABLE
    assert told_again["session"] in capsys.readouterr().err


async def _ledger(shop: Served) -> tuple[dict[str, int], list[str]]:
    return await shop.site.deployment.ask(
        lambda live: (dict(live.decider.ledger.given), sorted(live.decider.ledger.held))
    )


def test_a_card_that_still_holds_is_there_after_a_restart(tmp_path: Path) -> None:
    _, free = held_out_and_not()
    with serve(tmp_path) as shop:
        asks_the_price(shop, free)
        _until(lambda: bool(decisions_of(shop)))

    async def story(shop: Served) -> None:
        mine = await page_of(shop, free)
        assert (await next_of(mine, "message"))["title"] == "给你的券"
        await mine.close()

    with serve(tmp_path) as shop:
        asyncio.run(story(shop))


def _until(is_so: Any) -> None:
    deadline = now_ms() + WAIT_S * 1_000
    while not is_so():
        assert now_ms() < deadline


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("moment: price_question", "moment: price_qestion", "price_question"),
        ("{offer|优惠}", "{offer}", "no fallback"),
        ("{offer|优惠}", "{nickname|你}", "slot"),
        ("offer: ten_off\n", "offer: twenty_off\n", "twenty_off"),
        ("mode: full", "mode: full\n    control: 0", "control"),
        ("mode: full", "mode: full\n    conditions: cart_added", "instant"),
        ("mode: full", "mode: full\n    whom: [nobody]", "nobody"),
        ("rules: 每人一张，今晚有效\n", "rules: ''\n", "rules"),
        ("channel: in_room", "channel: pigeon", "pigeon"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_what_to_do(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    assert old in FILE
    changed = FILE.replace(old, new)
    (tmp_path / "strategies.yaml").write_text(changed, encoding="utf-8")
    settings = Settings(home=tmp_path / "home", strategies=tmp_path / "strategies.yaml")
    with pytest.raises(QianmianError, match=says), open_installation(settings, now_ms):
        pass


@pytest.mark.parametrize("page", ["docs/strategies.md", "docs/zh/strategies.md"])
def test_the_file_on_the_page_can_be_used(tmp_path: Path, page: str) -> None:
    text = (Path(__file__).parents[2] / page).read_text(encoding="utf-8")
    (tmp_path / "strategies.yaml").write_text(text.split("```yaml")[1].split("```")[0], "utf-8")
    found = read_strategies(tmp_path / "strategies.yaml", active_definitions(), "exclude")
    assert [one.key for one in found.strategies] == ["price_help"]


def test_what_a_strategy_waits_for_cannot_be_retired(tmp_path: Path) -> None:
    with serve(tmp_path) as shop:
        desk = shop.site.desk
        attempt = desk.retire("moment", "price_question", by="somebody")
        answer = asyncio.run_coroutine_threadsafe(attempt, shop.loop)
        with pytest.raises(InUse, match="price_question"):
            answer.result(WAIT_S)
        other = desk.retire("moment", "comparison", by="somebody")
        asyncio.run_coroutine_threadsafe(other, shop.loop).result(WAIT_S)
        held, free = held_out_and_not()
        asks_the_price(shop, free, held)
        _until(lambda: len(decisions_of(shop)) == 2)
