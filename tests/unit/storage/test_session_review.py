"""A review counts what a plain recount of what was written counts, in slices that cover it all."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from qianmian.columns.batch import EventBatch
from qianmian.engine.board import RoomBoard
from qianmian.errors import LogProblem
from qianmian.runtime.messages import Decided, Events, Message
from qianmian.storage.history import History
from qianmian.storage.recorded_sessions import recorded_sessions
from qianmian.storage.session_review import MOST_SLICES, SessionReview, session_review
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.firing import Firing

START = 1_717_246_800_000


class Evening:
    """Writes what happens, and remembers it as it is."""

    def __init__(self, folder: Path, seed: int, lasts_ms: int) -> None:
        self.history = History(folder)
        self.random = Random(seed)
        self.boards: list[RoomBoard] = []
        self.firings: list[Firing] = []
        self.decisions: list[Decision] = []
        for offset, at in enumerate(range(START, START + lasts_ms, 1_000)):
            if offset % 200 == 199:
                self.history.flush()  # several files, also of one hour
            self.write(offset, at)
        self.history.flush()

    def write(self, offset: int, at: int) -> None:
        fired = [self.firing(at) for _ in range(self.random.randrange(4))]
        told = [self.board(at, room) for room in ("a", "b") if self.random.random() < 0.8]
        if self.random.random() < 0.5:
            made = tuple(self.decision(at, n) for n in range(self.random.randrange(1, 4)))
            self.decisions += made
            self.history.add(Message(offset, at, Decided(made)), firings=fired, boards=told)
        else:
            row = {"clock": at, "type": "liked", "viewer": "v1", "room": "a", "message": offset}
            batch = EventBatch.from_rows([row])
            self.history.add(
                Message(offset, at, Events(batch)),
                outcomes=np.zeros(1, np.uint8),
                firings=fired,
                boards=told,
            )
        self.firings += fired
        self.boards += told

    def session(self, at: int) -> str:
        return "late" if at >= START + 300_000 else "early"

    def firing(self, at: int) -> Firing:
        viewer = self.random.choice(["v1", "v2", "v3", None])
        moment = self.random.choice(["price_question", "hesitation"])
        room = self.random.choice("ab")
        return Firing(at + 1_000, viewer, room, self.session(at), moment, 1, None)

    def board(self, at: int, room: str) -> RoomBoard:
        n = len(self.boards)
        online = self.random.randrange(99)
        return RoomBoard(room, self.session(at), at + 1_000, online, {}, 100 * n, 0, n, 0, (), {})

    def decision(self, at: int, n: int) -> Decision:
        given: dict[str, Any] = {
            "strategy": self.random.choice(["coupon", "words"]),
            "outcome": self.random.choice(["act", "held_out", "suppressed"]),
            "is_rehearsal": self.random.random() < 0.2,
            "after": self.random.choice(["", "", "d0"]),
        }
        return Decision(
            id=f"d{at}-{n}", at=at + 1_000, viewer="v1", room=self.random.choice("ab"),
            session=self.session(at), version=1, firing=f"f{at}-{n}", reason="", **given,
        )  # fmt: skip


def recount(evening: Evening, review: SessionReview) -> tuple[Any, Any]:
    """Moments with their viewers, and decisions, by slice."""
    session = review.session

    def place(at: int) -> int:
        (found,) = (
            k
            for k, one in enumerate(review.slices)
            if one.at < max(at, session.begins + 1) <= one.at + review.width_ms
        )
        return found

    def is_mine(one: Any) -> bool:
        inside = session.begins <= one.at <= session.ends
        return bool((one.room, one.session) == (session.room, session.session) and inside)

    fired: dict[tuple[int, str], list[str | None]] = {}
    for one in filter(is_mine, evening.firings):
        fired.setdefault((place(one.at), one.moment), []).append(one.viewer)
    made = Counter(
        (place(one.at), one.strategy, one.outcome)
        for one in filter(is_mine, evening.decisions)
        if not one.is_rehearsal and not one.after
    )
    return {key: (len(who), len(set(who) - {None})) for key, who in fired.items()}, dict(made)


@pytest.mark.parametrize(("seed", "lasts_ms"), [(1, 40_000), (2, 500_000), (3, 1_200_000)])
def test_a_review_is_a_recount_of_the_session(tmp_path: Path, seed: int, lasts_ms: int) -> None:
    evening = Evening(tmp_path, seed, lasts_ms)
    sessions = recorded_sessions(tmp_path)
    assert len(sessions) == (2 if lasts_ms < 300_000 else 4)
    for session in sessions:
        found = session_review(tmp_path, session)
        assert len(found.slices) <= MOST_SLICES
        assert found.slices[0].at == session.begins
        assert found.slices[-1].at < session.ends <= found.slices[-1].at + found.width_ms
        moments, decided = recount(evening, found)
        assert {(m.place, m.moment): (m.times, m.viewers) for m in found.moments} == moments
        assert {(d.place, d.strategy, d.outcome): d.times for d in found.decided} == decided
        mine = [
            one
            for one in evening.boards
            if (one.room, one.session) == (session.room, session.session)
        ]
        for one in found.slices:
            until = [board for board in mine if board.at <= one.at + found.width_ms]
            last = until[-1] if until else None
            inside = last is not None and last.at > one.at
            assert one.online == (last.online if last is not None and inside else None)
            assert (one.orders, one.gmv_minor) == (
                (last.orders, last.gmv_minor) if last is not None else (0, 0)
            )


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    Evening(tmp_path, 4, 20_000)
    (session, *_) = recorded_sessions(tmp_path)
    (path,) = (tmp_path / "firings").glob("*.parquet")
    path.write_bytes(b"broken")
    with pytest.raises(LogProblem, match=path.name):
        session_review(tmp_path, session)
