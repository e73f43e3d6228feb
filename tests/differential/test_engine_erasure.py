"""A person is erased from the log: everybody else's firings and all totals of rooms stay."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.columns.erasure import erased, tombstones
from qianmian.engine.board import RoomBoard
from qianmian.engine.forgetting import evict, rename
from qianmian.language.definition import Definition
from qianmian.runtime.messages import Events, Tick
from qianmian.runtime.messages import Message as LogMessage
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


@pytest.mark.parametrize("seed", [0, 1, 2, 5, 6])  # worlds in which somebody else fires
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


@pytest.mark.parametrize("seed", [0, 1, 2, 5, 6])
def test_an_engine_that_forgets_is_the_replay_of_the_erased_log(seed: int) -> None:
    definitions, messages = world(seed)
    shards = 1 + seed % 3
    read = list(logged(messages).read(0))
    cut = len(read) // 2
    known, later = read[:cut], read[cut:]
    persons = {row["viewer"] for m in known for row in rows_in(m.body) if "viewer" in row}
    whole = replayed(logged(messages), definitions, shards)[0]
    busiest = max(sorted(persons), key=lambda one: sum(f.viewer == one for f in whole))
    linked = {r["viewer"] for m in read for r in rows_in(m.body) if r.get("linked_viewer")}
    owner = {
        r["viewer"]: r["linked_viewer"]
        for m in read
        for r in rows_in(m.body)
        if "linked_viewer" in r
    }
    gone = {busiest, *(one for one in linked if owner[one] == busiest)}
    named = tombstones(gone, b"k" * 32, namespace="default")
    refused = [without(message, gone) for message in later]

    live = core.Core(definitions, shards=shards)
    fed(live, known)
    rename(live, named)
    rename(live, named)  # done again after a crash
    replay = core.Core(definitions, shards=shards)
    fed(replay, [erased_message(message, named) for message in known])
    clock = known[-1].clock
    both = [[*evict(one, sorted(named.values()), clock)] for one in (live, replay)]
    assert both[0] == both[1]
    assert not any(
        one.viewer_now(room, name)
        for one in (live, replay)
        for room in ("r1", "r2")
        for name in named.values()
    )
    ours, theirs = fed(live, refused), fed(replay, refused)
    assert ours == theirs
    assert not (gone | set(named.values())) & {one.viewer for one in ours}
    assert not gone & set(live.names.viewers.snapshot())
    others = {one.viewer for one in ours} - {None}
    assert others or not [f for f in whole if f.at > clock and f.viewer not in gone]


def fed(engine: Any, messages: list[LogMessage]) -> list[Firing]:
    found: list[Firing] = []
    for message in messages:
        if isinstance(message.body, Events) and len(message.body.batch):
            found += engine.run(message.body.batch)
        else:
            found += engine.advance(message.clock)
    return found


def erased_message(message: LogMessage, named: dict[str, str]) -> LogMessage:
    if not isinstance(message.body, Events):
        return message
    return replace(message, body=Events(erased(message.body.batch, named)))


def without(message: LogMessage, gone: set[str]) -> LogMessage:
    """The message without the rows that a door refuses."""
    if not isinstance(message.body, Events):
        return message
    kept = [
        row
        for row in message.body.batch.to_rows()
        if not gone & {row.get("viewer"), row.get("linked_viewer")}
    ]
    return replace(message, body=Events(EventBatch.from_rows(kept)))


def rows_in(body: object) -> list[dict[str, Any]]:
    return body.batch.to_rows() if isinstance(body, Events) else []
