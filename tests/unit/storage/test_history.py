"""History: every row once, whatever crashes; hours, joining, erasure, bounded memory."""

from __future__ import annotations

import errno
from dataclasses import replace
from itertools import chain
from pathlib import Path

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest

from qianmian.columns.batch import EventBatch
from qianmian.columns.erasure import tombstones
from qianmian.columns.fields import NUMBER_FIELDS, STRING_FIELDS
from qianmian.engine.board import FUNNEL, RoomBoard
from qianmian.errors import InputError, LogProblem, LogUnavailable
from qianmian.runtime.messages import Decided, Events, Message, Tick
from qianmian.storage.decided import Tally, decided_since, decisions_of
from qianmian.storage.history import KINDS, History
from qianmian.storage.history_schema import DECISIONS, EVENTS, FIRINGS, ROOMS, SCHEMAS
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.time import HOUR_MS
from tests.fakes.disk import Fault, MemoryDisk, PowerCut
from tools.lints.walk import ROOT

START = 1_717_246_800_000  # 2024-06-01T13:00Z
MINUTE = 60_000
FOLDER = Path("history")
LAST = 16


def message(offset: int) -> Message:
    """Messages every ten minutes; every third is a tick, or says what was decided."""
    clock = START + offset * 10 * MINUTE
    if offset % 6 == 5:
        return Message(offset, clock, Decided((decision(offset, clock), decision(99, clock))))
    if offset % 3 == 2:
        return Message(offset, clock, Tick())
    row = {"clock": clock, "type": "comment_sent", "room": "r", "message": offset}
    viewers = [f"v{offset % 4}", "other"]
    rows = [row | {"viewer": v, "text": f"{v} says {offset}"} for v in viewers]
    return Message(offset, clock, Events(EventBatch.from_rows(rows)))


def decision(number: int, clock: int) -> Decision:
    return Decision(
        id=f"d{number}",
        at=clock,
        viewer=f"v{number % 4}",
        room="r",
        session="s",
        strategy="help",
        version=2,
        firing="f",
        outcome="act",
        key="p1",
        channels=("in_room", "push"),
        offer="ten_off",
        cost_minor=1_000,
        not_before=clock,
        deadline_at=clock + MINUTE,
    )


def firings_of(offset: int) -> list[Firing]:
    clock = START + offset * 10 * MINUTE
    return [Firing(clock, f"v{offset % 4}", "r", "s", "doubt", 1, None)] if offset % 2 else []


def boards_of(offset: int) -> list[RoomBoard]:
    clock = START + offset * 10 * MINUTE
    funnel = dict.fromkeys(FUNNEL, offset)
    board = RoomBoard("r", "s", clock, offset, funnel, 100 * offset, 5, offset, 1, (), {})
    return [board] if offset % 5 == 0 else []


def add(history: History, offset: int) -> None:
    one = message(offset)
    outcomes = np.array([0, 2], np.uint8) if isinstance(one.body, Events) else None
    history.add(one, outcomes=outcomes, firings=firings_of(offset), boards=boards_of(offset))


def offsets(history: History, kind: str) -> list[int]:
    return [offset for table in history.read(kind) for offset in table["offset"].to_pylist()]


def wanted(kind: str, count: int) -> list[int]:
    times = {
        EVENTS: lambda at: 2 * isinstance(message(at).body, Events),
        FIRINGS: lambda at: len(firings_of(at)),
        ROOMS: lambda at: len(boards_of(at)),
        DECISIONS: lambda at: 2 * isinstance(message(at).body, Decided),
    }
    return [at for at in range(count) for _ in range(times[kind](at))]


