"""A check reads all of a log, names every damage, and saves what can be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qianmian.cli.main import run
from qianmian.errors import InputError, LogInUse
from qianmian.runtime.messages import FactsNamed, Tick
from qianmian.storage.log_check import check_log
from qianmian.storage.segment_format import HEADER_BYTES
from qianmian.storage.segment_log import SegmentLog

START = 1_700_000_000_000
HOUR = 3_600_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two segments of five messages each, every message in a commit of its own."""
    log = SegmentLog(tmp_path / "log")
    for number in range(10):
        log.append(START + number // 5 * HOUR, [FactsNamed(f"{number:064x}")])
        log.commit()
    log.close()
    return tmp_path / "log"


def damage(folder: Path, segment: int, message: int) -> None:
    """Flip one bit in a message of a segment, both counted from 0."""
    path = sorted(folder.glob("*.log"))[segment]
    data = bytearray(path.read_bytes())
    size = (len(data) - HEADER_BYTES) // 5
    data[HEADER_BYTES + message * size + 60] ^= 1
    path.write_bytes(data)


def test_a_whole_log_has_nothing_to_report(folder: Path) -> None:
    report = check_log(folder, salvage=True)
    assert (report.segments, report.messages, report.damages, report.lost) == (2, 10, (), ())


def test_every_damage_is_named_and_nothing_is_changed(folder: Path) -> None:
    damage(folder, 0, 1)
    damage(folder, 0, 4)  # the last one of a finished segment
    damage(folder, 1, 2)
    before = [path.read_bytes() for path in sorted(folder.glob("*.log"))]
    report = check_log(folder)
    assert [(one.offset, one.is_end) for one in report.damages] == [
        (1, False), (4, False), (7, False),
    ]  # fmt: skip
    assert report.messages == 7
    assert [path.read_bytes() for path in sorted(folder.glob("*.log"))] == before


def test_what_is_saved_can_be_opened_and_has_every_offset(folder: Path) -> None:
    for segment, message in ((0, 1), (0, 4), (1, 2)):
        damage(folder, segment, message)
    assert check_log(folder, salvage=True).lost == (1, 4, 7)
    assert check_log(folder).damages == ()
    log = SegmentLog(folder)
    found = list(log.read(0))
    assert [message.offset for message in found] == list(range(10))
    assert [message.offset for message in found if message.body == Tick()] == [1, 4, 7]
    log.close()


def test_a_torn_end_is_left_to_the_next_start(folder: Path) -> None:
    path = sorted(folder.glob("*.log"))[1]
    path.write_bytes(path.read_bytes()[:-5])
    (one,) = check_log(folder, salvage=True).damages
    assert (one.offset, one.is_end) == (9, True)
    log = SegmentLog(folder)
    assert log.next_offset == 9
    log.close()


def test_a_log_that_is_written_is_not_checked(folder: Path) -> None:
    log = SegmentLog(folder)
    with pytest.raises(LogInUse):
        check_log(folder)
    log.close()


def test_a_folder_without_a_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no log"):
        check_log(tmp_path)


def test_the_command_says_where_and_what_is_lost(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["log", "check", str(folder), "--locale", "en-US"]) == 0
    assert "10 messages can be read" in capsys.readouterr().out
    damage(folder, 0, 3)
    assert run(["log", "check", str(folder), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["damages"][0]["offset"] == 3
    assert run(["log", "check", str(folder), "--salvage", "--locale", "zh-CN"]) == 1
    assert "已丢失，现在是 tick：3" in capsys.readouterr().out
    assert run(["log", "check", str(folder)]) == 0
