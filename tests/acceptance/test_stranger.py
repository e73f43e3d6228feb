"""Somebody comes with a table of their own: what works as it is, and what is told in one line."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qianmian.cli.main import run

MAPPING = """\
columns: {viewer: user, event_time: at, type: action, product: sku, amount: paid}
types: {view: product_viewed, buy: order_paid}
time: "%Y-%m-%d %H:%M:%S"
"""
HEAD = "user,at,action,sku,paid\n"
TABLE = HEAD + "张三,2026-11-01 10:00:00,view,p1,\n张三,2026-11-01 10:01:00,buy,p1,9.90\n"


def call(folder: Path, content: bytes, mapping: str = MAPPING, name: str = "log.csv") -> int:
    (folder / name).write_bytes(content)
    (folder / "m.yaml").write_text(mapping, encoding="utf-8")
    return run(["replay", str(folder / name), "--mapping", str(folder / "m.yaml"), "--json"])


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        TABLE.encode("gb18030"),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        TABLE.replace("\n", "\r\n").encode(),
        gzip.compress(TABLE.encode()),
    ],
    ids=["utf-8", "gb18030", "with a mark", "utf-16", "windows", "gzip"],
)
def test_a_table_is_read_in_whatever_dress_it_comes(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(tmp_path, content) == 0
    captured = capsys.readouterr()
    answer = json.loads(captured.out)
    assert (answer["accepted"], answer["gmv_minor"], answer["currency"]) == (2, 990, "CNY")
    assert captured.err == ""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "log.csv is empty"),
        ("\n\n", "it has nothing"),
        (TABLE.replace("user", "uid", 1), "no column user; it has uid, at"),
        (TABLE.replace(",", ";"), 'write delimiter: ";"'),
        (TABLE.replace(",", "\t"), r'write delimiter: "\t"'),
        ("PK\x03\x04...", "save the sheet as CSV"),
    ],
)
def test_a_file_that_cannot_be_it_is_told_with_what_to_do(
    tmp_path: Path, content: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(tmp_path, content.encode()) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("viewer:", "viewer_:", 'Did you mean "viewer"'),
        ("viewer: user, ", "", "which one is the viewer"),
        ("order_paid", "order_payed", 'Did you mean "order_paid"'),
        ('"%Y-%m-%d %H:%M:%S"', '"%Y-%m-%d %Q"', "a pattern such as"),
        ('"%Y-%m-%d %H:%M:%S"', "yyyy-MM-dd", "a pattern such as"),
        ("columns: {", "columns: [", "cannot be used"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_told(
    tmp_path: Path, old: str, new: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert old in MAPPING
    assert call(tmp_path, TABLE.encode(), MAPPING.replace(old, new)) == 2
    assert says in capsys.readouterr().err


def test_a_mapping_that_is_not_there_or_not_utf_8_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log.csv").write_text(TABLE, encoding="utf-8")
    odd = tmp_path / "odd.yaml"
    odd.write_bytes(("# 张三\n" + MAPPING).encode("gb18030"))
    for mapping, says in ((tmp_path / "no.yaml", "there is no file"), (odd, "save it as UTF-8")):
        assert run(["replay", str(tmp_path / "log.csv"), "--mapping", str(mapping)]) == 2
        assert says in capsys.readouterr().err


def test_a_table_of_which_nothing_can_be_used_says_why_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(tmp_path, TABLE.replace("2026-11-01", "2026/11/1").encode()) == 0
    captured = capsys.readouterr()
    assert 'line 2, bad_time: event_time "2026/11/1 10:00:00"' in captured.err
    assert json.loads(captured.out)["rejected"] == 2
    assert call(tmp_path, HEAD.encode()) == 0, "a table without rows is no mistake"
    assert capsys.readouterr().err == ""


def test_standard_input_and_pipes_are_files_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mapping, pipe = tmp_path / "m.yaml", tmp_path / "pipe"
    mapping.write_text(MAPPING, encoding="utf-8")
    packed = io.TextIOWrapper(io.BytesIO(gzip.compress(TABLE.encode())))
    monkeypatch.setattr(sys, "stdin", packed)
    assert run(["replay", "-", "--mapping", str(mapping), "--json"]) == 0
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_bytes, args=(TABLE.encode(),))
    writer.start()
    assert run(["replay", str(pipe), "--mapping", str(mapping), "--json"]) == 0
    writer.join()
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["accepted"] for answer in answers] == [2, 2]


def test_parquet_takes_timestamps_and_tells_missing_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = [datetime(2026, 11, 1, 10, tzinfo=UTC)]
    columns = {"type": ["liked"], "viewer": ["u"], "room": ["r"]}
    for unit in ("s", "us", "ns"):
        times = pa.array(at, pa.timestamp(unit, "UTC"))
        pq.write_table(pa.table(columns | {"event_time": times}), tmp_path / "t.parquet")
        assert run(["replay", str(tmp_path / "t.parquet"), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["by_type"] == {"liked": 1}
    pq.write_table(pa.table({"a": [1]}), tmp_path / "w.parquet")
    assert run(["replay", str(tmp_path / "w.parquet")]) == 2
    assert "no column type, event_time; its columns are a." in capsys.readouterr().err


def obeying() -> None:
    """A shell's background jobs ignore Ctrl-C, and what they start does, too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_ends_without_a_traceback(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    program = [sys.executable, "-m", "qianmian.cli", "replay", str(pipe)]
    with (
        subprocess.Popen(
            program,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=obeying,  # noqa: PLW1509 — one thread here
        ) as started,
        pipe.open("wb"),  # which waits until the program reads it
    ):
        started.send_signal(signal.SIGINT)
        _, said = started.communicate(timeout=300)
    assert started.returncode == 130
    assert b"Traceback" not in said