def test_rows_come_back_with_their_columns(tmp_path: Path) -> None:
    history = History(tmp_path)
    for offset in range(6):
        add(history, offset)
    history.flush()
    (events,) = history.read(EVENTS)
    assert events.schema.equals(SCHEMAS[EVENTS])
    first = {name: value for name, value in events.to_pylist()[1].items() if value is not None}
    assert first == {
        "offset": 0,
        "clock": START,
        "event_time": START,
        "type": "comment_sent",
        "outcome": "late",
        "room": "r",
        "viewer": "other",
        "text": "other says 0",
    }
    (firings,) = history.read(FIRINGS)
    assert [row["id"] for row in firings.to_pylist()] == [
        one.id for offset in range(6) for one in firings_of(offset)
    ]
    (rooms,) = history.read(ROOMS, ["offset", "order_paid", "gmv_minor"])
    assert rooms.to_pylist()[1] == {"offset": 5, "order_paid": 5, "gmv_minor": 500}


def test_decisions_are_counted_and_found_again(tmp_path: Path) -> None:
    history = History(tmp_path)
    for offset in range(LAST):
        add(history, offset)
    history.flush()
    clocks = {offset: START + offset * 10 * MINUTE for offset in (5, 11)}
    mine = [decision(11, clocks[11]), decision(5, clocks[5])]
    assert [one for one in decisions_of(history, 0) if one.id != "d99"] == mine
    assert decisions_of(history, clocks[5] + 1, viewers=["v1"], strategy="help", room="r") == []
    assert decisions_of(history, 0, viewers=["v3"], most=1) == [decision(99, clocks[11])]
    assert decisions_of(history, 0, room="elsewhere") == []
    assert decided_since(history, clocks[11]) == {"help": {Tally("act", "", False): 2}}
    history.erase(tombstones(["v3"], b"k" * 16, namespace="default"))
    assert decisions_of(history, 0, viewers=["v3"]) == []
    assert {one.viewer for one in decisions_of(history, 0)} >= {"v1"}


def test_later_steps_are_read_back_and_not_counted_beside_files_without_them(
    tmp_path: Path,
) -> None:
    first = decision(1, START)
    later = msgspec.structs.replace(first, id="d1.1", step=1, after="d1")
    history = History(tmp_path)
    for offset, one in enumerate((first, later)):
        history.add(Message(offset, START + offset, Decided((one,))))
        history.flush()
    old = min(history.files(DECISIONS), key=lambda one: one.first).path
    written = pq.read_table(old, partitioning=None)
    pq.write_table(written.drop_columns(["step", "after"]), old)

    def told() -> None:
        assert {one.id: one for one in decisions_of(history, 0)} == {"d1": first, "d1.1": later}
        assert decided_since(history, 0) == {"help": {Tally("act", "", False): 1}}

    told()
    history.add(Message(2, START + 2 * HOUR_MS, Tick()))
    history.flush()
    assert history.join() == 1
    told()


def test_a_file_holds_one_hour_and_says_which_messages(tmp_path: Path) -> None:
    history = History(tmp_path)
    for offset in range(14):
        add(history, offset)
    history.flush()
    names = sorted(path.name for path in (tmp_path / EVENTS).iterdir())
    assert [name[:13] for name in names] == ["2024-06-01T13", "2024-06-01T14", "2024-06-01T15"]
    assert [(one.first, one.stop) for one in history.files(EVENTS)] == [(0, 6), (6, 12), (12, 14)]
    stored = pq.read_metadata(tmp_path / EVENTS / names[0])
    assert stored.metadata[b"namespace"] == b"default"
    for kind in KINDS:
        assert offsets(history, kind) == wanted(kind, 14)


def test_few_rows_wait_in_memory(tmp_path: Path) -> None:
    history = History(tmp_path, most_waiting=5)
    for offset in range(6):
        add(history, offset)
    assert len(history.files(EVENTS)) >= 2


