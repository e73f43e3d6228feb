"""The robot: a card for a room, not too many, and what each answer means."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qianmian.channels.channel import Message
from qianmian.channels.dingtalk import APART_MS, BLOCK_MS, DingTalk, verdict_of
from qianmian.channels.egress import Answer, Egress
from qianmian.errors import InputError
from qianmian.locales.texts import Texts
from qianmian.runtime.outbox import Parcel
from qianmian.storage.sql.database import Database
from tests.contract.outside import LONG_MS, message_of, new_shop
from tests.fakes.robot import ANSWERS, SECRET, TOKEN, Robot, playing

TEXTS = Texts("zh-CN", "channels")
TEN_MINUTES = 600_000
T = TypeVar("T", Message, Parcel)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database.in_file(tmp_path_factory.mktemp("robot") / "q.db").migrated()
    yield opened
    opened.close()


@settings(max_examples=8)
@given(
    told=st.lists(
        st.tuples(st.integers(0, 60_000), st.sampled_from(["r1", "r2", "r3"])), max_size=60
    )
)
@example([(second * 1_000, f"r{second % 3 + 1}") for second in range(60)])
def test_no_room_has_two_cards_in_five_seconds_and_the_robot_is_never_blocked(
    database: Database, told: list[tuple[int, str]]
) -> None:
    async def story() -> Robot:
        shop = new_shop(database)
        start = shop.clock()
        left = sorted(told)
        async with playing([]) as robot:
            channel = robot.channel(LONG_MS)
            outbox = shop.outbox(channel)
            number = 0
            while left or shop.store.counts().get("waiting"):
                while left and start + left[0][0] <= shop.clock():
                    at, room = left.pop(0)
                    number += 1
                    words = message_of("a", start + at, start + at + TEN_MINUTES)
                    body = channel.body_of(changed(words, room=room, title=f"T{number}"))
                    parcel = shop.parcel(channel, "a")
                    outbox.take(changed(parcel, id=str(number), body=body))
                await outbox.follow()
                shop.clock.pass_ms(500)
            assert sorted(map(int, shop.given)) == list(range(1, number + 1))
            return robot

    robot = asyncio.run(story())
    times: dict[str, list[int]] = {}
    for at, text in robot.cards:
        (room,) = [one for one in ("r1", "r2", "r3") if one in text.splitlines()[0]]
        times.setdefault(room, []).append(at)
    gaps = [after - at for one in times.values() for at, after in pairwise(one)]
    assert all(gap >= APART_MS for gap in gaps)


def changed(one: T, **values: Any) -> T:
    return msgspec.structs.replace(one, **values)


def test_what_is_the_same_is_one_line_and_nothing_in_it_is_markdown(database: Database) -> None:
    async def story() -> str:
        shop = new_shop(database)
        async with playing([]) as robot:
            channel = robot.channel(LONG_MS)
            outbox = shop.outbox(channel)
            for number in range(30):
                words = message_of("a", 0, 1)
                title = "[点我](https://evil.example) @all" if number < 7 else f"T{number}"
                body = channel.body_of(changed(words, title=title, body=""))
                outbox.take(changed(shop.parcel(channel, "a"), id=f"{number:02}", body=body))
            await outbox.follow()
            ((_, text),) = robot.cards
            assert len(shop.given) == 30
            return text

    text = asyncio.run(story())
    lines = text.splitlines()
    assert "- **\\[点我\\]\\(https://evil.example\\)  all** ×7" in lines
    assert len(lines) == 1 + 20 + 1, "a card has an end"
    assert "30" in lines[0]
    assert "v-a" not in text


@pytest.mark.parametrize(
    ("act", "outcome", "after_ms"),
    [
        ("does", "delivered", None),
        ("later", "later", BLOCK_MS),
        ("busy", "later", None),
        ("refuses", "rejected", None),
        ("fails", "unknown", None),
        ("cuts", "unknown", None),
    ],
)
def test_what_a_robot_says(act: str, outcome: str, after_ms: int | None) -> None:
    async def story() -> None:
        async with playing([act]) as robot:
            verdict = await robot.channel(LONG_MS).test("test-1", 1_795_000_000_000)
            assert (verdict.outcome, verdict.after_ms) == (outcome, after_ms)

    asyncio.run(story())


ODD = [b'{"errcode":"0"}', b'{"errcode":false}', b"[]", b"{}", b'{"errcode":7}']


@given(status=st.integers(100, 599), body=st.binary(max_size=30) | st.sampled_from(ODD))
def test_only_a_zero_is_a_success(status: int, body: bytes) -> None:
    assert verdict_of(Answer(status, {}, body)).outcome != "delivered"
    assert verdict_of(Answer(200, {}, ANSWERS["does"].split(b"\r\n\r\n")[1])).outcome == "delivered"


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        (f"https://oapi.example/robot/send?access_token={TOKEN}", SECRET[3:]),
        ("https://oapi.example/robot/send", SECRET),
        (f"http://oapi.example/robot/send?access_token={TOKEN}", SECRET),
        ("", ""),
    ],
)
def test_what_is_no_robot_is_not_repeated(url: str, secret: str) -> None:
    with pytest.raises(InputError) as problem:
        DingTalk(url, secret, TEXTS, Egress(), allow_private=False)
    assert TOKEN not in str(problem.value)
    assert SECRET[3:] not in str(problem.value)
