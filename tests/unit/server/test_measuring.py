"""Reports of effects: told again for a while, by what is near, and never more than can wait."""

from __future__ import annotations

import asyncio
from pathlib import Path
from threading import Event

import pytest

from qianmian.bootstrap.measured import levels_near
from qianmian.errors import Overloaded
from qianmian.experiments.strategy_effect import StrategyEffect
from qianmian.language.definition import Definition
from qianmian.language.parse import parse
from qianmian.server.measuring import FRESH_MS, MOST_WAITING, Measurer
from tests.strategy_shop import strategy

LEVELS = (
    Definition("seg", "segment", parse("tag.below")),
    Definition("other_segment", "segment", parse("tag.far")),
    Definition("below", "tag", parse("count(liked) within 10m >= 3")),
    Definition("far", "tag", parse("count(liked) within 10m >= 9")),
    Definition("named", "tag", parse("count(liked) within 10m >= 5")),
    Definition("in_moment", "tag", parse("count(liked) within 10m >= 7")),
    Definition("asks", "moment", parse("liked and tag.in_moment")),
)


class Watch:
    """A clock, and how often somebody asked history to be written."""

    def __init__(self, folder: Path) -> None:
        self.now, self.flushed, self.gate = 0, 0, Event()
        self.gate.set()
        self.measurer = Measurer(folder, "UTC", (), lambda: self.now, self.flush, dict)

    def flush(self) -> None:
        self.gate.wait()
        self.flushed += 1

    async def ask(self) -> StrategyEffect:
        return await self.measurer.effect(strategy(), "CNY")


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path)


def test_what_was_told_is_told_again_until_it_is_old(watch: Watch) -> None:
    async def run() -> None:
        first = await watch.ask()
        watch.now += FRESH_MS - 1
        assert await watch.ask() is first
        assert (await watch.measurer.effects([strategy()], "CNY"))[0] is first
        other = await watch.measurer.effect(strategy(control=2_000), "CNY")
        assert other is not first  # another plan is another question
        watch.now += FRESH_MS
        assert await watch.ask() is not other
        assert watch.flushed == 2

    asyncio.run(run())
    watch.measurer.close()


def test_more_than_can_wait_are_told_to_come_again(watch: Watch) -> None:
    async def run() -> None:
        watch.gate.clear()
        asked = [asyncio.create_task(watch.ask()) for _ in range(MOST_WAITING + 1)]
        (refused,), waiting = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        with pytest.raises(Overloaded):
            await refused
        watch.gate.set()
        first, *others = await asyncio.gather(*waiting)
        assert all(one is first for one in others)
        assert await watch.ask() is first
        assert watch.flushed == 1

    asyncio.run(run())
    watch.measurer.close()


def test_what_a_strategy_names_is_nearest_and_whom_it_is_for_is_no_group() -> None:
    given = strategy(moment="asks", whom=("seg",), conditions="tag.named")
    found = levels_near(given, LEVELS)
    assert set(found[:3]) == {"below", "named", "in_moment"}
    assert found[3:] == ["other_segment", "far"]
    assert levels_near(strategy(moment="asks", conditions="what ("), LEVELS)[0] == "in_moment"
