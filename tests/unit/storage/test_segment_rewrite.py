"""Segments written again: erasure with equal offsets, and what can be saved of a damaged one."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.columns.erasure import erased, tombstones
from qianmian.errors import InputError
from qianmian.runtime.messages import Decided, Events, FactsNamed, Message, Tick
from qianmian.storage.disk import RealDisk
from qianmian.storage.segment_format import HEADER_BYTES
from qianmian.storage.segment_log import SegmentLog
from qianmian.storage.segment_reader import SegmentReader
from qianmian.storage.segment_rewrite import Renamed, salvage_segment
from qianmian.storage.segments import Scan, segments_in
from qianmian.vocabulary.decision import Decision

START = 1_700_000_000_000
HOUR = 3_600_000
NAMED = tombstones(["v1"], b"k" * 16, namespace="default")


def batch(clock: int, number: int) -> EventBatch:
    row = {"clock": clock, "type": "comment_sent", "room": "r", "message": 0}
    viewers = [f"v{number % 3}", "other"]
    return EventBatch.from_rows(
        [row | {"viewer": viewer, "text": f"{viewer} says {number}"} for viewer in viewers]
    )


def filled(folder: Path, *, count: int = 12) -> SegmentLog:
    """Four messages an hour, each in a commit of its own."""
    log = SegmentLog(folder)
    for number in range(count):
        clock = START - START % HOUR + number // 4 * HOUR + number
        body = Events(batch(clock, number)) if number % 4 else FactsNamed(str(number))
        log.append(clock, [body])
        log.commit()
    return log


def erase(events: EventBatch) -> EventBatch:
    return erased(events, NAMED)


def rows_of(messages: list[Message]) -> list[dict[str, object]]:
    return [
        row
        for message in messages
        if isinstance(message.body, Events)
        for row in message.body.batch.to_rows()
    ]


def test_erasure_keeps_offsets_clocks_and_everybody_else(tmp_path: Path) -> None:
    log = filled(tmp_path)
    before = list(log.read(0))
    log.begin_segment()
    assert len(log.rewrite(erase)) == 3
    after = list(log.read(0))
    log.close()
    assert [(m.offset, m.clock) for m in after] == [(m.offset, m.clock) for m in before]
    assert [m for m in after if not isinstance(m.body, Events)] == [
        m for m in before if not isinstance(m.body, Events)
    ]
    old, new = rows_of(before), rows_of(after)
    assert len(old) == len(new) == 18
    for was, now in zip(old, new, strict=True):
        if was["viewer"] == "v1":
            assert now == {k: v for k, v in was.items() if k != "text"} | {"viewer": NAMED["v1"]}
        else:
            assert now == was
    everything = b"".join(path.read_bytes() for path in tmp_path.glob("*.log"))
    assert b"v1 says" not in everything
    assert b"v2 says" in everything


def test_erasure_is_still_there_after_a_restart_and_may_be_done_again(tmp_path: Path) -> None:
    log = filled(tmp_path)
    log.begin_segment()
    log.rewrite(erase)
    after = rows_of(list(log.read(0)))
    assert log.rewrite(erase) == []
    log.close()
    log = SegmentLog(tmp_path)
    assert rows_of(list(log.read(0))) == after
    assert log.append(log.last_clock, [Tick()]) == 12
    log.close()


def test_decisions_about_the_erased_name_them_no_more(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path)
    told = [
        Decision(name, START, viewer, "r", "s", "coupon", 1, "f", "act")
        for name, viewer in (("1", "v1"), ("2", "v2"), ("3", None))
    ]
    log.append(START, [Decided(tuple(told))])
    log.begin_segment()
    assert len(log.rewrite(erase, Renamed(viewers=NAMED))) == 1
    [after] = [one.body for one in log.read(0) if isinstance(one.body, Decided)]
    log.close()
    assert [one.viewer for one in after.decisions] == [NAMED["v1"], "v2", None]
    assert [one.id for one in after.decisions] == ["1", "2", "3"]


def test_the_segment_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    log = filled(tmp_path, count=3)
    assert log.rewrite(erase) == []
    assert any(row["viewer"] == "v1" for row in rows_of(list(log.read(0))))
    log.close()


def test_a_transform_may_not_change_how_many_events_there_are(tmp_path: Path) -> None:
    log = filled(tmp_path)
    log.begin_segment()
    with pytest.raises(InputError, match="other events"):
        log.rewrite(lambda events: events.slice(0, 1))
    assert len(rows_of(list(log.read(0)))) == 18
    log.close()


def test_writing_and_reading_go_on_during_an_erasure(tmp_path: Path) -> None:
    log = filled(tmp_path)
    log.begin_segment()
    seen: list[int] = []

    def erase_slowly(events: EventBatch) -> EventBatch:
        if log.next_offset < 40:
            log.append(log.last_clock + HOUR // 10, [Tick()])
            log.commit()
        seen.append(sum(1 for _ in log.read(0)))
        return erase(events)

    log.rewrite(erase_slowly)
    assert seen == sorted(seen)
    assert [message.offset for message in log.read(0)] == list(range(log.next_offset))
    assert log.next_offset > 20
    log.close()
    assert SegmentLog(tmp_path).repaired is None


def test_a_reader_follows_a_writer_of_the_same_process(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path, segment_bytes=2_000)
    outside = SegmentReader(tmp_path)
    problems: list[str] = []
    is_over = threading.Event()

    def follow() -> None:
        at = 0
        while not (is_over.is_set() and at == log.durable_offset):
            for source in (log, outside):
                known = log.durable_offset if source is log else 0
                numbers = [
                    message.offset for message in source.read(min(at, known) if known else 0)
                ]
                if numbers != list(range(numbers[0], numbers[0] + len(numbers)) if numbers else []):
                    problems.append(f"{numbers}")
                if source is log:
                    at = numbers[-1] + 1 if numbers else at
                    if at < known:
                        problems.append(f"{at} of {known}")

    reader = threading.Thread(target=follow)
    reader.start()
    for number in range(200):
        log.append(START + number, [FactsNamed(str(number))] * (1 + number % 3))
        if number % 2:
            log.commit()
    log.commit()
    is_over.set()
    reader.join(60)
    assert not reader.is_alive()
    assert problems == []
    assert len(segments_in(RealDisk(), tmp_path)) > 5
    log.close()


def test_old_segments_go_but_none_that_a_snapshot_needs(tmp_path: Path) -> None:
    log = filled(tmp_path)
    assert log.drop_old(keep_ms=3 * HOUR, snapshot_offset=12) == []
    log.append(log.last_clock + 2 * HOUR, [Tick()])
    log.commit()
    assert [one.first_offset for one in log.drop_old(keep_ms=2 * HOUR, snapshot_offset=6)] == [0]
    assert log.first_offset == 4
    assert [one.first_offset for one in log.drop_old(keep_ms=2 * HOUR, snapshot_offset=12)] == [4]
    assert [message.offset for message in log.read(8)] == [8, 9, 10, 11, 12]
    with pytest.raises(InputError, match="begins with message 8"):
        log.read(7)
    log.close()
    log = SegmentLog(tmp_path)
    assert (log.first_offset, log.next_offset) == (8, 13)
    log.close()


def test_what_can_be_read_of_a_damaged_segment_is_saved(tmp_path: Path) -> None:
    filled(tmp_path).close()
    disk = RealDisk()
    first, second, last = segments_in(disk, tmp_path)
    before = list(SegmentReader(tmp_path).read(0))
    scan = Scan(disk.open(first.path), first)
    places = [HEADER_BYTES] + [scan.position for _ in scan]
    data = bytearray(first.path.read_bytes())
    data[places[1] + 60] ^= 1  # messages 1 and 3
    data[places[3] + 60] ^= 1
    first.path.write_bytes(data)
    saved = salvage_segment(disk, first, second.first_offset)
    assert saved is not None
    assert saved.lost == (1, 3)
    assert salvage_segment(disk, second, last.first_offset) is None
    after = list(SegmentReader(tmp_path).read(0))
    assert [message.offset for message in after] == list(range(12))
    for was, now in zip(before, after, strict=True):
        if was.offset in (1, 3):
            assert now.body == Tick()
        else:
            assert (now.clock, type(now.body)) == (was.clock, type(was.body))
    SegmentLog(tmp_path).close()
