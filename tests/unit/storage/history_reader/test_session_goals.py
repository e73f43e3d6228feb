"""A goal that counts until the session ends: read from files of history, with each way to end."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from qianmian.engine.board import RoomBoard
from qianmian.experiments.strategy_effect import StrategyEffect
from qianmian.runtime.messages import Message, Tick
from qianmian.storage.history_reader.effects import effect_in_history
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.strategies.strategy import Goal
from tests.strategy_shop import strategy
from tests.unit.storage.history_reader.histories import START, Shop

COUPON = strategy(control=5_000, goal=Goal("order_paid", within="session"))
MINUTE = 60_000
PEOPLE = 40


class Evening(Shop):
    """A session s0 of ten minutes; people are decided about in its first."""

    def board(self, at: int, session: str) -> None:
        told = RoomBoard("r", session, START + at, 9, {}, 0, 0, 0, 0, (), {})
        self.add(at, "room_entered", "looker", room="r")
        self.history.add(Message(self.offset, START + at, Tick()), boards=(told,))
        self.offset += 1

    def buys(self, at: int, who: str) -> None:
        paid: dict[str, Any] = {"verified": 1, "amount": 100, "order_id": f"o{self.offset}"}
        self.add(at, "order_paid", who, event_time=START + at, **paid)


def evening(folder: Path) -> Evening:
    """Every fourth, all of them control, buys after five minutes."""
    shop = Evening(folder)
    for n in range(PEOPLE):
        shop.decide(1_000 + n, f"v{n}", "act" if n % 2 else "control")
    for minute in range(11):
        shop.board(minute * MINUTE, "s0")
        for n in range(0, PEOPLE, 4) if minute == 5 else ():
            shop.buys(5 * MINUTE, f"v{n}")
    return shop


def effect(folder: Path) -> StrategyEffect:
    with closing(HistoryReader(folder)) as reader:
        return effect_in_history(reader, COUPON, "CNY")


def test_while_the_session_goes_on_everybody_waits(tmp_path: Path) -> None:
    evening(tmp_path).flush()
    found = effect(tmp_path)
    assert (found.waiting, found.effect.treated, found.window_ms) == (PEOPLE, 0, 0)


@pytest.mark.parametrize("ends", ["said", "the next one begins", "nothing more is told"])
def test_it_ends_when_the_shop_says_so_or_by_itself_and_what_comes_later_does_not_count(
    tmp_path: Path, ends: str
) -> None:
    shop = evening(tmp_path)
    if ends == "said":
        shop.add(10 * MINUTE + 500, "session_ended", None, room="r")
    elif ends == "the next one begins":
        shop.board(20 * MINUTE, "s1")
    else:
        shop.add(45 * MINUTE, "room_entered", "somebody", room="elsewhere")
    for n in range(PEOPLE):
        shop.buys(50 * MINUTE, f"v{n}")  # in a session of theirs that comes later
    shop.flush()
    found = effect(tmp_path)
    assert (found.waiting, found.effect.treated, found.effect.control) == (0, 20, 20)
    primary = found.effect.primary
    assert primary is not None
    assert (primary.treated.with_outcome, primary.control.with_outcome) == (0, PEOPLE // 4)
