"""A person is erased from the log: everybody else's firings and all totals of rooms stay."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.columns.erasure import erased, tombstones
from qianmian.engine.board import RoomBoard
from qianmian.language.definition import Definition
from qianmian.runtime.messages import Events, Tick
from qianmian.storage.segment_log import SegmentLog
from qianmian.vocabulary.firing import Firing
from tests.differential.engine_runs import core, rows_of
from tests.differential.test_engine_oracle import world
from tests.fakes.disk import MemoryDisk
from tests.oracle.run import Message

FOLDER = Path("log")


def logged(messages: list[Message]) -> SegmentLog:
    """The world as a log, with a finished segment that holds all of it."""
    log = SegmentLog(FOLDER, disk=MemoryDisk())
    for message, rows in zip(messages, rows_of(messages), strict=True):
        clock = max(message[0], log.last_clock)
        batch = EventBatch.from_rows([row | {"clock": clock} for row in rows]) if rows else None
        log.append(clock, [Tick() if batch is None else Events(batch)])
    log.begin_segment()
    return log


def replayed(
    log: SegmentLog, definitions: list[Definition], shards: int
) -> tuple[list[Firing], list[RoomBoard]]:
    """What the log fires, and the boards of its rooms after every message."""
    engine = core.Core(definitions, shards=shards)
    firings: list[Firing] = []
    boards: list[RoomBoard] = []
    rooms: set[str] = set()
    for message in log.read(0):
        if isinstance(message.body, Events):
            firings += engine.run(message.body.batch)
            rooms |= {row["room"] for row in message.body.batch.to_rows() if "room" in row}
        else:
            firings += engine.advance(message.clock)
        boards += [replace(engine.board(room), firings_by_moment={}) for room in sorted(rooms)]
    return firings, boards


@pytest.mark.parametrize("seed", [0, 1, 2, 4, 5])  # worlds in which somebody else fires
def test_everybody_else_and_the_totals_stay(seed: int) -> None:
    definitions, messages = world(seed)
    log = logged(messages)
    before, boards = replayed(log, definitions, 1 + seed % 3)
    persons = {row["viewer"] for m in log.read(0) for row in rows_in(m.body) if "viewer" in row}
    busiest = max(sorted(persons), key=lambda one: sum(f.viewer == one for f in before))
    linked = {
        row["viewer"]
        for m in log.read(0)
        for row in rows_in(m.body)
        if row.get("linked_viewer") == busiest
    }
    named = tombstones({busiest, *linked}, b"k" * 32, namespace="default")
    assert log.rewrite(lambda batch: erased(batch, named))
    after, boards_after = replayed(log, definitions, 1 + seed % 3)
    assert boards_after == boards
    gone = {busiest, *linked}
    left = sorted((f.at, f.id) for f in before if f.viewer not in gone)
    assert left
    assert left == sorted((f.at, f.id) for f in after if f.viewer not in named.values())
    assert not gone & {f.viewer for f in after}


def rows_in(body: object) -> list[dict[str, Any]]:
    return body.batch.to_rows() if isinstance(body, Events) else []