def test_files_of_an_hour_that_is_over_are_joined(tmp_path: Path) -> None:
    history = History(tmp_path)
    for offset in range(14):
        add(history, offset)
        history.flush()
    before = {kind: len(history.files(kind)) for kind in KINDS}
    assert history.join() == 5  # two hours of events and of firings, one of rooms
    assert [(one.first, one.stop) for one in history.files(EVENTS)][:2] == [(0, 5), (6, 11)]
    joined = [kind for kind in KINDS if len(history.files(kind)) < before[kind]]
    assert joined == [EVENTS, FIRINGS, ROOMS], "decisions have one file an hour here"
    for kind in KINDS:
        assert offsets(history, kind) == wanted(kind, 14)
    assert history.join() == 0
    again = History(tmp_path)
    assert again.next_offset == 14
    assert offsets(again, EVENTS) == wanted(EVENTS, 14)


def test_joined_files_stay_small(tmp_path: Path) -> None:
    history = History(tmp_path, joined_bytes=1)
    for offset in range(7):
        add(history, offset)
        history.flush()
    assert history.join() == 0


def test_what_is_written_is_passed_over_after_a_restart(tmp_path: Path) -> None:
    history = History(tmp_path)
    for offset in range(8):
        add(history, offset)
    history.flush()
    for offset in range(8, 10):
        add(history, offset)  # lost: the process dies here
    history = History(tmp_path)
    assert history.next_offset == 8
    for offset in range(3, 12):  # the newest snapshot was taken at message 3
        add(history, offset)
    history.flush()
    for kind in KINDS:
        assert offsets(history, kind) == wanted(kind, 12)


def run(disk: MemoryDisk, snapshot: list[int]) -> None:
    """Replay from the snapshot, then live: flush and snapshot at every fourth message."""
    history = History(FOLDER, most_waiting=6, disk=disk)
    for offset in range(snapshot[0], LAST):
        add(history, offset)
        if offset % 4 == 3:
            try:
                history.flush()
            except LogUnavailable:
                continue  # no snapshot without history
            snapshot[0] = offset + 1
        if offset % 8 == 7:
            history.join()
    history.flush()


def steps() -> int:
    disk = MemoryDisk()
    run(disk, [0])
    return len(disk.done)


@pytest.mark.parametrize("how", ["before", "half", "after"])
@pytest.mark.parametrize("every", [17, pytest.param(4, marks=pytest.mark.long)])
def test_every_row_is_there_once_whenever_the_power_is_cut(how: str, every: int) -> None:
    for number in range(len(how), steps(), every):
        disk, snapshot = MemoryDisk(number), [0]
        disk.faults = [Fault(number, how)]
        with pytest.raises(PowerCut):
            run(disk, snapshot)
        disk = disk.after_power_cut()
        run(disk, snapshot)
        history = History(FOLDER, disk=disk)
        for kind in KINDS:
            assert offsets(history, kind) == wanted(kind, LAST), (number, kind)


@pytest.mark.parametrize("how", ["error", "half_error"])
@pytest.mark.parametrize("every", [17, pytest.param(4, marks=pytest.mark.long)])
def test_a_disk_that_refuses_once_costs_no_row(how: str, every: int) -> None:
    for number in range(len(how), steps(), every):
        disk, snapshot = MemoryDisk(number), [0]
        disk.faults = [Fault(number, how, errno.ENOSPC)]
        for _ in range(2):
            try:
                run(disk, snapshot)
                break
            except LogUnavailable:  # joining failed: it is started again
                disk = disk.after_kill()
        history = History(FOLDER, disk=disk)
        for kind in KINDS:
            assert offsets(history, kind) == wanted(kind, LAST), (number, kind)


def test_a_disk_that_stays_full_costs_no_memory_and_no_snapshot() -> None:
    disk = MemoryDisk()
    history = History(FOLDER, most_waiting=6, disk=disk)
    disk.faults = [Fault(number, "error", errno.ENOSPC) for number in range(10_000)]
    for offset in range(LAST):
        add(history, offset)
    assert history.is_behind
    with pytest.raises(LogUnavailable, match="start again"):
        history.flush()
    disk.faults.clear()
    run(disk, [0])
    for kind in KINDS:
        assert offsets(History(FOLDER, disk=disk), kind) == wanted(kind, LAST)


