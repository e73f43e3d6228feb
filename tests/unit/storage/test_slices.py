"""The effect on rooms, read from files of history, is that of a plain recount of what happened."""

from __future__ import annotations

from contextlib import closing
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import pytest

from qianmian.columns.batch import EventBatch
from qianmian.engine.board import RoomBoard
from qianmian.experiments.strategy_effect import StrategyEffect
from qianmian.runtime.messages import Decided, Events, Message
from qianmian.storage.history import History
from qianmian.storage.history_reader.effects import effect_in_history
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.storage.recorded_sessions import recorded_sessions
from qianmian.storage.session_review import session_review
from qianmian.strategies.slices import SLICE_MS, is_acting
from qianmian.strategies.strategy import Goal, Step, Strategy
from qianmian.vocabulary.decision import Decision
from tests.strategy_shop import strategy

START: Final = 1_717_246_800_000 - 1_717_246_800_000 % (2 * SLICE_MS)
OUTCOMES: Final = ("accepted", "duplicate", "late", "refused")
HOST: Final = strategy(steps=(Step("host", title="x"),), control=1_000, goal=Goal("liked"))
MINUTE: Final = 60_000
HOURS: Final = 3


class Rooms:
    """Two rooms for three hours; an acting slice brings more likes.

    Args:
        silent_for: minutes before the strategy decides for the first time.
    """

    def __init__(self, folder: Path, seed: int, *, silent_for: int = 0) -> None:
        self.history, self.random = History(folder), Random(seed)
        self.offset = 0
        self.likes: list[tuple[str, int]] = []
        for at in range(START, START + HOURS * 60 * MINUTE + 1, 15_000):
            for room in ("a", "b"):
                self.board(room, at)
                self.like(room, at)
                if at >= START + silent_for * MINUTE and self.random.random() < 0.05:
                    self.decide(room, at)
        self.history.flush()

    def board(self, room: str, at: int) -> None:
        told = RoomBoard(room, f"s{room}", at, 9, {}, 0, 0, 0, 0, (), {})
        row = {"clock": at, "type": "room_entered", "viewer": "v", "room": room}
        self.event(row, "accepted", [told])

    def event(self, row: dict[str, Any], outcome: str, boards: Any = ()) -> None:
        batch = EventBatch.from_rows([{**row, "message": self.offset}])
        told = np.array([OUTCOMES.index(outcome)], np.uint8)
        message = Message(self.offset, row["clock"], Events(batch))
        self.history.add(message, outcomes=told, boards=boards)
        self.offset += 1

    def like(self, room: str, at: int) -> None:
        acts = is_acting("default", HOST.key, room, f"s{room}", at)
        for _ in range(self.random.randrange(4 if acts else 2)):
            outcome = self.random.choice(["accepted", "accepted", "late", "duplicate"])
            told = self.random.choice([{}, {}, {"verified": 0}])
            when = at - self.random.randrange(40_000)
            row = {"clock": at, "event_time": when, "type": "liked", "viewer": "v", "room": room}
            self.event(row | told, outcome)
            if outcome != "duplicate" and not told:
                self.likes.append((room, when))

    def decide(self, room: str, at: int) -> None:
        acts = is_acting("default", HOST.key, room, f"s{room}", at)
        self.say(room, at, "act" if acts else "held_out")

    def say(self, room: str, at: int, outcome: Any, **more: Any) -> None:
        given: dict[str, Any] = {"strategy": HOST.key, "version": 1, "viewer": None, **more}
        reason = "slice" if outcome == "held_out" else ""
        made = Decision(
            id=f"d{self.offset}", at=at, room=room, session=f"s{room}",
            firing=f"f{self.offset}", outcome=outcome, reason=reason, **given,
        )  # fmt: skip
        self.history.add(Message(self.offset, at, Decided((made,))))
        self.offset += 1


def effect(folder: Path, of: Strategy = HOST) -> StrategyEffect:
    with closing(HistoryReader(folder)) as reader:
        return effect_in_history(reader, of, "CNY")


@pytest.mark.parametrize("seed", range(2))
def test_slices_are_counted_as_a_plain_recount_counts_them(tmp_path: Path, seed: int) -> None:
    rooms = Rooms(tmp_path, seed)
    found = effect(tmp_path).slices
    assert found is not None
    per_slice = {True: [], False: []}  # type: dict[bool, list[float]]
    for n in range(HOURS * 12):
        for room in ("a", "b"):
            begin = START + n * SLICE_MS
            told = range(begin + MINUTE, begin + SLICE_MS)
            counted = [one for one in rooms.likes if one[0] == room and one[1] in told]
            acts = is_acting("default", HOST.key, room, f"s{room}", begin)
            per_slice[acts].append(len(counted) / 4)
    assert found.slices == 60
    assert found.waiting == HOURS * 24 - 60
    seen = 30  # pairs, in the order of time
    order = {acts: np.array(told[:seen]) for acts, told in per_slice.items()}
    assert found.acting == pytest.approx(order[True].mean())
    assert found.silent == pytest.approx(order[False].mean())
    assert found.verdict == "works"


def test_what_came_before_the_first_decision_of_a_session_is_not_compared(tmp_path: Path) -> None:
    Rooms(tmp_path, 3, silent_for=75)
    found = effect(tmp_path).slices
    assert found is not None
    assert found.slices + found.waiting <= HOURS * 24 - 2 * 14
    assert found.slices + found.waiting > HOURS * 24 - 2 * 14 - 12


def test_what_is_about_people_or_always_acts_has_no_slices(tmp_path: Path) -> None:
    rooms = Rooms(tmp_path, 4)
    rooms.say("a", START + 11_000_000, "act", strategy="card", viewer="v1")
    rooms.history.flush()
    other = {"goal": Goal("liked"), "control": 1_000}
    assert effect(tmp_path, strategy("card", **other)).slices is None
    assert effect(tmp_path, strategy("nobody", **other)).slices is None
    told = effect(tmp_path, strategy(goal=Goal("liked")))  # control 0
    assert (told.slices, told.effect.why_hidden) == (None, "no_control")
    assert effect(tmp_path).effect.why_hidden == "by_slices"
    assert effect(tmp_path).verdict == "works"


def test_a_review_draws_the_slices_of_what_takes_turns_and_of_nothing_else(tmp_path: Path) -> None:
    rooms = Rooms(tmp_path, 5)
    rooms.say("a", START + 11_000_000, "act", strategy="card", viewer="v1")
    rooms.history.flush()
    (session,) = recorded_sessions(tmp_path, room="a")
    turns = session_review(tmp_path, session).turns
    assert {one.strategy for one in turns} == {HOST.key}
    assert (turns[0].begins, turns[-1].ends) == (session.begins, session.ends)
    assert all(one.ends == other.begins for one, other in pairwise(turns))
    for one in turns:
        assert one.acts is is_acting("default", HOST.key, "a", "sa", one.begins)
    of_other = session_review(tmp_path, session, "other").turns
    assert [one.acts for one in of_other] != [one.acts for one in turns]
