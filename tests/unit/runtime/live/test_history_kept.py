"""A deployment keeps history of what it applies: each row once, whatever crashes and when."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qianmian.columns.batch import EventBatch
from qianmian.errors import LogUnavailable
from qianmian.runtime.chores import Chore, Chores
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.messages import Message, RoomFacts
from qianmian.storage.history import History
from qianmian.storage.history_schema import EVENTS, FIRINGS, ROOMS
from qianmian.storage.history_thread import HistoryThread, SnapshotsAfterHistory
from tests.fakes.memory_log import MemoryLog, MemorySnapshots
from tests.room_story import DEFINITIONS, START, event, new_live, story, written

Rows = dict[str, list[str]]
HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Life:
    """A process: the log goes to `stop`, a snapshot is taken before `keeps_at`."""

    stop: int
    keeps_at: int
    flushes: bool


class CrashingHistory(History):
    """From its crash on it does nothing any more, like a process that is gone."""

    is_gone = False

    def add(self, message: Message, **brought: Any) -> None:
        if not self.is_gone:
            super().add(message, **brought)

    def flush(self) -> None:
        if not self.is_gone:
            super().flush()


def beginning(whole: MemoryLog, stop: int) -> MemoryLog:
    """The log as it was before this message; what a message found is written right after it."""
    log = MemoryLog()
    stop = max(stop, 2)
    while stop < whole.next_offset and isinstance(next(whole.read(stop)).body, RoomFacts):
        stop += 1
    for message in whole.read(0, until=stop):
        log.append(message.clock, [message.body])
        log.commit()
    return log


def rows_of(folder: Path) -> Rows:
    """Every row; a replay may tell the messages of a second as one, with the offset of the last."""
    history, found = History(folder), {}
    for kind in (EVENTS, FIRINGS, ROOMS):
        rows: list[dict[str, Any]] = []
        for table in history.read(kind):
            rows += table.to_pylist()
        if kind != EVENTS:
            for row in rows:
                del row["offset"], row["clock"]
        found[kind] = sorted(map(repr, rows))
    return found


def lived(log: MemoryLog, snapshots: MemorySnapshots, folder: Path, life: Life) -> None:
    """Start, keep a snapshot before some message, follow the log to its end, and crash."""
    history = CrashingHistory(folder, most_waiting=40)
    thread = HistoryThread(history)
    keeping = SnapshotsAfterHistory(snapshots, thread)
    live = new_live()
    deployment = Deployment(log, keeping, live, now=lambda: log.last_clock, history=thread)
    newest = snapshots.newest()
    known = 0 if newest is None else newest.offset
    log.durable_offset = beginning(log, max(known, life.keeps_at)).durable_offset
    deployment.recover(DEFINITIONS)
    kept = live.snapshot()
    assert kept is not None
    keeping.save(kept)
    log.durable_offset = log.next_offset
    for message in log.read(live.offset):  # as a server that runs: what is found is in the log
        brought = live.apply(message)
        thread.tell(
            message,
            outcomes=brought.outcomes,
            firings=brought.firings,
            boards=brought.boards,
        )
    if life.flushes:
        thread.flush_before(log.next_offset)
    history.is_gone = True
    thread.close()


@pytest.fixture(scope="module")
def whole() -> MemoryLog:
    log = MemoryLog()
    written(log, new_live())
    return log


@pytest.fixture(scope="module")
def undisturbed(whole: MemoryLog, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    folder = tmp_path_factory.mktemp("history")
    lived(whole, MemorySnapshots(), folder, Life(0, 0, flushes=True))
    return rows_of(folder)


def test_history_has_every_event_every_firing_and_every_second(
    whole: MemoryLog, undisturbed: Rows
) -> None:
    assert len(undisturbed[EVENTS]) == sum(len(rows) for _, rows in story())
    live = new_live()
    fired = [one for message in whole.read(0) for one in live.apply(message).firings]
    assert len(undisturbed[FIRINGS]) == len(fired) > 10
    assert len(undisturbed[ROOMS]) > 150


LIVES = st.builds(Life, st.integers(0, 250), st.integers(0, 250), st.booleans())


@settings(max_examples=10, deadline=None)
@given(lives=st.lists(LIVES, max_size=4))
def test_whatever_crashes_each_row_is_there_once(
    whole: MemoryLog, undisturbed: Rows, lives: list[Life]
) -> None:
    snapshots = MemorySnapshots()
    with TemporaryDirectory() as name:
        folder = Path(name)
        for life in sorted(lives, key=lambda one: one.stop):
            lived(beginning(whole, life.stop), snapshots, folder, life)
        lived(whole, snapshots, folder, Life(whole.next_offset, 0, flushes=True))
        found = rows_of(folder)
    for kind, rows in undisturbed.items():
        assert Counter(found[kind]) - Counter(rows) == Counter(), f"too many {kind}"
        assert Counter(rows) - Counter(found[kind]) == Counter(), f"{kind} are missing"


def deployment_with(history: HistoryThread | None, chores: Chores, log: MemoryLog) -> Deployment:
    return Deployment(
        log, MemorySnapshots(), new_live(), now=lambda: START, history=history, chores=chores
    )


def test_a_history_that_cannot_be_written_stops_nothing_and_is_told(tmp_path: Path) -> None:
    history = HistoryThread(History(tmp_path))
    history.problem = LogUnavailable("the disk is away")
    log = MemoryLog()
    deployment = deployment_with(history, Chores(), log)
    deployment.recover(DEFINITIONS)
    deployment.start()
    rows = [event(0, "room_entered", "v1", message=0)]
    asyncio.run(deployment.submit(EventBatch.from_rows(rows)))
    assert deployment.engine.ask(lambda live: live.offset).result(60) == log.next_offset
    assert deployment.problem is None
    assert deployment.concern == "history: the disk is away"
    deployment.stop()


def test_chores_are_done_once_in_an_hour_and_a_failure_is_told_until_it_ends() -> None:
    done: list[str] = []
    full = [OSError("no space"), None]

    def fails_once() -> None:
        problem = full.pop(0)
        done.append("first")
        if problem is not None:
            raise problem

    told: list[tuple[str, object]] = []
    chores = Chores(
        [Chore("first", fails_once), Chore("second", lambda: done.append("second"))],
        told=lambda name, result: told.append((name, result)),
    )
    wait = chores._thread.submit
    for clock in (START, START + 1, START + 1_000):
        chores.at(clock)
        wait(lambda: None).result(60)
    assert done == ["first", "second"]
    assert list(chores.problems) == ["first"]
    chores.at(START + HOUR_MS)
    wait(lambda: None).result(60)
    assert done == ["first", "second"] * 2
    assert chores.problems == {}
    assert [name for name, _ in told] == ["first", "second"] * 2
    chores.close()


def test_a_faulty_chore_is_seen_at_the_end_and_not_tried_again() -> None:
    tries: list[int] = []
    chores = Chores([Chore("faulty", lambda: tries.append(1 // len(tries)))])
    for clock in (START, START + HOUR_MS):
        chores.at(clock)
        chores._thread.submit(lambda: None).result(60)
    with pytest.raises(ZeroDivisionError):
        chores.close()
    assert tries == []