def test_erasure_takes_a_person_out_of_all_files_and_leaves_the_others(tmp_path: Path) -> None:
    history = History(tmp_path)
    for offset in range(14):
        add(history, offset)
    history.flush()
    before = {kind: [t.to_pylist() for t in history.read(kind)] for kind in KINDS}
    named = tombstones(["v1"], b"k" * 16, namespace="default")
    assert history.erase(named) == 7
    assert history.erase(named) == 0
    after = {kind: [t.to_pylist() for t in history.read(kind)] for kind in KINDS}
    assert after[ROOMS] == before[ROOMS]
    erased_rows = 0
    for kind in (EVENTS, FIRINGS, DECISIONS):
        pairs = zip(
            chain.from_iterable(before[kind]), chain.from_iterable(after[kind]), strict=True
        )
        for was, now in pairs:
            if was["viewer"] != "v1":
                assert now == was
                continue
            erased_rows += 1
            changed: dict[str, object] = {"viewer": named["v1"]}
            if kind == EVENTS:
                changed["text"] = None
            elif kind == FIRINGS:
                one = firings_of(was["offset"])[0]
                changed["id"] = replace(one, viewer=named["v1"]).id
            assert now == was | changed
    assert erased_rows > 4
    assert all(b"v1 says" not in path.read_bytes() for path in tmp_path.glob("*/*.parquet"))


def test_what_people_wrote_goes_and_what_it_was_about_stays(tmp_path: Path) -> None:
    history = History(tmp_path)
    for offset in range(LAST):
        add(history, offset)
    history.flush()
    before = {path: path.read_bytes() for path in (tmp_path / EVENTS).iterdir()}
    until = START + 60 * MINUTE
    assert history.drop_texts(until) == 1
    for table in history.read(EVENTS):
        for clock, text in zip(
            *(table[name].to_pylist() for name in ("clock", "text")), strict=True
        ):
            assert (text is None) == (clock < until)
    assert offsets(history, EVENTS) == wanted(EVENTS, LAST)
    changed = [path for path, held in before.items() if path.read_bytes() != held]
    assert len(changed) == 1
    assert b"says 1" not in changed[0].read_bytes()
    assert history.drop_texts(until) == 0


def test_old_history_goes_but_never_the_newest_file(tmp_path: Path) -> None:
    history = History(tmp_path)
    for offset in range(LAST):
        add(history, offset)
    history.flush()
    history.drop_before(START + 60 * MINUTE)
    assert min(offsets(history, EVENTS)) == 6
    history.drop_before(START + 1_000 * 60 * MINUTE)
    assert {kind: len(history.files(kind)) for kind in KINDS} == dict.fromkeys(KINDS, 1)
    again = History(tmp_path)
    assert again.next_offset == history.next_offset


def test_messages_do_not_go_back_and_outcomes_fit(tmp_path: Path) -> None:
    history = History(tmp_path)
    with pytest.raises(InputError, match="1 outcomes of 2 events"):
        history.add(message(0), outcomes=np.zeros(1, np.uint8))
    add(history, 4)
    with pytest.raises(InputError, match="comes after message 4"):
        add(history, 3)


def test_strange_and_broken_files_are_named(tmp_path: Path) -> None:
    history = History(tmp_path)
    add(history, 0)
    history.flush()
    (one,) = history.files(EVENTS)
    one.path.write_bytes(b"PAR1")
    with pytest.raises(LogProblem, match="cannot be read"):
        list(history.read(EVENTS))
    (tmp_path / EVENTS / "mine.parquet").touch()
    with pytest.raises(LogProblem, match="no file of history"):
        History(tmp_path)


@pytest.mark.parametrize("page", ["docs/history.md", "docs/zh/history.md"])
def test_every_column_is_documented(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    columns = {name for schema in SCHEMAS.values() for name in schema.names}
    assert columns >= {*STRING_FIELDS, *NUMBER_FIELDS} - {"message"}
    assert sorted(name for name in columns if f"`{name}`" not in text) == []
