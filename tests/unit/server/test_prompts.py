"""The host's cards: the most important first, each until its deadline, each answered once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import pytest

from qianmian.errors import NotThere
from qianmian.server.prompts import MOST_OPEN, HostPrompts, Prompt


@dataclass
class Told:
    """What the log was told."""

    delivered: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)

    async def settle(self, delivered: Sequence[str], released: Sequence[str]) -> None:
        self.delivered += delivered
        self.released += released


def card(name: str, deadline_at: int = 100, *, priority: int = 50, room: str = "r1") -> Prompt:
    return Prompt(name, room, 0, deadline_at, name, "", None, None, "", priority)


def test_the_most_important_first_and_then_what_runs_out_first() -> None:
    prompts = HostPrompts(Told().settle, lambda: 0)
    for one in (card("b", 90), card("a", 80), card("c", 99, priority=90), card("z", room="r2")):
        prompts.take(one)
    assert [one.id for one in prompts.open("r1")] == ["c", "a", "b"]
    assert [one.id for one in prompts.open("r2")] == ["z"]
    assert prompts.open("nowhere") == []


def test_nothing_is_shown_after_its_deadline() -> None:
    now = [0]
    prompts = HostPrompts(Told().settle, lambda: now[0])
    prompts.take(card("a", 10))
    now[0] = 9
    assert prompts.open("r1")
    now[0] = 10
    assert prompts.open("r1") == []
    with pytest.raises(NotThere):
        asyncio.run(prompts.answer("r1", "a", "said"))


def test_a_card_is_answered_once_and_does_not_come_back() -> None:
    told = Told()
    prompts = HostPrompts(told.settle, lambda: 0)
    for name in ("a", "b"):
        prompts.take(card(name))

    async def answers() -> list[object]:
        asked = [prompts.answer("r1", "a", "said") for _ in range(2)]
        return list(await asyncio.gather(*asked, return_exceptions=True))

    found = asyncio.run(answers())
    assert sum(isinstance(one, NotThere) for one in found) == 1
    asyncio.run(prompts.answer("r1", "b", "skipped"))
    assert (told.delivered, told.released) == (["a"], ["b"])
    prompts.take(card("a"))  # what was lately decided is published again after a restart of it
    assert prompts.open("r1") == []
    with pytest.raises(NotThere):
        asyncio.run(prompts.answer("r2", "a", "said"))


def test_what_is_taken_back_is_not_said_and_what_was_said_cannot_be_taken_back() -> None:
    told = Told()
    prompts = HostPrompts(told.settle, lambda: 0)
    for name in ("a", "b"):
        prompts.take(card(name))
    asyncio.run(prompts.answer("r1", "b", "said"))
    assert [prompts.take_back(name, "r1") for name in ("a", "b")] == [True, False]
    assert prompts.open("r1") == []
    with pytest.raises(NotThere):
        asyncio.run(prompts.answer("r1", "a", "said"))


def test_the_same_words_for_several_are_one_card() -> None:
    told = Told()
    prompts = HostPrompts(told.settle, lambda: 0)
    for n in range(4):
        prompts.take(msgspec.structs.replace(card(f"d{n}", 90 + n), title="讲一下价格"))
    prompts.take(card("other", 80))
    first, second = prompts.open("r1")
    assert (first.id, second.title, second.viewers, second.deadline_at) == (
        *("other", "讲一下价格", 4, 93),
    )
    asyncio.run(prompts.answer("r1", second.id, "said"))
    assert told.delivered == ["d0", "d1", "d2", "d3"]
    assert [one.id for one in prompts.open("r1")] == ["other"]


def test_who_is_far_behind_reads_what_matters_most() -> None:
    prompts = HostPrompts(Told().settle, lambda: 0)
    for n in range(MOST_OPEN + 20):
        prompts.take(card(f"c{n:03}", priority=n % 100))
    left = prompts.open("r1")
    assert len(left) == MOST_OPEN
    assert 99 in {one.priority for one in left}
    assert "c000" not in {one.id for one in left}
